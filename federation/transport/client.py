"""The one way out: bounded, timed, guarded requests over kept connections.

`GuardedTransport` has httpx's transport interface, so that tests can put an in-memory network in its place. httpx's
client layer is left out on purpose: it costs four RSA signatures per request.
"""

import asyncio
import importlib.util
import ssl
import sys
import time
import zlib
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field

import httpcore
import httpx

from federation.errors import FetchError, Unreachable
from federation.transport.guard import Guard, PinnedBackend, Resolver, check_no_transaction, check_url, resolve

MAX_REDIRECTS = 3
MAX_HEADERS = 100
MAX_DOCUMENT_BYTES = 1024 * 1024
TOTAL_SECONDS = 10.0
CONNECT_SECONDS = 5.0
MAX_CONNECTIONS = 400
MAX_CONNECTIONS_PER_HOST = 4
MAX_KEPT_PER_HOST = 2
MAX_KEPT_HOSTS = 1_000
KEEP_SECONDS = 90.0

# httpcore tries to import sniffio for every lock it takes; where that is not installed, each failed search of the disk
# costs as much as a signature. None makes Python remember that it is not there.
if importlib.util.find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]  # documented meaning of None: import fails at once

_TIMEOUTS = {"connect": CONNECT_SECONDS, "read": TOTAL_SECONDS, "write": TOTAL_SECONDS, "pool": CONNECT_SECONDS}


@dataclass(slots=True)
class _Host:
    """The connections to one host, and how many requests are under way on them."""

    pool: httpcore.AsyncConnectionPool
    used_at: float
    under_way: int = 0


class GuardedTransport(httpx.AsyncBaseTransport):
    """httpx's transport interface over connections that only reach allowed addresses.

    There is one small httpcore pool for each host: a single pool looks at all its connections for every request, which
    with a thousand hosts costs more than everything else together.
    """

    def __init__(self, guard: Guard, *, ca_file: str | None = None, resolver: Resolver = resolve) -> None:
        """`ca_file` adds certificate authorities to the usual ones. No proxy is read from the environment."""
        self._tls = httpx.create_ssl_context(trust_env=False)
        self._tls.load_default_certs()
        if ca_file is not None:
            self._tls.load_verify_locations(ca_file)
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
        # One backend for https to the public, one for what only allowed private addresses may be asked: no choice of
        # scheme or port can then reach an address that the other was meant for.
        self._public = PinnedBackend(guard, resolver=resolver)
        self._private = PinnedBackend(guard, private_only=True, resolver=resolver)
        self._allows_private = bool(guard.allowed_private)
        self._hosts: OrderedDict[tuple[bytes, bytes, int | None], _Host] = OrderedDict()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; errors are httpx's and ours."""
        plain = check_url(str(request.url), any_scheme_and_port=self._allows_private)
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        host = await self._host(url, plain)
        host.under_way += 1
        try:
            response = await host.pool.handle_async_request(
                httpcore.Request(
                    method=request.method,
                    url=url,
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        except BaseException as error:
            host.under_way -= 1
            if isinstance(error, _CORE_ERRORS):
                raise httpx.TransportError(str(error) or type(error).__name__) from error
            raise
        return httpx.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_Stream(response.stream, host),
            extensions=response.extensions,
        )

    async def _host(self, url: httpcore.URL, plain: bool) -> _Host:
        key = (url.scheme, url.host, url.port)
        now = time.monotonic()
        host = self._hosts.get(key)
        if host is None:
            host = self._hosts[key] = _Host(self._pool(plain), now)
        host.used_at = now
        self._hosts.move_to_end(key)
        await self._close_idle(now)
        return host

    def _pool(self, plain: bool) -> httpcore.AsyncConnectionPool:
        return httpcore.AsyncConnectionPool(
            ssl_context=self._tls,
            max_connections=MAX_CONNECTIONS_PER_HOST,
            max_keepalive_connections=MAX_KEPT_PER_HOST,
            keepalive_expiry=KEEP_SECONDS,
            http1=True,
            http2=False,
            network_backend=self._public if plain else self._private,
        )

    async def _close_idle(self, now: float) -> None:
        """Close what was not used for long, oldest first, and what is too much."""
        while self._hosts:
            key, oldest = next(iter(self._hosts.items()))
            too_old = now - oldest.used_at > KEEP_SECONDS
            if oldest.under_way or not (too_old or len(self._hosts) > MAX_KEPT_HOSTS):
                return
            del self._hosts[key]
            await oldest.pool.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        while self._hosts:
            _, host = self._hosts.popitem()
            await host.pool.aclose()


_CORE_ERRORS = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
    httpcore.ConnectionNotAvailable,
    ssl.SSLError,
)


class _Stream(httpx.AsyncByteStream):
    """A response's body; the request is under way until it is closed."""

    def __init__(self, stream: object, host: _Host) -> None:
        self._stream = stream
        self._host: _Host | None = host

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._stream:  # type: ignore[attr-defined]  # httpcore types it too widely
                yield part
        except _CORE_ERRORS as error:
            raise httpx.TransportError(str(error) or type(error).__name__) from error

    async def aclose(self) -> None:
        host, self._host = self._host, None
        if host is not None:
            host.under_way -= 1
            await self._stream.aclose()  # type: ignore[attr-defined]  # as above


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
        answer over the limits. With `keep_body=False` a body over the limit is cut instead, and not returned.
        """
        check_no_transaction()
        check_url(url, any_scheme_and_port=self.any_scheme_and_port)
        try:
            async with asyncio.timeout(min(seconds or self.total_seconds, self.total_seconds)), self._open:
                request = httpx.Request(
                    method,
                    url,
                    headers={"User-Agent": self.user_agent, "Accept-Encoding": "identity", **headers},
                    content=body,
                    extensions={"timeout": _TIMEOUTS},
                )
                response = await self.transport.handle_async_request(request)
                try:
                    return await _read(response, url, max_bytes, keep_body)
                finally:
                    await response.aclose()
        except TimeoutError as error:
            raise Unreachable("The other server took too long.", "slow") from error
        except (httpx.TransportError, httpx.StreamError) as error:
            if isinstance(error.__cause__, httpcore.ProtocolError):
                raise Unreachable("The answer is not HTTP, or breaks off.", "malformed") from error
            raise Unreachable(f"The other server cannot be reached: {_why(error)}.") from error
        except (httpx.InvalidURL, UnicodeError) as error:
            raise FetchError("The address cannot be fetched.") from error

    async def aclose(self) -> None:
        """Close all connections."""
        await self.transport.aclose()


def _why(error: Exception) -> str:
    return "its certificate is not to be trusted" if "CERTIFICATE_VERIFY_FAILED" in str(error) else type(error).__name__


async def _read(response: httpx.Response, url: str, max_bytes: int, keep_body: bool) -> Answer:
    headers = response.headers
    if len(headers.raw) > MAX_HEADERS:
        raise FetchError("The answer has too many headers.", "headers")
    encoding = headers.get("content-encoding", "").strip().lower()
    assert isinstance(response.stream, httpx.AsyncByteStream)
    parts: list[bytes] = []
    size = 0
    async with aclosing(
        _decoded(_raw(response.stream, max_bytes if keep_body else None), encoding, max_bytes)
    ) as stream:
        async for part in stream:
            size += len(part)
            if size > max_bytes:
                if keep_body:
                    raise FetchError("The answer is too large.", "too-large")
                break
            if keep_body:
                parts.append(part)
    return Answer(response.status_code, headers, b"".join(parts), url)


async def _raw(stream: httpx.AsyncByteStream, max_bytes: int | None) -> AsyncIterator[bytes]:
    size = 0
    async for part in stream:
        size += len(part)
        if max_bytes is not None and size > max_bytes:
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
