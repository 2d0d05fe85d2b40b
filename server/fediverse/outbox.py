"""The durable outbox: one row per activity, one cursor per host.

Publishing writes one row, however many servers follow. `spread` then notes for each host concerned how far it wants to
come; `step` leases one host and sends it what lies between its cursor and there, in order. The reasons are in
docs/adr/0005-delivery.md.
"""

import asyncio
import json
import logging
from collections.abc import Sequence
from datetime import timedelta

from federation.engine import Outcome
from federation.outbox.retry import GIVE_UP_AFTER_SECONDS, GIVE_UP_DELETION_AFTER_SECONDS, delay_seconds
from server.actors import synchronising
from server.actors.removal import recount
from server.db import Row, from_milliseconds, to_milliseconds
from server.fediverse import receipts
from server.fediverse.addressing import hosts_of, inboxes_at, is_for, of_dialect
from server.instance import Instance
from server.peers import queries as peer_queries
from server.peers.events import PeerGradeChanged
from server.peers.policy import BLOCKED

log = logging.getLogger("peerhall.outbox")

LEASE = timedelta(minutes=10)
BATCH = 50
KEEP = timedelta(seconds=GIVE_UP_AFTER_SECONDS)
KEEP_DELETION = timedelta(seconds=GIVE_UP_DELETION_AFTER_SECONDS)
_ADVANCE = "cursor_seq = CASE WHEN cursor_seq = :started AND :cursor > cursor_seq THEN :cursor ELSE cursor_seq END"


class ServerDeliveries:
    """`federation.ports.Deliveries` over the table `outgoing`."""

    def __init__(self, here: Instance) -> None:
        """Write for this instance."""
        self._here = here

    async def enqueue(
        self,
        *,
        activity_id: str,
        sender: str,
        body: bytes,
        inboxes: Sequence[str] = (),
        followers_of: str | None = None,
        dialects: frozenset[str] = frozenset(),
        deletion_of: str | None = None,
        skip_host: str | None = None,
    ) -> None:
        """Add one activity, in the caller's transaction. Inboxes of our own are left out, and what has none."""
        here = self._here
        elsewhere = sorted({inbox for inbox in inboxes if inbox and not here.is_local_uri(inbox)})
        if not elsewhere and followers_of is None:
            return
        now = here.clock.now()
        await here.db.execute(
            "INSERT INTO outgoing"
            " (activity_id, sender, followers_of, inboxes, dialects, body, created_at, expires_at, subject, skip_host)"
            " VALUES (:activity_id, :sender, :followers_of, :inboxes, :dialects, :body, :now, :until, :subject, :skip)",
            activity_id=activity_id,
            sender=sender,
            followers_of=followers_of,
            inboxes=json.dumps(elsewhere),
            dialects=",".join(sorted(dialects)),
            body=body.decode("utf-8"),
            now=now,
            until=now + (KEEP if deletion_of is None else KEEP_DELETION),
            subject=deletion_of,
            skip=skip_host,
        )
        here.db.after_commit(here.worker.wake)


async def spread(here: Instance) -> bool:
    """Tell the hosts concerned by the oldest new activity how far they want to come. Returns whether there was one."""
    lock = " FOR UPDATE" if here.db.dialect == "postgres" else ""
    if not await here.db.value("SELECT seq FROM outgoing WHERE spread_at IS NULL ORDER BY seq LIMIT 1"):
        return False
    async with here.db.transaction():
        row = await here.db.row(
            "SELECT seq, followers_of, inboxes, dialects, subject, skip_host FROM outgoing WHERE spread_at IS NULL"
            f" ORDER BY seq LIMIT 1{lock}"
        )
        if row is None:
            return True
        hosts = await hosts_of(here, row)
        if row["subject"] is not None:
            await receipts.expect(here, row, await of_dialect(here, row, hosts))
        for host in hosts:
            if peer_queries.may_send(here, host):
                await _want(here, host, row["seq"])
            else:
                # A blocked server wants nothing, also when the block is lifted later (S17).
                await receipts.withhold(here, host, row["seq"])
        await here.db.execute(
            "UPDATE outgoing SET spread_at = :now WHERE seq = :seq", now=here.clock.now(), seq=row["seq"]
        )
    here.worker.wake()
    return True


async def step(here: Instance) -> bool:
    """Lease one host that waits for something and send it what is due. Returns whether there was one."""
    now = here.clock.now()
    skip = " FOR UPDATE SKIP LOCKED" if here.db.dialect == "postgres" else ""
    due = (
        "SELECT host FROM peer WHERE wanted_seq > cursor_seq AND NOT paused"
        " AND (next_try_at IS NULL OR next_try_at <= :now) AND (lease_until IS NULL OR lease_until < :now)"
        " ORDER BY cursor_seq LIMIT 1"
    )
    if await here.db.row(due, now=now) is None:
        return False
    peer = await here.db.row(
        f"UPDATE peer SET lease_until = :until WHERE host IN ({due}{skip})"
        " RETURNING host, cursor_seq, wanted_seq, attempts, failing_since, dialect, last_error, lease_until",
        until=now + LEASE,
        now=now,
    )
    if peer is None:
        return False
    if not peer_queries.may_send(here, peer["host"]):
        await receipts.withhold(here, peer["host"], peer["wanted_seq"])
        await _settle(here, peer, peer["wanted_seq"], error="deliveries are blocked by policy")
        return True
    try:
        await _send_batch(here, peer)
    except asyncio.CancelledError:
        # The worker ends: another one may go on with this host at once.
        await here.db.execute(
            "UPDATE peer SET lease_until = NULL WHERE host = :host AND lease_until = :ours",
            host=peer["host"],
            ours=peer["lease_until"],
        )
        raise
    return True


async def on_peer_grade(here: Instance, event: PeerGradeChanged) -> None:
    """A block cancels what waits for that server at once, so that lifting it sends nothing late (S17)."""
    if event.after != BLOCKED:
        return
    rows = await here.db.rows(
        "UPDATE peer SET cursor_seq = wanted_seq, next_try_at = NULL, attempts = 0, failing_since = NULL,"
        " last_error = 'deliveries were cancelled by a block' WHERE wanted_seq > cursor_seq AND (host = :host"
        " OR host LIKE :inside OR host LIKE :ports OR host LIKE :inside_ports) RETURNING host, wanted_seq",
        **peer_queries.spellings(event.host),
    )
    for row in rows:
        await receipts.withhold(here, row["host"], row["wanted_seq"])


async def prune(here: Instance) -> None:
    """Forget activities that are not tried any more."""
    await receipts.expire(here)
    await here.db.execute(
        "DELETE FROM outgoing WHERE spread_at IS NOT NULL AND expires_at < :now", now=here.clock.now()
    )


async def _want(here: Instance, host: str, seq: int) -> None:
    """Move the goal of a host. An idle host's cursor jumps to just before it: what lay between was not for it."""
    await here.db.execute(
        "INSERT INTO peer"
        " (host, grade, note, software, dialect, first_seen_at, cursor_seq, wanted_seq, attempts, paused)"
        " VALUES (:host, 'normal', '', '', 'unknown', :now, :before, :seq, 0, FALSE)"
        " ON CONFLICT (host) DO UPDATE SET"
        " cursor_seq = CASE WHEN peer.wanted_seq > peer.cursor_seq AND peer.cursor_seq < :seq"
        " THEN peer.cursor_seq ELSE :before END,"
        " wanted_seq = CASE WHEN peer.wanted_seq > :seq THEN peer.wanted_seq ELSE :seq END",
        host=host,
        now=here.clock.now(),
        before=seq - 1,
        seq=seq,
    )


async def _send_batch(here: Instance, peer: Row) -> None:
    waiting = await here.db.rows(
        "SELECT seq, activity_id, sender, followers_of, inboxes, dialects, body, expires_at, subject, skip_host"
        " FROM outgoing WHERE seq > :cursor AND seq <= :wanted ORDER BY seq LIMIT :limit",
        cursor=peer["cursor_seq"],
        wanted=peer["wanted_seq"],
        limit=BATCH,
    )
    cursor = peer["cursor_seq"]
    gave_up = None
    seen: set[int] = set()
    for outgoing in waiting:
        if not await _still_ours(here, peer):
            return  # somebody else has this host now, and sends the rest in order (R6)
        seen.add(outgoing["seq"])
        if outgoing["expires_at"] <= to_milliseconds(here.clock.now()):
            gave_up = await _give_up(here, peer, outgoing) or gave_up
        else:
            trouble = await _send_one(here, peer, outgoing)
            if trouble is not None:
                await _failed(here, peer, await _safe(here, peer, cursor, seen), *trouble)
                return
        cursor = outgoing["seq"]
    reached = cursor if len(waiting) == BATCH else peer["wanted_seq"]
    await _settle(here, peer, await _safe(here, peer, reached, seen), error=gave_up)


async def _still_ours(here: Instance, peer: Row) -> bool:
    """Whether this worker may go on with the host: its lease is renewed in time, and another's is respected (R6)."""
    now = here.clock.now()
    if from_milliseconds(peer["lease_until"]) - now > LEASE / 2:
        return True
    until = to_milliseconds(now + LEASE)
    renewed = await here.db.execute(
        "UPDATE peer SET lease_until = :until WHERE host = :host AND lease_until = :ours",
        until=until,
        host=peer["host"],
        ours=peer["lease_until"],
    )
    if renewed:
        peer["lease_until"] = until
    return bool(renewed)


async def _safe(here: Instance, peer: Row, reached: int, seen: set[int]) -> int:
    """How far the cursor may move: not past what was committed late, with a lower number than what we saw (R3)."""
    named = {f"seq{number}": seq for number, seq in enumerate(sorted(seen))}
    besides = f" AND seq NOT IN ({', '.join(':' + name for name in named)})" if named else ""
    late = await here.db.value(
        f"SELECT min(seq) AS late FROM outgoing WHERE seq > :cursor AND seq <= :reached{besides}",
        cursor=peer["cursor_seq"],
        reached=reached,
        **named,
    )
    return reached if late is None else int(late) - 1


async def _send_one(here: Instance, peer: Row, outgoing: Row) -> tuple[str, float | None] | None:
    """Send one activity to a host's inboxes; returns what went wrong and when to try again, where that helps."""
    host = peer["host"]
    for_them = is_for(outgoing, peer["dialect"]) and host != outgoing["skip_host"]
    inboxes = await inboxes_at(here, host, outgoing) if for_them else []
    if not inboxes:
        await receipts.not_for(here, outgoing, host)
        return None
    refusal = ""
    for inbox in inboxes:
        if not await _still_ours(here, peer):
            return "another worker took over", None
        outcome = await _deliver(here, outgoing, inbox)
        if outcome.kind == "retry":
            return outcome.detail, outcome.retry_after
        if outcome.kind == "gone":
            await _forget_inbox(here, inbox)
        if outcome.kind != "delivered":
            refusal = outcome.detail
    if refusal:
        await here.db.execute(
            "UPDATE peer SET last_error = :error WHERE host = :host",
            error=f"refused {outgoing['activity_id']}: {refusal}"[:500],
            host=host,
        )
    await receipts.note(here, outgoing, host, receipts.REFUSED if refusal else receipts.ACCEPTED, refusal)
    return None


async def _deliver(here: Instance, outgoing: Row, inbox: str) -> Outcome:
    """One delivery. News of new keys is signed with the old one first, for those who do not know the new one yet."""
    sender, body = outgoing["sender"], outgoing["body"].encode()
    to_followers = outgoing["followers_of"] == sender
    headers = await synchronising.headers_for(here, sender, inbox) if to_followers else {}
    outcome = await here.engine.deliver(sender=sender, inbox=inbox, body=body, headers=headers)
    if outcome.status == 401 and "#" in sender:
        return await here.engine.deliver(sender=sender.partition("#")[0], inbox=inbox, body=body)
    return outcome


async def _give_up(here: Instance, peer: Row, outgoing: Row) -> str | None:
    """The time of an activity is over, and the host has not had it. Returns what to tell admins, if it was for it."""
    host = peer["host"]
    if not is_for(outgoing, peer["dialect"]) or not await inboxes_at(here, host, outgoing):
        await receipts.not_for(here, outgoing, host)
        return None
    await receipts.note(here, outgoing, host, receipts.UNREACHABLE, peer["last_error"] or "")
    return f"gave up: {peer['last_error'] or 'no answer'}"[:500]


async def _settle(here: Instance, peer: Row, cursor: int, *, error: str | None = None) -> None:
    """Note how far the host has got, and let go of it. A cursor that was moved back meanwhile stays where it is."""
    now = here.clock.now()
    await here.db.execute(
        f"UPDATE peer SET {_ADVANCE},"
        " lease_until = NULL, attempts = 0, next_try_at = NULL, failing_since = NULL,"
        " last_success_at = CASE WHEN CAST(:error AS TEXT) IS NULL THEN :now ELSE last_success_at END,"
        " last_error = COALESCE(:error, last_error) WHERE host = :host AND lease_until = :ours",
        cursor=cursor,
        started=peer["cursor_seq"],
        error=error,
        now=now,
        host=peer["host"],
        ours=peer["lease_until"],
    )


async def _failed(here: Instance, peer: Row, cursor: int, error: str, retry_after: float | None) -> None:
    now = here.clock.now()
    since = from_milliseconds(peer["failing_since"]) if peer["failing_since"] else now
    attempts = peer["attempts"] + 1
    pause = max(delay_seconds(attempts, seed=peer["host"]), retry_after or 0)
    log.info("%s: %s did not take a delivery (%s); next try in %d s", here.settings.domain, peer["host"], error, pause)
    await here.db.execute(
        f"UPDATE peer SET {_ADVANCE},"
        " lease_until = NULL, attempts = :attempts, next_try_at = :at, failing_since = :since,"
        " last_error = :error WHERE host = :host AND lease_until = :ours",
        cursor=cursor,
        started=peer["cursor_seq"],
        ours=peer["lease_until"],
        attempts=attempts,
        at=now + timedelta(seconds=pause),
        since=since,
        error=error[:500],
        host=peer["host"],
    )


async def _forget_inbox(here: Instance, inbox: str) -> None:
    """410 from an inbox: its owner is gone, and follows nobody any more."""
    async with here.db.transaction():
        rows = await here.db.rows(
            "SELECT follower_id, target_id FROM follow WHERE follower_id IN"
            " (SELECT id FROM actor WHERE inbox_url = :inbox AND NOT is_local) ORDER BY id LIMIT 5000",
            inbox=inbox,
        )
        await here.db.execute(
            "DELETE FROM follow WHERE follower_id IN (SELECT id FROM actor WHERE inbox_url = :inbox AND NOT is_local)",
            inbox=inbox,
        )
        await recount(here, sorted({actor_id for row in rows for actor_id in row.values()}))
