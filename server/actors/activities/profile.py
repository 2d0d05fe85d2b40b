"""Update, Delete and Move of actors by themselves (ActivityPub sections 7.3 and 7.4, FEP-7628).

Authority: an actor changes and deletes only itself (S5); what it is now is read from its own server, not from the
activity, so new keys and handles pass the same checks as at the first meeting (S4, S9).
"""

from federation.errors import Forbidden, Gone, Ignored
from federation.inbox.dispatch import VerifiedActivity
from server.actors import moving
from server.actors.models import Actor
from server.actors.remote import ensure_remote
from server.actors.removal import forget_remote
from server.instance import Instance


async def on_update(here: Instance, received: VerifiedActivity) -> None:
    """A remote actor says that it changed."""
    activity = received.activity
    _only_itself(received)
    known = await Actor.get_or_none(uri=activity.actor, is_local=False)
    if known is None:
        raise Ignored("nobody here knows this actor")
    try:
        await ensure_remote(here, activity.actor, refresh=True)
    except Gone as error:
        raise Ignored("the actor is gone") from error


async def on_delete(here: Instance, received: VerifiedActivity) -> None:
    """A remote actor deletes itself, embedded."""
    _only_itself(received)
    if not await delete_by_id(here, received):
        raise Ignored("nobody here knows this actor")


async def delete_by_id(here: Instance, received: VerifiedActivity) -> bool:
    """A remote actor deletes itself, named by its id, as everybody sends it."""
    activity = received.activity
    known = await Actor.get_or_none(uri=activity.object_id) if activity.object_id else None
    if known is None:
        return False
    _only_itself(received)
    await forget_remote(here, known)
    return True


async def move_by_id(here: Instance, received: VerifiedActivity) -> bool:
    """An account moved: it says so itself, or the new account does, which is only a reason to ask the old one's server.

    Anything else that is moved is not for us: False.
    """
    activity = received.activity
    old, new = activity.object_id, activity.target
    if old is None or activity.actor not in {old, new}:
        return False
    if new is None or new == old:
        raise Ignored("a Move to nowhere")
    await moving.receive_move(here, old, new, by_old=activity.actor == old)
    return True


def _only_itself(received: VerifiedActivity) -> None:
    if received.activity.object_id != received.activity.actor:
        raise Forbidden("an actor changes and deletes only itself")
