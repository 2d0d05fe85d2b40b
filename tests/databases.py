"""Databases for tests: a migrated one, copied for each instance; on PostgreSQL emptied and used again.

To make a connection to PostgreSQL, and to teach it the tables, is dearer than most tests.
"""

import asyncio
import functools
import os
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from server.clock import SystemClock
from server.db import Database
from server.db.migrate import migrate
from server.db.postgres import Client
from server.features import model_modules


class Pools:
    """The pools that nobody uses at present, by the name of the database and what was asked of it."""

    def __init__(self) -> None:
        self.is_open = False
        self._kept: dict[str, list[tuple[str, Any]]] = {}
        self._asked: dict[Any, str] = {}

    async def take(self, make: Callable[..., Awaitable[Any]], client: Client, **wanted: Any) -> Any:
        """What stands for `Client.create_pool`."""
        if not self.is_open:
            return await make(client, **wanted)
        kept = self._kept.get(wanted["database"], [])
        asked = repr(sorted(wanted.items(), key=lambda item: item[0]))
        for one in kept:
            if one[0] == asked:
                kept.remove(one)
                return one[1]
        pool = await make(client, **wanted)
        self._asked[pool] = asked
        return pool

    async def keep(self, close: Callable[..., Awaitable[None]], client: Client) -> None:
        """What stands for `Client._close`."""
        pool = client._pool
        if pool not in self._asked or pool.is_closing() or pool.get_size() != pool.get_idle_size():
            self._asked.pop(pool, None)
            await close(client)
            return
        client._pool = None
        self._kept.setdefault(str(client.database), []).append((self._asked[pool], pool))

    @asynccontextmanager
    async def connection(self, address: str, database: str) -> AsyncIterator[Any]:
        """A connection to a database: of a kept pool, or a new one."""
        kept = self._kept.get(database)
        if kept:
            async with kept[0][1].acquire() as connection:
                yield connection
            return
        connection = await asyncpg.connect(address)
        try:
            yield connection
        finally:
            await connection.close()

    async def forget(self, database: str) -> None:
        """Close what is kept of a database that will be dropped."""
        for _, pool in self._kept.pop(database, []):
            del self._asked[pool]
            try:
                await asyncio.wait_for(pool.close(), 10)
            except TimeoutError:
                pool.terminate()

    async def close(self) -> None:
        """Close all that is kept, and keep no more."""
        self.is_open = False
        for database in list(self._kept):
            await self.forget(database)

    def into(self, patch: pytest.MonkeyPatch) -> None:
        """Stand between Tortoise and asyncpg for as long as `patch` lasts."""
        make, close = Client.create_pool, Client._close
        patch.setattr(Client, "create_pool", lambda client, **wanted: self.take(make, client, **wanted))
        patch.setattr(Client, "_close", lambda client: self.keep(close, client))


pools = functools.cache(Pools)
"""Those of this process."""


class Template:
    """A migrated database that costs a copy instead of a migration; on PostgreSQL, the emptying of one used before."""

    USES = 40
    """So often a database of PostgreSQL is used: rows that were deleted stay in its files."""

    def __init__(self, folder: Path, server: str | None) -> None:
        self.folder = folder
        self.server = server
        self.count = 0
        self.name = f"peerhall_{os.getpid()}"
        self.made: list[str] = []
        self.emptied: list[str] = []
        self.uses: Counter[str] = Counter()
        self._empty = ""
        self._steps: list[str] = []

    @classmethod
    def make(cls, folder: Path) -> "Template":
        """Migrate one database of the kind that PEERHALL_TEST_DATABASE names: ``sqlite`` or a PostgreSQL address."""
        wanted = os.environ.get("PEERHALL_TEST_DATABASE", "sqlite")
        template = cls(folder, None if wanted == "sqlite" else wanted.rstrip("/"))
        asyncio.run(template._prepare())
        return template

    async def _prepare(self) -> None:
        if self.server is not None:
            await self._statement(f'CREATE DATABASE "{self.name}"')
        db = Database(self._url("template"), durable=False)
        await db.open(model_modules())
        with db.bind():
            await migrate(db, SystemClock().now())
            if db.dialect == "sqlite":
                await db.connection().execute_query("PRAGMA wal_checkpoint(TRUNCATE)")
            else:
                self._steps = [row["name"] for row in await db.rows("SELECT name FROM schema_step ORDER BY name")]
                rows = await db.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
                tables = sorted({row["tablename"] for row in rows} - {"schema_step"})
                for table in tables:
                    assert await db.row(f'SELECT 1 AS one FROM "{table}"') is None, f"{table} is not empty when new"
                self._empty = "; ".join(f'DELETE FROM "{table}"' for table in tables)
        await db.close()

    def _url(self, name: str) -> str:
        return f"sqlite:///{self.folder / name}.sqlite3" if self.server is None else f"{self.server}/{self.name}"

    async def copy(self, target: Path) -> str:
        """The address of a database that is as the template."""
        if self.server is None:
            shutil.copyfile(self.folder / "template.sqlite3", target)
            return f"sqlite:///{target}"
        if self.emptied:
            name = self.emptied.pop()
        else:
            self.count += 1
            name = f"{self.name}_{self.count}"
            await self._statement(f'CREATE DATABASE "{name}" TEMPLATE "{self.name}"')
        self.uses[name] += 1
        self.made.append(name)
        return f"{self.server}/{name}"

    async def forget(self) -> None:
        """Take back what was handed out: it is empty again, as the template."""
        while self.made:
            name = self.made.pop()
            if self.uses[name] < self.USES and await self._emptied(name):
                self.emptied.append(name)
            else:
                await self._drop(name)

    async def _emptied(self, name: str) -> bool:
        """Empty a database: that takes milliseconds, to copy a thousand files half a second. False: it cannot be."""
        async with pools().connection(f"{self.server}/{name}", name) as connection, connection.transaction():
            try:
                await connection.execute(
                    "SET LOCAL lock_timeout = '5s'; SET LOCAL session_replication_role = replica;"
                    f"{self._empty}; SELECT setval(oid, 1, FALSE) FROM pg_class WHERE relkind = 'S'"
                )
            except asyncpg.LockNotAvailableError:
                return False  # somebody holds on to it
            steps = await connection.fetch("SELECT name FROM schema_step ORDER BY name")
        return [row["name"] for row in steps] == self._steps

    def drop(self) -> None:
        """Drop the template and what was made of it."""
        if self.server is not None:
            asyncio.run(self._drop_all())

    async def _drop_all(self) -> None:
        for name in (*self.made, *self.emptied, self.name):
            await self._drop(name)

    async def _drop(self, name: str) -> None:
        await pools().forget(name)
        await self._statement(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    async def _statement(self, statement: str) -> None:
        connection = await asyncpg.connect(f"{self.server}/postgres")
        try:
            await connection.execute(statement)
        finally:
            await connection.close()
