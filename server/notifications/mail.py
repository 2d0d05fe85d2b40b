"""Mail about what cannot wait: a reply, a decision, or whatever else somebody wants at once (the tier "now")."""

from datetime import timedelta
from typing import Any

from server.actors.queries import PersonLabel, labels
from server.actors.viewer import Viewer
from server.communities.queries import CommunityLabel
from server.communities.queries import labels as community_labels
from server.db import Row, from_milliseconds
from server.instance import Instance
from server.mail.actions import send_later
from server.mail.addresses import reply_address
from server.notifications import preparing
from server.notifications.actions import MAIL_JOB
from server.notifications.links import OFF_NOW, link
from server.notifications.spaces import TIER
from server.notifications.tiers import ALWAYS, NOW, tier_of, tiers_from, topic_of
from server.notifications.times import after_quiet, quiet_of
from server.peers.policy import in_sql
from server.posts.queries import PostView, listing
from server.words import Words, zone_of

MOST_PER_HOUR = 8
TOO_LATE = timedelta(days=2)

# Only what anybody may read is quoted in a mail: mail servers and screens of phones are not private.
QUOTABLE = frozenset({"public", "unlisted"})


async def send(here: Instance, payload: Any) -> None:
    """Send the mail about one notification, unless it was seen, is old, or is not wanted. Bears being run twice."""
    row = await here.db.row(
        "SELECT notification.id, notification.reader_id, notification.kind, notification.actor_id,"
        " notification.post_id, notification.community_id, notification.at, (SELECT post.confidential FROM post"
        " WHERE post.id = notification.post_id) AS is_confidential, account.email, account.id AS account_id,"
        " actor.uri AS reader_uri, account.role, account.timezone, account.language, notification_setting.tiers,"
        f" {TIER} AS space_tier,"
        " notification_setting.quiet_since, notification_setting.quiet_until, notification_setting.paused_until"
        " FROM notification JOIN account ON account.actor_id = notification.reader_id"
        " JOIN actor ON actor.id = notification.reader_id"
        " LEFT JOIN notification_setting ON notification_setting.reader_id = notification.reader_id"
        " WHERE notification.id = :id AND notification.read_at IS NULL AND notification.mailed_at IS NULL"
        " AND notification.bundled_at IS NULL"
        " AND account.state = 'active' AND account.email IS NOT NULL AND account.email_confirmed_at IS NOT NULL"
        f" AND (notification.kind IN {in_sql(tuple(ALWAYS))} OR notification_setting.mail_now IS NULL"
        " OR notification_setting.mail_now)"
        " AND NOT EXISTS (SELECT 1 FROM mail_bounce WHERE mail_bounce.address = account.email)",
        id=payload["id"],
    )
    now = here.clock.now()
    if row is None or tier_of(row["kind"], tiers_from(row["tiers"]), row["space_tier"]) != NOW:
        return
    if row["kind"] not in ALWAYS and (
        now - from_milliseconds(row["at"]) > TOO_LATE or await _enough(here, row["reader_id"])
    ):
        return
    if row["kind"] == preparing.KIND and here.site.on_break(now):
        return
    quiet = quiet_of(row)
    later = after_quiet(now, zone_of(row["timezone"]), quiet)
    if row["kind"] not in ALWAYS and (quiet.is_paused(now) or later > now):
        if not quiet.is_paused(later):
            await here.jobs.enqueue(MAIL_JOB, payload, run_at=later, unique=f"{MAIL_JOB}:{row['id']}", goes_on=True)
        return
    text = await _text(here, row, Words(row["language"], row["timezone"]))
    if text is None:
        return
    subject, body = text
    async with here.db.transaction():
        claimed = await here.db.execute(
            "UPDATE notification SET mailed_at = :now WHERE id = :id AND mailed_at IS NULL", now=now, id=row["id"]
        )
        if claimed:
            stop, answers = link(here, row["reader_id"], OFF_NOW), _answers_to(here, row)
            await send_later(here, to=row["email"], subject=subject, text=body, unsubscribe=stop, reply_to=answers)


async def _enough(here: Instance, reader_id: str) -> bool:
    sent = await here.db.value(
        "SELECT count(*) AS n FROM notification WHERE reader_id = :reader AND mailed_at > :since",
        reader=reader_id,
        since=here.clock.now() - timedelta(hours=1),
    )
    return int(sent) >= MOST_PER_HOUR


async def _text(here: Instance, row: Row, words: Words) -> tuple[str, str] | None:
    """Subject and text; None where the reader may not read what it is about any more (S15)."""
    people = await labels(here, [row["actor_id"]]) if row["actor_id"] else {}
    who, does = people.get(row["actor_id"]), _does(words, row["kind"])
    if does is not None:
        reader = Viewer(
            actor_id=row["reader_id"],
            actor_uri=row["reader_uri"],
            account_id=row["account_id"],
            role=row["role"],
        )
        found = await listing(here, reader, ids=[row["post_id"]], limit=1)
        if found.items and found.items[0].confidential:
            return _confidential(here, words)
        by_mail = bool(_answers_to(here, row))
        return _about_post(here, found.items[0], who, does, words, by_mail) if found.items and who else None
    if row["kind"] == preparing.KIND:
        said = await preparing.letter(here, row, words)
        return None if said is None else (said[0], _signed(here, said[1], words))
    if row["kind"] not in {"accepted", "declined"}:
        return _news(here, row["kind"], words)
    communities = await community_labels(here, [row["community_id"]])
    community = communities.get(row["community_id"])
    return None if community is None else _decision(here, row["kind"], community, words)


def _answers_to(here: Instance, row: Row) -> str:
    """Where an answer to a mail about a post goes; empty for others, and for what is confidential."""
    is_about_post = _does(Words("en"), row["kind"]) is not None
    takes_answers = is_about_post and not row["is_confidential"]
    return reply_address(here, row["reader_id"], row["post_id"]) if takes_answers else ""


def _does(words: Words, kind: str) -> str | None:
    """What somebody did with a post of theirs that is quoted; None for other news."""
    return {
        "reply": words.text("replied to you"),
        "tried": words.text("tried your practice"),
        "mention": words.text("mentioned you"),
        "asked": words.text("asks, and needs an answer today"),
        "round": words.text("asks you, and everybody is heard"),
        "discussant": words.text("asks you to discuss in a seminar"),
        "role": words.text("has a role for you in an event"),
        "coauthor": words.text("asks you to write this practice together"),
        "coauthor_yes": words.text("writes this practice with you now"),
        "published": words.text("wrote something new"),
        "revised": words.text("wrote a new version of what you tried"),
        "remix": words.text("made a remix of what you shared"),
    }.get(kind)


def _about_post(
    here: Instance, post: PostView, who: PersonLabel, does: str, words: Words, by_mail: bool
) -> tuple[str, str]:
    lines = [f"{who.display_name} ({who.handle}) {does}."]
    if post.visibility in QUOTABLE and post.excerpt and not post.content_warning:
        lines += ["", "\n".join(f"> {line}" for line in post.excerpt.splitlines())]
    lines += ["", words.text("Read and answer: %(url)s", url=here.url(post.url))]
    if by_mail:
        lines.append(words.text("Or answer this mail: whoever can read what you answer can read your answer."))
    return f"{who.display_name} {does}", _signed(here, lines, words)


def _confidential(here: Instance, words: Words) -> tuple[str, str]:
    """That there is something, and nothing of it: no word, no name, and no address that it could be told from."""
    lines = [
        words.text("There is something new in a confidential space."),
        "",
        words.text("It is here: %(url)s", url=here.url("/notifications")),
    ]
    return words.text("News for you at %(place)s", place=here.site.name), _signed(here, lines, words)


def _decision(here: Instance, kind: str, community: CommunityLabel, words: Words) -> tuple[str, str]:
    # The name of a community may be confidential, and subjects are seen by others: it stands in the text alone.
    name = community.name
    if kind == "accepted":
        said = words.text("Your application to %(name)s was accepted. Welcome.", name=name)
    else:
        said = words.text("Your application to %(name)s was not accepted this time.", name=name)
    lines = [said, "", words.text("Its page: %(url)s", url=here.url(community.url))]
    return words.text("Your application was decided"), _signed(here, lines, words)


def _news(here: Instance, kind: str, words: Words) -> tuple[str, str]:
    """That there is something, and no more: it may be about what is private."""
    if kind in ALWAYS:
        lines = [
            words.text("Somebody says that a child may be unsafe. Please look at once."),
            "",
            words.text("It is here: %(url)s", url=here.url("/safeguarding")),
        ]
        return words.text("Please look at this at once: %(place)s", place=here.site.name), _signed(here, lines, words)
    said = {
        "care": words.text("There is a message for you about a report or a decision."),
        "decisions": words.text("The organisers of an event have answered you."),
        "duties": words.text("Somebody waits for your decision."),
        "travelled": words.text("There is news about something you shared."),
        "thanks": words.text("Somebody thanks you, or wants to hear from you."),
    }.get(topic_of(kind), words.text("There is something new for you."))
    lines = [said, "", words.text("It is here: %(url)s", url=here.url("/notifications"))]
    return words.text("News for you at %(place)s", place=here.site.name), _signed(here, lines, words)


def _signed(here: Instance, lines: list[str], words: Words) -> str:
    return "\n".join(
        [
            *lines,
            "",
            "-- ",
            f"{here.site.name} · {here.site.domain}",
            words.text("Choose which mails come, and when: %(url)s", url=here.url("/settings/mail")),
        ]
    )
