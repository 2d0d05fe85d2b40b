"""Our server as it really runs, on loopback, for tests beside other implementations (mark `peer`).

`Ours` starts `peerhall serve` with a folder of its own and signs people in; `Process` starts anything else;
`until` waits for what arrives in its own time.
"""

import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import httpx
import pytest
from click.testing import CliRunner, Result

from server.cli import main
from tests.interop.tls import Authority

T = TypeVar("T")

PASSWORD = "correct horse battery staple"
PATIENCE_SECONDS = float(os.environ.get("PEERHALL_PATIENCE", "30"))
START_SECONDS = 90.0
LOOPBACK = "127.0.0.0/8,::1/128"
ROOT = Path(__file__).resolve().parents[2]


def cannot(reason: str) -> NoReturn:
    """Skip for want of another implementation, in one sentence; fail instead where they are required."""
    if os.environ.get("PEERHALL_REQUIRE_PEERS") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def until(found: Callable[[], T], *, seconds: float = PATIENCE_SECONDS) -> T:
    """What is found in the end; fails when it does not come in time."""
    begun = time.monotonic()
    while not (value := found()):
        assert time.monotonic() - begun < seconds, f"it did not come within {seconds:.0f} s"
        time.sleep(0.2)
    return value


def alive(url: str, *, verify: Any = True) -> bool:
    """Whether something answers there."""
    try:
        return httpx.get(url, timeout=5, verify=verify).status_code < 500
    except httpx.TransportError:
        return False


def fresh(word: str) -> str:
    """Words that stand nowhere else."""
    return f"{word}{time.time_ns()}"


def practice(words: str, **more: Any) -> dict[str, Any]:
    """A practice as somebody fills it in."""
    return {
        "speed": "quick",
        "title": f"Two questions {words}",
        "steps": [f"First ask {words}.", "Then wait."],
        "would_change": f"More time {words}.",
        "visibility": "public",
        "licence": "CC-BY-4.0",
        "language": "en",
        "share": "1",
    } | more


def share(browser: httpx.Client, words: str, **more: Any) -> str:
    """Share a practice; returns its page."""
    answer = browser.post("/practices/new", data=practice(words, **more))
    answer.raise_for_status()
    page = str(answer.url.copy_with(fragment=None))
    assert "/p/two-questions-" in page, answer.text
    return page


class Process:
    """A program that runs until `close`; what it says goes to a file."""

    def __init__(
        self, command: Sequence[str], *, log: Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> None:
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                list(command), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=cwd, env=env
            )

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether it has come to its end, well; fails with its last words where it ended otherwise."""
        status = self._process.poll()
        assert not status, f"it ended with status {status}:\n{self.log.read_text(errors='replace')[-3000:]}"
        return status == 0

    def wait_for(self, ready: Callable[[], bool]) -> None:
        """Wait until it is ready; fails with its last words where it ends instead."""
        begun = time.monotonic()
        while not ready():
            tail = self.log.read_text(errors="replace")[-3000:]
            assert self._process.poll() is None, f"it ended at once:\n{tail}"
            assert time.monotonic() - begun < START_SECONDS, f"it did not start in time:\n{tail}"
            time.sleep(0.2)

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(20)


class Ours:
    """One Peerhall, with a folder of its own. `authority` puts a TLS terminator before it, as people run it."""

    def __init__(self, folder: Path, *, authority: Authority | None = None, host: str = "127.0.0.1", **settings: str):
        self.folder = folder
        self.authority = authority
        self.port = free_port()
        self.domain = f"{host}:{self.port}"
        self.origin = f"{'https' if authority else 'http'}://{self.domain}"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PEERHALL_")}
        wanted = {
            "origin": self.origin,
            "domain": self.domain,
            "data_dir": str(folder / "data"),
            "federation": "open",
            "allowed_private_addresses": LOOPBACK,
        }
        if authority is not None:
            wanted["ca_file"] = str(authority.ca_file)
        self.environment = kept | {f"PEERHALL_{name.upper()}": value for name, value in (wanted | settings).items()}
        self._processes: list[Process] = []

    def run(self, *arguments: str, stdin: str | None = None) -> Result:
        """Run one command of `peerhall`; status 1 and 2 are the caller's to judge.

        In this process: another one would load all of Peerhall for it.
        """
        foreign = dict.fromkeys(name for name in os.environ if name.startswith("PEERHALL_"))
        log, umask, folder = logging.getLogger(), os.umask(0o022), Path.cwd()
        level, handlers = log.level, log.handlers[:]
        os.chdir(self.folder)
        try:
            return CliRunner().invoke(main, arguments, input=stdin, env=foreign | self.environment)
        finally:
            os.chdir(folder)
            os.umask(umask)
            log.setLevel(level)
            log.handlers[:] = handlers

    def add_person(self, name: str, *, role: str = "member") -> None:
        """Make an account."""
        words = ["--password-stdin", "--role", role, "--display-name", name.title()]
        made = self.run("user", "create", name, *words, stdin=PASSWORD + "\n")
        assert made.exit_code == 0, made.output

    def add_community(self, slug: str, owner: str, *, visibility: str = "public") -> None:
        """Make a community."""
        made = self.run(
            "community", "create", slug, "--name", slug.title(), "--owner", owner, "--visibility", visibility
        )
        assert made.exit_code == 0, made.output

    def start(self) -> None:
        """Serve, and wait until it answers."""
        command = str(Path(sys.executable).with_name("peerhall"))
        inner = free_port() if self.authority else self.port
        log = self.folder / "peerhall.log"
        if self.authority is not None:
            command_of_proxy = self.authority.terminator(self.port, inner)
            self._processes.append(Process(command_of_proxy, log=self.folder / "tls.log"))
        served = Process([command, "serve", "--port", str(inner)], log=log, cwd=self.folder, env=self.environment)
        self._processes.append(served)
        served.wait_for(lambda: alive(f"{self.origin}/health", verify=self.verify))

    @property
    def verify(self) -> Any:
        """Whom to trust when talking to it."""
        return self.authority.context() if self.authority else True

    def browser(self, name: str | None = None) -> httpx.Client:
        """A browser without JavaScript, with somebody signed in or nobody. Close it."""
        client = httpx.Client(
            base_url=self.origin,
            headers={"origin": self.origin, "accept": "text/html"},
            follow_redirects=True,
            timeout=30,
            verify=self.verify,
        )
        if name is not None:
            client.post("/sign-in", data={"name": name, "password": PASSWORD}).raise_for_status()
        return client

    def document(self, path: str) -> httpx.Response:
        """What anybody gets who asks for ActivityPub."""
        address = path if path.startswith("http") else self.origin + path
        headers = {"accept": "application/activity+json"}
        return httpx.get(address, headers=headers, follow_redirects=True, timeout=30, verify=self.verify)

    def close(self) -> None:
        """Stop serving."""
        while self._processes:
            self._processes.pop().close()


@contextmanager
def ours_with_maya(folder: Path, *, authority: Authority | None = None, host: str = "127.0.0.1") -> Iterator[Ours]:
    """A running Peerhall with Maya, who is an admin, and her community."""
    served = Ours(folder, authority=authority, host=host)
    served.add_person("maya", role="admin")
    served.add_community("science", "maya")
    try:
        served.start()
        yield served
    finally:
        served.close()
