"""Gathering things in an order, changing that, adding to what others gather, and ticking off what one has done."""

import asyncio
from collections.abc import Sequence

from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.collections.content import summary, write
from server.collections.form import CollectionForm, ItemForm, check, tidy, why_errors
from server.collections.keeping import items_of, nameable, settle, title_of
from server.collections.models import Collection, CollectionItem, CollectionTick
from server.collections.policy import KINDS, MOST, may_be_named
from server.db import among
from server.errors import Invalid, NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance
from server.posts import actions as posts
from server.posts import places
from server.posts.actions import NewPost, PostChange
from server.posts.composing import own, readable_post
from server.posts.holding import STANDING, hold
from server.posts.models import Post
from server.posts.moderating import set_pinned
from server.posts.readable import readable
from server.practices.writing import rendered


async def gather(here: Instance, acting: Viewer, form: CollectionForm) -> Post:
    """Begin a collection. Raises Invalid with every error, NotFound for what its author cannot read."""
    form = tidy(form)
    check(form)
    items = await _items(here, acting, form.items, [])
    kept = Collection(intro=form.intro, is_path=form.is_path, members_add=form.members_add)

    async def store(post: Post) -> None:
        kept.id = post.id
        await kept.save(force_create=True)
        await _keep(here, post, items)

    new = NewPost(
        kind="collection",
        title=form.title,
        source_md=write(kept, items),
        summary=await _summary(here, kept, items),
        language=form.language,
        visibility=form.visibility or "public",
        community_id=form.community_id,
    )
    return await posts.create_post(here, str(acting.actor_id), new, detail=store)


async def change(here: Instance, acting: Viewer, post_id: str, form: CollectionForm, note: str = "") -> Post:
    """Change a collection of one's own: what it says, what is in it, and the order."""
    post = await _own(acting, post_id)
    form = tidy(form)
    check(form)
    before = await items_of(post.id)
    items = await _items(here, acting, form.items, before)
    kept = await Collection.get(id=post.id)
    seen = {*form.gone, *(item.uri for item in form.items)}
    items += [item for item in before if item.uri not in seen]
    if len(items) > MOST:
        raise Invalid(f"At most {MOST} things are in a collection. Begin a second one.", field="address")
    kept.intro, kept.is_path, kept.members_add = form.intro, form.is_path, form.members_add
    named = await nameable(here, post, items)

    async def store(changed: Post) -> None:
        await kept.save()
        await _keep(here, changed, items)

    said = PostChange(
        title=form.title,
        source_md=write(kept, named),
        summary=await _summary(here, kept, named),
        language=form.language,
    )
    return await posts.edit_post(here, acting, post.id, said, note, detail=store)


async def add(
    here: Instance, acting: Viewer, post_id: str, thing_id: str, why: str, position: int | None = None
) -> None:
    """Put something into a collection of one's own, or of a community whose members add to it; at its end.

    Raises Invalid with the field to blame. `position` counts from 0: where it stood before, when it is put back.
    """
    post = await _open(here, acting, post_id)
    thing = await readable_post(here, acting, thing_id)
    why = " ".join(why.split())
    if errors := why_errors(why, "why"):
        raise errors[0]
    if thing.kind not in KINDS:
        raise Invalid("Practices and resources are gathered. This is something else.", field="collection")
    async with here.db.transaction():
        # Read while nobody else changes the list: two may be at it at once.
        if not await hold(here, post, *STANDING):
            raise NotFound
        items = await items_of(post.id)
        if any(item.uri == thing.uri for item in items):
            raise Invalid("It is in this collection already.", field="collection")
        if len(items) >= MOST:
            raise Invalid(f"At most {MOST} things are in a collection. Begin a second one.", field="collection")
        added = CollectionItem(
            uri=thing.uri,
            url=thing.url or thing.uri,
            title=await title_of(thing),
            why=why,
            added_by_id=None if post.author_id == acting.actor_id else acting.actor_id,
        )
        items.insert(len(items) if position is None else position, added)
        await _keep(here, post, items)
        await settle(here, post, f"Added: {added.title}")


async def take_out(here: Instance, acting: Viewer, post_id: str, uri: str) -> tuple[CollectionItem, int]:
    """Take something out of a collection of one's own, or what one put in; returns it, and where it stood."""
    post = await readable_post(here, acting, post_id)
    async with here.db.transaction():
        if not await hold(here, post, *STANDING):
            raise NotFound
        items = await items_of(post.id)
        found = next((place for place, item in enumerate(items) if item.uri == uri), None)
        if not post.is_local or found is None or acting.actor_id is None:
            raise NotFound
        if acting.actor_id not in {post.author_id, items[found].added_by_id}:
            raise NotAllowed("Only whoever gathers this, and whoever put it in, can take it out.")
        taken = items.pop(found)
        await _keep(here, post, items)
        await settle(here, post, f"Taken out: {taken.title}")
    return taken, found


async def start_here(here: Instance, acting: Viewer, post_id: str, *, starts: bool) -> None:
    """Have a community's newcomers begin with a collection: it stands at the top. For those who look after it."""
    post = await readable_post(here, acting, post_id)
    if post.kind != "collection":
        raise NotFound
    await set_pinned(here, acting, post.id, pinned=starts)


async def tick(here: Instance, acting: Viewer, post_id: str, uri: str, *, done: bool) -> None:
    """Note for oneself alone that a step of a path is done, or is not after all."""
    post = await readable_post(here, acting, post_id)
    if acting.actor_id is None or not await CollectionItem.exists(post_id=post.id, uri=uri):
        raise NotFound
    async with here.db.transaction():
        if done:
            await here.db.execute(
                "INSERT INTO collection_tick (id, actor_id, post_id, uri, done_at) VALUES (:id, :actor, :post, :uri,"
                " :now) ON CONFLICT DO NOTHING",
                id=new_id(here.clock.now()),
                actor=acting.actor_id,
                post=post.id,
                uri=uri,
                now=here.clock.now(),
            )
        else:
            await CollectionTick.filter(actor_id=acting.actor_id, post_id=post.id, uri=uri).delete()


async def _open(here: Instance, acting: Viewer, post_id: str) -> Post:
    """A collection that somebody may add to."""
    post = await readable_post(here, acting, post_id)
    kept = await Collection.get_or_none(id=post.id) if post.kind == "collection" and post.is_local else None
    if kept is None or acting.actor_id is None:
        raise NotFound
    if post.author_id == acting.actor_id:
        return post
    if not kept.members_add or post.community_id is None:
        raise NotAllowed("Only whoever gathers this adds to it. Suggest it in an answer.")
    person = await Actor.get_or_none(id=acting.actor_id, is_local=True, deleted_at=None, suspended_at=None)
    community = await Actor.get(id=post.community_id)
    if person is None:
        raise NotAllowed("This account cannot take part.")
    await places.may_write(here, community, person)
    return post


async def _own(acting: Viewer, post_id: str) -> Post:
    post = await own(acting, post_id)
    if post.kind != "collection":
        raise NotFound
    return post


async def _items(
    here: Instance, acting: Viewer, wanted: Sequence[ItemForm], before: Sequence[CollectionItem]
) -> list[CollectionItem]:
    """What a form asks for, in its order: what its author can read, and what was in it and is not known here."""
    known, kept = await _readable(here, acting, [item.uri for item in wanted]), {item.uri: item for item in before}
    found = []
    for number, item in enumerate(wanted, 1):
        thing, was = known.get(item.uri), kept.get(item.uri)
        if thing is None and was is None:
            raise Invalid("This is gone, or is not for you. Take it out.", field=f"why-{number}")
        if thing is not None and thing.kind not in KINDS:
            raise Invalid("Practices and resources are gathered. This is something else.", field=f"why-{number}")
        found.append(
            CollectionItem(
                uri=item.uri,
                url=(thing.url or thing.uri) if thing is not None else was.url if was is not None else item.uri,
                title=await title_of(thing) if thing is not None else was.title if was is not None else item.uri,
                why=item.why,
                added_by_id=was.added_by_id if was is not None else None,
            )
        )
    return found


async def _readable(here: Instance, acting: Viewer, uris: Sequence[str]) -> dict[str, Post]:
    if not uris:
        return {}
    may_read, values = readable(acting)
    named, parameters = among(uris)
    rows = await here.db.rows(
        f"SELECT post.id FROM post WHERE post.uri IN ({named}) AND post.state = 'visible' AND {may_read}",
        **parameters,
        **values,
    )
    return {post.uri: post for post in await Post.filter(id__in=[row["id"] for row in rows])}


async def _keep(here: Instance, post: Post, items: Sequence[CollectionItem]) -> None:
    """Have a collection hold these things and no others, in this order; in the caller's transaction."""
    things = {thing.uri: thing for thing in await Post.filter(uri__in=[item.uri for item in items])}
    was = {item.uri for item in await items_of(post.id)}
    for item in items:
        thing = things.get(item.uri)
        about = (thing.visibility, thing.community_id) if thing is not None else None
        if about is not None and item.uri not in was and not may_be_named(about, (post.visibility, post.community_id)):
            raise Invalid(
                f"Not everybody who reads this collection can read “{item.title}”. Leave it out, or gather for fewer.",
                field="address",
            )
    await CollectionItem.filter(post_id=post.id).delete()
    for position, item in enumerate(items):
        await CollectionItem.create(
            id=new_id(here.clock.now()),
            post_id=post.id,
            position=position,
            uri=item.uri,
            url=item.url[:1000],
            title=item.title,
            why=item.why,
            added_by_id=item.added_by_id,
        )


async def _summary(here: Instance, kept: Collection, named: Sequence[CollectionItem]) -> str:
    return summary(kept, named, await asyncio.to_thread(rendered, kept.intro, here.settings.origin))
