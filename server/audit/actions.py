"""Writing the audit log; rows are only ever added."""

from server.audit.models import AuditEntry
from server.ids import new_id
from server.instance import Instance


async def record(
    here: Instance, *, by: str, action: str, subject: str, detail: dict[str, object] | None = None
) -> None:
    """Note who did what to what, in the present transaction. Never put secrets or texts of people into `detail`."""
    now = here.clock.now()
    await AuditEntry.create(id=new_id(now), at=now, by=by[:200], action=action, subject=subject[:500], detail=detail)
