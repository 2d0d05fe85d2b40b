"""Following: between people here, and with people and communities elsewhere.

A follow of somebody elsewhere waits until their server accepts it. Rows and mail are written in one transaction.
"""

import re
from collections.abc import Sequence

from federation.errors import Forbidden, Ignored
from federation.vocab import activities
from server.actors.events import FollowAccepted, FollowEnded, FollowRequested, FollowTuned
from server.actors.models import Actor, Follow
from server.actors.policy import is_part_of_server
from server.actors.relations import blocks_host, is_blocked
from server.actors.removal import recount
from server.actors.sending import send
from server.errors import Invalid, NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance
from server.peers import queries as peers

LANGUAGE_CODE = re.compile("[a-z]{2,3}", re.ASCII)
MAX_LANGUAGES = 50


async def hold_both(here: Instance, one_id: str, other_id: str) -> None:
    """What stands between two changes once at a time, in the caller's transaction; always in the same order."""
    if here.db.dialect == "postgres":  # on SQLite, transactions that write come one after the other anyway
        await here.db.rows(
            "SELECT id FROM actor WHERE id IN (:one, :other) ORDER BY id FOR NO KEY UPDATE", one=one_id, other=other_id
        )


async def request_follow(here: Instance, follower_id: str, target_id: str) -> str:
    """Ask to follow; returns the state: ``accepted`` at once for open local people, else ``requested``."""
    if follower_id == target_id:
        raise Invalid("You cannot follow yourself.")
    follower, target = await _living(follower_id), await _living(target_id)
    if target.is_local and is_part_of_server(target.kind, target.username):
        raise NotAllowed("This is a part of the server, not somebody to follow.")
    if follower.moved_to is not None:
        raise NotAllowed("You have moved to another account. Follow people from there.")
    if target.moved_to is not None:
        raise NotAllowed("This account has moved. Follow the new one.")
    if not target.inbox_url:
        raise NotAllowed("This stands for a server that has nobody to follow.")
    if not target.is_local and not peers.may_reach(here, target.host):
        raise NotAllowed(f"This server does not talk with {target.host}.")
    if await is_blocked(here, follower_id, target_id):
        raise NotAllowed("One of you has blocked the other.")
    if await blocks_host(here, follower_id, target.id):
        raise NotAllowed(f"You have blocked {target.host}. Take that back first.")
    now = here.clock.now()
    async with here.db.transaction():
        await hold_both(here, follower_id, target_id)
        follow = await Follow.get_or_none(follower_id=follower_id, target_id=target_id)
        if follow is not None and follow.state in {"accepted", "requested", "paused"}:
            return follow.state
        if follow is not None:
            await follow.delete()
        follow_id = new_id(now)
        follow = await Follow.create(
            id=follow_id,
            follower=follower,
            target=target,
            state="requested",
            uri=here.url(f"/ap/a/follow/{follow_id}"),
            from_elsewhere=not follower.is_local,
            created_at=now,
        )
        if target.is_local and not target.is_locked:
            await _accepted(here, follow)
        else:
            if not target.is_local:
                await send(here, follower.uri, _follow_document(follow, follower, target), inboxes=[target.inbox_url])
            await here.events.emit(FollowRequested(follower_id, target_id))
    return follow.state


async def tune_follow(
    here: Instance,
    follower_id: str,
    target_id: str,
    *,
    shows_boosts: bool | None = None,
    notifies: bool | None = None,
    languages: Sequence[str] | None = None,
) -> None:
    """Choose what a follower here gets of the target; None leaves a choice as it is, no languages mean all."""
    async with here.db.transaction():
        follow = await _follow(follower_id, target_id)
        if follow is None or not follow.follower.is_local:
            raise NotFound("You do not follow them.")
        if shows_boosts is not None:
            follow.shows_boosts = shows_boosts
        if notifies is not None:
            follow.notifies = notifies
        if languages is not None:
            wanted = dict.fromkeys(code for code in map(str.lower, languages) if LANGUAGE_CODE.fullmatch(code))
            follow.languages = f" {' '.join(list(wanted)[:MAX_LANGUAGES])} " if wanted else None
        await follow.save(update_fields=["shows_boosts", "notifies", "languages"])
        await here.events.emit(FollowTuned(follower_id, target_id, follow.shows_boosts))


async def unfollow(here: Instance, follower_id: str, target_id: str) -> None:
    """Stop following, or take back a request. Nothing happens where there is none."""
    async with here.db.transaction():
        follow = await _follow(follower_id, target_id)
        if follow is None:
            return
        follower, target = follow.follower, follow.target
        await _ended(here, follow)
        if not target.is_local:
            document = activities.undo(
                id=_new_activity_id(here, "undo"),
                actor=follower.uri,
                object=_follow_document(follow, follower, target),
                to=[target.uri],
            )
            await send(here, follower.uri, document, inboxes=[target.inbox_url])


async def accept_follow(here: Instance, target_id: str, follower_id: str) -> None:
    """The target says yes to somebody who asked."""
    async with here.db.transaction():
        follow = await _follow(follower_id, target_id)
        if follow is None or follow.state == "paused":
            raise NotFound("Nobody waits for this answer any more.")
        if follow.state != "accepted":
            await _accepted(here, follow)
            await answer_follow(here, follow, "accept")


async def reject_follow(here: Instance, target_id: str, follower_id: str) -> None:
    """The target says no, or ends a follow that it had accepted."""
    async with here.db.transaction():
        follow = await _follow(follower_id, target_id)
        if follow is None:
            raise NotFound("Nobody waits for this answer any more.")
        await _ended(here, follow)
        await answer_follow(here, follow, "reject")


async def remove_follower(here: Instance, target_id: str, follower_id: str) -> None:
    """Take somebody off the list of followers; a server elsewhere is told."""
    await reject_follow(here, target_id, follower_id)


async def forget_follow(here: Instance, follower_id: str, target_id: str) -> None:
    """End a follow here only, because the other side does not know of it."""
    async with here.db.transaction():
        follow = await _follow(follower_id, target_id)
        if follow is not None:
            await _ended(here, follow)


async def disown_follow(here: Instance, follower: Actor, target: Actor) -> None:
    """Tell a server that thinks somebody here follows one of its own that this is not so; nothing changes here."""
    async with here.db.transaction():
        if await Follow.exists(follower_id=follower.id, target_id=target.id):
            return
        undone = activities.follow(id=_new_activity_id(here, "follow"), actor=follower.uri, object=target.uri)
        document = activities.undo(
            id=_new_activity_id(here, "undo"), actor=follower.uri, object=undone, to=[target.uri]
        )
        await send(here, follower.uri, document, inboxes=[target.inbox_url])


async def receive_follow(here: Instance, follower: Actor, target: Actor, uri: str) -> None:
    """A remote actor follows a local one. The same twice is answered twice, and changes nothing."""
    if target.hidden or target.deleted_at is not None or target.suspended_at is not None:
        raise Ignored("nobody to follow")
    if follower.suspended_at is not None or follower.deleted_at is not None:
        raise Forbidden("the follower is suspended here")
    if is_part_of_server(target.kind, target.username):
        raise Ignored("a part of the server is not followed")
    now = here.clock.now()
    async with here.db.transaction():
        same_id = await Follow.get_or_none(uri=uri) if uri else None
        if same_id is not None and (same_id.follower_id, same_id.target_id) != (follower.id, target.id):
            raise Forbidden("this id belongs to another follow")
        follow = await _follow(follower.id, target.id)
        if follow is None and (
            await is_blocked(here, follower.id, target.id) or await blocks_host(here, target.id, follower.id)
        ):
            refused = Follow(
                id=new_id(now), follower=follower, target=target, state="rejected", uri=uri or f"{follower.uri}#follow"
            )
            await answer_follow(here, refused, "reject")
            return
        if follow is None:
            follow_id = new_id(now)
            follow = Follow(
                id=follow_id,
                follower=follower,
                target=target,
                state="requested",
                uri=uri or f"{follower.uri}#follow-{follow_id}",
                from_elsewhere=not follower.is_local,
                created_at=now,
            )
            if target.moved_to is not None:
                await answer_follow(here, follow, "reject")
                return
            await follow.save(force_create=True)
            if target.is_locked:
                await here.events.emit(FollowRequested(follower.id, target.id))
        elif uri and follow.uri != uri:
            follow.uri = uri
            await follow.save(update_fields=["uri"])
        if follow.state in {"requested", "rejected"} and not target.is_locked:
            await _accepted(here, follow)
        if follow.state == "accepted":
            await answer_follow(here, follow, "accept")


async def receive_undo(
    here: Instance, actor_uri: str, *, uri: str | None = None, target_uri: str | None = None
) -> bool:
    """The follower takes its follow back, named by its id or by whom it follows. False: there is no such follow.

    Raises Forbidden where the id names a follow of somebody else (S5).
    """
    async with here.db.transaction():
        follow = await _named(uri, actor_uri, target_uri)
        if follow is None:
            return False
        if follow.follower.uri != actor_uri:
            raise Forbidden("only the follower ends its follow")
        await _ended(here, follow)
    return True


async def receive_answer(
    here: Instance, actor_uri: str, *, accepted: bool, uri: str | None = None, follower_uri: str | None = None
) -> bool:
    """The one who was asked says yes or no. False: there is no such follow of ours.

    Raises Forbidden where somebody answers who was not asked (S5).
    """
    async with here.db.transaction():
        follow = await _named(uri, follower_uri, actor_uri)
        if follow is None or not follow.follower.is_local:
            return False
        if follow.target.uri != actor_uri:
            raise Forbidden("only the one who was asked answers")
        if not accepted:
            await _ended(here, follow)
        elif follow.state == "requested":
            await _accepted(here, follow)
    return True


async def answer_follow(here: Instance, follow: Follow, verb: str) -> None:
    """Send Accept or Reject of a follow to its follower's server; nothing for a follower here."""
    follower, target = follow.follower, follow.target
    if follower.is_local:
        return
    build = activities.accept if verb == "accept" else activities.reject
    document = build(
        id=_new_activity_id(here, verb),
        actor=target.uri,
        object=_follow_document(follow, follower, target),
        to=[follower.uri],
    )
    await send(here, target.uri, document, inboxes=[follower.inbox_url])


async def _accepted(here: Instance, follow: Follow) -> None:
    follow.state, follow.accepted_at = "accepted", here.clock.now()
    await follow.save(update_fields=["state", "accepted_at"])
    await recount(here, [follow.follower_id, follow.target_id])
    await here.events.emit(FollowAccepted(follow.follower_id, follow.target_id))


async def _ended(here: Instance, follow: Follow) -> None:
    await follow.delete()
    await recount(here, [follow.follower_id, follow.target_id])
    await here.events.emit(FollowEnded(follow.follower_id, follow.target_id))


async def _follow(follower_id: str, target_id: str) -> Follow | None:
    return await Follow.get_or_none(follower_id=follower_id, target_id=target_id).prefetch_related("follower", "target")


async def _named(uri: str | None, follower_uri: str | None, target_uri: str | None) -> Follow | None:
    """By its id; else, where a server made up another id for what it embeds, by the two of them."""
    found = await Follow.get_or_none(uri=uri).prefetch_related("follower", "target") if uri else None
    if found is None and follower_uri and target_uri:
        found = await Follow.get_or_none(follower__uri=follower_uri, target__uri=target_uri).prefetch_related(
            "follower", "target"
        )
    return found


async def _living(actor_id: str) -> Actor:
    actor = await Actor.get_or_none(id=actor_id, hidden=False, deleted_at=None, suspended_at=None)
    if actor is None:
        raise NotFound
    return actor


def _follow_document(follow: Follow, follower: Actor, target: Actor) -> dict[str, object]:
    return activities.follow(id=follow.uri, actor=follower.uri, object=target.uri)


def _new_activity_id(here: Instance, verb: str) -> str:
    return here.url(f"/ap/a/{verb}/{new_id(here.clock.now())}")
