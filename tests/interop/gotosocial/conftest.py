"""Starts a GoToSocial of its own, with two people, beside a server of ours with five."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest

from tests.interop.gotosocial.starting import Theirs, home, start
from tests.interop.live import Ours, until


@dataclass
class GoToSocial:
    """A running GoToSocial and its two people: Greta, who is an admin, and Gus."""

    origin: str
    version: str
    greta: Theirs
    gus: Theirs
    pid: int = 0

    @contextmanager
    def away(self) -> Iterator[None]:
        """It answers nobody for a while, and is then what it was."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)


@dataclass
class World:
    """Both servers, and browsers of three of our people: Maya, who is an admin and has a community, Tom, and Lin."""

    ours: Ours
    theirs: GoToSocial
    maya: httpx.Client
    tom: httpx.Client
    lin: httpx.Client

    def handle(self, name: str) -> str:
        """The handle of somebody of ours."""
        return f"@{name}@{self.ours.domain}"


@pytest.fixture(scope="session")
def gotosocial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GoToSocial]:
    """A fresh GoToSocial, where PEERHALL_GOTOSOCIAL names a folder with its program and its ``web`` folder."""
    place = home()
    if place is None:
        pytest.skip("PEERHALL_GOTOSOCIAL names no folder with a GoToSocial")
    started = start(tmp_path_factory.mktemp("gotosocial"), place, ("greta", "gus"), admin="greta")
    try:
        yield GoToSocial(started.origin, started.version, *started.people, pid=started.process.pid)
    finally:
        started.close()


@pytest.fixture(scope="session")
def world(gotosocial: GoToSocial, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """GoToSocial and a server of ours; nobody knows anybody yet."""
    ours = Ours(tmp_path_factory.mktemp("ours"))
    ours.add_person("maya", role="admin")
    for name in ("tom", "lin", "nora", "owen", "petra"):
        ours.add_person(name)
    ours.add_community("science", "maya")
    ours.add_community("staffroom", "maya", visibility="members")
    browsers: list[httpx.Client] = []
    try:
        ours.start()
        browsers = [ours.browser(name) for name in ("maya", "tom", "lin")]
        yield World(ours, gotosocial, *browsers)
    finally:
        for browser in browsers:
            browser.close()
        ours.close()


@pytest.fixture(scope="session")
def friends(world: World) -> World:
    """Greta and Maya follow each other; Greta follows Maya's community; both accounts of GoToSocial are open."""
    greta = world.theirs.greta
    for person in (greta, world.theirs.gus):
        person.api.patch("/api/v1/accounts/update_credentials", data={"locked": "false"}).raise_for_status()
    for handle in (world.handle("maya"), world.handle("science")):
        greta.follow(handle)
        until(lambda handle=handle: greta.relationship(handle)["following"])
    world.maya.get("/search", params={"q": greta.handle}).raise_for_status()
    world.maya.post(f"/{greta.handle}/follow").raise_for_status()
    until(lambda: greta.relationship(world.handle("maya"))["followed_by"])
    return world
