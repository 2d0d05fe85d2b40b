"""Receipts: what became of every deletion at every server, and of whatever else a server did not take (S27).

A deletion has a row per server from the moment it is spread. Of anything else only failures are written down, so that
publishing stays one row however many servers follow.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from server.db import Row
from server.instance import Instance

WAITING, ACCEPTED, REFUSED, UNREACHABLE, WITHHELD = "waiting", "accepted", "refused", "unreachable", "withheld"
KEEP = timedelta(days=90)
AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class ServerAnswer:
    """What one server said to a deletion, and when. `state` is that of `DeliveryReceipt`."""

    host: str
    state: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class DeletionState:
    """How far a deletion has got: all servers that were to be asked, by host."""

    servers: tuple[ServerAnswer, ...] = ()

    def hosts(self, state: str) -> tuple[str, ...]:
        """The servers in one state."""
        return tuple(server.host for server in self.servers if server.state == state)

    @property
    def total(self) -> int:
        """How many servers are asked."""
        return len(self.servers)

    @property
    def confirmed(self) -> int:
        """How many took the request."""
        return len(self.hosts(ACCEPTED))

    @property
    def is_settled(self) -> bool:
        """Whether no server's answer is still to come."""
        return not self.hosts(WAITING)


async def expect(here: Instance, outgoing: Row, hosts: Iterable[str]) -> None:
    """Open a receipt for each server that a deletion goes to, in the transaction that spreads it."""
    wanted = list(hosts)
    for start in range(0, len(wanted), AT_ONCE):
        part = {f"host{number}": host for number, host in enumerate(wanted[start : start + AT_ONCE])}
        rows = ", ".join(f"(:seq, :{name}, :subject, 'waiting', '', :now)" for name in part)
        await here.db.execute(
            "INSERT INTO delivery_receipt (seq, host, subject, state, detail, at)"
            f" VALUES {rows} ON CONFLICT (seq, host) DO NOTHING",
            seq=outgoing["seq"],
            subject=outgoing["subject"],
            now=here.clock.now(),
            **part,
        )


async def note(here: Instance, outgoing: Row, host: str, state: str, detail: str = "") -> None:
    """Write down what became of an activity at a server; success is worth a row only for a deletion."""
    if state == ACCEPTED and outgoing["subject"] is None:
        return
    await here.db.execute(
        "INSERT INTO delivery_receipt (seq, host, subject, state, detail, at)"
        " VALUES (:seq, :host, :subject, :state, :detail, :now)"
        " ON CONFLICT (seq, host) DO UPDATE SET state = :state, detail = :detail, at = :now",
        seq=outgoing["seq"],
        host=host,
        subject=outgoing["subject"],
        state=state,
        detail=detail[:500],
        now=here.clock.now(),
    )


async def not_for(here: Instance, outgoing: Row, host: str) -> None:
    """The activity turned out not to concern this server."""
    if outgoing["subject"] is not None:
        await here.db.execute(
            "DELETE FROM delivery_receipt WHERE seq = :seq AND host = :host AND state = 'waiting'",
            seq=outgoing["seq"],
            host=host,
        )


async def withhold(here: Instance, host: str, until: int) -> None:
    """Nothing is sent to this server any more: what it was to be asked is not said."""
    await here.db.execute(
        "UPDATE delivery_receipt SET state = 'withheld', at = :now"
        " WHERE host = :host AND seq <= :until AND state = 'waiting'",
        host=host,
        until=until,
        now=here.clock.now(),
    )


async def expire(here: Instance) -> None:
    """Whoever has not been reached when an activity's time is over was unreachable; old receipts are forgotten.

    Those of accounts stay until the report about them has been sent.
    """
    now = here.clock.now()
    await here.db.execute(
        "UPDATE delivery_receipt SET state = 'unreachable', at = :now WHERE state = 'waiting'"
        " AND seq IN (SELECT seq FROM outgoing WHERE expires_at < :now)",
        now=now,
    )
    await here.db.execute(
        "DELETE FROM delivery_receipt WHERE at < :before AND state <> 'waiting' AND (subject IS NULL OR subject NOT IN"
        " (SELECT uri FROM erasure WHERE requested_at > :before OR reported_at IS NULL))",
        before=now - KEEP,
    )


async def states(here: Instance, subjects: Sequence[str]) -> dict[str, DeletionState]:
    """The states of some deletions, in one query. A server that was asked in several ways counts once."""
    if not subjects:
        return {}
    named = {f"subject{number}": subject for number, subject in enumerate(dict.fromkeys(subjects))}
    rows = await here.db.rows(
        "SELECT subject, host, state, detail FROM delivery_receipt"
        f" WHERE subject IN ({', '.join(':' + name for name in named)}) ORDER BY host, seq",
        **named,
    )
    found: dict[str, dict[str, ServerAnswer]] = {}
    for row in rows:
        servers = found.setdefault(row["subject"], {})
        answer = ServerAnswer(row["host"], row["state"], row["detail"])
        servers[answer.host] = _together(servers.get(answer.host), answer)
    return {subject: DeletionState(tuple(servers.values())) for subject, servers in found.items()}


_WEIGHT = {WAITING: 4, ACCEPTED: 3, REFUSED: 2, UNREACHABLE: 1, WITHHELD: 0}


def _together(first: ServerAnswer | None, second: ServerAnswer) -> ServerAnswer:
    """One of several requests may suit a server better than another; while one is under way nothing is settled."""
    return second if first is None or _WEIGHT[second.state] > _WEIGHT[first.state] else first
