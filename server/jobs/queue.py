"""Background work that is enqueued in the same transaction as the fact that causes it."""

import asyncio
import contextvars
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

import msgspec

from federation.ports import Clock
from server.db import Database, among, from_milliseconds, insert_many
from server.trouble import trouble_of

JobHandler = Callable[[Any], Awaitable[None]]

log = logging.getLogger("peerhall.jobs")

LEASE = timedelta(minutes=10)
MAX_ATTEMPTS = 12
MAX_CRASHES = 5
"""What was in hand so often when a process died is set aside: it may be what ends them."""
LONGEST_SECONDS = 6 * 3600
JITTER = 0.2

# One statement, so that its lock of the row holds until the facts of the caller can be seen: a worker that looks before
# passes the row by, and one that has begun finds `again_at` when it is done (docs/adr/0027-jobs-of-one-key.md).
_ONCE_MORE = (
    "ON CONFLICT (unique_key) DO UPDATE SET payload = excluded.payload,"
    " again_at = CASE WHEN job.lease_until IS NULL OR job.again_at < excluded.run_at THEN job.again_at"
    " ELSE excluded.run_at END,"
    # The pause after a failure is not cut short by whoever asks often.
    " run_at = CASE WHEN job.lease_until IS NULL AND (job.failed_at IS NOT NULL"
    " OR job.last_error IS NULL AND job.run_at > excluded.run_at) THEN excluded.run_at ELSE job.run_at END,"
    " attempts = CASE WHEN job.failed_at IS NULL THEN job.attempts ELSE 0 END,"
    " last_error = CASE WHEN job.failed_at IS NULL THEN job.last_error END, failed_at = NULL"
)


@dataclass(slots=True)
class _Run:
    """One run of a job: what it enqueues under its own key is told by this from what others do."""

    jobs: "Jobs"
    key: str | None
    is_over: bool = False


_run: contextvars.ContextVar[_Run | None] = contextvars.ContextVar("job_run", default=None)


class Jobs:
    """The job table of one instance: a lease per job, retries with growing pauses, one job per unique key."""

    def __init__(self, db: Database, clock: Clock, wake: Callable[[], None]) -> None:
        """`wake` is called after a commit that left something to do."""
        self._db = db
        self._clock = clock
        self._wake = wake
        self._handlers: dict[str, JobHandler] = {}
        self._periodic: dict[str, timedelta] = {}

    def on(self, name: str, handler: JobHandler) -> None:
        """Run `handler(payload)` for jobs of this name. It must bear being run twice."""
        if name in self._handlers:
            raise ValueError(f"two handlers for the job {name}")
        self._handlers[name] = handler

    def every(self, name: str, pause: timedelta, handler: JobHandler) -> None:
        """Run `handler(None)` about every `pause`, once for the whole instance however many workers it has."""
        self.on(name, handler)
        self._periodic[name] = pause

    async def enqueue(
        self,
        name: str,
        payload: object,
        *,
        run_at: datetime | None = None,
        unique: str | None = None,
        goes_on: bool = False,
    ) -> None:
        """Add a job. With `unique` there is one of that key, which runs for all that was asked until it began.

        It has the payload of the latest, and runs when the earliest wants it: what is to be done at a moment looks at
        the clock, and puts itself off. Where it runs just now it runs once more afterwards, and where it failed for
        good it begins anew. What a job enqueues under its own key while it runs is what it is doing, and nothing is
        added, unless it says that it `goes_on`.
        """
        if self._is_doing(unique) and not goes_on:
            return
        now = self._clock.now()
        await self._db.execute(
            "INSERT INTO job (name, payload, unique_key, run_at, attempts, created_at)"
            f" VALUES (:name, :payload, :unique, :run_at, 0, :now) {_ONCE_MORE}",
            name=name,
            payload=msgspec.json.encode(payload).decode(),
            unique=unique,
            run_at=run_at or now,
            now=now,
        )
        self._db.after_commit(self._wake)

    async def enqueue_all(
        self, name: str, payloads: Sequence[Any], *, run_at: datetime, unique: Callable[[Any], str]
    ) -> None:
        """Add several jobs of one name in one statement, as `enqueue`; `unique` gives the key of each."""
        now = self._clock.now()
        # In one order, so that two who ask for the same never wait for each other.
        rows = [
            {
                "name": name,
                "payload": msgspec.json.encode(payload).decode(),
                "unique_key": key,
                "run_at": run_at,
                "attempts": 0,
                "created_at": now,
            }
            for key, payload in sorted({unique(payload): payload for payload in payloads}.items(), key=itemgetter(0))
            if not self._is_doing(key)
        ]
        await insert_many(self._db, "job", rows, conflict=_ONCE_MORE)
        if rows:
            self._db.after_commit(self._wake)

    def _is_doing(self, key: str | None) -> bool:
        run = _run.get()
        return run is not None and key is not None and run.jobs is self and run.key == key and not run.is_over

    async def schedule_periodic(self) -> None:
        """Make sure that every periodic job waits in the table; called when a worker starts."""
        rows = await self._db.rows("SELECT name FROM job WHERE unique_key LIKE 'every:%' ORDER BY name LIMIT 1000")
        for name in sorted(self._periodic.keys() - {row["name"] for row in rows}):
            await self.enqueue(name, None, unique=f"every:{name}")

    async def step(self) -> bool:
        """Run one job that is due. Returns whether there was one."""
        now = self._clock.now()
        skip = " FOR UPDATE SKIP LOCKED" if self._db.dialect == "postgres" else ""
        due = (
            "SELECT id FROM job WHERE failed_at IS NULL AND run_at <= :now"
            " AND (lease_until IS NULL OR lease_until < :now) ORDER BY run_at, id LIMIT 1"
        )
        if await self._db.row(due, now=now) is None:
            return False
        job = await self._db.row(
            # What is still somebody's by name was in hand when they died: no attempt, and counted apart.
            "UPDATE job SET lease_until = :until, leased_by = :holder,"
            " attempts = attempts + CASE WHEN leased_by IS NULL THEN 1 ELSE 0 END,"
            " crashes = crashes + CASE WHEN leased_by IS NULL THEN 0 ELSE 1 END,"
            # What was asked for before it begins is done with it.
            " again_at = CASE WHEN again_at > :now THEN again_at END"
            f" WHERE id IN ({due}{skip}) RETURNING id, name, unique_key, payload, attempts, crashes, lease_until",
            until=now + LEASE,
            holder=self._db.holder,
            now=now,
        )
        if job is None:
            return False
        if job["crashes"] >= MAX_CRASHES:
            await self._failed(job, RuntimeError(f"the process ended {job['crashes']} times while it ran"), final=True)
        else:
            await self._run(job)
        return True

    async def put_right(self, margin: timedelta) -> int:
        """Run now what waits for longer than that can be, because a clock ran ahead; returns how many jobs."""
        now = self._clock.now()
        found = await self._db.execute(
            "UPDATE job SET lease_until = NULL WHERE leased_by IS NULL AND lease_until > :lease",
            lease=now + LEASE + margin,
        )
        found += await self._db.execute(
            "UPDATE job SET run_at = :now WHERE failed_at IS NULL AND last_error IS NOT NULL AND run_at > :retry",
            now=now,
            retry=now + timedelta(seconds=LONGEST_SECONDS * (1 + JITTER)) + margin,
        )
        for pause in sorted(set(self._periodic.values())):
            names, parameters = among([name for name, every in self._periodic.items() if every == pause], "name")
            found += await self._db.execute(
                f"UPDATE job SET run_at = :now WHERE name IN ({names}) AND unique_key LIKE 'every:%'"
                " AND last_error IS NULL AND run_at > :next",
                now=now,
                next=now + pause + margin,
                **parameters,
            )
        return found

    async def next_due(self) -> datetime | None:
        """When the next job is due; None if none waits."""
        number = await self._db.value(
            "SELECT min(run_at) AS due FROM job WHERE failed_at IS NULL AND lease_until IS NULL"
        )
        return None if number is None else from_milliseconds(number)

    async def _run(self, job: dict[str, Any]) -> None:
        handler, run = self._handlers.get(job["name"]), _Run(self, job["unique_key"])
        token = _run.set(run)
        try:
            if handler is None:
                raise LookupError(f"no handler for the job {job['name']}")
            await handler(msgspec.json.decode(job["payload"]))
        except asyncio.CancelledError:
            await self._give_back(job)
            raise
        except Exception as error:  # noqa: BLE001  # the worker's edge: it is logged and kept, and the job tried again
            await self._failed(job, error)
            return
        finally:
            run.is_over = True
            _run.reset(token)
        await self._done(job)

    async def _done(self, job: dict[str, Any]) -> None:
        """Forget it, unless it is to run again: after a while, or because that was asked for while it ran.

        Whoever lost the lease meanwhile leaves the job to whoever has it.
        """
        pause = self._periodic.get(job["name"])
        if pause is None and await self._db.execute(
            "DELETE FROM job WHERE id = :id AND lease_until = :ours AND again_at IS NULL",
            id=job["id"],
            ours=job["lease_until"],
        ):
            return
        await self._db.execute(
            "UPDATE job SET lease_until = NULL, leased_by = NULL, attempts = 0, crashes = 0, last_error = NULL,"
            " run_at = COALESCE(again_at, :at), again_at = NULL WHERE id = :id AND lease_until = :ours",
            at=self._clock.now() + (pause or timedelta(0)),
            id=job["id"],
            ours=job["lease_until"],
        )

    async def _give_back(self, job: dict[str, Any]) -> None:
        """The worker ends: another one may begin at once, and this was no attempt."""
        await self._db.execute(
            "UPDATE job SET lease_until = NULL, leased_by = NULL, attempts = attempts - 1"
            " WHERE id = :id AND lease_until = :ours",
            id=job["id"],
            ours=job["lease_until"],
        )

    async def _failed(self, job: dict[str, Any], error: Exception, *, final: bool = False) -> None:
        log.warning("job %s failed (attempt %s)", job["name"], job["attempts"], exc_info=error)
        # A full disk or a database that is away is no fault of the job: it is tried for as long as that lasts.
        final = final or (job["attempts"] >= MAX_ATTEMPTS and trouble_of(error) is None)
        pause = timedelta(
            seconds=min(30 * 2 ** min(job["attempts"], 10), LONGEST_SECONDS) * random.uniform(1 - JITTER, 1 + JITTER)
        )
        if final:
            pause = self._periodic.get(job["name"], pause)
        now, over = self._clock.now(), final and job["name"] not in self._periodic
        await self._db.execute(
            "UPDATE job SET lease_until = NULL, leased_by = NULL, crashes = :crashes, last_error = :error,"
            " run_at = :at,"
            # What was asked for while it ran for the last time is tried once more.
            " failed_at = CASE WHEN again_at IS NULL THEN CAST(:failed AS BIGINT) END"
            " WHERE id = :id AND lease_until = :ours",
            # What kills us has one life, not five, when it is asked for again.
            crashes=MAX_CRASHES - 1 if over and job["crashes"] >= MAX_CRASHES else 0,
            error=f"{type(error).__name__}: {error}"[:500],
            at=now + pause,
            failed=now if over else None,
            id=job["id"],
            ours=job["lease_until"],
        )
