"""Invite to tell people of a question that is needed today, and its answer by Accept, between servers of a network.

Authority: the instance actor of the question's own server asks, and the one that was asked answers, once; each only
while the other is of our network (S5, S15). Numbers count as far as seats were offered.
"""

from typing import TypeGuard

from federation.errors import Forbidden, Ignored, InvalidDocument
from federation.inbox.dispatch import VerifiedActivity
from federation.vocab.base import host_of, same_origin
from federation.vocab.memberlists import server_actor_of
from server.actors.remote import MAX_URI, ensure_remote
from server.instance import Instance
from server.needs import seats
from server.needs.activities.telling import SEATS, TOLD, offer_of
from server.needs.asking import MOST
from server.needs.models import NeedOffer
from server.peers.queries import is_of_network


async def on_invite(here: Instance, received: VerifiedActivity) -> bool:
    """A server asks us to tell people of its question. False: it is an invitation to something else."""
    activity = received.activity
    if activity.target != here.url("/ap/actor") or activity.object_id is None:
        return False
    question, asker, wanted = activity.object_id, activity.actor, activity.raw.get(SEATS)
    if received.via is not None or asker != server_actor_of(asker) or not same_origin(question, asker):
        raise Forbidden("a server asks for its own questions")
    if not is_of_network(here, host_of(asker)):
        raise Forbidden("it is not of our network")
    if (
        not _is_number(wanted)
        or not 1 <= wanted <= MOST
        or not activity.id
        or max(len(question), len(activity.id)) > MAX_URI
    ):
        raise InvalidDocument("It does not say how many people may be asked.")
    await ensure_remote(here, asker)
    now = here.clock.now()
    at = min(activity.published or now, now)
    payload = {"ask": question, "invite": activity.id, "seats": wanted, "at": int(at.timestamp())}
    async with here.db.transaction():
        await here.jobs.enqueue(seats.TAKE, payload, unique=f"{seats.TAKE}:{activity.id}"[:200])
    return True


async def on_answer(here: Instance, received: VerifiedActivity) -> bool:
    """A server says how many people it told. False for what is no such invitation of ours."""
    activity = received.activity
    offered = offer_of(here, activity.object_id) if activity.object_id else None
    row = await NeedOffer.get_or_none(id=offered) if offered else None
    if row is None:
        return False
    told = activity.raw.get(TOLD)
    if received.via is not None or activity.actor != server_actor_of(activity.actor):
        raise Forbidden("a server answers for itself")
    if host_of(activity.actor) != row.host or not is_of_network(here, row.host):
        raise Forbidden("it was not asked, or is not of our network any more")
    if not _is_number(told):
        raise InvalidDocument("It does not say how many were told.")
    if not await seats.receive_answer(here, row, told):
        raise Ignored("it answered before")
    return True


def _is_number(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
