"""Block of a person by a person, and its Undo, from other servers (ActivityPub section 7.9 calls it optional).

Mastodon, GoToSocial and the Misskey and Pleroma families send it to the server of whom they block. Ours are sent by
`actors.blocking`. A Block with a `target` is a ban from a community or server: those are in `communities`.

Authority: people block for themselves and take it back themselves (S5).
"""

from federation.errors import Forbidden, Gone, Ignored
from federation.inbox.dispatch import VerifiedActivity
from federation.vocab.base import id_of, same_origin
from server.actors import blocking
from server.actors.models import Actor
from server.actors.remote import ensure_remote
from server.instance import Instance


async def on_block(here: Instance, received: VerifiedActivity) -> bool:
    """A remote actor blocks somebody here. False: it names a target, so it is a ban."""
    activity = received.activity
    if activity.target is not None:
        return False
    uri = activity.object_id
    blocked = await Actor.get_or_none(uri=uri, is_local=True, kind="Person") if uri else None
    if blocked is None:
        raise Ignored("not one of ours is blocked")
    if received.via is not None:
        raise Forbidden("people block for themselves, and no community passes it on")
    try:
        blocker = await ensure_remote(here, activity.actor)
    except Gone as error:
        raise Ignored("who blocked is gone") from error
    await blocking.receive_block(here, blocker, blocked, activity.id)
    return True


async def on_undo_block(here: Instance, received: VerifiedActivity) -> bool:
    """They take an embedded Block back. False: it named a target, so it was a ban."""
    activity = received.activity
    inner = activity.object or {}
    if id_of(inner.get("target")) is not None:
        return False
    owner, uri = id_of(inner.get("actor")), id_of(inner)
    if received.via is not None or (owner is not None and owner != activity.actor):
        raise Forbidden("only who blocked takes that back")
    if await blocking.receive_unblock(here, activity.actor, uri=uri, blocked_uri=id_of(inner.get("object"))):
        return True
    if uri is None or not same_origin(uri, activity.actor):
        raise Ignored("there is no such block")
    await blocking.remember_unblock(here, activity.actor, uri)
    return True


async def undo_by_id(here: Instance, received: VerifiedActivity) -> bool:
    """They take back a Block that they name by its id."""
    uri = received.activity.object_id
    return uri is not None and await blocking.receive_unblock(here, received.activity.actor, uri=uri)
