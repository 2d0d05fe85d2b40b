"""A rolling restart, with real processes: no request fails, nothing that was taken in or is to go out is lost (R7)."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from federation.signatures import cavage
from federation.testing import make_signer
from server import serving
from server.clock import SystemClock
from server.posts.models import Post
from tests.conftest import Fediverse, Person
from tests.posting import Stranger, write

# What a supervisor does that keeps the listening socket open between two processes (sd_listen_fds).
LAUNCH = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
os.execv(sys.argv[2], sys.argv[2:])
"""
PEERHALL = str(Path(sys.executable).parent / "peerhall")
PATIENCE_SECONDS = 90


class Served:
    """A process of ours, and the word that says that it is ready."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    @classmethod
    async def start(cls, stack: AsyncExitStack, listener: socket.socket, command: str, **settings: str) -> "Served":
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", LAUNCH, str(listener.fileno()), PEERHALL, command),
            env=os.environ | settings,
            pass_fds=(listener.fileno(),),
            stderr=asyncio.subprocess.PIPE,
        )
        served = cls(process)
        stack.push_async_callback(served.kill)
        assert process.stderr is not None
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (line := await process.stderr.readline()) and b"listening on" not in line and b"working" not in line:
                pass
        assert process.returncode is None
        reading = asyncio.create_task(process.stderr.read())  # nobody may wait for us to read what they log
        stack.callback(reading.cancel)
        return served

    async def end(self) -> None:
        """Be told to end, as a supervisor does."""
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self.process.wait()

    async def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


class Sink:
    """A server elsewhere that takes what it is sent."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.came = asyncio.Event()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        async with server:
            yield server.sockets[0].getsockname()[1]

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:")
                self.received.append(json.loads(await reader.readexactly(length)))
                writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
                self.came.set()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


class Load:
    """Readers, writers and servers that go on all the time and try nothing twice."""

    def __init__(self, origin: str, maya: Person, post: Post, tom: str) -> None:
        self.origin, self.maya, self.tom = origin, maya, tom
        self.short, self.post_uri, self.page = post.short, post.uri, post.url
        self.answers: dict[str, list[int]] = {"read": [], "write": [], "inbox": []}
        self.sent: list[str] = []
        self.over = asyncio.Event()

    async def answered(self, times: int) -> None:
        """Wait until each kind of request was answered so many times more."""
        wanted = {kind: len(answers) + times for kind, answers in self.answers.items()}
        async with asyncio.timeout(PATIENCE_SECONDS):
            while any(len(self.answers[kind]) < count for kind, count in wanted.items()):  # noqa: ASYNC110  # it is the load
                await asyncio.sleep(0.02)

    async def run(self, act: Callable[[httpx.AsyncClient, int], Awaitable[None]]) -> None:
        headers = {"sec-fetch-site": "same-origin", "origin": self.origin}
        cookies = {"peerhall_session": self.maya.token}
        async with httpx.AsyncClient(base_url=self.origin, headers=headers, cookies=cookies, timeout=60) as client:
            number = 0
            while not self.over.is_set():
                number += 1
                await act(client, number)
                await asyncio.sleep(0.02)

    async def read(self, client: httpx.AsyncClient, number: int) -> None:
        answer = await client.get(self.page, headers={"accept": "text/html"})
        self.answers["read"].append(answer.status_code)

    async def write(self, client: httpx.AsyncClient, number: int) -> None:
        answer = await client.post(f"/p/{self.short}/reply", data={"content": f"Reply {number} of maya"})
        self.answers["write"].append(answer.status_code)

    async def inbox(self, client: httpx.AsyncClient, number: int) -> None:
        uri = f"{self.tom.rpartition('/u/')[0]}/likes/{number}"
        activity = {"id": uri, "type": "Like", "actor": self.tom, "object": self.post_uri}
        body, key = json.dumps(activity).encode(), make_signer(self.tom)
        signed = {"key_id": key.rsa_key_id, "key": key.rsa_key, "now": SystemClock().now()}
        host = self.origin.removeprefix("http://")
        headers = {**cavage.headers("POST", host, "/ap/inbox", body=body, **signed)}
        self.sent.append(uri)
        answer = await client.post("/ap/inbox", content=body, headers=headers)
        self.answers["inbox"].append(answer.status_code)


@pytest.mark.timeout(400)  # four real processes start here, which a busy machine takes its time for
async def test_r7_a_rolling_restart_fails_no_request_and_loses_nothing(fediverse: Fediverse, tmp_path: Path) -> None:
    listener = serving.bind("127.0.0.1", 0)
    listener.listen(1024)
    host = f"127.0.0.1:{listener.getsockname()[1]}"
    origin = f"http://{host}"
    fediverse.clock.advance((SystemClock().now() - fediverse.clock.now()).total_seconds())
    here = await fediverse.start(host, origin=origin, allowed_private_addresses=("127.0.0.0/8",))
    maya = await fediverse.person(here, "maya")
    post = await write(maya, "What do you do in the first five minutes?")
    sink = Sink()
    async with AsyncExitStack() as stack:
        stack.enter_context(listener)
        port = await stack.enter_async_context(sink.listening())
        tom = await _followed(fediverse, maya, f"http://127.0.0.1:{port}/inbox")
        before = await here.run(here.db.value, "SELECT COALESCE(max(seq), 0) AS seq FROM inbox_receipt")
        settings = {
            "PEERHALL_ORIGIN": origin,
            "PEERHALL_DATABASE_URL": here.settings.database_url,
            "PEERHALL_DATA_DIR": str(tmp_path),
            "PEERHALL_SECRET_KEY": here.settings.secret_key,
            "PEERHALL_FEDERATION": "open",
            "PEERHALL_ALLOWED_PRIVATE_ADDRESSES": "127.0.0.0/8",
            "PEERHALL_LOG": "info",
        }
        commands = ["serve"] if here.db.dialect == "sqlite" else ["web", "worker"]
        running = [await Served.start(stack, listener, command, **settings) for command in commands]
        load = Load(origin, maya, post, tom)
        async with asyncio.TaskGroup() as group:
            for act in (load.read, load.write, load.inbox):
                group.create_task(load.run(act))
            for number, command in enumerate(commands):
                await load.answered(5)
                if command == "serve":
                    await running[number].end()  # one process after the other: who comes meanwhile waits
                    await Served.start(stack, listener, command, **settings)
                else:
                    await Served.start(stack, listener, command, **settings)
                    await running[number].end()
            await load.answered(5)
            load.over.set()
        assert set(load.answers["read"]) == {200}
        assert set(load.answers["write"]) == {303}
        assert set(load.answers["inbox"]) == {202}
        written = await here.run(here.db.rows, "SELECT uri FROM post WHERE kind = 'reply' ORDER BY id LIMIT 10000")
        assert len(written) == len(load.answers["write"])
        async with asyncio.timeout(PATIENCE_SECONDS):
            while {row["uri"] for row in written} - _told(sink) or await _unprocessed(here):
                sink.came.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(sink.came.wait(), 0.2)
        taken = await here.run(here.db.rows, "SELECT activity_id FROM inbox_receipt WHERE seq > :before", before=before)
        assert {row["activity_id"] for row in taken} == set(load.sent)


def _told(sink: Sink) -> set[str]:
    return {activity["object"]["id"] for activity in sink.received if activity["type"] == "Create"}


async def _unprocessed(here: Any) -> int:
    statement = "SELECT count(*) AS n FROM inbox_receipt WHERE outcome IS NULL"
    return int(await here.run(here.db.value, statement))


async def _followed(fediverse: Fediverse, maya: Person, inbox: str) -> str:
    """Somebody elsewhere follows maya; what is for them goes to an address that real processes can reach."""
    here, stranger = maya.here, Stranger(fediverse, "sink.example")
    tom = stranger.actor("tom")
    assert await stranger.send(here, stranger.activity("Follow", tom, maya.uri)) == 202
    await fediverse.settle()
    await here.run(here.db.execute, "UPDATE actor SET inbox_url = :inbox WHERE uri = :uri", inbox=inbox, uri=tom)
    return tom
