"""`python -m tests.bench.growth FOLDER…`: what reading costs on instances of different sizes (P5 to P8).

Each folder was made by `tests.bench.large`. Pages, documents and the home timeline are asked for in this process,
without sockets; CPU is that of all its threads, the lowest of several rounds in which the sizes take turns, in
milliseconds and against the first. Two figures do not depend on what else is running: how many statements were asked,
and how many instructions SQLite's virtual machine took for them, with what is kept in memory there already. With
`--steps` these are all that is counted.
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.types import ASGIApp, Message

from server.accounts.actions import viewer_for_token
from server.asgi import create_app
from server.build import build
from server.clock import SystemClock
from server.db import query_log
from server.instance import Instance
from server.settings import load
from server.timelines.queries import home
from tests.bench.large import ORIGIN, enlarge, environment
from tests.bench.seed import COMMUNITY, Facts
from tests.bench.steps import counted

ROUNDS, TIMES = 8, 6
WIDTH = 36
ALLOWED = 1.2
"""So much may the cost of a request grow from 10,000 posts to a million, and from 1,000 follows to 100,000 (P8)."""
LITTLE = 1_000
"""Fewer steps than these are counted as so many: a page in the cache asks for next to nothing."""
Ask = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class _Row:
    """What one question costs at every size: CPU milliseconds, statements, and steps of SQLite's virtual machine."""

    cpu: list[float]
    statements: list[int]
    steps: list[int]


async def measure(folders: Sequence[Path], seconds: float, only: Sequence[str], *, rounds: int) -> None:
    """Print CPU milliseconds by what was asked for, a line as soon as it is known; return nothing.

    The sizes take turns, so that what else happens on the machine meets all of them alike.
    """
    opened, instances = [], []
    for folder in folders:
        facts = await enlarge(folder, 10_000, 1_000)
        here = await build(load(environment(folder), Path("/dev/null")), clock=SystemClock())
        instances.append(here)
        opened.append({name: ask async for name, ask in _asks(here, facts)})
    names = "  ".join(f"{folder.name:>10}" for folder in folders)
    print(f"{'CPU ms':<{WIDTH}}  {names}   ratios to the first, statements, steps {names}   ratios")
    grown = 0
    for name in opened[0]:
        if only and not any(word in name for word in only):
            continue
        row = await _costs([asks[name] for asks in opened], instances, seconds, rounds)
        ratios = [figure / row.cpu[0] for figure in row.cpu[1:]]
        taken = [figure / max(row.steps[0], LITTLE) for figure in row.steps[1:]]
        grows = any(ratio > ALLOWED for ratio in (taken if rounds == 0 else ratios))
        grown += grows
        counts = "/".join(str(count) for count in dict.fromkeys(row.statements))
        print(
            f"{name:<{WIDTH}}  {'  '.join(f'{figure:10.2f}' for figure in row.cpu)}"
            f"   {'  '.join(f'{ratio:5.2f}' for ratio in ratios)}  {counts:>6}"
            f"  {'  '.join(f'{figure:10d}' for figure in row.steps)}   {'  '.join(f'{ratio:5.2f}' for ratio in taken)}"
            f"{'  GROWS' if grows else ''}",
            flush=True,
        )
    print(f"{grown} grow by more than {ALLOWED - 1:.0%}")


async def _asks(here: Instance, facts: Facts) -> AsyncIterator[tuple[str, Ask]]:
    app = create_app(here, work=False)
    for name, path, is_page in _paths(facts):
        yield name, _request(app, path, facts.token if is_page else "")
    with here.db.bind():
        viewer = await viewer_for_token(here, facts.token)
    assert viewer is not None

    async def timeline() -> None:
        with here.db.bind():
            assert len((await home(here, viewer, limit=20)).items) == 20

    yield "home timeline of 20, query and views", timeline


def _paths(facts: Facts) -> list[tuple[str, str, bool]]:
    pages = {
        "this week": "/week", "community": f"/c/{COMMUNITY}", "its practices": f"/c/{COMMUNITY}?show=practices",
        "practice": facts.practice_path, "thread": facts.thread_path, "profile": "/@bruno", "library": "/practices",
        "notifications": "/notifications", "search": "/search?q=variation",
        "search for common words": "/search?q=exit+ticket",
        "following": "/@amara/following", "followers": "/@bruno/followers", "members": f"/c/{COMMUNITY}/members",
        "narrowed library": "/practices?subject=Science&minutes=10",
        "narrowed by two": "/practices?subject=Subject+3&minutes=10",
        "narrowed to nothing": "/practices?language=cy&licence=CC0-1.0", "shared by me": "/practices?mine=shared",
        "tag": "/tags/teaching", "rare tag": "/tags/platypus",
        "people by name": "/people?q=here", "nobody by name": "/people?q=xyzzy",
        "search for rare words": "/search?q=platypus", "search among resources": "/search?q=lesson&kind=resources",
        "search for people": "/search?q=person&kind=people",
        "resources": f"/c/{COMMUNITY}/library",
        "people": "/people", "communities": "/communities", "communities elsewhere": "/communities?where=elsewhere",
    }  # fmt: skip
    documents = {
        "person": facts.actor_uri, "practice": facts.practice_uri, "thread": facts.thread_uri,
        "outbox": f"{facts.actor_uri}/outbox", "replies": f"{facts.thread_uri}/replies?page=1",
        "page of the outbox": f"{facts.actor_uri}/outbox?page=1", "followers": f"{facts.followed_uri}/followers",
        "nodeinfo": f"{ORIGIN}/nodeinfo/2.1",
    }  # fmt: skip
    return [
        *((f"page: {name}", path, True) for name, path in pages.items()),
        *((f"document: {name}", uri.removeprefix(ORIGIN), False) for name, uri in documents.items()),
    ]


def _request(app: ASGIApp, address: str, token: str) -> Ask:
    path, _, query = address.partition("?")
    accept = b"text/html" if token else b"application/activity+json"
    headers = [(b"host", b"127.0.0.1:8000"), (b"accept", accept), (b"cookie", f"peerhall_session={token}".encode())]

    async def ask() -> None:
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
            "headers": headers if token else headers[:2], "server": ("127.0.0.1", 8000), "client": ("127.0.0.1", 9),
            "state": {},
        }  # fmt: skip
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        await app(scope, receive, send)
        if sent[0]["status"] != 200:
            raise RuntimeError(f"{address} answered {sent[0]['status']}")

    return ask


async def _costs(asks: Sequence[Ask], instances: Sequence[Instance], seconds: float, rounds: int) -> _Row:
    """The lowest of several rounds; infinity where it takes longer: that statement is left behind with its thread."""
    row = _Row([float("inf")] * len(asks), [0] * len(asks), [0] * len(asks))
    slow, times = set(), TIMES if rounds else 1
    for turn in range(rounds + 1):
        for place, ask in enumerate(asks):
            if place in slow:
                continue
            begun, log = time.process_time(), list[str]()
            token = query_log.set(log)
            try:
                async with asyncio.timeout(seconds):
                    for _ in range(times):
                        await ask()
            except TimeoutError:
                slow.add(place)
            finally:
                query_log.reset(token)
            row.statements[place] = len(log) // times
            if turn > 0 and place not in slow:
                row.cpu[place] = min(row.cpu[place], 1000 * (time.process_time() - begun) / times)
    for place, ask in enumerate(asks):
        if place not in slow:
            with counted(instances[place]) as steps:
                await ask()
            row.steps[place] = steps.count
    return row


def main() -> None:
    """Measure every folder, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.growth", description="Reading, at several sizes.")
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--seconds", type=float, default=60, help="give up what takes longer, all rounds together")
    parser.add_argument("--only", nargs="+", default=(), help="only what has one of these words in its name")
    parser.add_argument("--steps", action="store_true", help="count statements and steps, and measure no time")
    options = parser.parse_args()
    rounds = 0 if options.steps else ROUNDS
    asyncio.run(measure(options.folders, options.seconds, options.only, rounds=rounds))
    sys.stdout.flush()
    os._exit(0)  # without waiting for threads that were given up


if __name__ == "__main__":
    main()
