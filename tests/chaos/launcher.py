"""Starts `peerhall …` in a process of its own, on a clock that a file moves: `python -m tests.chaos.launcher`.

Imports everything once and then forks for every line that it reads, `{"arguments", "environment", "log"}`: a start
costs a fifth of a second instead of two. What runs is the command `peerhall` as it is, but for the clock, which is the
machine's plus what the file named by CHAOS_CLOCK says, and for some shorter pauses, so that a round takes seconds.
"""

import json
import mmap
import os
import signal
import struct
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import server.asgi
import server.cli
import server.commands.serve
import server.features  # so that it is loaded before the first fork
from server.clock import SystemClock
from server.db import sqlite
from server.fediverse import recovery
from server.jobs import worker


def keep_time(path: Path) -> None:
    """Let every clock of this process run ahead of the machine's by as many seconds as the file says."""
    with path.open("r+b") as file:
        ahead = mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ)

    def now(_: SystemClock) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=struct.unpack("d", ahead[:8])[0])

    SystemClock.now = now  # type: ignore[method-assign]  # that is what this is for


def shorten_pauses() -> None:
    """Look for work, and for who died, and give up waiting for a locked file, sooner than in earnest."""
    worker.IDLE_SECONDS = 0.3
    worker.TROUBLE_SECONDS = 0.5
    sqlite.BUSY_TIMEOUT_MILLISECONDS = 2_000
    recovery.LOOK_SECONDS = 0.3
    recovery.GONE_SECONDS = 2.0


def run(order: dict[str, object]) -> NoReturn:
    """Become `peerhall`, in the child."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    log = os.open(str(order["log"]), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    environment = order["environment"]
    assert isinstance(environment, dict)
    os.environ |= environment
    keep_time(Path(os.environ["CHAOS_CLOCK"]))
    shorten_pauses()
    server.cli.main.main(args=order["arguments"], prog_name="peerhall")  # type: ignore[arg-type]  # a list of texts
    sys.exit(0)


def main() -> None:
    """Fork for every order until there are no more."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            run(order)
        print(child, flush=True)


if __name__ == "__main__":
    main()
