"""R10: a full disk is said clearly, loses nothing that was acknowledged, and is over by itself once there is room."""

import errno
import resource
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import asyncpg
from tortoise.exceptions import DBConnectionError, OperationalError

from server.errors import Full, Unavailable
from server.jobs.worker import Worker
from server.trouble import trouble_of
from tests.posting import follow, found, write


def test_r10_other_errors_are_no_trouble() -> None:
    for error in (
        ValueError("database or disk is full"),
        OperationalError("no such table: x"),
        OSError(errno.ENOENT, ""),
    ):
        assert trouble_of(error) is None
    for error in (OSError(errno.ENOSPC, "x"), asyncpg.DiskFullError("x"), OperationalError("database or disk is full")):
        assert isinstance(trouble_of(error), Full)
    for error in (
        DBConnectionError("x"),
        sqlite3.OperationalError("database is locked"),
        asyncpg.AdminShutdownError("x"),
    ):
        assert type(trouble_of(error)) is Unavailable
    wrapped = RuntimeError("x")
    wrapped.__cause__ = OSError(errno.EDQUOT, "x")
    assert isinstance(trouble_of(wrapped), Full)


async def fill(here: Any, *, full: bool) -> None:
    """Leave the database no room to grow, and use up what is free in it; or give it room again."""
    query = here.db.connection().execute_query_dict
    with here.db.bind():
        pages = (await query("PRAGMA page_count"))[0]["page_count"]
        await query(f"PRAGMA max_page_count = {pages if full else 1_000_000_000}")
        if not full:
            await here.db.execute("DELETE FROM site_value WHERE key LIKE 'fill%'")
            return
        for size in (20_000, 3_000, 600, 40):
            for number in range(2_000):
                try:
                    await here.db.execute(
                        "INSERT INTO site_value (key, value, updated_at) VALUES (:key, :value, 1)",
                        key=f"fill{size}.{number}",
                        value="x" * size,
                    )
                except OperationalError:
                    break


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handled = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handled)


async def test_r10_pages_and_uploads_say_that_there_is_no_room_and_when_to_try_again(fediverse: Any) -> None:
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    post = await write(maya, "Before")
    sent = {"content": "A long answer. " * 2_000, "nobody_identifiable": "on"}
    upload = {"file": ("notes.txt", b"A line of text. " * 8_000, "text/plain")}
    async with fediverse.client(here, as_=maya) as browser:
        with files_of_at_most(33_000):
            answer = await browser.post("/media", files=upload, data={"alt": ""})
        assert (answer.status_code, answer.headers["retry-after"]) == (507, "300")
        assert "no room" in answer.text
        if here.db.dialect == "sqlite":
            await fill(here, full=True)
            answer = await browser.post(f"/p/{post.short}/reply", data=sent)
            assert (answer.status_code, answer.headers["retry-after"]) == (507, "300")
            assert (await browser.get(post.url)).status_code == 200
            await fill(here, full=False)
        assert (await browser.post("/media", files=upload, data={"alt": ""})).status_code < 400
        assert (await browser.post(f"/p/{post.short}/reply", data=sent)).status_code == 303
    assert await here.run(here.db.value, "SELECT count(*) AS n FROM post WHERE parent_id IS NOT NULL") == 1


async def test_r10_what_was_acknowledged_waits_out_a_full_disk_and_what_was_not_is_sent_again(fediverse: Any) -> None:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    if alder.db.dialect != "sqlite":
        return
    maya, tom = await fediverse.person(alder, "maya"), await fediverse.person(birch, "tom")
    await follow(maya, tom)
    await fediverse.settle()
    early = await write(tom, "Acknowledged. " * 2_000)
    await birch.run(birch.worker.run_until_idle)
    assert await alder.run(alder.db.value, "SELECT count(*) AS n FROM inbox_receipt WHERE outcome IS NULL") == 1
    await fill(alder, full=True)
    late = await write(tom, "Refused at first. " * 2_000)
    await birch.run(birch.worker.run_until_idle)
    for _ in range(20):  # more often than a failing activity is tried
        fediverse.clock.advance(3600)
        with suppress(OperationalError):  # which the worker bears, when it runs by itself
            await alder.run(alder.worker.run_until_idle)
    assert await found(alder, early.uri) is None
    await fill(alder, full=False)
    fediverse.clock.advance(24 * 3600)
    await fediverse.settle()
    assert await found(alder, early.uri) is not None
    assert await found(alder, late.uri) is not None
    assert await alder.run(alder.db.value, "SELECT count(*) AS n FROM inbox_receipt WHERE outcome = 'gave_up'") == 0


async def test_r10_work_that_cannot_even_write_down_its_failure_does_not_end_the_worker() -> None:
    worker, steps = Worker(), 0

    async def fail() -> None:
        raise OSError(errno.ENOSPC, "no room")

    async def step() -> bool:
        nonlocal steps
        steps += 1
        if steps == 3:
            worker.stop()
            return False
        await worker.beside(fail(), after=5)
        return True

    worker.add("work", step)
    await worker.run()
    assert steps == 3
