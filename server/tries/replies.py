"""Replies such as "#triedit worked", written with any app: they become open reports, and are acknowledged once.

The server of the practice counts them; every server that has both reads the same words. Who is held as a stranger is
held with this too, and neither counted nor answered before somebody let it through.
"""

from collections.abc import Sequence
from typing import Any

from server.actors.models import Actor
from server.actors.relations import blocked_among
from server.db import among
from server.errors import Refused
from server.instance import Instance
from server.posts import actions as posts
from server.posts.events import PostEdited, PostHeld, PostPublished
from server.posts.form import NewPost
from server.posts.models import Post
from server.posts.policy import DIRECT
from server.practices.writing import quoted_line
from server.tries.bands import OUTCOMES
from server.tries.content import name_of
from server.tries.counting import look_at_again, tell_soon
from server.tries.detail import CHANGEABLE, keep, version_tried
from server.tries.models import TriedReport
from server.tries.words import Said, said_in

ACKNOWLEDGE = "tries.acknowledge"


async def on_published(here: Instance, events: Sequence[PostPublished]) -> None:
    """Reports that can be read from now on count; replies that say how it went become reports."""
    for post, practice in await _answers(here, [event.post_id for event in events if event.answers("practice", "tip")]):
        report = await _read(here, post, practice)
        if report is None or post.state != "visible":
            continue
        await tell_soon(here, practice.id)
        await look_at_again(here, practice.id)
        if report.by_words and report.acknowledged_at is None and practice.is_local and not post.is_local:
            await here.jobs.enqueue(ACKNOWLEDGE, {"post": post.id}, unique=f"{ACKNOWLEDGE}:{post.id}")


async def on_held(here: Instance, event: PostHeld) -> None:
    """What waits for somebody is read at once, so that they see what it is."""
    for post, practice in await _answers(here, [event.post_id]):
        await _read(here, post, practice)


async def on_edited(here: Instance, event: PostEdited) -> None:
    """A reply says something else now."""
    for post, practice in await _answers(here, [event.post_id]):
        report = await TriedReport.get_or_none(id=post.id)
        if report is None:
            if await _read(here, post, practice) is not None:
                await tell_soon(here, practice.id)
        elif report.by_words and here.clock.now() - report.created_at <= CHANGEABLE:
            said = said_in(post.content_html)
            if said is None:
                await report.delete()
                await Post.filter(id=post.id).update(kind="reply")
            else:
                await report.update_from_dict(_columns(said)).save()
            await tell_soon(here, practice.id)
        else:
            await tell_soon(here, practice.id)


async def acknowledge(here: Instance, payload: Any) -> None:
    """The job that tells somebody elsewhere, once, that their reply counts, and where."""
    report = await TriedReport.get_or_none(id=str(payload["post"]), by_words=True, acknowledged_at=None)
    post = await Post.get_or_none(id=str(payload["post"]), state="visible")
    practice = await Post.get_or_none(id=report.practice_id, is_local=True, state="visible") if report else None
    if report is None or post is None or practice is None:
        return
    if await blocked_among(here, practice.author_id, [report.author_id]):
        return
    async with here.db.transaction():
        # Said beforehand: rather never than twice.
        await TriedReport.filter(id=report.id).update(acknowledged_at=here.clock.now())
    community = await Actor.get_or_none(id=practice.community_id, is_local=True) if practice.community_id else None
    speaker = community or await Actor.get(kind="Application", is_local=True)
    outcome = OUTCOMES[report.outcome].lower()
    text = (
        f"Thank you for trying “{quoted_line(name_of(practice))}”. Your reply counts as “{outcome}”, and its author was"
        f" told: {practice.url}\n\nIf that is not what you meant, change or delete your reply."
    )
    try:
        new = NewPost(kind="reply", source_md=text, parent_id=post.id, visibility=DIRECT, to_named=True)
        await posts.create_post(here, speaker.id, new)
    except Refused as error:
        here.log.info("the report %s is not acknowledged: %s", post.uri, error.message)


async def _answers(here: Instance, ids: Sequence[str]) -> list[tuple[Post, Post]]:
    """Those of some posts that answer a practice, with the practice; one query where there are none."""
    if not ids:
        return []
    wanted, parameters = among(ids)
    rows = await here.db.rows(
        "SELECT post.id, practice.id AS practice_id FROM post JOIN practice ON practice.id = post.parent_id"
        " JOIN post AS whole ON whole.id = practice.id"
        f" WHERE post.id IN ({wanted}) AND post.kind IN ('reply', 'tried') AND whole.kind IN ('practice', 'tip')"
        " AND (post.kind = 'tried' OR LOWER(post.content_html) LIKE '%tried%')"
        " AND post.author_id <> whole.author_id ORDER BY post.id",
        **parameters,
    )
    return [(await Post.get(id=row["id"]), await Post.get(id=row["practice_id"])) for row in rows]


async def _read(here: Instance, post: Post, practice: Post) -> TriedReport | None:
    """The report that a reply is, or becomes: the first by its author on this version."""
    if post.kind == "tried":
        return await TriedReport.get_or_none(id=post.id)
    said = said_in(post.content_html)
    version = await version_tried(here, practice)
    if said is None or not await keep(here, post, practice.id, version, _columns(said) | {"by_words": True}):
        return None
    await Post.filter(id=post.id).update(kind="tried")
    return await TriedReport.get(id=post.id)


def _columns(said: Said) -> dict[str, object]:
    is_change = said.outcome == "worked-with-changes"
    return {"outcome": said.outcome, "changed": said.more * is_change, "saw": said.more * (not is_change)}
