"""Writing the audit log; rows are only ever added, and each carries a digest of itself and of the one before it."""

from datetime import timedelta

from server.audit.chain import digest_of
from server.audit.models import AuditEntry
from server.db import to_milliseconds
from server.ids import new_id
from server.instance import Instance


async def record(
    here: Instance, *, by: str, action: str, subject: str, detail: dict[str, object] | None = None
) -> None:
    """Note who did what to what, in the present transaction. Never put secrets or texts of people into `detail`."""
    now = here.clock.now()
    last = await here.db.row("SELECT id, digest FROM audit_entry ORDER BY id DESC LIMIT 1")
    entry_id = new_id(now)
    later = now
    while last is not None and entry_id <= last["id"] and later < now + timedelta(seconds=1):
        later += timedelta(milliseconds=1)
        entry_id = new_id(later)
    previous = "" if last is None else last["digest"]
    by, subject = by[:200], subject[:500]
    await AuditEntry.create(
        id=entry_id,
        at=now,
        by=by,
        action=action,
        subject=subject,
        detail=detail,
        previous_id=None if last is None else last["id"],
        digest=digest_of(previous, entry_id, to_milliseconds(now), by, action, subject, detail),
    )
