"""Gives back at once what processes had leased that died, and what a clock that ran ahead put off (R1, R10, R12).

On SQLite one process runs: at its start nobody else has anything. On PostgreSQL whoever works looks every two seconds
who of the others lives, and after three in which somebody does not, leases of theirs are over
(docs/adr/0017-leases.md).
"""

from collections.abc import Sequence
from datetime import timedelta
from time import monotonic

from federation.outbox.retry import LONGEST_DELAY_SECONDS, LONGEST_WISH_SECONDS
from server.db import to_milliseconds
from server.db.holding import LEASED, LIVING
from server.fediverse import claims, inbox, leases
from server.instance import Instance

LOOK_SECONDS = 2.0
GONE_SECONDS = 3.0
"""So long a process may be without its connection before others take over from it."""
SWEEP_SECONDS = 60.0
SUSPECT_PAUSE = timedelta(minutes=1)
"""So long what was in hand more than once when a process died keeps its host waiting: there is a server meanwhile."""
MARGIN = timedelta(minutes=1)
"""So far may the clocks of several machines lie apart."""
SHORT_TRIES = 9
"""From the ninth failure in a row on, a host may be left alone for longer than it may wish itself."""

_HELD = (
    "SELECT DISTINCT leased_by AS number FROM ("
    + " UNION ALL ".join(f"SELECT leased_by FROM {table} WHERE {is_leased}" for table, is_leased in LEASED.items())
    + f") AS held WHERE leased_by IS NOT NULL AND leased_by NOT IN ({LIVING}) ORDER BY leased_by LIMIT 1000"
)
"""Who has leases and does not live. A number that is free is never taken again, so that this stays true."""


class Recovery:
    """What one process knows of the others that lease: when each of them was seen to live."""

    def __init__(self, here: Instance) -> None:
        """Look after this instance."""
        self._here = here
        self._seen: dict[int, float] = {}
        self._look_at = 0.0
        self._search_at = self._sweep_at = monotonic() + GONE_SECONDS

    async def step(self) -> bool:
        """A source of the worker: look, if it is time. There is never more of it to do."""
        here, now = self._here, monotonic()
        if here.db.holder is None or now < self._look_at:
            # Nobody would see that we live, so neither do we judge others.
            return False
        self._look_at = now + LOOK_SECONDS
        if here.db.dialect == "postgres":
            await self._look(now)
        if now >= self._sweep_at:
            self._sweep_at = now + SWEEP_SECONDS
            await put_right(here)
        return False

    async def _look(self, now: float) -> None:
        here = self._here
        self._seen |= {row["number"]: now for row in await here.db.rows(f"{LIVING} ORDER BY objid LIMIT 10000")}
        lately = {number: at for number, at in self._seen.items() if now - at <= GONE_SECONDS}
        if len(lately) == len(self._seen) and now < self._search_at:
            return
        dead = [row["number"] for row in await here.db.rows(_HELD) if row["number"] not in lately]
        if dead:
            await give_back(here, dead)
        self._seen, self._search_at = lately, now + SWEEP_SECONDS


async def give_back(here: Instance, holders: Sequence[int] | None = None) -> None:
    """End the leases of these processes, which are dead; None: of everybody, for nobody else lives."""
    theirs = "" if holders is None else f" AND leased_by IN ({', '.join(str(int(number)) for number in holders)})"
    later = to_milliseconds(here.clock.now() + SUSPECT_PAUSE)
    # The name stays where what they had in hand is counted when somebody else begins with it.
    counted = f"lease_until = CASE WHEN crashes < {inbox.SUSPECT} THEN 0 ELSE {later} END"
    found = 0
    for table, is_leased in LEASED.items():
        over = "lease_until = NULL, leased_by = NULL" if table == "peer" else counted
        found += await here.db.execute(f"UPDATE {table} SET {over} WHERE {is_leased}{theirs}")
    if found:
        here.log.info("%d pieces of work of a process that died go on", found)
        here.worker.wake()


async def put_right(here: Instance) -> None:
    """Let nothing wait for longer than anything may: a clock that ran ahead wrote it down.

    Leases of processes that live are theirs, whatever the time is.
    """
    now = here.clock.now()
    day, longest = timedelta(seconds=LONGEST_WISH_SECONDS), timedelta(seconds=LONGEST_DELAY_SECONDS)
    retry = timedelta(seconds=inbox.FIRST_RETRY_SECONDS * inbox.RETRY_GROWTH ** (inbox.MAX_ATTEMPTS - 2))
    found = await here.db.execute(
        "UPDATE inbox_receipt SET"
        " lease_until = CASE WHEN leased_by IS NULL AND lease_until > :lease THEN 0 ELSE lease_until END,"
        " next_try_at = CASE WHEN next_try_at > :retry THEN :now ELSE next_try_at END"
        " WHERE outcome IS NULL AND (leased_by IS NULL AND lease_until > :lease OR next_try_at > :retry)",
        lease=now + claims.LEASE + MARGIN,
        retry=now + retry + MARGIN,
        now=now,
    )
    # A lease is compared letter by letter before anything is sent under it: whoever lives stops.
    found += await here.db.execute(
        "UPDATE peer SET lease_until = NULL, leased_by = NULL WHERE lease_until > :lease",
        lease=now + leases.LEASE + MARGIN,
    )
    found += await here.db.execute(
        "UPDATE peer SET next_try_at = :now WHERE next_try_at > :day"
        f" AND (attempts < {SHORT_TRIES} OR next_try_at > :longest)",
        day=now + day + MARGIN,
        longest=now + longest + MARGIN,
        now=now,
    )
    found += await here.jobs.put_right(MARGIN)
    if found:
        here.log.warning("%d pieces of work waited for a time that our clock was wrong about", found)
        here.worker.wake()
