"""Another server is down for days, slow, flapping, or lies: the others notice nothing, and it catches up (R4)."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable

from tests.chaos.checks import LOST, ORDER, Violation
from tests.chaos.load import Load
from tests.chaos.neighbours import Asked, Host, response
from tests.chaos.report import Options, Round
from tests.chaos.rounds import WORLDS, rounds

DAY = 24 * 3600
STEPS_OF_A_DAY = 3
OTHERS_SECONDS = 30.0
"""So long the other hosts may wait for what is for them while one misbehaves, on a busy machine."""

Answer = Callable[[Host, Asked, asyncio.StreamWriter], Awaitable[bool]]


async def away(host: Host, asked: Asked, writer: asyncio.StreamWriter) -> bool:
    """Hang up at once."""
    return True


async def slow(host: Host, asked: Asked, writer: asyncio.StreamWriter) -> bool:
    """One byte a second."""
    for byte in response(202):
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(1)
    return True


async def garbage(host: Host, asked: Asked, writer: asyncio.StreamWriter) -> bool:
    """Bytes that are no answer, or half of one."""
    rng = random.Random(len(asked.body) + len(host.arrivals))
    writer.write(
        rng.choice(
            (
                rng.randbytes(300),
                b"HTTP/1.1 2000 Fine\r\n\r\n",
                b"HTTP/1.1 202 Accepted\r\nContent-Length: -5\r\n\r\n",
                b"HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
                b"HTTP/1.1 202 Accepted\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
                b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 100000\r\n\r\n<html>",
            )
        )
    )
    await writer.drain()
    return True


async def redirecting(host: Host, asked: Asked, writer: asyncio.StreamWriter) -> bool:
    """To itself, for ever; to somebody else; to where nobody may go."""
    rng = random.Random(len(asked.body) + len(host.arrivals))
    where = rng.choice((f"{host.origin}{asked.target}", "http://169.254.169.254/latest", "//x", "file:///etc/passwd"))
    status = rng.choice((301, 302, 307, 308))
    writer.write(response(status, b"", f"Location: {where}"))
    await writer.drain()
    return True


async def huge(host: Host, asked: Asked, writer: asyncio.StreamWriter) -> bool:
    """A body, or headers, without end."""
    rng = random.Random(len(asked.body) + len(host.arrivals))
    writer.write(b"HTTP/1.1 202 Accepted\r\n" + (b"Content-Length: 99999999\r\n\r\n" if rng.random() < 0.5 else b""))
    for _ in range(2000):
        writer.write(b"X-Filler: " + b"x" * 8000 + b"\r\n")
        await writer.drain()
    return True


async def flapping(host: Host, asked: Asked, writer: asyncio.StreamWriter) -> bool:
    """Sometimes there, sometimes not."""
    host.turns += 1
    if host.turns % 3 == 0:
        return False
    if host.turns % 3 == 1:
        writer.write(response(503 if host.turns % 2 else 429, b"", "Retry-After: 30"))
        await writer.drain()
    return True


MISBEHAVIOUR: dict[str, Answer] = {
    "slow": slow,
    "garbage": garbage,
    "redirecting": redirecting,
    "huge": huge,
    "flapping": flapping,
}
FINAL = {"garbage", "huge"}
"""What a server answers so is taken for its word: that activity is not sent again."""


def peers(name: str) -> Callable[[Options], AsyncIterator[Round]]:
    """The series of one misbehaviour."""

    async def series(options: Options) -> AsyncIterator[Round]:
        async def fault(rng: random.Random, load: Load) -> list[Violation]:
            bad, *others = load.world.neighbours.hosts.values()
            bad.answer = MISBEHAVIOUR[name]
            bad.excused = name in FINAL
            try:
                return await _others_have_all(load, others)
            finally:
                bad.answer = None

        async for each in rounds(options, fault, worlds=WORLDS):
            yield each

    return series


async def down(options: Options) -> AsyncIterator[Round]:
    """One server is away for five days, in which people go on; then it gets all of it, in order."""

    async def fault(rng: random.Random, load: Load) -> list[Violation]:
        scene = load.world
        bad, *others = scene.neighbours.hosts.values()
        bad.answer = away
        begun = len(bad.arrivals)
        found = await _others_have_all(load, others)
        for _ in range(5 * STEPS_OF_A_DAY):
            scene.clock.advance(DAY / STEPS_OF_A_DAY)
            await load.forms(rng, 1)
            await asyncio.sleep(0.4)
        if len(bad.arrivals) != begun:
            found.append(Violation(ORDER, "something arrived where nobody was"))
        bad.answer = None
        scene.clock.advance(2 * DAY + 3600)
        return found

    async for each in rounds(options, fault, inbound=3, forms=2, worlds=WORLDS):
        yield each


async def _others_have_all(load: Load, others: list[Host]) -> list[Violation]:
    """Wait until the load is over and every other host has had what was written meanwhile."""
    await asyncio.sleep(0.5)
    until = asyncio.get_running_loop().time() + OTHERS_SECONDS
    while True:
        wanted = {act.text for written in load.written for act in written.acts if act.taken and act.kind == "reply"}
        missing = [host.name for host in others if not wanted <= _told(host, load)]
        if not missing:
            return []
        if asyncio.get_running_loop().time() > until:
            return [Violation(LOST, f"{missing} waited longer than {OTHERS_SECONDS:.0f} s because another misbehaves")]
        await asyncio.sleep(0.1)


def _told(host: Host, load: Load) -> set[str]:
    told = set()
    for arrival in host.arrivals:
        target = arrival.activity["object"]
        if arrival.kind == "Create" and isinstance(target, dict):
            content = str(target.get("content", ""))
            told.add(content.partition("<p>")[2].partition("</p>")[0])
    return told
