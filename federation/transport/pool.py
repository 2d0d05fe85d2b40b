"""Kept connections to other servers: few for each, not too many in all, and none for long without use."""

import asyncio
import importlib
import importlib.util
import ssl
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

import httpx

from federation.transport.guard import Dialler, Guard, Resolver, check_url, resolve
from federation.transport.target import target
from federation.transport.wire import Connection, request_bytes

# Windows has no such module, and no such limit.
resource = importlib.import_module("resource") if importlib.util.find_spec("resource") else None

MAX_CONNECTIONS_PER_HOST = 4
MAX_KEPT_PER_HOST = 2
MAX_KEPT = 6_000
FILES_FOR_OTHERS = 600
"""So many of the files that a process may open are left to everything but kept connections."""
KEEP_SECONDS = 90.0
SWEEP_SECONDS = 30.0
MAX_SESSIONS = 2_000

Key = tuple[str, str, int]


@dataclass(slots=True)
class _Host:
    """The connections to one host that wait for a request, and who may have one."""

    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAX_CONNECTIONS_PER_HOST))
    idle: list[Connection] = field(default_factory=list)
    under_way: int = 0


class GuardedTransport(httpx.AsyncBaseTransport):
    """httpx's transport interface over connections that only reach allowed addresses.

    It sets no time limit but for connecting: its caller does, and may cancel at any point.
    """

    def __init__(
        self, guard: Guard, *, ca_file: str | None = None, resolver: Resolver = resolve, max_kept: int | None = None
    ) -> None:
        """`ca_file` adds certificate authorities to the usual ones. No proxy is read from the environment."""
        self._tls = tls_context(ca_file)
        self._sessions = resume_sessions(self._tls)
        # One dialler for https to the public, one for what only allowed private addresses may be asked: no choice of
        # scheme or port can then reach an address that the other was meant for.
        self._public = Dialler(guard, resolver=resolver)
        self._private = Dialler(guard, private_only=True, resolver=resolver)
        self._allows_private = bool(guard.allowed_private)
        self._max_kept = max_kept if max_kept is not None else _kept_at_most()
        self._hosts: dict[Key, _Host] = {}
        self._kept: OrderedDict[Connection, tuple[Key, float]] = OrderedDict()
        self._sweep: asyncio.TimerHandle | None = None

    @property
    def open_connections(self) -> int:
        """How many connections are open: kept ones, and those that a request is under way on."""
        return len(self._kept) + sum(host.under_way for host in self._hosts.values())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; errors are httpx's and ours."""
        lease = await self.send(request.method, str(request.url), request.headers.raw, await request.aread())
        return httpx.Response(lease.status, headers=lease.headers, stream=lease)

    async def send(self, method: str, url: str, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> "Lease":
        """Send one request, without httpx's objects, which cost as much as all the rest; `headers` hold Host.

        The answer holds its connection until it is closed.
        """
        plain = check_url(url, any_scheme_and_port=self._allows_private)
        where = target(url)
        message = request_bytes(method, where.path.encode("ascii"), headers, body)
        key = where[:3]
        host = self._hosts.get(key)
        if host is None:
            host = self._hosts[key] = _Host()
        host.under_way += 1
        try:
            await host.turns.acquire()
        except BaseException:
            self._leave(key, host)
            raise
        try:
            connection = await self._asked(key, host, plain, message, method == "HEAD")
        except BaseException:
            host.turns.release()
            self._leave(key, host)
            raise
        return Lease(self, key, host, connection)

    async def _asked(self, key: Key, host: _Host, plain: bool, message: bytes, is_head_request: bool) -> Connection:
        """A connection that has answered. One that was kept may be dead without our knowing: then a new one is asked.

        That is safe as long as nothing of an answer has come, also for a POST: all of ours deliver signed activities,
        which their receivers know by their ids, and the outbox would send the same bytes again anyway.
        """
        kept = self._take(host)
        if kept is not None:
            try:
                await kept.ask(message, is_head_request=is_head_request)
                return kept
            except httpx.TransportError:
                kept.abort()
                if kept.answer_begun:
                    raise
                # What was kept beside it is likely to be as dead, and each would cost a try.
                while (other := self._take(host)) is not None:
                    other.abort()
            except BaseException:
                kept.abort()
                raise
        connection = await self._connected(key, plain)
        try:
            await connection.ask(message, is_head_request=is_head_request)
        except BaseException:
            connection.abort()
            raise
        return connection

    async def _connected(self, key: Key, plain: bool) -> Connection:
        scheme, name, port = key
        return await (self._public if plain else self._private).connect(
            Connection, name, port, tls=self._tls if scheme == "https" else None
        )

    def _take(self, host: _Host) -> Connection | None:
        while host.idle:
            connection = host.idle.pop()
            del self._kept[connection]
            if connection.is_reusable:
                return connection
            connection.abort()
        return None

    def release(self, key: Key, host: _Host, connection: Connection) -> None:
        """An answer was read, or is not wanted any more: keep its connection or close it."""
        if connection.is_reusable and len(host.idle) < MAX_KEPT_PER_HOST and self._max_kept > 0:
            connection.rest()
            if connection.used == 1 and key[0] == "https":
                self._remember_session(connection)
            loop = asyncio.get_running_loop()
            host.idle.append(connection)
            self._kept[connection] = (key, loop.time() + KEEP_SECONDS)
            if len(self._kept) > self._max_kept:
                self._close(next(iter(self._kept)))
            if self._sweep is None:
                self._sweep = loop.call_later(SWEEP_SECONDS, self._close_unused)
        else:
            connection.abort()
        host.turns.release()
        self._leave(key, host)

    def _leave(self, key: Key, host: _Host) -> None:
        host.under_way -= 1
        self._forget_if_unused(key, host)

    def _forget_if_unused(self, key: Key, host: _Host) -> None:
        if not host.under_way and not host.idle and self._hosts.get(key) is host:
            del self._hosts[key]

    def _close(self, connection: Connection) -> None:
        key, _ = self._kept.pop(connection)
        host = self._hosts[key]
        host.idle.remove(connection)
        connection.abort()
        self._forget_if_unused(key, host)

    def _close_unused(self) -> None:
        """Close what nobody has used for long, and what the other side has closed meanwhile."""
        self._sweep = None
        loop = asyncio.get_running_loop()
        now = loop.time()
        for connection in [each for each, (_, until) in self._kept.items() if until <= now or each.is_lost]:
            self._close(connection)
        if self._kept:
            self._sweep = loop.call_later(SWEEP_SECONDS, self._close_unused)

    def _remember_session(self, connection: Connection) -> None:
        tls = connection.transport.get_extra_info("ssl_object")
        if tls is not None and tls.session is not None:
            self._sessions[tls.server_hostname] = tls.session
            self._sessions.move_to_end(tls.server_hostname)
            if len(self._sessions) > MAX_SESSIONS:
                self._sessions.popitem(last=False)

    async def aclose(self) -> None:
        """Close all connections that no request is under way on."""
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        for connection in list(self._kept):
            self._close(connection)
        self._max_kept = 0
        await asyncio.sleep(0)


class Lease(httpx.AsyncByteStream):
    """An answer: status, headers, and a body to read; its connection is given back once this is closed."""

    def __init__(self, pool: GuardedTransport, key: Key, host: _Host, connection: Connection) -> None:
        self.status = connection.status
        self.headers = connection.headers
        self._pool = pool
        self._key = key
        self._host = host
        self._connection: Connection | None = connection

    @property
    def is_complete(self) -> bool:
        """Whether the whole answer has come."""
        return self._connection is None or self._connection.is_complete

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._connection is not None:
            async with aclosing(self._connection.body()) as body:
                async for part in body:
                    yield part

    async def aclose(self) -> None:
        """Give the connection back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._pool.release(self._key, self._host, connection)


Sessions = OrderedDict[str, ssl.SSLSession]


def resume_sessions(context: ssl.SSLContext) -> Sessions:
    """Let connections of this context begin where one to the same name left off, with what is put into the result.

    That saves the other side's certificate and both sides the costly part of a handshake. Only who had the
    certificate then can resume what was agreed with it, so nothing is believed that was not checked.
    """
    sessions: Sessions = OrderedDict()

    class Resuming(ssl.SSLObject):
        """A TLS connection that offers the session of the last one to the same name."""

        _offered = False

        def do_handshake(self) -> None:
            """One step of the handshake."""
            if not self._offered:
                self._offered = True
                known = sessions.get(self.server_hostname or "")
                if known is not None:
                    self.session = known
            super().do_handshake()

    context.sslobject_class = Resuming
    return sessions


def tls_context(ca_file: str | None) -> ssl.SSLContext:
    """What TLS is made with: the usual authorities and perhaps one more, certificates checked, at least TLS 1.2."""
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _kept_at_most() -> int:
    """As many as may be kept, of the files that this process may have open."""
    if resource is None:
        return MAX_KEPT
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MAX_KEPT if allowed == resource.RLIM_INFINITY else max(min(MAX_KEPT, allowed - FILES_FOR_OTHERS), 100)
