"""The durable inbox: receipts are on disk before they are acknowledged, then processed in order."""

import asyncio
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from federation.errors import (
    BudgetExceeded,
    FederationError,
    Forbidden,
    Held,
    Ignored,
    InvalidDocument,
    TryLater,
    Unauthenticated,
    Unreachable,
    word_of,
)
from federation.inbox.dispatch import VerifiedActivity
from federation.ports import Receipt, Refusal
from federation.vocab.base import host_of
from server.actors import synchronising
from server.db import Row, among, from_milliseconds
from server.errors import Refused
from server.fediverse import claims, refusals
from server.fediverse.committing import Committer
from server.fediverse.turns import claim, turns
from server.instance import Instance
from server.trouble import trouble_of

log = logging.getLogger("peerhall.inbox")

TROUBLE_PAUSE = timedelta(seconds=30)
AT_ONCE = 32
"""Receipts that are claimed at once: beyond that, what a statement costs is a small part of what each costs."""
IN_COMPANY = 8
"""So many while several sites send: while a transaction lasts, what others deliver waits to be written down (R5)."""
BREATH = 4
"""After so many that are only read and judged, requests get their turn."""
FIRST_RETRY_SECONDS = 15
RETRY_GROWTH = 4
MAX_ATTEMPTS = 8
SUSPECT = 2
"""What was in hand so often when a process died is processed alone: that shows whether it is what ends them."""
MAX_CRASHES = 5
ASIDE_SECONDS = 0.25
"""So long one activity is waited for before others are begun beside it."""
KEEP = timedelta(days=8)
"""Ids stay known for longer than any server retries, so that the same activity never has a second effect."""

KEEP_HELD = timedelta(days=30)

TOGETHER = "fediverse.together"
"""Where the posts put what processes several Creates in one transaction (`Together`) into `here.caches`."""

Together = Callable[
    [Instance, Sequence[VerifiedActivity], Callable[[Sequence[int]], Awaitable[None]]], Awaitable[set[int]]
]
"""Does what it can of some activities and calls back with their places, in one transaction; returns these places."""

FINAL: tuple[type[Exception], ...] = (Forbidden, InvalidDocument, Unauthenticated, BudgetExceeded, Refused)


class ServerReceipts:
    """`federation.ports.Receipts` over the table `inbox_receipt`."""

    def __init__(self, here: Instance) -> None:
        """Store for this instance."""
        self._here = here
        self._committer = Committer(here)

    async def store(self, receipt: Receipt) -> bool:
        """Insert it, durably, together with what comes at the same time. False where it was accepted before."""
        here = self._here
        stored = await self._committer.store(receipt)
        if not stored and receipt.activity_type == "Update":
            stored = await self._store_another(receipt)
        if stored and receipt.synchronization is not None:
            await synchronising.heard(here, receipt.signer, receipt.synchronization)
        here.worker.wake("inbox")
        return stored

    async def was_done(self, activity_id: str) -> bool:
        """Whether it came before, and had its effect."""
        outcome = await self._here.db.value(
            "SELECT outcome FROM inbox_receipt WHERE activity_id = :id", id=activity_id[:500]
        )
        return bool(outcome == "done")

    async def done(self, receipt: Receipt) -> None:
        """Keep the id of what somebody passed on; what it said is with what it did."""
        await self._here.db.execute(
            "INSERT INTO inbox_receipt (activity_id, activity_type, actor, signer, proven, host, body, received_at,"
            " attempts, let_in, outcome, processed_at)"
            " VALUES (:activity_id, :type, :actor, :signer, :proven, :host, '', :at, 0, FALSE, 'done', :now)"
            " ON CONFLICT (activity_id) DO NOTHING",
            activity_id=receipt.activity_id[:500],
            type=receipt.activity_type[:40],
            actor=receipt.actor[:500],
            signer=receipt.signer[:500],
            proven=receipt.proven,
            host=host_of(receipt.actor),
            at=receipt.received_at,
            now=self._here.clock.now(),
        )

    async def _store_another(self, receipt: Receipt) -> bool:
        """An Update whose id came before: another one where it says something else, for not all number theirs (S3).

        GoToSocial gives every edit of a post, and every new count of a poll, the same id.
        """
        body = await self._here.db.value(
            "SELECT body FROM inbox_receipt WHERE activity_id = :id", id=receipt.activity_id
        )
        if body is None or body == receipt.body.decode("utf-8"):
            return False
        digest = hashlib.sha256(receipt.body).hexdigest()
        return await self._committer.store(replace(receipt, activity_id=f"{receipt.activity_id[:400]}#body-{digest}"))


async def step(here: Instance) -> bool:
    """Process receipts that are due, of the hosts whose turn it is. Returns whether there were any.

    What can be done together is done in one transaction; then each host goes on with the rest, one after the other.
    """
    now, taking = here.clock.now(), turns(here)
    rows = await claim(here, now + claims.LEASE, most=IN_COMPANY if taking.has_company(now) else AT_ONCE)
    if not rows:
        return False
    taking.note((row["host"] for row in rows), now)
    suspect = next((row for row in rows if row["crashes"] >= SUSPECT), None)
    if suspect is not None:
        first = next(row for row in rows if row["host"] == suspect["host"])
        await _alone(here, first, [row for row in rows if row is not first])
        return True
    under_way = turns(here).under_way
    waiting: dict[str, list[Row]] = {}
    for row in rows:
        waiting.setdefault(row["host"], []).append(row)
    under_way.update(waiting)
    try:
        await _take_together(here, waiting)
        for host in tuple(waiting):
            left = waiting.pop(host)
            if left:
                await here.worker.beside(_one_by_one(here, host, left), after=ASIDE_SECONDS)
            else:
                under_way.discard(host)
    except asyncio.CancelledError:
        # The worker ends: another one may begin at once, and this was no attempt.
        for left in waiting.values():
            await claims.release(here, left)
        raise
    finally:
        under_way.difference_update(waiting)
    return True


async def _alone(here: Instance, row: Row, others: Sequence[Row]) -> None:
    """Process by itself what was in hand more than once when a process died, or stands before that in its host's order.

    The fifth time it is not begun again.
    """
    await claims.release(here, others)
    if row["crashes"] >= MAX_CRASHES:
        reason = f"this server ended {row['crashes']} times while processing it"
        log.error("%s is set aside: %s", row["activity_id"], reason)
        await _finish(here, row, "gave_up", reason)
        return
    turns(here).under_way.add(row["host"])
    await _one_by_one(here, row["host"], [row])


async def _take_together(here: Instance, waiting: dict[str, list[Row]]) -> None:
    """Process as many as can be together, from the first of each host on, and take them out of `waiting`."""
    together: Together | None = here.caches.get(TOGETHER)
    items: list[tuple[Row, VerifiedActivity]] = []
    for left in waiting.values():
        for row in left:
            if len(items) % BREATH == BREATH - 1:
                await asyncio.sleep(0)
            opened = here.engine.opened(_receipt(row)) if row["activity_type"] == "Create" else None
            if opened is None:
                break
            items.append((row, opened))
    if together is None or not items:
        return

    async def finish(places: Sequence[int]) -> None:
        await _finish_all(here, [items[place][0] for place in places])

    try:
        done = await together(here, [opened for _, opened in items], finish)
    except Exception:  # the worker's edge: nothing of it was written, and each is looked at by itself
        log.exception("%s stumbled over %s activities together", here.settings.domain, len(items))
        return
    for place in done:
        row = items[place][0]
        waiting[row["host"]].remove(row)


async def _one_by_one(here: Instance, host: str, rows: list[Row]) -> None:
    """Process receipts of one host in order. Once one was slow, the others are left for the host's next turn."""
    under_way, started = turns(here).under_way, time.monotonic()
    try:
        for number, row in enumerate(rows):
            if not await claims.still_ours(here, row):
                break  # somebody else has this host now, and goes on with it in order (R6)
            await _leased(here, row)
            is_slow = time.monotonic() - started > ASIDE_SECONDS
            if (is_slow or row["lease_until"] is None) and rows[number + 1 :]:
                await claims.release(here, rows[number + 1 :])
                break
    except asyncio.CancelledError:
        await claims.release(here, rows)
        raise
    finally:
        under_way.discard(host)
        if time.monotonic() - started > ASIDE_SECONDS:
            # What came from there meanwhile was passed over.
            here.worker.wake("inbox")


async def _leased(here: Instance, row: Row) -> None:
    """Process one receipt, and keep its lease for as long as that takes."""
    async with claims.kept(here, row):
        await _processed(here, row)


async def _finish_all(here: Instance, rows: Sequence[Row]) -> None:
    """Note that receipts had their effect, in the transaction of that effect; LookupError where one had it before."""
    places, parameters = among([row["seq"] for row in rows], "seq")
    changed = await here.db.execute(
        "UPDATE inbox_receipt SET outcome = 'done', reason = NULL, processed_at = :now, lease_until = NULL,"
        f" leased_by = NULL WHERE seq IN ({places}) AND outcome IS NULL",
        now=here.clock.now(),
        **parameters,
    )
    if changed != len(rows):
        raise LookupError("somebody else processed some of these receipts")


async def _processed(here: Instance, row: Row) -> None:
    try:
        await here.engine.process(_receipt(row))
    except Held as reason:
        await _finish(here, row, "held", str(reason))
    except Ignored as reason:
        _note(here, row, reason)
        await _finish(here, row, "ignored", str(reason))
    except claims.Lost:
        log.warning("%s was taken over while it was processed: %s", row["activity_id"], here.settings.domain)
        row["lease_until"] = None
    except FINAL as reason:
        _note(here, row, reason)
        await _finish(here, row, "refused", f"{type(reason).__name__}: {reason}")
    except (TryLater, Unreachable, FederationError) as reason:
        await _again(here, row, reason)
    except Exception as error:  # the worker's edge: one activity that trips us must not stop the others
        log.exception("%s stumbled over %s", here.settings.domain, row["activity_id"])
        await _again(here, row, error)
    else:
        await _finish(here, row, "done", None)


async def prune(here: Instance) -> None:
    """Forget receipts that are done and older than any server's retries; held ones that nobody wanted in a month."""
    now = here.clock.now()
    await here.db.execute(
        "DELETE FROM inbox_receipt WHERE outcome IS NOT NULL AND received_at < :before"
        " AND (outcome <> 'held' OR received_at < :long_before)",
        before=now - KEEP,
        long_before=now - KEEP_HELD,
    )


def _receipt(row: Row) -> Receipt:
    return Receipt(
        activity_id=row["activity_id"],
        activity_type=row["activity_type"],
        actor=row["actor"],
        signer=row["signer"],
        proven=bool(row["proven"]),
        body=row["body"].encode(),
        received_at=from_milliseconds(row["received_at"]),
        let_in=bool(row["let_in"]),
    )


async def _finish(here: Instance, row: Row, outcome: str, reason: str | None) -> None:
    await here.db.execute(
        "UPDATE inbox_receipt SET outcome = :outcome, reason = :reason, processed_at = :now, lease_until = NULL,"
        " leased_by = NULL WHERE seq = :seq AND outcome IS NULL",
        outcome=outcome,
        reason=reason and reason[:500],
        now=here.clock.now(),
        seq=row["seq"],
    )


def _note(here: Instance, row: Row, error: Exception) -> None:
    word = "policy" if isinstance(error, Refused) else word_of(error)
    here.caches[refusals.CACHE].note(
        Refusal(
            place="activity",
            host=host_of(row["signer"]),
            word=word,
            reason=str(error),
            actor=row["actor"],
            subject=row["activity_id"],
            activity_type=row["activity_type"],
            certain=True,
        )
    )


async def _again(here: Instance, row: Row, error: Exception) -> None:
    reason = f"{type(error).__name__}: {error}"
    if trouble_of(error) is not None:
        # Disk or database are full or away: this was no attempt, what was acknowledged is kept for as long as it lasts.
        # The lease that is left, with nobody at work, lets what came after it from the same server wait, too (R3).
        await here.db.execute(
            "UPDATE inbox_receipt SET lease_until = :at, leased_by = NULL, attempts = attempts - 1"
            " WHERE seq = :seq AND lease_until = :ours",
            at=here.clock.now() + TROUBLE_PAUSE,
            seq=row["seq"],
            ours=row["lease_until"],
        )
        row["lease_until"] = None
        return
    if row["attempts"] >= MAX_ATTEMPTS:
        _note(here, row, error)
        await _finish(here, row, "gave_up", reason)
        return
    await here.db.execute(
        "UPDATE inbox_receipt SET lease_until = NULL, leased_by = NULL, reason = :reason, next_try_at = :at"
        " WHERE seq = :seq AND lease_until = :ours",
        reason=reason[:500],
        at=here.clock.now() + timedelta(seconds=FIRST_RETRY_SECONDS * RETRY_GROWTH ** (row["attempts"] - 1)),
        seq=row["seq"],
        ours=row["lease_until"],
    )
