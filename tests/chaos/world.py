"""The scene of the faults over sockets: one instance as real processes, in the middle of other servers."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from server.accounts import actions as accounts
from server.actors.models import Actor, Follow
from server.actors.viewer import Viewer
from server.build import opened
from server.discussions import actions as discussions
from server.discussions.actions import ThreadForm
from server.ids import new_id
from server.instance import Instance
from server.settings import load
from tests.chaos.neighbours import Neighbours
from tests.chaos.processes import Clock, Launcher, Process, free_port, launcher, until_it_answers
from tests.chaos.storage import Postgres, Sqlite, Storage
from tests.postgres import Cluster

HOSTS = 5
PEOPLE_PER_HOST = 3
NAMES = ("amara", "bruno")
LEASE_SECONDS = 11 * 60
"""Longer than any lease of work."""
PATIENCE_SECONDS = 60.0
STUCK_SECONDS = 1.2
"""So long nothing happens before the clock is moved past leases and pauses."""

PENDING = (
    "SELECT (SELECT count(*) FROM inbox_receipt WHERE outcome IS NULL) AS inbound,"
    " (SELECT count(*) FROM outgoing WHERE spread_at IS NULL) AS unspread,"
    " (SELECT coalesce(sum(wanted_seq - cursor_seq), 0) FROM peer WHERE wanted_seq > cursor_seq) AS outbound,"
    " (SELECT count(*) FROM job WHERE failed_at IS NULL AND unique_key IS NULL) AS jobs"
)


class NotDrained(AssertionError):
    """Work is left that nobody does."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody here, who is followed from every host, and the thread that they began."""

    name: str
    id: str
    uri: str
    token: str
    thread_uri: str
    thread_short: str


class World:
    """One instance, its database, and its neighbours."""

    def __init__(
        self,
        folder: Path,
        storage: Storage,
        clock: Clock,
        starter: Launcher,
        neighbours: Neighbours,
        roles: Sequence[str],
        front: int | None = None,
    ) -> None:
        self.folder = folder
        self.storage = storage
        self.clock = clock
        self.neighbours = neighbours
        self.members: list[Member] = []
        self.processes: dict[str, Process] = {}
        self.roles = tuple(roles)
        self._launcher = starter
        self.front = front
        """The port of a proxy that requests go to, where there is one."""
        self.options: tuple[str, ...] = ()
        """What every process that listens is told besides its port."""
        self._ports = {role: free_port() for role in roles if not role.startswith("worker")}
        first = next(iter(self._ports.values()))
        self.authority = f"127.0.0.1:{front or first}"
        self.origin = f"http://{self.authority}"
        self._turn = 0
        self.environment = {
            "PEERHALL_ORIGIN": self.origin,
            "PEERHALL_DATA_DIR": str(folder),
            "PEERHALL_DATABASE_URL": storage.url,
            "PEERHALL_FEDERATION": "open",
            "PEERHALL_ALLOWED_PRIVATE_ADDRESSES": "127.0.0.0/8",
            "PEERHALL_LOG": "info",
        }
        self.more_environment = {"CHAOS_CLOCK": str(clock.path)}

    def port(self) -> int:
        """The port of the next process that takes requests: they take turns; or that of the proxy before them."""
        if self.front is not None:
            return self.front
        ports = list(self._ports.values())
        self._turn += 1
        return ports[self._turn % len(ports)]

    async def start(self, *roles: str) -> None:
        """Start the processes of these roles, or all that do not run, and wait until they listen."""
        for role in roles or self.roles:
            if role in self.processes and self.processes[role].alive:
                continue
            self.processes[role] = await self.launch(role)
        for role in roles or self.roles:
            if role in self._ports:
                await until_it_answers(self.processes[role], self._ports[role])

    async def launch(self, role: str) -> Process:
        """Start a process of a role, beside the one that may have it still."""
        port = self._ports.get(role)
        command = role.rstrip("0123456789")
        arguments = [command] if port is None else [command, "--port", str(port), *self.options]
        return await self._launcher.start(arguments, self.environment | self.more_environment)

    @property
    def listening(self) -> dict[str, int]:
        """The ports of the roles that listen."""
        return dict(self._ports)

    async def seed(self) -> None:
        """Two people with a thread each, followed from every host; nothing is left to do."""
        for number in range(HOSTS):
            host = self.neighbours.host(number)
            for name in ("follower", *(f"author{index}" for index in range(PEOPLE_PER_HOST))):
                host.person(name, self.clock)
        async with opened(load(self.environment, Path("/dev/null"))) as here:
            for name in NAMES:
                self.members.append(await _member(here, name))
            await here.worker.run_until_idle()
            for number in range(HOSTS):
                await _followed(here, self.members, self.neighbours.host(number).origin)

    async def drain(self, patience: float = PATIENCE_SECONDS, *, leases: bool = True) -> None:
        """Wait until there is nothing left to do; the clock moves on where only leases and pauses are waited for.

        Without `leases` it does not: nobody may have left any.
        Raises NotDrained where nothing happens for so many seconds.
        """
        seen, since, until = None, 0.0, 0.0
        while True:
            pending = (await self.storage.rows(PENDING))[0]
            if not any(pending.values()):
                return
            now = time.monotonic()
            if pending != seen:
                seen, since, until = pending, now, now + patience
            elif leases and now - since > STUCK_SECONDS:
                self.clock.advance(LEASE_SECONDS)
                since = now
            if now > until:
                words = "; ".join(f"{role}: {process.last_words()}" for role, process in self.processes.items())
                raise NotDrained(f"for {patience:.0f} s nobody works at {pending}; {words}")
            await asyncio.sleep(0.05)

    async def run(self, *arguments: str, **environment: str) -> Process:
        """Run a command of `peerhall` to its end."""
        started = await self._launcher.start(arguments, self.environment | self.more_environment | environment)
        while started.alive:
            await asyncio.sleep(0.02)
        return started

    @property
    def started(self) -> list[Process]:
        """All processes so far."""
        return self._launcher.started

    def said(self, what: str) -> list[str]:
        """The lines in the logs of all processes that hold these words."""
        found = []
        for process in self._launcher.started:
            for line in process.log.read_text(encoding="utf-8", errors="replace").splitlines():
                if what in line:
                    found.append(f"{process.log.name}: {line}")
        return found


@asynccontextmanager
async def world(
    database: str,
    roles: Sequence[str] = (),
    *,
    cluster: Cluster | None = None,
    folder: Path | None = None,
    preload: Path | None = None,
    front: int | None = None,
) -> AsyncIterator[World]:
    """A seeded world on SQLite, or in a new database of `cluster`; nothing runs yet. Its data are in `folder`."""
    with tempfile.TemporaryDirectory(prefix="peerhall-chaos-", dir=folder) as name, _notes() as notes:
        folder = Path(name)
        clock = Clock(notes / "clock")
        if database == "sqlite":
            storage: Storage = Sqlite(folder / "peerhall.sqlite3")
        else:
            assert cluster is not None
            storage = await _new_database(cluster.address)
        neighbours = Neighbours(clock, free_port())
        await neighbours.start()
        try:
            async with launcher(notes, preload) as starter:
                made = World(folder, storage, clock, starter, neighbours, roles or usual_roles(database), front)
                await made.seed()
                yield made
        finally:
            await neighbours.stop()
            await storage.close()


@contextmanager
def _notes() -> Iterator[Path]:
    """A folder for what is not the instance's: a full disk must not be ours."""
    with tempfile.TemporaryDirectory(prefix="peerhall-chaos-notes-") as name:
        yield Path(name)


def usual_roles(database: str) -> tuple[str, ...]:
    """One process on SQLite; pages and work apart on PostgreSQL."""
    return ("serve",) if database == "sqlite" else ("web", "worker")


async def _new_database(server: str) -> Postgres:
    name = f"chaos_{time.time_ns()}"
    connection = await asyncpg.connect(f"{server}/postgres")
    try:
        await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()
    return Postgres(f"{server}/{name}")


async def _member(here: Instance, name: str) -> Member:
    account = await accounts.create_account(
        here, name=name, email=None, password="a password for chaos", role="member", display_name=name.title()
    )
    token = await accounts.start_session(here, account.actor_id, user_agent="chaos")
    viewer = await accounts.viewer_for_token(here, token)
    assert isinstance(viewer, Viewer)
    thread = await discussions.start(
        here,
        viewer,
        ThreadForm(
            kind="discussion",
            title=f"A thread of {name}",
            text="What works for you?",
            visibility="public",
            nobody_identifiable=True,
        ),
    )
    return Member(name, str(viewer.actor_id), str(viewer.actor_uri), token, thread.uri, thread.short)


async def _followed(here: Instance, members: Sequence[Member], origin: str) -> None:
    now, host = here.clock.now(), urlsplit(origin).netloc
    uri = f"{origin}/u/follower"
    async with here.db.transaction():
        person = await Actor.create(
            id=new_id(now),
            kind="Person",
            uri=uri,
            username="follower",
            domain=host,
            host=host,
            handle_key=f"follower@{host}",
            inbox_url=f"{uri}/inbox",
            shared_inbox_url=f"{origin}/inbox",
            created_at=now,
            updated_at=now,
            fetched_at=now,
        )
        for member in members:
            await Follow.create(
                id=new_id(now),
                follower_id=person.id,
                target_id=member.id,
                state="accepted",
                uri=f"{uri}/follow/{member.name}",
                from_elsewhere=True,
                created_at=now,
                accepted_at=now,
            )
