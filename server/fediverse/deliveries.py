"""How deliveries go: every host with what waits for it, for admins and for monitoring."""

from dataclasses import dataclass
from datetime import datetime

from server.db import Row, from_milliseconds
from server.fediverse.sending import sender_of
from server.instance import Instance

STATES = ("waiting", "failing", "paused")
MOST_COUNTED = 1_000
_WHERE = {
    "": "peer.wanted_seq > 0",
    "waiting": "peer.wanted_seq > peer.cursor_seq",
    "failing": "peer.failing_since IS NOT NULL",
    "paused": "peer.paused",
}


@dataclass(frozen=True, slots=True)
class HostDeliveries:
    """One host. `waiting` counts what lies before it, at most `MOST_COUNTED`; some of that may turn out not for it."""

    host: str
    state: str
    waiting: int
    waiting_since: datetime | None
    last_success_at: datetime | None
    failing_since: datetime | None
    attempts: int
    next_try_at: datetime | None
    last_error: str
    paused: bool


@dataclass(frozen=True, slots=True)
class DeliveryTotals:
    """How many hosts are in which state; one that is paused may be failing and waiting, too."""

    hosts: int = 0
    waiting: int = 0
    failing: int = 0
    paused: int = 0


async def hosts(here: Instance, *, state: str = "", after: str = "", limit: int = 50) -> list[HostDeliveries]:
    """Hosts by name, from behind `after`: all that anything was ever for, or those in one of `STATES`."""
    part = "outgoing.seq > peer.cursor_seq AND outgoing.seq <= peer.wanted_seq ORDER BY outgoing.seq LIMIT"
    rows = await here.db.rows(
        "SELECT peer.host, peer.cursor_seq, peer.wanted_seq, peer.last_success_at, peer.failing_since, peer.attempts,"
        " peer.next_try_at, peer.last_error, peer.paused,"
        f" (SELECT count(*) FROM (SELECT seq FROM outgoing WHERE {part} {MOST_COUNTED}) AS counted) AS waiting,"
        f" (SELECT created_at FROM outgoing WHERE {part} 1) AS since"
        f" FROM peer WHERE peer.host > :after AND {_WHERE[state]} ORDER BY peer.host LIMIT :limit",
        after=after,
        limit=limit,
    )
    return [_host(row) for row in rows]


def _host(row: Row) -> HostDeliveries:
    def moment(name: str) -> datetime | None:
        return None if row[name] is None else from_milliseconds(row[name])

    if row["paused"]:
        state = "paused"
    elif row["failing_since"] is not None:
        state = "failing"
    else:
        state = "waiting" if row["wanted_seq"] > row["cursor_seq"] else "delivered"
    return HostDeliveries(
        host=row["host"],
        state=state,
        waiting=row["waiting"],
        waiting_since=moment("since"),
        last_success_at=moment("last_success_at"),
        failing_since=moment("failing_since"),
        attempts=row["attempts"],
        next_try_at=moment("next_try_at"),
        last_error=row["last_error"] or "",
        paused=bool(row["paused"]),
    )


async def totals(here: Instance) -> DeliveryTotals:
    """How many hosts are in which state."""
    row = await here.db.row(
        "SELECT sum(CASE WHEN wanted_seq > 0 THEN 1 ELSE 0 END) AS hosts,"
        " sum(CASE WHEN wanted_seq > cursor_seq THEN 1 ELSE 0 END) AS waiting,"
        " sum(CASE WHEN failing_since IS NULL THEN 0 ELSE 1 END) AS failing,"
        " sum(CASE WHEN paused THEN 1 ELSE 0 END) AS paused FROM peer"
    )
    return DeliveryTotals(**{name: int(value or 0) for name, value in (row or {}).items()})


async def figures(here: Instance) -> list[str]:
    """Lines for Prometheus. What ends in ``_total`` counts since the start of this process, and of this one alone."""
    found, sender, courier = await totals(here), sender_of(here), here.engine.courier
    oldest = await here.db.value(
        "SELECT min(created_at) AS at FROM outgoing WHERE spread_at IS NULL"
        " OR seq > (SELECT min(cursor_seq) FROM peer WHERE wanted_seq > cursor_seq)"
    )
    age = 0.0 if oldest is None else max(here.clock.now().timestamp() - oldest / 1000, 0.0)
    outcomes = ("delivered", "refused", "gone", "retry", "gave_up")
    return [
        *(f'peerhall_deliveries_total{{outcome="{name}"}} {sender.counts[name]}' for name in outcomes),
        f"peerhall_signatures_total {courier.signatures_made}",
        f"peerhall_connections_open {courier.open_connections}",
        f"peerhall_hosts_being_sent_to {sender.under_way}",
        f"peerhall_hosts_waiting {found.waiting}",
        f"peerhall_hosts_failing {found.failing}",
        f"peerhall_hosts_paused {found.paused}",
        f"peerhall_outgoing_oldest_seconds {age:.1f}",
    ]
