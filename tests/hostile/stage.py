"""The scene of the attacks: one Peerhall on a socket with people in it, a friendly server, and the hostile ones."""

import asyncio
import contextlib
import hashlib
import json
import logging
import os
import socket
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn

from federation.ports import Signer
from federation.signatures import cavage, rfc9421
from federation.testing import make_signer
from federation.transport.guard import Guard
from federation.transport.pool import GuardedTransport
from server.accounts import actions as accounts
from server.actors import actions as actors
from server.actors.models import Actor, Follow
from server.asgi import create_app
from server.build import build
from server.communities import actions as communities
from server.communities import members
from server.communities.form import CommunityForm
from server.instance import Instance
from server.peers import actions as peers
from server.polls import actions as polls
from server.polls.form import PollForm
from server.posts import actions as posts
from server.posts.models import Post
from server.serving import bind, configured
from server.settings import Settings
from tests.conftest import PASSWORD, Person, Template
from tests.hostile.server import ACTIVITY, Servers, Site, forged_key

HOME = "127.0.0.1"
REACHABLE = "127.0.0.2"
FORBIDDEN = "127.0.0.9"

# What attacks may leave traces in: the record of what came and was refused, what is known of other servers, work to do
# and looks at threads that were asked for.
TRACES = {
    "inbox_receipt",
    "refused",
    "refused_count",
    "job",
    "gathering",
    "schema_step",
    "session",
    "outgoing",
    "sent_activity",
    "notification",
    "timeline_entry",
}
# Columns that tell when something was looked at, and not what it is.
MOMENTS = {
    "fetched_at",
    "last_seen_at",
    "updated_at",
    "last_activity_at",
    "cursor_seq",
    "wanted_seq",
    "next_try_at",
} | {
    "lease_until",
    "last_success_at",
    "first_seen_at",
    "attempts",
    "failing_since",
    "last_error",
}


def patience() -> float:
    """How much longer everything takes because others use the machine too; budgets of seconds are for one at rest."""
    return min(max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)), 8.0)


class Clock:
    """The real time."""

    def now(self) -> datetime:
        """This moment."""
        return datetime.now(UTC)


@dataclass
class Answered:
    """What Peerhall answered: status, headers and body of the first response, and how many responses there were."""

    status: int
    headers: dict[str, str]
    body: bytes
    responses: int
    closed: bool
    raw: bytes = b""


@dataclass
class Stage:
    """Everything an attack may use. Zoe, and the posts in `scratch`, may be liked and followed by anybody."""

    here: Instance
    servers: Servers
    port: int
    quiet: Site
    people: dict[str, Person]
    groups: dict[str, Actor]
    posts: dict[str, Post]
    scratch: set[str] = field(default_factory=set)
    resolutions: dict[str, list[str]] = field(default_factory=dict)
    """Names and what they lead to, one after the other; the last for ever."""
    resolved: list[str] = field(default_factory=list)
    records: list[str] = field(default_factory=list)

    @property
    def origin(self) -> str:
        """Where Peerhall is."""
        return self.here.settings.origin

    @property
    def authority(self) -> str:
        """Host and port of Peerhall."""
        return self.origin.partition("://")[2]

    @property
    def maya(self) -> str:
        """The id of somebody here."""
        return self.people["maya"].uri

    @property
    def tom(self) -> str:
        """The id of somebody on the friendly server."""
        return self.quiet.uri("u/tom")

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """The resolver that Peerhall uses: made-up names, and what attacks say of theirs."""
        self.resolved.append(host)
        chosen = self.resolutions.get(host)
        if chosen:
            return (chosen.pop(0) if len(chosen) > 1 else chosen[0]).split(",")
        if host.endswith(".example"):
            return (REACHABLE,)
        # Anything else is an address already, in whatever spelling: the system reads it as connecting would.
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))

    async def raw(self, data: bytes, *, seconds: float = 10, pause: float = 0, pieces: int = 0) -> Answered:
        """Send bytes to Peerhall as they are, and read until it hangs up or nothing comes."""
        reader, writer = await asyncio.open_connection(HOME, self.port)
        received = bytearray()
        closed = False

        async def send() -> None:
            size = max(1, len(data) // pieces) if pieces else len(data)
            for start in range(0, len(data), size):
                writer.write(data[start : start + size])
                await writer.drain()
                await asyncio.sleep(pause)

        sending = asyncio.create_task(send())
        try:
            async with asyncio.timeout(seconds):
                while True:
                    part = await reader.read(65536)
                    if not part:
                        closed = True
                        break
                    received += part
                    if sending.done() and _complete(received):
                        # One more look: whether there is a second response.
                        with contextlib.suppress(TimeoutError):
                            async with asyncio.timeout(0.3):
                                more = await reader.read(65536)
                                closed = not more
                                received += more
                        break
        except TimeoutError:
            pass
        except OSError:
            closed = True
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            writer.close()
        return _answered(bytes(received), closed)

    async def get(self, path: str, headers: Sequence[tuple[str, str]] = (), *, method: str = "GET") -> Answered:
        """Ask Peerhall for something."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.authority}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in headers if name.lower() != "host"]
        return await self.raw("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n")

    async def post(self, body: bytes, headers: Sequence[tuple[str, str]], path: str = "/ap/inbox") -> Answered:
        """Post to an inbox, with headers exactly as given."""
        lines = [f"POST {path} HTTP/1.1", "Connection: close"]
        names = {name.lower() for name, _ in headers}
        if "host" not in names:
            lines.append(f"Host: {self.authority}")
        if "content-type" not in names:
            lines.append(f"Content-Type: {ACTIVITY}")
        if not names & {"content-length", "transfer-encoding"}:
            lines.append(f"Content-Length: {len(body)}")
        lines += [f"{name}: {value}" for name, value in headers]
        return await self.raw("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def signed(
        self,
        body: bytes | None,
        actor: str,
        *,
        scheme: str = "cavage",
        path: str = "/ap/inbox",
        method: str = "POST",
        now: datetime | None = None,
        signer: Signer | None = None,
        authority: str | None = None,
    ) -> dict[str, str]:
        """Headers of a properly signed request by an actor."""
        key = signer or make_signer(actor)
        host, now = authority or self.authority, now or datetime.now(UTC)
        if scheme == "rfc9421":
            return rfc9421.headers(
                method, f"http://{host}", path, body=body, key_id=key.rsa_key_id, key=key.rsa_key, now=now
            )
        return cavage.headers(method, host, path, body=body, key_id=key.rsa_key_id, key=key.rsa_key, now=now)

    async def send(self, document: Any, *, by: str | None = None, path: str = "/ap/inbox", **how: Any) -> int:
        """Deliver an activity, properly signed by its actor or by somebody else; returns the status."""
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        speaker = by or document["actor"]
        headers = self.signed(body, speaker, path=path, **how)
        return (await self.post(body, list(headers.items()), path)).status

    async def settled(self, host: str, *, seconds: float = 60) -> None:
        """Wait until everything that a host delivered has been processed at least once."""
        async with asyncio.timeout(seconds * patience()):
            while await self.here.run(
                self.here.db.value,
                "SELECT count(*) AS n FROM inbox_receipt WHERE outcome IS NULL"
                " AND (attempts = 0 OR lease_until IS NOT NULL) AND (host = :host OR actor LIKE :start)",
                host=host,
                start=f"http://{host}/%",
            ):
                await asyncio.sleep(0.05)

    async def outcomes(self, host: str) -> list[tuple[str | None, str | None]]:
        """What became of what a host delivered, in order."""
        rows = await self.here.run(
            self.here.db.rows, "SELECT outcome, reason FROM inbox_receipt WHERE host = :host ORDER BY seq", host=host
        )
        return [(row["outcome"], row["reason"]) for row in rows]

    async def digest(self) -> dict[str, dict[str, str]]:
        """What must never change by an attack: each row that is ours or of the friendly server."""
        return await self.here.run(self._digest)

    async def _digest(self) -> dict[str, dict[str, str]]:
        db = self.here.db
        tables = [name for name in await _tables(db) if name not in TRACES and not name.startswith("search_")]
        rows = {table: await db.rows(f'SELECT * FROM "{table}"') for table in tables}
        # Asked last, so that whatever came meanwhile is known by its author.
        hostile = {
            row["id"]
            for row in await db.rows(
                "SELECT id FROM actor WHERE host LIKE '%.evil.example%' OR host LIKE '%.friend.example%'"
                " OR username = 'zoe' ORDER BY id"
            )
        }
        authored = await db.rows("SELECT id, author_id FROM post ORDER BY id")
        hostile |= {row["id"] for row in authored if row["author_id"] in hostile} | self.scratch
        found: dict[str, dict[str, str]] = {}
        for table, found_rows in rows.items():
            for row in found_rows:
                values = {key: str(value) for key, value in row.items() if key not in MOMENTS}
                text = json.dumps(values, sort_keys=True)
                if ".evil.example" in text or ".friend.example" in text or not hostile.isdisjoint(values.values()):
                    continue
                name = (
                    row.get("id") or row.get("key_id") or row.get("host") or hashlib.sha256(text.encode()).hexdigest()
                )
                found[f"{table}:{name}"] = values
        return found


async def _tables(db: Any) -> list[str]:
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
        if db.dialect == "sqlite"
        else "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = current_schema() ORDER BY 1"
    )
    return [row["name"] for row in await db.rows(query)]


def _complete(received: bytearray) -> bool:
    head, found, rest = bytes(received).partition(b"\r\n\r\n")
    if not found:
        return False
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return len(rest) >= int(value)
    return False


def _answered(received: bytes, closed: bool) -> Answered:
    head, _, body = received.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    status = int(lines[0].split(" ")[1]) if lines[0].startswith("HTTP/1") else 0
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    return Answered(status, headers, body, received.count(b"HTTP/1.1 "), closed, received)


@contextlib.asynccontextmanager
async def raised(template: Template, folder: Path, **settings: Any) -> AsyncIterator[Stage]:
    """A Peerhall that serves on a socket, with its worker, and the servers around it."""
    servers = Servers()
    await servers.start(REACHABLE, FORBIDDEN)
    await asyncio.to_thread(forged_key)
    listener = bind(HOME, 0)
    port = listener.getsockname()[1]
    chosen = Settings(
        **{
            "origin": f"http://hall.example:{port}",
            "domain": f"hall.example:{port}",
            "name": "Hall",
            "data_dir": str(folder),
            "database_url": await template.copy(folder / "peerhall.sqlite3"),
            "secret_key": "a secret key that only tests ever use",
            "federation": "open",
            "registration": "open",
            "allowed_private_addresses": (f"{REACHABLE}/32",),
        }
        | settings
    )
    stage: Stage | None = None

    async def resolve(host: str, at: int) -> Sequence[str]:
        assert stage is not None
        return await stage.resolve(host, at)

    transport = GuardedTransport(Guard(chosen.private_networks), resolver=resolve)
    here = await build(chosen, clock=Clock(), transport=transport, durable=False)
    server = uvicorn.Server(configured(create_app(here), chosen, host=HOME, port=port))
    serving = asyncio.create_task(server._serve([listener]))
    while not server.started:
        await asyncio.sleep(0.01)
    stage = Stage(here, servers, port, servers.site("quiet.example"), {}, {}, {})
    handler = _Recorder(stage.records)
    logger = logging.getLogger("peerhall.refused")
    before = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        await _populate(stage)
        yield stage
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
        server.should_exit = True
        await servers.stop()
        await serving
        await template.forget()


class _Recorder(logging.Handler):
    def __init__(self, records: list[str]) -> None:
        super().__init__()
        self._records = records

    def emit(self, record: logging.LogRecord) -> None:
        self._records.append(record.getMessage())


async def _person(here: Instance, name: str, role: str = "member") -> Person:
    account = await here.run(
        accounts.create_account,
        here,
        name=name,
        email=f"{name}@example.org",
        password=PASSWORD,
        role=role,
        display_name=name.title(),
    )
    token = await here.run(accounts.start_session, here, account.actor_id, user_agent="test")
    viewer = await here.run(accounts.viewer_for_token, here, token)
    return Person(here, viewer, token)


async def _populate(stage: Stage) -> None:
    """People, a community with a steward and a member, posts, and a friend elsewhere who follows and is followed."""
    here, quiet = stage.here, stage.quiet
    for name, role in (("maya", "member"), ("sam", "member"), ("zoe", "member")):
        stage.people[name] = await _person(here, name, role)
    maya, sam = stage.people["maya"], stage.people["sam"]
    form = CommunityForm(name="Science", purpose="To learn together.", slug="science")
    group = await maya.do(communities.create_community, form)
    await sam.do(members.join, group.id)
    stage.groups["science"] = await here.run(Actor.get, id=group.id)
    for name, facts in {
        "public": {},
        "ask": {"kind": "ask"},
        "followers": {"visibility": "followers"},
        "private": {"visibility": "private"},
        "science": {"community_id": group.id},
        "scratch": {},
        "liked": {},
    }.items():
        new = posts.NewPost(kind=facts.pop("kind", "discussion"), title=f"A {name} title", source_md="Words.", **facts)  # type: ignore[arg-type]
        stage.posts[name] = await here.run(posts.create_post, here, maya.id, new)
    form_of_poll = PollForm(question="Which?", options=("One", "Two"), visibility="public")
    stage.posts["poll"] = await stage.people["zoe"].do(polls.start_poll, form_of_poll)
    stage.scratch |= {stage.posts[name].id for name in ("scratch", "liked", "poll")}
    tom = quiet.actor("tom")
    quiet.actor("group", "Group", moderators=quiet.uri("u/group/moderators"))
    remote = await here.run(actors.resolve, here, tom)
    await here.run(actors.request_follow, here, maya.id, remote.id)
    asked = await here.run(Follow.get, follower_id=maya.id, target_id=remote.id)
    await stage.send(
        quiet.activity("Accept", tom, {"id": asked.uri, "type": "Follow", "actor": maya.uri, "object": tom}, "x/1")
    )
    await stage.send(quiet.activity("Follow", tom, maya.uri, "f/1"))
    await stage.send(quiet.activity("Create", tom, quiet.note(tom, "n/1", "<p>Mine</p>"), "c/1"))
    await stage.send(quiet.activity("Create", tom, quiet.note(tom, "n/2", "<p>Answer and like this</p>"), "c/2"))
    await stage.send(quiet.activity("Like", tom, stage.posts["public"].uri, "l/1"))
    await stage.settled(quiet.host)
    await here.run(peers.set_grade, here, f"blocked.evil.example:{stage.servers.port}", "blocked", "test")
    async with asyncio.timeout(30):
        while await here.run(here.db.value, "SELECT count(*) AS n FROM outgoing WHERE spread_at IS NULL"):
            await asyncio.sleep(0.05)
    outcomes = await stage.outcomes(quiet.host)
    assert [outcome for outcome, _ in outcomes] == ["done"] * 5, outcomes
    open_to_all = await here.run(Post.get, uri=quiet.uri("n/2"))
    stage.scratch.add(open_to_all.id)


@contextlib.asynccontextmanager
async def heartbeat() -> AsyncIterator[list[float]]:
    """How long the loop was held, each time, in seconds of its own thread's work: waiting for others is not counted."""
    held: list[float] = []

    async def beat() -> None:
        while True:
            before = time.thread_time()
            await asyncio.sleep(0)
            held.append(time.thread_time() - before)
            await asyncio.sleep(0.005)

    task = asyncio.create_task(beat())
    try:
        yield held
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def hours(number: float) -> datetime:
    """So many hours from now."""
    return datetime.now(UTC) + timedelta(hours=number)
