"""Processes that are killed at any moment, and workers that race, stop, and come back after their time."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator

from tests.chaos.load import Load
from tests.chaos.report import Options, Round
from tests.chaos.rounds import WORLDS, rounds
from tests.chaos.world import LEASE_SECONDS

LONGEST_SECONDS = 1.6


async def kill(options: Options) -> AsyncIterator[Round]:
    """`kill -9` of any process under load, and a new start."""
    async for each in rounds(options, _kill, worlds=WORLDS):
        yield each


async def race(options: Options) -> AsyncIterator[Round]:
    """Two to four workers at once; some stand still for longer than their leases, and go on."""
    roles = [("web1", *(f"worker{number}" for number in range(count))) for count in (2, 3, 4)]
    size = -(-options.rounds // len(roles))
    done = 0
    for these in roles:
        part = Options(options.database, min(size, options.rounds - done), options.seed + done, options.cluster)
        done += part.rounds
        async for each in rounds(part, _stand_still, these, worlds=WORLDS):
            yield each


async def _kill(rng: random.Random, load: Load) -> None:
    scene = load.world
    for _ in range(rng.choice((1, 1, 2))):
        await asyncio.sleep(rng.uniform(0, LONGEST_SECONDS))
        killed = rng.sample(scene.roles, rng.randint(1, len(scene.roles)))
        for role in killed:
            scene.processes[role].send(signal.SIGKILL)
        for role in killed:
            await scene.processes[role].end()
        await scene.start()
        if rng.random() < 0.5:
            # What died held leases: half of the time they are over at once, else other work comes first.
            scene.clock.advance(LEASE_SECONDS)


async def _stand_still(rng: random.Random, load: Load) -> None:
    scene = load.world
    workers = [role for role in scene.roles if not role.startswith("web")]
    for _ in range(2):
        await asyncio.sleep(rng.uniform(0, LONGEST_SECONDS / 2))
        still = rng.sample(workers, rng.randint(1, len(workers) - 1))
        for role in still:
            scene.processes[role].send(signal.SIGSTOP)
        await asyncio.sleep(rng.uniform(0, 0.2))
        scene.clock.advance(LEASE_SECONDS)
        await asyncio.sleep(rng.uniform(0.1, LONGEST_SECONDS / 2))
        for role in still:
            scene.processes[role].send(signal.SIGCONT)
