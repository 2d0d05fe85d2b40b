"""Jobs of one key: what is asked for is never lost, never done by two at once, and not for ever (ADR 0027)."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from server.db import from_milliseconds
from server.fediverse import recovery
from server.jobs import queue
from tests.conftest import Fediverse

A_MINUTE = timedelta(minutes=1)
KEY = "work:1"


class Killed(BaseException):
    """What ends the process, as far as the database can tell."""


@pytest.fixture
async def here(fediverse: Fediverse) -> Any:
    here = await fediverse.start("alder.example")
    await fediverse.settle()
    here.db.holder = 4711
    with here.db.bind():
        await here.db.execute("DELETE FROM job")  # what is periodic
        yield here


class Work:
    """A handler that notes what it was given, and stops in the middle of each run until it may go on."""

    def __init__(self, here: Any) -> None:
        self.here = here
        self.done: list[Any] = []
        self.begun, self.may_end = asyncio.Event(), asyncio.Event()
        self.then: list[Callable[[], Awaitable[None]]] = []
        """What the runs do after that, in turn."""
        here.jobs.on("work", self.work)

    async def work(self, payload: Any) -> None:
        self.done.append(payload)
        self.begun.set()
        await self.may_end.wait()
        if self.then:
            await self.then.pop(0)()

    async def ask(self, payload: Any, **also: Any) -> None:
        await self.here.jobs.enqueue("work", payload, unique=KEY, **also)

    async def begin(self) -> "asyncio.Task[bool]":
        self.begun.clear()
        running = asyncio.create_task(self.here.jobs.step())
        async with asyncio.timeout(10):
            await self.begun.wait()
        return running

    async def all(self) -> int:
        """Run whatever is due; returns how many runs that were."""
        self.may_end.set()
        before = len(self.done)
        async with asyncio.timeout(10):
            while await self.here.jobs.step():
                assert len(self.done) - before < 50, "it goes on for ever"
        return len(self.done) - before

    async def row(self) -> dict[str, Any] | None:
        found: dict[str, Any] | None = await self.here.db.row("SELECT * FROM job WHERE unique_key = :key", key=KEY)
        return found


async def fails() -> None:
    raise ValueError("odd")


async def test_what_is_asked_for_while_it_runs_is_done_again_once_and_never_by_two(here: Any) -> None:
    work = Work(here)
    await work.ask("first")
    running = await work.begin()
    await work.ask("second")
    await here.jobs.enqueue_all("work", ["third", "third"], run_at=here.clock.now(), unique=lambda _: KEY)
    assert not await here.jobs.step(), "one of a key at a time"
    work.may_end.set()
    assert await running
    assert await work.all() == 1
    assert work.done == ["first", "third"], "once for all that was asked for, and as it was asked for last"
    assert await work.row() is None
    # What is asked for later waits as long as it may, and what is asked for at once does not wait for that.
    work.may_end.clear()
    await work.ask(1)
    running = await work.begin()
    for later in (5 * A_MINUTE, A_MINUTE, 3 * A_MINUTE):
        await work.ask(2, run_at=here.clock.now() + later)
    work.may_end.set()
    assert await running
    assert await work.all() == 0
    here.clock.advance(A_MINUTE.total_seconds())
    assert await work.all() == 1
    await work.ask(3, run_at=here.clock.now() + A_MINUTE)
    await work.ask(4)
    assert await work.all() == 1
    assert work.done[2:] == [1, 2, 4]


async def test_what_a_job_asks_of_itself_ends(here: Any) -> None:
    """What follows from what it does is no reason to do it again; what it left over is, if it says so."""
    work, other = Work(here), list[str]()

    async def itself() -> None:
        async with here.db.transaction():
            await work.ask("once more")
            await here.jobs.enqueue_all("work", ["and more"], run_at=here.clock.now(), unique=lambda _: KEY)

    work.then = [itself] * 50
    await work.ask("first")
    assert await work.all() == 1
    assert await work.row() is None

    async def remember(payload: str) -> None:
        other.append(payload)

    async def the_rest() -> None:
        await here.jobs.enqueue("other", "of another key", unique="other:1")
        await work.ask("rest", goes_on=True)

    async def tomorrow() -> None:
        await work.ask("tomorrow", run_at=here.clock.now() + timedelta(days=1), goes_on=True)

    here.jobs.on("other", remember)
    work.then = [the_rest, tomorrow]
    await work.ask("second")
    assert await work.all() == 2
    here.clock.advance(timedelta(days=1).total_seconds())
    assert await work.all() == 1
    assert (work.done, other) == (["first", "second", "rest", "tomorrow"], ["of another key"])
    # Somebody whom the run only called, and who asks when it is over, is not it.
    calling = asyncio.Event()

    async def later() -> None:
        await calling.wait()
        await work.ask("called")

    async def calls() -> None:
        nonlocal called
        called = asyncio.create_task(later())

    called: asyncio.Task[None] | None = None
    work.then = [calls]
    await work.ask("third")
    assert await work.all() == 1
    calling.set()
    assert called is not None
    await called
    assert await work.all() == 1


async def test_what_failed_for_good_begins_anew_when_it_is_asked_for(here: Any) -> None:
    work = Work(here)

    async def fail(times: int) -> None:
        work.then = [fails] * times
        for _ in range(times):
            here.clock.advance(2 * queue.LONGEST_SECONDS)
            await work.all()

    await work.ask("first")
    await fail(1)
    # Who asks often does not cut the pause short, nor the attempts.
    for _ in range(30):
        await work.ask("again")
        assert await work.all() == 0
    await fail(queue.MAX_ATTEMPTS - 1)
    row = await work.row()
    assert row is not None
    assert row["failed_at"] is not None
    assert len(work.done) == queue.MAX_ATTEMPTS
    await work.ask("anew", run_at=here.clock.now() + A_MINUTE)
    assert await work.all() == 0
    here.clock.advance(A_MINUTE.total_seconds())
    assert await work.all() == 1
    assert (work.done[-1], await work.row()) == ("anew", None)
    # Asked for while it fails for the last time: that is tried, too.
    await work.ask("second")
    await fail(queue.MAX_ATTEMPTS - 1)
    work.may_end.clear()
    work.then = [fails]
    here.clock.advance(2 * queue.LONGEST_SECONDS)
    running = await work.begin()
    await work.ask("third")
    work.may_end.set()
    assert await running
    here.clock.advance(2 * queue.LONGEST_SECONDS)
    assert await work.all() == 1
    assert (work.done[-1], await work.row()) == ("third", None)


async def test_r1_what_was_asked_for_while_it_ran_outlives_the_process(here: Any) -> None:
    work = Work(here)

    async def dies() -> None:
        raise Killed

    async def leaves_the_rest_and_dies() -> None:
        async with here.db.transaction():
            await work.ask("rest", goes_on=True)
        raise Killed

    await work.ask("first")
    running = await work.begin()
    await work.ask("second")
    work.then = [dies, leaves_the_rest_and_dies, dies]
    for _ in range(2):
        work.may_end.set()
        with pytest.raises(Killed):
            await running
        await recovery.give_back(here)
        work.may_end.clear()
        here.clock.advance(recovery.SUSPECT_PAUSE.total_seconds() + 1)
        running = await work.begin()
    assert work.done == ["first", "second", "rest"], "from where it had come to"
    await work.ask("later", run_at=here.clock.now() + timedelta(hours=1))
    work.may_end.set()
    with pytest.raises(Killed):
        await running
    await recovery.give_back(here)
    here.clock.advance(recovery.SUSPECT_PAUSE.total_seconds() + 1)
    assert await work.all() == 1, "what it had begun"
    here.clock.advance(timedelta(hours=1).total_seconds())
    assert await work.all() == 1, "and what was asked for later than that"
    assert await work.row() is None


async def test_r12_what_kills_us_has_one_life_more_for_each_who_asks(here: Any) -> None:
    work = Work(here)

    async def dies() -> None:
        raise Killed

    async def live_on() -> int:
        before = len(work.done)
        work.then = [dies] * 20
        for _ in range(20):
            here.clock.advance(recovery.SUSPECT_PAUSE.total_seconds() + 1)
            try:
                await work.all()
            except Killed:
                await recovery.give_back(here)
        return len(work.done) - before

    await work.ask("deadly")
    assert await live_on() == queue.MAX_CRASHES
    await work.ask("deadly")
    assert await live_on() == 1
    work.then = []
    await work.ask("mended")
    work.then = []
    assert await work.all() == 1
    assert await work.row() is None


async def test_a_run_sees_the_fact_that_it_was_asked_for(here: Any) -> None:
    """A job that waits is not begun before whoever asks for it again has committed."""
    seen, asked, may_commit = list[str](), asyncio.Event(), asyncio.Event()

    async def look(_: Any) -> None:
        seen.append(await here.db.value("SELECT name FROM actor WHERE is_local ORDER BY id LIMIT 1"))

    async def change() -> None:
        async with here.db.transaction():
            await here.db.execute("UPDATE actor SET name = 'new' WHERE is_local")
            await here.jobs.enqueue("look", None, unique=KEY)
            asked.set()
            await may_commit.wait()

    here.jobs.on("look", look)
    await here.db.execute("UPDATE actor SET name = 'old' WHERE is_local")
    await here.jobs.enqueue("look", None, unique=KEY)
    changing = asyncio.create_task(change())
    async with asyncio.timeout(10):
        await asked.wait()
        stepping = asyncio.create_task(here.jobs.step())
        # On PostgreSQL it looks and finds nothing to do; on SQLite it waits for its turn to write.
        await asyncio.wait({stepping}, timeout=0.1)
        may_commit.set()
        await asyncio.gather(changing, stepping)
        while await here.jobs.step():
            pass
    assert seen[-1:] == ["new"]


async def test_whoever_lost_the_lease_leaves_the_job_to_whoever_has_it(here: Any) -> None:
    work = Work(here)
    await work.ask("first")
    slow = await work.begin()
    here.clock.advance(queue.LEASE.total_seconds() + 1)
    other = await work.begin()
    work.then = [fails]
    work.may_end.set()
    await asyncio.gather(slow, other)
    row = await work.row()
    assert row is None or from_milliseconds(row["run_at"]) > here.clock.now()
    assert work.done == ["first", "first"]
