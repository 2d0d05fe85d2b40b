"""What stewards let in of that which is looked at first, and what admins do about deliveries to a server."""

from server.actors.viewer import Viewer
from server.audit import actions as audit
from server.errors import NotAllowed, NotFound
from server.fediverse import receipts
from server.fediverse.models import InboxReceipt
from server.instance import Instance
from server.peers import policy
from server.peers.models import Peer


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


async def pause(here: Instance, acting: Viewer, host: str) -> None:
    """Send nothing to a server until somebody resumes it; what is for it waits."""
    await _set_paused(here, acting, host, paused=True)


async def resume(here: Instance, acting: Viewer, host: str) -> None:
    """Send to a server again."""
    await _set_paused(here, acting, host, paused=False)


async def retry_now(here: Instance, acting: Viewer, host: str) -> None:
    """Try a server that did not answer now, not when it would be its turn."""
    _refuse_all_but_admins(acting)
    async with here.db.transaction():
        peer = await _peer(host)
        await Peer.filter(host=peer.host).update(next_try_at=None)
        await audit.record(here, by=acting.handle, action="peer.retry", subject=peer.host)
        here.db.after_commit(here.worker.wake)


async def drop_queue(here: Instance, acting: Viewer, host: str) -> None:
    """Never deliver what waits for a server. Deletions among it are marked as not delivered."""
    _refuse_all_but_admins(acting)
    async with here.db.transaction():
        peer = await _peer(host)
        if peer.wanted_seq <= peer.cursor_seq:
            raise NotFound("Nothing waits for this server.")
        await Peer.filter(host=peer.host).update(
            cursor_seq=peer.wanted_seq,
            next_try_at=None,
            attempts=0,
            failing_since=None,
            last_error="an admin dropped what was waiting",
            lease_until=None,
            leased_by=None,
        )
        await receipts.withhold(here, [peer.host], peer.wanted_seq)
        await audit.record(here, by=acting.handle, action="peer.drop", subject=peer.host)


async def _set_paused(here: Instance, acting: Viewer, host: str, *, paused: bool) -> None:
    _refuse_all_but_admins(acting)
    async with here.db.transaction():
        peer = await _peer(host)
        if peer.paused == paused:
            return
        await Peer.filter(host=peer.host).update(paused=paused)
        await audit.record(here, by=acting.handle, action="peer.pause" if paused else "peer.resume", subject=peer.host)
        here.db.after_commit(here.worker.wake)


def _refuse_all_but_admins(acting: Viewer) -> None:
    if not acting.is_admin:
        raise NotAllowed("Only an admin can do that.")


async def _peer(host: str) -> Peer:
    peer = await Peer.get_or_none(host=policy.canonical(host))
    if peer is None:
        raise NotFound("We have never met this server.")
    return peer
