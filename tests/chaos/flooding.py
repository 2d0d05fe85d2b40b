"""One peer at full speed, and slow to take what it is sent: how long others wait, against a quiet time (R5, P12)."""

import asyncio
import random
import statistics
import time
from collections.abc import AsyncIterator

from tests.chaos.checks import WRONG, Violation, check
from tests.chaos.load import Load
from tests.chaos.misbehaving import slow
from tests.chaos.neighbours import Host, Line, Sent, signed
from tests.chaos.report import Options, Round
from tests.chaos.world import World, world

SECONDS = 12.0
LINES = 8
PAUSE_SECONDS = 0.25
MOST = 2.0


async def flood(options: Options) -> AsyncIterator[Round]:
    """The same quiet traffic without and with the flood, in one run; the ratio of the medians is the note."""
    async with world(options.database, cluster=options.cluster) as scene:
        load = Load(scene)
        await scene.start()
        await load.round(random.Random(options.seed))
        await scene.drain()
        for number in range(options.rounds):
            seed, before = options.seed + number, load.acknowledged
            rng = random.Random(seed)
            quiet = await _measure(load, rng)
            bad = next(iter(scene.neighbours.hosts.values()))
            bad.answer = slow
            flooding = asyncio.create_task(_flood(load, bad, rng))
            await asyncio.sleep(1)
            busy = await _measure(load, rng)
            flooding.cancel()
            bad.answer = None
            await asyncio.gather(flooding, return_exceptions=True)
            await scene.drain()
            found = await check(load)
            ratios = [busy[what] / quiet[what] for what in range(2)]
            words = (
                f"seed {seed}: accepting {1000 * quiet[0]:.0f} → {1000 * busy[0]:.0f} ms ({ratios[0]:.2f}),"
                f" delivering {1000 * quiet[1]:.0f} → {1000 * busy[1]:.0f} ms ({ratios[1]:.2f}),"
                f" flood {load.flooded} sent, {load.slowed} told to wait"
            )
            if max(ratios) > MOST:
                found.append(Violation(WRONG, f"others wait more than twice as long: {words}"))
            yield Round(seed, load.acknowledged - before, found, words)


async def _measure(load: Load, rng: random.Random) -> tuple[float, float]:
    """Medians, in seconds: until an activity of a quiet host is answered, and until a reply here is at the hosts."""
    scene = load.world
    others = list(scene.neighbours.hosts.values())[1:]
    accepted: list[float] = []
    delivered: list[float] = []
    until = time.monotonic() + SECONDS

    async def send(host: Host) -> None:
        while time.monotonic() < until:
            host.outbox.append(Sent(load.next_activity(rng, host)))
            begun = time.monotonic()
            await load.deliver(host)
            accepted.append(time.monotonic() - begun)
            await asyncio.sleep(PAUSE_SECONDS)

    async def write() -> None:
        member = scene.members[0]
        while time.monotonic() < until:
            begun = time.monotonic()
            text = await load.reply_once(member)
            if text is None:
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            for host in others:
                while not any(text in str(arrival.activity["object"]) for arrival in reversed(host.arrivals[-60:])):
                    await asyncio.sleep(0.01)
            delivered.append(time.monotonic() - begun)
            await asyncio.sleep(PAUSE_SECONDS)

    async with asyncio.timeout(SECONDS * 10), asyncio.TaskGroup() as group:
        for host in others:
            group.create_task(send(host))
        group.create_task(write())
    return statistics.median(accepted), statistics.median(delivered)


async def _flood(load: Load, host: Host, rng: random.Random) -> None:
    """Signed activities on several connections, as fast as they are answered, whatever the answer."""
    scene: World = load.world

    async def one() -> None:
        line = Line(scene.port)
        try:
            while True:
                headers, body = signed(host, load.flood_activity(host), scene.authority, scene.clock)
                try:
                    status, _, _ = await line.ask("POST", "/ap/inbox", headers, body)
                except (OSError, EOFError, TimeoutError):
                    await asyncio.sleep(0.05)
                    continue
                load.flooded += 1
                load.slowed += status in (429, 503)
        finally:
            line.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(LINES):
            group.create_task(one())
