"""Reading who was invited, by what became of it."""

from dataclasses import dataclass
from datetime import datetime

from server.db import from_milliseconds
from server.instance import Instance

STATES = ("open", "joined", "over", "revoked")
_JOINED = "(invited_person.joined_at IS NOT NULL OR COALESCE(invitation.uses, 0) > 0)"
_CONDITIONS = {
    "open": f"NOT {_JOINED} AND invited_person.revoked_at IS NULL"
    " AND (invited_person.ends_at IS NULL OR invited_person.ends_at > :now)",
    "joined": _JOINED,
    "over": f"NOT {_JOINED} AND invited_person.revoked_at IS NULL AND invited_person.ends_at <= :now",
    "revoked": f"NOT {_JOINED} AND invited_person.revoked_at IS NOT NULL",
}
_FROM = "FROM invited_person LEFT JOIN invitation ON invitation.id = invited_person.invitation_id"


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody on a list. `bounced`: their address took no mail."""

    id: str
    name: str
    email: str
    role: str
    mails: int
    sent_at: datetime | None
    ends_at: datetime | None
    bounced: bool


async def invited(here: Instance, state: str, *, before: str = "", limit: int = 50) -> list[Invited]:
    """People of one state, the latest first; `before` is the id of the last one shown."""
    rows = await here.db.rows(
        "SELECT invited_person.id, invited_person.name, invited_person.email, invited_person.role,"
        " invited_person.mails, invited_person.sent_at, invited_person.ends_at, mail_bounce.at AS bounced_at"
        f" {_FROM} LEFT JOIN mail_bounce ON mail_bounce.address = invited_person.email"
        f" WHERE {_CONDITIONS[state]} AND (:before = '' OR invited_person.id < :before)"
        " ORDER BY invited_person.id DESC LIMIT :limit",
        before=before,
        limit=limit,
        **({"now": here.clock.now()} if ":now" in _CONDITIONS[state] else {}),
    )
    return [
        Invited(
            id=row["id"],
            name=row["name"],
            email=row["email"],
            role=row["role"],
            mails=row["mails"],
            sent_at=from_milliseconds(row["sent_at"]) if row["sent_at"] else None,
            ends_at=from_milliseconds(row["ends_at"]) if row["ends_at"] else None,
            bounced=row["bounced_at"] is not None,
        )
        for row in rows
    ]


async def counts(here: Instance) -> dict[str, int]:
    """How many there are of each state."""
    parts = ", ".join(
        f"sum(CASE WHEN {condition} THEN 1 ELSE 0 END) AS n_{state}" for state, condition in _CONDITIONS.items()
    )
    row = await here.db.row(f"SELECT {parts} {_FROM}", now=here.clock.now())
    return {state: int((row or {}).get(f"n_{state}") or 0) for state in STATES}
