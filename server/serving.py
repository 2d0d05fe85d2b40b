"""Running applications on sockets, with one clear line when they are ready."""

import asyncio
import json
import logging
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from server.settings import Settings

log = logging.getLogger("peerhall")

GRACE_SECONDS = 8
KEEP_ALIVE_SECONDS = 30
HEADER_SECONDS = 20
BODY_SECONDS = 60
"""So long a body may take; one whose length is known, longer by what it takes at this many bytes a second."""
BYTES_PER_SECOND = 8_192
MAX_BODY_BYTES = 100 * 1024 * 1024
"""The largest body taken (`web.request`): nobody gets more time than for that, whatever length they declare."""
MAX_HEADER_BYTES = 65_536
MAX_HEADERS = 200


class CannotListen(Exception):
    """The address is taken or not ours; the message is one line for the person who started us."""


@dataclass(frozen=True, slots=True)
class Listener:
    """One application on one address; `url` is what to tell people."""

    app: ASGIApp
    host: str
    port: int
    url: str


class Protocol(HttpToolsProtocol):
    """HTTP whose requests come within a time, and their headers within a size, which uvicorn leaves open (S18, R12)."""

    _timer: asyncio.TimerHandle | None = None
    _in_headers = True
    _header_bytes = 0

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
        declared = next((value for name, value in self.headers if name == b"content-length"), b"")
        length = min(int(declared), MAX_BODY_BYTES) if declared.isdigit() else 0
        self._wait(BODY_SECONDS + length / BYTES_PER_SECOND)

    def on_message_complete(self) -> None:
        """The request is here, whole."""
        self._stop_waiting()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """What is answered already has no time to send on."""
        super().on_response_complete()
        if self._timer is not None:
            self._await_headers()

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

    def __init__(self, config: uvicorn.Config, url: str, opened: socket.socket, ready: asyncio.Semaphore) -> None:
        super().__init__(config)
        self._url = url
        self._socket = opened
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets=[self._socket])
        if not self.should_exit:
            log.info("listening on %s", self._url)
            self._ready.release()


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; raises CannotListen."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise CannotListen(f"cannot listen on {host}:{port}: {error}") from None
    return listener


async def serve(
    settings: Settings, listeners: list[Listener], *, when_ready: Callable[[], None] = lambda: None
) -> None:
    """Serve until interrupted; `when_ready` is called once all of them listen.

    Raises CannotListen before anything starts if an address is taken.
    """
    sockets = [bind(listener.host, listener.port) for listener in listeners]
    ready = asyncio.Semaphore(0)
    servers = []
    for listener, opened in zip(listeners, sockets, strict=True):
        config = configured(listener.app, settings, host=listener.host, port=listener.port)
        servers.append(_Server(config, listener.url, opened, ready))
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
