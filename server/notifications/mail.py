"""Mail about what cannot wait: a reply, an answer, a decision (the tier "now" of product/pages 4.5)."""

from datetime import timedelta
from typing import Any

from server.actors.queries import PersonLabel, labels
from server.actors.viewer import Viewer
from server.communities.queries import CommunityLabel
from server.communities.queries import labels as community_labels
from server.db import Row, from_milliseconds
from server.instance import Instance
from server.mail.actions import send_later
from server.notifications.actions import MAIL_JOB
from server.notifications.times import after_quiet, quiet_of
from server.posts.queries import PostView, listing
from server.words import zone_of

MOST_PER_HOUR = 8
TOO_LATE = timedelta(days=2)

# Only what anybody may read is quoted in a mail: mail servers and screens of phones are not private.
QUOTABLE = frozenset({"public", "unlisted"})


async def send(here: Instance, payload: Any) -> None:
    """Send the mail about one notification, unless it was seen, is old, or is not wanted. Bears being run twice."""
    row = await here.db.row(
        "SELECT notification.id, notification.reader_id, notification.kind, notification.actor_id,"
        " notification.post_id, notification.community_id, notification.at, account.email, account.id AS account_id,"
        " actor.uri AS reader_uri, account.role, account.timezone, notification_setting.quiet_since,"
        " notification_setting.quiet_until, notification_setting.paused_until"
        " FROM notification JOIN account ON account.actor_id = notification.reader_id"
        " JOIN actor ON actor.id = notification.reader_id"
        " LEFT JOIN notification_setting ON notification_setting.reader_id = notification.reader_id"
        " WHERE notification.id = :id AND notification.read_at IS NULL AND notification.mailed_at IS NULL"
        " AND notification.bundled_at IS NULL"
        " AND account.state = 'active' AND account.email IS NOT NULL AND account.email_confirmed_at IS NOT NULL"
        " AND (notification_setting.mail_now IS NULL OR notification_setting.mail_now)"
        " AND NOT EXISTS (SELECT 1 FROM mail_bounce WHERE mail_bounce.address = account.email)",
        id=payload["id"],
    )
    now = here.clock.now()
    if row is None or now - from_milliseconds(row["at"]) > TOO_LATE or await _enough(here, row["reader_id"]):
        return
    quiet = quiet_of(row)
    later = after_quiet(now, zone_of(row["timezone"]), quiet)
    if quiet.is_paused(now) or later > now:
        if not quiet.is_paused(later):
            await here.jobs.enqueue(MAIL_JOB, payload, run_at=later, unique=f"{MAIL_JOB}:{row['id']}:later")
        return
    text = await _text(here, row)
    if text is None:
        return
    subject, body = text
    async with here.db.transaction():
        claimed = await here.db.execute(
            "UPDATE notification SET mailed_at = :now WHERE id = :id AND mailed_at IS NULL", now=now, id=row["id"]
        )
        if claimed:
            await send_later(here, to=row["email"], subject=subject, text=body)


async def _enough(here: Instance, reader_id: str) -> bool:
    sent = await here.db.value(
        "SELECT count(*) AS n FROM notification WHERE reader_id = :reader AND mailed_at > :since",
        reader=reader_id,
        since=here.clock.now() - timedelta(hours=1),
    )
    return int(sent) >= MOST_PER_HOUR


async def _text(here: Instance, row: Row) -> tuple[str, str] | None:
    """Subject and text; None where the reader may not read what it is about any more (S15)."""
    people = await labels(here, [row["actor_id"]]) if row["actor_id"] else {}
    who = people.get(row["actor_id"])
    if row["kind"] in {"reply", "tried"}:
        reader = Viewer(
            actor_id=row["reader_id"],
            actor_uri=row["reader_uri"],
            account_id=row["account_id"],
            role=row["role"],
        )
        found = await listing(here, reader, ids=[row["post_id"]], limit=1)
        does = "tried your practice" if row["kind"] == "tried" else "replied to you"
        return _reply(here, found.items[0], who, does) if found.items and who else None
    communities = await community_labels(here, [row["community_id"]])
    community = communities.get(row["community_id"])
    return None if community is None else _decision(here, row["kind"], community)


def _reply(here: Instance, post: PostView, who: PersonLabel, does: str) -> tuple[str, str]:
    lines = [f"{who.display_name} ({who.handle}) {does}."]
    if post.visibility in QUOTABLE and post.excerpt and not post.content_warning:
        lines += ["", "\n".join(f"> {line}" for line in post.excerpt.splitlines())]
    lines += ["", f"Read and answer: {here.url(post.url)}"]
    return f"{who.display_name} {does}", _signed(here, lines)


def _decision(here: Instance, kind: str, community: CommunityLabel) -> tuple[str, str]:
    # The name of a community may be confidential, and subjects are seen by others: it stands in the text alone.
    decision = "was accepted. Welcome." if kind == "accepted" else "was not accepted this time."
    lines = [f"Your application to {community.name} {decision}", "", f"Its page: {here.url(community.url)}"]
    return "Your application was decided", _signed(here, lines)


def _signed(here: Instance, lines: list[str]) -> str:
    return "\n".join(
        [
            *lines,
            "",
            "-- ",
            f"{here.site.name} · {here.site.domain}",
            f"You can switch these mails off: {here.url('/notifications#mail')}",
        ]
    )
