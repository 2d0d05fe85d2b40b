"""Running applications on sockets, with one clear line when they are ready."""

import asyncio
import contextlib
import json
import logging
import os
import resource
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from server.settings import Settings

log = logging.getLogger("peerhall")

GRACE_SECONDS = 8
LINGER_SECONDS = 1.5
"""So long a kept connection may still bring a last request when the server ends."""
FIRST_INHERITED = 3
"""The number of the first socket that a supervisor hands over (sd_listen_fds)."""
KEEP_ALIVE_SECONDS = 30
HEADER_SECONDS = 20
BODY_SECONDS = 60
"""So long a body may take; one whose length is known, longer by what it takes at this many bytes a second."""
BYTES_PER_SECOND = 8_192
MAX_BODY_BYTES = 100 * 1024 * 1024
"""The largest body taken (`web.request`): nobody gets more time than for that, whatever length they declare."""
MAX_HEADER_BYTES = 65_536
MAX_HEADERS = 200
MAX_FRAME_BYTES = 16_384
"""Apps say over a WebSocket which streams they want, and nothing else."""


class CannotListen(Exception):
    """The address is taken or not ours; the message is one line for the person who started us."""


@dataclass(frozen=True, slots=True)
class Listener:
    """One application on one address; `url` is what to tell people, `leave` is called when the end begins."""

    app: ASGIApp
    host: str
    port: int
    url: str
    leave: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Handover:
    """How a process takes over from the one before it, and leaves to the next.

    `reuse_port`: it may listen where another still does. `drain_seconds`: so long it answers on after it was told to
    end, while `/health` says 503, so that a proxy looks elsewhere first.
    """

    reuse_port: bool = False
    drain_seconds: float = 0.0


class _State(ServerState):
    """What a server shares with its connections; one that is leaving says so in each answer."""

    is_leaving = False


class Protocol(HttpToolsProtocol):
    """HTTP whose requests come within a time, and their headers within a size, which uvicorn leaves open (S18, R12)."""

    _timer: asyncio.TimerHandle | None = None
    _in_headers = True
    _header_bytes = 0
    _is_leaving = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Wait for a request, but not for ever."""
        super().connection_made(transport)
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more to wait for."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what comes as long as it is headers."""
        super().data_received(data)
        if self._in_headers and not self.transport.is_closing():
            self._header_bytes += len(data)
            if self._header_bytes > MAX_HEADER_BYTES:
                self.send_400_response("The headers are too large.")

    def on_message_begin(self) -> None:
        """A request begins: the first of its connection, or a later one."""
        super().on_message_begin()
        self._in_headers, self._header_bytes = True, 0
        self._await_headers()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, unless there are too many; the error makes it a 400."""
        super().on_header(name, value)
        self._header_bytes += len(name) + len(value)
        if len(self.headers) > MAX_HEADERS or self._header_bytes > MAX_HEADER_BYTES:
            raise ValueError("too many headers")

    def on_headers_complete(self) -> None:
        """Hand the request to the application, if it says clearly for which host it is and where its body ends."""
        self._stop_waiting()
        self._in_headers = False
        names = [name for name, _ in self.headers]
        if names.count(b"host") > 1 or names.count(b"content-length") > 1:
            raise ValueError("a header twice that may come once")
        super().on_headers_complete()
        if self.parser.should_upgrade() and self._should_upgrade():
            return  # there is no answer to wait for
        if self._is_leaving or getattr(self.server_state, "is_leaving", False):
            self.cycle.keep_alive = False
        declared = next((value for name, value in self.headers if name == b"content-length"), b"")
        length = min(int(declared), MAX_BODY_BYTES) if declared.isdigit() else 0
        self._wait(BODY_SECONDS + length / BYTES_PER_SECOND)

    def handle_websocket_upgrade(self) -> None:
        """Somebody else minds the connection from here on."""
        self._stop_waiting()
        super().handle_websocket_upgrade()

    def on_message_complete(self) -> None:
        """The request is here, whole."""
        self._stop_waiting()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """What is answered already has no time to send on."""
        super().on_response_complete()
        if self._timer is not None:
            self._await_headers()

    def shutdown(self) -> None:
        """Answer what is under way, and what comes within a moment on a connection that was kept; then end it (R7)."""
        self._is_leaving = True
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False
        elif not (self._in_headers and self._header_bytes):
            self._wait(LINGER_SECONDS)

    def _await_headers(self) -> None:
        self._wait(HEADER_SECONDS)

    def _wait(self, seconds: float) -> None:
        self._stop_waiting()
        self._timer = self.loop.call_later(seconds, self._too_slow)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()


def configured(app: ASGIApp, settings: Settings, *, host: str = "127.0.0.1", port: int = 0) -> uvicorn.Config:
    """How every application of ours is served."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="none",
        http=Protocol,
        ws="websockets-sansio",
        ws_max_size=MAX_FRAME_BYTES,
        ws_per_message_deflate=False,  # a third of a megabyte for each connection
        lifespan="on",
        proxy_headers=True,
        forwarded_allow_ips=list(settings.trusted_proxies),
        server_header=False,
        date_header=True,
        access_log=False,
        log_config=None,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


class _Server(uvicorn.Server):
    """Says when it listens, and leaves signals to the caller when several run in one process."""

    def __init__(
        self,
        config: uvicorn.Config,
        listener: Listener,
        opened: socket.socket,
        ready: asyncio.Semaphore,
        drain_seconds: float,
    ) -> None:
        super().__init__(config)
        self.server_state = self._state = _State()
        self._listener = listener
        self._socket = opened
        self._ready = ready
        self._drain_seconds = drain_seconds

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets=[self._socket])
        if not self.should_exit:
            log.info("listening on %s", self._listener.url)
            self._ready.release()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say that this is the end, answer on for a while, then take no more and answer what is under way."""
        self._listener.leave()
        self._state.is_leaving = True
        await asyncio.sleep(self._drain_seconds)
        await super().shutdown(sockets=[self._socket])


def bind(host: str, port: int, *, reuse_port: bool = False) -> socket.socket:
    """A socket to listen on: the one that our supervisor holds for us, or a new one; raises CannotListen."""
    if os.environ.get("LISTEN_PID") == str(os.getpid()) and os.environ.get("LISTEN_FDS", "0") != "0":
        # It stays open between two processes: whoever comes meanwhile waits a moment, and nobody is turned away.
        return socket.socket(fileno=FIRST_INHERITED)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if reuse_port:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise CannotListen(f"cannot listen on {host}:{port}: {error}") from None
    return listener


async def serve(
    settings: Settings,
    listeners: list[Listener],
    *,
    handover: Handover = Handover(),
    when_ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve until interrupted; `when_ready` is called once all of them listen.

    Raises CannotListen before anything starts if an address is taken.
    """
    sockets = [bind(listener.host, listener.port, reuse_port=handover.reuse_port) for listener in listeners]
    ready = asyncio.Semaphore(0)
    servers = []
    for listener, opened in zip(listeners, sockets, strict=True):
        config = configured(listener.app, settings, host=listener.host, port=listener.port)
        servers.append(_Server(config, listener, opened, ready, handover.drain_seconds))
    first, *others = servers
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(server._serve()) for server in others]
        announcing = group.create_task(_announce(ready, len(servers), when_ready))
        await first.serve()
        announcing.cancel()
        for server in others:
            server.should_exit = True
        if tasks:
            await asyncio.wait(tasks)


async def _announce(ready: asyncio.Semaphore, count: int, when_ready: Callable[[], None]) -> None:
    for _ in range(count):
        await ready.acquire()
    when_ready()


def raise_open_files() -> None:
    """Open as many files as this machine lets us: every connection is one, and the usual 1,024 are soon used up."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(OSError, ValueError):  # macOS promises more than it keeps
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def set_up_logging(settings: Settings) -> None:
    """Log to standard error, as text or as one JSON object a line."""
    handler = logging.StreamHandler(sys.stderr)
    if settings.log_format == "json":
        handler.setFormatter(_JsonFormatter())
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    logging.basicConfig(level=settings.log.upper(), handlers=[handler], force=True)
    for noisy in ("uvicorn", "httpx", "httpcore", "asyncio", "tortoise", "PIL", "aiosqlite"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """One record as one line of JSON."""
        entry = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["error"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)
