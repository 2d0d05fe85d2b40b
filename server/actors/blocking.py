"""Blocks between people: from that moment neither reads, answers, follows or hears of the other (S17).

Blocks of whole servers are grades of peers; bans from communities are in `communities.bans`.
"""

from federation.errors import Forbidden, Ignored
from federation.vocab import activities
from server.actors.events import ActorBlocked, ActorUnblocked, FollowEnded
from server.actors.following import hold_both, reject_follow, unfollow
from server.actors.models import Actor, Block, Follow
from server.actors.removal import recount
from server.actors.sending import send
from server.errors import Invalid, NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance

MAX_URI = 500
PROFILE = "https://w3id.org/peerhall#profile-1"


async def block(here: Instance, blocker_id: str, blocked_id: str) -> None:
    """Somebody here blocks a person anywhere; twice is once. A server elsewhere is told, so that it holds there too."""
    if blocker_id == blocked_id:
        raise Invalid("You cannot block yourself.")
    blocker, blocked = await _living(blocker_id), await _living(blocked_id)
    if blocked.kind != "Person" and (blocked.is_local or blocked.kind != "Service"):
        raise NotAllowed("Only people can be blocked. Leave a community, or stop following it.")
    async with here.db.transaction():
        await hold_both(here, blocker_id, blocked_id)
        if await Block.exists(blocker_id=blocker_id, blocked_id=blocked_id):
            return
        now = here.clock.now()
        block_id = new_id(now)
        made = await Block.create(
            id=block_id,
            blocker=blocker,
            blocked=blocked,
            uri=here.url(f"/ap/a/block/{block_id}"),
            created_at=now,
        )
        # Servers that do not know Block still end the follows.
        await unfollow(here, blocker_id, blocked_id)
        if await Follow.exists(follower_id=blocked_id, target_id=blocker_id):
            await reject_follow(here, blocker_id, blocked_id)
        await here.events.emit(ActorBlocked(blocker_id, blocked_id))
        if await _reads_blocks(here, blocked):
            await send(here, blocker.uri, _document(made, blocker, blocked), inboxes=[blocked.inbox_url])


async def unblock(here: Instance, blocker_id: str, blocked_id: str) -> None:
    """Take a block back. Follows that ended with it stay ended."""
    async with here.db.transaction():
        made = await Block.get_or_none(blocker_id=blocker_id, blocked_id=blocked_id)
        if made is None:
            return
        blocker, blocked = await Actor.get(id=blocker_id), await Actor.get(id=blocked_id)
        await made.delete()
        await here.events.emit(ActorUnblocked(blocker_id, blocked_id))
        if blocked.deleted_at is None and await _reads_blocks(here, blocked):
            document = activities.undo(
                id=here.url(f"/ap/a/undo/{new_id(here.clock.now())}"),
                actor=blocker.uri,
                object=_document(made, blocker, blocked),
                to=[blocked.uri],
            )
            await send(here, blocker.uri, document, inboxes=[blocked.inbox_url])


async def receive_block(here: Instance, blocker: Actor, blocked: Actor, uri: str) -> None:
    """A remote actor blocks somebody here. Nobody is told, but it holds both ways at once."""
    if blocked.hidden or blocked.deleted_at is not None:
        raise Ignored("nobody to block")
    if len(uri) > MAX_URI:
        raise Forbidden("the id is too long")
    now = here.clock.now()
    async with here.db.transaction():
        if uri and await _was_undone(here, uri, blocker.uri):
            raise Ignored("it was taken back already")
        if uri and await Block.exists(uri=uri):
            return
        known = await Block.get_or_none(blocker_id=blocker.id, blocked_id=blocked.id)
        if known is not None:
            if uri:
                known.uri = uri
                await known.save(update_fields=["uri"])
            return
        block_id = new_id(now)
        await Block.create(
            id=block_id,
            blocker=blocker,
            blocked=blocked,
            uri=uri or f"{blocker.uri}#block-{block_id}",
            created_at=now,
        )
        await _end_follows(here, blocker.id, blocked.id)
        await here.events.emit(ActorBlocked(blocker.id, blocked.id))


async def receive_unblock(
    here: Instance, actor_uri: str, *, uri: str | None = None, blocked_uri: str | None = None
) -> bool:
    """Who blocked takes it back, named by the Block's id or by whom it is about. False: there is no such block.

    Raises Forbidden where the id names a block of somebody else (S5).
    """
    async with here.db.transaction():
        made = await Block.get_or_none(uri=uri).prefetch_related("blocker") if uri else None
        if made is None and blocked_uri is not None:
            made = await Block.get_or_none(blocker__uri=actor_uri, blocked__uri=blocked_uri).prefetch_related("blocker")
        if made is None:
            return False
        if made.blocker.uri != actor_uri or made.blocker.is_local:
            raise Forbidden("only who blocked takes that back")
        await made.delete()
        await here.events.emit(ActorUnblocked(made.blocker_id, made.blocked_id))
    return True


async def remember_unblock(here: Instance, actor_uri: str, uri: str) -> None:
    """An Undo came before its Block: the Block has no effect any more when it comes."""
    await here.db.execute(
        "INSERT INTO tombstone (uri, by, former_type, at) VALUES (:uri, :by, 'Block', :now)"
        " ON CONFLICT (uri) DO NOTHING",
        uri=uri[:MAX_URI],
        by=actor_uri[:MAX_URI],
        now=here.clock.now(),
    )


async def _reads_blocks(here: Instance, blocked: Actor) -> bool:
    """Whether the person's server knows blocks between people: microblogs and Peerhalls, not Lemmy, PieFed and Mbin.

    To these a Block is a ban from a community and has to name it; without that they refuse the whole activity.
    """
    if blocked.is_local:
        return False
    if PROFILE in (blocked.implements or ()):
        return True
    dialect = await here.db.value("SELECT dialect FROM peer WHERE host = :host", host=blocked.host)
    return bool(dialect != "threadiverse")


async def _was_undone(here: Instance, uri: str, by: str) -> bool:
    return bool(await here.db.value("SELECT uri FROM tombstone WHERE uri = :uri AND by IN ('', :by)", uri=uri, by=by))


async def _end_follows(here: Instance, one_id: str, other_id: str) -> None:
    """The other server ends them as well, so that nothing is sent."""
    pairs = await Follow.filter(follower_id__in=[one_id, other_id], target_id__in=[one_id, other_id])
    for follow in pairs:
        await follow.delete()
    await recount(here, [one_id, other_id])
    for follow in pairs:
        await here.events.emit(FollowEnded(follow.follower_id, follow.target_id))


async def _living(actor_id: str) -> Actor:
    actor = await Actor.get_or_none(id=actor_id, hidden=False, deleted_at=None)
    if actor is None:
        raise NotFound
    return actor


def _document(made: Block, blocker: Actor, blocked: Actor) -> dict[str, object]:
    return activities.block(id=made.uri, actor=blocker.uri, object=blocked.uri, to=[blocked.uri], cc=None)
