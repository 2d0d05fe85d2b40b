"""What a server speaks follows from evidence: what it says, what it does, its software last; anew with every change."""

from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from federation.vocab.base import PUBLIC
from server.accounts import site
from server.actors.remote import ensure_remote
from server.communities import dialects
from tests.conftest import Fediverse
from tests.posting import Stranger, community

SAYS = {"generator": {"type": "Application", "implements": ["https://w3id.org/fep/1b12"]}}


class Server(Stranger):
    """A foreign server with NodeInfo, whose software the test chooses."""

    def __init__(self, fediverse: Any, domain: str, software: str = "") -> None:
        super().__init__(fediverse, domain)
        self.software = software
        routes = self.network.apps[domain].router.routes
        routes.insert(0, Route("/.well-known/nodeinfo", self._index))
        routes.insert(0, Route("/nodeinfo/2.1", self._nodeinfo))

    async def _index(self, request: Request) -> Response:
        rel = "http://nodeinfo.diaspora.software/ns/schema/2.1"
        return JSONResponse({"links": [{"rel": rel, "href": self.uri("nodeinfo/2.1")}]})

    async def _nodeinfo(self, request: Request) -> Response:
        return JSONResponse({"software": {"name": self.software, "version": "1"}})


@pytest.fixture
async def hall(fediverse: Fediverse) -> Any:
    """Somebody with a community."""
    maya = await fediverse.person(await fediverse.start("hall.example"), "maya", role="admin")
    return maya, await community(maya, "algebra")


async def spoken(here: Any, host: str) -> tuple[str, str]:
    """Dialect of a server, and what it follows from."""
    row = await here.run(here.db.row, "SELECT dialect, dialect_basis FROM peer WHERE host = :host", host=host)
    return (row["dialect"], row["dialect_basis"]) if row else ("", "")


async def follow(fediverse: Any, maya: Any, server: Stranger, actor: str, group: Any) -> None:
    assert await server.send(maya.here, server.activity("Follow", actor, group.uri)) == 202
    await fediverse.settle()


@pytest.mark.parametrize(
    ("software", "more", "expected"),
    [
        ("lemmy", {}, ("threadiverse", "software")),
        ("Lemmy", {}, ("threadiverse", "software")),
        ("mastodon", {}, ("microblog", "software")),
        ("mastodon", SAYS, ("threadiverse", "says")),
        ("", SAYS, ("threadiverse", "says")),
        ("", {}, ("unknown", "")),
        ("somethingnew", {}, ("unknown", "")),
    ],
)
async def test_what_is_said_counts_before_the_name_of_the_software(
    fediverse: Fediverse, hall: Any, software: str, more: dict[str, Any], expected: tuple[str, str]
) -> None:
    maya, group = hall
    server = Server(fediverse, "far.example", software)
    await follow(fediverse, maya, server, server.actor("sofia", **more), group)
    assert await spoken(maya.here, "far.example") == expected


@pytest.mark.parametrize("deed", ["announces an activity", "sends a Page", "names an audience", "has a community"])
async def test_what_is_done_counts_before_the_name_of_the_software(fediverse: Fediverse, hall: Any, deed: str) -> None:
    maya, group = hall
    far = Server(fediverse, "far.example", "mastodon")
    sofia, club = far.actor("sofia"), far.actor("club", "Group")
    await follow(fediverse, maya, far, sofia, group)
    assert await spoken(maya.here, "far.example") == ("microblog", "software")
    if deed == "announces an activity":
        note = far.note(sofia, "p/1")
        await far.send(maya.here, far.activity("Announce", club, far.activity("Create", sofia, note), path="an/1"))
    elif deed == "sends a Page":
        await far.create(fediverse, maya.here, sofia, "p/1", type="Page", name="A page", to=[group.uri, PUBLIC])
    elif deed == "names an audience":
        await far.create(fediverse, maya.here, sofia, "p/1", audience=group.uri, to=[group.uri, PUBLIC])
    else:
        await maya.here.run(ensure_remote, maya.here, club)
    await fediverse.settle()
    assert await spoken(maya.here, "far.example") == ("threadiverse", "does")


async def test_what_nobody_vouched_for_is_no_evidence(fediverse: Fediverse, hall: Any) -> None:
    maya, group = hall
    far, eve = Server(fediverse, "far.example", "mastodon"), Stranger(fediverse, "eve.example")
    sofia, mallory = far.actor("sofia"), eve.actor("mallory")
    await follow(fediverse, maya, far, sofia, group)
    club = far.actor("club", "Group")
    forged = far.activity("Announce", club, far.activity("Create", sofia, far.note(sofia, "p/1")), path="an/1")
    del far.documents[forged["id"]]
    await eve.send(maya.here, forged, signer=mallory)
    await fediverse.settle()
    assert await spoken(maya.here, "far.example") == ("microblog", "software")


async def test_a_server_that_upgrades_is_understood_anew(fediverse: Fediverse, hall: Any) -> None:
    maya, group = hall
    far = Server(fediverse, "far.example", "wordpress")
    sofia = far.actor("sofia")
    await follow(fediverse, maya, far, sofia, group)
    assert await spoken(maya.here, "far.example") == ("microblog", "software")
    far.documents[sofia] |= SAYS
    await maya.here.run(ensure_remote, maya.here, sofia, refresh=True)
    await maya.here.run(dialects.reclassify, maya.here, "far.example")
    assert await spoken(maya.here, "far.example") == ("threadiverse", "says")


async def test_other_software_on_the_same_domain_begins_afresh(fediverse: Fediverse, hall: Any) -> None:
    maya, group = hall
    far = Server(fediverse, "far.example", "lemmy")
    sofia, club = far.actor("sofia"), far.actor("club", "Group")
    await follow(fediverse, maya, far, sofia, group)
    await maya.here.run(ensure_remote, maya.here, club)
    await maya.here.run(dialects.heard, maya.here, "far.example")
    assert await spoken(maya.here, "far.example") == ("threadiverse", "does")
    far.software = "mastodon"
    fediverse.clock.advance(8 * 24 * 3600)  # the daily look finds what was not looked at for a week
    await fediverse.settle()
    assert await spoken(maya.here, "far.example") == ("microblog", "software")


async def test_admins_say_which_software_has_communities(fediverse: Fediverse, hall: Any) -> None:
    maya, group = hall
    new, lem = Server(fediverse, "new.example", "agora"), Server(fediverse, "lem.example", "lemmy")
    await follow(fediverse, maya, new, new.actor("nina"), group)
    await follow(fediverse, maya, lem, lem.actor("lena"), group)
    assert await spoken(maya.here, "new.example") == ("unknown", "")
    async with fediverse.client(maya.here, maya) as browser:
        page = await browser.get("/admin/site")
        assert "lemmy" in page.text
        form = {"name": "Hall", "accent": "#2f6f5e", "registration": "open", "default_licence": "CC-BY-4.0"}
        refused = await browser.post("/admin/site", data={**form, "threadiverse_software": "agora <b>"})
        assert (refused.status_code, "agora &lt;b&gt;" in refused.text) == (422, True)
        saved = await browser.post("/admin/site", data={**form, "threadiverse_software": "Agora\nmbin"})
        assert saved.status_code == 303
    assert await spoken(maya.here, "new.example") == ("threadiverse", "software")
    assert await spoken(maya.here, "lem.example") == ("unknown", "")
    await maya.here.run(site.save, maya.here, "maya", {"threadiverse_software": ""})
    await maya.here.run(dialects.reclassify_all, maya.here)
    assert await spoken(maya.here, "lem.example") == ("threadiverse", "software")
    assert await spoken(maya.here, "new.example") == ("unknown", "")
