"""Many receipts in one transaction: what comes while one is written to disk is written together after it.

The disk takes as long for a hundred receipts as for one, so that a server under load answers many times as much. The
first receipt of a quiet time is written at once, and nobody is told 202 before their own is on disk (R1). What waits is
bounded, all together and for each site, so that a flood fills its own share and the others are taken in beside it
(R5, R11).
"""

import asyncio
import logging
import sqlite3
from collections import Counter, OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from asyncpg import InterfaceError, PostgresError
from tortoise.exceptions import BaseORMException

from federation.errors import Crowded, InvalidDocument, TryLater
from federation.ports import Receipt
from federation.vocab.base import host_of, site_of
from server.db import insert_many
from server.instance import Instance

log = logging.getLogger("peerhall.inbox")

AT_ONCE = 100
"""Receipts in one transaction: beyond that, the disk is a small part of what each costs."""
AT_ONCE_BYTES = 4 * 1024 * 1024
MAX_WAITING = 1_000
"""Receipts in memory that wait to be written: less than a second's work."""
MAX_WAITING_BYTES = 32 * 1024 * 1024
MAX_UNPROCESSED = 100_000
"""Receipts on disk that wait to be processed: some minutes' work, after which a sender may as well keep its own."""
MAX_UNPROCESSED_LETTERS = 512 * 1024 * 1024
SHARE = 4
"""One site may have a fourth of the waiting room,"""
SHARE_UNPROCESSED = 10
"""and a tenth of what waits on disk, where a flood would lie for longer."""
RECOUNT = timedelta(seconds=1)
MAX_SITES = 10_000
MAX_FAILURES = 2
"""After so many that cannot be written even alone, the others of a batch are not tried: it is the database."""
MAX_ID = 500
MAX_HOST = 255
MAX_TYPE = 40

TROUBLE = (BaseORMException, PostgresError, InterfaceError, sqlite3.Error, OSError)
"""What a database raises that is full, locked or away."""

_LATER = "So much waits here that more cannot be taken now."
_TROUBLE = "It cannot be written down at the moment."


@dataclass(slots=True, eq=False)
class _Waiting:
    """A receipt that waits. `signal` says that it is `settled`, or that its request is the one to write now.

    `is_new` is None where it could not be written.
    """

    receipt: Receipt
    site: str
    size: int
    signal: asyncio.Future[None]
    settled: bool = False
    is_new: bool | None = None


@dataclass(slots=True)
class _Pile:
    """What waits on disk, as last counted, with what was added since; what was processed since is still in it."""

    receipts: int = 0
    letters: int = 0
    counted_at: datetime | None = None

    def is_over(self, share: int) -> bool:
        return self.receipts * share >= MAX_UNPROCESSED or self.letters * share >= MAX_UNPROCESSED_LETTERS


class Committer:
    """Writes receipts for everybody who waits in `store`: one of those who wait writes for all, then the next one."""

    def __init__(self, here: Instance) -> None:
        """Write for this instance. Nothing runs while nothing waits."""
        self._here = here
        self._waiting: deque[_Waiting] = deque()
        self._bytes: Counter[str] = Counter()
        self._receipts: Counter[str] = Counter()
        self._writer: _Waiting | None = None
        self._whole = _Pile()
        self._piles: OrderedDict[str, _Pile] = OrderedDict()

    async def store(self, receipt: Receipt) -> bool:
        """Put it on disk, together with what comes at the same time. False where its id was known.

        Raises Crowded, TryLater and InvalidDocument, as `federation.ports.Receipts` says.
        """
        host = host_of(receipt.signer)
        if max(len(receipt.activity_id), len(receipt.actor), len(receipt.signer)) > MAX_ID or len(host) > MAX_HOST:
            raise InvalidDocument("An id is too long.", "too-large")
        site, size = site_of(host), len(receipt.body)
        self._check_room(site, size)
        await self._check_piles(site)
        waiting = _Waiting(receipt, site, size, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        for name in ("", site):
            self._receipts[name] += 1
            self._bytes[name] += size
        if self._writer is None:
            self._writer = waiting
        try:
            if self._writer is not waiting:
                await waiting.signal
            while not waiting.settled:
                await self._write_some()
        finally:
            waiting.signal.cancel()  # where it is not settled, nobody waits for it any more
            if self._writer is waiting:
                self._hand_over()
        if waiting.is_new is None:
            raise TryLater(_TROUBLE)
        return waiting.is_new

    def _hand_over(self) -> None:
        """Let the next one write who still waits; what nobody waits for any more is not written."""
        self._writer = next((each for each in self._waiting if not each.signal.done()), None)
        if self._writer is not None:
            self._writer.signal.set_result(None)
        else:
            self._settle(self._waiting)
            self._waiting.clear()

    def _check_room(self, site: str, size: int) -> None:
        if self._receipts[""] >= MAX_WAITING or self._bytes[""] + size > MAX_WAITING_BYTES:
            raise TryLater(_LATER)
        if self._receipts[site] * SHARE >= MAX_WAITING or self._bytes[site] * SHARE >= MAX_WAITING_BYTES:
            raise Crowded("Too much of this server waits to be written down.")

    async def _check_piles(self, site: str) -> None:
        pile = self._piles.setdefault(site, _Pile())
        self._piles.move_to_end(site)
        if len(self._piles) > MAX_SITES:
            self._piles.popitem(last=False)
        if pile.is_over(SHARE_UNPROCESSED) and await self._still(pile, site, SHARE_UNPROCESSED):
            raise Crowded("Too much of this server waits to be processed.")
        if self._whole.is_over(1) and await self._still(self._whole, None, 1):
            raise TryLater(_LATER)

    async def _still(self, pile: _Pile, site: str | None, share: int) -> bool:
        """Whether so much waits, counted anew unless that was done within the second."""
        now = self._here.clock.now()
        if pile.counted_at is None or now - pile.counted_at >= RECOUNT:
            await self._count(pile, site)
        return pile.is_over(share)

    async def _count(self, pile: _Pile, site: str | None) -> None:
        pile.counted_at = self._here.clock.now()
        of = "AND (host = :site OR host LIKE :ports OR host LIKE :inside)" if site else ""
        row = await self._here.db.row(
            "SELECT count(*) AS receipts, COALESCE(sum(length(body)), 0) AS letters FROM"
            f" (SELECT body FROM inbox_receipt WHERE outcome IS NULL {of} LIMIT :most) AS waiting",
            most=MAX_UNPROCESSED,
            **({"site": site, "ports": f"{site}:%", "inside": f"%.{site}"} if site else {}),
        )
        assert row is not None
        pile.receipts, pile.letters = row["receipts"], int(row["letters"])

    async def _write_some(self) -> None:
        if self._whole.counted_at is None:
            await self._count(self._whole, None)
        batch = self._next()
        try:
            await self._write(batch)
        finally:
            self._settle(batch)

    def _next(self) -> list[_Waiting]:
        batch, size = [self._waiting.popleft()], 0
        while self._waiting and len(batch) < AT_ONCE and size < AT_ONCE_BYTES:
            batch.append(self._waiting.popleft())
            size += batch[-1].size
        return batch

    def _settle(self, batch: Iterable[_Waiting]) -> None:
        for waiting in batch:
            waiting.settled = True
            if not waiting.signal.done():
                waiting.signal.set_result(None)
            for name in ("", waiting.site):
                self._receipts[name] -= 1
                self._bytes[name] -= waiting.size
                if not self._receipts[name]:
                    del self._receipts[name], self._bytes[name]

    async def _write(self, batch: list[_Waiting]) -> None:
        """Write a batch, one by one where it cannot be written together."""
        try:
            await self._insert(batch)
        except TROUBLE as error:
            log.warning("%s could not write %s receipts: %s", self._here.settings.domain, len(batch), error)
            failures = 0
            for waiting in batch if len(batch) > 1 else ():
                try:
                    await self._insert([waiting])
                except TROUBLE as again:
                    failures += 1
                    log.warning("nor %s alone: %s", waiting.receipt.activity_id, again)
                    if failures >= MAX_FAILURES:
                        return

    async def _insert(self, batch: list[_Waiting]) -> None:
        """One statement, which is one transaction. Of two with one id the first is taken."""
        rows = [row_of(waiting.receipt, waiting.receipt.activity_id) for waiting in batch]
        found = await insert_many(
            self._here.db,
            "inbox_receipt",
            rows,
            conflict="ON CONFLICT (activity_id) DO NOTHING",
            returning="activity_id",
        )
        new = {row["activity_id"] for row in found}
        for waiting in batch:
            waiting.is_new = waiting.receipt.activity_id in new
            new.discard(waiting.receipt.activity_id)
            if waiting.is_new:
                for pile in (self._whole, self._piles.get(waiting.site)):
                    if pile is not None:
                        pile.receipts += 1
                        pile.letters += waiting.size


def row_of(receipt: Receipt, activity_id: str) -> dict[str, object]:
    """A receipt as it is stored."""
    return {
        "activity_id": activity_id,
        "activity_type": receipt.activity_type[:MAX_TYPE],
        "actor": receipt.actor,
        "signer": receipt.signer,
        "proven": receipt.proven,
        "host": host_of(receipt.signer),
        "body": receipt.body.decode("utf-8"),
        "received_at": receipt.received_at,
        "attempts": 0,
        "let_in": False,
    }
