"""Asking people to choose, voting, and what becomes of a poll with time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from federation.errors import FederationError, Gone
from federation.errors import NotFound as NotThere
from federation.vocab.objects import RemotePost
from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.db import from_milliseconds
from server.errors import Invalid, NotAllowed, NotFound
from server.instance import Instance
from server.polls import voting
from server.polls.activities.vote import send_votes
from server.polls.detail import options_of, tally
from server.polls.events import PollEnded
from server.polls.form import LASTS, PollForm, check, check_options, tidy
from server.polls.models import Poll, PollOption, PollVote
from server.polls.policy import fits, is_over
from server.posts import actions as posts
from server.posts.actions import NewPost, PostChange
from server.posts.activities.update import send_update
from server.posts.composing import Detail, readable_post
from server.posts.events import PostEdited
from server.posts.holding import hold
from server.posts.models import Post
from server.practices.policy import audiences

END = "polls.end"
REFRESH = "polls.refresh"
REFRESH_EVERY = timedelta(minutes=10)
STALE = timedelta(hours=1)
WATCHED = timedelta(days=31)
"""How long the numbers of a poll elsewhere are asked for; a poll without an end is not watched for ever."""
AT_ONCE, PER_HOST = 20, 5
GRACE = timedelta(minutes=2)


async def start_poll(here: Instance, acting: Viewer, form: PollForm) -> Post:
    """Ask people to choose, in a community or within a conversation. Raises Invalid with every error."""
    form = tidy(form)
    check(form)
    return await posts.create_post(
        here,
        str(acting.actor_id),
        NewPost(
            kind="poll",
            title="" if form.parent_id else form.question,
            source_md=_source(form, titled=form.parent_id is None),
            content_warning=form.content_warning,
            language=form.language,
            visibility=form.visibility or audiences(None)[0],
            community_id=form.community_id,
            parent_id=form.parent_id,
            topic_id=form.topic_id,
        ),
        detail=opening(here, form.options, is_multiple=form.is_multiple, ends_at=here.clock.now() + LASTS[form.lasts]),
    )


def opening(
    here: Instance, options: Sequence[str], *, is_multiple: bool, ends_at: datetime, hides_totals: bool = False
) -> Detail:
    """Writes a poll beside the post that asks: for `create_post` with a post of kind ``poll``."""

    async def store(post: Post) -> None:
        await Poll.create(
            id=post.id, is_multiple=is_multiple, ends_at=ends_at, voters_count=0, hides_totals=hides_totals
        )
        await PollOption.bulk_create(
            [PollOption(poll_id=post.id, position=number, name=name) for number, name in enumerate(options)]
        )
        await here.jobs.enqueue(END, {"post": post.id}, run_at=ends_at, unique=f"{END}:{post.id}")

    return store


def replacing(here: Instance, options: Sequence[str], *, is_multiple: bool, seconds: int, hides_totals: bool) -> Detail:
    """Changes a poll of one's own beside its post: for `edit_post`. What was chosen by somebody stays as it is."""

    async def store(post: Post) -> None:
        poll = await Poll.get(id=post.id)
        known = [option.name for option in await options_of(post.id)]
        poll.hides_totals = hides_totals
        if list(options) != known or is_multiple != poll.is_multiple:
            wrong = check_options(tuple(options))
            if wrong:
                raise wrong[0]
            if await PollVote.exists(poll_id=post.id):
                raise Invalid("Somebody has voted already: what they can choose stays as it is.", field="poll")
            if is_over(ends_at=poll.ends_at, closed_at=poll.closed_at, now=here.clock.now()):
                raise Invalid("This poll has ended.", field="poll")
            poll.is_multiple, poll.ends_at = is_multiple, here.clock.now() + timedelta(seconds=seconds)
            await PollOption.filter(poll_id=post.id).delete()
            await PollOption.bulk_create(
                [PollOption(poll_id=post.id, position=number, name=name) for number, name in enumerate(options)]
            )
            await here.jobs.enqueue(END, {"post": post.id}, run_at=poll.ends_at, unique=f"{END}:{post.id}")
        await poll.save()

    return store


async def change(here: Instance, acting: Viewer, post_id: str, form: PollForm, change_note: str = "") -> Post:
    """Change the words of a poll of one's own. What can be chosen stays: people have chosen it."""
    post = await _own(acting, post_id)
    form = tidy(replace(form, parent_id=post.parent_id))
    check(form, editing=True)
    return await posts.edit_post(
        here,
        acting,
        post.id,
        PostChange(
            title=form.question if post.title else None,
            source_md=_source(form, titled=bool(post.title)),
            content_warning=form.content_warning,
            language=form.language,
        ),
        change_note,
    )


async def withdraw(here: Instance, acting: Viewer, post_id: str) -> None:
    """Delete a poll of one's own for good, with every vote."""
    await posts.delete_post(here, acting, (await _own(acting, post_id)).id)


async def vote(here: Instance, acting: Viewer, post_id: str, positions: set[int]) -> None:
    """Choose, once and for good. Raises NotAllowed where the poll is over or they voted, Invalid for a wrong choice."""
    post = await readable_post(here, acting, post_id)
    voter = await Actor.get_or_none(id=acting.actor_id, is_local=True, deleted_at=None, suspended_at=None)
    poll = await Poll.get_or_none(id=post.id) if post.kind == "poll" else None
    if poll is None:
        raise NotFound
    if voter is None:
        raise NotAllowed("This account cannot vote here.")
    if is_over(ends_at=poll.ends_at, closed_at=poll.closed_at, now=here.clock.now()):
        raise NotAllowed("This poll has ended.")
    if not post.is_local and await Actor.exists(id=post.author_id, inbox_url=""):
        raise NotAllowed("Nobody is known there who could take the vote.")
    async with here.db.transaction():
        # One vote at a time, and none while what can be chosen is changed.
        if not await hold(here, post, "visible"):
            raise NotFound
        poll, options = await Poll.get(id=post.id), await options_of(post.id)
        if not fits(positions, len(options), is_multiple=poll.is_multiple):
            few = "Choose at least one answer." if poll.is_multiple else "Choose one answer."
            raise Invalid(few, field="choice")
        if await PollVote.exists(poll_id=poll.id, actor_id=voter.id):
            raise NotAllowed("You have voted already. A vote cannot be changed or taken back.")
        added = await voting.cast(here, poll, voter.id, positions)
        if post.is_local:
            await voting.tell_soon(here, post.id)
            return
        await send_votes(here, voter, post, [options[position].name for position in added])
        if poll.ends_at is not None:
            at = poll.ends_at + GRACE
            await here.jobs.enqueue(END, {"post": post.id}, run_at=at, unique=f"{END}:{post.id}")


async def tell(here: Instance, payload: Any) -> None:
    """The job that sends new numbers of a poll of ours to everybody who has it."""
    async with here.db.transaction():
        post, poll = await _ours(str(payload["post"]))
        if post is None or poll is None or poll.told_end_at is not None:
            return
        await _moved_on(here, post, poll)
        await send_update(here, PostEdited(post.id))


async def end(here: Instance, payload: Any) -> None:
    """The job at the end of a poll: the last numbers, and news for those concerned."""
    post_id = str(payload["post"])
    post, poll = await Post.get_or_none(id=post_id), await Poll.get_or_none(id=post_id)
    if post is None or poll is None or poll.told_end_at is not None or post.state != "visible":
        return
    now = here.clock.now()
    if poll.ends_at is None or poll.ends_at > now:
        # Its author moved the end.
        if poll.ends_at is not None:
            at = poll.ends_at if post.is_local else poll.ends_at + GRACE
            await here.jobs.enqueue(END, payload, run_at=at, unique=f"{END}:{post_id}", goes_on=True)
        return
    if not post.is_local:
        await _ask(here, post)
    async with here.db.transaction():
        poll = await Poll.get(id=post_id)
        poll.told_end_at = now
        poll.closed_at = poll.closed_at or poll.ends_at
        await poll.save(update_fields=["told_end_at", "closed_at"])
        if post.is_local:
            await _moved_on(here, post, poll)
            await send_update(here, PostEdited(post_id))
        await here.events.emit(PollEnded(post_id))


async def refresh(here: Instance, _: Any) -> None:
    """The job that asks for the numbers of open polls elsewhere, those with votes from here first; a few at a time."""
    now = here.clock.now()
    rows = await here.db.rows(
        "SELECT poll.id, actor.host FROM poll JOIN post ON post.id = poll.id JOIN actor ON actor.id = post.author_id"
        " WHERE NOT post.is_local AND post.state = 'visible' AND poll.closed_at IS NULL AND poll.tallied_at < :stale"
        " AND post.published_at > :watched AND (poll.ends_at IS NULL OR poll.ends_at > poll.tallied_at)"
        " ORDER BY CASE WHEN EXISTS (SELECT 1 FROM poll_vote WHERE poll_vote.poll_id = poll.id) THEN 0 ELSE 1 END,"
        " poll.tallied_at, poll.id LIMIT :limit",
        stale=now - STALE,
        watched=now - WATCHED,
        limit=AT_ONCE * 5,
    )
    asked: dict[str, int] = {}
    for row in rows:
        if asked.get(row["host"], 0) < PER_HOST and sum(asked.values()) < AT_ONCE:
            asked[row["host"]] = asked.get(row["host"], 0) + 1
            await _ask(here, await Post.get(id=row["id"]))


async def _ask(here: Instance, post: Post) -> None:
    """Fetch a poll elsewhere for its numbers; one that does not answer waits for its next turn."""
    remote: RemotePost | None = None
    try:
        remote = await here.engine.fetch_post(post.uri)
    except (Gone, NotThere):
        pass
    except FederationError:
        here.log.info("the poll %s cannot be fetched", post.uri)
    author = await Actor.get(id=post.author_id)
    async with here.db.transaction():
        if remote is None or remote.id != post.uri or remote.attributed_to != author.uri:
            await Poll.filter(id=post.id).update(tallied_at=here.clock.now())
        else:
            await tally(here, post.id, remote)


async def _moved_on(here: Instance, post: Post, poll: Poll) -> None:
    """Numbers that are sent are newer than all that was sent before, in whole seconds (E6)."""
    earlier = max(moment for moment in (post.published_at, post.edited_at, poll.tallied_at) if moment is not None)
    poll.tallied_at = max(here.clock.now(), from_milliseconds((int(earlier.timestamp()) + 1) * 1000))
    await poll.save(update_fields=["tallied_at"])


async def _ours(post_id: str) -> tuple[Post | None, Poll | None]:
    post = await Post.get_or_none(id=post_id, is_local=True, state="visible")
    return post, await Poll.get_or_none(id=post_id)


async def _own(acting: Viewer, post_id: str) -> Post:
    post = await Post.get_or_none(id=post_id)
    if post is None or acting.actor_id is None or post.author_id != acting.actor_id or post.kind != "poll":
        raise NotFound
    return post


def _source(form: PollForm, *, titled: bool) -> str:
    """The text under the question; without a title, as in a conversation, the question is the text."""
    if not titled:
        return f"{form.question}\n\n{form.text}".strip()
    return form.text.strip() or form.question
