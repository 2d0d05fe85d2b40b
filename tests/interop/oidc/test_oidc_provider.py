"""Our server as it really runs, and people who sign in with a certified provider on loopback."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.interop.live import Ours, Process, alive, free_port, until
from tests.interop.node import node, package

pytestmark = [pytest.mark.peer, pytest.mark.timeout(240)]

FOLDER = Path(__file__).parent
CLIENT, SECRET = "peerhall", "a secret: of + one client/"


class There:
    """The provider, and what it is told."""

    def __init__(self, port: int) -> None:
        self.origin = f"http://localhost:{port}"

    def do(self, **what: Any) -> None:
        """Have it know somebody, forget them, or lie."""
        httpx.post(f"{self.origin}/control", json=what, timeout=30).raise_for_status()

    def add(self, name: str, *groups: str) -> None:
        """Somebody it knows, with a mail address that it vouches for."""
        said = {"name": name.title(), "email": f"{name}@school.example", "email_verified": True, "groups": groups}
        self.do(add=name, claims=said)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ours, There]]:
    """A Peerhall and a provider that know of each other."""
    package(FOLDER, "oidc-provider")
    port = free_port()
    there = There(port)
    ours = Ours(
        tmp_path_factory.mktemp("ours"),
        oidc_issuer=there.origin,
        oidc_client_id=CLIENT,
        oidc_client_secret=SECRET,
        oidc_name="School account",
        oidc_scopes="openid profile email groups offline_access",
        oidc_parameters="prompt=consent",
        oidc_required="groups=staff",
        oidc_roles="admin:groups=it",
        oidc_create="everybody",
    )
    back = f"{ours.origin}/sign-in/with/back"
    log = ours.folder / "provider.log"
    served = Process([node(), "server.mjs", str(port), CLIENT, SECRET, back], log=log, cwd=FOLDER)
    try:
        served.wait_for(lambda: alive(f"{there.origin}/.well-known/openid-configuration"))
        ours.start()
        yield ours, there
    finally:
        ours.close()
        served.close()


def goes(ours: Ours, there: There, name: str, browser: httpx.Client) -> httpx.Response:
    """Somebody signs in over there; the page they end on."""
    there.do(who=name)
    return browser.get(f"{ours.origin}/sign-in/with")


def joins(ours: Ours, there: There, name: str, browser: httpx.Client) -> None:
    """Their first time."""
    assert "Choose your name here" in goes(ours, there, name, browser).text
    browser.post("/sign-in/with/name", data={"username": name, "display_name": name.title()}).raise_for_status()


def account(ours: Ours, name: str) -> tuple[str, str]:
    """State and role of an account, as it is stored."""
    with closing(sqlite3.connect(ours.folder / "data" / "peerhall.sqlite3")) as database:
        query = "SELECT state, role FROM account JOIN actor ON actor.id = account.actor_id WHERE username = ?"
        state, role = database.execute(query, (name,)).fetchone()
        return state, role


def night(ours: Ours) -> None:
    """What is done at night is due now."""
    ours.close()
    with closing(sqlite3.connect(ours.folder / "data" / "peerhall.sqlite3")) as database, database:
        database.execute("UPDATE oidc_identity SET asked_at = asked_at - 90000000")
        database.execute("UPDATE job SET run_at = 0 WHERE name = 'oidc.nightly'")
    ours.start()


def test_s31_people_sign_in_with_a_real_provider_until_it_says_no(both: tuple[Ours, There]) -> None:
    ours, there = both
    for name, groups in (("ana", ("staff", "it")), ("tom", ("staff",)), ("eve", ("pupils",))):
        there.add(name, *groups)
    with ours.browser() as eve, ours.browser() as tom, ours.browser() as ana:
        refused = goes(ours, there, "eve", eve)
        assert refused.status_code == 403
        assert "groups is staff" in refused.text
        there.do(audience="somebody-else")
        assert "could not be verified" in goes(ours, there, "ana", ana).text
        there.do(audience="")
        joins(ours, there, "ana", ana)
        joins(ours, there, "tom", tom)
        assert (account(ours, "ana"), account(ours, "tom")) == (("active", "admin"), ("active", "member"))
        assert ana.post("/admin/provider/test").text.count(": yes") == 5
        there.do(rotate=True)
        with ours.browser() as again:
            until(lambda: goes(ours, there, "tom", again).status_code == 200, seconds=90)
            assert again.get("/me").url.path == "/@tom"
        ana.post("/sign-out")
        goes(ours, there, "ana", ana)  # with its keys it forgot what it gave out before
        there.add("tom", "alumni")
        night(ours)
        until(lambda: account(ours, "tom") == ("suspended", "member"))
        assert tom.get("/me").url.path == "/sign-in"
        assert "@tom" in ana.get("/admin/provider").text
        there.add("tom", "staff", "it")
        goes(ours, there, "tom", tom)
        assert account(ours, "tom") == ("active", "admin")
        # Whom it does not know any more, it gives nothing about: gone, as well.
        there.do(remove="tom")
        night(ours)
        until(lambda: account(ours, "tom")[0] == "suspended")
        assert ana.get("/me").url.path == "/@ana"
