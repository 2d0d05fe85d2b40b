"""Follow and its Undo, from other servers (ActivityPub sections 7.5 and 7.10). Ours are sent by `actors.following`.

Authority: the signer is the follower, both when it follows and when it takes that back (S5).
"""

from federation.errors import Forbidden, Gone, Ignored
from federation.inbox.dispatch import VerifiedActivity
from federation.vocab.base import id_of
from server.actors import following
from server.actors.activities import ended
from server.actors.models import Actor
from server.actors.remote import MAX_URI, ensure_remote
from server.instance import Instance


async def on_follow(here: Instance, received: VerifiedActivity) -> None:
    """A remote actor asks to follow a person or community here."""
    activity = received.activity
    if len(activity.id) > MAX_URI:
        raise Forbidden("the id is too long")
    target = await Actor.get_or_none(uri=activity.object_id, is_local=True) if activity.object_id else None
    if target is None:
        raise Ignored("not one of ours is followed")
    try:
        follower = await ensure_remote(here, activity.actor)
    except Gone as error:
        raise Ignored("the follower is gone") from error
    if activity.id and await ended.was_ended(here, activity.id, by=activity.actor):
        raise Ignored("it was taken back before it came")
    await following.receive_follow(here, follower, target, activity.id)


async def on_undo_follow(here: Instance, received: VerifiedActivity) -> None:
    """The follower takes back an embedded Follow."""
    activity = received.activity
    inner = activity.object or {}
    actor = id_of(inner.get("actor"))
    if actor is not None and actor != activity.actor:
        raise Forbidden("only the follower ends its follow")
    uri = id_of(inner)
    if await following.receive_undo(here, activity.actor, uri=uri, target_uri=id_of(inner.get("object"))):
        return
    if not await ended.remember(here, uri, by=activity.actor):
        raise Ignored("there is no such follow")


async def undo_by_id(here: Instance, received: VerifiedActivity) -> bool:
    """The follower takes back a Follow that it names by its id."""
    uri = received.activity.object_id
    return uri is not None and await following.receive_undo(here, received.activity.actor, uri=uri)
