"""The worker: nobody waits behind what is slow, nothing waits longer than it must (S23, R12)."""

import asyncio
from typing import Any

from server.jobs import worker as module
from server.jobs.worker import Worker
from tests.posting import Stranger, outcome, write


async def test_s23_what_is_slow_goes_on_beside_and_the_next_begins() -> None:
    worker, release, order = Worker(), asyncio.Event(), list[str]()
    waiting = ["slow", "quick", "last"]

    async def work(name: str) -> None:
        if name == "slow":
            await release.wait()
        order.append(name)
        if name == "last":
            release.set()
        if name == "slow":
            worker.stop()

    async def step() -> bool:
        if not waiting:
            return False
        await worker.beside(work(waiting.pop(0)), after=0.01)
        return True

    worker.add("inbox", step)
    async with asyncio.timeout(5):
        await worker.run()
    assert order == ["quick", "last", "slow"]


async def test_what_is_beside_is_ended_when_the_worker_stops(monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "LAST_SECONDS", 0.01)
    worker, ended = Worker(), list[str]()

    async def never() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("never")

    async def step() -> bool:
        await worker.beside(never(), after=0.01)
        worker.stop()
        return False

    worker.add("inbox", step)
    async with asyncio.timeout(5):
        await worker.run()
    assert ended == ["never"]


async def test_a_call_during_a_step_is_not_lost() -> None:
    worker, due, done = Worker(), list[str](), list[str]()

    async def step() -> bool:
        if due:
            done.append(due.pop())
            worker.stop()
            return True
        # It comes while this step has found nothing and has not yet said so.
        due.append("late")
        worker.wake()
        await asyncio.sleep(0)
        return False

    worker.add("inbox", step)
    async with asyncio.timeout(1):
        await worker.run()
    assert done == ["late"]


async def test_r5_activities_of_one_host_stay_in_order_beside_those_of_others(fediverse: Any) -> None:
    maya = await fediverse.person(await fediverse.start("alder.example"), "maya")
    slow, quiet = Stranger(fediverse, "slow.example"), Stranger(fediverse, "quiet.example")
    post = await write(maya)
    like = slow.activity("Like", slow.actor("eve"), post.uri)
    undo = slow.activity("Undo", slow.uri("u/eve"), like, path="u/1")
    other = quiet.activity("Like", quiet.actor("tom"), post.uri)
    for server, activity in ((slow, like), (slow, undo), (quiet, other)):
        assert await server.send(maya.here, activity) == 202
    reached, release = asyncio.Event(), asyncio.Event()
    process = maya.here.engine.process

    async def held_up(receipt: Any) -> None:
        if receipt.activity_id == like["id"]:
            reached.set()
            await release.wait()
        await process(receipt)

    maya.here.engine.process = held_up
    with maya.here.db.bind():
        running = asyncio.create_task(maya.here.worker.run(only=("inbox",)))
        async with asyncio.timeout(10):
            await reached.wait()
            while await outcome(maya.here, other["id"]) != ("done", None):  # noqa: ASYNC110  # what a database holds
                await asyncio.sleep(0.01)
            assert await outcome(maya.here, undo["id"]) == (None, None)
            release.set()
            while await outcome(maya.here, undo["id"]) != ("done", None):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        maya.here.worker.stop()
        await running
    assert await outcome(maya.here, like["id"]) == ("done", None)


async def test_r7_a_worker_that_ends_gives_back_what_it_began(fediverse: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "LAST_SECONDS", 0.01)
    here = await fediverse.start("alder.example")
    await fediverse.settle()
    begun, done = asyncio.Event(), list[str]()

    async def work(payload: str) -> None:
        if not begun.is_set():
            begun.set()
            await asyncio.Event().wait()
        done.append(payload)

    here.jobs.on("slow", work)
    await here.run(here.jobs.enqueue, "slow", "a job")
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        group.create_task(here.run(here.worker.run))
        await begun.wait()
        here.worker.stop()
    assert done == []
    await here.run(here.worker.run_until_idle)
    assert done == ["a job"], "at once: nobody waits for the end of a lease"
