"""The outbox of a subject: what it passed on lately, as it was sent."""

import json

from federation.ports import Reader
from federation.vocab.collections import ordered_collection
from server.actors.documents import OUTBOX, CollectionHook, Listed
from server.actors.models import Actor
from server.instance import Instance
from server.subjects.models import Subject

LATEST = 40


def register(here: Instance) -> None:
    """Answer for subjects; whoever answered so far answers for everybody else."""
    others: CollectionHook = here.caches[OUTBOX]

    async def outbox(actor: Actor, page: str | None, reader: Reader) -> Listed | None:
        if actor.kind != "Service" or not await Subject.exists(id=actor.id):
            return await others(actor, page, reader)
        return None if page else await outbox_of(here, actor)

    here.caches[OUTBOX] = outbox


async def outbox_of(here: Instance, actor: Actor) -> Listed:
    """The latest that everybody may still read."""
    rows = await here.db.rows(
        "SELECT sent_activity.body FROM boost JOIN post ON post.id = boost.post_id"
        " JOIN sent_activity ON sent_activity.uri = boost.uri WHERE boost.actor_id = :id AND boost.undone_at IS NULL"
        " AND post.state = 'visible' AND post.visibility = 'public'"
        " ORDER BY boost.created_at DESC, boost.id DESC LIMIT :latest",
        id=actor.id,
        latest=LATEST,
    )
    items = [
        {key: value for key, value in json.loads(row["body"]).items() if key not in {"@context", "proof"}}
        for row in rows
    ]
    address = f"{actor.uri}/outbox"
    return Listed(ordered_collection(address, len(items), items=items, attributed_to=actor.uri))
