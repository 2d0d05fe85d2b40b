"""What it costs to back up an instance of any size, and to restore that on both databases; whether they are the same.

    python -m tests.bench.copies FOLDER      FOLDER is the data folder of an instance on SQLite (`tests.bench.large`)

Counts and checksums of every table are computed anew on what was restored and compared with the source. CPU time and
peak memory are those of the command; PostgreSQL's own time stands beside it.
"""

import asyncio
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import asyncpg

from server.settings import Settings
from server.transfer.backup import opened_reader
from server.transfer.canonical import sum_all
from tests.chaos.__main__ import DURABLE
from tests.postgres import cluster

ORIGIN = "http://127.0.0.1:1"


def settings_of(folder: Path, url: str = "") -> Settings:
    """Of the instance in a folder, on the SQLite file in it or on another database."""
    url = url or f"sqlite:///{folder / 'peerhall.sqlite3'}"
    return Settings(origin=ORIGIN, domain="127.0.0.1:1", data_dir=str(folder), database_url=url)


async def sums(settings: Settings) -> dict[str, str]:
    """Rows and checksum of every table."""
    async with opened_reader(settings) as reader:
        return {name: f"{total.rows} {total}" for name, total in (await sum_all(reader, lambda *_: None)).items()}


def run(what: str, settings: Settings, *arguments: str) -> None:
    """Run `peerhall` to its end, and say what it took."""
    environment = os.environ | {
        "PEERHALL_ORIGIN": ORIGIN,
        "PEERHALL_DATA_DIR": settings.data_dir,
        "PEERHALL_DATABASE_URL": settings.database_url,
    }
    begun = time.monotonic()
    command = [str(Path(sys.executable).with_name("peerhall")), *arguments]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{what} failed: {said[-1000:]}")
    print(
        f"{what:<24} {time.monotonic() - begun:8.0f} s {used.ru_utime + used.ru_stime:8.0f} s CPU"
        f" {used.ru_maxrss / 1024:6.0f} MB at most",
        flush=True,
    )


def compare(what: str, found: dict[str, str], wanted: dict[str, str]) -> None:
    """End where anything differs."""
    # In this one it is noted when a database of PostgreSQL was filled.
    wrong = [name for name in wanted | found if name != "site_value" and wanted.get(name) != found.get(name)]
    if wrong:
        raise SystemExit(f"{what} differs from its source in {', '.join(wrong)}")
    print(f"{what:<24} the same: {len(wanted)} tables, {sum(int(each.split()[0]) for each in wanted.values()):,} rows")


async def _create(address: str) -> None:
    connection = await asyncpg.connect(f"{address}/postgres")
    await connection.execute('CREATE DATABASE "copies"')
    await connection.close()


def main(source: Path) -> None:
    """Back up, restore twice, compare."""
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="peerhall-copies-", dir=source.parent)))
        original, saved = settings_of(source), work / "saved"
        run("backup", original, "backup", str(saved))
        print(f"{'':<24} {saved.stat().st_size / 1e6:,.0f} MB", flush=True)
        wanted = asyncio.run(sums(original))
        again = settings_of(work / "sqlite")
        run("restore on SQLite", again, "restore", str(saved))
        compare("SQLite", asyncio.run(sums(again)), wanted)
        shutil.rmtree(work / "sqlite")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with cluster(DURABLE) as server:
            asyncio.run(_create(server.address))
            there = settings_of(work / "postgres", f"{server.address}/copies")
            run("restore on PostgreSQL", there, "restore", str(saved))
            compare("PostgreSQL", asyncio.run(sums(there)), wanted)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(f"{'PostgreSQL itself':<24} {seconds:19.0f} s CPU")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit((__doc__ or "").strip())
    main(Path(sys.argv[1]))
