"""The durable inbox: receipts are on disk before they are acknowledged, then processed in order."""

import asyncio
import hashlib
import logging
import time
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
from federation.ports import Receipt, Refusal
from federation.vocab.base import host_of
from server.actors import synchronising
from server.db import Row, from_milliseconds
from server.errors import Refused
from server.fediverse import refusals
from server.fediverse.committing import Committer
from server.fediverse.turns import claim, turns
from server.instance import Instance
from server.trouble import trouble_of

log = logging.getLogger("peerhall.inbox")

LEASE = timedelta(minutes=5)
TROUBLE_PAUSE = timedelta(seconds=30)
MAX_ATTEMPTS = 8
ASIDE_SECONDS = 0.25
"""So long one activity is waited for before others are begun beside it."""
KEEP = timedelta(days=8)
"""Ids stay known for longer than any server retries, so that the same activity never has a second effect."""

KEEP_HELD = timedelta(days=30)

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
        here.worker.wake()
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
    """Process a receipt that is due, of the host whose turn it is. Returns whether there was one."""
    row = await claim(here, here.clock.now() + LEASE)
    if row is None:
        return False
    await here.worker.beside(_process(here, row), after=ASIDE_SECONDS)
    return True


async def _process(here: Instance, row: Row) -> None:
    host, under_way, started = row["host"], turns(here).under_way, time.monotonic()
    under_way.add(host)
    try:
        await _processed(here, row)
    except asyncio.CancelledError:
        # The worker ends: another one may begin at once, and this was no attempt.
        await here.db.execute(
            "UPDATE inbox_receipt SET lease_until = NULL, attempts = attempts - 1 WHERE seq = :seq AND outcome IS NULL",
            seq=row["seq"],
        )
        raise
    finally:
        under_way.discard(host)
        if time.monotonic() - started > ASIDE_SECONDS:
            # What came from there meanwhile was passed over.
            here.worker.wake()


async def _processed(here: Instance, row: Row) -> None:
    try:
        await here.engine.process(_receipt(row))
    except Held as reason:
        await _finish(here, row, "held", str(reason))
    except Ignored as reason:
        _note(here, row, reason)
        await _finish(here, row, "ignored", str(reason))
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
        "UPDATE inbox_receipt SET outcome = :outcome, reason = :reason, processed_at = :now, lease_until = NULL"
        " WHERE seq = :seq",
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
        await here.db.execute(
            "UPDATE inbox_receipt SET lease_until = NULL, next_try_at = :at, attempts = attempts - 1 WHERE seq = :seq",
            at=here.clock.now() + TROUBLE_PAUSE,
            seq=row["seq"],
        )
        return
    if row["attempts"] >= MAX_ATTEMPTS:
        _note(here, row, error)
        await _finish(here, row, "gave_up", reason)
        return
    await here.db.execute(
        "UPDATE inbox_receipt SET lease_until = NULL, reason = :reason, next_try_at = :at WHERE seq = :seq",
        reason=reason[:500],
        at=here.clock.now() + timedelta(seconds=15 * 4 ** (row["attempts"] - 1)),
        seq=row["seq"],
    )
