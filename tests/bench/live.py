"""How long it takes from a post on one server to a page that is open on another (P11), and to an app that listens."""

import asyncio
import sqlite3
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path

import httpx

from server.clock import SystemClock
from server.ids import new_id
from server.settings import load
from tests.bench.instance import Served, free_port
from tests.bench.peer import Peer
from tests.bench.scenarios import PATIENCE_SECONDS, Figures, signed_in
from tests.bench.seed import COMMUNITY, Facts, seed

POSTS = 15


async def measure(peer: Peer) -> Figures:
    """Somebody on one server looks at a community of another, where somebody writes."""
    with tempfile.TemporaryDirectory(prefix="peerhall-bench-") as folder:
        there, there_facts = await _started(peer, Path(folder) / "there")
        try:
            here, here_facts = await _started(peer, Path(folder) / "here")
            try:
                database = Path(folder) / "here" / "peerhall.sqlite3"
                return await _posted(there, there_facts, here, here_facts, database)
            finally:
                await here.stop()
        finally:
            await there.stop()


async def _started(peer: Peer, folder: Path) -> tuple[Served, Facts]:
    port = free_port()
    folder.mkdir()
    environment = {
        "PEERHALL_ORIGIN": f"http://127.0.0.1:{port}",
        "PEERHALL_DATA_DIR": str(folder),
        "PEERHALL_FEDERATION": "open",
        "PEERHALL_ALLOWED_PRIVATE_ADDRESSES": "127.0.0.0/8",
        "PEERHALL_LOG": "info",
    }
    facts = await seed(load(environment, Path("/dev/null")), peer, 1)
    return await Served.start(environment, port), facts


async def _posted(there: Served, there_facts: Facts, here: Served, here_facts: Facts, database: Path) -> Figures:
    handle = f"{COMMUNITY}@{there.origin.removeprefix('http://')}"
    async with signed_in(there, there_facts.token) as writer, signed_in(here, here_facts.token) as reader:
        await reader.post("/people/look-up", data={"q": f"{there.origin}/c/{COMMUNITY}"})
        answer = await reader.post(f"/c/{handle}/follow")
        if answer.status_code != 303:
            raise RuntimeError(f"following was answered with {answer.status_code}")
        await asyncio.sleep(3)  # accepted by then, and what was there before is fetched
        since = new_id(SystemClock().now())
        seconds: list[float] = []
        heard: list[float] = []
        listening = asyncio.create_task(_listen(here, here_facts, heard))
        await asyncio.sleep(0.5)
        async with reader.stream("GET", "/live", params={"place": f"c/{handle}", "since": since}, timeout=None) as page:
            if page.status_code != 200:
                raise RuntimeError(f"/live answered {page.status_code}")
            lines = page.aiter_lines()
            async with asyncio.timeout(PATIENCE_SECONDS):
                for number in range(POSTS):
                    begun = time.perf_counter()
                    await _write(writer, number)
                    while not (await anext(lines)).startswith("data: ["):
                        pass
                    seconds.append(time.perf_counter() - begun)
                    await asyncio.sleep(0.5)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    since_arrival = [1000 * moment - came for moment, came in zip(heard, _arrivals(database), strict=True)]
    return {
        "from an arrival here to an app that listens, median ms": statistics.median(since_arrival),
        "from an arrival here to an app that listens, longest ms": max(since_arrival),
        "from a post there to an open page here, median ms": 1000 * statistics.median(seconds),
        "from a post there to an open page here, longest ms": 1000 * max(seconds),
    }


async def _listen(here: Served, facts: Facts, heard: list[float]) -> None:
    """An app on the stream of its person: when it is told of each post."""
    headers = {"authorization": f"Bearer {facts.api_token}"}
    async with (
        httpx.AsyncClient(base_url=here.origin, headers=headers, timeout=None) as app,
        app.stream("GET", "/api/v1/streaming/user") as stream,
    ):
        if stream.status_code != 200:
            raise RuntimeError(f"the stream answered {stream.status_code}")
        async for line in stream.aiter_lines():
            if line == "event: update":
                heard.append(time.time())


def _arrivals(database: Path) -> list[int]:
    """When the posts came in, in milliseconds since 1970: they were stored then, and not processed yet."""
    with closing(sqlite3.connect(database)) as opened:
        rows = opened.execute("SELECT received_at FROM inbox_receipt ORDER BY seq DESC LIMIT ?", (POSTS,)).fetchall()
    return [row[0] for row in reversed(rows)]


async def _write(writer: httpx.AsyncClient, number: int) -> None:
    form = {
        "title": f"Beginnings, part {number}",
        "content": "What works for you?",
        "visibility": "public",
        "nobody_identifiable": "on",
    }
    answer = await writer.post(f"/c/{COMMUNITY}/new?kind=discussion", data=form)
    if answer.status_code != 303:
        raise RuntimeError(f"the post was answered with {answer.status_code}")
