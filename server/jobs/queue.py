"""Background work that is enqueued in the same transaction as the fact that causes it."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
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
        self, name: str, payload: object, *, run_at: datetime | None = None, unique: str | None = None
    ) -> None:
        """Add a job. With `unique`, nothing is added while one of that key waits."""
        now = self._clock.now()
        await self._db.execute(
            "INSERT INTO job (name, payload, unique_key, run_at, attempts, created_at)"
            " VALUES (:name, :payload, :unique, :run_at, 0, :now) ON CONFLICT DO NOTHING",
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
        """Add several jobs of one name in one statement; `unique` gives the key of each from its payload."""
        now = self._clock.now()
        rows = [
            {
                "name": name,
                "payload": msgspec.json.encode(payload).decode(),
                "unique_key": unique(payload),
                "run_at": run_at,
                "attempts": 0,
                "created_at": now,
            }
            for payload in payloads
        ]
        await insert_many(self._db, "job", rows, conflict="ON CONFLICT DO NOTHING")
        if rows:
            self._db.after_commit(self._wake)

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
            " crashes = crashes + CASE WHEN leased_by IS NULL THEN 0 ELSE 1 END"
            f" WHERE id IN ({due}{skip}) RETURNING id, name, payload, attempts, crashes, lease_until",
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
        handler = self._handlers.get(job["name"])
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
        pause = self._periodic.get(job["name"])
        if pause is None:
            await self._db.execute("DELETE FROM job WHERE id = :id", id=job["id"])
        else:
            await self._db.execute(
                "UPDATE job SET lease_until = NULL, leased_by = NULL, attempts = 0, crashes = 0, last_error = NULL,"
                " run_at = :at WHERE id = :id",
                at=self._clock.now() + pause,
                id=job["id"],
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
        now = self._clock.now()
        await self._db.execute(
            "UPDATE job SET lease_until = NULL, leased_by = NULL, crashes = 0, last_error = :error, run_at = :at,"
            " failed_at = :failed WHERE id = :id",
            error=f"{type(error).__name__}: {error}"[:500],
            at=now + pause,
            failed=now if final and job["name"] not in self._periodic else None,
            id=job["id"],
        )
