"""The SQLite engine: one writer that begins with `BEGIN IMMEDIATE`, and a few connections that only read.

Tortoise's stock client has one connection behind one lock: a slow transaction blocks every read, and two processes that
read and then write lose half of their transactions to "database is locked". See docs/adr/0004-databases.md.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import aiosqlite
from tortoise.backends.base.client import TransactionContext
from tortoise.backends.sqlite.client import (
    SqliteClient,
    SqliteTransactionContext,
    SqliteTransactionWrapper,
    translate_exceptions,
)

READERS = 3
BUSY_TIMEOUT_MILLISECONDS = 10_000


class ImmediateTransaction(SqliteTransactionWrapper):
    """A transaction that takes the write lock at its start, so that it never fails half-way for want of it."""

    async def begin(self) -> None:
        """Begin, waiting for other processes up to the busy timeout."""
        await self._connection.execute("BEGIN IMMEDIATE")


class Client(SqliteClient):
    """One writer and `READERS` read-only connections to one file."""

    def __init__(self, file_path: str, **kwargs: Any) -> None:
        """Take the same options as Tortoise's client; unknown ones are pragmas."""
        kwargs.setdefault("busy_timeout", BUSY_TIMEOUT_MILLISECONDS)
        super().__init__(file_path, **kwargs)
        self._readers: asyncio.Queue[aiosqlite.Connection] | None = None
        self._open_readers: list[aiosqlite.Connection] = []

    async def create_connection(self, with_db: bool) -> None:
        """Open the writer, then the readers."""
        await super().create_connection(with_db)
        if self.filename == ":memory:" or self._readers is not None:
            return
        self._readers = asyncio.Queue()
        for _ in range(READERS):
            reader = await aiosqlite.connect(f"file:{quote(self.filename)}?mode=ro", uri=True, isolation_level=None)
            reader.row_factory = sqlite3.Row
            for pragma in ("query_only=ON", f"busy_timeout={BUSY_TIMEOUT_MILLISECONDS}"):
                await (await reader.execute(f"PRAGMA {pragma}")).close()
            self._open_readers.append(reader)
            self._readers.put_nowait(reader)

    async def close(self) -> None:
        """Close all connections; an open one keeps the interpreter from ending."""
        readers, self._open_readers, self._readers = self._open_readers, [], None
        for reader in readers:
            await reader.close()
        await super().close()

    def _in_transaction(self) -> TransactionContext:
        return SqliteTransactionContext(ImmediateTransaction(self), self._lock)

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[aiosqlite.Connection]:
        if self._readers is None:
            await self.create_connection(with_db=True)
        readers = self._readers
        if readers is None:
            raise RuntimeError("an in-memory database has no readers")
        reader = await readers.get()
        try:
            yield reader
        finally:
            readers.put_nowait(reader)

    def _reads_only(self, query: str) -> bool:
        return self.filename != ":memory:" and query.lstrip()[:6].upper() == "SELECT"

    @translate_exceptions
    async def execute_query(self, query: str, values: list[Any] | None = None) -> tuple[int, Sequence[Any]]:
        """Run one statement; reads go to a reader."""
        if not self._reads_only(query):
            count, changed = await super().execute_query(query, values)
            return int(count), changed
        async with self._reader() as reader:
            rows = list(await reader.execute_fetchall(query, values))
        return len(rows), rows

    @translate_exceptions
    async def execute_query_dict(self, query: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
        """Run one statement and return its rows as dictionaries; reads go to a reader."""
        if not self._reads_only(query):
            return list(await super().execute_query_dict(query, values))
        async with self._reader() as reader:
            return [dict(row) for row in await reader.execute_fetchall(query, values)]


client_class = Client
