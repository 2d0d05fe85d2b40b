"""The durable outbox: one row per activity, one cursor per host.

Publishing writes one row, however many servers follow. `spread` then notes for each host concerned how far it wants to
come; `fediverse.sending` leases hosts and sends them what lies between their cursors and there, in order. The reasons
are in docs/adr/0005-delivery.md.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from federation.outbox.retry import GIVE_UP_AFTER_SECONDS, GIVE_UP_DELETION_AFTER_SECONDS
from server.db import among, insert
from server.db.given import NUMBER, TEXT, given, rows_given
from server.fediverse import receipts
from server.fediverse.addressing import hosts_of, of_dialect
from server.instance import Instance
from server.peers import queries as peer_queries
from server.peers.events import PeerGradeChanged
from server.peers.policy import BLOCKED

KEEP = timedelta(seconds=GIVE_UP_AFTER_SECONDS)
KEEP_DELETION = timedelta(seconds=GIVE_UP_DELETION_AFTER_SECONDS)


AT_ONCE = 32
"""Activities that are spread in one transaction."""


class Goal(NamedTuple):
    """The first and the last new activity, by number, that a host is to get."""

    first: int
    last: int


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
        await insert(
            here.db,
            "outgoing",
            {
                "activity_id": activity_id,
                "sender": sender,
                "followers_of": followers_of,
                "inboxes": json.dumps(elsewhere),
                "dialects": ",".join(sorted(dialects)),
                "body": body.decode("utf-8"),
                "created_at": now,
                "expires_at": now + (KEEP if deletion_of is None else KEEP_DELETION),
                "subject": deletion_of,
                "skip_host": skip_host,
            },
        )
        here.db.after_commit(partial(here.worker.wake, "spread"))


async def spread(here: Instance) -> bool:
    """Tell the hosts concerned by the oldest new activities how far they want to come. Returns whether there were any.

    Several in one transaction: a community that is talked in announces many at once, most of them to the same servers.
    """
    lock = " FOR UPDATE" if here.db.dialect == "postgres" else ""
    if not await here.db.value("SELECT seq FROM outgoing WHERE spread_at IS NULL ORDER BY seq LIMIT 1"):
        return False
    async with here.db.transaction():
        rows = await here.db.rows(
            "SELECT seq, followers_of, inboxes, dialects, subject, skip_host FROM outgoing WHERE spread_at IS NULL"
            f" ORDER BY seq LIMIT :most{lock}",
            most=AT_ONCE,
        )
        goals: dict[str, Goal] = {}
        followers: dict[str, frozenset[str]] = {}
        for row in rows:
            hosts = await hosts_of(here, row, followers)
            if row["subject"] is not None:
                await receipts.expect(here, row, await of_dialect(here, row, hosts))
            allowed = [host for host in hosts if peer_queries.may_send(here, host)]
            for host in allowed:
                goals[host] = Goal(goals[host].first if host in goals else row["seq"], row["seq"])
            if len(allowed) < len(hosts):
                # A blocked server wants nothing, also when the block is lifted later (S17).
                await receipts.withhold(here, set(hosts) - set(allowed), row["seq"])
        await _want(here, goals)
        if rows:
            places, parameters = among([row["seq"] for row in rows], "seq")
            await here.db.execute(
                f"UPDATE outgoing SET spread_at = :now WHERE seq IN ({places})", now=here.clock.now(), **parameters
            )
    here.worker.wake("outbox")
    return True


async def on_peer_grade(here: Instance, event: PeerGradeChanged) -> None:
    """A block cancels what waits for that server at once, so that lifting it sends nothing late (S17)."""
    if event.after != BLOCKED:
        return
    rows = await here.db.rows(
        "UPDATE peer SET cursor_seq = wanted_seq, next_try_at = NULL, attempts = 0, failing_since = NULL,"
        " lease_until = NULL, leased_by = NULL, last_error = 'deliveries were cancelled by a block'"
        " WHERE wanted_seq > cursor_seq"
        " AND (host = :host OR host LIKE :inside OR host LIKE :ports OR host LIKE :inside_ports)"
        " RETURNING host, wanted_seq",
        **peer_queries.spellings(event.host),
    )
    for row in rows:
        await receipts.withhold(here, [row["host"]], row["wanted_seq"])


async def prune(here: Instance) -> None:
    """Forget activities that are not tried any more."""
    await receipts.expire(here)
    await here.db.execute(
        "DELETE FROM outgoing WHERE spread_at IS NOT NULL AND expires_at < :now", now=here.clock.now()
    )


async def _want(here: Instance, goals: Mapping[str, Goal]) -> None:
    """Move the goals of some hosts, in one statement.

    An idle host's cursor jumps to just before the first: what lay between was not for it. One that has passed the
    first, which was committed late, goes back to it.
    """
    if not goals:
        return
    await here.db.execute(
        "INSERT INTO peer"
        " (host, grade, note, software, dialect, first_seen_at, cursor_seq, wanted_seq, attempts, paused)"
        " SELECT host, 'normal', '', '', 'unknown', CAST(:now AS BIGINT), before, last, 0, FALSE"
        f" FROM {given(here.db.dialect, host=TEXT, before=NUMBER, last=NUMBER)} WHERE TRUE ORDER BY host"
        " ON CONFLICT (host) DO UPDATE SET"
        " cursor_seq = CASE WHEN peer.wanted_seq > peer.cursor_seq AND peer.cursor_seq <= excluded.cursor_seq"
        " THEN peer.cursor_seq ELSE excluded.cursor_seq END,"
        " wanted_seq = CASE WHEN peer.wanted_seq > excluded.wanted_seq THEN peer.wanted_seq"
        " ELSE excluded.wanted_seq END",
        now=here.clock.now(),
        given=rows_given(
            {"host": host, "before": goal.first - 1, "last": goal.last} for host, goal in sorted(goals.items())
        ),
    )
