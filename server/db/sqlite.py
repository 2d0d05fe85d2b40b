"""The SQLite engine: one writer that begins with `BEGIN IMMEDIATE`, and a few connections that only read.

Tortoise's stock client has one connection behind one lock: a slow transaction blocks every read, and two processes that
read and then write lose half of their transactions to "database is locked". See docs/adr/0004-databases.md.
"""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast
from urllib.parse import quote

import aiosqlite
from tortoise.backends.base.client import ConnectionWrapper, TransactionalDBClient, TransactionContext
from tortoise.backends.sqlite.client import (
    SqliteClient,
    SqliteTransactionContext,
    SqliteTransactionWrapper,
    translate_exceptions,
)
from tortoise.connection import get_connections
from tortoise.exceptions import DBConnectionError, OperationalError

T = TypeVar("T")

READERS = 3
BUSY_TIMEOUT_MILLISECONDS = 10_000
CLOSED = "the database is closed"
_NOT_OPEN = (ValueError, sqlite3.ProgrammingError)


class ImmediateTransaction(SqliteTransactionWrapper):
    """A transaction that takes the write lock at its start, so that it never fails half-way for want of it."""

    async def begin(self) -> None:
        """Begin, waiting for other processes up to the busy timeout."""
        await self._connection.execute("BEGIN IMMEDIATE")


async def _within_time(waiting: Coroutine[Any, Any, T]) -> T:
    try:
        async with asyncio.timeout(BUSY_TIMEOUT_MILLISECONDS / 1000):
            return await waiting
    except TimeoutError as error:
        raise OperationalError("database is locked: others write for too long") from error


class _Transaction(SqliteTransactionContext):
    """A transaction that lets go of the writer also when it cannot begin, and waits for it only so long (R12)."""

    async def __aenter__(self) -> TransactionalDBClient:
        await _within_time(self._trxlock.acquire())
        try:
            await self.ensure_connection()
            await self.connection.begin()
        except BaseException:
            self._trxlock.release()
            raise
        self.token = get_connections().set(self.connection_name, self.connection)
        return cast(TransactionalDBClient, self.connection)

    async def __aexit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        try:
            await super().__aexit__(exc_type, exc_val, exc_tb)
        except sqlite3.OperationalError:
            # The disk is full, say: what could not be committed must not stay open in the writer.
            with contextlib.suppress(sqlite3.Error):
                await self.connection._connection.rollback()
            raise


@contextlib.contextmanager
def _while_open(client: Any) -> Iterator[None]:
    """Say it in the words of databases where a connection was closed: the libraries have two others for that."""
    try:
        yield
    except _NOT_OPEN as error:
        if client.is_closed:
            raise DBConnectionError(CLOSED) from error
        raise


class _Writer(ConnectionWrapper[Any]):
    """The writer for one statement, waited for so long and no longer."""

    async def __aenter__(self) -> Any:
        return await _within_time(super().__aenter__())

    async def __aexit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        await super().__aexit__(exc_type, exc_val, exc_tb)
        with _while_open(self.client):
            if isinstance(exc_val, _NOT_OPEN):
                raise exc_val


class _AtOnce:
    """A connection that answers short reads in the event loop's own thread.

    A row by its key costs 13 microseconds of CPU there, and 110 to 140 through a thread and back. A statement that
    takes more than some ten thousand steps is broken off, and goes to a thread for a while, as does one that took
    long for another reason, such as a file that was not in memory yet.
    """

    STEPS = 10_000
    SECONDS = 0.002
    REMEMBERED = 2_000
    FORGOTTEN_SECONDS = 60.0
    TURN = 16

    def __init__(self, file: str) -> None:
        self._connection = sqlite3.connect(file, uri=True, isolation_level=None, timeout=0, cached_statements=512)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA query_only=ON")
        self._connection.set_progress_handler(self._progress, self.STEPS)
        self._long: dict[str, float] = {}
        self._times = 0
        self.reads = 0

    def read(self, query: str, values: Sequence[Any] | None) -> list[sqlite3.Row] | None:
        """The rows; None where a thread has to do it."""
        until = self._long.get(query)
        if until is not None:
            if time.monotonic() < until:
                return None
            del self._long[query]
        self._times = 0
        begun = time.thread_time()
        try:
            rows = self._connection.execute(query, values or ()).fetchall()
        except sqlite3.Error:
            # Broken off, locked or wrong: the thread waits for it, or says so.
            self._remember(query)
            return None
        if time.thread_time() - begun > self.SECONDS:
            self._remember(query)
        self.reads += 1
        return rows

    def close(self) -> None:
        self._connection.close()

    def _progress(self) -> bool:
        # SQLite counts on where the statement's last run ended: only the second call says how much this run took.
        self._times += 1
        return self._times > 1

    def _remember(self, query: str) -> None:
        if len(self._long) >= self.REMEMBERED:
            self._long.clear()
        self._long[query] = time.monotonic() + self.FORGOTTEN_SECONDS


class Client(SqliteClient):
    """One writer and `READERS` read-only connections to one file."""

    def __init__(self, file_path: str, **kwargs: Any) -> None:
        """Take the same options as Tortoise's client; unknown ones are pragmas."""
        kwargs.setdefault("busy_timeout", BUSY_TIMEOUT_MILLISECONDS)
        super().__init__(file_path, **kwargs)
        self._readers: asyncio.Queue[aiosqlite.Connection] | None = None
        self._open_readers: list[aiosqlite.Connection] = []
        self._quick: _AtOnce | None = None
        self.is_closed = False

    async def create_connection(self, with_db: bool) -> None:
        """Open the writer, then the readers. What was closed stays so: nobody would end the threads of who is late."""
        if self.is_closed:
            raise DBConnectionError(CLOSED)
        await super().create_connection(with_db)
        if self.filename == ":memory:" or self._readers is not None:
            return
        self._quick = _AtOnce(self._address)
        self._readers = asyncio.Queue()
        for _ in range(READERS):
            reader = await aiosqlite.connect(self._address, uri=True, isolation_level=None)
            reader.row_factory = sqlite3.Row
            for pragma in ("query_only=ON", f"busy_timeout={BUSY_TIMEOUT_MILLISECONDS}"):
                await (await reader.execute(f"PRAGMA {pragma}")).close()
            self._open_readers.append(reader)
            self._readers.put_nowait(reader)

    async def close(self) -> None:
        """Close all connections for good, whatever one of them says: an open one keeps the interpreter from ending."""
        self.is_closed = True
        if self._quick is not None:
            self._quick.close()
            self._quick = None
        readers, self._open_readers, self._readers = self._open_readers, [], None
        async with contextlib.AsyncExitStack() as ends:
            ends.push_async_callback(super().close)
            for reader in readers:
                ends.push_async_callback(reader.close)

    def _in_transaction(self) -> TransactionContext:
        return _Transaction(ImmediateTransaction(self), self._lock)

    def acquire_connection(self) -> ConnectionWrapper[Any]:
        """The writer, for one statement."""
        return _Writer(self._lock, self)

    @property
    def _address(self) -> str:
        return f"file:{quote(self.filename)}?mode=ro"

    async def _read(self, query: str, values: list[Any] | None) -> list[sqlite3.Row]:
        if self._quick is not None:
            rows = self._quick.read(query, values)
            if rows is not None:
                if self._quick.reads % _AtOnce.TURN == 0:
                    await asyncio.sleep(0)  # others have their turn, too
                return rows
        async with self._reader() as reader:
            return list(await reader.execute_fetchall(query, values))

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[aiosqlite.Connection]:
        if self._readers is None:
            await self.create_connection(with_db=True)
        readers = self._readers
        if readers is None:
            raise RuntimeError("an in-memory database has no readers")
        reader = await readers.get()
        try:
            with _while_open(self):
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
        rows = await self._read(query, values)
        return len(rows), rows

    @translate_exceptions
    async def execute_query_dict(self, query: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
        """Run one statement and return its rows as dictionaries; reads go to a reader."""
        if not self._reads_only(query):
            return list(await super().execute_query_dict(query, values))
        rows = await self._read(query, values)
        # `dict(row)` asks for the names of every row anew: ten times as long for a row of forty columns.
        names = rows[0].keys() if rows else ()
        return [dict(zip(names, row, strict=True)) for row in rows]


client_class = Client
