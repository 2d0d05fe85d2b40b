"""How long it takes to search among a hundred thousand practices, on SQLite and on PostgreSQL (issue of finding, L7).

`python -m tests.bench --only search`. Pages are asked for in this process, by somebody who is signed in, each question
so many times in turn with the others; the time is that on the clock, from the question to the last byte of the page.
"""

import asyncio
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import asyncpg
import httpx

from server.asgi import create_app
from server.build import build, close
from server.settings import Settings, load
from tests.bench.copies import run
from tests.bench.large import ORIGIN, enlarge, environment
from tests.bench.scaled import DURABLE
from tests.bench.scenarios import Figures
from tests.postgres import cluster

PRACTICES = 100_000
TIMES = 15
QUESTIONS = {
    "a rare word": "platypus",
    "common words": "exit ticket",
    "words and one without": "peer example -platypus",
    "a phrase": "%22exit ticket%22",
    "the beginning of a word": "dra",
    "a word that nobody used": "xyzzy",
    "common words, narrowed": "exit ticket&subject=Subject+3&minutes=10",
    "common words, narrowed to nothing": "exit ticket&language=cy&licence=CC0-1.0",
}


def measure(*, practices: int = PRACTICES) -> Figures:
    """Medians of all questions, and of each, on both databases."""
    figures: Figures = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="peerhall-bench-"))) / "data"
        facts = asyncio.run(enlarge(folder, practices, 1_000, only_practices=True))
        here = load(environment(folder), Path("/dev/null"))
        figures |= asyncio.run(_asked("SQLite", here, facts.token))
        saved = folder.parent / "saved"
        run("backup", here, "backup", str(saved))
        database = stack.enter_context(cluster(DURABLE))
        asyncio.run(_create(database.address))
        there = load(
            environment(folder.parent / "there") | {"PEERHALL_DATABASE_URL": f"{database.address}/search"},
            Path("/dev/null"),
        )
        run("restore on PostgreSQL", there, "restore", str(saved))
        figures |= asyncio.run(_asked("PostgreSQL", there, facts.token))
    return figures


async def _create(address: str) -> None:
    connection = await asyncpg.connect(f"{address}/postgres")
    await connection.execute("CREATE DATABASE search")
    await connection.close()


async def _asked(name: str, settings: Settings, token: str) -> Figures:
    here = await build(settings)
    times: dict[str, list[float]] = {question: [] for question in QUESTIONS}
    transport = httpx.ASGITransport(create_app(here, work=False))
    try:
        async with httpx.AsyncClient(
            transport=transport, base_url=ORIGIN, cookies={"peerhall_session": token}, timeout=60
        ) as client:
            for turn in range(TIMES + 2):
                for question, text in QUESTIONS.items():
                    begun = time.perf_counter()
                    answer = await client.get(f"/search?kind=practices&q={text.replace(' ', '+')}")
                    if answer.status_code != 200:
                        raise RuntimeError(f"{question}: {answer.status_code}")
                    if turn > 1:  # the first ones read what is not in memory yet
                        times[question].append(1000 * (time.perf_counter() - begun))
    finally:
        await close(here)
    everything = [each for found in times.values() for each in found]
    return {f"search, {name}: median ms": statistics.median(everything)} | {
        f"search, {name}: {question}, median ms": statistics.median(found) for question, found in times.items()
    }
