"""Undo of what people did with posts (ActivityPub section 7.12): Like, EmojiReact and Announce, embedded or by id.

Authority: who did it takes it back. An Undo that arrives before what it ends is remembered (S8, S5).
"""

from federation.errors import Forbidden, Ignored
from federation.inbox.dispatch import VerifiedActivity
from federation.vocab.base import id_of, same_origin
from server.actors.models import Actor
from server.communities.activities.announce import announce
from server.instance import Instance
from server.posts import places
from server.posts.activities.relevance import check_group
from server.posts.models import Boost, Like, Post
from server.posts.policy import ECHO
from server.posts.reactions import end_boost, end_like
from server.posts.removal import leave_tombstone


async def on_undo_like(here: Instance, received: VerifiedActivity) -> None:
    """A remote actor takes a Like back."""
    await check_group(here, received.via, received.activity)
    actor, uri, object_uri = await _undone(here, received)
    like = await Like.get_or_none(uri=uri, actor_id=actor.id) if actor and uri else None
    if like is None and actor is not None and object_uri is not None:
        like = await Like.get_or_none(post__uri=object_uri, actor_id=actor.id, kind="like")
        if like is not None and await _came_later(here, like.uri, received):
            like = None
    if like is None or actor is None:
        await _remember(here, received, uri)
        return
    await _end_like(here, received, like, actor)


async def on_undo_announce(here: Instance, received: VerifiedActivity) -> None:
    """A remote actor takes an Announce back."""
    actor, uri, object_uri = await _undone(here, received)
    boost = await Boost.get_or_none(uri=uri, actor_id=actor.id) if actor and uri else None
    if boost is None and actor is not None and object_uri is not None:
        boost = await Boost.filter(post__uri=object_uri, actor_id=actor.id, undone_at=None).first()
        if boost is not None and await _came_later(here, boost.uri, received):
            boost = None
    if boost is None or actor is None:
        await _remember(here, received, uri)
        return
    async with here.db.transaction():
        await end_boost(here, boost.post_id, actor.id, uri=boost.uri)


async def undo_by_id(here: Instance, received: VerifiedActivity) -> bool:
    """A remote actor takes something back that it names by its id only."""
    uri = received.activity.object_id
    actor = await Actor.get_or_none(uri=received.activity.actor, is_local=False)
    if uri is None or actor is None:
        return False
    like = await Like.get_or_none(uri=uri)
    if like is not None:
        if like.actor_id != actor.id:
            raise Forbidden("nobody takes back what another did")
        await _end_like(here, received, like, actor)
        return True
    boost = await Boost.get_or_none(uri=uri)
    if boost is None:
        return False
    if boost.actor_id != actor.id:
        raise Forbidden("nobody takes back what another did")
    async with here.db.transaction():
        await end_boost(here, boost.post_id, actor.id, uri=boost.uri)
    return True


async def undo_unknown(here: Instance, received: VerifiedActivity) -> bool:
    """The last to be asked about an id: what is undone before it came is remembered."""
    uri = received.activity.object_id
    if uri is None or here.is_local_uri(uri) or not same_origin(uri, received.activity.actor):
        return False
    await leave_tombstone(here, uri, by=received.activity.actor)
    return True


async def _end_like(here: Instance, received: VerifiedActivity, like: Like, actor: Actor) -> None:
    post = await Post.get(id=like.post_id)
    async with here.db.transaction():
        if like.kind not in {"like", ECHO}:
            raise Ignored("that is no Like")
        if await end_like(here, post.id, actor.id, uri=like.uri, kind=like.kind) is None:
            return
        if post.community_id is None or received.via is not None or not await places.leaves(here, post):
            return
        if await Actor.exists(id=post.community_id, is_local=True):
            await announce(here, post.community_id, activity=received.as_received, visibility=post.visibility)


async def _came_later(here: Instance, uri: str, received: VerifiedActivity) -> bool:
    """Whether something came after this Undo, which is processed again, or by two workers at once (R6)."""
    later = await here.db.value(
        "SELECT 1 AS one FROM inbox_receipt AS undo JOIN inbox_receipt AS other ON other.seq > undo.seq"
        " WHERE undo.activity_id = :undo AND other.activity_id = :uri",
        undo=(received.activity.id or "")[:500],
        uri=uri,
    )
    return bool(later)


async def _undone(here: Instance, received: VerifiedActivity) -> tuple[Actor | None, str | None, str | None]:
    """Who takes back, the id of what, and what that was about."""
    inner = received.activity.object or {}
    owner = id_of(inner.get("actor"))
    if owner is not None and owner != received.activity.actor:
        raise Forbidden("nobody takes back what another did")
    actor = await Actor.get_or_none(uri=received.activity.actor, is_local=False)
    return actor, id_of(inner), id_of(inner.get("object"))


async def _remember(here: Instance, received: VerifiedActivity, uri: str | None) -> None:
    if uri is None or not same_origin(uri, received.activity.actor):
        raise Ignored("there is nothing to take back")
    await leave_tombstone(here, uri, by=received.activity.actor)
