"""Receipts: what became of every deletion at every server, and of whatever else a server did not take (S27).

A deletion has a row per server from the moment it is spread. Of anything else only failures are written down, so that
publishing stays one row however many servers follow.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.db import Row, from_milliseconds
from server.db.given import NUMBER, TEXT, given, hosts_given, rows_given
from server.instance import Instance

WAITING, ACCEPTED, REFUSED, UNREACHABLE, WITHHELD = "waiting", "accepted", "refused", "unreachable", "withheld"
KEEP = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class ServerAnswer:
    """What one server said to a deletion, and when. `state` is that of `DeliveryReceipt`.

    While it is waited for: `until` is when it is not asked any more, `next_try_at` when it is asked again after it
    could not be reached.
    """

    host: str
    state: str
    detail: str = ""
    until: datetime | None = None
    next_try_at: datetime | None = None


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
    def tried_until(self) -> datetime | None:
        """When the last of those that are waited for is not asked any more."""
        return max((server.until for server in self.servers if server.until is not None), default=None)

    @property
    def is_retried(self) -> bool:
        """Whether somebody could not be reached, and is asked again."""
        return any(server.next_try_at is not None for server in self.servers)

    @property
    def is_settled(self) -> bool:
        """Whether no server's answer is still to come."""
        return not self.hosts(WAITING)


@dataclass(frozen=True, slots=True)
class Noted:
    """What became of one activity at one server; without a `state` it turned out not to concern it."""

    seq: int
    host: str
    subject: str | None
    state: str = ""
    detail: str = ""


async def expect(here: Instance, outgoing: Row, hosts: Iterable[str]) -> None:
    """Open a receipt for each server that a deletion goes to, in the transaction that spreads it."""
    await here.db.execute(
        "INSERT INTO delivery_receipt (seq, host, subject, state, detail, at)"
        " SELECT CAST(:seq AS BIGINT), host, CAST(:subject AS TEXT), 'waiting', '', CAST(:now AS BIGINT)"
        f" FROM {given(here.db.dialect, host=TEXT)} WHERE TRUE ON CONFLICT (seq, host) DO NOTHING",
        seq=outgoing["seq"],
        subject=outgoing["subject"],
        now=here.clock.now(),
        given=hosts_given(hosts),
    )


async def note_all(here: Instance, noted: Sequence[Noted]) -> None:
    """Write down what became of activities at servers; success is worth a row only for a deletion."""
    told = [each for each in noted if each.state and not (each.state == ACCEPTED and each.subject is None)]
    if told:
        columns = {"seq": NUMBER, "host": TEXT, "subject": TEXT, "state": TEXT, "detail": TEXT}
        await here.db.execute(
            "INSERT INTO delivery_receipt (seq, host, subject, state, detail, at)"
            " SELECT seq, host, subject, state, detail, CAST(:now AS BIGINT)"
            f" FROM {given(here.db.dialect, **columns)} WHERE TRUE ORDER BY seq, host ON CONFLICT (seq, host) DO UPDATE"
            " SET state = excluded.state, detail = excluded.detail, at = excluded.at",
            now=here.clock.now(),
            given=rows_given(
                {
                    "seq": each.seq,
                    "host": each.host,
                    "subject": each.subject,
                    "state": each.state,
                    "detail": each.detail[:500],
                }
                for each in {(each.seq, each.host): each for each in told}.values()
            ),
        )
    not_for = [each for each in noted if not each.state and each.subject is not None]
    if not_for:
        await here.db.execute(
            "DELETE FROM delivery_receipt WHERE state = 'waiting' AND EXISTS (SELECT 1 FROM "
            + given(here.db.dialect, seq=NUMBER, host=TEXT)
            + " WHERE given.seq = delivery_receipt.seq AND given.host = delivery_receipt.host)",
            given=rows_given({"seq": each.seq, "host": each.host} for each in not_for),
        )


async def withhold(here: Instance, hosts: Iterable[str], until: int) -> None:
    """Nothing is sent to these servers any more: what they were to be asked is not said."""
    await here.db.execute(
        "UPDATE delivery_receipt SET state = 'withheld', at = :now WHERE seq <= :until AND state = 'waiting'"
        f" AND host IN (SELECT host FROM {given(here.db.dialect, host=TEXT)})",
        until=until,
        now=here.clock.now(),
        given=hosts_given(hosts),
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
        "SELECT receipt.subject, receipt.host, receipt.state, receipt.detail, outgoing.expires_at,"
        " CASE WHEN peer.failing_since IS NULL THEN NULL ELSE peer.next_try_at END AS next_try_at"
        " FROM delivery_receipt AS receipt"
        " LEFT JOIN outgoing ON outgoing.seq = receipt.seq AND receipt.state = 'waiting'"
        " LEFT JOIN peer ON peer.host = receipt.host AND receipt.state = 'waiting'"
        f" WHERE receipt.subject IN ({', '.join(':' + name for name in named)}) ORDER BY receipt.host, receipt.seq",
        **named,
    )
    found: dict[str, dict[str, ServerAnswer]] = {}
    for row in rows:
        servers = found.setdefault(row["subject"], {})
        answer = ServerAnswer(
            row["host"], row["state"], row["detail"], _moment(row["expires_at"]), _moment(row["next_try_at"])
        )
        servers[answer.host] = _together(servers.get(answer.host), answer)
    return {subject: DeletionState(tuple(servers.values())) for subject, servers in found.items()}


_WEIGHT = {WAITING: 4, ACCEPTED: 3, REFUSED: 2, UNREACHABLE: 1, WITHHELD: 0}


def _together(first: ServerAnswer | None, second: ServerAnswer) -> ServerAnswer:
    """One of several requests may suit a server better than another; while one is under way nothing is settled."""
    return second if first is None or _WEIGHT[second.state] > _WEIGHT[first.state] else first


def _moment(number: int | None) -> datetime | None:
    return None if number is None else from_milliseconds(number)
