"""How far what we sent has got, and what we refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.db import Row, from_milliseconds
from server.fediverse.addressing import direct_hosts, is_for, peers_of
from server.instance import Instance
from server.peers import policy
from server.peers import queries as peers

LATEST = 10


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """On how many other servers a post is to be, has arrived, which ones it waits for, and which did not take it."""

    total: int
    delivered: int
    waiting_hosts: tuple[str, ...]
    refused_hosts: tuple[str, ...] = ()


async def delivery_state(here: Instance, post_id: str) -> DeliveryState:
    """The state of the latest activities about a post, in four queries."""
    rows = await here.db.rows(
        "SELECT outgoing.seq, outgoing.followers_of, outgoing.inboxes, outgoing.dialects, outgoing.spread_at,"
        " outgoing.skip_host FROM outgoing JOIN sent_activity ON sent_activity.uri = outgoing.activity_id"
        " WHERE sent_activity.post_id = :post_id ORDER BY outgoing.seq DESC LIMIT :limit",
        post_id=post_id,
        limit=LATEST,
    )
    if not rows:
        return DeliveryState(0, 0, ())
    following = await _following_hosts(here, [row["followers_of"] for row in rows if row["followers_of"]])
    concerned = {row["seq"]: direct_hosts(row) | following.get(row["followers_of"], set()) for row in rows}
    known = await peers_of(here, sorted(set().union(*concerned.values())))
    goal: dict[str, Row] = {}
    for row in rows:  # the latest first: what came before it has arrived before it
        for host in concerned[row["seq"]] - {row["skip_host"]}:
            dialect = known[host]["dialect"] if host in known else "unknown"
            if peers.may_send(here, host) and is_for(row, dialect):
                goal.setdefault(host, row)
    refused = await _not_taken(here, [row["seq"] for row in rows])
    waiting = [
        host
        for host, row in goal.items()
        if host not in known or row["spread_at"] is None or known[host]["cursor_seq"] < row["seq"]
    ]
    missing = [host for host, row in goal.items() if (row["seq"], host) in refused and host not in waiting]
    return DeliveryState(
        total=len(goal),
        delivered=len(goal) - len(waiting) - len(missing),
        waiting_hosts=tuple(sorted(waiting)),
        refused_hosts=tuple(sorted(missing)),
    )


async def _following_hosts(here: Instance, uris: Sequence[str]) -> dict[str, set[str]]:
    """The hosts of everybody who follows these actors."""
    named = {f"uri{number}": uri for number, uri in enumerate(dict.fromkeys(uris))}
    if not named:
        return {}
    rows = await here.db.rows(
        "SELECT DISTINCT target.uri AS uri, follower.host AS host FROM follow JOIN actor target"
        " ON target.id = follow.target_id JOIN actor follower ON follower.id = follow.follower_id"
        f" WHERE target.uri IN ({', '.join(':' + name for name in named)}) AND follow.state = 'accepted'"
        " AND NOT follower.is_local AND follower.deleted_at IS NULL",
        **named,
    )
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row["uri"], set()).add(row["host"])
    return found


async def _not_taken(here: Instance, seqs: Sequence[int]) -> set[tuple[int, str]]:
    named = {f"seq{number}": seq for number, seq in enumerate(seqs)}
    rows = await here.db.rows(
        f"SELECT seq, host FROM delivery_receipt WHERE seq IN ({', '.join(':' + name for name in named)})"
        " AND state IN ('refused', 'unreachable', 'withheld')",
        **named,
    )
    return {(row["seq"], row["host"]) for row in rows}


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
