"""What processes of one instance tell each other, and what they keep in memory because of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from federation.testing import FakeClock
from server.accounts import site, throttle
from server.db import Bus, Database, Kept, query_log
from server.peers import queries as peers
from server.peers.actions import set_grade


class Heard(asyncio.Queue[Any]):
    """A listener; `await heard.next()` is the next payload."""

    def __call__(self, payload: Any) -> None:
        self.put_nowait(payload)

    async def next(self) -> Any:
        return await asyncio.wait_for(self.get(), 10)


@asynccontextmanager
async def listening(db: Database, channel: str) -> AsyncIterator[tuple[Bus, Heard]]:
    """Another process's end of the bus, which hears what is said on one channel."""
    bus, heard = Bus(db), Heard()
    bus.on(channel, heard)
    async with bus.listening():
        if db.dialect == "postgres":
            assert await heard.next() is None, "it may have missed something before it listened"
        yield bus, heard


async def test_what_was_rolled_back_is_never_told(fediverse):
    here = await fediverse.start("alder.example")
    heard = Heard()
    here.bus.on("news", heard)

    async def act(fails: bool) -> None:
        async with here.db.transaction():
            await here.bus.publish("news", [1])
            here.bus.tell("news", [2])
            assert heard.empty(), "not before it is on disk"
            if fails:
                raise LookupError

    with pytest.raises(LookupError):
        await here.run(act, True)
    assert heard.empty()
    await here.run(act, False)
    assert [heard.get_nowait(), heard.get_nowait()] == [[1], [2]]
    assert heard.empty()


async def test_a_listener_that_trips_does_not_keep_others_from_hearing(fediverse, caplog):
    here = await fediverse.start("alder.example")
    heard = Heard()

    def trip(_: Any) -> None:
        raise LookupError("no")

    here.bus.on("news", trip)
    end = here.bus.on("news", heard)
    here.bus.tell("news")
    end()
    here.bus.tell("news")
    assert heard.qsize() == 1
    assert "a listener on news stumbled" in caplog.text


async def test_processes_hear_each_other_and_again_after_the_connection_was_lost(fediverse):
    here = await fediverse.start("alder.example")
    if here.db.dialect == "sqlite":
        return
    async with listening(here.db, "news") as (one, of_one), listening(here.db, "news") as (two, of_two):
        await here.run(one.publish, "news", ["a"])
        one.tell("news", ["b"])
        one.tell_others("news", ["c"])
        assert [await of_two.next() for _ in range(3)] == [["a"], ["b"], ["c"]]
        assert [of_one.get_nowait() for _ in range(2)] == [["a"], ["b"]]
        # What is too long for one message says that there is something to look at.
        one.tell("news", ["x" * 9000])
        for number in range(300):
            one.tell("news", [number, "é" * 40])
        assert await of_two.next() is None
        assert [(await of_two.next())[0] for _ in range(300)] == list(range(300))
        assert one.hears
        assert two.hears
        while not of_one.empty():
            of_one.get_nowait()
        await here.run(
            here.db.rows,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'peerhall bus' AND datname = current_database()",
        )
        assert await of_one.next() is None, "back, and it may have missed something"
        assert await of_two.next() is None
        two.tell("news", ["d"])
        assert await of_one.next() == ["d"]


async def test_r7_a_process_that_has_something_to_say_in_its_last_moment_says_it_and_ends(fediverse):
    here = await fediverse.start("alder.example")
    if here.db.dialect != "postgres":
        return
    async with listening(here.db, "news") as (_, heard), asyncio.timeout(30):
        async with listening(here.db, "news") as (leaving, _):
            leaving.tell_others("news", ["last"])
        assert await heard.next() == ["last"]


async def test_what_is_kept_is_read_once_and_again_when_it_changed(fediverse):
    here = await fediverse.start("alder.example")
    clock, read, calls = FakeClock(), list[str](), list[str]()

    async def load() -> None:
        read.append("read")
        if len(read) == 2:
            here.bus.tell("facts")  # it changes while we read

    kept = Kept(here.bus, clock, "facts", load, stale=lambda: calls.append("stale"))
    for times in (1, 1):
        await kept.refresh()
        assert len(read) == times
    here.bus.tell("facts")
    for times in (2, 3, 3):
        await kept.refresh()
        assert len(read) == times
    assert calls == ["stale", "stale"]
    clock.advance(6)  # nobody would tell us
    await kept.refresh()
    assert len(read) == 4


async def test_grades_and_choices_of_the_site_cost_no_query_until_they_change(fediverse):
    here = await fediverse.start("alder.example")
    ana = await fediverse.person(here, "ana", role="admin")
    log: list[str] = []
    token = query_log.set(log)
    try:
        await here.run(here.refresh)
        assert log == []
        await here.run(set_grade, here, "hostile.example", "blocked", ana.viewer.handle)
        await here.run(site.save, here, ana.viewer.handle, {"name": "Alder Hall"})
        log.clear()
        await here.run(here.refresh)
        assert len(log) == 2
    finally:
        query_log.reset(token)
    assert not peers.may_send(here, "hostile.example")
    assert here.site.name == "Alder Hall"


async def test_s32_guesses_are_counted_over_all_processes(fediverse):
    here = await fediverse.start("alder.example")
    said: list[Any] = []
    here.bus.tell_others = lambda channel, payload: said.append((channel, payload))
    guess = {"name": "maya", "address": "192.0.2.1", "account_id": None, "device": ""}
    throttle.failed(here, **guess)
    ((channel, keys),) = said
    assert channel == throttle.CACHE
    assert "maya" not in str(keys)
    assert "192.0.2.1" not in str(keys)
    for _ in range(throttle.PER_PAIR - 1):
        throttle.check(here, **guess)
        throttle.heard(here, keys)
    with pytest.raises(throttle.TooMany):
        throttle.check(here, **guess)
