"""R8: rows of every released schema go through all later migrations, or everything stays as it was."""

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from server.clock import SystemClock
from server.db import Database
from server.db import migrate as migrating
from server.db.migrate import MigrationError, Step, migrate, pending, steps
from server.db.schema import read_schema
from server.features import model_modules
from tests.populate import ROWS, Rows, fill_postgres, fill_sqlite, make_sqlite, rows_for

NOW = SystemClock().now()
FOREIGN_KEYS = (
    "SELECT conrelid::regclass::text AS t, pg_get_constraintdef(oid) AS d FROM pg_constraint WHERE contype = 'f'"
    " AND connamespace = current_schema()::regnamespace"
)


class Bare:
    """An empty database of the kind under test, which steps are applied to one by one."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.shape = sqlite3.connect(":memory:")
        self._opened: list[Database] = []

    async def open(self) -> Database:
        db = Database(self.url, durable=False)
        await db.open(model_modules())
        self._opened.append(db)
        return db

    async def close(self) -> None:
        self.shape.close()
        for db in self._opened:
            await db.close()

    async def fill(self, rows: Rows) -> None:
        if self.url.startswith("sqlite"):
            connection = sqlite3.connect(self.url.removeprefix("sqlite:///"))
            connection.execute("PRAGMA synchronous = OFF")
            fill_sqlite(connection, rows, search=False)
            connection.commit()
            connection.close()
            return
        postgres = await asyncpg.connect(self.url)
        await fill_postgres(postgres, rows)
        await postgres.close()


@pytest.fixture
async def bare(template: Any, tmp_path: Path) -> AsyncIterator[Bare]:
    if template.server is None:
        made = Bare(f"sqlite:///{tmp_path / 'upgrade.sqlite3'}")
        yield made
        await made.close()
        return
    admin = await asyncpg.connect(f"{template.server}/postgres")
    name = f"{template.name}_upgrade"
    await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    await admin.execute(f'CREATE DATABASE "{name}"')
    made = Bare(f"{template.server}/{name}")
    yield made
    await made.close()
    await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await admin.close()


def only(number: int, *more: Step) -> Any:
    """As if this were a version with so many steps, and some others."""
    some = [*steps()[:number], *more]
    return lambda: some


async def everything(db: Database) -> dict[str, list[str]]:
    """All rows of all tables."""
    found = {}
    for table in sorted(await read_schema(db)):
        rows = await db.rows(f'SELECT * FROM "{table}"')
        found[table] = sorted(
            repr({name: int(v) if isinstance(v, bool) else v for name, v in row.items()}) for row in rows
        )
    return found


FILLED = {"moderation_case"}
"""Tables that a step fills with rows made of others: each report became a case."""


async def references(db: Database) -> list[Any]:
    if db.dialect == "postgres":
        return sorted(tuple(row.values()) for row in await db.rows(FOREIGN_KEYS))
    found = []
    for table in await read_schema(db):
        keys = await db.connection().execute_query_dict(f'PRAGMA foreign_key_list("{table}")')
        found += [(table, key["from"], key["table"], key["to"], key["on_delete"]) for key in keys]
    return sorted(found)


async def test_r8_rows_of_every_released_schema_reach_the_newest(
    bare: Bare, fediverse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each step every table gets rows; all of them go through the steps that follow."""
    db = await bare.open()
    every = steps()
    expected: dict[str, list[str]] = {}
    make_sqlite(bare.shape, [])
    for number, step in enumerate(every, start=1):
        with db.bind():
            monkeypatch.setattr(migrating, "steps", only(number))
            assert await migrate(db, NOW) == [step.name]
        for statement in step.sqlite:
            bare.shape.execute(statement)
        rows = rows_for(bare.shape, first=number * ROWS)
        await bare.fill(rows)
        for table, (columns, values) in rows.items():
            key = columns[0]
            expected.setdefault(f"{table}.{key}", []).extend(str(row[0]) for row in values)
    monkeypatch.undo()
    fresh = await fediverse.start("alder.example")
    with fresh.db.bind():
        wanted, wanted_references = await read_schema(fresh.db), await references(fresh.db)
    with db.bind():
        assert await migrate(db, NOW) == []
        for place, keys in expected.items():
            table, key = place.split(".")
            found = [str(row[key]) for row in await db.rows(f'SELECT "{key}" FROM "{table}"')]
            if table in FILLED:
                found = sorted(set(found) & set(keys))
            assert sorted(found) == sorted(keys), table
        if db.dialect == "sqlite":
            assert await db.connection().execute_query_dict("PRAGMA foreign_key_check") == []
            assert (await db.connection().execute_query_dict("PRAGMA integrity_check"))[0] == {"integrity_check": "ok"}
        assert await read_schema(db) == wanted
        assert await references(db) == wanted_references
        assert len(wanted_references) > 30
    await db.close()


async def filled(bare: Bare, monkeypatch: pytest.MonkeyPatch, before: int = len(steps()) - 1) -> Database:
    """A database of the version before the last, or another one, with rows."""
    db = await bare.open()
    monkeypatch.setattr(migrating, "steps", only(before))
    with db.bind():
        await migrate(db, NOW)
    monkeypatch.undo()
    make_sqlite(bare.shape, steps()[:before])
    await bare.fill(rows_for(bare.shape))
    return db


async def test_r8_follows_and_memberships_from_elsewhere_are_told_apart(
    bare: Bare, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = next(number for number, step in enumerate(steps()) if step.name.endswith("followers_here"))
    db = await filled(bare, monkeypatch, number)
    with db.bind():
        await migrate(db, NOW)
        for table, person in (("follow", "follower_id"), ("membership", "person_id")):
            rows = await db.rows(f"SELECT is_local, from_elsewhere FROM {table} JOIN actor ON actor.id = {person}")
            found = {(bool(row["is_local"]), bool(row["from_elsewhere"])) for row in rows}
            assert found == {(True, False), (False, True)}
    await db.close()


SLOW = 'ALTER TABLE "post" ADD COLUMN "later" TEXT', 'UPDATE "post" SET "later" = "id"', 'DELETE FROM "follow"'

KILLED = """
import asyncio, os, sys
from server.clock import SystemClock
from server.db import Database, migrate as m
from server.features import model_modules
known = m.steps()
def deadly():
    yield from {statements!r}
    os.kill(os.getpid(), 9)
m.steps = lambda: [*known, m.Step("9998_deadly", deadly(), deadly())]
async def main():
    db = Database(sys.argv[1])
    await db.open(model_modules())
    with db.bind():
        await m.migrate(db, SystemClock().now())
asyncio.run(main())
"""


async def test_r8_a_failed_or_killed_migration_leaves_everything_as_it_was(
    bare: Bare, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    db = await filled(bare, monkeypatch)
    with db.bind():
        await migrate(db, NOW)
        rows, schema = await everything(db), await read_schema(db)
        for wrong in ('INSERT INTO "nowhere" VALUES (1)', 'INSERT INTO "post" SELECT * FROM "post"'):
            failing = Step("9998_failing", (*SLOW, wrong), (*SLOW, wrong))
            monkeypatch.setattr(migrating, "steps", only(len(steps()), failing))
            with pytest.raises(MigrationError, match="9998_failing failed"):
                await migrate(db, NOW)
            monkeypatch.undo()
        if db.dialect == "sqlite":
            orphaning = ("PRAGMA defer_foreign_keys = ON", 'UPDATE "post" SET "author_id" = \'nobody\'')
            monkeypatch.setattr(migrating, "steps", only(len(steps()), Step("9998_orphans", orphaning, ())))
            with pytest.raises(MigrationError, match="would break references"):
                await migrate(db, NOW)
            monkeypatch.undo()
        assert (await everything(db), await read_schema(db)) == (rows, schema)
        await db.close()
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED.format(statements=SLOW), bare.url)
    assert await killed.wait() == -9
    db = await bare.open()
    with db.bind():
        assert (await everything(db), await read_schema(db)) == (rows, schema)
        assert await pending(db) == []
    await db.close()


async def test_r8_only_what_holds_data_is_copied_aside(bare: Bare, monkeypatch: pytest.MonkeyPatch) -> None:
    db = await bare.open()
    beside = db.path.parent if db.path is not None else None  # PostgreSQL has no file to put anything beside

    def copies() -> list[str]:
        return [path.name for path in beside.glob("*before*")] if beside is not None else []

    monkeypatch.setattr(migrating, "steps", only(5))
    with db.bind():
        await migrate(db, NOW)
        monkeypatch.setattr(migrating, "steps", only(6))
        assert await migrate(db, NOW) == [steps()[5].name]
        assert copies() == []
        make_sqlite(bare.shape, steps()[:6])
        await bare.fill(rows_for(bare.shape))
        monkeypatch.undo()
        await migrate(db, NOW)
    assert copies() == ([f"{db.path.name}.before-{steps()[6].name}"] if db.path is not None else [])


async def test_r8_processes_that_start_at_once_migrate_once(bare: Bare, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = await bare.open(), await bare.open()

    async def go(db: Database) -> list[str]:
        with db.bind():
            return await migrate(db, NOW)

    async with asyncio.TaskGroup() as group:
        done = [group.create_task(go(db)) for db in (first, second)]
    assert sorted(name for task in done for name in task.result()) == [step.name for step in steps()]
    make_sqlite(bare.shape, steps())
    await bare.fill(rows_for(bare.shape))
    more = Step("9998_more", SLOW[:2], SLOW[:2])
    monkeypatch.setattr(migrating, "steps", only(len(steps()), more))
    async with asyncio.TaskGroup() as group:
        done = [group.create_task(go(db)) for db in (first, second)]
    assert [name for task in done for name in task.result()] == ["9998_more"]
    if first.path is not None:
        copies = [path.name for path in first.path.parent.glob("*before*")]
        assert copies == ["upgrade.sqlite3.before-9998_more"]
