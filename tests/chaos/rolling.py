"""Every process restarted in its turn, as deploy/README.md says, under load that tries nothing twice."""

import asyncio
import contextlib
import os
import random
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.chaos.checks import DOUBLED, LOST, WRONG, Violation, check
from tests.chaos.load import Load
from tests.chaos.neighbours import ACTIVITY, Host, Line, Sent, signed
from tests.chaos.processes import Process, free_port, until_it_answers
from tests.chaos.report import NotHere, Options, Round
from tests.chaos.world import NotDrained, World, world

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
DRAIN_SECONDS = 10
"""As deploy/README.md and its units have it, for a proxy that looks every two seconds."""
READERS = 3
BATCH = 8
"""So many requests go over one connection, which is then given up: some are kept, some are new."""
PAUSE_SECONDS = 0.02
BETWEEN_SECONDS = 1.0
PATIENCE_SECONDS = 60.0

NUMBERS = "SELECT seq, activity_id FROM outgoing ORDER BY seq"

Turn = Callable[[World, str], Awaitable[list[Violation]]]


async def rolling(options: Options) -> AsyncIterator[Round]:
    """Two for pages behind Caddy and two for work: each is told to end, and started anew when it is gone."""
    found = shutil.which("caddy")
    if found is None:
        raise NotHere(
            "caddy is not installed (Debian: apt install caddy), and nothing else stands before the processes"
        )
    roles, front = ("web1", "web2", "worker1", "worker2"), free_port()
    async with world(options.database, roles, cluster=options.cluster, front=front) as scene:
        scene.options = ("--drain", str(DRAIN_SECONDS))
        async for each in _rounds(options, scene, _end_then_start, _caddy(found, scene)):
            yield each


async def handover(options: Options) -> AsyncIterator[Round]:
    """Without a proxy: the next process listens on the same port, then the one before is told to end."""
    async with world(options.database, ("web", "worker"), cluster=options.cluster) as scene:
        scene.options = ("--reuse-port",)
        async for each in _rounds(options, scene, _start_then_end, _nothing()):
            yield each


async def _rounds(
    options: Options, scene: World, turn: Turn, before: AbstractAsyncContextManager[None]
) -> AsyncIterator[Round]:
    steady = Steady(Load(scene))
    await scene.start()
    async with before:
        await steady.open()
        for number in range(options.rounds):
            known = steady.load.acknowledged
            found = await steady.round(random.Random(options.seed + number), turn)
            is_last = number + 1 == options.rounds
            acknowledged = steady.load.acknowledged - known
            yield Round(options.seed + number, acknowledged, found, str(steady) if is_last else "")


class Steady:
    """Servers, members and readers who go on all the time. What is not answered well at once is a violation."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.scene = load.world
        self.requests: Counter[str] = Counter()
        self.restarts = self.arrivals = 0
        self._found: list[Violation] = []
        self._over = False
        self._late: set[tuple[str, str]] = set()
        self._pages: list[tuple[str, dict[str, str]]] = []

    def __str__(self) -> str:
        each = ", ".join(f"{count:,} {kind}" for kind, count in self.requests.items())
        requests = f"{self.requests.total():,} requests ({each})"
        late = f", {len(self._late)} of them again behind one that was committed late" if self._late else ""
        return (
            f"{self.restarts} restarts under {requests}, {self.arrivals:,} deliveries"
            f" to {len(self._hosts)} servers{late}"
        )

    @property
    def _hosts(self) -> list[Host]:
        return list(self.scene.neighbours.hosts.values())

    async def open(self) -> None:
        """Look where pages are: what readers ask for later is answered with the page itself."""
        for member in self.scene.members:
            document = {"host": self.scene.authority, "accept": ACTIVITY}
            self._pages += [(urlsplit(uri).path, document) for uri in (member.thread_uri, member.uri)]
            for path in (f"/p/{member.thread_short}", "/"):
                line, answer = Line(self.scene.port), (303, {"location": path}, b"")
                while answer[0] == 303:
                    path = answer[1]["location"].removeprefix(self.scene.origin).partition("#")[0]
                    answer = await line.ask("GET", path, self.load.headers(member))
                line.close()
                self._pages.append((path, self.load.headers(member)))

    async def round(self, rng: random.Random, turn: Turn) -> list[Violation]:
        """Restart every process in its turn; returns what did not hold."""
        self._over, self._found = False, []
        async with asyncio.TaskGroup() as group:
            for host in self._hosts:
                group.create_task(self._send(random.Random(rng.random()), host))
            group.create_task(self._use_forms(random.Random(rng.random())))
            for number in range(READERS):
                group.create_task(self._read(number))
            await asyncio.sleep(BETWEEN_SECONDS)
            for role in self.scene.roles:
                self._found += await turn(self.scene, role)
                self.restarts += 1
                await asyncio.sleep(BETWEEN_SECONDS)
            self._over = True
        try:
            await self.scene.drain(leases=False)
        except NotDrained as error:
            return [*self._found, Violation(LOST, str(error))]
        await self._look()
        return [each for each in self._found if self._is_new(each)] + await check(self.load)

    def _is_new(self, found: Violation) -> bool:
        is_new = found.what not in self.load.told or found.kind == WRONG
        self.load.told.add(found.what)
        return is_new

    async def _send(self, rng: random.Random, host: Host) -> None:
        while not self._over:
            line = Line(self.scene.port)
            for _ in range(BATCH):
                sent = Sent(self.load.next_activity(rng, host))
                headers, body = signed(host, sent.activity, self.scene.authority, self.scene.clock)
                if await self._ask("activities", line, "POST", "/ap/inbox", headers, body, 202):
                    host.sent.append(sent)
                else:
                    host.outbox.append(sent)
                    await self.load.deliver(host)
                await asyncio.sleep(PAUSE_SECONDS)
            line.close()

    async def _read(self, number: int) -> None:
        while not self._over:
            line = Line(self.scene.port)
            for _ in range(BATCH):
                number += 1
                path, headers = self._pages[number % len(self._pages)]
                await self._ask("reads", line, "GET", path, headers, b"", 200)
                await asyncio.sleep(PAUSE_SECONDS)
            line.close()

    async def _ask(
        self, kind: str, line: Line, method: str, path: str, headers: dict[str, str], body: bytes, wanted: int
    ) -> bool:
        self.requests[kind] += 1
        try:
            status, _, _ = await line.ask(method, path, headers, body)
        except (OSError, EOFError, TimeoutError) as error:
            self._found.append(Violation(WRONG, f"{method} {path} failed: {type(error).__name__} {error}"))
            return False
        if status != wanted:
            self._found.append(Violation(WRONG, f"{method} {path} was answered with {status}"))
        return status == wanted

    async def _use_forms(self, rng: random.Random) -> None:
        while not self._over:
            await self.load.forms(rng, BATCH)

    async def _look(self) -> None:
        """Whether every form was taken, every delivery came once, and nobody complains."""
        acts = [act for written in self.load.written for act in written.acts]
        failed = [act for act in acts if not act.taken]
        self._found += [Violation(WRONG, f"the form to {act.kind} {act.marker} failed") for act in failed]
        for act in failed:
            act.taken = True  # said once
        self.requests["forms"] = len(acts)
        self.arrivals = sum(len(host.arrivals) for host in self._hosts)
        places = {row["activity_id"]: row["seq"] for row in await self.scene.storage.rows(NUMBERS)}
        for host in self._hosts:
            self._found += [
                Violation(DOUBLED, f"{host.name} was sent {each} twice") for each in self._again(host, places)
            ]
        for process in self.scene.started:
            _, begin, end = process.log.read_text(encoding="utf-8", errors="replace").partition("Traceback")
            if begin:
                self._found.append(Violation(LOST, f"{process.log.name} says: {begin}{end[:4000]}"))

    def _again(self, host: Host, places: dict[str, int]) -> list[str]:
        """What came again for no reason. A reason is what was committed late, and so came in between (ADR 0005)."""
        first: dict[str, int] = {}
        found = []
        for number, arrival in enumerate(host.arrivals):
            begun = first.setdefault(arrival.id, number)
            if begun == number:
                continue
            between = [other for other, at in first.items() if begun < at < number]
            if any(places.get(other, 0) < places.get(arrival.id, 0) for other in between):
                self._late.add((host.name, arrival.id))
            else:
                found.append(arrival.id)
        return found


async def _end_then_start(scene: World, role: str) -> list[Violation]:
    found = await _ended(scene.processes[role], role)
    await scene.start(role)
    return found


async def _start_then_end(scene: World, role: str) -> list[Violation]:
    before, after = scene.processes[role], await scene.launch(role)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not any(word in after.last_words() for word in ("listening on", "working, for")):
            await asyncio.sleep(0.02)
    scene.processes[role] = after
    return await _ended(before, role)


async def _ended(process: Process, role: str) -> list[Violation]:
    """Tell it to end, and wait until it has."""
    process.send(signal.SIGTERM)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while process.alive:
                await asyncio.sleep(0.02)
    except TimeoutError:
        return [Violation(WRONG, f"{role} does not end: {process.last_words()}")]
    return []


@asynccontextmanager
async def _nothing() -> AsyncIterator[None]:
    yield


@asynccontextmanager
async def _caddy(program: str, scene: World) -> AsyncIterator[None]:
    """Caddy with our own Caddyfile, listening on loopback and speaking HTTP; it writes nothing outside a folder."""
    backends = " ".join(f"127.0.0.1:{port}" for port in scene.listening.values())
    with tempfile.TemporaryDirectory(prefix="peerhall-caddy-") as name:
        folder = Path(name)
        settings = folder / "Caddyfile"
        settings.write_text(
            "{\n\tadmin off\n\tauto_https off\n}\n" + (DEPLOY / "Caddyfile").read_text("utf-8"),
            encoding="utf-8",
        )
        environment = os.environ | {
            "PEERHALL_HOST": scene.origin,
            "PEERHALL_BACKEND": backends,
            **{variable: str(folder) for variable in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")},
        }
        log = folder / "log"
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *(program, "run", "--config", str(settings), "--adapter", "caddyfile"),
                env=environment,
                stdout=output,
                stderr=output,
            )
        try:
            assert scene.front is not None
            await until_it_answers(Process(process.pid, log), scene.front)
            await asyncio.sleep(3)  # it looks after its backends every two seconds
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await process.wait()
