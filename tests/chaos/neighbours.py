"""The other servers: many hosts behind one socket, which note what they were sent and resend what was not taken.

Every address of 127.0.0.0/8 is this machine, and each counts as a host of its own (as in `tests.bench`).
"""

import asyncio
import contextlib
import json
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from federation.signatures import cavage
from federation.testing import make_signer, public_multikey, public_rsa_pem
from federation.vocab.actors import actor_document
from tests.chaos.processes import Clock

ACTIVITY = "application/activity+json"
ANSWER_SECONDS = 30.0
TROUBLE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Arrival:
    """A delivery that a host took, in the order in which it took them."""

    at: float
    activity: dict[str, Any]

    @property
    def id(self) -> str:
        """The activity's id."""
        return str(self.activity["id"])

    @property
    def kind(self) -> str:
        """Create, Update, Delete, …"""
        return str(self.activity["type"])

    @property
    def about(self) -> str:
        """The id of its object."""
        target = self.activity["object"]
        return str(target["id"] if isinstance(target, dict) else target)


@dataclass(slots=True)
class Sent:
    """An activity of a host's, and when the instance took it, if it did."""

    activity: dict[str, Any]
    taken_at: float | None = None
    tries: int = 0
    statuses: list[int] = field(default_factory=list)


@dataclass
class Host:
    """One other server: its people, what it was sent, and what it sends, one after the other."""

    name: str
    documents: dict[str, Any] = field(default_factory=dict)
    arrivals: list[Arrival] = field(default_factory=list)
    outbox: deque[Sent] = field(default_factory=deque)
    sent: list[Sent] = field(default_factory=list)
    answer: Callable[["Host", "Asked", asyncio.StreamWriter], Awaitable[bool]] | None = None
    """How it answers deliveries where it misbehaves; False lets it answer as usual."""
    skew_seconds: float = 0.0
    turns: int = 0
    excused: bool = False
    """It once answered nonsense, so that it need not have everything."""

    @property
    def origin(self) -> str:
        """Its address."""
        return f"http://{self.name}"

    def person(self, name: str, clock: Clock) -> str:
        """Make somebody with keys; returns their id."""
        uri = f"{self.origin}/u/{name}"
        signer = make_signer(uri)
        self.documents[f"/u/{name}"] = actor_document(
            id=uri,
            kind="Person",
            username=name,
            domain=self.name,
            name=name.title(),
            summary_html="",
            url=uri,
            inbox=f"{uri}/inbox",
            outbox=f"{uri}/outbox",
            followers=f"{uri}/followers",
            following=f"{uri}/following",
            shared_inbox=f"{self.origin}/inbox",
            published=clock.now(),
            rsa_public_pem=public_rsa_pem(signer),
            ed25519_multikey=public_multikey(signer),
        )
        return uri

    def first_arrivals(self) -> dict[str, int]:
        """The place in the order of arrival of each activity, by id; what came again counts once."""
        places: dict[str, int] = {}
        for number, arrival in enumerate(self.arrivals):
            places.setdefault(arrival.id, number)
        return places


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of the instance's."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Neighbours:
    """All hosts."""

    def __init__(self, clock: Clock, port: int) -> None:
        self.clock = clock
        self.port = port
        self.hosts: dict[str, Host] = {}
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def host(self, number: int) -> Host:
        """One of many hosts."""
        name = f"127.1.{number // 250}.{number % 250 + 1}:{self.port}"
        return self.hosts.setdefault(name, Host(name))

    async def start(self) -> None:
        """Listen on every address of this machine."""
        self._server = await asyncio.start_server(self._serve, "0.0.0.0", self.port, backlog=2048)

    async def stop(self) -> None:
        """Stop listening and hang up."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            try:
                while await self._answer(reader, writer):
                    pass
            finally:
                writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        host = self.hosts.get(headers.get("host", ""))
        if host is None:
            writer.write(response(404))
        elif host.answer is not None and await host.answer(host, Asked(method, target, headers, body), writer):
            return False
        elif method == "POST":
            # It is taken when it is written down, whether or not the answer gets there.
            host.arrivals.append(Arrival(time.monotonic(), json.loads(body)))
            writer.write(response(202))
        elif target in host.documents:
            writer.write(response(200, json.dumps(host.documents[target]).encode()))
        elif target.startswith("/.well-known/webfinger"):
            writer.write(_finger(host, target))
        else:
            writer.write(response(404))
        await writer.drain()
        return True


def response(status: int, body: bytes = b"", *more: str) -> bytes:
    """The bytes of an answer."""
    lines = [f"HTTP/1.1 {status} -", f"Content-Length: {len(body)}", f"Content-Type: {ACTIVITY}", *more]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def _finger(host: Host, target: str) -> bytes:
    name = target.partition("acct%3A")[2].partition("%40")[0] or target.partition("acct:")[2].partition("@")[0]
    if f"/u/{name}" not in host.documents:
        return response(404)
    links = [{"rel": "self", "type": ACTIVITY, "href": f"{host.origin}/u/{name}"}]
    return response(200, json.dumps({"subject": f"acct:{name}@{host.name}", "links": links}).encode())


class Line:
    """One kept connection to the instance. Raises OSError or EOFError where it breaks."""

    def __init__(self, ports: Callable[[], int]) -> None:
        self._ports = ports
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(
        self, method: str, path: str, headers: dict[str, str], body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        """Send one request and return status, headers and body of the answer."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._ask(method, path, headers, body)
        except BaseException:
            self.close()
            raise

    async def _ask(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._ports())
        reader, writer = self._streams
        lines = [f"{method} {path} HTTP/1.1", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items() if name.lower() != "content-length"]
        writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *rest = head.split("\r\n")
        found = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
        if found.get("transfer-encoding") == "chunked":
            data = bytearray()
            while size := int(await reader.readuntil(b"\r\n"), 16):
                data += await reader.readexactly(size + 2)
            await reader.readexactly(2)
        else:
            data = bytearray(await reader.readexactly(int(found.get("content-length", "0"))))
        if found.get("connection", "").lower() == "close":
            self.close()
        return int(first.split(" ")[1]), found, bytes(data)

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def signed(host: Host, activity: dict[str, Any], authority: str, clock: Clock) -> tuple[dict[str, str], bytes]:
    """Headers and body of a delivery to the instance's shared inbox."""
    signer, body = make_signer(activity["actor"]), json.dumps(activity).encode()
    headers = cavage.headers(
        "POST",
        authority,
        "/ap/inbox",
        body=body,
        key_id=signer.rsa_key_id,
        key=signer.rsa_key,
        now=clock.now() + timedelta(seconds=host.skew_seconds),
    )
    return headers, body


async def deliver(host: Host, ports: Callable[[], int], authority: str, clock: Clock) -> None:
    """Send what a host has to send, in order, each again until it is taken, as servers do."""
    line = Line(ports)
    try:
        while host.outbox:
            sent = host.outbox[0]
            headers, body = signed(host, sent.activity, authority, clock)
            sent.tries += 1
            try:
                status, _, _ = await line.ask("POST", "/ap/inbox", headers, body)
            except (OSError, EOFError, TimeoutError):
                await asyncio.sleep(TROUBLE_SECONDS)
                continue
            sent.statuses.append(status)
            if status in (200, 202):
                sent.taken_at = time.monotonic()
                host.sent.append(host.outbox.popleft())
            elif status in (401, 408, 425, 429) or status >= 500:
                await asyncio.sleep(TROUBLE_SECONDS)
            else:
                raise AssertionError(f"{host.name}: {sent.activity['type']} was answered with {status}")
    finally:
        line.close()
