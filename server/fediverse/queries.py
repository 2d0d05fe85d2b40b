"""How far what we sent has got, and what we refused."""

from dataclasses import dataclass
from datetime import datetime

from server.db import from_milliseconds
from server.fediverse.outbox import hosts_of
from server.instance import Instance
from server.peers import policy


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


@dataclass(frozen=True, slots=True)
class RefusalView:
    """Something that was refused. `place`: ``inbox``, ``document``, ``activity`` or ``fetch``.

    `word` is one of `federation.errors.WORDS`; `reason` a sentence in English. `is_certain`: we know that it was this
    server; otherwise a request without a valid signature only said so.
    """

    at: datetime
    place: str
    word: str
    reason: str
    actor: str
    subject: str
    activity_type: str
    is_certain: bool


@dataclass(frozen=True, slots=True)
class RefusalCount:
    """How often something was refused for one reason."""

    word: str
    times: int


async def recent_refusals(here: Instance, host: str, limit: int = 20) -> list[RefusalView]:
    """The latest that was refused from a server, newest first; of nobody we know with an empty `host`."""
    rows = await here.db.rows(
        "SELECT at, place, word, reason, actor, subject, activity_type, is_certain FROM refused"
        " WHERE host = :host ORDER BY seq DESC LIMIT :limit",
        host=policy.canonical(host),
        limit=limit,
    )
    return [
        RefusalView(
            at=from_milliseconds(row["at"]),
            place=row["place"],
            word=row["word"],
            reason=row["reason"],
            actor=row["actor"],
            subject=row["subject"],
            activity_type=row["activity_type"],
            is_certain=bool(row["is_certain"]),
        )
        for row in rows
    ]


async def refusal_counts(here: Instance, host: str, days: int = 7) -> list[RefusalCount]:
    """How often something from a server was refused in so many days, today included: by reason, most frequent first."""
    today = int(here.clock.now().timestamp()) // 86_400
    rows = await here.db.rows(
        "SELECT word, sum(times) AS times FROM refused_count WHERE host = :host AND day > :day"
        " GROUP BY word ORDER BY times DESC, word LIMIT 50",
        host=policy.canonical(host),
        day=today - days,
    )
    return [RefusalCount(row["word"], int(row["times"])) for row in rows]
