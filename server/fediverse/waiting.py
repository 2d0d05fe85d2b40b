"""What waits for the stewards of this server: activities from servers where everything is looked at first."""

from dataclasses import dataclass
from datetime import datetime

from federation.vocab.base import id_of, parse_json
from server.actors.viewer import Viewer
from server.db import from_milliseconds
from server.instance import Instance


@dataclass(frozen=True, slots=True)
class HeldItem:
    """An activity that waits for a steward: what somebody elsewhere did, and to what."""

    seq: int
    kind: str
    actor: str
    host: str
    about: str
    received_at: datetime


async def held_count(here: Instance) -> int:
    """How much waits for the stewards of this server: posts outside of communities, and activities."""
    return int(
        await here.db.value(
            "SELECT (SELECT count(*) FROM inbox_receipt WHERE outcome = 'held')"
            " + (SELECT count(*) FROM post WHERE state = 'held' AND community_id IS NULL) AS n"
        )
        or 0
    )


async def held_items(here: Instance, viewer: Viewer, *, after: int = 0, limit: int = 50) -> list[HeldItem]:
    """What waits for the stewards of this server, the oldest first; nothing for others. Posts wait on their own."""
    if not viewer.is_steward:
        return []
    rows = await here.db.rows(
        "SELECT seq, activity_type, actor, host, body, received_at FROM inbox_receipt WHERE outcome = 'held'"
        " AND seq > :after ORDER BY seq LIMIT :limit",
        after=after,
        limit=limit,
    )
    return [
        HeldItem(
            seq=row["seq"],
            kind=row["activity_type"],
            actor=row["actor"],
            host=row["host"],
            about=_about(row["body"]),
            received_at=from_milliseconds(row["received_at"]),
        )
        for row in rows
    ]


def _about(body: str) -> str:
    """The id of what an activity is about; of what is inside, where it wraps another one."""
    value = parse_json(body.encode()).get("object")
    for _ in range(2):
        if isinstance(value, dict) and "object" in value and "attributedTo" not in value:
            value = value["object"]
    return (id_of(value) or "")[:500]
