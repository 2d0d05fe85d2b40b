"""One open database of one instance: hand-written SQL with named parameters, and transactions.

`models` serve writes; lists and pages are one SQL statement each, written once for both databases. Parameters are
written ``:name``. Times are milliseconds, booleans are compared bare (``WHERE is_local``), JSON is text: see
`server.db.fields`.
"""

import contextlib
import contextvars
import functools
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tortoise.context import TortoiseContext, _current_context
from tortoise.transactions import in_transaction

from federation.transport.guard import forbid_network
from server.db.fields import to_milliseconds
from server.db.glance import Glance
from server.db.holding import Ownership, new_number
from server.db.postgres import WAIT_SECONDS, Connection

Row = dict[str, Any]

_PARAMETER = re.compile(r"(?<!:):([a-z_][a-z0-9_]*)")
_after_commit: contextvars.ContextVar[list[Callable[[], None]] | None] = contextvars.ContextVar(
    "after_commit", default=None
)
_ending: contextvars.ContextVar[Callable[[], Awaitable[None]] | None] = contextvars.ContextVar("ending", default=None)
query_log: contextvars.ContextVar[list[str] | None] = contextvars.ContextVar("query_log", default=None)
"""Set to a list to collect every statement: what query-count tests read."""


@functools.lru_cache(maxsize=2048)
def _compile(statement: str, dialect: str) -> tuple[str, tuple[str, ...]]:
    names: list[str] = []

    sign = "?" if dialect == "sqlite" else "$"

    def place(match: re.Match[str]) -> str:
        if match[1] not in names:
            names.append(match[1])
        return f"{sign}{names.index(match[1]) + 1}"

    return _PARAMETER.sub(place, statement), tuple(names)


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "") if "\x00" in value else value
    if isinstance(value, datetime):
        return to_milliseconds(value)
    if isinstance(value, list):
        return [_storable(item) for item in value]
    return value


def connection_config(
    url: str,
    *,
    durable: bool = True,
    foreign_keys: bool = True,
    connections: int = 12,
    statement_seconds: int = 0,
) -> dict[str, Any]:
    """Tortoise's configuration of one connection for a ``sqlite:///PATH`` or ``postgres://…`` address.

    `connections` are held at most, on PostgreSQL; `statement_seconds` ends what takes longer there (0: nothing does).
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        path = unquote(url.removeprefix("sqlite:///"))
        return {
            "engine": "server.db.sqlite",
            "credentials": {
                "file_path": path,
                "synchronous": "FULL" if durable else "OFF",
                "foreign_keys": "ON" if foreign_keys else "OFF",
            },
        }
    return {
        "engine": "server.db.postgres",
        "credentials": {
            "host": parts.hostname or "127.0.0.1",
            "port": parts.port or 5432,
            "user": unquote(parts.username or "postgres"),
            "password": unquote(parts.password or ""),
            "database": parts.path.lstrip("/"),
            "minsize": 1,
            "maxsize": connections,
            "connection_class": Connection,
            "timeout": WAIT_SECONDS,
            "statement_cache_size": 400,
            # Compiling a plan takes longer than what any of our statements reads.
            "server_settings": {
                "application_name": "peerhall",
                "jit": "off",
                "statement_timeout": f"{statement_seconds}s",
                "idle_in_transaction_session_timeout": f"{statement_seconds}s",
            },
        },
    }


class Database:
    """The database of one instance. Use it inside `bind()` (requests, jobs and commands all do)."""

    def __init__(
        self,
        url: str,
        *,
        durable: bool = True,
        foreign_keys: bool = True,
        connections: int = 12,
        statement_seconds: int = 0,
    ) -> None:
        """Prepare, without connecting. `durable=False` is for tests: it skips waiting for the disk."""
        self.url = url
        self.dialect = "sqlite" if url.startswith("sqlite:") else "postgres"
        self._config = functools.partial(
            connection_config,
            durable=durable,
            foreign_keys=foreign_keys,
            connections=connections,
            statement_seconds=statement_seconds,
        )
        self._context = TortoiseContext()
        self.holder: int | None = None
        """The number under which this process leases, while others can see that it lives (`server.db.holding`)."""
        self._ownership: Ownership | None = None
        self.glance = Glance(self, functools.partial(_compile, dialect=self.dialect))

    @property
    def path(self) -> Path | None:
        """The file of a SQLite database."""
        if self.dialect != "sqlite":
            return None
        return Path(connection_config(self.url)["credentials"]["file_path"])

    def own(self) -> bool:
        """Be the one process that runs on this file, until `close`; raises InUse where another one is. SQLite.

        Returns whether that is certain: then nobody else has any lease.
        """
        path = self.path
        if path is None or str(path) == ":memory:":
            return False
        self._ownership = Ownership.take(path)
        if self._ownership is not None:
            self.holder = new_number()
        return self._ownership is not None

    async def open(self, model_modules: Sequence[str]) -> None:
        """Load the models and connect. The connection is named after the dialect: Tortoise keeps SQL by that name."""
        path = self.path
        if path is not None and str(path) != ":memory:":
            path.parent.mkdir(parents=True, exist_ok=True)
            _keep_to_owner(path)
        with self.bind():
            await self._context.init(
                config={
                    "connections": {self.dialect: self._config(self.url)},
                    "apps": {"models": {"models": list(model_modules), "default_connection": self.dialect}},
                    "use_tz": True,
                    "timezone": "UTC",
                },
            )
            if self.dialect == "sqlite":
                await self._context.connections.get(self.dialect).create_connection(with_db=True)

    async def close(self) -> None:
        """Close every connection for good, and let go of the file."""
        self.glance.close()
        try:
            with self.bind():
                if self._context.inited:
                    await self._context.connections.close_all(discard=True)
                    # Whoever is late would have Tortoise open another connection, whose thread nobody ends any more.
                    self._context.connections.db_config.clear()
        finally:
            if self._ownership is not None:
                self._ownership.end()
                self._ownership = self.holder = None

    @contextmanager
    def bind(self) -> Iterator[None]:
        """Make this the database that models use in the present task."""
        token = _current_context.set(self._context)
        try:
            yield
        finally:
            _current_context.reset(token)

    def connection(self) -> Any:
        """The connection of the present task: its transaction's, where one is open."""
        return self._context.connections.get(self.dialect)

    def by(self, index: str) -> str:
        """What stands after the name of a table that is to be read by this index.

        SQLite, without statistics, takes any other for as good, and with them often another for better; PostgreSQL
        knows better by itself.
        """
        return f" INDEXED BY {index}" if self.dialect == "sqlite" else ""

    async def rows(self, statement: str, /, **parameters: Any) -> list[Row]:
        """Run one statement and return its rows, at most as many as it limits itself to."""
        sql, names = _compile(statement, self.dialect)
        log = query_log.get()
        if log is not None:
            log.append(statement)
        result: list[Row] = await self.connection().execute_query_dict(
            sql, [_storable(parameters[name]) for name in names]
        )
        return result

    async def row(self, statement: str, /, **parameters: Any) -> Row | None:
        """Run one statement and return its first row."""
        found = await self.rows(statement, **parameters)
        return found[0] if found else None

    async def value(self, statement: str, /, **parameters: Any) -> Any:
        """Run one statement and return the first column of its first row; None without one."""
        found = await self.row(statement, **parameters)
        return None if found is None else next(iter(found.values()))

    async def execute(self, statement: str, /, **parameters: Any) -> int:
        """Run one INSERT, UPDATE or DELETE; returns how many rows it touched."""
        sql, names = _compile(statement, self.dialect)
        log = query_log.get()
        if log is not None:
            log.append(statement)
        if self.dialect == "postgres" and sql[:6].upper() == "INSERT" and " RETURNING " not in sql:
            # Tortoise reads the first number of "INSERT 0 1", which is never the count: count the rows that come back.
            inserted = await self.connection().execute_query_dict(
                f"{sql} RETURNING 1", [_storable(parameters[name]) for name in names]
            )
            return len(inserted)
        count, _ = await self.connection().execute_query(sql, [_storable(parameters[name]) for name in names])
        return int(count)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """All or nothing. Inside another one it is a savepoint. No network may be used inside."""
        if _after_commit.get() is not None:
            async with in_transaction(self.dialect):
                yield
            return
        callbacks: list[Callable[[], None]] = []
        commit_token = _after_commit.set(callbacks)
        network_token = forbid_network.set(True)
        try:
            async with in_transaction(self.dialect):
                yield
                ending = _ending.get()
                if ending is not None:
                    await ending()
        finally:
            forbid_network.reset(network_token)
            _after_commit.reset(commit_token)
        for callback in callbacks:
            callback()

    @contextmanager
    def ending_with(self, check: Callable[[], Awaitable[None]]) -> Iterator[None]:
        """Call this at the end of each transaction of a block, in it: an error takes the transaction back."""
        token = _ending.set(check)
        try:
            yield
        finally:
            _ending.reset(token)

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call back when the present transaction is on disk; at once where none is open."""
        waiting = _after_commit.get()
        if waiting is None:
            callback()
        else:
            waiting.append(callback)


def _keep_to_owner(path: Path) -> None:
    """Keys and letters are in it, and SQLite gives its -wal and -shm the rights of the file."""
    # One that is there is not opened: to close it again would end the locks that this process has on it.
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with contextlib.suppress(PermissionError):  # it is somebody else's, who says who may read it
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
