"""The instance under test: `peerhall serve` as a process of its own, and what the system says about it."""

import asyncio
import os
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

START_SECONDS = 60.0
TICKS = os.sysconf("SC_CLK_TCK")
AS_INSTALLED = (
    "import sys; sys.modules.update(dict.fromkeys(('rich', 'pygments', 'obstore')));"
    " from server.cli import main; main(prog_name='peerhall')"
)
"""`peerhall` without what only the tools of developers and an extra bring in: an admin's process has none of it."""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds used so far, and the time they were read at."""

    cpu: float
    wall: float

    def since(self, before: "Usage") -> "Usage":
        """What was used between two readings."""
        return Usage(self.cpu - before.cpu, self.wall - before.wall)


def memory_mb_of(pid: int) -> float:
    """Resident memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the system does not say how much memory a process has")


def usage_of(pid: int) -> Usage:
    """CPU of all threads of a process so far."""
    parts = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return Usage((int(parts[11]) + int(parts[12])) / TICKS, time.perf_counter())


def _outside() -> dict[str, str]:
    """The environment that processes get: without settings of ours, with compiled files as after an installation."""
    left_out = ("PEERHALL_", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if not name.startswith(left_out)}


class Served:
    """A running `peerhall serve`, or another of its processes."""

    def __init__(self, process: asyncio.subprocess.Process, origin: str, start_seconds: float) -> None:
        self.process = process
        self.origin = origin
        self.start_seconds = start_seconds

    @classmethod
    async def start(cls, environment: dict[str, str], port: int, *, role: str = "serve") -> "Served":
        """Start one process and wait until it answers; a worker answers nobody.

        ``serve``, ``web`` and ``worker`` are our commands, all else is a part of `tests.bench.partly`.
        """
        begun = time.perf_counter()
        if role in {"serve", "web", "worker"}:
            command = (sys.executable, "-c", AS_INSTALLED, role, *(() if role == "worker" else ("--port", str(port))))
        else:
            command = (sys.executable, "-m", "tests.bench.partly", role, str(port))
        process = await asyncio.create_subprocess_exec(
            *command,
            env=_outside() | environment,
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        origin = environment["PEERHALL_ORIGIN"]
        assert process.stderr is not None
        if role == "worker":
            return cls._drained(process, origin, 0.0)
        log = bytearray()
        try:
            async with asyncio.timeout(START_SECONDS):
                while b"listening on" not in log:
                    line = await process.stderr.readline()
                    if not line:
                        raise RuntimeError(f"peerhall serve ended: {log.decode(errors='replace')}")
                    log += line
        except TimeoutError:
            process.kill()
            raise RuntimeError(f"peerhall serve did not start: {log.decode(errors='replace')}") from None
        started = time.perf_counter() - begun
        served = cls._drained(process, origin, started)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            (await client.get("/health")).raise_for_status()
        return served

    @classmethod
    def _drained(cls, process: asyncio.subprocess.Process, origin: str, started: float) -> "Served":
        served = cls(process, origin, started)
        assert process.stderr is not None
        served._drain = asyncio.get_running_loop().create_task(served._read_log(process.stderr))
        return served

    _drain: "asyncio.Task[None]"

    @staticmethod
    async def _read_log(stream: asyncio.StreamReader) -> None:
        while line := await stream.readline():
            if b"Traceback" in line or b" ERROR " in line:
                print(line.decode(errors="replace").rstrip(), file=sys.stderr)

    def memory_mb(self) -> float:
        """Resident memory."""
        return memory_mb_of(self.process.pid)

    def usage(self) -> Usage:
        """CPU of all its threads so far."""
        return usage_of(self.process.pid)

    async def stop(self) -> None:
        """Ask it to end, and wait."""
        self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), 30)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
        await self._drain
