"""The instance under test as real processes: started, killed, stopped for a while, and started again."""

import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import struct
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

START_SECONDS = 60.0


class Clock:
    """The machine's time plus what a file says, which every process of the instance reads too."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ahead = 0.0
        self.advance(0)

    def now(self) -> datetime:
        """The time that the instance has."""
        return datetime.now(UTC) + timedelta(seconds=self.ahead)

    def advance(self, seconds: float) -> None:
        """Move it, back as well."""
        self.ahead += seconds
        exists = self.path.exists()
        with self.path.open("r+b" if exists else "wb") as file:
            file.write(struct.pack("d", self.ahead))


class Process:
    """One process of the instance, and the file that has what it said."""

    def __init__(self, pid: int, log: Path) -> None:
        self.pid = pid
        self.log = log

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def last_words(self) -> str:
        """The end of what it said."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-600:].strip()

    def send(self, number: int) -> None:
        """Send it a signal, if it is there."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    async def end(self, number: int = signal.SIGKILL, seconds: float = 30) -> None:
        """Send a signal and wait until it is gone; whoever does not go is killed."""
        self.send(number)
        until = time.monotonic() + seconds
        while self.alive:
            if time.monotonic() > until:
                self.send(signal.SIGKILL)
            await asyncio.sleep(0.01)


class Launcher:
    """Starts processes quickly (`tests.chaos.launcher`)."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        self._process = process
        self._folder = folder
        self._one_at_a_time = asyncio.Lock()
        self._count = 0
        self.started: list[Process] = []

    async def start(self, arguments: Sequence[str], environment: dict[str, str]) -> Process:
        """Start `peerhall` with these arguments."""
        self._count += 1
        log = self._folder / f"{self._count:04d}-{arguments[0]}.log"
        log.touch()
        order = {"arguments": list(arguments), "environment": environment, "log": str(log)}
        async with self._one_at_a_time:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            made = Process(int(await self._process.stdout.readline()), log)
        self.started.append(made)
        return made


@asynccontextmanager
async def launcher(folder: Path, preload: Path | None = None) -> AsyncIterator[Launcher]:
    """A launcher whose processes are killed in the end; `preload` is a library that they load first."""
    more = {"LD_PRELOAD": str(preload)} if preload else {}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.chaos.launcher",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | more,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    if await process.stdout.readline() != b"ready\n":
        raise RuntimeError("the launcher did not start")
    made = Launcher(process, folder)
    try:
        yield made
    finally:
        for each in made.started:
            each.send(signal.SIGKILL)
        process.stdin.close()
        await process.wait()


def free_port() -> int:
    """A port that nobody listens on, nor takes to go out from: it stays free while an instance starts anew."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


async def until_it_answers(process: Process, port: int) -> None:
    """Wait until an instance takes requests."""
    until = time.monotonic() + START_SECONDS
    while True:
        if not process.alive:
            raise RuntimeError(f"peerhall ended: {process.log.read_text(encoding='utf-8')[-3000:]}")
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            if time.monotonic() > until:
                raise RuntimeError(f"peerhall does not listen: {process.log.read_text(encoding='utf-8')}") from None
            await asyncio.sleep(0.03)
            continue
        writer.close()
        del reader
        return
