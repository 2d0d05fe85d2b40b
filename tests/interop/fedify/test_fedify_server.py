"""A small Fedify server (`server.mjs`) beside us: it follows, writes and signs in both ways, and so do we."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.interop.live import Ours, Process, alive, free_port, fresh, ours_with_maya, practice, share, until
from tests.interop.node import node, package

pytestmark = [pytest.mark.peer, pytest.mark.timeout(240)]

scenario = pytest.mark.scenario

FOLDER = Path(__file__).parent


class Fern:
    """The one person of a running Fedify server."""

    def __init__(self, port: int, first_knock: str) -> None:
        self.origin = f"http://localhost:{port}"
        self.uri = f"{self.origin}/users/fern"
        self.handle = f"@fern@localhost:{port}"
        self.first_knock = first_knock

    def do(self, what: str, **more: Any) -> dict[str, Any]:
        """Have something done."""
        answer = httpx.post(f"{self.origin}/control", json={"do": what, **more}, timeout=60)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def received(self, kind: str, words: str = "") -> dict[str, Any] | None:
        """The newest activity of a type that its listeners were given."""
        for each in reversed(self.do("seen")["received"]):
            if each["type"] == kind and words in str(each.get("content") or each.get("object") or ""):
                found: dict[str, Any] = each
                return found
        return None

    def knocks(self) -> list[tuple[str, int]]:
        """What came to its inboxes, in order: how it was signed, and what was answered."""
        return [(each["scheme"], each["status"]) for each in self.do("seen")["knocks"]]


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ours]:
    """A Peerhall with Maya and her community."""
    package(FOLDER, "@fedify/fedify")
    with ours_with_maya(tmp_path_factory.mktemp("ours")) as served:
        yield served


@pytest.fixture(scope="module")
def maya(ours: Ours) -> Iterator[httpx.Client]:
    """Maya's browser."""
    with closing(ours.browser("maya")) as browser:
        yield browser


@pytest.fixture(scope="module", params=["rfc9421", "cavage"])
def fern(request: pytest.FixtureRequest, ours: Ours, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fern]:
    """A Fedify server that first tries one way of signing."""
    assert ours
    port, log = free_port(), tmp_path_factory.mktemp("fedify") / "fedify.log"
    running = Process([node(), "server.mjs", str(port), request.param], log=log, cwd=FOLDER)
    made = Fern(port, request.param)
    try:
        running.wait_for(lambda: alive(made.uri))
        yield made
    finally:
        running.close()


@pytest.fixture
def friends(ours: Ours, maya: httpx.Client, fern: Fern) -> Fern:
    """Fern and Maya follow each other."""
    uri = ours.document("/@maya").json()["id"]
    if uri not in fern.do("seen")["followers"]:
        fern.do("follow", actor=uri)
        until(lambda: fern.received("Accept"))
        maya.get("/search", params={"q": fern.handle}).raise_for_status()
        maya.post(f"/{fern.handle}/follow").raise_for_status()
        until(lambda: uri in fern.do("seen")["followers"])
    return fern


@scenario("Fedify", "follow", "a person is followed, and follows, whichever way of signing is tried first")
def test_follows_go_both_ways(ours: Ours, maya: httpx.Client, friends: Fern) -> None:
    for page in ("/@maya/followers", "/@maya/following"):
        until(lambda page=page: friends.handle in maya.get(page).text)
    accepted = friends.received("Accept")
    assert accepted is not None
    assert accepted["actor"] == ours.document("/@maya").json()["id"]


@scenario(
    "Fedify", "post", "a practice is taken in by its listeners; posts of its people are shown, corrected, deleted"
)
def test_posts_go_both_ways(maya: httpx.Client, friends: Fern) -> None:
    words = fresh("post")
    share(maya, words)
    taken = until(lambda: friends.received("Create", f"First ask {words}"))
    assert taken["objectType"] == "Article"
    written = friends.do("note", text=f"<p>From Fern {words}</p>")["id"]
    until(lambda: f"From Fern {words}" in maya.get("/week").text)
    friends.do("edit", id=written, text=f"<p>Better from Fern {words}</p>")
    until(lambda: f"Better from Fern {words}" in maya.get("/week").text)
    friends.do("delete", id=written)
    until(lambda: f"from Fern {words}" not in maya.get("/week").text)


@scenario("Fedify", "reply", "its reply stands under the practice; its like and its boost are counted")
def test_a_reply_a_like_and_a_boost(ours: Ours, maya: httpx.Client, friends: Fern) -> None:
    words = fresh("answer")
    page = share(maya, words)
    post = ours.document(page).json()
    friends.do("reply", text=f"<p>So do we {words}</p>", to=post["id"], person=post["attributedTo"])
    until(lambda: f"So do we {words}" in maya.get(page).text)
    for what, collection in (("like", "likes"), ("announce", "shares")):
        friends.do(what, object=post["id"], person=post["attributedTo"])
        until(lambda of=post[collection]["id"]: ours.document(of).json()["totalItems"] == 1)


@scenario("Fedify", "edit", "our corrections and deletions reach its listeners")
def test_our_corrections_arrive(maya: httpx.Client, friends: Fern) -> None:
    words = fresh("change")
    page = share(maya, words)
    until(lambda: friends.received("Create", f"First ask {words}"))
    changed = practice(words, steps=[f"First listen {words}."], save="1")
    maya.post(f"{page}/edit", data=changed).raise_for_status()
    until(lambda: friends.received("Update", f"First listen {words}"))
    maya.post(f"{page}/delete").raise_for_status()
    until(lambda: friends.received("Delete"))


@scenario(
    "Fedify", "proofs", "it verifies the proof on an activity of ours; an activity of its own carries one we verify"
)
def test_proofs_are_verified_both_ways(ours: Ours, maya: httpx.Client, friends: Fern) -> None:
    words = fresh("proof")
    share(maya, words)
    taken = until(lambda: friends.received("Create", f"First ask {words}"))
    assert friends.do("prove", id=taken["id"]) == {"proven": True, "type": "Create"}
    shown = ours.run("inspect", friends.handle)
    assert shown.exit_code == 0, shown.stderr
    assert "Ed25519" in shown.stdout
    assert "RSA, 4096 bits" in shown.stdout
    friends.do("note", text=f"<p>With a proof {words}</p>")
    until(lambda: f"With a proof {words}" in maya.get("/week").text)


@scenario(
    "Fedify", "signatures", "where one way of signing is refused we knock a second time, and remember what worked"
)
def test_double_knocking_is_seen_and_remembered(ours: Ours, maya: httpx.Client, friends: Fern) -> None:
    other = {"cavage": "rfc9421", "rfc9421": "cavage"}

    def heard(words: str) -> list[tuple[str, int]]:
        before = len(friends.knocks())
        share(maya, words)
        until(lambda: friends.received("Create", f"First ask {words}"))
        until(lambda: friends.knocks()[-1][1] == 202)
        return friends.knocks()[before:]

    for refused in ("cavage", "rfc9421"):
        friends.do("refuse", scheme=refused)
        assert heard(fresh("first")) == [(refused, 401), (other[refused], 202)]
        assert heard(fresh("second")) == [(other[refused], 202)]
    friends.do("refuse", scheme=None)
    assert heard(fresh("third")) == [("cavage", 202)]
    with ours.browser() as nobody:
        assert nobody.get("/health").status_code == 200
