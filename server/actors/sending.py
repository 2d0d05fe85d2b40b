"""Sending an activity of a local actor: proof, a readable copy at its id, and the queue, in the present transaction."""

import json
from collections.abc import Awaitable, Callable, Sequence

from federation.vocab import activities
from federation.vocab.base import PUBLIC, id_of
from server.actors import documents, keys
from server.actors.models import Actor
from server.ids import new_id
from server.instance import Instance

ALSO_TOLD = "actors.also_told"
AlsoTold = Callable[[str], Awaitable[list[str]]]
"""Under ALSO_TOLD: the inboxes that hear of changes of a Group (an id) besides those of its followers."""


async def send(
    here: Instance,
    sender: str,
    activity: dict[str, object],
    *,
    inboxes: Sequence[str] = (),
    followers_of: str | None = None,
    dialects: frozenset[str] = frozenset(),
    post_id: str | None = None,
    is_public: bool = False,
    signed_by: str | None = None,
) -> dict[str, object]:
    """Sign and enqueue `activity` of the local actor `sender` (an id); returns what was sent. Proof is last (E11).

    Of a Delete, and of a ban from a community, every server's answer is kept. `signed_by` names a former
    key of the sender (see `keys.signer`).
    """
    signer = await keys.signer(here, sender)
    if signer is None:
        raise LookupError(f"{sender} has no keys here")
    document = here.engine.proof(signer, activity)
    uri = str(document["id"])
    await here.keep_sent(uri, document, post_id=post_id, is_public=is_public)
    await here.deliveries.enqueue(
        activity_id=uri,
        sender=signed_by or sender,
        body=json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(),
        inboxes=inboxes,
        followers_of=followers_of,
        dialects=dialects,
        deletion_of=_ended_by(document),
    )
    return document


def _ended_by(document: dict[str, object]) -> str | None:
    """What others are asked to end for good: what a Delete names; for a ban, which names a place, the Block itself."""
    if document["type"] == "Block" and document.get("target") is not None:
        return id_of(document)
    return id_of(document.get("object")) if document["type"] == "Delete" else None


async def send_update(here: Instance, actor: Actor, *, signed_by: str | None = None) -> None:
    """Send Update{actor} to its followers, of a community also to the servers of members; in the transaction."""
    also_told: AlsoTold | None = here.caches.get(ALSO_TOLD) if actor.kind == "Group" else None
    inboxes = await also_told(actor.id) if also_told is not None else []
    document = activities.update(
        id=here.url(f"/ap/a/update/{new_id(here.clock.now())}"),
        actor=actor.uri,
        object=await documents.build_actor_document(here, actor),
        to=[PUBLIC],
        cc=[f"{actor.uri}/followers"],
        published=here.clock.now(),
    )
    await send(here, actor.uri, document, inboxes=inboxes, followers_of=actor.uri, is_public=True, signed_by=signed_by)
