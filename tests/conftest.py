"""The `fediverse` fixture: instances on a network in memory, with a clock that only tests move."""

import functools
import gc
import importlib.util
import os
import shutil
import sys
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, settings
from jinja2 import FileSystemBytecodeCache
from tortoise.apps import Apps
from xdist.scheduler import LoadFileScheduling

from federation.testing import FakeClock, Network
from server.accounts import actions as accounts
from server.accounts import passwords
from server.accounts.sessions import SESSION_LIFE
from server.actors import keys
from server.asgi import OWN_WORK, create_app
from server.build import build, build_beside, close
from server.instance import Instance
from server.mastodon.keeping import Kept, KeptPages
from server.settings import Settings
from server.shelf import Shelf
from tests.databases import Template, pools
from tests.interop.strict.watch import Watch
from web.fragments import fragments
from web.render import environment

T = TypeVar("T")

# httpx's in-memory transport looks for sniffio on the disk with every request; None says that it is not there.
if importlib.util.find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]

# `make test-long` chooses the second: ten thousand examples of each property.
settings.register_profile("usual", max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
settings.register_profile("long", settings.get_profile("usual"), max_examples=10_000, print_blob=True)
settings.register_profile("second", settings.get_profile("usual"), max_examples=15)
settings.load_profile("usual" if os.environ.get("PEERHALL_TEST_DATABASE", "sqlite") == "sqlite" else "second")

TESTS = Path(__file__).resolve().parent
SHARED = TESTS.parents[1] / "shared" / "fixtures"
PASSWORD = "correct horse battery staple"
KEYS_MADE = 64


FIRST = ("browser", "interop", "hostile", "journeys", "project")
"""The folders whose files take longest, in that order: begun last, one would be waited for in the end."""


class ByFile(LoadFileScheduling):
    """A file's tests stay together, and so do those in Chromium: a demo of three organisations is made once for all."""

    def _split_scope(self, nodeid: str) -> str:
        return "tests/browser" if nodeid.startswith("tests/browser/") else str(super()._split_scope(nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    """For ``--dist loadfile``."""
    return ByFile(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long files first. On PostgreSQL, only what has a database: the rest is the same anywhere, and runs on SQLite."""
    items.sort(key=_turn)
    if os.environ.get("PEERHALL_TEST_DATABASE", "sqlite") == "sqlite":
        return
    without = [item for item in items if "template" not in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=without)
    items[:] = [item for item in items if "template" in getattr(item, "fixturenames", ())]


def _turn(item: pytest.Item) -> int:
    folder = item.path.relative_to(TESTS).parts[0]
    return FIRST.index(folder) if folder in FIRST else len(FIRST)


def pytest_collection_finish() -> None:
    """Tests and modules stay: to look through them again and again for garbage was a tenth of the suite's work."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Only asyncio: the server runs on nothing else."""
    return "asyncio"


@contextmanager
def made_before() -> Iterator[None]:
    """Keys and hashed passwords as in earnest, but not new ones for each of some ten thousand people.

    A process makes `KEYS_MADE` pairs of keys and hands them out in turn, so that no two actors of one test have the
    same; the same password is hashed once. Together they were half of the suite's work. Finding primes is what makes an
    RSA key dear: of a dozen of them, each two make a key.
    """
    make_keys = keys._make_keys
    pairs = _pairs_of_primes()
    build_querysets = Apps._build_initial_querysets
    made: deque[keys.NewKeys] = deque()
    one_at_a_time = Lock()

    def next_keys() -> keys.NewKeys:
        with one_at_a_time:
            made.append(make_keys() if len(made) < KEYS_MADE else made.popleft())
            return made[-1]

    def next_rsa_key(public_exponent: int, key_size: int) -> rsa.RSAPrivateKey:
        made = _rsa_key_of(*next(pairs), public_exponent)
        assert made.key_size == key_size
        return made

    with pytest.MonkeyPatch.context() as patch:
        pools().into(patch)
        patch.setattr(keys, "generate_private_key", next_rsa_key)
        patch.setattr(keys, "_make_keys", next_keys)
        patch.setattr(passwords, "_hash", functools.cache(passwords._hash))
        patch.setattr(Apps, "_build_initial_querysets", functools.partialmethod(_build_once, build_querysets, []))
        yield


def _pairs_of_primes() -> Iterator[tuple[int, int]]:
    """Each two of the primes found so far, in turn; more are looked for when these are used up."""
    found: list[int] = []
    while True:
        numbers = rsa.generate_private_key(public_exponent=65537, key_size=keys.RSA_BITS).private_numbers()
        for prime in (numbers.p, numbers.q):
            yield from ((prime, other) for other in found)
            found.append(prime)


def _rsa_key_of(p: int, q: int, exponent: int) -> rsa.RSAPrivateKey:
    private = pow(exponent, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p, q, private, private % (p - 1), private % (q - 1), pow(q, -1, p), rsa.RSAPublicNumbers(exponent, p * q)
    )
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


@pytest.fixture(scope="session", autouse=True)
def _made_before() -> Iterator[None]:
    """For all tests."""
    with made_before():
        yield


def _build_once(apps: Apps, build: Callable[[Apps], None], built_for: list[str]) -> None:
    """What Tortoise makes of the models is the same for every database of a dialect, and a sixth of a small test."""
    (dialect,) = apps._connections.db_config
    if built_for != [dialect]:
        build(apps)
        built_for[:] = [dialect]


@pytest.fixture(scope="session", autouse=True)
def _compiled_before(request: pytest.FixtureRequest) -> None:
    """Templates are compiled by the first process of all that needs them, and again when they change."""
    cache = getattr(request.config, "cache", None)
    if cache is not None:
        environment().bytecode_cache = FileSystemBytecodeCache(str(cache.mkdir("templates")))


@pytest.fixture(scope="session", autouse=True)
def _kept_is_verified() -> None:
    """Every document and piece of a page that is taken from memory is made again, and has to be the same."""
    fragments.verifying = True
    Shelf.verifying = True
    Kept.verifying = KeptPages.verifying = True


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Template]:
    """An empty, migrated database, copied for every instance of every test."""
    made = Template.make(tmp_path_factory.mktemp("template"))
    yield made
    made.drop()


class Processes:
    """The processes of one instance: one that does everything, or two for the web and one worker.

    Each is an `Instance` of its own: what one has in memory, the others learn from the database or the bus. They share
    connections, which are dear to make. Requests go to the two in turn; actions that tests call are the first one's.
    """

    def __init__(self, here: Instance, others: list[Instance]) -> None:
        self.here = here
        self.web = [here, *others[:-1]]
        self.worker = others[-1] if others else here
        self._turn = 0
        self._apps = [create_app(process, work=False) for process in self.web]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self._turn += 1
        await self._apps[self._turn % len(self._apps)](scope, receive, send)

    async def work(self) -> bool:
        """Do what is due; returns whether there was anything."""
        self.worker.mailer = self.here.mailer
        worked = await self.here.run(self.worker.worker.run_until_idle)
        for process in self.web:
            if process is not self.worker:
                worked = await self.here.run(process.worker.run_until_idle, OWN_WORK) or worked
        return worked

    async def stop(self) -> None:
        for process in {*self.web, self.worker} - {self.here}:
            await process.engine.aclose()
        await close(self.here)


class Fediverse:
    """Several instances that reach each other through memory."""

    def __init__(self, template: Template, folder: Path) -> None:
        self.network = Network()
        self.clock = FakeClock()
        self.instances: dict[str, Instance] = {}
        self.processes: dict[str, Processes] = {}
        self.watch = Watch()
        self.network.observer = self.watch.exchange
        self._template = template
        self._folder = folder

    async def start(self, domain: str, *, beginning: Path | None = None, **settings: Any) -> Instance:
        """Start an instance at ``https://DOMAIN``; keywords are settings. Federation is `open` unless said otherwise.

        Pages are at the same host; `client` makes a browser for them. It is empty, or as `beginning`: the folder of one
        on SQLite, which was stopped.
        """
        folder = self._folder / domain.replace(":", "_")
        if beginning is None:
            folder.mkdir()
            url = await self._template.copy(folder / "peerhall.sqlite3")
        else:
            shutil.copytree(beginning, folder)
            url = f"sqlite:///{folder / 'peerhall.sqlite3'}"
        values = {
            "origin": f"https://{domain}",
            "domain": domain,
            "name": domain.split(".", maxsplit=1)[0].title(),
            "data_dir": str(folder),
            "database_url": url,
            "secret_key": "a secret key that only tests ever use",
            "federation": "open",
            "registration": "open",
        } | settings
        here = await build(Settings(**values), clock=self.clock, transport=self.network, durable=False)
        is_split = os.environ.get("PEERHALL_TEST_LAYOUT") == "split"
        others = [await build_beside(here, transport=self.network) for _ in range(2 if is_split else 0)]
        processes = Processes(here, others)
        self.instances[domain] = here
        self.processes[domain] = processes
        self.network.apps[domain] = self.watch.wrap(processes, here.settings.origin)
        return here

    async def settle(self) -> None:
        """Run every instance's worker until nobody has anything to do."""
        busy = True
        while busy:
            busy = False
            for processes in self.processes.values():
                busy = await processes.work() or busy

    def everywhere(self, here: Instance) -> list[Instance]:
        """Each process of an instance, for what a test changes in memory behind everybody's back."""
        processes = self.processes[here.settings.domain]
        return [*processes.web, *({processes.worker} - {*processes.web})]

    async def person(self, here: Instance, name: str, *, role: str = "member", **facts: Any) -> "Person":
        """A local person who can sign in."""
        account = await here.run(
            accounts.create_account,
            here,
            name=name,
            email=facts.pop("email", f"{name}@example.org"),
            password=PASSWORD,
            role=role,
            display_name=facts.pop("display_name", name.title()),
        )
        return await self.as_person(here, account.actor_id)

    async def as_person(self, here: Instance, actor_id: str) -> "Person":
        """A signed-in person, with the token of a fresh session in which they are not asked whether it is them."""
        token = await here.run(accounts.start_session, here, actor_id, user_agent="test", proven_for=SESSION_LIFE)
        viewer = await here.run(accounts.viewer_for_token, here, token)
        assert viewer is not None
        return Person(here, viewer, token)

    def client(self, here: Instance, as_: "Person | None" = None) -> httpx.AsyncClient:
        """A browser without JavaScript, signed in as somebody or nobody."""
        cookies = {"peerhall_session": as_.token} if as_ else {}
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.network.apps[here.settings.domain]),
            base_url=here.settings.origin,
            cookies=cookies,
            headers={"accept": "text/html", "sec-fetch-site": "same-origin", "origin": here.settings.origin},
        )

    async def stop(self) -> None:
        """Close everything."""
        for processes in self.processes.values():
            await processes.stop()
        await self._template.forget()


class Person:
    """A local person in a test: where they live, who they are, and their session token."""

    def __init__(self, here: Instance, viewer: Any, token: str) -> None:
        self.here = here
        self.viewer = viewer
        self.token = token

    @property
    def id(self) -> str:
        """Their actor's id in the database."""
        return str(self.viewer.actor_id)

    @property
    def uri(self) -> str:
        """Their actor's id on the wire."""
        return str(self.viewer.actor_uri)

    async def do(self, action: Callable[..., Awaitable[T]], *arguments: Any, **keywords: Any) -> T:
        """Call an action that takes `here` and the acting viewer first."""
        return await self.here.run(action, self.here, self.viewer, *arguments, **keywords)


@pytest.fixture(scope="session")
async def loop(anyio_backend: str) -> AsyncIterator[None]:
    """One event loop for all tests, for the connections that are kept belong to one."""
    pools().is_open = True
    yield
    await pools().close()


@pytest.fixture
async def fediverse(template: Template, loop: None, tmp_path: Path) -> AsyncIterator[Fediverse]:
    """An empty network. Whatever its instances send or serve, strict parsers of other systems have to take."""
    made = Fediverse(template, tmp_path)
    yield made
    await made.stop()
    made.watch.check()
