"""The demo, started as anybody starts it, and a Chromium to look at it with."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

PASSWORD = "peerhall-demo"
START_WITHIN_SECONDS = 240
END_WITHIN_SECONDS = 60  # open streams are given 8, and work under way 10 and 10 again
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


@dataclass(frozen=True)
class Demo:
    """The running network: the origins of its two first organisations and of Sofia's server, and what it printed."""

    northfield: str
    riverside: str
    elsewhere: str
    printed: str


def _free_ports(count: int) -> int:
    """The first of so many free ports in a row; no other process of one test run looks among the same."""
    begin = 18801 + 100 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    for first in range(begin, begin + 100, count):
        opened = []
        try:
            for port in range(first, first + count):
                listener = socket.socket()
                opened.append(listener)
                listener.bind(("127.0.0.1", port))
        except OSError:
            continue
        else:
            return first
        finally:
            for listener in opened:
                listener.close()
    raise LookupError("no free ports")


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Path]:
    """Its first port and the folder of a demo that has everybody in it, and in which nobody has done anything yet.

    To make it is the dearest part of a start, so all files of this folder begin with a copy.
    """
    port, folder = _free_ports(4), tmp_path_factory.mktemp("seeded")
    with _running(port, folder, folder.with_name("seeding")):
        pass
    return port, folder


@pytest.fixture(scope="module")
def demo(seeded: tuple[int, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`peerhall demo`, as anybody starts it, on ports of its own; for each file anew."""
    port, folder = seeded
    place = tmp_path_factory.mktemp("demo")
    shutil.copytree(folder, place / "kept")
    with _running(port, place / "kept", place / "output") as printed:
        origins = [
            f"http://{name}.localhost:{port + number}"
            for number, name in ((0, "northfield"), (1, "riverside"), (3, "elsewhere"))
        ]
        yield Demo(*origins, printed)


@contextmanager
def _running(port: int, folder: Path, log: Path) -> Iterator[str]:
    """What it printed, from when it answers until the block ends."""
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("peerhall")), "demo", "--port", str(port), "--keep", str(folder)],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        begun = time.monotonic()
        while "Stop with" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() - begun < START_WITHIN_SECONDS, log.read_text()
            time.sleep(0.2)
        yield log.read_text()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(END_WITHIN_SECONDS)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless; closed with its module, for its event loop lets no other run in this process."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        message = "no Chromium on this machine; on Debian: apt-get install chromium"
        if os.environ.get("PEERHALL_REQUIRE_BROWSER"):
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield opened
        opened.close()
