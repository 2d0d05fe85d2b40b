"""Moving: from this server to another, from elsewhere to here, and the followers that go along (FEP-7628, S14).

A move counts when both accounts have spoken: the old one, by a signed Move or by `movedTo` in its own document, and the
new one, by naming the old one among its aliases in its own document, fetched at that moment. Followers are carried over
at most once in seven days.
"""

from typing import Any

from federation.errors import FederationError, FetchError, Forbidden, Gone, Ignored, TryLater, Unreachable
from federation.vocab import activities
from federation.vocab.base import PUBLIC
from server.actors.events import ActorChanged, FollowerCarried
from server.actors.following import request_follow, unfollow
from server.actors.models import Actor
from server.actors.policy import MOVE_COOLDOWN
from server.actors.remote import resolve
from server.actors.sending import send, send_update
from server.audit import actions as audit
from server.errors import Invalid, NotAllowed, NotFound, Refused
from server.ids import new_id
from server.instance import Instance
from server.peers import queries as peers

MAX_ALIASES = 10
CARRY_OVER = "actors.carry_over"
AT_ONCE = 50


async def add_alias(here: Instance, actor_id: str, text: str) -> Actor:
    """Say that an account elsewhere, by handle or address, is this person's too: what moving here from it needs."""
    actor = await _own(actor_id)
    other = await resolve(here, text)
    known = list(actor.also_known_as or [])
    if other.id == actor.id:
        raise Invalid("This is the account that you are in.", field="alias")
    if _is_group(other) or other.kind == "Application":
        raise Invalid("This is not the account of a person.", field="alias")
    if other.uri in known:
        return other
    if len(known) >= MAX_ALIASES:
        raise Invalid(f"Remove another account first: {MAX_ALIASES} are the most.", field="alias")
    await _set_aliases(here, actor, [*known, other.uri])
    return other


async def remove_alias(here: Instance, actor_id: str, uri: str) -> None:
    """Take that back."""
    actor = await _own(actor_id)
    known = list(actor.also_known_as or [])
    if uri in known:
        await _set_aliases(here, actor, [alias for alias in known if alias != uri])


async def move_away(here: Instance, actor_id: str, text: str) -> Actor:
    """Leave for another account, given by handle or address, and take the followers along. Uses the network.

    Raises Invalid with field ``target`` and what to do. Whoever calls this has asked for the password again.
    """
    actor = await _own(actor_id)
    now = here.clock.now()
    if actor.moved_to is not None:
        raise Invalid("You have moved already. Take that back first.", field="target")
    if actor.moved_at is not None and now - actor.moved_at < MOVE_COOLDOWN:
        raise Invalid(f"You can move again after {actor.moved_at + MOVE_COOLDOWN:%d %B %Y}.", field="target")
    target = await _new_home(here, actor, text)
    async with here.db.transaction():
        actor.moved_to, actor.moved_at, actor.updated_at = target.uri, now, now
        await actor.save(update_fields=["moved_to", "moved_at", "updated_at"])
        await here.events.emit(ActorChanged(actor.id))
        await send_update(here, actor)
        document = activities.move(
            id=here.url(f"/ap/a/move/{new_id(now)}"),
            actor=actor.uri,
            object=actor.uri,
            target=target.uri,
            to=[PUBLIC],
            cc=[f"{actor.uri}/followers"],
            published=now,
        )
        await send(here, actor.uri, document, followers_of=actor.uri, is_public=True)
        await _carry_later(here, actor.id, target.id)
        await audit.record(here, by=f"@{actor.username}", action="actor.move", subject=target.uri)
    return target


async def undo_move(here: Instance, actor_id: str) -> None:
    """Be here again. Followers who went along stay where they went; moving again has to wait."""
    actor = await _own(actor_id)
    if actor.moved_to is None:
        return
    async with here.db.transaction():
        actor.moved_to, actor.updated_at = None, here.clock.now()
        await actor.save(update_fields=["moved_to", "updated_at"])
        await here.events.emit(ActorChanged(actor.id))
        await send_update(here, actor)


async def receive_move(here: Instance, old_uri: str, new_uri: str, *, by_old: bool) -> None:
    """An account elsewhere moved; `by_old`: it says so itself, else the new one does, and the engine asked the old one.

    Raises Ignored, Forbidden or TryLater. The followers here go along later, in a job.
    """
    old = await Actor.get_or_none(uri=old_uri, is_local=False, deleted_at=None)
    if old is None or old.suspended_at is not None:
        raise Ignored("nobody here knows this actor")
    now = here.clock.now()
    if old.moved_at is not None and now - old.moved_at < MOVE_COOLDOWN:
        raise Ignored("it moved just now")
    try:
        old = await _fresh(here, old_uri)
    except Gone as error:
        raise Ignored("the actor is gone") from error
    except Unreachable as error:
        # A server that is being shut down sends its people's last word and is not seen again.
        if not by_old:
            raise TryLater("the old account's server does not answer") from error
    except FetchError as error:
        raise Forbidden("the old account cannot be read") from error
    if old.moved_to != new_uri and not (by_old and old.moved_to is None):
        raise Forbidden("the old account does not say that it moved there")
    new = await _fresh(here, new_uri)
    if new.uri == old.uri or old.uri not in (new.also_known_as or []):
        raise Forbidden("the new account does not say that it was the old one")
    if new.moved_to is not None or new.suspended_at is not None or _is_group(new) != _is_group(old):
        raise Forbidden("nobody can be carried over to the new account")
    async with here.db.transaction():
        old.moved_to, old.moved_at = new.uri, now
        await old.save(update_fields=["moved_to", "moved_at"])
        await here.events.emit(ActorChanged(old.id))
        await _carry_later(here, old.id, new.id)


async def carry_over(here: Instance, payload: Any) -> None:
    """Let some of the followers here follow the new account instead of the old; the rest in the next job."""
    old, new = await Actor.get_or_none(id=payload["old"]), await Actor.get_or_none(id=payload["new"])
    if old is None or new is None or (old.is_local and old.moved_to != new.uri):
        return
    rows = await here.db.rows(
        "SELECT follow.id, follow.follower_id FROM follow JOIN actor ON actor.id = follow.follower_id"
        " WHERE follow.target_id = :old AND follow.state IN ('accepted', 'requested') AND follow.id > :after"
        " AND actor.is_local ORDER BY follow.id LIMIT :limit",
        old=old.id,
        after=payload.get("after", ""),
        limit=AT_ONCE,
    )
    for row in rows:
        await _carry(here, row["follower_id"], old.id, new.id)
    if len(rows) == AT_ONCE:
        await _carry_later(here, old.id, new.id, after=rows[-1]["id"])


async def _carry(here: Instance, follower_id: str, old_id: str, new_id_: str) -> None:
    async with here.db.transaction():
        if follower_id != new_id_:
            try:
                await request_follow(here, follower_id, new_id_)
            except Refused as refusal:
                # Blocked, suspended or gone: whoever may not follow the new account keeps what they have.
                here.log.info("a follower was not carried over: %s", refusal)
                return
        await unfollow(here, follower_id, old_id)
        await here.events.emit(FollowerCarried(follower_id, old_id, new_id_))


async def _carry_later(here: Instance, old_id: str, new_id_: str, *, after: str = "") -> None:
    await here.jobs.enqueue(CARRY_OVER, {"old": old_id, "new": new_id_, "after": after})


async def _new_home(here: Instance, actor: Actor, text: str) -> Actor:
    """Where somebody moves to, as its own server describes it now."""
    try:
        target = await resolve(here, text)
        if not target.is_local:
            target = await _fresh(here, target.uri)
    except FederationError as error:
        raise Invalid("The other server does not answer. Try again later.", field="target") from error
    except Refused as error:
        raise Invalid(error.message, field="target") from error
    if target.id == actor.id:
        raise Invalid("This is the account that you are in.", field="target")
    if _is_group(target) or target.moved_to is not None or not peers.may_send(here, target.host):
        raise Invalid("Nobody can move to this account.", field="target")
    if actor.uri not in (target.also_known_as or []):
        raise Invalid(
            f"Add @{actor.username}@{actor.domain} to the aliases of the new account first, on its own server.",
            field="target",
        )
    return target


async def _fresh(here: Instance, uri: str) -> Actor:
    """The actor as its own server describes it at this moment; one of ours as it is."""
    if here.is_local_uri(uri):
        local = await Actor.get_or_none(uri=uri, is_local=True, deleted_at=None, hidden=False)
        if local is None:
            raise Gone("There is no such account here.")
        return local
    fetched = await here.engine.fetch_actor(uri, refresh=True)
    return await Actor.get(uri=fetched.id)


async def _set_aliases(here: Instance, actor: Actor, aliases: list[str]) -> None:
    async with here.db.transaction():
        actor.also_known_as, actor.updated_at = aliases or None, here.clock.now()
        await actor.save(update_fields=["also_known_as", "updated_at"])
        await send_update(here, actor)


async def _own(actor_id: str) -> Actor:
    actor = await Actor.get_or_none(id=actor_id, is_local=True, deleted_at=None, hidden=False)
    if actor is None:
        raise NotFound
    if actor.suspended_at is not None or _is_group(actor):
        raise NotAllowed("This account cannot move.")
    return actor


def _is_group(actor: Actor) -> bool:
    return actor.kind == "Group"
