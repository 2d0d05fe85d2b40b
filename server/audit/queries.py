"""Reading the audit log."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from server.db import Row, from_milliseconds
from server.instance import Instance


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One entry. `reason` is what the person gave, if anything."""

    id: str
    at: datetime
    by: str
    action: str
    subject: str
    detail: dict[str, object]

    @property
    def reason(self) -> str:
        """Why, in the words of the person who did it."""
        return str(self.detail.get("reason") or self.detail.get("note") or "")


async def entries(here: Instance, *, before: str | None = None, limit: int = 50) -> list[AuditLine]:
    """The newest entries, or those older than the entry `before`."""
    rows = await here.db.rows(
        "SELECT id, at, by, action, subject, detail FROM audit_entry WHERE id < :before ORDER BY id DESC LIMIT :limit",
        before=before or "~",
        limit=limit,
    )
    return [_line(row) for row in rows]


async def every(here: Instance, *, batch: int = 500) -> AsyncIterator[AuditLine]:
    """All entries, the oldest first, a few at a time: for an export."""
    last = ""
    while True:
        rows = await here.db.rows(
            "SELECT id, at, by, action, subject, detail FROM audit_entry WHERE id > :last ORDER BY id LIMIT :limit",
            last=last,
            limit=batch,
        )
        for row in rows:
            yield _line(row)
        if len(rows) < batch:
            return
        last = rows[-1]["id"]


async def about(here: Instance, subject: str, limit: int = 10) -> list[AuditLine]:
    """The newest entries about one thing."""
    rows = await here.db.rows(
        "SELECT id, at, by, action, subject, detail FROM audit_entry WHERE subject = :subject"
        " ORDER BY id DESC LIMIT :limit",
        subject=subject,
        limit=limit,
    )
    return [_line(row) for row in rows]


def _line(row: Row) -> AuditLine:
    return AuditLine(
        id=row["id"],
        at=from_milliseconds(row["at"]),
        by=row["by"],
        action=row["action"],
        subject=row["subject"],
        detail=json.loads(row["detail"]) if row["detail"] else {},
    )
