"""Requests on a socket: what comes too slowly is cut, what comes whole is answered (S18, S23, R12)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from server import serving
from server.settings import Settings


async def echo(request: Request) -> Response:
    """Say how long the body is."""
    return PlainTextResponse(str(len(await request.body())))


@asynccontextmanager
async def served() -> AsyncIterator[int]:
    """A small application, served as all of ours are; its port."""
    async with running() as (port, _):
        yield port


@asynccontextmanager
async def running() -> AsyncIterator[tuple[int, uvicorn.Server]]:
    """The port and the server."""
    app = Starlette(routes=[Route("/{path:path}", echo, methods=["POST"])])
    listener = serving.bind("127.0.0.1", 0)
    settings = Settings(origin="http://x.example", domain="x.example", name="X")
    server = uvicorn.Server(serving.configured(app, settings))
    task = asyncio.create_task(server._serve([listener]))
    while not server.started:  # noqa: ASYNC110  # uvicorn has no event for it
        await asyncio.sleep(0.01)
    try:
        yield listener.getsockname()[1], server
    finally:
        server.should_exit = True
        await task


async def exchange(port: int, *pieces: bytes) -> bytes:
    """All that comes until the server ends the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        return await asyncio.wait_for(reader.read(), 20)
    finally:
        writer.close()


@pytest.mark.parametrize("length", ["Content-Length: 100", "Transfer-Encoding: chunked"])
async def test_r12_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, length: str) -> None:
    monkeypatch.setattr(serving, "BODY_SECONDS", 0.2)
    async with served() as port:
        head = f"POST /slow HTTP/1.1\r\nHost: x\r\n{length}\r\n\r\n".encode()
        assert b" 200 " not in await exchange(port, head, b"5\r\nhello\r\n")


async def test_a_large_body_may_take_as_long_as_its_length_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "BODY_SECONDS", 0.2)
    monkeypatch.setattr(serving, "BYTES_PER_SECOND", 10)
    async with served() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /large HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhello")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(), 0.6)
        writer.write(b"x" * 95)
        assert b" 200 " in await reader.readline()
        writer.close()


async def test_r12_a_declared_length_buys_no_time_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "BODY_SECONDS", 0.2)
    monkeypatch.setattr(serving, "MAX_BODY_BYTES", 1_000)
    async with served() as port:
        head = f"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: {10**18}\r\n\r\nhello".encode()
        assert b" 200 " not in await exchange(port, head)


async def test_r12_what_was_refused_already_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "HEADER_SECONDS", 0.2)
    async with served() as port:
        head = b"PUT /refused HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nhello"
        assert b" 405 " in await exchange(port, head)


async def test_a_connection_serves_on_after_a_body(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "BODY_SECONDS", 0.3)
    async with served() as port:
        request = b"POST /one HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
        last = request.replace(b"Host: x", b"Host: x\r\nConnection: close")
        answered = await exchange(port, request, request, last)
        assert answered.count(b" 200 ") == 3


async def test_r7_a_kept_connection_is_told_that_its_answer_is_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "LINGER_SECONDS", 5)
    async with running() as (port, server):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        request = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
        writer.write(request)
        assert b"connection: close" not in (await reader.readuntil(b"\r\n\r\n2")).lower()
        for connection in list(server.server_state.connections):
            connection.shutdown()
        writer.write(request)
        answer = await asyncio.wait_for(reader.read(), 20)
        assert answer.startswith(b"HTTP/1.1 200")
        assert b"connection: close" in answer.lower()
        writer.close()


async def test_r7_an_idle_connection_is_ended_after_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "LINGER_SECONDS", 0.05)
    async with running() as (port, server):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")
        await reader.readuntil(b"\r\n\r\n2")
        for connection in list(server.server_state.connections):
            connection.shutdown()
        assert await asyncio.wait_for(reader.read(), 20) == b""
        writer.close()
