"""After kill -9: what was in hand goes on at once, what kills us is set aside, no wrong clock puts off (R1, R10)."""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from federation.ports import Receipt
from server.db.holding import hold
from server.fediverse import claims, inbox, leases, recovery
from server.fediverse.inbox import ServerReceipts
from server.jobs import queue

ME = 4711


class Killed(BaseException):
    """What ends the process, as far as the database can tell."""


@pytest.fixture
async def here(fediverse: Any) -> Any:
    here = await fediverse.start("alder.example")
    await fediverse.settle()
    here.db.holder = ME
    with here.db.bind():
        yield here


async def receive(here: Any, host: str, *numbers: int) -> None:
    for number in numbers:
        actor = f"https://{host}/u/eve"
        activity = f"{host} {number}"
        await ServerReceipts(here).store(Receipt(activity, "View", actor, actor, False, b"{}", here.clock.now()))


async def receipts(here: Any) -> dict[str, dict[str, Any]]:
    rows = await here.db.rows("SELECT * FROM inbox_receipt ORDER BY seq")
    return {row["activity_id"]: row for row in rows}


async def want(here: Any, host: str) -> None:
    """Something waits for a server."""
    await here.db.execute(
        "INSERT INTO peer"
        " (host, grade, note, software, dialect, first_seen_at, cursor_seq, wanted_seq, attempts, paused)"
        " VALUES (:host, 'normal', '', '', 'unknown', :now, 0, 1, 0, FALSE)",
        host=host,
        now=here.clock.now(),
    )


class Mortal:
    """What processes activities or runs jobs, and dies of some."""

    def __init__(self, deadly: str) -> None:
        self.deadly = deadly
        self.begun: list[str] = []

    async def process(self, receipt: Receipt) -> None:
        await self.work(receipt.activity_id)

    async def work(self, payload: str) -> None:
        self.begun.append(payload)
        if payload == self.deadly:
            raise Killed


async def live_on(here: Any, step: Any) -> int:
    """Work until there is nothing to do, and start again after each death; returns how many there were."""
    deaths, idle = 0, 0
    while idle < 3:
        try:
            if await step():
                idle = 0
                continue
        except (Killed, BaseExceptionGroup):
            deaths, idle = deaths + 1, 0
            await recovery.give_back(here)
            if deaths <= inbox.SUSPECT:
                continue  # at once
        idle += 1
        here.clock.advance(recovery.SUSPECT_PAUSE.total_seconds() + 1)
    return deaths


async def test_r12_what_kills_us_each_time_is_set_aside_and_nothing_else_is(here: Any, monkeypatch: Any) -> None:
    mortal = Mortal("birch.example 2")
    monkeypatch.setattr(here.engine, "process", mortal.process)
    await receive(here, "birch.example", 1, 2, 3)
    await receive(here, "cedar.example", 1, 2)
    assert await live_on(here, lambda: inbox.step(here)) == inbox.MAX_CRASHES
    assert mortal.begun.count(mortal.deadly) == inbox.MAX_CRASHES
    rows = await receipts(here)
    assert {name: row["outcome"] for name, row in rows.items() if name != mortal.deadly} == {
        "birch.example 1": "done",
        "birch.example 3": "done",
        "cedar.example 1": "done",
        "cedar.example 2": "done",
    }
    assert rows[mortal.deadly]["outcome"] == "gave_up"
    assert max(row["crashes"] for name, row in rows.items() if name != mortal.deadly) <= inbox.SUSPECT
    once = [name for name in mortal.begun if name != mortal.deadly]
    assert sorted(once) == sorted(set(once)), "what was done before a death is not done again"


async def test_r12_a_job_that_kills_us_each_time_is_set_aside_and_a_periodic_one_waits(here: Any) -> None:
    mortal = Mortal("deadly")
    here.jobs.on("mortal", mortal.work)
    here.jobs.every("mortal.always", timedelta(hours=1), lambda _: mortal.work("deadly"))
    await here.jobs.enqueue("mortal", "deadly")
    await here.jobs.enqueue("mortal", "harmless")
    await here.jobs.schedule_periodic()
    assert await live_on(here, here.jobs.step) == 2 * queue.MAX_CRASHES
    assert mortal.begun.count("harmless") == 1
    rows = await here.db.rows("SELECT name, failed_at, last_error FROM job WHERE name LIKE 'mortal%' ORDER BY name")
    assert [(row["name"], row["failed_at"] is None) for row in rows] == [("mortal", False), ("mortal.always", True)]
    assert "ended 5 times" in rows[0]["last_error"]


async def test_r3_what_stands_before_a_suspect_of_its_host_comes_first(here: Any, monkeypatch: Any) -> None:
    mortal = Mortal("")
    monkeypatch.setattr(here.engine, "process", mortal.process)
    await receive(here, "birch.example", 1, 2)
    await here.db.execute("UPDATE inbox_receipt SET crashes = 3 WHERE activity_id = 'birch.example 2'")
    while await inbox.step(here):
        pass
    assert mortal.begun == ["birch.example 1", "birch.example 2"]


async def test_r1_a_killed_process_costs_no_attempt_and_nobody_waits(here: Any) -> None:
    await receive(here, "birch.example", 1)
    await want(here, "cedar.example")
    for _ in range(2):
        (row,) = await inbox.claim(here, here.clock.now() + claims.LEASE, most=9)
        (turn,) = await leases.take(here, 9, 0)
        inbox.turns(here).under_way.clear()
        await recovery.give_back(here)
    assert (row["attempts"], row["crashes"], turn.attempts) == (1, 1, 0)
    # What is put back in an orderly way, or rests because the disk is full, was in nobody's hand.
    (row,) = await inbox.claim(here, here.clock.now() + claims.LEASE, most=9)
    await inbox._again(here, row, OSError(28, "No space left on device"))
    here.clock.advance(inbox.TROUBLE_PAUSE.total_seconds() + 1)
    (row,) = await inbox.claim(here, here.clock.now() + claims.LEASE, most=9)
    await claims.release(here, [row])
    (row,) = await inbox.claim(here, here.clock.now() + claims.LEASE, most=9)
    assert (row["attempts"], row["crashes"]) == (1, 2)


async def test_r10_what_a_clock_that_ran_ahead_wrote_is_not_waited_for(here: Any, monkeypatch: Any) -> None:
    """The peer's and the job's retry, the periodic job's next time, and leases of nobody who is known to live."""
    here.db.holder = None
    here.jobs.on("failing", Mortal("").work)
    await receive(here, "birch.example", 1)
    await receive(here, "cedar.example", 1)
    for host in ("birch.example", "cedar.example"):
        await want(here, host)
    days = timedelta(days=30).total_seconds()
    here.clock.advance(days)
    rows = await inbox.claim(here, here.clock.now() + claims.LEASE, most=9)
    await inbox._again(here, rows[0], ValueError("odd"))
    turns = await leases.take(here, 9, 0)
    turns[0].failure = "no answer", None
    await leases.settle(here, turns[:1])
    monkeypatch.setitem(here.jobs._handlers, "failing", lambda payload: payload.fails())
    await here.jobs.enqueue("failing", "odd")
    while await here.jobs.step():
        pass
    here.clock.advance(-days)
    assert not await inbox.claim(here, here.clock.now() + claims.LEASE, most=9)
    assert not await leases.take(here, 9, 9)
    assert not await here.jobs.step()
    await recovery.put_right(here)
    assert len(await inbox.claim(here, here.clock.now() + claims.LEASE, most=9)) == 2
    assert len(await leases.take(here, 9, 9)) == 2
    late = "SELECT count(*) AS n FROM job WHERE failed_at IS NULL AND run_at > :now"
    assert not await here.db.value(late, now=here.clock.now() + timedelta(days=1))
    assert await here.jobs.step()
    # What waits as it should is left alone.
    before = await receipts(here)
    await recovery.put_right(here)
    assert await receipts(here) == before


async def test_r6_on_postgres_only_what_the_dead_had_is_taken_over(here: Any, monkeypatch: Any) -> None:
    if here.db.dialect == "sqlite":
        return
    monkeypatch.setattr(recovery, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(recovery, "GONE_SECONDS", -1.0)
    await receive(here, "birch.example", 1)
    await receive(here, "cedar.example", 1)
    alive = [await asyncpg.connect(here.settings.database_url) for _ in range(2)]
    try:
        numbers = [await hold(connection, None) for connection in alive]
        for number in numbers:
            here.db.holder = number
            assert len(await inbox.claim(here, here.clock.now() + claims.LEASE, most=1)) == 1
        watch = recovery.Recovery(here)
        await watch.step()
        assert not await inbox.claim(here, here.clock.now() + claims.LEASE, most=9), "both live"
        # One is back on a new connection: what it has stays its own. The other is not.
        await alive[0].close()
        alive[0] = await asyncpg.connect(here.settings.database_url)
        here.db.holder = await hold(alive[0], numbers[0])
        await alive[1].close()
        watch._search_at = 0
        while not (found := await inbox.claim(here, here.clock.now() + claims.LEASE, most=9)):
            await watch.step()  # PostgreSQL takes a moment to see that a connection ended
            watch._search_at = 0
        assert [(row["activity_id"], row["crashes"]) for row in found] == [("cedar.example 1", 1)]
    finally:
        for connection in alive:
            await connection.close()


async def test_r6_a_process_that_listens_has_a_number_and_else_has_none(fediverse: Any) -> None:
    here = await fediverse.start("alder.example")
    assert here.db.holder is None
    async with here.bus.listening():
        assert (here.db.holder is None) == (here.db.dialect == "sqlite")
    assert here.db.holder is None
