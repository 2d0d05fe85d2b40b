"""Servers that misbehave: plain sockets on loopback, many hosts behind one port, every byte chosen by the attack."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from federation.vocab.base import PUBLIC
from tests.posting import actor_document

ACTIVITY = "application/activity+json"
AS2 = "https://www.w3.org/ns/activitystreams"
READ_AT_MOST = 2 * 1024 * 1024


@cache
def forged_key() -> rsa.RSAPrivateKey:
    """A key that nobody else has: `make_signer` gives the same few to all."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True)
class Asked:
    """A request that Peerhall made."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


Handler = Callable[[asyncio.StreamWriter, Asked], Awaitable[None]]


def answer(
    body: bytes | Any, *, status: str = "200 OK", kind: str | None = ACTIVITY, headers: tuple[str, ...] = ()
) -> bytes:
    """The bytes of a proper response that ends its connection."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(raw)}", "Connection: close", *headers]
    if kind is not None:
        lines.append(f"Content-Type: {kind}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + raw


@dataclass
class Site:
    """One host of the hostile (or of a friendly) server: what it serves, and what it was asked."""

    host: str
    documents: dict[str, Any] = field(default_factory=dict)
    handlers: dict[str, Handler] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    sent_bytes: int = 0
    connections: int = 0

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"http://{self.host}"

    def uri(self, path: str) -> str:
        """An address here."""
        return f"{self.origin}/{path.lstrip('/')}"

    def actor(self, handle: str = "eve", kind: str = "Person", **more: Any) -> str:
        """Make an actor with proper keys, found by WebFinger; returns its id."""
        uri = self.uri(f"u/{handle}")
        self.documents[f"/u/{handle}"] = actor_document(uri, handle, kind, **more)
        self.finger(handle, uri)
        return uri

    def finger(self, name: str, uri: str, *, host: str | None = None, subject: str | None = None) -> None:
        """Let WebFinger say that a handle is an actor's."""
        resource = f"acct:{name}@{host or self.host}"
        links = [{"rel": "self", "type": ACTIVITY, "href": uri}]
        self.documents[f"/.well-known/webfinger?resource={resource}"] = {
            "subject": subject or resource,
            "links": links,
        }

    def note(self, author: str, path: str, content: str = "<p>Hello</p>", **more: Any) -> dict[str, Any]:
        """Make a public Note that can be fetched."""
        document = {
            "@context": AS2,
            "id": self.uri(path),
            "type": "Note",
            "attributedTo": author,
            "to": [PUBLIC],
            "cc": [f"{author}/followers"],
            "content": content,
            "published": "2026-01-15T09:00:00Z",
        } | more
        self.documents[f"/{path.lstrip('/')}"] = document
        return document

    def activity(self, kind: str, actor: str, target: Any, path: str, **more: Any) -> dict[str, Any]:
        """An activity, which can be fetched."""
        document = {"@context": AS2, "id": self.uri(path), "type": kind, "actor": actor, "object": target}
        if isinstance(target, dict):
            document |= {key: target[key] for key in ("to", "cc", "audience") if key in target}
        document |= more
        self.documents[f"/{path.lstrip('/')}"] = document
        return document

    def gets(self, start: str = "/") -> list[Asked]:
        """The GETs for addresses that start so."""
        return [each for each in self.asked if each.method == "GET" and each.target.startswith(start)]


class Servers:
    """All hosts, behind one listening socket of each loopback address in use."""

    def __init__(self) -> None:
        self.sites: dict[str, Site] = {}
        self.strays: list[str] = []
        """Connections to addresses that nobody may reach: there must be none."""
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.forbidden_port = 0

    async def start(self, allowed: str, forbidden: str) -> None:
        """Listen on an address that Peerhall may reach, and on one that it may not."""
        server = await asyncio.start_server(self._serve, allowed, 0, limit=READ_AT_MOST)
        self.port = server.sockets[0].getsockname()[1]
        # On the same port too, so that a name which changes its address leads there.
        trap = await asyncio.start_server(self._trap, forbidden, self.port)
        self._servers += [server, trap]

    def site(self, name: str) -> Site:
        """A host of the hostile server."""
        host = f"{name}:{self.port}"
        return self.sites.setdefault(host, Site(host))

    async def stop(self) -> None:
        """Close everything, also what is still being sent."""
        for server in self._servers:
            server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _trap(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.strays.append(str(writer.get_extra_info("sockname")))
        writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            try:
                await self._answer(reader, writer)
            finally:
                writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        site = self.sites.get(headers.get("host", ""))
        if site is None:
            self.strays.append(f"{method} {headers.get('host')}{target}")
            return
        asked = Asked(method, target, headers, body)
        site.asked.append(asked)
        handler = site.handlers.get(target.partition("?")[0])
        if handler is not None:
            await handler(_Counting(writer, site), asked)  # type: ignore[arg-type]  # the part of a writer that is used
        elif method == "POST":
            writer.write(answer(b"", status="202 Accepted", kind=None))
        elif target in site.documents:
            found = site.documents[target]
            writer.write(found if isinstance(found, bytes) else answer(found))
        else:
            writer.write(answer(b"", status="404 Not Found", kind=None))
        await writer.drain()


class _Counting:
    """A writer that counts what it sent for a site."""

    def __init__(self, writer: asyncio.StreamWriter, site: Site) -> None:
        self._writer = writer
        self._site = site

    def write(self, data: bytes) -> None:
        """Send bytes."""
        if self._writer.is_closing():
            raise ConnectionResetError
        self._site.sent_bytes += len(data)
        self._writer.write(data)

    async def drain(self) -> None:
        """Wait until they are on their way."""
        await self._writer.drain()

    def close(self) -> None:
        """Hang up."""
        self._writer.close()
