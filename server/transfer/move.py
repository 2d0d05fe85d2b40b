"""`peerhall move-database`: everything from the SQLite file of the settings to an empty PostgreSQL database."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

from server.db.migrate import steps
from server.settings import Settings
from server.transfer.canonical import (
    Moved,
    Reader,
    Sum,
    Sums,
    TransferRefused,
    Writer,
    differences,
    matching_steps,
    sum_all,
)
from server.transfer.postgres import PostgresWriter, connect, troubles
from server.transfer.progress import Progress
from server.transfer.sqlite import InUse, SqliteReader

WRITING_TAKES = 3.5
"""So many times as long as reading takes the whole, measured with a million posts."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was found, or moved."""

    sums: Sums
    seconds: float
    cleaned: int
    repeated: bool = False
    in_use: bool = False


@asynccontextmanager
async def sqlite_source(settings: Settings, *, alone: bool) -> AsyncIterator[SqliteReader]:
    """The database of these settings, which must be a whole one of this version on SQLite."""
    if not settings.database_url.startswith("sqlite:///"):
        raise TransferRefused("this instance is on PostgreSQL already: PEERHALL_DATABASE_URL")
    source = SqliteReader.of_file(sqlite_path(settings), alone=alone)
    try:
        _refuse_old(source)
        yield source
    finally:
        await source.close()


async def dry_run(settings: Settings, url: str, now: datetime) -> Report:
    """Check everything, read everything, write nothing. The server may run."""
    in_use = False
    try:
        async with sqlite_source(settings, alone=True):
            pass
    except InUse:
        in_use = True
    async with sqlite_source(settings, alone=False) as source:
        await _check_values(source)
        connection = await connect(_target(settings, url))
        try:
            async with troubles("PostgreSQL"):
                repeated = await PostgresWriter(connection, await _name_of(settings, source), now).check()
        finally:
            await connection.close()
        progress = Progress(await _total(source))
        sums, cleaned = await _read_all(source, progress)
        progress.end()
        return Report(sums, progress.seconds * WRITING_TAKES, cleaned, repeated, in_use)


async def move_database(settings: Settings, url: str, now: datetime) -> Report:
    """Move, compare, and only then let it be seen."""
    async with sqlite_source(settings, alone=True) as source:
        await _check_values(source)
        connection = await connect(_target(settings, url))
        try:
            writer = PostgresWriter(connection, await _name_of(settings, source), now)
            async with troubles("the move was interrupted, repeat it"):
                repeated = await writer.check()
                try:
                    report = await _move(source, writer, repeated)
                    await writer.commit()
                except BaseException:
                    await asyncio.shield(writer.abort())
                    raise
            return report
        finally:
            await connection.close(timeout=5)


async def copy_tables(source: Reader, writer: Writer, moved: Moved) -> tuple[Sums, int]:
    """Copy every table; returns the sums of what was read, and the number of rows that held NUL."""
    sums: Sums = {}
    cleaned = 0
    wanted = {table.name: table for table in writer.tables}
    if [table for table in source.tables if wanted.get(table.name) != table] or len(wanted) != len(source.tables):
        raise TransferRefused("the tables are not those that the migrations make: nothing was changed")
    for table in source.tables:
        total = sums[table.name] = Sum()
        async for batch in source.batches(table):
            await writer.write(table, batch.rows)
            total.add(batch.lines)
            cleaned += batch.cleaned
            moved(table.name, len(batch.rows))
    moved("indexes and references", 0)
    await writer.finish(await source.sequences())
    return sums, cleaned


def compare(one: Sums, other: Sums) -> None:
    """Refuse unless both are equal."""
    if wrong := differences(one, other):
        raise TransferRefused(f"what arrived is not what was sent ({', '.join(wrong)}): nothing was changed")


def sqlite_path(settings: Settings) -> Path:
    """The file of a SQLite database."""
    return Path(unquote(settings.database_url.removeprefix("sqlite:///")))


async def _move(source: SqliteReader, writer: PostgresWriter, repeated: bool) -> Report:
    progress = Progress(2 * await _total(source))
    await writer.begin(source.steps)
    sums, cleaned = await copy_tables(source, writer, progress)
    compare(sums, await sum_all(writer.reader(), progress))
    progress.end()
    return Report(sums, progress.seconds, cleaned, repeated)


async def _read_all(source: SqliteReader, progress: Progress) -> tuple[Sums, int]:
    sums: Sums = {}
    cleaned = 0
    for table in source.tables:
        total = sums[table.name] = Sum()
        async for batch in source.batches(table):
            total.add(batch.lines)
            cleaned += batch.cleaned
            progress(table.name, len(batch.rows))
    return sums, cleaned


async def _check_values(source: SqliteReader) -> None:
    if broken := await source.broken_references():
        raise TransferRefused(f"rows of {', '.join(broken)} refer to what is not there: PostgreSQL would not take them")
    if misfits := await source.misfits():
        raise TransferRefused(f"PostgreSQL would not take the values of {'; '.join(misfits)}")


async def _total(source: SqliteReader) -> int:
    return sum([await source.count(table) for table in source.tables])


async def _name_of(settings: Settings, source: SqliteReader) -> str:
    """A name for this source, the same at every try."""
    first = await source.value("SELECT min(id) FROM actor")
    return hashlib.sha256(f"{settings.origin}\n{sqlite_path(settings).absolute()}\n{first}".encode()).hexdigest()


def _refuse_old(source: SqliteReader) -> None:
    known = matching_steps(source.steps, "the database")
    if len(known) < len(steps()):
        raise TransferRefused("migrations wait: run peerhall migrate first")


def _target(settings: Settings, url: str) -> str:
    if not url.startswith(("postgres://", "postgresql://")):
        raise TransferRefused("the new database must be given as postgres://USER:PASSWORD@HOST:PORT/NAME")
    return url
