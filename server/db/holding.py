"""Who has a lease: the number under which this process leases, for as long as others can see that it lives.

On PostgreSQL that is an advisory lock of the connection on which a process listens, on SQLite the process that owns the
file. Both end with the process, whatever ends it (docs/adr/0017-leases.md).
"""

import fcntl
import logging
import os
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncpg

log = logging.getLogger("peerhall.leases")

LOCK = 7_733_258
"""The first half of the advisory locks of PostgreSQL by which processes show that they live."""
LEASED = {
    "inbox_receipt": "outcome IS NULL AND lease_until IS NOT NULL",
    "job": "lease_until IS NOT NULL",
    "peer": "lease_until IS NOT NULL",
}
"""The tables of what is leased, and which rows of them are."""

LIVING = (
    "SELECT CAST(objid AS BIGINT) AS number FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2"
    f" AND CAST(classid AS BIGINT) = {LOCK}"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
"""The numbers of all processes that live. PostgreSQL."""


class InUse(Exception):
    """Another process runs on this file; the message is one line for the person who started us."""


def new_number() -> int:
    """A number that nobody had before, as far as can be told."""
    return random.SystemRandom().randrange(1, 2**31)


async def hold(connection: "asyncpg.Connection[Any]", before: int | None) -> int:
    """Take a number for as long as this connection lasts, and put under it what is leased under the one before."""
    number = new_number()
    await connection.execute("SELECT pg_advisory_lock($1::int, $2::int)", LOCK, number)
    if before is not None:
        for table, is_leased in LEASED.items():
            await connection.execute(
                f"UPDATE {table} SET leased_by = $1 WHERE {is_leased} AND leased_by = $2", number, before
            )
    return number


class Ownership:
    """A SQLite file that is this process's alone to run on, until `end`; commands may use it beside that."""

    def __init__(self, file: int) -> None:
        """Hold an open file that is locked; see `take`."""
        self._file = file

    @classmethod
    def take(cls, database: Path) -> "Ownership | None":
        """Own a database; raises InUse where another process does. None where the file system knows no locks."""
        database.parent.mkdir(parents=True, exist_ok=True)
        # Beside the database: SQLite's own locks end when any handle on its file is closed. It is never removed.
        file = os.open(f"{database}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            raise InUse(
                f"another process serves {database}: stop it first; several at once need PostgreSQL"
                " (PEERHALL_DATABASE_URL)"
            ) from None
        except OSError as error:
            os.close(file)
            log.warning("%s.lock cannot be locked, so nobody else is kept from %s: %s", database, database, error)
            return None
        return cls(file)

    def end(self) -> None:
        """Let others have it."""
        os.close(self._file)
