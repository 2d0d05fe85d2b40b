"""How long it takes from a post on one server to a page that is open on another (P11)."""

import asyncio
import statistics
import tempfile
import time
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
                return await _posted(there, there_facts, here, here_facts)
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


async def _posted(there: Served, there_facts: Facts, here: Served, here_facts: Facts) -> Figures:
    handle = f"{COMMUNITY}@{there.origin.removeprefix('http://')}"
    async with signed_in(there, there_facts.token) as writer, signed_in(here, here_facts.token) as reader:
        await reader.post("/people/look-up", data={"q": f"{there.origin}/c/{COMMUNITY}"})
        answer = await reader.post(f"/c/{handle}/follow")
        if answer.status_code != 303:
            raise RuntimeError(f"following was answered with {answer.status_code}")
        await asyncio.sleep(3)  # accepted by then, and what was there before is fetched
        since = new_id(SystemClock().now())
        seconds = []
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
    return {
        "from a post there to an open page here, median ms": 1000 * statistics.median(seconds),
        "from a post there to an open page here, longest ms": 1000 * max(seconds),
    }


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
