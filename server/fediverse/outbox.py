"""The durable outbox: one row per activity, one cursor per host.

Publishing writes one row, however many servers follow. `spread` then notes for each host concerned how far it wants to
come; `step` leases one host and sends it what lies between its cursor and there, in order. The reasons are in
docs/adr/0005-delivery.md.
"""

import json
import logging
from collections.abc import Sequence
from datetime import timedelta

from federation.errors import InvalidDocument
from federation.outbox.retry import GIVE_UP_AFTER_SECONDS, delay_seconds
from federation.vocab.base import host_of
from server.db import Row, from_milliseconds
from server.instance import Instance
from server.peers import queries as peer_queries

log = logging.getLogger("peerhall.outbox")

LEASE = timedelta(minutes=10)
BATCH = 50
KEEP = timedelta(days=8)


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
    ) -> None:
        """Add one activity, in the caller's transaction. Inboxes of our own are left out."""
        here = self._here
        elsewhere = sorted({inbox for inbox in inboxes if not here.is_local_uri(inbox)})
        if not elsewhere and followers_of is None:
            return
        await here.db.execute(
            "INSERT INTO outgoing (activity_id, sender, followers_of, inboxes, dialects, body, created_at)"
            " VALUES (:activity_id, :sender, :followers_of, :inboxes, :dialects, :body, :now)",
            activity_id=activity_id,
            sender=sender,
            followers_of=followers_of,
            inboxes=json.dumps(elsewhere),
            dialects=",".join(sorted(dialects)),
            body=body.decode("utf-8"),
            now=here.clock.now(),
        )
        here.db.after_commit(here.worker.wake)


async def spread(here: Instance) -> bool:
    """Tell the hosts concerned by the oldest new activity how far they want to come. Returns whether there was one."""
    lock = " FOR UPDATE" if here.db.dialect == "postgres" else ""
    if not await here.db.value("SELECT seq FROM outgoing WHERE spread_at IS NULL ORDER BY seq LIMIT 1"):
        return False
    async with here.db.transaction():
        row = await here.db.row(
            "SELECT seq, followers_of, inboxes, dialects FROM outgoing WHERE spread_at IS NULL"
            f" ORDER BY seq LIMIT 1{lock}"
        )
        if row is None:
            return True
        for host in await hosts_of(here, row):
            await _want(here, host, row["seq"])
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
        " RETURNING host, cursor_seq, wanted_seq, attempts, failing_since, dialect",
        until=now + LEASE,
        now=now,
    )
    if peer is None:
        return False
    if not peer_queries.may_send(here, peer["host"]):
        await _settle(here, peer["host"], peer["wanted_seq"], error="deliveries are blocked by policy")
        return True
    await _send_batch(here, peer)
    return True


async def prune(here: Instance) -> None:
    """Forget activities that every host has had, or that are too old to be news."""
    await here.db.execute(
        "DELETE FROM outgoing WHERE spread_at IS NOT NULL AND created_at < :before", before=here.clock.now() - KEEP
    )


async def hosts_of(here: Instance, outgoing: Row) -> list[str]:
    """The hosts that one outgoing activity concerns."""
    hosts = set()
    for inbox in json.loads(outgoing["inboxes"]):
        try:
            hosts.add(host_of(inbox))
        except InvalidDocument:
            log.warning("an inbox with an impossible address was left out: %s", inbox)
    if outgoing["followers_of"]:
        rows = await here.db.rows(
            "SELECT DISTINCT follower.host AS host FROM follow JOIN actor target ON target.id = follow.target_id"
            " JOIN actor follower ON follower.id = follow.follower_id"
            " WHERE target.uri = :uri AND follow.state = 'accepted' AND NOT follower.is_local"
            " AND follower.deleted_at IS NULL",
            uri=outgoing["followers_of"],
        )
        hosts.update(row["host"] for row in rows)
    return sorted(hosts)


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
    host = peer["host"]
    waiting = await here.db.rows(
        "SELECT seq, activity_id, sender, followers_of, inboxes, dialects, body FROM outgoing"
        " WHERE seq > :cursor AND seq <= :wanted ORDER BY seq LIMIT :limit",
        cursor=peer["cursor_seq"],
        wanted=peer["wanted_seq"],
        limit=BATCH,
    )
    cursor = peer["cursor_seq"]
    for outgoing in waiting:
        trouble = await _send_one(here, peer, outgoing)
        if trouble is not None:
            await _failed(here, peer, cursor, *trouble)
            return
        cursor = outgoing["seq"]
    await _settle(here, host, cursor if len(waiting) == BATCH else peer["wanted_seq"])


async def _send_one(here: Instance, peer: Row, outgoing: Row) -> tuple[str, float | None] | None:
    """Send one activity to a host's inboxes; returns what went wrong and when to try again, where that helps."""
    if outgoing["dialects"] and peer["dialect"] not in outgoing["dialects"].split(","):
        return None
    for inbox in await _inboxes_at(here, peer["host"], outgoing):
        outcome = await here.engine.deliver(sender=outgoing["sender"], inbox=inbox, body=outgoing["body"].encode())
        if outcome.kind == "retry":
            return outcome.detail, outcome.retry_after
        if outcome.kind == "gone":
            await _forget_inbox(here, inbox)
        elif outcome.kind == "refused":
            await here.db.execute(
                "UPDATE peer SET last_error = :error WHERE host = :host",
                error=f"refused {outgoing['activity_id']}: {outcome.detail}"[:500],
                host=peer["host"],
            )
    return None


async def _inboxes_at(here: Instance, host: str, outgoing: Row) -> list[str]:
    found = {inbox for inbox in json.loads(outgoing["inboxes"]) if host_of(inbox) == host}
    if outgoing["followers_of"]:
        rows = await here.db.rows(
            "SELECT DISTINCT COALESCE(follower.shared_inbox_url, follower.inbox_url) AS inbox FROM follow"
            " JOIN actor target ON target.id = follow.target_id JOIN actor follower ON follower.id = follow.follower_id"
            " WHERE target.uri = :uri AND follow.state = 'accepted' AND NOT follower.is_local"
            " AND follower.host = :host AND follower.deleted_at IS NULL",
            uri=outgoing["followers_of"],
            host=host,
        )
        shared = {row["inbox"] for row in rows}
        found = await _without_covered(here, found, shared) | shared
    return sorted(found)


async def _without_covered(here: Instance, addressed: set[str], shared: set[str]) -> set[str]:
    """Leave out a person's own inbox where their server's shared inbox gets the same activity."""
    left = set()
    for inbox in addressed - shared:
        covering = await here.db.value("SELECT shared_inbox_url FROM actor WHERE inbox_url = :inbox", inbox=inbox)
        if covering not in shared:
            left.add(inbox)
    return left


async def _settle(here: Instance, host: str, cursor: int, *, error: str | None = None) -> None:
    now = here.clock.now()
    await here.db.execute(
        "UPDATE peer SET cursor_seq = CASE WHEN cursor_seq < :cursor THEN :cursor ELSE cursor_seq END,"
        " lease_until = NULL, attempts = 0, next_try_at = NULL, failing_since = NULL,"
        " last_success_at = CASE WHEN CAST(:error AS TEXT) IS NULL THEN :now ELSE last_success_at END,"
        " last_error = COALESCE(:error, last_error) WHERE host = :host",
        cursor=cursor,
        error=error,
        now=now,
        host=host,
    )


async def _failed(here: Instance, peer: Row, cursor: int, error: str, retry_after: float | None) -> None:
    now = here.clock.now()
    since = from_milliseconds(peer["failing_since"]) if peer["failing_since"] else now
    if (now - since).total_seconds() > GIVE_UP_AFTER_SECONDS:
        await _settle(here, peer["host"], peer["wanted_seq"], error=f"gave up: {error}"[:500])
        return
    attempts = peer["attempts"] + 1
    pause = max(delay_seconds(attempts, seed=peer["host"]), retry_after or 0)
    log.info("%s: %s did not take a delivery (%s); next try in %d s", here.settings.domain, peer["host"], error, pause)
    await here.db.execute(
        "UPDATE peer SET cursor_seq = CASE WHEN cursor_seq < :cursor THEN :cursor ELSE cursor_seq END,"
        " lease_until = NULL, attempts = :attempts, next_try_at = :at, failing_since = :since,"
        " last_error = :error WHERE host = :host",
        cursor=cursor,
        attempts=attempts,
        at=now + timedelta(seconds=pause),
        since=since,
        error=error[:500],
        host=peer["host"],
    )


async def _forget_inbox(here: Instance, inbox: str) -> None:
    """410 from an inbox: its owner is gone, and follows nobody any more."""
    await here.db.execute(
        "DELETE FROM follow WHERE follower_id IN (SELECT id FROM actor WHERE inbox_url = :inbox AND NOT is_local)",
        inbox=inbox,
    )
