"""What an admin sees of one other server beyond its grade: what speaks for its dialect, what passes, and what fails."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from federation.outbox.audience import MICROBLOG_SOFTWARE, THREADIVERSE_SOFTWARE
from server.audit import queries as audit
from server.audit.queries import AuditLine
from server.db import from_milliseconds
from server.fediverse.queries import RefusalCount, RefusalView, recent_refusals, refusal_counts
from server.instance import Instance
from server.peers import policy
from server.peers import queries as peers
from server.peers.queries import PeerView

KEPT = timedelta(days=8)
"""How long what came and what went is kept, and counted."""

MOST = 1000
"""So many outgoing activities are looked through at most."""

_KINDS = {"answer": "ChooseAnswer"}


@dataclass(frozen=True, slots=True)
class Received:
    """How many activities of a type came from a server, and how many of them came to nothing."""

    kind: str
    times: int
    refused: int


@dataclass(frozen=True, slots=True)
class Failure:
    """Something of ours that a server did not take. `state`: ``refused`` or ``unreachable``."""

    at: datetime
    state: str
    detail: str
    activity: str


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything about one server. `evidence` says what speaks for its dialect: ``implements``, ``communities``,
    ``software`` or ``nothing``; `sent_is_whole` is False where only the latest were counted.
    """

    peer: PeerView
    communities: int
    their_members: int
    our_members: int
    evidence: str
    received: tuple[Received, ...]
    sent: tuple[tuple[str, int], ...]
    sent_is_whole: bool
    waiting: int
    waiting_since: datetime | None
    failures: tuple[Failure, ...]
    refusals: tuple[RefusalView, ...]
    refusal_counts: tuple[RefusalCount, ...]
    history: tuple[AuditLine, ...]


async def dossier(here: Instance, host: str) -> Dossier | None:
    """Everything about one server; None where we never met it and never graded it."""
    host = policy.canonical(host)
    peer = await peers.peer(here, host)
    if peer is None:
        return None
    known = await here.db.row(
        "SELECT (SELECT count(*) FROM actor WHERE host = :host AND NOT is_local AND kind = 'Group') AS communities,"
        " (SELECT count(*) FROM actor WHERE host = :host AND NOT is_local AND CAST(implements AS TEXT)"
        " LIKE '%w3id.org/fep/1b12%') AS implementing,"
        " (SELECT count(*) FROM membership JOIN actor ON actor.id = membership.person_id"
        " WHERE actor.host = :host AND NOT actor.is_local AND membership.state = 'active') AS theirs,"
        " (SELECT count(*) FROM membership JOIN actor ON actor.id = membership.community_id"
        " WHERE actor.host = :host AND NOT actor.is_local AND membership.state = 'active') AS ours",
        host=host,
    )
    assert known is not None
    sent = await _sent(here, peer)
    waiting = [at for _, at, waits in sent if waits]
    kinds = Counter(kind for kind, _, waits in sent if not waits)
    return Dossier(
        peer=peer,
        communities=known["communities"],
        their_members=known["theirs"],
        our_members=known["ours"],
        evidence=_evidence(peer, known["implementing"], known["communities"]),
        received=tuple(await _received(here, host)),
        sent=tuple(kinds.most_common(20)),
        sent_is_whole=len(sent) < MOST,
        waiting=len(waiting),
        waiting_since=min(waiting, default=None),
        failures=tuple(await _failures(here, host)),
        refusals=tuple(await recent_refusals(here, host)),
        refusal_counts=tuple(await refusal_counts(here, host)),
        history=tuple(await audit.about(here, host)),
    )


def _evidence(peer: PeerView, implementing: int, communities: int) -> str:
    """In the order of `federation.outbox.audience.classify`."""
    if implementing:
        return "implements"
    if communities:
        return "communities"
    return "software" if peer.software in THREADIVERSE_SOFTWARE | MICROBLOG_SOFTWARE else "nothing"


async def _received(here: Instance, host: str) -> list[Received]:
    rows = await here.db.rows(
        "SELECT activity_type, count(*) AS times,"
        " sum(CASE WHEN outcome IN ('refused', 'gave_up') THEN 1 ELSE 0 END) AS refused FROM inbox_receipt"
        " WHERE host = :host AND received_at > :after GROUP BY activity_type"
        " ORDER BY count(*) DESC, activity_type LIMIT 20",
        host=host,
        after=here.clock.now() - KEPT,
    )
    return [Received(row["activity_type"], row["times"], int(row["refused"] or 0)) for row in rows]


async def _sent(here: Instance, peer: PeerView) -> list[tuple[str, datetime, bool]]:
    """The type, time and state (whether it waits) of the latest activities that were for a server."""
    rows = await here.db.rows(
        "SELECT seq, activity_id, created_at FROM outgoing WHERE created_at > :after"
        " AND (dialects = '' OR dialects LIKE :dialect)"
        " AND (CAST(inboxes AS TEXT) LIKE :inbox ESCAPE '!' OR followers_of IN"
        " (SELECT target.uri FROM follow JOIN actor target ON target.id = follow.target_id"
        " JOIN actor follower ON follower.id = follow.follower_id WHERE follower.host = :host"
        " AND NOT follower.is_local AND follow.state = 'accepted' AND follow.created_at <= outgoing.created_at))"
        " ORDER BY seq DESC LIMIT :most",
        after=here.clock.now() - KEPT,
        dialect=f"%{peer.dialect}%",
        inbox=f"%//{peer.host.replace('!', '!!').replace('%', '!%').replace('_', '!_')}/%",
        host=peer.host,
        most=MOST,
    )
    return [
        (
            _kind(here, row["activity_id"]),
            from_milliseconds(row["created_at"]),
            peer.cursor_seq < row["seq"],
        )
        for row in rows
    ]


def _kind(here: Instance, activity_id: str) -> str:
    """The type that the id of an activity of ours names."""
    word = activity_id.removeprefix(here.url("/ap/a/")).partition("/")[0]
    return _KINDS.get(word, word.title()) if word.isalpha() else ""


async def _failures(here: Instance, host: str) -> list[Failure]:
    rows = await here.db.rows(
        "SELECT delivery_receipt.at, delivery_receipt.state, delivery_receipt.detail, outgoing.activity_id"
        " FROM delivery_receipt LEFT JOIN outgoing ON outgoing.seq = delivery_receipt.seq"
        " WHERE delivery_receipt.host = :host AND delivery_receipt.state IN ('refused', 'unreachable')"
        " ORDER BY delivery_receipt.at DESC LIMIT 10",
        host=host,
    )
    return [
        Failure(
            at=from_milliseconds(row["at"]),
            state=row["state"],
            detail=row["detail"],
            activity=_kind(here, row["activity_id"] or ""),
        )
        for row in rows
    ]
