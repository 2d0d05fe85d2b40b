"""Transactions, hand-written SQL and migrations, on the database under test."""

import asyncio
import threading
from pathlib import Path

import httpx
import pytest
from tortoise.exceptions import ConfigurationError, DBConnectionError

from federation.transport.guard import NetworkInTransaction
from server.audit.models import AuditEntry
from server.clock import SystemClock
from server.db import Database, query_log
from server.db.migrate import MigrationError, migrate, pending, steps
from server.db.schema import read_schema, wanted_sql
from server.features import model_modules
from server.ids import new_id
from tests.conftest import Fediverse


async def test_the_network_is_refused_inside_a_transaction(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    await fediverse.start("birch.example")

    async def careless() -> None:
        async with here.db.transaction():
            await here.engine.fetch("https://birch.example/ap/actor")

    with pytest.raises(NetworkInTransaction):
        await here.run(careless)


async def test_a_failed_transaction_leaves_nothing_and_wakes_nobody(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    called: list[str] = []

    async def fail() -> None:
        async with here.db.transaction():
            await here.jobs.enqueue("mail.send", {"to": "x", "subject": "x", "text": "x"})
            here.db.after_commit(lambda: called.append("woken"))
            raise LookupError

    with pytest.raises(LookupError):
        await here.run(fail)
    assert await here.run(here.db.value, "SELECT count(*) AS n FROM job WHERE name = 'mail.send'") == 0
    assert called == []


async def test_an_inner_failure_can_be_caught(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")

    async def outer() -> int:
        async with here.db.transaction():
            await here.jobs.enqueue("mail.send", {}, unique="first")
            try:
                async with here.db.transaction():
                    await here.jobs.enqueue("mail.send", {}, unique="second")
                    raise LookupError
            except LookupError:
                pass
        return int(await here.db.value("SELECT count(*) AS n FROM job WHERE unique_key IN ('first', 'second')"))

    assert await here.run(outer) == 1


async def test_writers_wait_for_each_other(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    await here.run(here.jobs.enqueue, "mail.send", 0, unique="counter")

    async def add() -> None:
        async with here.db.transaction():
            lock = " FOR UPDATE" if here.db.dialect == "postgres" else ""
            value = await here.db.value(f"SELECT attempts FROM job WHERE unique_key = 'counter'{lock}")
            await asyncio.sleep(0)
            await here.db.execute("UPDATE job SET attempts = :value WHERE unique_key = 'counter'", value=value + 1)

    await asyncio.gather(*(here.run(add) for _ in range(10)))
    assert await here.run(here.db.value, "SELECT attempts FROM job WHERE unique_key = 'counter'") == 10


async def test_nul_bytes_never_reach_the_database_and_queries_are_counted(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    log: list[str] = []
    token = query_log.set(log)
    try:
        assert await here.run(here.db.value, "SELECT CAST(:text AS TEXT) AS t", text="a\x00b") == "ab"
    finally:
        query_log.reset(token)
    assert len(log) == 1


async def test_the_migrated_schema_is_that_of_the_models(fediverse: Fediverse, tmp_path: Path) -> None:
    here = await fediverse.start("alder.example")
    migrated = await here.run(read_schema, here.db)
    fresh = Database(f"sqlite:///{tmp_path / 'fresh.sqlite3'}", durable=False)
    if here.db.dialect == "sqlite":
        await fresh.open(model_modules())
        try:
            with fresh.bind():
                for statement in wanted_sql(fresh):
                    await fresh.connection().execute_query(statement)
                assert await read_schema(fresh) == migrated
        finally:
            await fresh.close()
    with here.db.bind():
        assert await pending(here.db) == []
        assert await migrate(here.db, SystemClock().now()) == []


async def test_a_process_that_had_the_other_database_open_serves_this_one(fediverse: Fediverse, tmp_path: Path) -> None:
    async def write() -> None:
        now = SystemClock().now()
        entry = await AuditEntry.create(id=new_id(now), at=now, by="test", action="test.both", subject="one")
        entry.subject = "two"
        await entry.save()
        assert await AuditEntry.filter(action="test.both").values_list("subject", flat=True) == ["two"]
        await entry.delete()

    other = Database(f"sqlite:///{tmp_path / 'other.sqlite3'}", durable=False)
    await other.open(model_modules())
    try:
        with other.bind():
            for statement in wanted_sql(other):
                await other.connection().execute_query(statement)
            await write()
    finally:
        await other.close()
    here = await fediverse.start("alder.example")
    await here.run(write)


async def test_what_is_closed_is_not_opened_again_by_who_is_late(fediverse: Fediverse, tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path / 'late.sqlite3'}")
    await db.open(model_modules())
    with db.bind():
        assert await db.value("SELECT 1") == 1
    await db.close()
    threads = threading.active_count()
    for late in (lambda: db.rows("SELECT 1"), lambda: AuditEntry.all().count()):
        with db.bind(), pytest.raises(ConfigurationError):
            await late()
    assert threading.active_count() == threads
    await db.close()


async def test_who_is_under_way_while_it_is_closed_opens_nothing_either(fediverse: Fediverse, tmp_path: Path) -> None:
    by_writer = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT max(i) FROM n"
    by_reader = f"SELECT * FROM ({by_writer}) AS counted"

    async def read_on(statement: str) -> None:
        with db.bind():
            while True:
                assert await db.value(statement) == 20_000

    before = set(threading.enumerate())
    db = Database(f"sqlite:///{tmp_path / 'late.sqlite3'}")
    await db.open(model_modules())
    reading = [asyncio.create_task(read_on(each)) for each in (by_writer, by_reader) * 3]
    await asyncio.sleep(0.05)
    await db.close()
    ends = await asyncio.gather(*reading, return_exceptions=True)
    assert {type(end) for end in ends} <= {DBConnectionError, ConfigurationError}
    for thread in {*threading.enumerate()} - before:
        thread.join(5)
        assert not thread.is_alive(), "it would keep the process from ending"


async def test_a_database_of_a_newer_version_is_refused(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    with here.db.bind():
        await here.db.execute("INSERT INTO schema_step (name, applied_at) VALUES ('9999_from_the_future', 1)")
        with pytest.raises(MigrationError, match="newer Peerhall"):
            await migrate(here.db, SystemClock().now())


def test_steps_are_numbered_without_gaps() -> None:
    assert [int(step.name[:4]) for step in steps()] == list(range(1, len(steps()) + 1))


def test_httpx_is_what_the_guard_speaks() -> None:
    assert issubclass(NetworkInTransaction, RuntimeError)
    assert not issubclass(NetworkInTransaction, httpx.HTTPError)
