"""The demo, small and in memory: three organisations with a few of their people, and Sofia's server."""

import html
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from federation.testing import FakeClock
from server.demo.deeds import PRACTICE, Cast
from server.demo.facts import DemoOrganisation
from server.demo.lakeside import LAKESIDE
from server.demo.network import make_cast
from server.demo.northfield import NORTHFIELD
from server.demo.riverside import RIVERSIDE
from server.demo.seed import Seeder
from server.demo.sofia import Sofia
from tests.conftest import Fediverse
from tests.databases import Template
from web.demo.pages import with_demo_pages
from web.demo.viewer import viewer_app

WHO = {"name", "slug", "description", "accent", "people"}
NOTHING: dict[str, Any] = {each.name: () for each in fields(DemoOrganisation) if each.name not in WHO}
SMALL = (
    replace(
        NORTHFIELD,
        **NOTHING
        | {
            "communities": NORTHFIELD.communities[:1],
            "practices": tuple(one for one in NORTHFIELD.practices if one.title.startswith(("Exit", "Silent"))),
            "polls": NORTHFIELD.polls,
        },
    ),
    replace(RIVERSIDE, **NOTHING | {"follows": (("tom", "science@northfield"),)}),
    replace(LAKESIDE, **NOTHING | {"follows": (("ines", "science@northfield"),)}),
)


@dataclass
class Days:
    """The clock of the tests, moved by days as the demo moves its own."""

    clock: FakeClock
    moved: timedelta = timedelta(0)

    @property
    def offset(self) -> timedelta:
        """How far it stands from where it began."""
        return self.moved

    @offset.setter
    def offset(self, offset: timedelta) -> None:
        self.clock.moment += offset - self.moved
        self.moved = offset


@dataclass
class Visitor:
    """A browser without JavaScript that goes from server to server, and keeps the page it is on."""

    apps: dict[str, Any]
    clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)
    url: str = ""
    raw: str = ""
    page: str = ""
    status: int = 0

    def client(self, url: str) -> httpx.AsyncClient:
        """The cookies and the connection for one host."""
        host = urlsplit(url).netloc
        if host not in self.clients:
            self.clients[host] = httpx.AsyncClient(
                transport=httpx.ASGITransport(self.apps[host]),
                base_url=f"https://{host}",
                headers={"accept": "text/html", "sec-fetch-site": "same-origin"},
            )
        return self.clients[host]

    async def open(self, address: str, form: dict[str, str] | None = None) -> str:
        """Follow a link, or send a form; redirects are followed to wherever they lead."""
        url = urljoin(self.url, address)
        answer = await self.client(url).request("GET" if form is None else "POST", url, data=form)
        while answer.status_code == 303:
            url = urljoin(url, answer.headers["location"])
            answer = await self.client(url).get(url)
        self.url, self.raw, self.status = url, answer.text, answer.status_code
        self.page = html.unescape(self.raw)
        return self.page

    async def press(self, action: str, **more: str) -> str:
        """Send the first form of the page whose action begins so, with its hidden fields."""
        found = re.search(rf'<form[^>]*action="({re.escape(action)}[^"]*)"[^>]*>(.*?)</form>', self.page, re.DOTALL)
        assert found is not None, f"no form {action} on {self.url}"
        hidden = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', found[2])
        return await self.open(found[1], dict(hidden) | more)

    def link(self, words: str) -> str:
        """Where a link with such words leads."""
        found = re.search(rf'<a [^>]*href="([^"]*)"[^>]*>(?:<svg.*?</svg>)?{re.escape(words)}', self.page, re.DOTALL)
        assert found is not None, f"no link {words!r} on {self.url}"
        return found[1]


@dataclass
class Demo:
    """The cast, and a way to let all servers work until nothing is left."""

    cast: Cast
    fediverse: Any
    practice: str = PRACTICE

    def visitor(self) -> Visitor:
        """Somebody new."""
        return Visitor(self.fediverse.network.apps, url=f"{self.cast.origin('northfield')}/")

    async def settle(self) -> None:
        """Every server works, Sofia's too."""
        busy = True
        while busy:
            await self.fediverse.settle()
            busy = await self.cast.sofia.work()


@dataclass(frozen=True)
class Seeded:
    """What seeding left on the disk, and when it ended."""

    folder: Path
    moment: datetime


async def _started(fediverse: Fediverse, folder: Path, beginnings: Path | None = None) -> Demo:
    """The cast on servers that are empty, or as their folders in `beginnings` say."""
    fediverse.watch.let_deliveries_pass()
    opened = [
        await fediverse.start(
            f"{one.slug}.example",
            beginning=beginnings and beginnings / f"{one.slug}.example",
            federation="careful",
            name=one.slug.title(),
        )
        for one in SMALL
    ]
    apps = fediverse.network.apps
    sofia = Sofia("https://elsewhere.example", folder / "elsewhere", clock=fediverse.clock, transport=fediverse.network)
    cast = make_cast(SMALL, opened, [apps[f"{one.slug}.example"] for one in SMALL], sofia)
    cast.patience_seconds = 0
    for slug, here in cast.opened.items():
        apps[f"{slug}.example"] = with_demo_pages(cast.wires[slug], here, cast)
    apps["elsewhere.example"] = viewer_app(cast)
    return Demo(cast, fediverse)


@pytest.fixture(scope="module")
async def seeded(template: Template, loop: None, tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    """The organisations with everybody in them, made once: the dearest part of each test by far."""
    folder = tmp_path_factory.mktemp("seeded")
    fediverse = Fediverse(template, folder)
    made = await _started(fediverse, folder)
    await Seeder(SMALL, made.cast.opened, Days(fediverse.clock), made.cast.sofia).run()
    await made.cast.sofia.close()
    await fediverse.stop()
    fediverse.watch.check()
    return Seeded(folder, fediverse.clock.moment)


@pytest.fixture
async def demo(seeded: Seeded, fediverse: Fediverse, tmp_path: Path) -> AsyncIterator[Demo]:
    """The demo as it is when somebody opens its start page."""
    fediverse.clock.moment = seeded.moment
    shutil.copytree(seeded.folder / "elsewhere", tmp_path / "elsewhere")
    made = await _started(fediverse, tmp_path, seeded.folder)
    yield made
    await made.cast.sofia.close()
