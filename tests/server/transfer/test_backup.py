"""R9: a backup taken while others write restores to a whole instance on either database; a wrong one is refused."""

import asyncio
import gzip
import io
import resource
import signal
import sqlite3
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from server.build import build
from server.db import Database
from server.db.migrate import steps
from server.features import model_modules
from server.media import actions as media
from server.media.storage import open_storage
from server.settings import Settings
from server.transfer.archive import MAX_MANIFEST_BYTES
from server.transfer.backup import opened_reader, write_backup
from server.transfer.canonical import TransferRefused, sum_all
from server.transfer.restore import restore_backup
from server.unfinished import RESTORING, Unfinished
from tests.posting import write
from tests.server.transfer.conftest import full_sqlite
from tests.server.transfer.test_move_database import NOW, change, run_peerhall, tables_in

PICTURE = b"RIFF" + b"x" * 5000


def other_place(settings: Settings, folder: Path, url: str = "") -> Settings:
    url = url or f"sqlite:///{folder / 'peerhall.sqlite3'}"
    return replace(settings, data_dir=str(folder), database_url=url)


async def sums(settings: Settings) -> dict[str, str]:
    async with opened_reader(settings) as reader:
        return {name: f"{total.rows} {total}" for name, total in (await sum_all(reader, lambda *_: None)).items()}


def repacked(source: Path, target: Path, change: Any) -> Path:
    """An archive whose members went through `change(name, data)`, which returns others."""
    with tarfile.open(source) as before, tarfile.open(target, "w:gz") as after:
        for member in before.getmembers():
            body = before.extractfile(member)
            assert body is not None
            for info, data in change(member.name, body.read()):
                new = tarfile.TarInfo(info) if isinstance(info, str) else info
                new.size = len(data)
                after.addfile(new, io.BytesIO(data))
    return target


async def test_r9_what_is_no_whole_backup_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    settings = full_sqlite(tmp_path / "data")
    (tmp_path / "data" / "secret-key").write_text("k" * 64, encoding="ascii")
    change(settings, "DELETE FROM media", "DELETE FROM remote_media")
    saved = tmp_path / "saved"
    await write_backup(settings, saved, NOW)
    whole, target = saved.read_bytes(), other_place(settings, tmp_path / "other")
    for name, data in {
        "nothing": b"",
        "text": b"hello" * 100,
        "half": whole[: len(whole) // 2],
        "last": whole[:-1],
        "longer": whole + gzip.compress(b"\0" * 512),
        "zip": gzip.compress(b"PK" + b"\0" * 10_000),
        "flipped": whole[:2000] + b"\xff" * 64 + whole[2064:],
    }.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(TransferRefused):
            pytest.fail(f"{name}: {await restore_backup(target, tmp_path / name, NOW)}")

    def header(**values: Any) -> Any:
        def changed(name: str, data: bytes) -> Any:
            return [(name, msgspec.json.encode(msgspec.json.decode(data) | values) if "backup" in name else data)]

        return changed

    def with_more(more: tarfile.TarInfo | str, data: bytes = b"x") -> Any:
        return lambda name, body: [(name, body), *([(more, data)] if name == "peerhall-backup" else [])]

    link = tarfile.TarInfo("secret-key")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    for number, (how, words) in enumerate(
        [
            (header(format=3), "has format 3"),
            (header(steps=[*(step.name for step in steps()), "9999_later"]), "newer Peerhall"),
            (header(origin="https://else.example"), "PEERHALL_ORIGIN"),
            (with_more("../escaped"), "what no backup holds"),
            (with_more("/etc/cron.d/x"), "what no backup holds"),
            (with_more("media/../../x"), "what no backup holds"),
            (with_more("tables/../x/00000000"), "what no backup holds"),
            (with_more(link, b""), "what no backup holds"),
            (with_more("secret-key", b"x" * 5000), "what no backup holds"),
            (with_more("tables/actor/00000009", b"[]"), "damaged"),
            (lambda name, data: [] if name.startswith("tables/post/") else [(name, data)], "damaged"),
            (lambda name, data: [(name, data.replace(b"1title", b"2title"))], "damaged"),
            (lambda name, data: [] if name == "manifest.json" else [(name, data)], "not complete"),
        ]
    ):
        with pytest.raises(TransferRefused, match=words):
            await restore_backup(target, repacked(saved, tmp_path / f"odd{number}", how), NOW)
    huge = tarfile.TarInfo("manifest.json")
    huge.size = MAX_MANIFEST_BYTES + 1
    with tarfile.open(saved) as archive:
        first = archive.extractfile("peerhall-backup")
        assert first is not None
        begun = first.read()
    info = tarfile.TarInfo("peerhall-backup")
    info.size = len(begun)
    (tmp_path / "huge").write_bytes(gzip.compress(info.tobuf() + begun + b"\0" * (-len(begun) % 512) + huge.tobuf()))
    with pytest.raises(TransferRefused, match="what no backup holds"):
        await restore_backup(target, tmp_path / "huge", NOW)
    assert not (tmp_path / "other").exists()
    with pytest.raises(TransferRefused, match="not empty"):
        await restore_backup(settings, saved, NOW)
    with pytest.raises(TransferRefused, match="exists already"):
        await write_backup(settings, saved, NOW)
    assert (await restore_backup(target, saved, NOW)).sums.keys() == (await sums(target)).keys()


async def test_r9_a_full_disk_ends_a_backup_without_a_trace_and_a_restore_too(tmp_path: Path) -> None:
    settings = full_sqlite(tmp_path / "data", 30)
    change(settings, "DELETE FROM media", "DELETE FROM remote_media")
    saved, other = tmp_path / "saved", tmp_path / "other"
    before = await sums(settings)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handled = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (33_000, limits[1]))
        with pytest.raises(TransferRefused, match="nothing is left of it"):
            await write_backup(settings, saved, NOW)
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]
        await write_backup(settings, saved, NOW)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
        with pytest.raises(TransferRefused, match="nothing is left of it"):
            await restore_backup(other_place(settings, other), saved, NOW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handled)
    assert not other.exists()
    assert await sums(settings) == before
    await restore_backup(other_place(settings, other), saved, NOW)
    assert await sums(other_place(settings, other)) == before


async def test_r9_an_interrupted_restore_leaves_nothing_that_would_start(tmp_path: Path) -> None:
    settings = full_sqlite(tmp_path / "data", 20)
    change(settings, "DELETE FROM media", "DELETE FROM remote_media")
    saved, other = tmp_path / "saved", tmp_path / "other"
    await write_backup(settings, saved, NOW)
    target = other_place(settings, other)
    killed = await run_peerhall(target, "restore", str(saved))
    while not (other / RESTORING).exists():
        await asyncio.wait({asyncio.ensure_future(killed.wait())}, timeout=0.01)
        assert killed.returncode is None, await killed.communicate()
    killed.send_signal(signal.SIGKILL)
    await killed.communicate()
    assert not (other / "peerhall.sqlite3").exists()
    with pytest.raises(Unfinished, match="repeat it"):
        await build(target)
    change(settings, "DELETE FROM tombstone")
    await write_backup(settings, tmp_path / "later", NOW)
    with pytest.raises(TransferRefused, match="another backup"):
        await restore_backup(target, tmp_path / "later", NOW)
    await restore_backup(target, saved, NOW)
    assert sorted(path.name for path in other.iterdir()) == ["peerhall.sqlite3"]


async def test_r9_what_was_written_before_a_backup_is_in_it_and_everything_holds(
    fediverse: Any, tmp_path: Path, template: Any
) -> None:
    """Writers go on at full speed; files come and go."""
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    running, before, going, enough = True, [], set(), asyncio.Event()

    async def write_on(number: int) -> None:
        while running:
            post = await write(maya, f"Lesson {number}", visibility="public")
            key = f"{number:02}/{'a' * 20}{len(before):020}.webp"
            await open_storage(here.settings).save(key, PICTURE)
            file = await here.run(media._record, here, maya.id, kind="image", key=key, media_type="x", size_bytes=5004)
            if len(before) % 3 == 2:
                going.add(key)
                await here.run(media.delete_file, here, file.id)
            before.append(post.id)
            if len(before) == 20:
                enough.set()

    async with asyncio.TaskGroup() as group:
        for number in range(3):
            group.create_task(write_on(number))
        await enough.wait()
        acknowledged = list(before)
        saved = tmp_path / "saved"
        await write_backup(here.settings, saved, NOW)
        running = False
    assert len(before) > len(acknowledged)

    target = other_place(here.settings, tmp_path / "other")
    manifest = await restore_backup(target, saved, NOW)
    db = Database(target.database_url)
    await db.open(model_modules())
    with db.bind():
        found = {row["id"] for row in await db.rows("SELECT id FROM post")}
        assert found >= set(acknowledged)
        assert await db.connection().execute_query_dict("PRAGMA foreign_key_check") == []
        keys = {row["key"] for row in await db.rows("SELECT key FROM media")}
        indexed = await db.value("SELECT count(*) AS n FROM search_text WHERE search_text MATCH 'lesson'")
        assert indexed == len(found)
    await db.close()
    assert keys
    stored = {key async for key in open_storage(target).all_keys()}
    assert stored <= keys
    assert keys - stored <= going, "only what was half deleted has a row and no file"
    assert manifest.files == len(stored)
    assert await sums(target) == {name: f"{rows} {total}" for name, (rows, total) in manifest.sums.items()}


async def test_r9_backups_go_from_either_database_to_either(empty: str, tmp_path: Path) -> None:
    settings = full_sqlite(tmp_path / "data", 6)
    change(settings, "DELETE FROM media", "DELETE FROM remote_media")
    for path in (tmp_path / "one", tmp_path / "two"):
        assert not path.exists()
    await write_backup(settings, tmp_path / "one", NOW)
    there = other_place(settings, tmp_path / "there", empty)
    await restore_backup(there, tmp_path / "one", NOW)
    with pytest.raises(TransferRefused, match="there already"):
        await restore_backup(there, tmp_path / "one", NOW)
    connection = await asyncpg.connect(empty)
    await connection.execute("DELETE FROM site_value WHERE key = 'database.moved'")
    await connection.close()
    assert await sums(there) == await sums(settings)
    await write_backup(there, tmp_path / "two", NOW)
    back = other_place(settings, tmp_path / "back")
    await restore_backup(back, tmp_path / "two", NOW)
    assert await sums(back) == await sums(settings)
    numbers = []
    for folder in ("data", "back"):
        connection = sqlite3.connect(tmp_path / folder / "peerhall.sqlite3")
        numbers.append(connection.execute("SELECT name, seq FROM sqlite_sequence ORDER BY name").fetchall())
        connection.close()
    assert numbers[0] == numbers[1]
    assert "post" in await tables_in(empty)
