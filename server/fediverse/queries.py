"""How far what we sent has got."""

from dataclasses import dataclass

from server.fediverse.outbox import hosts_of
from server.instance import Instance


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """On how many other servers a post is to be, has arrived, and which ones it waits for."""

    total: int
    delivered: int
    waiting_hosts: tuple[str, ...]


async def delivery_state(here: Instance, post_id: str) -> DeliveryState:
    """The state of the latest activities about a post."""
    rows = await here.db.rows(
        "SELECT outgoing.seq, outgoing.followers_of, outgoing.inboxes, outgoing.dialects FROM outgoing"
        " JOIN sent_activity ON sent_activity.uri = outgoing.activity_id WHERE sent_activity.post_id = :post_id"
        " ORDER BY outgoing.seq DESC LIMIT 10",
        post_id=post_id,
    )
    goal: dict[str, int] = {}
    for row in rows:
        for host in await hosts_of(here, row):
            goal[host] = max(goal.get(host, 0), row["seq"])
    waiting = []
    for host, seq in sorted(goal.items()):
        cursor = await here.db.value("SELECT cursor_seq FROM peer WHERE host = :host", host=host)
        if cursor is None or cursor < seq:
            waiting.append(host)
    return DeliveryState(total=len(goal), delivered=len(goal) - len(waiting), waiting_hosts=tuple(waiting))


@dataclass(frozen=True, slots=True)
class QueueState:
    """What waits: inbound receipts, and hosts with deliveries due."""

    inbound_waiting: int
    hosts_waiting: int
    hosts_failing: int
    oldest_inbound_seconds: float


async def queue_state(here: Instance) -> QueueState:
    """Figures for the health page and `/metrics`."""
    inbound = await here.db.row(
        "SELECT count(*) AS waiting, min(received_at) AS oldest FROM inbox_receipt WHERE outcome IS NULL"
    )
    hosts = await here.db.row(
        "SELECT sum(CASE WHEN wanted_seq > cursor_seq THEN 1 ELSE 0 END) AS waiting,"
        " sum(CASE WHEN failing_since IS NULL THEN 0 ELSE 1 END) AS failing FROM peer"
    )
    oldest = inbound["oldest"] if inbound else None
    age = 0.0 if oldest is None else here.clock.now().timestamp() - oldest / 1000
    return QueueState(
        inbound_waiting=inbound["waiting"] if inbound else 0,
        hosts_waiting=(hosts and hosts["waiting"]) or 0,
        hosts_failing=(hosts and hosts["failing"]) or 0,
        oldest_inbound_seconds=age,
    )
