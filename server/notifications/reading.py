"""How far somebody has read, in an app or in a browser: what one shows as seen, the other does.

An app keeps a place in a list, a marker; a browser marks things. A marker moved forward marks what an app can show up
to it, never what it cannot (an invitation, a word of the stewards): nobody has seen that. The other way round, the
marker of notifications stands at least before the oldest that is not seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.actors.viewer import Viewer
from server.db import among, from_milliseconds
from server.errors import Refused
from server.instance import Instance

HOME, NOTIFICATIONS = TIMELINES = ("home", "notifications")


class MovedMeanwhile(Refused):
    """Somebody else moved the same marker at this moment."""


@dataclass(frozen=True, slots=True)
class Marker:
    """A place in a list: the digits of what was read last. `version` counts how often it was moved."""

    last_read: int
    version: int
    updated_at: datetime


async def markers(here: Instance, viewer: Viewer) -> dict[str, Marker]:
    """The markers that somebody has, by the names of their lists."""
    rows = await here.db.rows(
        "SELECT timeline, last_read, version, updated_at FROM reading_marker WHERE reader_id = :reader"
        " ORDER BY timeline LIMIT :most",
        reader=viewer.actor_id,
        most=len(TIMELINES),
    )
    return {
        row["timeline"]: Marker(row["last_read"], row["version"], from_milliseconds(row["updated_at"])) for row in rows
    }


async def move(here: Instance, viewer: Viewer, timeline: str, last_read: int, *, known: int) -> Marker:
    """Put a marker somewhere else. `known` is the version it had before, 0 for none; raises MovedMeanwhile."""
    now = here.clock.now()
    async with here.db.transaction():
        moved = await here.db.execute(
            "INSERT INTO reading_marker (reader_id, timeline, last_read, version, updated_at)"
            " VALUES (:reader, :timeline, CAST(:last AS BIGINT), 1, CAST(:now AS BIGINT)) ON CONFLICT DO NOTHING"
            if known == 0
            else "UPDATE reading_marker SET last_read = CAST(:last AS BIGINT), version = version + 1,"
            " updated_at = CAST(:now AS BIGINT) WHERE reader_id = :reader AND timeline = :timeline"
            " AND version = :known",
            reader=viewer.actor_id,
            timeline=timeline,
            last=last_read,
            now=now,
            known=known,
        )
    if not moved:
        raise MovedMeanwhile("Conflict during update, please try again")
    return Marker(last_read, known + 1, now)


async def seen_until(here: Instance, viewer: Viewer, kinds: Sequence[str], last_id: str) -> int:
    """Everything of these kinds up to an id is seen; returns how much that was."""
    named, which = among(kinds, "kind")
    async with here.db.transaction():
        return await here.db.execute(
            "UPDATE notification SET read_at = :now WHERE reader_id = :reader AND read_at IS NULL"
            f" AND kind IN ({named}) AND id <= :last",
            now=here.clock.now(),
            reader=viewer.actor_id,
            last=last_id,
            **which,
        )


async def seen_place(here: Instance, viewer: Viewer, kinds: Sequence[str]) -> str | None:
    """The newest notification of these kinds with nothing before it that is not seen; two queries."""
    named, which = among(kinds, "kind")
    alone = {f"alone{number}": kind for number, kind in enumerate(dict.fromkeys(kinds))}
    oldest = await here.db.value(
        f"SELECT id FROM notification{here.db.by('idx_notification_new')} WHERE reader_id = :reader"
        f" AND read_at IS NULL AND kind IN ({named}) ORDER BY at LIMIT 1",
        reader=viewer.actor_id,
        **which,
    )
    condition, before = ("", {}) if oldest is None else (" AND id < :before", {"before": oldest})
    parts = " UNION ALL ".join(
        f"SELECT * FROM (SELECT id FROM notification{here.db.by('idx_notification_kind')}"
        f" WHERE reader_id = :reader AND kind = :{name}{condition} ORDER BY id DESC LIMIT 1) AS {name}_part"
        for name in alone
    )
    found = await here.db.value(
        f"SELECT max(id) AS id FROM ({parts}) AS newest",
        reader=viewer.actor_id,
        **alone,
        **before,
    )
    return None if found is None else str(found)


async def forget(here: Instance, viewer: Viewer, kinds: Sequence[str]) -> int:
    """Forget everything of these kinds that somebody was told; returns how much that was."""
    named, which = among(kinds, "kind")
    async with here.db.transaction():
        return await here.db.execute(
            f"DELETE FROM notification WHERE reader_id = :reader AND kind IN ({named})",
            reader=viewer.actor_id,
            **which,
        )


async def forget_some(here: Instance, viewer: Viewer, ids: Sequence[str]) -> int:
    """Forget some of what somebody was told; returns how much of it was theirs."""
    if not ids:
        return 0
    named, which = among(ids)
    async with here.db.transaction():
        return await here.db.execute(
            f"DELETE FROM notification WHERE reader_id = :reader AND id IN ({named})", reader=viewer.actor_id, **which
        )
