"""R9: everything goes from SQLite to PostgreSQL, or nothing does."""

import asyncio
import os
import signal
import sqlite3
import sys
from pathlib import Path

import asyncpg
import pytest

from server.build import build
from server.clock import SystemClock
from server.db import Database
from server.db.migrate import MARKER, MigrationError, migrate, pending, steps
from server.db.schema import read_schema
from server.features import model_modules
from server.settings import Settings
from server.transfer.canonical import TransferRefused
from server.transfer.move import dry_run, move_database
from tests.server.transfer.conftest import full_sqlite

NOW = SystemClock().now()


async def tables_in(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return [row["tablename"] for row in rows]
    finally:
        await connection.close()


def change(settings: Settings, *statements: str) -> None:
    with sqlite3.connect(Path(settings.data_dir) / "peerhall.sqlite3") as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


async def test_r9_what_cannot_be_moved_is_refused_and_nothing_is_written(empty: str, tmp_path: Path) -> None:
    settings = full_sqlite(tmp_path / "data")
    for url, words in (
        ("sqlite:///x", "postgres://USER"),
        ("postgres://u:secret@127.0.0.1:9/x", "127.0.0.1:9 cannot be used"),
        (f"{empty}_not", "does not exist"),
    ):
        with pytest.raises(TransferRefused, match=words) as caught:
            await dry_run(settings, url, NOW)
        assert "secret" not in caught.value.message
    with pytest.raises(TransferRefused, match="on PostgreSQL already"):
        await move_database(Settings(database_url=empty), empty, NOW)
    for statement, words in (
        (f"DELETE FROM schema_step WHERE name = '{steps()[-1].name}'", "peerhall migrate first"),
        ("INSERT INTO schema_step VALUES ('9999_later', 1)", "newer Peerhall"),
        ("UPDATE actor SET name = 'x' || hex(zeroblob(500))", r"actor.name \(3 rows that are no VARCHAR"),
        ("UPDATE actor SET followers_count = 3000000000", r"actor.followers_count \(3 rows that are no INT\)"),
        ("UPDATE actor SET is_local = 7 WHERE id LIKE '0%'", "does not take a row of actor"),
        ("DELETE FROM actor WHERE id LIKE '0%'", "refer to what is not there"),
    ):
        other = full_sqlite(tmp_path / f"data{abs(hash(words))}")
        change(other, statement)
        with pytest.raises(TransferRefused, match=words):
            await move_database(other, empty, NOW)
        assert await tables_in(empty) == []
    watching = sqlite3.connect(Path(settings.data_dir) / "peerhall.sqlite3")
    watching.execute("SELECT count(*) FROM post").fetchone()
    with pytest.raises(TransferRefused, match="stop the server first"):
        await move_database(settings, empty, NOW)
    assert (await dry_run(settings, empty, NOW)).in_use
    watching.close()
    assert await tables_in(empty) == []


async def test_r9_everything_arrives_and_life_goes_on(empty: str, tmp_path: Path) -> None:
    settings = full_sqlite(tmp_path / "data")
    change(
        settings,
        "UPDATE post SET summary = 'a' || char(0) || 'b' WHERE id LIKE '0%'",
        "UPDATE sqlite_sequence SET seq = 5000000000000 WHERE name = 'outgoing'",
    )
    looked = await dry_run(settings, empty, NOW)
    assert await tables_in(empty) == []
    report = await move_database(settings, empty, NOW)
    assert looked.sums == report.sums
    assert report.cleaned == 1
    assert not report.repeated
    assert {total.rows for name, total in report.sums.items() if name != "search_thing"} == {3}
    with pytest.raises(TransferRefused, match="everything is there already"):
        await move_database(settings, empty, NOW)

    db = Database(empty)
    await db.open(model_modules())
    with db.bind():
        assert await pending(db) == []
        found = await read_schema(db)
        assert await db.value("SELECT summary FROM post WHERE id LIKE '0%'") == "ab"
        matches = "SELECT count(*) AS n FROM search_thing WHERE words @@ to_tsquery('simple', 'fractions')"
        assert await db.value(matches) == 6
        # A new row gets a key that nobody ever had: peers remember how far they read.
        assert await db.value("SELECT nextval(pg_get_serial_sequence('outgoing', 'seq'))") == 5_000_000_000_001
        generated = await db.rows(
            "SELECT table_name AS name, column_name AS key FROM information_schema.columns"
            " WHERE column_default LIKE 'nextval%'"
        )
        assert len(generated) > 8
        for row in generated:
            highest = await db.value(f"SELECT max({row['key']}) FROM {row['name']}")
            given = await db.value(f"SELECT nextval(pg_get_serial_sequence('{row['name']}', '{row['key']}'))")
            assert given > highest, row["name"]
        with pytest.raises(MigrationError, match="newer"):
            await db.execute("INSERT INTO schema_step VALUES ('9999_later', 1)")
            await pending(db)
    await db.close()
    fresh = await asyncpg.connect(empty)
    await fresh.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await fresh.close()
    db = Database(empty)
    await db.open(model_modules())
    with db.bind():
        await migrate(db, NOW)
        assert await read_schema(db) == found
    await db.close()


async def run_peerhall(settings: Settings, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        str(Path(sys.executable).parent / "peerhall"),
        *arguments,
        env=os.environ | {"PEERHALL_DATA_DIR": settings.data_dir, "PEERHALL_ORIGIN": settings.origin},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def test_r9_a_killed_move_leaves_nothing_that_would_be_served_and_is_repeated(empty: str, tmp_path: Path) -> None:
    settings = full_sqlite(tmp_path / "data", 60)
    looking = await asyncpg.connect(empty)
    killed = await run_peerhall(settings, "move-database", empty)
    while not await looking.fetchval("SELECT to_regclass($1) IS NOT NULL", MARKER):
        await asyncio.wait({asyncio.ensure_future(killed.wait())}, timeout=0.02)
        assert killed.returncode is None, await killed.communicate()
    killed.send_signal(signal.SIGKILL)
    await killed.communicate()
    assert await tables_in(empty) == [MARKER]
    with pytest.raises(MigrationError, match="still being filled"):
        await build(Settings(database_url=empty, data_dir=str(tmp_path / "other")))
    other = full_sqlite(tmp_path / "third")
    with pytest.raises(TransferRefused, match="another copy was begun"):
        await move_database(other, empty, NOW)

    # The database goes away under the next one, which says so and takes back what it can.
    moving = asyncio.ensure_future(move_database(settings, empty, NOW))
    ended = False
    while not ended:
        ended = bool(
            await looking.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'peerhall transfer'"
                " AND xact_start IS NOT NULL AND query LIKE '%actor%' AND datname = current_database()"
            )
        )
        await asyncio.wait({moving}, timeout=0.01)
        assert ended or not moving.done()
    with pytest.raises(TransferRefused, match="repeat it"):
        await moving
    assert await tables_in(empty) == [MARKER]

    report = await move_database(settings, empty, NOW)
    assert report.repeated
    await looking.close()
    assert MARKER not in await tables_in(empty)
    assert report.sums["post"].rows == 60
