"""The text of a collection, kept true: what its readers may not know of any more is named nowhere."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta
from html import escape
from typing import Any

from server.actors.events import ActorBlocked, ActorDeleted, ActorUnblocked, SuspensionChanged
from server.actors.models import Actor
from server.collections.content import summary, write
from server.collections.models import Collection, CollectionItem, CollectionTick
from server.collections.policy import KINDS, MOST, may_be_named
from server.db import among
from server.instance import Instance
from server.peers.events import PeerGradeChanged
from server.peers.queries import spellings
from server.posts.composing import keep_moment, keep_version
from server.posts.events import PostDeleted, PostEdited, PostNarrowed, PostRemoved, PostRestored
from server.posts.holding import hold
from server.posts.models import Post, PostMention, PostVersion
from server.posts.policy import PRIVATE
from server.posts.readable import AUTHOR_IS_THERE, apart, readable_by
from server.practices.models import Practice
from server.practices.writing import rendered
from server.text import excerpt, render_markdown

Happened = PostEdited | PostNarrowed | PostRemoved | PostRestored | PostDeleted
FOLLOW, FOLLOW_WRITERS = "collections.follow", "collections.follow_writers"
MANY = 100
"""Collections that are looked at in one transaction; the others come after it."""
_NAMED = f"{AUTHOR_IS_THERE} AND NOT {apart('post.author_id', ':author')}"
EDITS_TOGETHER = timedelta(minutes=1)
"""Whoever changes a title again and again has collections told of it once in this time."""


async def on_post(here: Instance, event: Happened) -> None:
    """Something that may be in collections here changed, went or came back.

    What went is named no more from the same transaction on, as far as that is soon done; a new title follows.
    """
    if isinstance(event, PostEdited):
        if await _holding(here, event.post_id, "", 1):
            payload, at = {"post": event.post_id, "after": ""}, here.clock.now() + EDITS_TOGETHER
            await here.jobs.enqueue(FOLLOW, payload, run_at=at, unique=f"{FOLLOW}:{event.post_id}")
        return
    ids = await _holding(here, event.post_id, "", MANY)
    for post_id in ids:
        await settle(here, await Post.get(id=post_id), without=event.post_id if isinstance(event, PostDeleted) else "")
    if len(ids) == MANY:
        await here.jobs.enqueue(FOLLOW, {"post": event.post_id, "after": ids[-1]})


async def follow(here: Instance, payload: Any) -> None:
    """The job that has collections say what something in them says now, some of them at a time."""
    post_id = str(payload["post"])
    async with here.db.transaction():
        ids = await _holding(here, post_id, str(payload["after"]), MANY)
        for holding_id in ids:
            await settle(here, await Post.get(id=holding_id))
        if len(ids) == MANY:
            await here.jobs.enqueue(FOLLOW, {"post": post_id, "after": ids[-1]})


async def on_suspension(here: Instance, event: SuspensionChanged) -> None:
    """Whoever is suspended is named in no collection here, and named again when let in again."""
    await _follow_writers(here, {"writer": event.actor_id})


async def on_block(here: Instance, event: ActorBlocked | ActorUnblocked) -> None:
    """Neither of two is named in what the other gathers after a block, and again without it."""
    for writer, keeper in ((event.blocker_id, event.blocked_id), (event.blocked_id, event.blocker_id)):
        await _follow_writers(here, {"writer": writer, "keeper": keeper})


async def on_grade(here: Instance, event: PeerGradeChanged) -> None:
    """People of a server that is hidden are named in no collection here, and again when it no longer is."""
    await _follow_writers(here, {"host": event.host})


async def follow_writers(here: Instance, payload: Any) -> None:
    """The job that has collections look again at whom they name, some of them at a time."""
    async with here.db.transaction():
        ids = await _holding_by(here, payload, MANY)
        for holding_id in ids:
            await settle(here, await Post.get(id=holding_id))
        if len(ids) == MANY:
            await here.jobs.enqueue(FOLLOW_WRITERS, {**payload, "after": ids[-1]})


async def _follow_writers(here: Instance, payload: dict[str, str]) -> None:
    if await _holding_by(here, payload, 1):
        key = ":".join(payload.values())
        await here.jobs.enqueue(FOLLOW_WRITERS, payload, unique=f"{FOLLOW_WRITERS}:{key}"[:200])


async def _holding_by(here: Instance, payload: dict[str, str], most: int) -> list[str]:
    """The ids of collections here that hold something by a ``writer``, or by people of a ``host``; of a ``keeper``."""
    values: dict[str, str] = {"after": payload.get("after", "")}
    if "host" in payload:
        values |= spellings(payload["host"])
        who = "post.author_id IN (SELECT actor.id FROM actor WHERE NOT actor.is_local AND (actor.host = :host"
        who += " OR actor.host LIKE :inside OR actor.host LIKE :ports OR actor.host LIKE :inside_ports))"
    else:
        values["writer"], who = payload["writer"], "post.author_id = :writer"
    if "keeper" in payload:
        values["keeper"], who = payload["keeper"], f"{who} AND holding.author_id = :keeper"
    rows = await here.db.rows(
        "SELECT DISTINCT holding.id FROM post AS holding JOIN collection_item ON collection_item.post_id = holding.id"
        f" JOIN post ON post.uri = collection_item.uri WHERE {who} AND holding.id > :after"
        " AND holding.is_local AND holding.state = 'visible' ORDER BY holding.id LIMIT :most",
        most=most,
        **values,
    )
    return [str(row["id"]) for row in rows]


async def _holding(here: Instance, post_id: str, after: str, most: int) -> list[str]:
    """The ids of collections here that something is in, from one on."""
    rows = await here.db.rows(
        "SELECT holding.id FROM post JOIN collection_item ON collection_item.uri = post.uri"
        " JOIN post AS holding ON holding.id = collection_item.post_id WHERE post.id = :id"
        f" AND post.kind IN ({', '.join(repr(kind) for kind in KINDS)}) AND holding.id > :after"
        " AND holding.is_local AND holding.state = 'visible' ORDER BY holding.id LIMIT :most",
        id=post_id,
        after=after,
        most=most,
    )
    return [str(row["id"]) for row in rows]


async def on_actor_deleted(here: Instance, event: ActorDeleted) -> None:
    """Whoever is gone has done nothing any more."""
    await CollectionTick.filter(actor_id=event.actor_id).delete()


async def settle(here: Instance, post: Post, note: str | None = None, *, without: str = "") -> None:
    """Write the text of a collection here anew, and tell everybody who has it, if it says something else then.

    In the caller's transaction. With a `note` what it said is kept as a version; without one nobody decided anything,
    and where something is named no more, earlier versions name it no more either. `without` is the id of a post that is
    just being deleted.
    """
    if not await hold(here, post, "visible"):
        return
    kept = await Collection.get_or_none(id=post.id)
    if kept is None:
        return
    items = await items_of(post.id)
    before = {item.id: (item.title, item.url) for item in items}
    named = await nameable(here, post, items, without=without)
    source = write(kept, named)
    if source == post.source_md:
        return
    if note is not None:
        await keep_version(here, post, note)
    else:
        keep_moment(here, post)
        if len(named) < len(items):
            await PostVersion.filter(post_id=post.id).delete()
    for item in named:
        if before[item.id] != (item.title, item.url):
            await item.save(update_fields=["title", "url"])
    post.source_md = source
    post.content_html = await _html(here, post)
    intro = await asyncio.to_thread(rendered, kept.intro, here.settings.origin)
    post.summary = f"<p>{escape(summary(kept, named, intro), quote=False)}</p>"
    post.updated_at = here.clock.now()
    await post.save()
    await here.events.emit(PostEdited(post.id))


async def items_of(post_id: str) -> list[CollectionItem]:
    """What is in a collection, in its order."""
    return await CollectionItem.filter(post_id=post_id).order_by("position", "id").limit(MOST)


async def nameable(
    here: Instance, post: Post, items: Sequence[CollectionItem], *, without: str = ""
) -> list[CollectionItem]:
    """The things that everybody who reads a collection may know of; of a private one, its author as things are now.

    With their titles and pages as they are now. What is not known here is what its author said it is; what was here and
    is gone, is for others, or is by somebody who was suspended or has a block with the author, is left out.
    """
    known = {found.uri: found for found in await Post.filter(uri__in=[item.uri for item in items])}
    mine = await _for_author(here, post, known, readable_by(":author") if post.visibility == PRIVATE else _NAMED)
    about, found = (post.visibility, post.community_id), []
    for item in items:
        thing = known.get(item.uri)
        if thing is not None:
            if thing.state != "visible" or thing.id == without or thing.id not in mine:
                continue
            if not may_be_named((thing.visibility, thing.community_id), about):
                continue
            item.title, item.url = await title_of(thing), thing.url or thing.uri
        found.append(item)
    return found


async def _for_author(here: Instance, post: Post, things: Iterable[str], condition: str) -> set[str]:
    """The ids of those of some things that a condition with the author of a collection lets through at present."""
    uris = list(things)
    if not uris:
        return set()
    named, values = among(uris)
    rows = await here.db.rows(
        f"SELECT post.id FROM post WHERE post.uri IN ({named}) AND {condition}",
        author=post.author_id,
        **values,
    )
    return {row["id"] for row in rows}


async def title_of(thing: Post) -> str:
    """What something is called in a list: its title, that of a tip, or its first words."""
    title = thing.title
    if not title and thing.kind == "tip":
        tip = await Practice.get_or_none(id=thing.id)
        title = tip.title if tip is not None else ""
    return (title or excerpt(thing.content_html, 80) or thing.uri)[:300]


async def _html(here: Instance, post: Post) -> str:
    """The text as HTML, with the people whom it named before: nobody is looked for on the network here."""
    ids = await PostMention.filter(post_id=post.id).limit(100).values_list("actor_id", flat=True)
    people: dict[str, str] = {}
    for actor in await Actor.filter(id__in=[str(item) for item in ids]):
        name, address = actor.username.lower(), actor.url or actor.uri
        people |= {f"{name}@{actor.domain}": address, **({name: address} if actor.is_local else {})}
    made = await asyncio.to_thread(render_markdown, post.source_md, base_url=here.settings.origin, mention_urls=people)
    return made.html
