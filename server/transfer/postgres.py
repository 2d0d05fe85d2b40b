"""Tables of a PostgreSQL database: read at one moment, or written to an empty one in a single transaction."""

import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from server.db import to_milliseconds
from server.db.database import connection_config
from server.db.migrate import MARKER, Step
from server.transfer.canonical import FETCH_ROWS, Batch, Row, Table, TransferRefused, matching_steps, media_columns

OLDEST_VERSION = 14
COMMAND_SECONDS = 20
LOCK = 7_733_256
MOVED = "database.moved"
"""The site value that says where everything came from."""

_TABLES = (
    'SELECT table_name, array_agg(column_name::text ORDER BY column_name::text COLLATE "C") AS columns,'
    " array_agg(column_name::text) FILTER (WHERE data_type = 'boolean') AS booleans"
    " FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)"
    " WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' AND is_generated = 'NEVER'"
    f" AND table_name NOT IN ('schema_step', '{MARKER}') GROUP BY table_name ORDER BY table_name COLLATE \"C\""
)
_SEQUENCES = (
    "SELECT t.relname AS name, quote_ident(n.nspname) || '.' || quote_ident(s.relname) AS sequence"
    " FROM pg_class s JOIN pg_depend d ON d.objid = s.oid AND d.deptype IN ('a', 'i')"
    " JOIN pg_class t ON t.oid = d.refobjid JOIN pg_namespace n ON n.oid = s.relnamespace"
    " WHERE s.relkind = 'S' AND n.nspname = current_schema()"
)
# What slows down filling tables.
_CONSTRAINTS = (
    "SELECT c.conname AS name, t.relname AS on_table, pg_get_constraintdef(c.oid) AS definition, c.contype AS kind"
    " FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace"
    " WHERE n.nspname = current_schema() AND c.contype IN ('u', 'f') AND t.relname <> 'schema_step'"
    " ORDER BY c.contype, c.conname"
)
_INDEXES = (
    "SELECT indexname AS name, indexdef AS definition FROM pg_indexes WHERE schemaname = current_schema()"
    " AND indexname NOT IN (SELECT conname FROM pg_constraint) ORDER BY indexname"
)


@dataclass(frozen=True, slots=True)
class _Columns:
    table: Table
    booleans: frozenset[str]


async def connect(url: str) -> Any:
    """A connection; raises TransferRefused, which never repeats the password."""
    values = connection_config(url)["credentials"]
    try:
        return await asyncpg.connect(
            host=values["host"],
            port=values["port"],
            user=values["user"],
            password=values["password"] or None,
            database=values["database"] or None,
            timeout=COMMAND_SECONDS,
            server_settings={"application_name": "peerhall transfer"},
        )
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise TransferRefused(f"PostgreSQL at {values['host']}:{values['port']} cannot be used: {error}") from None


@asynccontextmanager
async def troubles(what: str) -> AsyncIterator[None]:
    """Turn what databases and files raise into a refusal."""
    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError, sqlite3.Error, OSError) as error:
        raise TransferRefused(f"{what}: {error or type(error).__name__}") from None


class AlreadyFilled(TransferRefused):
    """The same copy was made before, to its end."""


class PostgresReader:
    """A PostgreSQL database as its transaction sees it."""

    def __init__(self, connection: Any, columns: Sequence[_Columns], steps: Sequence[str]) -> None:
        """Read from this connection, which is in a transaction already."""
        self._connection = connection
        self._booleans = {item.table.name: item.booleans for item in columns}
        self.tables = [item.table for item in columns]
        self.steps = steps

    @classmethod
    async def of_connection(cls, connection: Any) -> "PostgresReader":
        """Begin a transaction that goes on seeing what is there now, whatever others write."""
        await connection.transaction(isolation="repeatable_read", readonly=True).start()
        names = []
        if await connection.fetchval("SELECT to_regclass('schema_step') IS NOT NULL"):
            rows = await connection.fetch('SELECT name FROM schema_step ORDER BY name COLLATE "C"')
            names = [row["name"] for row in rows]
        return cls(connection, await _columns(connection), names)

    async def count(self, table: Table) -> int:
        """How many rows a table has."""
        return int(await self._connection.fetchval(f'SELECT count(*) FROM "{table.name}"'))

    async def batches(self, table: Table) -> AsyncIterator[Batch]:
        """All rows of a table."""
        booleans = self._booleans[table.name]
        columns = ", ".join(f'"{column}"' + ("::int" if column in booleans else "") for column in table.columns)
        cursor = await self._connection.cursor(f'SELECT {columns} FROM "{table.name}"')
        batch = Batch()
        while rows := await cursor.fetch(FETCH_ROWS):
            for row in rows:
                batch.add(tuple(row))
            if batch.is_full:
                yield batch
                batch = Batch()
        if batch.rows:
            yield batch

    async def sequences(self) -> Mapping[str, int]:
        """The last number of each sequence; it may be later than the rest, never earlier."""
        found = {}
        for row in await self._connection.fetch(_SEQUENCES):
            state = await self._connection.fetchrow(f"SELECT last_value, is_called FROM {row['sequence']}")
            if state["is_called"]:
                found[row["name"]] = state["last_value"]
        return found

    async def keys(self) -> AsyncIterator[str]:
        """The storage keys of all files that the tables name."""
        for table, column in media_columns(self.tables):
            statement = f'SELECT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL'
            cursor = await self._connection.cursor(statement)
            while rows := await cursor.fetch(FETCH_ROWS):
                for row in rows:
                    yield row[0]

    async def close(self) -> None:
        """Let go of the database."""
        await self._connection.close()


class PostgresWriter:
    """An empty PostgreSQL database that is filled in one transaction.

    Before it, a marker is committed that keeps servers away (`server.db.migrate`); the transaction takes it away. So an
    end at any moment, of ours or of the database's, leaves an empty database with a marker, or the whole.
    """

    def __init__(self, connection: Any, source: str, now: datetime) -> None:
        """Fill the database of this connection from `source`, a name that only the same source has again."""
        self._connection = connection
        self._transaction: Any = None
        self._now = to_milliseconds(now)
        self._source = source
        self._holds = False
        self._again: list[str] = []
        self._columns: Sequence[_Columns] = ()
        self._steps: Sequence[str] = ()
        self.tables: Sequence[Table] = ()

    async def check(self) -> bool:
        """Refuse a database that cannot be used. Returns whether an interrupted copy of the same source was there."""
        ask = self._connection.fetchval
        version = int(await ask("SHOW server_version_num")) // 10_000
        if version < OLDEST_VERSION:
            raise TransferRefused(f"PostgreSQL {version} is too old: {OLDEST_VERSION} or later is needed")
        if await ask("SHOW server_encoding") != "UTF8":
            raise TransferRefused("the database has not the encoding UTF8: make it with ENCODING 'UTF8'")
        if not await ask("SELECT has_schema_privilege(current_schema(), 'CREATE')"):
            raise TransferRefused("we may not make tables there: GRANT CREATE ON SCHEMA public, or own the database")
        others = await self._connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename <> $1", MARKER
        )
        is_filled = any(row["tablename"] == "site_value" for row in others)
        if is_filled and await ask("SELECT value FROM site_value WHERE key = $1", MOVED) == self._source:
            raise AlreadyFilled("everything is there already: set PEERHALL_DATABASE_URL to this database, and start")
        if others:
            raise TransferRefused(f"the database is not empty (it has {len(others)} tables): use an empty one")
        if not await ask("SELECT to_regclass($1) IS NOT NULL", MARKER):
            return False
        source = await ask(f'SELECT source FROM "{MARKER}"')
        if source != self._source:
            raise TransferRefused(
                f"another copy was begun there and not finished: repeat that one, or DROP TABLE {MARKER}"
            )
        return True

    async def begin(self, names: Sequence[str]) -> None:
        """Keep servers away, then make the tables, without indexes."""
        steps = matching_steps(names, "this copy")
        if not await self._connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
            raise TransferRefused("the database is being filled by another command at this moment")
        self._holds = True
        await self.check()
        async with self._connection.transaction():
            await self._connection.execute(f'CREATE TABLE IF NOT EXISTS "{MARKER}" (source TEXT PRIMARY KEY)')
            await self._connection.execute(f'INSERT INTO "{MARKER}" VALUES ($1) ON CONFLICT DO NOTHING', self._source)
        self._transaction = self._connection.transaction()
        await self._transaction.start()
        await self._make_tables(steps)

    async def _make_tables(self, steps: Sequence[Step]) -> None:
        run = self._connection.execute
        await run("SET LOCAL maintenance_work_mem = '128MB'")
        await run("CREATE TABLE schema_step (name VARCHAR(120) PRIMARY KEY, applied_at BIGINT NOT NULL)")
        for step in steps:
            await run(";\n".join(step.postgres))
            await run("INSERT INTO schema_step VALUES ($1, $2)", step.name, self._now)
        constraints = await self._connection.fetch(_CONSTRAINTS)
        indexes = await self._connection.fetch(_INDEXES)
        dropped = [f'ALTER TABLE "{row["on_table"]}" DROP CONSTRAINT "{row["name"]}"' for row in constraints]
        await run(";\n".join([*dropped, *(f'DROP INDEX "{row["name"]}"' for row in indexes)]))
        unique: list[str] = []
        references: list[str] = []
        for row in constraints:
            statement = f'ALTER TABLE "{row["on_table"]}" ADD CONSTRAINT "{row["name"]}" {row["definition"]}'
            (references if row["kind"] == b"f" else unique).append(statement)
        self._again = [*unique, *(row["definition"] for row in indexes), *references]
        self._columns = await _columns(self._connection)
        self._steps = [step.name for step in steps]
        self.tables = [item.table for item in self._columns]
        # Steps may write rows of their own; what comes from the copy takes their place.
        await run(";\n".join(f'DELETE FROM "{table.name}"' for table in self.tables))

    async def write(self, table: Table, rows: Sequence[Row]) -> None:
        """Add rows, with COPY."""
        booleans = next(item.booleans for item in self._columns if item.table.name == table.name)
        places = [place for place, column in enumerate(table.columns) if column in booleans]
        try:
            await self._connection.copy_records_to_table(
                table.name, records=_with_booleans(rows, places) if places else rows, columns=table.columns
            )
        except (KeyError, ValueError, asyncpg.DataError) as error:
            raise TransferRefused(f"PostgreSQL does not take a row of {table.name}: {error}") from None

    async def finish(self, sequences: Mapping[str, int]) -> None:
        """Make indexes and references, and let generated keys go on after these numbers."""
        await self._connection.execute(";\n".join(self._again))
        for row in await self._connection.fetch(_SEQUENCES):
            if sequences.get(row["name"]):
                await self._connection.execute(
                    "SELECT setval($1::regclass, $2)", row["sequence"], sequences[row["name"]]
                )

    def reader(self) -> PostgresReader:
        """What was written, read back in the same transaction."""
        return PostgresReader(self._connection, self._columns, self._steps)

    async def commit(self) -> None:
        """Note where it came from, take the marker away, and let it all be seen; then ANALYZE for the planner."""
        await self._connection.execute(
            "INSERT INTO site_value (key, value, updated_at) VALUES ($1, $2, $3)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
            MOVED,
            self._source,
            self._now,
        )
        await self._connection.execute(f'DROP TABLE "{MARKER}"')
        await self._transaction.commit()
        await self._connection.execute("ANALYZE")

    async def abort(self) -> None:
        """Take back the transaction and the marker; what has no connection any more did the former by itself."""
        if self._connection.is_closed() or not self._holds:
            return
        async with troubles("the database could not be cleaned up"):
            if self._connection.is_in_transaction():
                await self._transaction.rollback()
            await self._connection.execute(f'DROP TABLE IF EXISTS "{MARKER}"')


async def _columns(connection: Any) -> list[_Columns]:
    return [
        _Columns(Table(row["table_name"], tuple(row["columns"])), frozenset(row["booleans"] or ()))
        for row in await connection.fetch(_TABLES)
    ]


_BOOLEANS = {0: False, 1: True, None: None}


def _with_booleans(rows: Sequence[Row], places: Sequence[int]) -> list[list[Any]]:
    changed = []
    for row in rows:
        values: list[Any] = list(row)
        for place in places:
            values[place] = _BOOLEANS[values[place]]
        changed.append(values)
    return changed
