"""The one way out: bounded and timed requests over any transport.

The transports have httpx's interface, so that tests can put an in-memory network in the place of the guarded one.
httpx's client layer is left out on purpose: it costs four RSA signatures per request.
"""

import asyncio
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field

import httpx

from federation.errors import FetchError, Unreachable
from federation.transport.guard import check_no_transaction, check_url
from federation.transport.pool import GuardedTransport, Lease
from federation.vocab.base import host_of

MAX_REDIRECTS = 3
MAX_HEADERS = 100
MAX_DOCUMENT_BYTES = 1024 * 1024
TOTAL_SECONDS = 10.0
MAX_CONNECTIONS = 400
DRAIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    @property
    def content_type(self) -> str:
        """The media type with its parameters, as sent."""
        return self.headers.get("content-type", "")


@dataclass(slots=True)
class Client:
    """Requests with limits, over any transport. It follows no redirect: each hop is a decision of its caller."""

    transport: httpx.AsyncBaseTransport
    user_agent: str
    any_scheme_and_port: bool = False
    total_seconds: float = TOTAL_SECONDS
    _open: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAX_CONNECTIONS))

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        *,
        body: bytes | None = None,
        max_bytes: int = MAX_DOCUMENT_BYTES,
        seconds: float | None = None,
        keep_body: bool = True,
    ) -> Answer:
        """One request and its whole answer.

        AddressRefused for an address we may not reach; Unreachable for anything that may work later; FetchError for an
        answer over the limits. With `keep_body=False` the status decides alone: a body that is over the limit, slow or
        broken is cut.
        """
        check_no_transaction()
        check_url(url, any_scheme_and_port=self.any_scheme_and_port)
        try:
            async with asyncio.timeout(min(seconds or self.total_seconds, self.total_seconds)), self._open:
                return await self._exchange(method, url, headers, body, max_bytes, keep_body)
        except TimeoutError as error:
            raise Unreachable("The other server took too long.", "slow") from error
        except httpx.RemoteProtocolError as error:
            raise Unreachable("The answer is not HTTP, or breaks off.", "malformed") from error
        except (httpx.TransportError, httpx.StreamError) as error:
            raise Unreachable(f"The other server cannot be reached: {_why(error)}.") from error
        except (httpx.InvalidURL, UnicodeError) as error:
            raise FetchError("The address cannot be fetched.") from error

    async def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, max_bytes: int, keep_body: bool
    ) -> Answer:
        headers = {"User-Agent": self.user_agent, "Accept-Encoding": "identity", **headers}
        if isinstance(self.transport, GuardedTransport):
            headers.setdefault("Host", host_of(url))
            raw = [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]
            lease = await self.transport.send(method, url, raw, body or b"")
            try:
                return await _read(lease.status, httpx.Headers(lease.headers), lease, url, max_bytes, keep_body)
            finally:
                await lease.aclose()
        response = await self.transport.handle_async_request(httpx.Request(method, url, headers=headers, content=body))
        assert isinstance(response.stream, httpx.AsyncByteStream)
        try:
            return await _read(response.status_code, response.headers, response.stream, url, max_bytes, keep_body)
        finally:
            await response.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self.transport.aclose()


def _why(error: Exception) -> str:
    return "its certificate is not to be trusted" if "CERTIFICATE_VERIFY_FAILED" in str(error) else type(error).__name__


async def _read(
    status: int, headers: httpx.Headers, stream: httpx.AsyncByteStream, url: str, max_bytes: int, keep_body: bool
) -> Answer:
    if len(headers.raw) > MAX_HEADERS:
        raise FetchError("The answer has too many headers.", "headers")
    if not keep_body:
        if not (isinstance(stream, Lease) and stream.is_complete):
            await _drain(stream, max_bytes)
        return Answer(status, headers, b"", url)
    encoding = headers.get("content-encoding", "").strip().lower()
    parts: list[bytes] = []
    size = 0
    async with aclosing(_decoded(_raw(stream, max_bytes), encoding, max_bytes)) as plain:
        async for part in plain:
            size += len(part)
            if size > max_bytes:
                raise FetchError("The answer is too large.", "too-large")
            parts.append(part)
    return Answer(status, headers, b"".join(parts), url)


async def _drain(stream: httpx.AsyncByteStream, max_bytes: int) -> None:
    """Read a body that nobody wants, so that its connection can be used again, where that is soon done."""
    size = 0
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            async for part in stream:
                size += len(part)
                if size > max_bytes:
                    return
    except (TimeoutError, httpx.TransportError):
        return  # the status was there, and says what became of the request


async def _raw(stream: httpx.AsyncByteStream, max_bytes: int) -> AsyncIterator[bytes]:
    size = 0
    async for part in stream:
        size += len(part)
        if size > max_bytes:
            raise FetchError("The answer is too large.", "too-large")
        yield part


async def _decoded(raw: AsyncIterator[bytes], encoding: str, max_bytes: int) -> AsyncGenerator[bytes, None]:
    """Undo one layer of compression without ever holding more than the limit (S18)."""
    if encoding in ("", "identity"):
        async for part in raw:
            yield part
        return
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise FetchError("The answer is encoded in a way we did not ask for.", "encoding")
    decoder = zlib.decompressobj(zlib.MAX_WBITS | 32)
    size = 0
    async for part in raw:
        for piece in _inflate(decoder, part, max_bytes + 1 - size):
            size += len(piece)
            if size > max_bytes:
                raise FetchError("The answer is too large.", "too-large")
            yield piece
        if decoder.eof:
            return


def _inflate(decoder: "zlib._Decompress", part: bytes, room: int) -> Iterable[bytes]:
    try:
        yield decoder.decompress(part, max(room, 1))
        if decoder.unconsumed_tail:
            yield decoder.decompress(decoder.unconsumed_tail, 1)
    except zlib.error as error:
        raise FetchError("The answer is not compressed as it says.", "encoding") from error
