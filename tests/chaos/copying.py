"""Moves, restores and migrations of a whole database that are killed at any moment, and repeated until they end."""

import asyncio
import random
import shutil
import signal
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from server.build import build, close
from server.clock import SystemClock
from server.db.migrate import MigrationError, Step, steps
from server.settings import Settings
from server.transfer.backup import opened_reader, write_backup
from server.transfer.canonical import TransferRefused, sum_all
from server.unfinished import Unfinished
from tests.chaos.checks import LOST, WRONG, Violation
from tests.chaos.processes import Clock, Launcher, Process, launcher
from tests.chaos.report import Options, Round
from tests.populate import fill_postgres, fill_sqlite, make_sqlite, rows_for

ROWS = 600
"""In each table: a copy takes some seconds, so that it can be met in the middle of anything."""
BEFORE = "0013"
"""Migrations begin before this step: those after it change and fill the largest tables."""
MOST_KILLS = 3
STILL = "by another command at this moment"
NOTES = {"schema_step", "site_value"}
ORIGIN, DOMAIN = "https://hall.example", "hall.example"


def settings_of(folder: Path, url: str = "") -> Settings:
    """Of the instance in a folder, on the SQLite file in it or on another database."""
    url = url or f"sqlite:///{folder / 'peerhall.sqlite3'}"
    return Settings(origin=ORIGIN, domain=DOMAIN, data_dir=str(folder), database_url=url)


async def sums(settings: Settings) -> dict[str, str]:
    """Rows and checksum of every table, but for those in which a copy notes when and by what it was made."""
    async with opened_reader(settings) as reader:
        found = {name: f"{total.rows} {total}" for name, total in (await sum_all(reader, lambda *_: None)).items()}
    return {name: total for name, total in found.items() if name not in NOTES}


@dataclass
class Bench:
    """Where copies are made: a folder, a source, and what starts commands."""

    folder: Path
    source: Settings
    starter: Launcher
    clock: Clock
    options: Options

    async def start(self, target: Settings, *arguments: str) -> Process:
        """Start a command on an instance."""
        environment = {
            "PEERHALL_ORIGIN": ORIGIN,
            "PEERHALL_DATA_DIR": target.data_dir,
            "PEERHALL_DATABASE_URL": target.database_url,
            "CHAOS_CLOCK": str(self.clock.path),
        }
        return await self.starter.start(arguments, environment)

    @asynccontextmanager
    async def target(self, like: str | None = None) -> AsyncIterator[Settings]:
        """An empty place of the kind asked for; on PostgreSQL, a copy of the database `like` where that is given."""
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        if self.options.cluster is None:
            yield settings_of(folder / "data")
        else:
            name = f"copy_{time.time_ns()}"
            async with _admin(self.options.cluster.address) as admin:
                await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{like or "template1"}"')
                yield settings_of(folder / "data", f"{self.options.cluster.address}/{name}")
                await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        shutil.rmtree(folder)


@asynccontextmanager
async def _admin(address: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(f"{address}/postgres")
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def _bench(options: Options, some: Sequence[Step]) -> AsyncIterator[Bench]:
    with tempfile.TemporaryDirectory(prefix="peerhall-copying-") as name:
        folder = Path(name)
        (folder / "source").mkdir()
        connection = sqlite3.connect(folder / "source" / "peerhall.sqlite3", isolation_level=None)
        for statement in ("PRAGMA synchronous = OFF", "PRAGMA journal_mode = WAL", "BEGIN"):
            connection.execute(statement)
        make_sqlite(connection, some)
        fill_sqlite(connection, rows_for(connection, ROWS), search=len(some) == len(steps()))
        for table in ("media", "remote_media"):
            connection.execute(f"DELETE FROM {table}")  # there are no files
        connection.execute("COMMIT")
        connection.close()
        clock = Clock(folder / "clock")
        (folder / "logs").mkdir()
        async with launcher(folder / "logs") as starter:
            yield Bench(folder, settings_of(folder / "source"), starter, clock, options)


async def _to_the_end(process: Process) -> float:
    begun = time.monotonic()
    while process.alive:
        await asyncio.sleep(0.005)
    return time.monotonic() - begun


async def _killed(process: Process, after: float) -> bool:
    """Kill it; whether it still ran by then."""
    until = time.monotonic() + after
    while process.alive and time.monotonic() < until:
        await asyncio.sleep(0.002)
    met = process.alive
    await process.end(signal.SIGKILL)
    return met


async def _starts(target: Settings) -> bool:
    """Whether a server would start on it."""
    try:
        await close(await build(target))
    except (MigrationError, Unfinished):
        return False
    return True


async def _nothing(_: Settings) -> None:
    """There is nothing to prepare."""


async def _rounds(
    bench: Bench,
    command: Callable[[Settings], tuple[Settings, tuple[str, ...]]],
    wanted: dict[str, str],
    done: str,
    prepare: Callable[[Settings], Awaitable[None]] = _nothing,
    like: str | None = None,
) -> AsyncIterator[Round]:
    """Kill one to three times, then let it finish. `done`: what it says when it did it, or had done it before."""
    kills = missed = 0
    async with bench.target(like) as target:
        await prepare(target)
        whose, arguments = command(target)
        alone = await bench.start(whose, *arguments)
        seconds = await _to_the_end(alone)
        if await sums(target) != wanted:
            raise RuntimeError(f"{arguments[0]} does not do its work when it is left alone: {alone.last_words()}")
    for number in range(bench.options.rounds):
        rng, found = random.Random(bench.options.seed + number), list[Violation]()
        async with bench.target(like) as target:
            await prepare(target)
            whose, arguments = command(target)
            for _ in range(rng.randint(1, MOST_KILLS)):
                met = await _killed(await bench.start(whose, *arguments), rng.uniform(0, seconds))
                kills, missed = kills + met, missed + (not met)
            said = STILL
            while STILL in said:  # PostgreSQL has not noticed yet that the one before is dead
                last = await bench.start(whose, *arguments)
                await _to_the_end(last)
                said = last.log.read_text(encoding="utf-8")
            if "Traceback" in said or not any(word in said for word in done.split("|")):
                found.append(Violation(WRONG, f"{arguments[0]} says in the end {said[-300:]!r}"))
            try:
                same = await sums(target) == wanted
            except TransferRefused as error:
                found.append(Violation(LOST, f"{error.message}; {arguments[0]} said {said[-300:]!r}"))
                continue
            if not same:
                found.append(Violation(LOST, f"after {arguments[0]} was killed, it is not as its source"))
            elif not await _starts(target):
                found.append(Violation(WRONG, f"after {arguments[0]} had finished, nothing starts on it"))
        is_last = number + 1 == bench.options.rounds
        rows = sum(int(total.split()[0]) for total in wanted.values())
        note = f"{kills} killed in the middle, {missed} too late; {rows:,} rows, {seconds:.1f} s when left alone"
        yield Round(bench.options.seed + number, rows, found, note if is_last else "")


async def move(options: Options) -> AsyncIterator[Round]:
    """`peerhall move-database`, killed."""
    async with _bench(options, steps()) as bench:
        wanted = await sums(bench.source)
        done = "moved, and compared|everything is there already"
        rounds = _rounds(bench, lambda to: (bench.source, ("move-database", to.database_url)), wanted, done)
        async for each in rounds:
            yield each


async def restore(options: Options) -> AsyncIterator[Round]:
    """`peerhall restore`, killed."""
    async with _bench(options, steps()) as bench:
        saved = bench.folder / "saved"
        await write_backup(bench.source, saved, SystemClock().now())
        done = "restored|is not empty|there already"
        async for each in _rounds(bench, lambda to: (to, ("restore", str(saved))), await sums(bench.source), done):
            yield each


async def migration(options: Options) -> AsyncIterator[Round]:
    """`peerhall migrate` of an older database, killed; it must come to what it comes to when it is left alone."""
    some = [step for step in steps() if step.name < BEFORE]
    async with _bench(options, some) as bench:
        done = "applied|up to date"
        old = await _old_postgres(bench, some) if options.cluster else None
        origin = Path(bench.source.data_dir) / "peerhall.sqlite3"

        async def prepare(target: Settings) -> None:
            Path(target.data_dir).mkdir()
            if old is None:
                await asyncio.to_thread(shutil.copyfile, origin, Path(target.data_dir) / "peerhall.sqlite3")

        async with bench.target(old) as alone:
            await prepare(alone)
            await _to_the_end(await bench.start(alone, "migrate"))
            wanted = await sums(alone)
        async for each in _rounds(bench, lambda to: (to, ("migrate",)), wanted, done, prepare, old):
            yield each


async def _old_postgres(bench: Bench, some: Sequence[Step]) -> str:
    """The name of a database of PostgreSQL at an older version, with the same rows as the source."""
    assert bench.options.cluster is not None
    address, name = bench.options.cluster.address, f"old_{time.time_ns()}"
    async with _admin(address) as admin:
        await admin.execute(f'CREATE DATABASE "{name}"')
    connection = await asyncpg.connect(f"{address}/{name}")
    await connection.execute("CREATE TABLE schema_step (name VARCHAR(120) PRIMARY KEY, applied_at BIGINT NOT NULL)")
    shape = sqlite3.connect(":memory:")
    make_sqlite(shape, some)
    for step in some:
        for statement in step.postgres:
            await connection.execute(statement)
        await connection.execute("INSERT INTO schema_step VALUES ($1, 1)", step.name)
    await fill_postgres(connection, rows_for(shape, ROWS))
    await connection.execute("DELETE FROM media; DELETE FROM remote_media; ANALYZE")
    shape.close()
    await connection.close()
    return name
