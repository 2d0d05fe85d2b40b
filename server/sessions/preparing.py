"""Preparing for an event: what to read, who has read it, and the reminder two days before (C14, O5)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from server.actors.events import ActorDeleted
from server.actors.viewer import Viewer
from server.db import from_milliseconds
from server.errors import Invalid, NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance
from server.posts import actions as posts
from server.posts.actions import PostChange
from server.posts.composing import own, readable_post
from server.posts.models import Post
from server.sessions import pack
from server.sessions.events import PrepareSoon
from server.sessions.models import EventFacts, PackItem, PackRead
from server.sessions.pack import PackForm
from server.sessions.policy import may_be_named

REMIND = "sessions.prepare"
BEFORE = timedelta(days=2)
"""What to prepare comes so long before an event, and again only where the event was put off for as long after that."""


async def set_pack(here: Instance, acting: Viewer, post_id: str, items: Sequence[PackForm]) -> None:
    """Say what to read before an event of one's own, in this order; everybody who has it is told.

    Raises Invalid with every error. Nothing is named that some readers of the event may not read (S15).
    """
    post = await own(acting, post_id)
    if post.kind != "session" or not await EventFacts.exists(id=post.id):
        raise NotFound
    wanted = pack.tidy(items)
    pack.check(wanted)

    async def store(changed: Post) -> None:
        if len(await nameable(changed, wanted)) < len(wanted):
            raise Invalid("Not everybody who is invited may read one of these.", field="address")
        await keep(here, changed.id, wanted)

    if wanted != await items_of(post.id):
        await posts.edit_post(here, acting, post.id, PostChange(), detail=store)


async def tick(here: Instance, acting: Viewer, post_id: str, url: str, *, done: bool) -> None:
    """Note for oneself alone that one has read something, or has not after all."""
    post = await readable_post(here, acting, post_id)
    if acting.actor_id is None:
        raise NotAllowed("Sign in to tick off what you have read.")
    if not await PackItem.exists(event_id=post.id, url=url):
        raise NotFound
    async with here.db.transaction():
        if done:
            await here.db.execute(
                "INSERT INTO event_pack_read (id, event_id, person_id, url, at) VALUES (:id, :event, :person, :url,"
                " :now) ON CONFLICT DO NOTHING",
                id=new_id(here.clock.now()),
                event=post.id,
                person=acting.actor_id,
                url=url,
                now=here.clock.now(),
            )
        else:
            await PackRead.filter(event_id=post.id, person_id=acting.actor_id, url=url).delete()


async def items_of(event_id: str) -> tuple[PackForm, ...]:
    """What to read before an event, in its order."""
    rows = await PackItem.filter(event_id=event_id).order_by("position").limit(pack.MOST)
    return tuple(PackForm(row.url, row.title, row.minutes, row.uri) for row in rows)


async def nameable(event: Post, items: Sequence[PackForm]) -> tuple[PackForm, ...]:
    """The things that everybody who reads an event may know of. What is not known here is for whoever named it."""
    uris = [item.uri for item in items if item.uri]
    known = {found.uri: found for found in await Post.filter(uri__in=uris).limit(pack.MOST)} if uris else {}
    about = (event.visibility, event.community_id)
    return tuple(
        item
        for item in items
        if (thing := known.get(item.uri)) is None
        or (thing.state == "visible" and may_be_named((thing.visibility, thing.community_id), about))
    )


async def keep(here: Instance, event_id: str, items: Sequence[PackForm]) -> None:
    """Write down what to read, and have people reminded; in the caller's transaction. Ticks stay with their address."""
    await PackItem.filter(event_id=event_id).delete()
    for position, item in enumerate(items, 1):
        await PackItem.create(
            id=new_id(here.clock.now()),
            event_id=event_id,
            position=position,
            uri=item.uri,
            url=item.url,
            title=item.title,
            minutes=item.minutes or 1,
        )
    if items:
        await remind_later(here, event_id)


async def remind_later(here: Instance, event_id: str) -> None:
    """Look two days before an event, or now, whom to remind; in the caller's transaction."""
    event, now = await EventFacts.get_or_none(id=event_id), here.clock.now()
    if (
        event is None
        or event.starts_at is None
        or event.starts_at <= now
        or not await PackItem.exists(event_id=event_id)
    ):
        return
    starts = int(event.starts_at.timestamp() * 1000)
    await here.jobs.enqueue(
        REMIND,
        {"post": event_id, "starts": starts},
        run_at=max(now, event.starts_at - BEFORE),
        # An event that was moved has another moment to look, so it is another job.
        unique=f"{REMIND}:{event_id}:{starts}",
    )


async def remind(here: Instance, payload: Any) -> None:
    """The job that has those who take part told what to prepare, once, as long as the event is when it was."""
    async with here.db.transaction():
        post_id, starts_at = str(payload["post"]), from_milliseconds(payload["starts"])
        event = await EventFacts.get_or_none(id=post_id)
        if event is None or event.starts_at != starts_at or starts_at <= here.clock.now():
            return
        if event.status not in {"confirmed", "tentative"} or not await Post.exists(id=post_id, state="visible"):
            return
        if event.reminded_for is not None and starts_at < event.reminded_for + BEFORE:
            return
        if await PackItem.exists(event_id=post_id):
            event.reminded_for = starts_at
            await event.save(update_fields=["reminded_for"])
            await here.events.emit(PrepareSoon(post_id))


async def forget_reader(here: Instance, event: ActorDeleted) -> None:
    """Whoever is gone has read nothing."""
    await PackRead.filter(person_id=event.actor_id).delete()
