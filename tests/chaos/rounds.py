"""One round after the other in one world: load, a fault in the middle of it, and the checks."""

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from tests.chaos.checks import LOST, WRONG, Violation, check
from tests.chaos.load import Load
from tests.chaos.report import Options, Round
from tests.chaos.world import NotDrained, world

FRESH_WORLD = 25
"""A world grows with every round; so many later there is a new one."""
WORLDS = 3
"""At once, where nothing but the instance is at fault."""

Fault = Callable[[random.Random, Load], Coroutine[Any, Any, Sequence[Violation] | None]]
Setting = Callable[[random.Random, Load], Awaitable[None]]


async def rounds(
    options: Options,
    fault: Fault,
    roles: Sequence[str] = (),
    *,
    folder: Path | None = None,
    preload: Path | None = None,
    ordered: bool = True,
    timed: bool = True,
    inbound: int = 10,
    forms: int = 5,
    worlds: int = 1,
) -> AsyncIterator[Round]:
    """So many rounds of a fault. `ordered`: activities are sent in order, and so they must be processed.

    `timed`: the clock runs forward, so that what was processed later says so. `worlds`: so many at once, each with its
    own instance, for faults that are one instance's: a round mostly waits.
    """
    turns = max(1, -(-options.rounds // (FRESH_WORLD * worlds)))
    size = max(1, -(-options.rounds // (turns * worlds)))
    seeds = range(options.seed, options.seed + options.rounds)
    parts = deque(seeds[begin : begin + size] for begin in range(0, len(seeds), size))
    done: asyncio.Queue[Round | None] = asyncio.Queue()

    async def lane() -> None:
        while parts:
            part = parts.popleft()
            async with world(options.database, roles, cluster=options.cluster, folder=folder, preload=preload) as scene:
                load = Load(scene, ordered=ordered, timed=ordered and timed)
                await scene.start()
                for seed in part:
                    done.put_nowait(await one_round(seed, load, fault, inbound=inbound, forms=forms))
        done.put_nowait(None)

    async with asyncio.TaskGroup() as group:
        for _ in range(worlds):
            group.create_task(lane())
        ended = 0
        while ended < worlds:
            each = await done.get()
            if each is None:
                ended += 1
            else:
                yield each


async def one_round(seed: int, load: Load, fault: Fault, *, inbound: int = 10, forms: int = 5) -> Round:
    """Load, a fault in the middle of it, and the checks; what the fault itself saw go wrong is among what is found."""
    rng, before = random.Random(seed), load.acknowledged
    async with asyncio.TaskGroup() as group:
        group.create_task(load.round(random.Random(rng.random()), inbound=inbound, forms=forms))
        faulty = group.create_task(fault(rng, load))
    found = list(faulty.result() or ())
    try:
        await load.world.drain()
    except NotDrained as error:
        found.append(Violation(LOST, str(error)))
    else:
        found += await check(load)
    dead = [role for role, process in load.world.processes.items() if not process.alive]
    found += [Violation(WRONG, f"{role} ended: {load.world.processes[role].last_words()}") for role in dead]
    if dead:
        await load.world.start()
    return Round(seed, load.acknowledged - before, found)
