"""Looking into the instance's database from outside, the same way in both kinds."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import asyncpg


class Sqlite:
    """The file of an instance, only read."""

    name = "SQLite"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.url = f"sqlite:///{path}"

    async def rows(self, statement: str) -> list[dict[str, Any]]:
        """The rows of one statement without parameters."""
        return await asyncio.to_thread(self._rows, statement)

    def _rows(self, statement: str) -> list[dict[str, Any]]:
        connection = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=30)
        connection.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in connection.execute(statement)]
        finally:
            connection.close()

    async def close(self) -> None:
        """Nothing is kept open."""


class Postgres:
    """A database of a server; connects anew where the server was away."""

    name = "PostgreSQL"

    def __init__(self, url: str) -> None:
        self.url = url
        self._connection: Any = None

    async def rows(self, statement: str) -> list[dict[str, Any]]:
        """The rows of one statement without parameters."""
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(self.url)
        return [dict(row) for row in await self._connection.fetch(statement)]

    async def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            await self._connection.close()


Storage = Sqlite | Postgres
