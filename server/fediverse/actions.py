"""Emptying the queue of what came from servers from which everything is looked at first."""

from server.actors.viewer import Viewer
from server.audit import actions as audit
from server.errors import NotAllowed, NotFound
from server.fediverse.models import InboxReceipt
from server.instance import Instance


async def let_in(here: Instance, acting: Viewer, seq: int) -> None:
    """Let one held activity have its effect; the worker sees to it."""
    await _decide(here, acting, seq, let_in=True)


async def discard(here: Instance, acting: Viewer, seq: int) -> None:
    """Turn one held activity away; its sender is not told."""
    await _decide(here, acting, seq, let_in=False)


async def _decide(here: Instance, acting: Viewer, seq: int, *, let_in: bool) -> None:
    if not acting.is_steward:
        raise NotAllowed("Only the stewards of this server can do that.")
    async with here.db.transaction():
        receipt = await InboxReceipt.get_or_none(seq=seq, outcome="held")
        if receipt is None:
            raise NotFound("Somebody has decided this already.")
        if let_in:
            await InboxReceipt.filter(seq=seq).update(let_in=True, outcome=None, reason=None, attempts=0)
        else:
            await InboxReceipt.filter(seq=seq).update(outcome="refused", reason="a steward turned it away")
        await audit.record(
            here,
            by=acting.handle,
            action="held.let_in" if let_in else "held.discard",
            subject=receipt.activity_id,
            detail={"type": receipt.activity_type, "from": receipt.actor},
        )
        here.db.after_commit(here.worker.wake)
