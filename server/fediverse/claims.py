"""Receipts that a worker has claimed: whether they are still its own, for as long as it works on them (R6)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from server.db import Row, among, from_milliseconds, to_milliseconds
from server.instance import Instance

LEASE = timedelta(minutes=1)
"""So long a worker that stands still keeps the hosts waiting of which it has something; one that works renews it."""
RENEW_SECONDS = 20.0


class Lost(Exception):
    """Somebody else has the receipt by now, and goes on with it: nothing of what we did is written."""


async def still_ours(here: Instance, row: Row) -> bool:
    """Whether this worker may go on with a receipt: its lease is renewed in time, and another's is respected."""
    left = from_milliseconds(row["lease_until"]) - here.clock.now()
    return LEASE / 2 < left <= LEASE or await _renewed(here, row)


async def _renewed(here: Instance, row: Row) -> bool:
    until = to_milliseconds(here.clock.now() + LEASE)
    renewed = await here.db.execute(
        "UPDATE inbox_receipt SET lease_until = :until WHERE seq = :seq AND outcome IS NULL AND lease_until = :ours",
        until=until,
        seq=row["seq"],
        ours=row["lease_until"],
    )
    if renewed:
        row["lease_until"] = until
    return bool(renewed)


@asynccontextmanager
async def kept(here: Instance, row: Row) -> AsyncIterator[None]:
    """Keep the lease of a receipt for the length of a block, and write nothing in it once that is lost.

    A process that was stopped, and goes on after its lease, would do again what was done, and undone, since: each
    transaction in the block ends with a look whether the receipt is still ours, and is taken back with Lost where it
    is not (R6).
    """
    renewing = asyncio.Lock()

    async def check() -> None:
        async with renewing:
            ours = await here.db.execute(
                "UPDATE inbox_receipt SET lease_until = lease_until WHERE seq = :seq AND outcome IS NULL"
                " AND lease_until = :ours",
                seq=row["seq"],
                ours=row["lease_until"],
            )
        if not ours:
            raise Lost

    async def renew() -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            async with renewing:
                if not await _renewed(here, row):
                    return

    async with asyncio.TaskGroup() as group:
        task = group.create_task(renew())
        try:
            with here.db.ending_with(check):
                yield
        finally:
            task.cancel()


async def release(here: Instance, rows: Sequence[Row]) -> None:
    """Give back what was claimed and is not done: that was no attempt. What somebody else has by now stays theirs."""
    rows = [row for row in rows if row["lease_until"] is not None]
    if not rows:
        return
    places, parameters = among([row["seq"] for row in rows], "seq")
    leases, ours = among([row["lease_until"] for row in rows], "ours")
    await here.db.execute(
        "UPDATE inbox_receipt SET lease_until = NULL, leased_by = NULL, attempts = attempts - 1"
        f" WHERE seq IN ({places}) AND outcome IS NULL AND lease_until IN ({leases})",
        **parameters,
        **ours,
    )
