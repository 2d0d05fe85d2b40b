"""Announcing events, taking part, and what is told of them."""

from typing import Any

from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.db import from_milliseconds
from server.errors import NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance
from server.posts import actions as posts
from server.posts.actions import NewPost, PostChange
from server.posts.activities.update import send_update
from server.posts.composing import Detail, readable_post
from server.posts.events import PostEdited
from server.posts.models import Post
from server.practices.policy import audiences
from server.sessions import later, seminar, taking_part
from server.sessions.activities.join import send_join, send_leave
from server.sessions.form import SessionForm, check, moments, tidy
from server.sessions.models import EventFacts
from server.sessions.policy import why_closed
from server.sessions.preparing import remind_later
from server.sessions.words import summary_words, when_words, where_words


async def publish_event(here: Instance, acting: Viewer, form: SessionForm, *, also: Detail | None = None) -> Post:
    """Announce an event, in a community or to one's followers. Raises Invalid with every error.

    `also` writes what other features know of it, before anybody is told.
    """
    form = tidy(form)
    check(form, here.clock.now())
    asked = await seminar.find(here, form.discussants)

    async def store(post: Post) -> None:
        await _store(here, post, form)
        await seminar.ask(here, post, asked)
        if also is not None:
            await also(post)

    return await posts.create_post(
        here,
        str(acting.actor_id),
        NewPost(
            kind="session",
            title=form.title,
            source_md=form.text,
            summary=_summary(form, "confirmed"),
            content_warning=form.content_warning,
            language=form.language,
            visibility=form.visibility or audiences(None)[0],
            community_id=form.community_id,
            topic_id=form.topic_id,
            attachments=form.media_ids,
            confidential=form.confidential,
        ),
        detail=store,
    )


async def change_event(here: Instance, acting: Viewer, post_id: str, form: SessionForm, change_note: str = "") -> Post:
    """Change an event of one's own; everybody who has it is told."""
    post = await _own(acting, post_id)
    form = tidy(form)
    event = await EventFacts.get(id=post.id)
    check(form, here.clock.now())
    asked = await seminar.find(here, form.discussants)

    async def store(changed: Post) -> None:
        await _store(here, changed, form)
        await seminar.ask(here, changed, asked)

    return await posts.edit_post(
        here,
        acting,
        post.id,
        PostChange(
            title=form.title,
            source_md=form.text,
            summary=_summary(form, event.status),
            content_warning=form.content_warning,
            language=form.language,
        ),
        change_note,
        detail=store,
    )


async def cancel_event(here: Instance, acting: Viewer, post_id: str) -> None:
    """Say that an event does not take place; it stays, so that everybody learns of it."""
    post = await _own(acting, post_id)
    event = await EventFacts.get(id=post.id)
    if event.status == "cancelled" or event.starts_at is None:
        return

    async def store(changed: Post) -> None:
        await EventFacts.filter(id=changed.id).update(status="cancelled")

    when = when_words(event.starts_at, event.ends_at, event.timezone)
    where = where_words(event.place, "yes" if event.links else "")
    change = PostChange(summary=summary_words(when, where, "cancelled"))
    await posts.edit_post(here, acting, post.id, change, "Cancelled", detail=store)


async def withdraw(here: Instance, acting: Viewer, post_id: str) -> None:
    """Delete an event of one's own for good."""
    await posts.delete_post(here, acting, (await _own(acting, post_id)).id)


async def take_part(here: Instance, acting: Viewer, post_id: str) -> None:
    """Say that one comes; an event elsewhere is asked. Raises NotAllowed with the reason where that is not possible."""
    post, person = await _event(here, acting, post_id)
    async with here.db.transaction():
        event = await EventFacts.get(id=post.id)
        if await taking_part.is_in(post.id, person.id):
            return
        closed = why_closed(taking_part.state_of(event), here.clock.now())
        if not closed and not await Actor.filter(id=post.author_id).exclude(inbox_url="").exists():
            closed = "Nobody is known there who could be told. Look at the event's own page."
        if closed:
            raise NotAllowed(closed)
        uri = here.url(f"/ap/a/join/{new_id(here.clock.now())}")
        state = "going" if post.is_local else "asked"
        await taking_part.enter(here, post.id, person.id, uri=uri, state=state)
        if post.is_local:
            await taking_part.count(here, post.id)
        else:
            await send_join(here, person, post, uri)


async def leave(here: Instance, acting: Viewer, post_id: str) -> None:
    """Say that one does not come after all."""
    post, person = await _event(here, acting, post_id)
    async with here.db.transaction():
        known = await taking_part.leave(here, post.id, person.id)
        if known is None:
            return
        await later.note_earlier_answer(here, post.id, person.id)
        if post.is_local:
            await taking_part.count(here, post.id)
        elif known.state in {"going", "asked"}:
            await send_leave(here, person, post)


async def tell(here: Instance, payload: Any) -> None:
    """The job that sends the new number of participants of an event of ours to everybody who has it."""
    async with here.db.transaction():
        post = await Post.get_or_none(id=str(payload["post"]), is_local=True, state="visible")
        event = await EventFacts.get_or_none(id=str(payload["post"]))
        if post is None or event is None:
            return
        # Whole seconds, and newer than all that was sent before (E6).
        earlier = max(moment for moment in (post.published_at, post.edited_at, event.told_at) if moment is not None)
        event.told_at = max(here.clock.now(), from_milliseconds((int(earlier.timestamp()) + 1) * 1000))
        await event.save(update_fields=["told_at"])
        await send_update(here, PostEdited(post.id))


async def _event(here: Instance, acting: Viewer, post_id: str) -> tuple[Post, Actor]:
    post = await readable_post(here, acting, post_id)
    if post.kind != "session" or not await EventFacts.exists(id=post.id):
        raise NotFound
    person = await Actor.get_or_none(id=acting.actor_id, is_local=True, deleted_at=None, suspended_at=None)
    if person is None:
        raise NotAllowed("This account cannot take part.")
    return post, person


async def _own(acting: Viewer, post_id: str) -> Post:
    post = await Post.get_or_none(id=post_id)
    if post is None or acting.actor_id is None or post.author_id != acting.actor_id or post.kind != "session":
        raise NotFound
    return post


def _summary(form: SessionForm, status: str) -> str:
    starts_at, ends_at = moments(form)
    when = when_words(starts_at, ends_at, form.timezone)
    return summary_words(when, where_words(form.place, form.online_url), status)


async def _store(here: Instance, post: Post, form: SessionForm) -> None:
    starts_at, ends_at = moments(form)
    await EventFacts.update_or_create(
        defaults={
            "starts_at": starts_at,
            "ends_at": ends_at,
            "timezone": form.timezone,
            "place": form.place,
            "links": [{"name": "", "url": form.online_url}] if form.online_url else [],
            "join_mode": form.join_mode,
            "join_url": form.join_url,
            "capacity": form.capacity,
            "format": form.format,
        },
        id=post.id,
    )
    goes_on = seminar.end_of_day(ends_at, seminar.GOES_ON, form.timezone) if form.format else None
    await EventFacts.filter(id=post.id, recap_at=None).update(answers_until=goes_on)
    await EventFacts.filter(id=post.id, participants=None).update(participants=0)
    await remind_later(here, post.id)
