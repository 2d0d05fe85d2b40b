"""One peer at full speed, and slow to take what it is sent: how long others wait, against a quiet time (R5, P12)."""

import asyncio
import json
import random
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from federation.testing import make_signer
from tests.chaos.checks import WRONG, Violation, check
from tests.chaos.load import Load
from tests.chaos.misbehaving import slow
from tests.chaos.neighbours import Host, Sent
from tests.chaos.report import Options, Round
from tests.chaos.world import World, world

SECONDS = 12.0
START_SECONDS = 4.0
"""So long until a flood is there, and has been noticed."""
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
            async with _flood(load, bad) as flooded:
                await asyncio.sleep(START_SECONDS)
                busy = await _measure(load, rng)
            bad.answer = None
            await scene.drain()
            found = await check(load)
            ratios = [busy[what] / quiet[what] for what in range(2)]
            words = (
                f"seed {seed}: accepting {1000 * quiet[0]:.0f} → {1000 * busy[0]:.0f} ms ({ratios[0]:.2f}),"
                f" delivering {1000 * quiet[1]:.0f} → {1000 * busy[1]:.0f} ms ({ratios[1]:.2f}),"
                f" flood {flooded[0]} sent, {flooded[1]} told to wait"
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


@asynccontextmanager
async def _flood(load: Load, host: Host) -> AsyncIterator[list[int]]:
    """Let a host flood for as long as the block; then the list says how often it sent, and was told to wait."""
    scene: World = load.world
    activity = load.flood_activity(host)
    signer = make_signer(str(activity["actor"]))
    told = {
        "ports": [scene.front] if scene.front is not None else list(scene.listening.values()),
        "authority": scene.authority,
        "key_id": signer.rsa_key_id,
        "key": signer.rsa_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "activity": activity,
        "ahead": scene.clock.ahead,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.chaos.flooder", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    said: list[int] = []
    try:
        assert process.stdin is not None
        process.stdin.write(json.dumps(told).encode() + b"\n")
        yield said
    finally:
        output, _ = await process.communicate(b"")  # which closes what it reads, and so ends it
        said += json.loads(output)
