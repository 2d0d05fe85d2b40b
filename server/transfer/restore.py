"""`peerhall restore`: a backup into an empty data folder and an empty database, all or nothing."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path

from server.media.storage import Storage, open_storage
from server.settings import Settings
from server.transfer.archive import KEY, MEDIA, ArchiveReader, Manifest, table_of
from server.transfer.canonical import (
    Sum,
    Sums,
    Table,
    TransferRefused,
    Writer,
    decode_row,
    differences,
    matching_steps,
    sum_all,
)
from server.transfer.move import sqlite_path
from server.transfer.postgres import AlreadyFilled, PostgresWriter, connect, troubles
from server.transfer.progress import Progress
from server.transfer.sqlite import SqliteWriter
from server.unfinished import RESTORING

SUFFIXES = ("", "-wal", "-shm", "-journal")


async def restore_backup(settings: Settings, source: Path, now: datetime) -> Manifest:
    """Restore, and compare with what the backup says; returns its manifest. Wrong or partial ones are refused."""
    if not source.is_file():
        raise TransferRefused(f"there is no file {source}")
    manifest = await asyncio.to_thread(_check, settings, source)
    storage = open_storage(settings)
    repeated = await _refuse_full(settings, storage, manifest.digest)
    marker = settings.data_path / RESTORING
    async with _writer(settings, manifest.digest, now) as writer:
        _mark(marker, manifest.digest)
        placed: list[str] = []
        try:
            sums = await _unpack(settings, source, writer, storage, placed)
            found = {name: (total.rows, str(total)) for name, total in sums.items()}
            if found != manifest.sums or differences(sums, await sum_all(writer.reader(), Progress(1))):
                raise TransferRefused(f"{source} is damaged: its rows are not those that were written")
            for key in manifest.unwanted:
                await storage.delete(key)
            await writer.commit()
        except BaseException as error:
            await asyncio.shield(writer.abort())
            await asyncio.shield(_take_back(settings, storage, placed, marker, repeated))
            if isinstance(error, (OSError, sqlite3.Error)):
                raise TransferRefused(f"the backup could not be restored, nothing is left of it: {error}") from None
            raise
        marker.unlink()
    return manifest


def _check(settings: Settings, source: Path) -> Manifest:
    """Read the whole archive before anything is changed."""
    reader = ArchiveReader(source)
    try:
        header = reader.header
        matching_steps(header.steps, str(source))
        if header.origin != settings.origin:
            raise TransferRefused(
                f"{source} is of {header.origin}, the settings are of {settings.origin}: set PEERHALL_ORIGIN as it was,"
                " or nobody elsewhere will know these people"
            )
        for _ in reader.members():
            pass
        if reader.manifest is None or reader.manifest.sums.keys() != header.tables.keys():
            raise TransferRefused(f"{source} is damaged: its tables are not all there")
        return reader.manifest
    finally:
        reader.close()


async def _refuse_full(settings: Settings, storage: Storage, digest: str) -> bool:
    """Refuse a target that holds something. Returns whether it is what an interrupted restore of this backup left."""
    data = settings.data_path
    marker = data / RESTORING
    if marker.is_file():
        if marker.read_text(encoding="ascii") != digest:
            raise TransferRefused(
                f"another backup was being restored into {data}: finish that one, or empty the folder"
            )
        if settings.database_url.startswith("sqlite:///") and sqlite_path(settings).exists():
            marker.unlink()  # it was the last thing to do
            raise AlreadyFilled(f"{data} was restored already, whole: start with: peerhall serve")
        return True
    if data.exists() and any(data.iterdir()):
        raise TransferRefused(f"{data} is not empty: restore into an empty folder")
    if settings.database_url.startswith("sqlite:///"):
        for suffix in SUFFIXES:
            path = Path(f"{sqlite_path(settings)}{suffix}")
            if path.exists():
                raise TransferRefused(f"{path} is there already: restore where nothing is")
    async for key in storage.all_keys():
        raise TransferRefused(f"the storage of files is not empty, it has {key}: restore where nothing is")
    return False


@asynccontextmanager
async def _writer(settings: Settings, digest: str, now: datetime) -> AsyncIterator[Writer]:
    """A database to be filled; it is left as it was unless the block ends well."""
    async with AsyncExitStack() as stack:
        writer: SqliteWriter | PostgresWriter
        if settings.database_url.startswith("sqlite:///"):
            writer = SqliteWriter(sqlite_path(settings), now)
        else:
            connection = await connect(settings.database_url)
            stack.push_async_callback(connection.close, timeout=5)
            await stack.enter_async_context(troubles("the backup could not be restored, repeat it"))
            writer = PostgresWriter(connection, digest, now)
            try:
                await writer.check()
            except AlreadyFilled:
                (settings.data_path / RESTORING).unlink(missing_ok=True)  # it was the last thing to do
                raise
        try:
            yield writer
        except BaseException:
            await asyncio.shield(writer.abort())
            raise


async def _unpack(settings: Settings, source: Path, writer: Writer, storage: Storage, placed: list[str]) -> Sums:
    reader = await asyncio.to_thread(ArchiveReader, source)
    sums: Sums = {name: Sum() for name in reader.header.tables}
    progress = Progress(source.stat().st_size)
    members = reader.members()
    begun = False
    tables: dict[str, Table] = {}
    try:
        while (member := await asyncio.to_thread(next, members, None)) is not None:
            name, _, body = member
            data = await asyncio.to_thread(body.read)
            if name == KEY:
                _write_key(settings.data_path / KEY, data)
            elif name.startswith(MEDIA):
                key = name.removeprefix(MEDIA)
                placed.append(key)
                await storage.save(key, data)
            else:
                if not begun:
                    tables = await _begin(writer, reader)
                    begun = True
                table = tables.get(table_of(name) or "")
                if table is None:
                    raise TransferRefused(f"{source} holds rows of a table that there is not: {name}")
                lines = data.split(b"\n") if data else []
                await writer.write(table, await asyncio.to_thread(_rows, source, table, lines))
                sums[table.name].add(lines)
            progress.at(name.split("/")[1] if name.startswith("tables/") else "files", reader.position)
        if not begun:
            await _begin(writer, reader)
        progress.at("indexes and references", reader.position)
        await writer.finish(reader.manifest.sequences if reader.manifest else {})
        return sums
    finally:
        progress.end()
        reader.close()


async def _begin(writer: Writer, reader: ArchiveReader) -> dict[str, Table]:
    await writer.begin(reader.header.steps)
    tables = {table.name: table for table in writer.tables}
    if {name: list(table.columns) for name, table in tables.items()} != reader.header.tables:
        raise TransferRefused("the backup has other tables than its version of Peerhall")
    return tables


def _rows(source: Path, table: Table, lines: list[bytes]) -> list[tuple[int | str | None, ...]]:
    try:
        return [decode_row(line, len(table.columns)) for line in lines]
    except ValueError as error:
        raise TransferRefused(f"{source} is damaged: {table.name}: {error}") from None


def _mark(marker: Path, digest: str) -> None:
    """Keep servers away (`server.unfinished`) until the marker is gone again."""
    marker.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with marker.open("w", encoding="ascii") as file:
        file.write(digest)
        file.flush()
        os.fsync(file.fileno())


def _write_key(path: Path, data: bytes) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


async def _take_back(settings: Settings, storage: Storage, placed: list[str], marker: Path, repeated: bool) -> None:
    """Remove what was put into place. The marker stays where an earlier try was killed: that may have left more."""
    for key in placed:
        await storage.delete(key)
    (settings.data_path / KEY).unlink(missing_ok=True)
    if not repeated:
        marker.unlink(missing_ok=True)
        _remove_empty(settings.data_path)


def _remove_empty(folder: Path) -> None:
    """Remove folders in which nothing is."""
    for path in sorted((folder, *folder.rglob("*")), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
