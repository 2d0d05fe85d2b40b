"""One connection that speaks HTTP/1.1: a request goes out whole, its answer comes back in parts.

The answers are parsed by httptools (llhttp, strict). A connection serves one request at a time, and is used again only
where the answer before ended cleanly and not a byte came behind it: surplus bytes would be taken for the next answer.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import cast

import httptools
import httpx

MAX_HEAD_BYTES = 64 * 1024
"""Status line and headers, informational answers before them and trailers behind the body included."""
MAX_BUFFERED_BYTES = 128 * 1024
"""So much of a body may wait to be read; then nothing more is taken from the socket."""

Headers = list[tuple[bytes, bytes]]

_WITHOUT_BODY = frozenset({204, 304})
_SET_BY_US = frozenset({b"connection", b"content-length", b"transfer-encoding"})


def request_bytes(method: str, target: bytes, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> bytes:
    """A request as it goes over the wire; httpx.LocalProtocolError for what would not be one request."""
    lines = [b"%s %s HTTP/1.1" % (method.encode("ascii"), target)]
    lines += [b"%s: %s" % (name, value) for name, value in headers if name.lower() not in _SET_BY_US]
    if body or method not in ("GET", "HEAD"):
        lines.append(b"Content-Length: %d" % len(body))
    head = b"\r\n".join(lines)
    # A line break in a name, a value or the target would begin another header, or another request.
    if head.count(b"\n") != len(lines) - 1 or head.count(b"\r") != len(lines) - 1 or b"\0" in head or b" " in target:
        raise httpx.LocalProtocolError("A header holds what no header may hold.")
    return b"%s\r\n\r\n%s" % (head, body)


class Connection(asyncio.Protocol):
    """A connection, and the answer that is being read from it."""

    __slots__ = (
        "_buffered",
        "_complete",
        "_error",
        "_has_length",
        "_head_bytes",
        "_head_complete",
        "_is_chunked",
        "_is_head_request",
        "_keeps_alive",
        "_parser",
        "_parts",
        "_paused",
        "_surplus",
        "_waiter",
        "answer_begun",
        "asking",
        "headers",
        "is_lost",
        "status",
        "transport",
        "used",
    )

    transport: asyncio.Transport

    def __init__(self) -> None:
        """A connection that is not open yet."""
        self.is_lost = False
        self.used = 0
        """How many answers came over it whole."""
        self.asking = False
        self._parser = httptools.HttpResponseParser(self)
        self._waiter: asyncio.Future[None] | None = None
        self._reset(is_head_request=False)

    def _reset(self, *, is_head_request: bool) -> None:
        self.status = 0
        self.headers: Headers = []
        self.answer_begun = False
        self._is_head_request = is_head_request
        self._head_bytes = 0
        self._head_complete = self._complete = self._surplus = self._keeps_alive = False
        self._has_length = self._is_chunked = self._paused = False
        self._parts: list[bytes] = []
        self._buffered = 0
        self._error: Exception | None = None

    # What its user does

    async def ask(self, request: bytes, *, is_head_request: bool = False) -> None:
        """Send a request and wait for status and headers. Raises httpx.TransportError."""
        self._reset(is_head_request=is_head_request)
        self.asking = True
        self.transport.write(request)
        while not self._head_complete:
            await self._news()

    async def body(self) -> AsyncGenerator[bytes, None]:
        """The body in parts, as they come. Raises httpx.TransportError where it breaks off."""
        while True:
            while self._parts:
                parts, self._parts, self._buffered = self._parts, [], 0
                for part in parts:
                    yield part
            if self._complete:
                return
            if self._paused and not self.is_lost:
                self._paused = False
                self.transport.resume_reading()
            await self._news()

    @property
    def is_complete(self) -> bool:
        """Whether the whole answer has come."""
        return self._complete

    @property
    def is_reusable(self) -> bool:
        """Whether another request may be sent: the answer ended cleanly, nothing came behind it, all of ours is out."""
        return (
            self._complete
            and self._keeps_alive
            and not (self._surplus or self.is_lost or self._error or self.transport.is_closing())
            and self.transport.get_write_buffer_size() == 0
        )

    def rest(self) -> None:
        """The answer was read; whatever comes from here on, before another request, ends the connection."""
        self.asking = False
        self.used += 1
        self._parts, self.headers = [], []

    def abort(self) -> None:
        """Close at once, without a word."""
        self.asking = False
        self.is_lost = True
        self.transport.abort()

    async def _news(self) -> None:
        self._raise_if_failed()
        waiter = self._waiter = asyncio.get_running_loop().create_future()
        try:
            await waiter
        finally:
            self._waiter = None
        self._raise_if_failed()

    def _raise_if_failed(self) -> None:
        if self._error is not None and not self._parts and not self._complete:
            raise self._error

    def _tell(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # What the loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is open."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's are no subclasses of it

    def data_received(self, data: bytes) -> None:
        """Bytes of an answer; or of none, which nobody sends who means well."""
        if not self.asking or self._surplus:
            self._surplus = True
            self.abort()
            return
        self.answer_begun = True
        if not self._head_complete:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            if self._complete:
                self._surplus = True
            else:
                self._fail(httpx.RemoteProtocolError("The answer is not HTTP."))
        if self._head_bytes > MAX_HEAD_BYTES and not self._head_complete:
            self._fail(httpx.RemoteProtocolError("The answer has too many headers."))
        if self._buffered > MAX_BUFFERED_BYTES and not self._paused and not self._complete and self._error is None:
            self._paused = True
            self.transport.pause_reading()
        if self._head_complete or self._error is not None:
            self._tell()

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is closed; the end of an answer that has no other."""
        self.is_lost = True
        if self.asking and not self._complete and self._error is None:
            if self._head_complete and not (self._has_length or self._is_chunked) and error is None:
                self._complete = True
            elif error is None:
                self._error = httpx.RemoteProtocolError("The answer breaks off.")
            else:
                self._error = httpx.ReadError(str(error) or type(error).__name__)
        self._tell()

    def _fail(self, error: Exception) -> None:
        self._error = self._error or error
        self.transport.abort()

    # What the parser calls; nothing may be raised here

    def on_message_begin(self) -> None:
        """An answer begins: one more than was asked for ends the connection."""
        self._surplus = self._surplus or self._complete

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header. Trailers and what belongs to a surplus answer are counted, and not kept."""
        if self._complete or self._surplus:
            return
        if self._head_complete:
            self._head_bytes += len(name) + len(value)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._fail(httpx.RemoteProtocolError("The answer has too many trailers."))
            return
        self.headers.append((name, value or b""))
        if len(name) == 14 and name.lower() == b"content-length":
            self._has_length = True
        elif len(name) == 17 and name.lower() == b"transfer-encoding":
            self._is_chunked = value.lower().rpartition(b",")[2].strip() == b"chunked"

    def on_headers_complete(self) -> None:
        """Status and headers are there; an informational answer is passed over."""
        if self._complete or self._surplus:
            return
        status = self._parser.get_status_code()
        if 100 <= status < 200:
            self.headers = []
            return
        self.status = status
        self._head_complete = True
        self._keeps_alive = self._parser.should_keep_alive()
        if self._is_head_request:
            self._complete, self._keeps_alive = True, False
        elif status in _WITHOUT_BODY:
            self._has_length = True

    def on_body(self, part: bytes) -> None:
        """A part of the body."""
        if not self._complete and not self._surplus:
            self._parts.append(part)
            self._buffered += len(part)

    def on_message_complete(self) -> None:
        """The answer has ended, unless it was an informational one."""
        if self._head_complete:
            self._complete = True
