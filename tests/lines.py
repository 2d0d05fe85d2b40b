"""Open lines of apps, over real sockets: a server on loopback, WebSockets and streams of server-sent events."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from server.instance import Instance
from server.serving import configured
from tests.conftest import Fediverse

PATIENCE = 20.0


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listens.set()


@asynccontextmanager
async def served(fediverse: Fediverse, here: Instance) -> AsyncIterator[str]:
    """An instance on a port of loopback, as it is really served; its host and port."""
    config = configured(fediverse.network.apps[here.settings.domain], here.settings)
    config.lifespan = "off"
    opened = socket.socket()
    opened.bind(("127.0.0.1", 0))
    server = _Server(config)
    async with asyncio.TaskGroup() as group:
        group.create_task(server._serve([opened]))
        await asyncio.wait_for(server.listens.wait(), PATIENCE)
        try:
            yield f"127.0.0.1:{opened.getsockname()[1]}"
        finally:
            here.leave()  # lines end by themselves, as they do at a restart
            server.should_exit = True


@dataclass
class Told:
    """What a line was told."""

    frames: list[dict[str, Any]] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    code: int = 0

    def take(self, frame: dict[str, Any]) -> None:
        self.frames.append(frame)
        self.came.set()

    async def next(self, event: str = "") -> dict[str, Any]:
        """The next frame, with its payload read; of this event if one is named."""
        async with asyncio.timeout(PATIENCE):
            while not self.frames:
                self.came.clear()
                await self.came.wait()
        frame = self.frames.pop(0)
        assert not event or frame["event"] == event, frame
        return frame


class Socket(Told):
    """A WebSocket of an app."""

    def __init__(self, connection: ClientConnection) -> None:
        super().__init__()
        self.connection = connection
        self.ended = asyncio.Event()

    async def read(self) -> None:
        """Take what comes until the end."""
        try:
            async for letters in self.connection:
                frame = json.loads(letters)
                if "payload" in frame:
                    assert isinstance(frame["payload"], str)
                    frame["read"] = json.loads(frame["payload"] or "null")
                self.take(frame)
        except ConnectionClosed:
            pass
        self.code = self.connection.close_code or 0
        self.ended.set()

    async def say(self, **frame: Any) -> None:
        """Say something to the server."""
        await self.connection.send(json.dumps(frame))

    async def subscribe(self, stream: str, **more: Any) -> None:
        """Listen to one more stream; a question after it that is always refused says that it was heard."""
        await self.say(type="subscribe", stream=stream, **more)
        await self.say(type="subscribe", stream="no such stream")
        while True:
            frame = await self.next()
            if frame.get("error") == "Unknown stream type":
                return
            raise AssertionError(frame)


@asynccontextmanager
async def line(where: str, path: str = "/api/v1/streaming", **options: Any) -> AsyncIterator[Socket]:
    """A WebSocket for the length of a block."""
    async with connect(f"ws://{where}{path}", **options) as connection, asyncio.TaskGroup() as group:
        opened = Socket(connection)
        reading = group.create_task(opened.read())
        yield opened
        reading.cancel()


@asynccontextmanager
async def events(where: str, path: str, token: str) -> AsyncIterator[Told]:
    """A stream of server-sent events for the length of a block, read as Mastodon.py does: by LF alone."""
    told = Told()
    headers = {"authorization": f"Bearer {token}"}

    async def read(response: httpx.Response) -> None:
        kept, event = "", ""
        async for letters in response.aiter_text():
            assert "\r" not in letters
            kept += letters
            *lines, kept = kept.split("\n")
            for each in lines:
                if each.startswith("event: "):
                    event = each.removeprefix("event: ")
                elif each.startswith("data: "):
                    told.take({"event": event, "read": json.loads(each.removeprefix("data: "))})

    async with (
        httpx.AsyncClient(timeout=None) as http,
        http.stream("GET", f"http://{where}{path}", headers=headers) as response,
        asyncio.TaskGroup() as group,
    ):
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"].startswith("text/event-stream")
        reading = group.create_task(read(response))
        yield told
        reading.cancel()
