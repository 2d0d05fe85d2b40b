"""`python -m tests.bench.growth FOLDER…`: what reading costs on instances of different sizes (P5 to P8).

Each folder was made by `tests.bench.large`. Pages, documents and the home timeline are asked for in this process,
without sockets; CPU is that of all its threads, the best of several rounds, in milliseconds and against the first.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.types import ASGIApp, Message

from server.accounts.actions import viewer_for_token
from server.asgi import create_app
from server.build import build, close
from server.clock import SystemClock
from server.settings import load
from server.timelines.queries import home
from tests.bench.large import ORIGIN, enlarge, environment
from tests.bench.seed import COMMUNITY, Facts

ROUNDS, TIMES = 8, 6
Ask = Callable[[], Awaitable[None]]


async def measure(folder: Path) -> dict[str, float]:
    """CPU milliseconds by what was asked for."""
    facts = await enlarge(folder, 10_000, 1_000)
    here = await build(load(environment(folder), Path("/dev/null")), clock=SystemClock())
    try:
        app = create_app(here, work=False)
        found = {}
        for name, path, is_page in _paths(facts):
            found[name] = await _cost(_request(app, path, facts.token if is_page else ""))
        with here.db.bind():
            viewer = await viewer_for_token(here, facts.token)
            assert viewer is not None

            async def timeline() -> None:
                assert len((await home(here, viewer, limit=20)).items) == 20

            found["home timeline of 20, query and views"] = await _cost(timeline)
    finally:
        await close(here)
    return found


def _paths(facts: Facts) -> list[tuple[str, str, bool]]:
    pages = {
        "this week": "/week", "community": f"/c/{COMMUNITY}", "its practices": f"/c/{COMMUNITY}?show=practices",
        "practice": facts.practice_path, "thread": facts.thread_path, "profile": "/@bruno", "library": "/practices",
        "notifications": "/notifications", "search": "/search?q=variation", "following": "/@amara/following",
    }  # fmt: skip
    documents = {
        "person": facts.actor_uri, "practice": facts.practice_uri, "thread": facts.thread_uri,
        "outbox": f"{facts.actor_uri}/outbox", "replies": f"{facts.thread_uri}/replies?page=1",
        "followers": f"{facts.followed_uri}/followers",
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


async def _cost(ask: Ask) -> float:
    for _ in range(3):
        await ask()
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.process_time()
        for _ in range(TIMES):
            await ask()
        best = min(best, (time.process_time() - begun) / TIMES)
    return 1000 * best


def main() -> None:
    """Measure every folder, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.growth", description="Reading, at several sizes.")
    parser.add_argument("folders", type=Path, nargs="+")
    folders = parser.parse_args().folders
    found = [asyncio.run(measure(folder)) for folder in folders]
    width = max(len(name) for name in found[0])
    print(f"{'CPU ms':<{width}}  {'  '.join(f'{folder.name:>10}' for folder in folders)}   ratio to the first")
    for name, first in found[0].items():
        figures = [figures[name] for figures in found]
        ratios = "  ".join(f"{figure / first:5.2f}" for figure in figures[1:])
        print(f"{name:<{width}}  {'  '.join(f'{figure:10.2f}' for figure in figures)}   {ratios}")


if __name__ == "__main__":
    main()
