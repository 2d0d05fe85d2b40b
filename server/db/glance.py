"""A look at a few rows by their keys, for answers that are kept and have to be right: what they were made from.

On SQLite it is read at once, on a connection of its own: ten microseconds, where the way through a thread takes ten
times as long. So it is for lookups by key that never take more. `version` is even cheaper, and the same for as long as
nobody, in no process, committed anything. PostgreSQL has neither: there it is one statement like every other.
"""

import sqlite3
from collections.abc import Callable
from typing import Any, Protocol

STATEMENTS_KEPT = 64


class _Rows(Protocol):
    """What is needed of a `Database`."""

    dialect: str

    @property
    def path(self) -> Any: ...

    async def row(self, statement: str, /, **parameters: Any) -> dict[str, Any] | None: ...


class Glance:
    """Quick looks at one database."""

    def __init__(self, db: _Rows, compile_: Callable[[str], tuple[str, tuple[str, ...]]]) -> None:
        """Look at this database; the connection is opened by the first look."""
        self._db = db
        self._compile = compile_
        self._connection: sqlite3.Connection | None = None

    def version(self) -> int | None:
        """Changes with every commit by anybody; None where there is no such number."""
        connection = self._open()
        return None if connection is None else int(connection.execute("PRAGMA data_version").fetchone()[0])

    async def row(self, statement: str, /, **parameters: Any) -> tuple[Any, ...] | None:
        """The first row of one statement, as a tuple."""
        connection = self._open()
        if connection is None:
            found = await self._db.row(statement, **parameters)
            return None if found is None else tuple(found.values())
        sql, names = self._compile(statement)
        row: tuple[Any, ...] | None = connection.execute(sql, [parameters[name] for name in names]).fetchone()
        return row

    def columns(self, table: str) -> list[str]:
        """The columns of a table, on SQLite."""
        connection = self._open()
        if connection is None:
            raise RuntimeError("only SQLite cannot say a row as a whole")
        return [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]

    def close(self) -> None:
        """Close the connection, if one was opened."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection | None:
        if self._connection is None and self._db.path is not None and str(self._db.path) != ":memory:":
            self._connection = sqlite3.connect(
                f"{self._db.path.absolute().as_uri()}?mode=ro",
                uri=True,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=STATEMENTS_KEPT,
            )
        return self._connection
