"""What a server depends on is away for a while: its database, its disk, the right time."""

import asyncio
import contextlib
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.chaos.checks import LOST, PARTIAL, WRONG, Violation
from tests.chaos.load import Load
from tests.chaos.report import Options, Round
from tests.chaos.rounds import WORLDS, rounds
from tests.chaos.storage import Sqlite
from tests.postgres import Cluster

DISK_BYTES = {"sqlite": 48 * 1024 * 1024, "postgres": 320 * 1024 * 1024}
SETTLE_SECONDS = 1.0
"""So long PostgreSQL may take to find out that it cannot go on."""
LOCKED_SECONDS = 3.0
"""Longer than a locked file is waited for (`launcher.shorten_pauses`)."""
JUMPS = (3 * 3600, -2 * 3600, 26 * 3600, -26 * 3600, 40, -40)
SKEWS = (0, 0, 50, -50, 3 * 3600, -3 * 3600)


async def restart(options: Options) -> AsyncIterator[Round]:
    """PostgreSQL is stopped under load, as an upgrade does or as a crash does, and started again."""
    cluster = options.cluster
    assert cluster is not None

    async def fault(rng: random.Random, load: Load) -> None:
        await asyncio.sleep(rng.uniform(0, 1.2))
        await asyncio.to_thread(cluster.stop, rng.choice((signal.SIGINT, signal.SIGQUIT)))
        await asyncio.sleep(rng.uniform(0, 1))
        await asyncio.to_thread(cluster.start)

    async for each in rounds(options, fault):
        yield each


async def locked(options: Options) -> AsyncIterator[Round]:
    """Another process holds the file of SQLite for longer than anybody waits."""

    async def fault(rng: random.Random, load: Load) -> None:
        storage = load.world.storage
        assert isinstance(storage, Sqlite)
        await asyncio.sleep(rng.uniform(0, 1.2))
        await asyncio.to_thread(_hold, storage.path, LOCKED_SECONDS + rng.uniform(0, 1))

    async for each in rounds(options, fault, worlds=WORLDS):
        yield each


def _hold(path: Path, seconds: float) -> None:
    script = (
        "import sqlite3, sys, time; c = sqlite3.connect(sys.argv[1], timeout=10, isolation_level=None);"
        "c.execute('BEGIN IMMEDIATE'); time.sleep(float(sys.argv[2])); c.execute('ROLLBACK')"
    )
    subprocess.run(["python3", "-c", script, str(path), str(seconds)], check=True)


async def full(options: Options) -> AsyncIterator[Round]:
    """The disk is full for a while, under load, during an upload and during a backup."""
    with _small_disk(options.database) as folder, _on(folder, options) as server:

        async def fault(rng: random.Random, load: Load) -> list[Violation]:
            await asyncio.sleep(rng.uniform(0, 0.6))
            filler = folder / "filler"
            _fill(filler, rng.choice((0, 0, 4096, 65536)))
            found = await _backup_is_refused(load, folder) if rng.random() < 0.3 else []
            file = rng.randbytes(rng.randrange(10_000, 100_000)).hex().encode()
            taken = [await load.upload(load.world.members[0], file)]
            await asyncio.sleep(rng.uniform(0.2, 1.2))
            filler.unlink()
            if server is not None:
                await asyncio.to_thread(_start_again, server)
            await asyncio.sleep(0.6)
            taken.append(await load.upload(load.world.members[0], file))
            if not taken[-1]:
                found.append(Violation(LOST, "an upload is refused although the disk has room again"))
            return found + await _files(load, sum(taken))

        options = replace(options, cluster=server)
        async for each in rounds(options, fault, folder=folder):
            yield each


@contextmanager
def _on(folder: Path, options: Options) -> Iterator[Cluster | None]:
    """A PostgreSQL with its data, and what it writes ahead, on the disk that will be full."""
    if options.cluster is None:
        yield None
        return
    data = folder / "postgres"
    data.mkdir()
    made = Cluster(data, options.cluster.options | {"max_wal_size": "64MB", "min_wal_size": "32MB"})
    made.start()
    try:
        yield made
    finally:
        made.stop()


def _start_again(server: Cluster) -> None:
    """What systemd does where PostgreSQL gave up: it ends itself when it cannot write ahead."""
    until = time.monotonic() + SETTLE_SECONDS
    while server.is_running and time.monotonic() < until:
        time.sleep(0.05)
    if not server.is_running:
        server.start()


@contextmanager
def _small_disk(database: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="peerhall-disk-"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES[database]}", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        shutil.rmtree(folder)
        raise RuntimeError("a small disk needs the right to mount one (root)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()


def _fill(filler: Path, leave: int) -> None:
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 65536)
    size = filler.stat().st_size
    os.truncate(filler, max(0, size - leave))


async def _files(load: Load, taken: int) -> list[Violation]:
    """Each upload that was taken is whole; of others nothing is left that belongs to a post."""
    rows = await load.world.storage.rows("SELECT key, size_bytes, attached FROM media ORDER BY id")
    media = load.world.folder / "media"
    found = [
        Violation(PARTIAL, f"the file {row['key']} is not whole")
        for row in rows
        if not (media / row["key"]).is_file() or (media / row["key"]).stat().st_size != row["size_bytes"]
    ]
    before, load.uploads = load.uploads, sum(bool(row["attached"]) for row in rows)
    if load.uploads - before < taken:
        found.append(Violation(LOST, f"{taken} uploads were taken, {load.uploads - before} are there"))
    return found


async def _backup_is_refused(load: Load, folder: Path) -> list[Violation]:
    target = folder / "a.backup"
    process = await load.world.run("backup", str(target))
    said = process.log.read_text(encoding="utf-8").strip()
    found = []
    if target.exists():
        restored = await load.world.run("restore", str(target), PEERHALL_DATA_DIR=str(folder / "restored"))
        if (
            "Traceback" in restored.log.read_text(encoding="utf-8")
            or (folder / "restored" / "peerhall.sqlite3").exists()
        ):
            found.append(Violation(WRONG, "half a backup was restored"))
        target.unlink()
    shutil.rmtree(folder / "restored", ignore_errors=True)
    if "Traceback" in said or not said:
        found.append(Violation(WRONG, f"a backup on a full disk says {said[-300:]!r}"))
    return found


async def clocks(options: Options) -> AsyncIterator[Round]:
    """Our clock jumps forward and back, others' are wrong, and processes die at a wrong time."""

    async def fault(rng: random.Random, load: Load) -> None:
        scene = load.world
        hosts = list(scene.neighbours.hosts.values())
        for host in hosts:
            host.skew_seconds = rng.choice(SKEWS)
        jump = rng.choice(JUMPS)
        await asyncio.sleep(rng.uniform(0, 0.8))
        scene.clock.advance(jump)
        await asyncio.sleep(rng.uniform(0.1, 0.8))
        if rng.random() < 0.5:
            role = rng.choice(scene.roles)
            await scene.processes[role].end()
            await scene.start(role)
            await asyncio.sleep(rng.uniform(0, 0.4))
        scene.clock.advance(-jump)
        for host in hosts:
            host.skew_seconds = 0

    async for each in rounds(options, fault, timed=False, worlds=WORLDS):
        yield each


async def shuffled(options: Options) -> AsyncIterator[Round]:
    """What a server sends comes several times, late, and in any order."""

    async def fault(rng: random.Random, load: Load) -> None:
        return None

    async for each in rounds(options, fault, ordered=False, worlds=WORLDS):
        yield each
