"""Other servers, as far as they are needed: actors whose keys can be fetched, and inboxes that swallow everything.

One process on one port stands for any number of servers: every address of 127.0.0.0/8 is this machine, and each counts
as a host of its own.
"""

import asyncio
import json
import socket
from collections.abc import Callable

from federation.testing import make_signer, public_multikey, public_rsa_pem
from federation.vocab.actors import actor_document
from server.clock import SystemClock

HEAD_END = b"\r\n\r\n"
ACTIVITY = "application/activity+json"


def host_number(number: int, port: int) -> str:
    """The host of one of many servers."""
    return f"127.1.{number // 250}.{number % 250 + 1}:{port}"


class Peer:
    """Answers like a very small ActivityPub server, straight from the sockets, so that little of the CPU is its own."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.received = 0
        self.expected = 0
        self.complete = asyncio.Event()
        self._documents: dict[str, bytes] = {}
        self._server: asyncio.Server | None = None

    @property
    def origin(self) -> str:
        """The address of its first host."""
        return f"http://{host_number(0, self.port)}"

    def author(self, number: int) -> str:
        """The id of an author who lives on the first host; its document can be fetched."""
        return self._person(f"author{number}", host_number(0, self.port))

    def follower(self, number: int) -> str:
        """The id of somebody who lives alone on a host of their own; their document can be fetched."""
        return self._person("follower", host_number(number, self.port))

    def _person(self, username: str, host: str) -> str:
        uri = f"http://{host}/u/{username}"
        if uri not in self._documents:
            signer = make_signer(uri)
            document = actor_document(
                id=uri,
                kind="Person",
                username=username,
                domain=host,
                name=username.title(),
                summary_html="",
                url=uri,
                inbox=f"{uri}/inbox",
                outbox=f"{uri}/outbox",
                followers=f"{uri}/followers",
                following=f"{uri}/following",
                shared_inbox=f"http://{host}/inbox",
                published=SystemClock().now(),
                rsa_public_pem=public_rsa_pem(signer),
                ed25519_multikey=public_multikey(signer),
            )
            self._documents[uri] = json.dumps(document).encode()
        return uri

    def expect(self, count: int) -> None:
        """Begin to count deliveries; `complete` is set when so many have come."""
        self.received, self.expected = 0, count
        self.complete.clear()

    async def start(self) -> None:
        """Listen on every address of this machine."""
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Every address of loopback, and nothing but loopback.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
        listening.bind(("0.0.0.0", self.port))
        self._server = await asyncio.start_server(self._serve, sock=listening, backlog=2048)

    async def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(HEAD_END)
                line, _, rest = head.partition(b"\r\n")
                method, target, _ = line.decode("latin-1").split(" ", 2)
                headers = {
                    name.strip().lower(): value.strip()
                    for name, _, value in (part.partition(b":") for part in rest.split(b"\r\n"))
                }
                await reader.readexactly(int(headers.get(b"content-length", b"0")))
                writer.write(self._answer(method, target, headers.get(b"host", b"").decode("latin-1")))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _answer(self, method: str, target: str, host: str) -> bytes:
        if method == "POST":
            self.received += 1
            if self.received == self.expected:
                self.complete.set()
            return _response(202, b"")
        body = self._documents.get(f"http://{host}{target}")
        if body is None and target.startswith("/.well-known/webfinger"):
            return self._webfinger(target, host)
        return _response(404, b"") if body is None else _response(200, body)

    def _webfinger(self, target: str, host: str) -> bytes:
        name = target.partition("acct%3A")[2].partition("%40")[0] or target.partition("acct:")[2].partition("@")[0]
        uri = f"http://{host}/u/{name}"
        if uri not in self._documents:
            return _response(404, b"")
        found = {"subject": f"acct:{name}@{host}", "links": [{"rel": "self", "type": ACTIVITY, "href": uri}]}
        return _response(200, json.dumps(found).encode(), "application/jrd+json")


def _response(status: int, body: bytes, content_type: str = ACTIVITY) -> bytes:
    reason = {200: "OK", 202: "Accepted", 404: "Not Found"}[status]
    head = f"HTTP/1.1 {status} {reason}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode("ascii") + body


async def eventually(condition: Callable[[], bool], seconds: float) -> None:
    """Look every 20 ms until something is so."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # it is another process that we watch
            await asyncio.sleep(0.02)
