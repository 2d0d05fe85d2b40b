"""How far what we sent has got, and what we refused."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.db import Row, from_milliseconds
from server.db.given import NUMBER, TEXT, given, rows_given
from server.fediverse.addressing import direct_hosts
from server.instance import Instance
from server.peers import policy
from server.peers import queries as peers

LATEST = 10
NAMED = 50
KEPT_FROM = 200
"""Fewer servers are counted each time: that takes no longer than a look."""
WAITING_KEPT_FOR, ARRIVED_KEPT_FOR = timedelta(seconds=5), timedelta(minutes=1)
STATES_KEPT = 1000

_STATES = "fediverse.delivery states"


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """On how many other servers a post is to be, has arrived, which ones it waits for, and which did not take it.

    Of the two latter at most `NAMED` are named.
    """

    total: int
    delivered: int
    waiting_hosts: tuple[str, ...] = ()
    refused_hosts: tuple[str, ...] = ()
    waiting: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class _Kept:
    """A state as it was counted, what it was counted of, and until when it is good enough."""

    sent: tuple[tuple[int, int | None], ...]
    at: datetime
    until: datetime
    state: DeliveryState


async def delivery_state(here: Instance, post_id: str) -> DeliveryState:
    """The state of the latest activities about a post, in at most two queries.

    Of many servers it is as it was a moment ago, unless something new was sent or spread since then.
    """
    rows = await here.db.rows(
        "SELECT outgoing.seq, outgoing.inboxes, outgoing.spread_at FROM outgoing"
        " JOIN sent_activity ON sent_activity.uri = outgoing.activity_id"
        " WHERE sent_activity.post_id = :post_id ORDER BY outgoing.seq DESC LIMIT :limit",
        post_id=post_id,
        limit=LATEST,
    )
    if not rows:
        return DeliveryState(0, 0)
    kept: OrderedDict[str, _Kept] = here.caches.setdefault(_STATES, OrderedDict())
    sent, now = tuple((row["seq"], row["spread_at"]) for row in rows), here.clock.now()
    known = kept.get(post_id)
    if known is not None and known.sent == sent and known.at <= now < known.until:
        return known.state
    state = await _counted(here, rows)
    if state.total >= KEPT_FROM:
        until = now + (WAITING_KEPT_FOR if state.waiting else ARRIVED_KEPT_FOR)
        kept[post_id] = _Kept(sent, now, until, state)
        kept.move_to_end(post_id)
        if len(kept) > STATES_KEPT:
            kept.popitem(last=False)
    return state


async def _counted(here: Instance, rows: Sequence[Row]) -> DeliveryState:
    """How far some activities have got; only where one has not arrived is read host by host."""
    found = await here.db.rows(
        _STATE.format(given=given(here.db.dialect, seq=NUMBER, host=TEXT)),
        given=rows_given(
            {"seq": row["seq"], "host": host}
            for row in rows
            for host in [None, *sorted(direct_hosts(row))]  # the first names the activity, also where it has no inboxes
        ),
    )
    delivered = sum(row["hosts"] for row in found if row["state"] == "delivered")
    waiting, refused = (
        sorted(row["host"] for row in found if row["state"] == state and peers.may_send(here, row["host"]))
        for state in ("waiting", "refused")
    )
    return DeliveryState(
        total=delivered + len(waiting) + len(refused),
        delivered=delivered,
        waiting_hosts=tuple(waiting[:NAMED]),
        refused_hosts=tuple(refused[:NAMED]),
        waiting=len(waiting),
        refused=len(refused),
    )


# Every host that one of the activities is for, by its dialect; of several the last counts, since what came before it
# has arrived before it. Where it has arrived, hosts are counted, not listed.
_STATE = """
WITH named AS (SELECT seq, host FROM {given}),
 latest AS (
  SELECT seq, followers_of, dialects, skip_host, spread_at FROM outgoing WHERE seq IN (SELECT seq FROM named)),
 concerned AS (
  SELECT seq, host FROM named WHERE host IS NOT NULL
  UNION SELECT latest.seq, follower.host FROM latest JOIN actor AS target ON target.uri = latest.followers_of
   JOIN follow ON follow.target_id = target.id AND follow.state = 'accepted'
   JOIN actor AS follower ON follower.id = follow.follower_id
   WHERE NOT follower.is_local AND follower.deleted_at IS NULL),
 goal AS (
  SELECT concerned.host AS host, max(concerned.seq) AS seq FROM concerned JOIN latest ON latest.seq = concerned.seq
   LEFT JOIN peer ON peer.host = concerned.host
   WHERE concerned.host <> COALESCE(latest.skip_host, '') AND (latest.dialects = ''
    OR ',' || latest.dialects || ',' LIKE '%,' || COALESCE(peer.dialect, 'unknown') || ',%')
   GROUP BY concerned.host),
 states AS (
  SELECT goal.host AS host, CASE
    WHEN peer.host IS NULL OR latest.spread_at IS NULL OR peer.cursor_seq < goal.seq THEN 'waiting'
    WHEN EXISTS (SELECT 1 FROM delivery_receipt WHERE delivery_receipt.seq = goal.seq
     AND delivery_receipt.host = goal.host AND delivery_receipt.state IN ('refused', 'unreachable', 'withheld'))
    THEN 'refused' ELSE 'delivered' END AS state
   FROM goal JOIN latest ON latest.seq = goal.seq LEFT JOIN peer ON peer.host = goal.host)
SELECT state, CASE WHEN state = 'delivered' THEN '' ELSE host END AS host, count(*) AS hosts FROM states GROUP BY 1, 2
"""


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
