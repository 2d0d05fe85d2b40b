"""Setting right who here follows somebody elsewhere, by the list of their own server (FEP-8fcf)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from federation.engine import Budget
from federation.errors import FederationError
from federation.vocab.base import same_origin
from server.actors import following
from server.actors.models import Actor
from server.actors.synchronising import MOST, PAUSE, part_of
from server.db import from_milliseconds
from server.instance import Instance

SETTLING = timedelta(hours=1)
MOST_UNDONE = 100


async def synchronise(here: Instance, payload: Mapping[str, Any]) -> None:
    """Compare, and where the two differ, ask the sender's server for the list and set ours right."""
    sender = await Actor.get_or_none(uri=payload["sender"], is_local=False, deleted_at=None, suspended_at=None)
    now = here.clock.now()
    if sender is None or sender.followers_url != payload["collection"] or not same_origin(payload["url"], sender.uri):
        return
    if (await part_of(here, sender.id, here.settings.origin)).digest == payload["digest"]:
        return
    if sender.synchronised_at is not None and now - sender.synchronised_at < PAUSE:
        return
    await Actor.filter(id=sender.id).update(synchronised_at=now)
    try:
        listed = await here.engine.fetch_collection(payload["url"], budget=Budget(fetches=12), limit=MOST + 1)
    except FederationError as error:
        here.log.info("the followers of %s could not be compared: %s", sender.uri, error)
        return
    if len(listed) <= MOST:
        await set_right(here, sender, {uri for uri in listed if isinstance(uri, str) and here.is_local_uri(uri)})


async def set_right(here: Instance, sender: Actor, listed: set[str]) -> None:
    """Make our follows of a remote actor those that its server lists; take back what nobody here asked for.

    What changed within the hour is left alone: a message about it may be under way.
    """
    settled = here.clock.now() - SETTLING
    rows = await here.db.rows(
        "SELECT follow.follower_id, follow.state, follow.created_at, follow.accepted_at, follower.uri FROM follow"
        " JOIN actor follower ON follower.id = follow.follower_id WHERE follow.target_id = :id AND follower.is_local"
        " ORDER BY follow.id LIMIT :limit",
        id=sender.id,
        limit=MOST,
    )
    for row in rows:
        if from_milliseconds(row["accepted_at"] or row["created_at"]) > settled:
            continue
        if row["state"] == "accepted" and row["uri"] not in listed:
            await following.forget_follow(here, row["follower_id"], sender.id)
        elif row["state"] == "requested" and row["uri"] in listed:
            await following.receive_answer(here, sender.uri, accepted=True, follower_uri=row["uri"])
    unknown = sorted(listed - {row["uri"] for row in rows})[:MOST_UNDONE]
    for follower in await Actor.filter(uri__in=unknown, is_local=True, hidden=False, deleted_at=None):
        await following.disown_follow(here, follower, sender)
