"""What is measured. Each scenario returns figures by name; CPU is that of the instance alone."""

import asyncio
import itertools
import json
import sqlite3
import statistics
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from federation.signatures import cavage
from federation.testing import make_signer
from federation.vocab import activities
from federation.vocab.base import PUBLIC
from federation.vocab.objects import object_document
from server.clock import SystemClock
from tests.bench.instance import Served, Usage, free_port
from tests.bench.peer import Peer, eventually
from tests.bench.seed import COMMUNITY, Facts
from tests.bench.sender import deliver_all

AUTHORS = 20
TURNS = 5
PATIENCE_SECONDS = 300.0

Figures = dict[str, float]


def per_unit(name: str, used: Usage, count: int) -> Figures:
    """Rate by the clock on the wall, and CPU per unit."""
    return {f"{name}, per second": count / used.wall, f"{name}, CPU ms each": 1000 * used.cpu / count}


@dataclass(frozen=True, slots=True)
class Target:
    """Whom strangers write to: a server, an inbox there, a person, and what they answer."""

    origin: str
    inbox: str
    person: str
    thread: str
    handle: str


async def inbox(served: Served, peer: Peer, facts: Facts, database: Path, count: int) -> Figures:
    """Signed replies from twenty authors, taken in and processed into visible replies.

    First to somebody's own post, which is what other servers are given, too; then to a thread of a community, whose
    members elsewhere are told of each.
    """
    own = await _inbox(served, peer, facts, facts.note_uri, database, count, first=0)
    community = await _inbox(served, peer, facts, facts.thread_uri, database, count, first=count)
    return own | {f"{name} in a community".replace("inbox:", "inbox,"): value for name, value in community.items()}


async def _inbox(
    served: Served, peer: Peer, facts: Facts, thread: str, database: Path, count: int, *, first: int
) -> Figures:
    target = Target(served.origin, f"{served.origin}/ap/inbox", facts.actor_uri, thread, "@amara")
    requests = [signed_reply(target, peer, number) for number in range(first, first + count)]
    warm_up, requests = requests[:AUTHORS], requests[AUTHORS:]
    await deliver_all(target.inbox, warm_up)  # every key is fetched once
    await _processed(database, first + len(warm_up))
    before = served.usage()
    await deliver_all(target.inbox, requests)
    accepted = served.usage().since(before)
    await _processed(database, first + count)
    processed = served.usage().since(before)
    return {
        "inbox: accepted, per second": len(requests) / accepted.wall,
        **per_unit("inbox: accepted and processed", processed, len(requests)),
    }


async def acceptance(environment: dict[str, str], peer: Peer, facts: Facts, count: int) -> Figures:
    """What it costs to take an activity in, without processing it, and the least that the stack lets it cost.

    Both take their turns, and the best turn of each counts: what else the machine does only ever adds.
    """
    names = {"bare": "bound: HTTP, verify and parse", "accept": "inbox: accepted only"}
    origin = environment["PEERHALL_ORIGIN"]
    target = Target(origin, f"{origin}/ap/inbox", facts.actor_uri, facts.note_uri, "@amara")
    numbers = itertools.count(1_000_000)  # far from the ids of the other scenarios
    found: dict[str, list[tuple[float, float]]] = {role: [] for role in names}
    async with AsyncExitStack() as stack:
        ports = {role: free_port() for role in names}
        running = {}
        for role, port in ports.items():
            running[role] = await Served.start(environment, port, role=role)
            stack.push_async_callback(running[role].stop)
        for turn in range(TURNS + 1):
            for role, served in running.items():
                size = count // TURNS if turn else AUTHORS
                requests = [signed_reply(target, peer, next(numbers)) for _ in range(size)]
                before = served.usage()
                await deliver_all(f"http://127.0.0.1:{ports[role]}/ap/inbox", requests)
                used = served.usage().since(before)
                if turn:  # before that every key is fetched once
                    found[role].append((1000 * used.cpu / size, size / used.wall))
    return {
        f"{name}, {what}": choose(figures[place] for figures in found[role])
        for role, name in names.items()
        for place, what, choose in ((0, "CPU ms each", min), (1, "per second", max))
    }


def signed_reply(target: Target, peer: Peer, number: int) -> tuple[dict[str, str], bytes]:
    """One of the replies, as headers and body: unequal in text, author and id."""
    author, now = peer.author(number % AUTHORS), SystemClock().now()
    note = object_document(
        id=f"{peer.origin}/notes/{number}",
        type="Note",
        attributed_to=author,
        to=[PUBLIC],
        cc=[target.person],
        content=f"<p>We tried this with a group of {number % 30 + 5}, and it took ten minutes.</p>",
        in_reply_to=target.thread,
        published=now,
        tags=[{"type": "Mention", "href": target.person, "name": target.handle}],
    )
    document = activities.create(
        id=f"{peer.origin}/activities/{number}",
        actor=author,
        to=[PUBLIC],
        cc=[target.person],
        object=note,
        published=now,
    )
    return signed(target.inbox, author, json.dumps(document).encode())


def signed_follow(target: Target, peer: Peer, number: int) -> tuple[dict[str, str], bytes]:
    """Somebody on a server of their own asks to follow the person."""
    follower = peer.follower(number)
    document = activities.follow(id=f"{follower}/follow", actor=follower, object=target.person)
    return signed(target.inbox, follower, json.dumps(document).encode())


def signed(url: str, author: str, body: bytes | None) -> tuple[dict[str, str], bytes]:
    """The headers of a POST of this body, or of a GET without one, signed by an author; and the body."""
    signer, parts = make_signer(author), urlsplit(url)
    headers = cavage.headers(
        "GET" if body is None else "POST",
        parts.netloc,
        parts.path,
        body=body,
        key_id=signer.rsa_key_id,
        key=signer.rsa_key,
        now=SystemClock().now(),
    )
    return headers, body or b""


async def _processed(database: Path, count: int) -> None:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:

        def done() -> bool:
            found = connection.execute("SELECT count(*) FROM inbox_receipt WHERE outcome = 'done'").fetchone()[0]
            failed = connection.execute(
                "SELECT reason FROM inbox_receipt WHERE outcome IS NOT NULL AND outcome <> 'done' LIMIT 1"
            ).fetchone()
            if failed is not None:
                raise RuntimeError(f"an activity was not taken: {failed[0]}")
            return bool(found >= count)

        await eventually(done, PATIENCE_SECONDS)
    finally:
        connection.close()


async def fan_out(served: Served, peer: Peer, facts: Facts, database: Path, hosts: int) -> Figures:
    """One reply by somebody who is followed from many servers; a second one on the connections that are open.

    Then a third one, when all these servers are known to verify Ed25519, as every Peerhall does.
    """
    figures: Figures = {}
    rounds = (
        ("new connections", "First."),
        ("kept connections", "Second."),
        ("kept connections, Ed25519", "Third."),
    )
    async with signed_in(served, facts.other_token) as client:
        for name, text in rounds:
            if text == "Third.":
                _known_to_be_ours(database)
            peer.expect(hosts)
            before, begun = served.usage(), time.perf_counter()
            answer = await client.post(
                f"{facts.followed_thread_path}/reply", data={"content": text, "nobody_identifiable": "on"}
            )
            request_seconds = time.perf_counter() - begun
            if answer.status_code not in {302, 303}:
                raise RuntimeError(f"the reply was answered with {answer.status_code}")
            async with asyncio.timeout(PATIENCE_SECONDS):
                await peer.complete.wait()
            used = served.usage().since(before)
            figures |= per_unit(f"delivery to {hosts} servers, {name}", used, hosts)
            figures[f"the author's request, {name}, ms"] = 1000 * request_seconds
    return figures


def _known_to_be_ours(database: Path) -> None:
    """Straight into the tables, as if NodeInfo had been read everywhere."""
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        connection.execute("UPDATE peer SET software = 'peerhall', signature_scheme = 'ed25519'")


def signed_in(served: Served, token: str) -> httpx.AsyncClient:
    """A browser of somebody who is signed in."""
    headers = {"accept": "text/html", "origin": served.origin, "sec-fetch-site": "same-origin"}
    return httpx.AsyncClient(base_url=served.origin, cookies={"peerhall_session": token}, headers=headers, timeout=60)


async def pages(served: Served, facts: Facts, repeats: int) -> Figures:
    """Pages as a signed-in person gets them, and documents as another server does, one after the other."""
    figures: Figures = {}
    async with signed_in(served, facts.token) as client:
        for name, path in (
            ("page: this week", "/week"),
            ("page: community", f"/c/{COMMUNITY}"),
            ("page: practice", facts.practice_path),
            ("page: thread", facts.thread_path),
        ):
            figures |= await _get(served, client, name, path, repeats)
    async with httpx.AsyncClient(base_url=served.origin, headers={"accept": "application/activity+json"}) as client:
        for name, uri in (("document: person", facts.actor_uri), ("document: practice", facts.practice_uri)):
            figures |= await _get(served, client, name, uri, repeats)
    return figures


async def client_api(served: Served, facts: Facts, database: Path, repeats: int) -> Figures:
    """What an app asks for most, as it asks for it."""
    headers = {"authorization": f"Bearer {facts.api_token}"}
    async with httpx.AsyncClient(base_url=served.origin, headers=headers, timeout=60) as client:
        assert len((await client.get("/api/v1/timelines/home?limit=20")).json()) == 20
        figures = await _get(served, client, "client API: home timeline", "/api/v1/timelines/home?limit=20", repeats)
        with closing(sqlite3.connect(database)) as other:
            # Somebody writes something between any two requests: nothing that was kept as a whole is good any more.
            def write() -> None:
                other.execute("UPDATE schema_step SET applied_at = applied_at + 1")
                other.commit()

            name = "client API: home timeline after a write"
            figures |= await _get(served, client, name, "/api/v1/timelines/home?limit=20", repeats, before_each=write)
        return figures


async def _get(
    served: Served,
    client: httpx.AsyncClient,
    name: str,
    path: str,
    repeats: int,
    *,
    before_each: Callable[[], None] = lambda: None,
) -> Figures:
    times: list[float] = []
    for _ in range(10):
        answer = await client.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answered {answer.status_code}")
    before = served.usage()
    for _ in range(repeats):
        before_each()
        begun = time.perf_counter()
        await client.get(path)
        times.append(time.perf_counter() - begun)
    used = served.usage().since(before)
    return {f"{name}, median ms": 1000 * statistics.median(times), f"{name}, CPU ms each": 1000 * used.cpu / repeats}
