"""Who sends to which host: leases of hosts, and how far a host has got when its turn is over (R3, R6).

Many hosts are leased in one statement and settled in one transaction. A cursor moves only for whoever still has the
lease, and never past what was committed late.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from federation.outbox.retry import delay_seconds
from server.db import Row, from_milliseconds, to_milliseconds
from server.db.given import NUMBER, TEXT, given, rows_given
from server.fediverse import receipts
from server.instance import Instance

LEASE = timedelta(minutes=4)
TROUBLE_PAUSE = timedelta(seconds=30)
"""So long nothing is sent to a host after our own disk or database was full or away."""


@dataclass(slots=True)
class Turn:
    """One host that we may send to until `lease_until`, and what has come of it so far.

    `started` is the cursor at the beginning, `wanted` the goal; `reached` is how far everything is done. `is_probe`: it
    has failed before, so a single activity shows first whether it is back. `is_stopped`: our own disk or database did
    not let us go on, which says nothing about the host.
    """

    host: str
    started: int
    wanted: int
    attempts: int
    failing_since: int | None
    dialect: str
    scheme: str
    last_error: str
    lease_until: int
    reached: int = 0
    seen: set[int] = field(default_factory=set)
    has_sent: bool = False
    failure: tuple[str, float | None] | None = None
    is_stopped: bool = False
    note: str | None = None
    new_scheme: str | None = None
    noted: list[receipts.Noted] = field(default_factory=list)

    @property
    def is_probe(self) -> bool:
        """Whether it has failed the last time."""
        return self.failing_since is not None


async def take(here: Instance, most: int, most_probes: int) -> list[Turn]:
    """Lease hosts that wait for something: those that are well, and some of those whose next try is due."""
    now = here.clock.now()
    ready = await here.db.row(
        f"SELECT EXISTS (SELECT 1 FROM peer WHERE {_due(failing=False)}) AS well,"
        f" EXISTS (SELECT 1 FROM peer WHERE {_due(failing=True)}) AS failing",
        now=now,
    )
    found: list[Row] = []
    for failing, limit in ((False, most), (True, most_probes)):
        if ready is not None and limit > 0 and ready["failing" if failing else "well"]:
            found += await _lease(here, limit, failing=failing)
    return [_turn(row) for row in found]


def _due(*, failing: bool) -> str:
    return (
        "wanted_seq > cursor_seq AND NOT paused AND (next_try_at IS NULL OR next_try_at <= :now)"
        f" AND (lease_until IS NULL OR lease_until < :now) AND failing_since IS {'NOT ' if failing else ''}NULL"
    )


async def _lease(here: Instance, limit: int, *, failing: bool) -> list[Row]:
    skip = " FOR UPDATE SKIP LOCKED" if here.db.dialect == "postgres" else ""
    now = here.clock.now()
    return await here.db.rows(
        "UPDATE peer SET lease_until = :until, leased_by = :holder WHERE host IN"
        f" (SELECT host FROM peer WHERE {_due(failing=failing)} ORDER BY cursor_seq, host LIMIT :limit{skip})"
        " RETURNING host, cursor_seq, wanted_seq, attempts, failing_since, dialect, signature_scheme, last_error,"
        " lease_until",
        until=now + LEASE,
        holder=here.db.holder,
        now=now,
        limit=limit,
    )


def _turn(row: Row) -> Turn:
    return Turn(
        host=row["host"],
        started=row["cursor_seq"],
        wanted=row["wanted_seq"],
        attempts=row["attempts"],
        failing_since=row["failing_since"],
        dialect=row["dialect"],
        scheme=row["signature_scheme"] or "",
        last_error=row["last_error"] or "",
        lease_until=row["lease_until"],
        reached=row["cursor_seq"],
    )


async def still_ours(here: Instance, turn: Turn) -> bool:
    """Whether this worker may go on with the host: nobody else has it, and nobody paused, dropped or blocked it.

    The lease is renewed in time.
    """
    now = here.clock.now()
    if from_milliseconds(turn.lease_until) - now > LEASE / 2:
        return bool(
            await here.db.value(
                "SELECT 1 AS ours FROM peer WHERE host = :host AND lease_until = :ours AND cursor_seq <= :started"
                " AND NOT paused",
                host=turn.host,
                ours=turn.lease_until,
                started=turn.started,
            )
        )
    until = to_milliseconds(now + LEASE)
    renewed = await here.db.execute(
        "UPDATE peer SET lease_until = :until WHERE host = :host AND lease_until = :ours AND NOT paused",
        until=until,
        host=turn.host,
        ours=turn.lease_until,
    )
    if renewed:
        turn.lease_until = until
    return bool(renewed)


async def settle(here: Instance, turns: Sequence[Turn]) -> None:
    """Note how far these hosts have got, and let go of them, in one transaction.

    Where the lease is lost nothing moves; a cursor that was moved back meanwhile stays where it is.
    """
    async with here.db.transaction():
        if here.db.dialect == "postgres":
            # Whoever spreads an activity that was committed late changes these rows: we see it, or they see us.
            await here.db.rows(
                f"SELECT peer.host FROM peer JOIN {given(here.db.dialect, host=TEXT)} ON given.host = peer.host"
                " ORDER BY peer.host FOR UPDATE OF peer",
                given=rows_given({"host": turn.host} for turn in turns),
            )
        late = await _committed_late(here, turns)
        await here.db.execute(
            "UPDATE peer SET cursor_seq = CASE WHEN peer.cursor_seq = given.started AND given.reached > peer.cursor_seq"
            " THEN given.reached ELSE peer.cursor_seq END,"
            " lease_until = NULL, leased_by = NULL, attempts = given.attempts, next_try_at = given.next_try_at,"
            " failing_since = given.failing_since, last_success_at = COALESCE(given.success_at, peer.last_success_at),"
            " last_error = COALESCE(given.error, peer.last_error),"
            " signature_scheme = COALESCE(given.scheme, peer.signature_scheme) FROM "
            + given(
                here.db.dialect,
                host=TEXT,
                started=NUMBER,
                reached=NUMBER,
                ours=NUMBER,
                attempts=NUMBER,
                next_try_at=NUMBER,
                failing_since=NUMBER,
                success_at=NUMBER,
                error=TEXT,
                scheme=TEXT,
            )
            + " WHERE peer.host = given.host AND peer.lease_until = given.ours",
            given=rows_given(_settled(here, turn, late.get((turn.started, turn.reached), set())) for turn in turns),
        )
        await receipts.note_all(here, [noted for turn in turns for noted in turn.noted])


async def _committed_late(here: Instance, turns: Iterable[Turn]) -> dict[tuple[int, int], set[int]]:
    """By the way that hosts went: all numbers on it, as they are now."""
    found: dict[tuple[int, int], set[int]] = {}
    for turn in turns:
        way = (turn.started, turn.reached)
        if way in found or turn.reached <= turn.started:
            continue
        rows = await here.db.rows(
            "SELECT seq FROM outgoing WHERE seq > :started AND seq <= :reached ORDER BY seq LIMIT 10000",
            started=turn.started,
            reached=turn.reached,
        )
        found[way] = {row["seq"] for row in rows}
    return found


def _settled(here: Instance, turn: Turn, on_the_way: set[int]) -> dict[str, object]:
    """What is written down of one host."""
    now = here.clock.now()
    late = min(on_the_way - turn.seen, default=None)
    reached = turn.reached if late is None else min(turn.reached, late - 1)
    row: dict[str, object] = {
        "host": turn.host,
        "started": turn.started,
        "reached": reached,
        "ours": turn.lease_until,
        "attempts": 0,
        "next_try_at": None,
        "failing_since": None,
        "success_at": to_milliseconds(now) if turn.has_sent else None,
        "error": turn.note,
        "scheme": turn.new_scheme,
    }
    if turn.failure is not None:
        detail, wish = turn.failure
        # What it took a moment ago does not count against it any more.
        attempts = (0 if turn.has_sent else turn.attempts) + 1
        pause = max(delay_seconds(attempts, seed=turn.host), wish or 0)
        row["attempts"] = attempts
        row["next_try_at"] = to_milliseconds(now + timedelta(seconds=pause))
        row["failing_since"] = (None if turn.has_sent else turn.failing_since) or to_milliseconds(now)
        row["error"] = detail[:500]
    elif turn.is_stopped:
        row["next_try_at"] = to_milliseconds(now + TROUBLE_PAUSE)
        if not turn.has_sent:
            row["attempts"], row["failing_since"] = turn.attempts, turn.failing_since
    elif turn.is_probe and not turn.has_sent and reached < turn.wanted:
        # Nothing was for it so far, so nothing is known: it is asked with what comes next.
        row["attempts"], row["failing_since"] = turn.attempts, turn.failing_since
    return row
