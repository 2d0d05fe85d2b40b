"""Other servers at the same work in the same run, where they are installed: GoToSocial and a small Fedify server.

Both are given what ours is given, through the same peer: followers on many servers who asked to follow, signed replies
by twenty authors, one post that all followers get, and requests for documents. What is counted is the CPU of their
process.
"""

import asyncio
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.bench.instance import Usage, free_port, memory_mb_of, usage_of
from tests.bench.peer import Peer, eventually
from tests.bench.scenarios import (
    AUTHORS,
    PATIENCE_SECONDS,
    Figures,
    Target,
    per_unit,
    signed,
    signed_follow,
    signed_reply,
)
from tests.bench.sender import deliver_all
from tests.interop import node
from tests.interop.gotosocial import starting as gotosocial
from tests.interop.live import Process

TIMELINE = 40


@dataclass
class System:
    """A running server of theirs, and how to ask it for what is measured."""

    name: str
    process: Process
    origin: str
    target: Target
    processed: Callable[[], int]
    publish: Callable[[str], None]
    person: str
    timeline: httpx.Client | None = None

    def usage(self) -> Usage:
        """CPU of its process so far."""
        return usage_of(self.process.pid)


async def measure(system: System, peer: Peer, *, activities: int, hosts: int, repeats: int) -> Figures:
    """Everything that can be compared, under the same names as ours."""
    figures = await _inbox(system, peer, activities)
    figures |= await _fan_out(system, peer, hosts)
    figures |= await _documents(system, peer, repeats)
    figures["memory after all this, MB"] = memory_mb_of(system.process.pid)
    return figures


async def _inbox(system: System, peer: Peer, count: int) -> Figures:
    requests = [signed_reply(system.target, peer, number) for number in range(count)]
    warm_up, requests = requests[:AUTHORS], requests[AUTHORS:]
    before_all = system.processed()
    await deliver_all(system.target.inbox, warm_up)
    await eventually(lambda: system.processed() - before_all >= len(warm_up), PATIENCE_SECONDS)
    before = system.usage()
    await deliver_all(system.target.inbox, requests)
    accepted = system.usage().since(before)
    await eventually(lambda: system.processed() - before_all >= count, PATIENCE_SECONDS)
    processed = system.usage().since(before)
    return {
        "inbox: accepted, per second": len(requests) / accepted.wall,
        **per_unit("inbox: accepted and processed", processed, len(requests)),
    }


async def _fan_out(system: System, peer: Peer, hosts: int) -> Figures:
    """Every follower asks to follow and is told yes; then a first post on new connections, and one on kept ones."""
    follows = [signed_follow(system.target, peer, number) for number in range(1, hosts + 1)]
    peer.expect(hosts)
    await deliver_all(system.target.inbox, follows)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await peer.complete.wait()
    await asyncio.sleep(3)
    figures: Figures = {}
    for text in ("First.", "Second."):
        peer.expect(hosts)
        before, begun = system.usage(), time.perf_counter()
        await asyncio.to_thread(system.publish, text)
        request_seconds = time.perf_counter() - begun
        async with asyncio.timeout(PATIENCE_SECONDS):
            await peer.complete.wait()
        used = system.usage().since(before)
        figures |= per_unit(f"delivery to {hosts} servers, kept connections", used, hosts)
        figures["the author's request, kept connections, ms"] = 1000 * request_seconds
    return figures


async def _documents(system: System, peer: Peer, repeats: int) -> Figures:
    figures: Figures = {}
    path = system.person.removeprefix(system.origin)
    headers = signed(system.person, peer.author(0), None)[0] | {"accept": "application/activity+json"}
    async with httpx.AsyncClient(base_url=system.origin, timeout=60) as client:
        figures |= await _get(system, client, "document: person", path, headers, repeats)
    if system.timeline is not None:
        async with httpx.AsyncClient(
            base_url=system.origin, headers=dict(system.timeline.headers), timeout=60
        ) as reader:
            figures |= await _get(
                system, reader, "client API: home timeline", "/api/v1/timelines/home?limit=20", {}, repeats
            )
    return figures


async def _get(
    system: System, client: httpx.AsyncClient, name: str, path: str, headers: dict[str, str], repeats: int
) -> Figures:
    for _ in range(10):
        answer = await client.get(path, headers=headers)
        if answer.status_code != 200:
            raise RuntimeError(f"{system.name}: {path} answered {answer.status_code}")
    before = system.usage()
    for _ in range(repeats):
        await client.get(path, headers=headers)
    return {f"{name}, CPU ms each": 1000 * system.usage().since(before).cpu / repeats}


async def measure_all(peer: Peer, *, activities: int, hosts: int, repeats: int) -> dict[str, Figures]:
    """Every system that is here, one after the other: its name and its figures."""
    found: dict[str, Figures] = {}
    for name, start in (("GoToSocial", _gotosocial), ("Fedify", _fedify)):
        with tempfile.TemporaryDirectory(prefix="peerhall-bench-") as folder:
            system = await asyncio.to_thread(start, Path(folder))
            if system is None:
                continue
            try:
                found[name] = await measure(system, peer, activities=activities, hosts=hosts, repeats=repeats)
            finally:
                await asyncio.to_thread(system.process.close)
    return found


def _gotosocial(folder: Path) -> System | None:
    """A GoToSocial on SQLite with one person, Greta, where PEERHALL_GOTOSOCIAL names a folder with its program."""
    home = gotosocial.home()
    if home is None:
        return None
    settings = {"http-client-allow-ips": "127.0.0.0/8,::1/128", "log-level": "error"}
    started = gotosocial.start(folder, home, ("greta",), settings=settings)
    (greta,) = started.people
    greta.api.patch("/api/v1/accounts/update_credentials", data={"locked": "false"}).raise_for_status()
    for number in range(TIMELINE):
        greta.write(f"A note about lessons, number {number}.")
    thread: Any = greta.write("How do you begin a lesson?")
    person = f"{started.origin}/users/greta"
    database = started.database

    def processed() -> int:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
            found = connection.execute("SELECT count(*) FROM statuses WHERE in_reply_to_uri = ?", (thread["uri"],))
            return int(found.fetchone()[0])

    return System(
        name="GoToSocial",
        process=started.process,
        origin=started.origin,
        target=Target(started.origin, f"{person}/inbox", person, thread["uri"], greta.handle),
        processed=processed,
        publish=greta.write,
        person=person,
        timeline=greta.api,
    )


def _fedify(folder: Path) -> System | None:
    """The small server of tests/interop/fedify, where Node.js and its packages are here; it keeps all in memory."""
    home = Path(node.__file__).parent / "fedify"
    if os.environ.get("PEERHALL_BENCH_FEDIFY", "1") == "0" or not (home / "node_modules").is_dir():
        return None
    port = free_port()
    origin = f"http://localhost:{port}"
    log = folder / "fedify.log"
    process = Process([node.node(), "server.mjs", str(port), "cavage"], log=log, cwd=home)
    process.wait_for(lambda: b"listening" in log.read_bytes())
    control = httpx.Client(base_url=origin, timeout=120)

    def processed() -> int:
        return int(control.post("/control", json={"do": "count"}).json()["received"])

    def publish(text: str) -> None:
        control.post("/control", json={"do": "note", "text": text}).raise_for_status()

    person = f"{origin}/users/fern"
    with suppress(httpx.HTTPError):
        control.get(person, headers={"accept": "application/activity+json"})
    return System(
        name="Fedify",
        process=process,
        origin=origin,
        target=Target(origin, f"{origin}/inbox", person, f"{origin}/notes/0", "@fern"),
        processed=processed,
        publish=publish,
        person=person,
    )
