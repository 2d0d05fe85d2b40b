"""The demo, started as anybody starts it, and a Chromium to look at it with."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

PASSWORD = "peerhall-demo"
START_WITHIN_SECONDS = 90
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


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`peerhall demo`, as anybody starts it, on ports of its own."""
    port = _free_ports(4)
    log = tmp_path_factory.mktemp("demo") / "output"
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("peerhall")), "demo", "--port", str(port)],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            begun = time.monotonic()
            while "Stop with" not in log.read_text():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() - begun < START_WITHIN_SECONDS, log.read_text()
                time.sleep(0.2)
            origins = [
                f"http://{name}.localhost:{port + number}"
                for number, name in ((0, "northfield"), (1, "riverside"), (3, "elsewhere"))
            ]
            yield Demo(*origins, log.read_text())
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)


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
