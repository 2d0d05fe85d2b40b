"""Flag and its Undo, both directions (ActivityPub has no section on it; its meaning is that of ActivityStreams).

Two forms are in use. Microblogs (Mastodon, GoToSocial, Misskey, Pleroma) send an array of the person and their posts,
by the actor of the server, to the person's server. The threadiverse (Lemmy, PieFed, Mbin) sends one post, by a person,
to its community. We read both, and send each server the one that it reads: always as the Service ``reports``, never as
the person who reported.

Authority: anybody may report what is ours, and only what their server could know of (S15); who reported takes that
back (S5).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from federation.errors import Forbidden, Gone, Ignored
from federation.inbox.dispatch import VerifiedActivity
from federation.vocab import activities
from federation.vocab.activities import Activity
from federation.vocab.base import id_of, same_origin
from server.actors.models import Actor
from server.actors.policy import REPORTS
from server.actors.remote import MAX_URI, ensure_remote
from server.actors.sending import send
from server.ids import new_id
from server.instance import Instance
from server.moderation import policy
from server.moderation.filing import end_report, file_report, is_flooding
from server.moderation.models import Report, ReportCopy
from server.moderation.snapshots import known_to
from server.posts.models import Post
from server.posts.removal import leave_tombstone, was_ended
from server.text import clean_text, plain

MAX_REPORTED = 50
MAX_TEXT = 5_000


@dataclass(frozen=True, slots=True)
class Target:
    """Another server that a report concerns: where it is told, and about what, in the form that it reads.

    `community` is the id of the community there; without one it is the person's own server.
    """

    host: str
    inbox: str
    threadiverse: bool
    community: str | None = None


async def on_flag(here: Instance, received: VerifiedActivity) -> None:
    """Somebody elsewhere reports a person, posts or a community of ours, or a post in a community of ours."""
    activity = received.activity
    if received.via is not None:
        raise Ignored("reports are for those who look after a community on its own server")
    if len(activity.id) > MAX_URI:
        raise Forbidden("the id is too long")
    about, posts = await _reported(activity)
    if about is None:
        raise Ignored("nothing of ours is reported")
    try:
        reporter = await ensure_remote(here, activity.actor)
    except Gone as error:
        raise Ignored("who reported is gone") from error
    if reporter.suspended_at is not None or reporter.deleted_at is not None:
        raise Forbidden("nothing is taken from this actor")
    known = await known_to(here, reporter.host, posts)
    if posts and not known and about.id not in await _named(activity):
        raise Ignored("nothing of ours is reported")
    text = clean_text(plain(activity.content or activity.summary)).strip()[:MAX_TEXT]
    async with here.db.transaction():
        uri = activity.id or f"{reporter.uri}#flag-{new_id(here.clock.now())}"
        if await Report.exists(uri=uri):
            return
        if activity.id and await was_ended(here, activity.id, by=reporter.uri):
            raise Ignored("it was taken back already")
        if await is_flooding(here, reporter.host):
            raise Ignored("this server has reported enough for today")
        await file_report(
            here,
            reporter=reporter,
            about=about,
            posts=known,
            category=policy.OTHER,
            text=text,
            uri=uri,
            received=received.raw,
        )


async def on_undo_flag(here: Instance, received: VerifiedActivity) -> None:
    """Who reported takes that back (NodeBB)."""
    activity = received.activity
    inner = activity.object or {}
    owner, uri = id_of(inner.get("actor")), id_of(inner)
    if owner is not None and owner != activity.actor:
        raise Forbidden("only who reported takes that back")
    if uri is None or await _take_back(here, received, uri):
        return
    if not same_origin(uri, activity.actor):
        raise Ignored("there is no such report")
    await leave_tombstone(here, uri, by=activity.actor, former_type="Flag")


async def undo_by_id(here: Instance, received: VerifiedActivity) -> bool:
    """They take back a report that they name by its id."""
    uri = received.activity.object_id
    return uri is not None and await _take_back(here, received, uri)


async def send_flag(here: Instance, report: Report, about: Actor, targets: Sequence[Target]) -> None:
    """Tell other servers of a report from here, as the service that stands for all who report."""
    uris = [str(post["uri"]) for post in report.posts or ()]
    sender = await Actor.get(handle_key=f"{REPORTS}@{here.settings.domain}")
    for target in targets:
        uri = here.url(f"/ap/a/flag/{new_id(here.clock.now())}")
        if target.threadiverse:
            to = target.community or f"https://{target.host}/"
            document = activities.flag(
                id=uri,
                actor=sender.uri,
                object=uris[0] if uris else about.uri,
                to=[to],
                audience=to,
                summary=report.text,
                content=report.text,
            )
        else:
            document = activities.flag(
                id=uri, actor=sender.uri, object=[about.uri, *uris], to=[about.uri], content=report.text
            )
        await ReportCopy.create(uri=uri, report_id=report.id, host=target.host, inbox=target.inbox)
        await send(here, sender.uri, document, inboxes=[target.inbox])


async def send_undo(here: Instance, report: Report) -> None:
    """Tell them that it was taken back."""
    sender = await Actor.get(handle_key=f"{REPORTS}@{here.settings.domain}")
    for copy in await ReportCopy.filter(report_id=report.id, answered_at=None).order_by("uri").limit(10):
        sent = await here.db.value("SELECT body FROM sent_activity WHERE uri = :uri", uri=copy.uri)
        if sent is None:
            continue
        flag = json.loads(sent)
        document = activities.undo(
            id=here.url(f"/ap/a/undo/{new_id(here.clock.now())}"), actor=sender.uri, object=flag, to=flag["to"], cc=None
        )
        await send(here, sender.uri, document, inboxes=[copy.inbox])


async def _take_back(here: Instance, received: VerifiedActivity, uri: str) -> bool:
    report = await Report.get_or_none(uri=uri)
    if report is None:
        return False
    reporter = await Actor.get(id=report.reporter_id)
    if reporter.uri != received.activity.actor or reporter.is_local:
        raise Forbidden("only who reported takes that back")
    if report.state == policy.OPEN:
        async with here.db.transaction():
            await end_report(here, report, policy.WITHDRAWN)
    return True


async def _reported(activity: Activity) -> tuple[Actor | None, list[Post]]:
    """Whom it is about, and which posts of theirs: what is ours, or was written in a community of ours."""
    uris = activity.objects[:MAX_REPORTED]
    posts = await Post.filter(uri__in=uris).prefetch_related("author", "community").order_by("id").limit(MAX_REPORTED)
    ours = [post for post in posts if post.is_local or (post.community is not None and post.community.is_local)]
    if ours:
        author: Actor = ours[0].author
        return author, [post for post in ours if post.author_id == author.id]
    people = await Actor.filter(
        uri__in=uris, is_local=True, kind__in=["Person", "Group"], hidden=False, deleted_at=None
    ).order_by("id")
    return (people[0] if people else None), []


async def _named(activity: Activity) -> set[str]:
    """The ids here of local actors that a report names themselves."""
    return {actor.id for actor in await Actor.filter(uri__in=activity.objects[:MAX_REPORTED], is_local=True)}
