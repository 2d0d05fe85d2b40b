"""Accept and Reject of our follows (ActivityPub sections 7.6 and 7.7). Ours are sent by `actors.following`.

Authority: only the actor that was asked answers (S5).
"""

from federation.errors import Forbidden, Ignored
from federation.inbox.dispatch import VerifiedActivity
from federation.vocab.base import id_of
from server.actors import following
from server.instance import Instance


async def on_answer(here: Instance, received: VerifiedActivity) -> None:
    """An Accept or Reject that embeds the Follow, as most servers send it; some with an id they made up."""
    activity = received.activity
    inner = activity.object or {}
    asked = id_of(inner.get("object"))
    if asked is not None and asked != activity.actor:
        raise Forbidden("only the one who was asked answers")
    known = await following.receive_answer(
        here,
        activity.actor,
        accepted=activity.type == "Accept",
        uri=id_of(inner),
        follower_uri=id_of(inner.get("actor")),
    )
    if not known:
        raise Ignored("nobody here asked")


async def answer_by_id(here: Instance, received: VerifiedActivity) -> bool:
    """An Accept or Reject that names the Follow by its id (GoToSocial)."""
    activity = received.activity
    return activity.object_id is not None and await following.receive_answer(
        here, activity.actor, accepted=activity.type == "Accept", uri=activity.object_id
    )
