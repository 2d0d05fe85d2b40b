"""Naming those who may read the sums of this server."""

from server.accounts import queries as accounts
from server.actors.viewer import Viewer
from server.audit import actions as audit
from server.errors import Invalid, NotAllowed, NotFound
from server.instance import Instance
from server.leading.models import Leader

MOST = 50


async def name_leader(here: Instance, acting: Viewer, handle: str) -> None:
    """Let somebody here read the sums. Raises Invalid that names `handle`."""
    _admins_only(acting)
    try:
        account_id = await accounts.account_id_of(here, handle.strip().lstrip("@"))
    except NotFound as error:
        raise Invalid("Nobody here has this handle.", field="handle") from error
    if await Leader.all().count() >= MOST:
        raise Invalid(f"At most {MOST} people can be named.", field="handle")
    async with here.db.transaction():
        await Leader.update_or_create(
            defaults={"named_by": acting.handle, "at": here.clock.now()}, account_id=account_id
        )
        await audit.record(here, by=acting.handle, action="leader.name", subject=f"@{handle.strip().lstrip('@')}")


async def end_leader(here: Instance, acting: Viewer, account_id: str) -> None:
    """Take that back."""
    _admins_only(acting)
    async with here.db.transaction():
        name = await here.db.value(
            "SELECT actor.username FROM account JOIN actor ON actor.id = account.actor_id WHERE account.id = :id",
            id=account_id,
        )
        if await Leader.filter(account_id=account_id).delete():
            await audit.record(here, by=acting.handle, action="leader.end", subject=f"@{name or account_id}")


def _admins_only(acting: Viewer) -> None:
    if not acting.is_admin:
        raise NotAllowed("Only admins can do this.")
