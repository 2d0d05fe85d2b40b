"""`peerhall backup`: database, keys and files as they were at one moment, in one file, while the server runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Protocol

import msgspec

from server.media.storage import Storage, open_storage
from server.settings import Settings
from server.transfer.archive import FORMAT, HEADER, KEY, MANIFEST, MEDIA, TABLES, ArchiveWriter, Header, Manifest
from server.transfer.canonical import Moved, Reader, Sum, Sums, TransferRefused, matching_steps
from server.transfer.move import sqlite_path
from server.transfer.postgres import PostgresReader, connect, troubles
from server.transfer.progress import Progress
from server.transfer.sqlite import SqliteReader
from server.version import VERSION

TRIES = 20


class _ClosingReader(Reader, Protocol):
    async def close(self) -> None: ...


@asynccontextmanager
async def opened_reader(settings: Settings) -> AsyncIterator[Reader]:
    """The database of these settings as it is now, whatever is written meanwhile."""
    reader: _ClosingReader
    if settings.database_url.startswith("sqlite:///"):
        reader = SqliteReader.of_file(sqlite_path(settings))
    else:
        connection = await connect(settings.database_url)
        try:
            async with troubles("the database cannot be read"):
                reader = await PostgresReader.of_connection(connection)
        except BaseException:
            await connection.close()
            raise
    try:
        matching_steps(reader.steps, "the database")
        yield reader
    finally:
        await reader.close()


async def write_backup(settings: Settings, target: Path, now: datetime) -> int:
    """Write a backup and return its size in bytes."""
    if not target.parent.is_dir():
        raise TransferRefused(f"there is no folder {target.parent}")
    async with opened_reader(settings) as early:  # refuses before anything is written
        files = await _count_keys(early)
    archive = ArchiveWriter(target)
    async with troubles("the backup could not be written, nothing is left of it"):
        try:
            return await _write(settings, archive, files, now)
        except BaseException:
            archive.abort()
            raise


async def _write(settings: Settings, archive: ArchiveWriter, files: int, now: datetime) -> int:
    copied = _Files(open_storage(settings), archive)
    progress = Progress(max(files, 1))
    async with opened_reader(settings) as reader:
        await asyncio.to_thread(archive.add, HEADER, _header(settings, reader, now))
        key = settings.data_path / KEY
        if key.is_file() and not settings.secret_key:
            archive.add(KEY, key.read_bytes())
        # Most files first. What is deleted meanwhile, and what is added, makes the difference to a later moment small.
        await copied.copy(reader, progress)
    progress.end()
    for _ in range(TRIES):
        async with opened_reader(settings) as reader:
            if await copied.copy(reader, progress):
                continue  # a file of this moment is gone already: take a later one
            sums = await _copy_tables(archive, reader)
            manifest = Manifest(
                sums={name: (total.rows, str(total)) for name, total in sums.items()},
                sequences=dict(await reader.sequences()),
                files=copied.count,
                file_bytes=copied.size_bytes,
                unwanted=sorted(copied.keys - copied.wanted),
                digest=archive.digest,
            )
        await asyncio.to_thread(archive.add, MANIFEST, msgspec.json.encode(manifest))
        return await asyncio.to_thread(archive.commit)
    raise TransferRefused("files are missing in the storage that the database names: see `peerhall check`")


class _Files:
    """The files that are in the archive."""

    def __init__(self, storage: Storage, archive: ArchiveWriter) -> None:
        self._storage = storage
        self._archive = archive
        self.keys: set[str] = set()
        self.wanted: set[str] = set()
        self.missing: set[str] = set()
        self.size_bytes = 0

    @property
    def count(self) -> int:
        """How many files there are."""
        return len(self.keys)

    async def copy(self, reader: Reader, moved: Moved) -> bool:
        """Copy what the tables name and the archive has not. Returns whether something was there a moment ago."""
        self.wanted.clear()
        gone = False
        async for key in reader.keys():
            self.wanted.add(key)
            if key in self.keys:
                continue
            size = await self._storage.size(key)
            if size is None:
                # Gone since this moment, or for longer: then it is so at the next moment too, and cannot be helped.
                gone = gone or key not in self.missing
                self.missing.add(key)
                continue
            await self._copy(key, size)
            moved("files", 1)
        return gone

    async def _copy(self, key: str, size: int) -> None:
        self._archive.begin(MEDIA + key, size)
        async for piece in self._storage.stream(key, 0, size):
            await asyncio.to_thread(self._archive.write, piece)
        self._archive.end()
        self.keys.add(key)
        self.size_bytes += size


async def _copy_tables(archive: ArchiveWriter, reader: Reader) -> Sums:
    progress = Progress(sum([await reader.count(table) for table in reader.tables]))
    sums: Sums = {}
    for table in reader.tables:
        total = sums[table.name] = Sum()
        number = 0
        async for batch in reader.batches(table):
            total.add(batch.lines)
            await asyncio.to_thread(archive.add, f"{TABLES}{table.name}/{number:08}", b"\n".join(batch.lines))
            number += 1
            progress(table.name, len(batch.rows))
    progress.end()
    return sums


def _header(settings: Settings, reader: Reader, now: datetime) -> bytes:
    return msgspec.json.encode(
        Header(
            format=FORMAT,
            version=VERSION,
            made=now.isoformat(),
            origin=settings.origin,
            dialect="sqlite" if settings.database_url.startswith("sqlite:") else "postgres",
            steps=list(reader.steps),
            tables={table.name: list(table.columns) for table in reader.tables},
        )
    )


async def _count_keys(reader: Reader) -> int:
    count = 0
    async for _ in reader.keys():
        count += 1
    return count
