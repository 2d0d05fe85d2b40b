"""Tables of a SQLite file: read at one moment, or written to a new file."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from server.db import to_milliseconds
from server.db.migrate import Step
from server.transfer.canonical import (
    FETCH_ROWS,
    SEARCH,
    SEARCH_TEXTS,
    Batch,
    Row,
    Table,
    TransferRefused,
    matching_steps,
    media_columns,
)

BUSY_SECONDS = 10.0
_CACHE = "PRAGMA cache_size = -65536"  # KiB


class InUse(TransferRefused):
    """Somebody has the file open."""


class SqliteReader:
    """A SQLite database as it is when this is made. Close it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Read from this connection, which is in a transaction already."""
        self._connection = connection
        self.tables = tables_of(connection)
        names = connection.execute("SELECT name FROM schema_step ORDER BY name") if _has_steps(connection) else ()
        self.steps = [row[0] for row in names]

    @classmethod
    def of_file(cls, path: Path, *, alone: bool = False) -> "SqliteReader":
        """Read a file beside whoever writes to it; with `alone`, refuse if anybody has it open, and keep them out."""
        if not path.is_file():
            raise TransferRefused(f"there is no database at {path}")
        mode = "rw" if alone else "ro"
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode={mode}",
            uri=True,
            isolation_level=None,
            timeout=0.2 if alone else BUSY_SECONDS,
            check_same_thread=False,
        )
        try:
            if alone:
                # In WAL mode whoever has the file open holds a lock on it: this one is had only if nobody does.
                connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            return cls(connection)
        except sqlite3.OperationalError as error:
            connection.close()
            if alone and "locked" in str(error):
                raise InUse(
                    f"{path} is in use: stop the server first (systemctl stop peerhall, or end `peerhall serve`)"
                ) from None
            raise TransferRefused(f"{path} cannot be read: {error}") from None
        except sqlite3.DatabaseError as error:
            connection.close()
            raise TransferRefused(f"{path} is not a database of Peerhall: {error}") from None

    async def count(self, table: Table) -> int:
        """How many rows a table has."""
        return int((await self._rows(f'SELECT count(*) FROM "{table.name}"'))[0][0])

    async def batches(self, table: Table) -> AsyncIterator[Batch]:
        """All rows of a table."""
        cursor = await asyncio.to_thread(self._connection.execute, _select(table))
        while True:
            batch = await asyncio.to_thread(_next_batch, cursor)
            if not batch.rows:
                return
            yield batch

    async def sequences(self) -> Mapping[str, int]:
        """From SQLite's own list of them."""
        return {str(name): int(number) for name, number in await self._rows("SELECT name, seq FROM sqlite_sequence")}

    async def keys(self) -> AsyncIterator[str]:
        """The storage keys of all files that the tables name."""
        for table, column in media_columns(self.tables):
            statement = f'SELECT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL'
            cursor = await asyncio.to_thread(self._connection.execute, statement)
            while rows := await asyncio.to_thread(cursor.fetchmany, FETCH_ROWS):
                for row in rows:
                    yield row[0]

    async def broken_references(self) -> list[str]:
        """Tables with rows that refer to what is not there."""
        return sorted({str(row[0]) for row in await self._rows("PRAGMA foreign_key_check")})

    async def misfits(self) -> list[str]:
        """Values that the declared type of their column does not allow, which SQLite does not look at."""
        found = []
        for table in self.tables:
            columns = await self._rows(f'PRAGMA table_info("{table.name}")')
            counts = ", ".join(f"sum({_misfit(str(row[1]), str(row[2]).upper())})" for row in columns)
            (numbers,) = await self._rows(f'SELECT {counts} FROM "{table.name}"')
            found += [
                f"{table.name}.{row[1]} ({number} rows that are no {row[2]})"
                for row, number in zip(columns, numbers, strict=True)
                if number
            ]
        return found

    async def value(self, statement: str) -> int | str | None:
        """The first column of the first row."""
        rows = await self._rows(statement)
        return rows[0][0] if rows else None

    async def close(self) -> None:
        """Let go of the file."""
        await asyncio.to_thread(self._connection.close)

    async def _rows(self, statement: str) -> list[tuple[int | str, ...]]:
        return await asyncio.to_thread(lambda: self._connection.execute(statement).fetchall())


class SqliteWriter:
    """A new SQLite file that takes its place with `commit`."""

    def __init__(self, target: Path, now: datetime) -> None:
        """Write beside the place, then move there."""
        self._now = to_milliseconds(now)
        self._target = target
        self._path = target.with_name(f"{target.name}.restoring")
        self._connection: sqlite3.Connection | None = None
        self._indexes: list[str] = []
        self.tables: Sequence[Table] = ()

    async def begin(self, names: Sequence[str]) -> None:
        """Make the tables, without indexes."""
        await asyncio.to_thread(self._begin, matching_steps(names, "this copy"))

    def _begin(self, steps: Sequence[Step]) -> None:
        self._path.unlink(missing_ok=True)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        self._connection = connection
        # Nobody sees this file before it is whole: it needs no journal, and goes to the disk in `commit`.
        for pragma in ("PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", "PRAGMA foreign_keys = OFF", _CACHE):
            connection.execute(pragma)
        connection.execute("BEGIN")
        connection.execute("CREATE TABLE schema_step (name VARCHAR(120) PRIMARY KEY, applied_at BIGINT NOT NULL)")
        for step in steps:
            for statement in step.sqlite:
                connection.execute(statement)
            connection.execute("INSERT INTO schema_step VALUES (?, ?)", (step.name, self._now))
        found = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        for name, statement in found.fetchall():
            connection.execute(f'DROP INDEX "{name}"')
            self._indexes.append(statement)
        # Steps may write rows of their own; what comes from the copy takes their place.
        self.tables = tables_of(connection)
        for table in self.tables:
            connection.execute(f'DELETE FROM "{table.name}"')

    async def write(self, table: Table, rows: Sequence[Row]) -> None:
        """Add rows."""
        await asyncio.to_thread(self._write, table, rows)

    def _write(self, table: Table, rows: Sequence[Row]) -> None:
        columns = table.columns
        if table.name == SEARCH:
            own = [place for place, column in enumerate(columns) if column not in SEARCH_TEXTS]
            texts = [columns.index(column) for column in ("seq", *SEARCH_TEXTS)]
            self._open().executemany(
                "INSERT INTO search_text (rowid, title, body) VALUES (?, ?, ?)",
                (tuple(row[place] for place in texts) for row in rows),
            )
            rows = [tuple(row[place] for place in own) for row in rows]
            columns = tuple(columns[place] for place in own)
        names = ", ".join(f'"{column}"' for column in columns)
        places = ", ".join("?" for _ in columns)
        self._open().executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({places})', rows)

    async def finish(self, sequences: Mapping[str, int]) -> None:
        """Make indexes, check references, and let generated keys go on after these numbers."""
        await asyncio.to_thread(self._finish, sequences)

    def _finish(self, sequences: Mapping[str, int]) -> None:
        connection = self._open()
        for statement in self._indexes:
            connection.execute(statement)
        for name, number in sequences.items():
            connection.execute("DELETE FROM sqlite_sequence WHERE name = ?", (name,))
            connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (name, number))
        if broken := connection.execute("PRAGMA foreign_key_check").fetchone():
            raise TransferRefused(f"rows of {broken[0]} refer to what is not there: nothing was restored")

    def reader(self) -> SqliteReader:
        """What was written, read back."""
        return SqliteReader(self._open())

    async def commit(self) -> None:
        """Bring it to the disk, then into place."""
        await asyncio.to_thread(self._commit)

    def _commit(self) -> None:
        connection = self._open()
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.close()
        self._connection = None
        with self._path.open("rb+") as file:
            os.fsync(file.fileno())
        self._path.replace(self._target)
        folder = os.open(self._target.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    async def abort(self) -> None:
        """Remove it."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._path.unlink(missing_ok=True)

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise RuntimeError("not begun")
        return self._connection


def tables_of(connection: sqlite3.Connection) -> list[Table]:
    """Every table that holds something of ours."""
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"
        " AND name NOT LIKE 'search~_text%' ESCAPE '~' AND name <> 'schema_step' ORDER BY name"
    )
    found = []
    for (name,) in names.fetchall():
        columns = {row[1] for row in connection.execute(f'PRAGMA table_info("{name}")')}
        found.append(Table(name, tuple(sorted(columns | set(SEARCH_TEXTS if name == SEARCH else ())))))
    return found


def _has_steps(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'schema_step'").fetchone())


def _select(table: Table) -> str:
    if table.name != SEARCH:
        columns = ", ".join(f'"{column}"' for column in table.columns)
        return f'SELECT {columns} FROM "{table.name}"'
    columns = ", ".join(f"coalesce({name}, '')" if name in SEARCH_TEXTS else f'"{name}"' for name in table.columns)
    return f"SELECT {columns} FROM search_thing LEFT JOIN search_text ON search_text.rowid = search_thing.seq"


def _misfit(name: str, kind: str) -> str:
    """The condition under which a value is not of the declared type of its column."""
    if kind.startswith(("VARCHAR", "TEXT")):
        size = kind.partition("(")[2].rstrip(")")
        too_long = f' OR coalesce(length("{name}") > {size}, 0)' if size else ""
        return f"typeof(\"{name}\") NOT IN ('text', 'null'){too_long}"
    bits = 31 if kind == "INT" else 63
    return (
        f"typeof(\"{name}\") NOT IN ('integer', 'null')"
        f' OR coalesce("{name}" NOT BETWEEN {-(2**bits)} AND {2**bits - 1}, 0)'
    )


def _next_batch(cursor: sqlite3.Cursor) -> Batch:
    batch = Batch()
    for row in cursor:
        batch.add(row)
        if batch.is_full:
            break
    return batch
