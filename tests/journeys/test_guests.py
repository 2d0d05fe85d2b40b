"""A guest: somebody who comes in with their account on another server. Refusals first."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from server.accounts import actions as accounts
from server.actors import actions as actors
from server.communities.models import Community
from server.peers import actions as peers
from tests.conftest import Fediverse
from tests.posting import Stranger, community, found, join, reply, write


async def sets_out(browser, handle):
    """Somebody says who they are; the address that their own server is asked at, or None."""
    answer = await browser.post("/guest", data={"handle": handle})
    ways = re.findall(r'href="(https://[^"]*/oauth/authorize[^"]*)"', answer.text)
    return ways[0].replace("&amp;", "&") if ways else None


async def agrees(fediverse, home, person, address):
    """They agree at their own server; what it gives their browser to bring back."""
    given = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    words = {"teaches": "", "stuck_with": "", "ask_me_about": ""}
    await person.do(accounts.finish_first_visit, **words, accepts_guidelines=None)
    async with fediverse.client(home, person) as there:
        assert (await there.get(address)).status_code == 200
        answer = await there.post("/oauth/authorize", data=given | {"decision": "yes"})
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


class Liar(Stranger):
    """A foreign server that says of who signs in whatever a test has it say."""

    def __init__(self, fediverse, domain):
        super().__init__(fediverse, domain)
        self.says = {}
        rest = fediverse.network.apps[domain]
        own = Starlette(
            routes=[
                Route("/api/v1/apps", self._app, methods=["POST"]),
                Route("/oauth/token", self._token, methods=["POST"]),
                Route("/api/v1/accounts/verify_credentials", self._who),
            ]
        )

        async def app(scope, receive, send):
            paths = {route.path for route in own.routes}
            await (own if scope["path"] in paths else rest)(scope, receive, send)

        fediverse.network.apps[domain] = app

    async def _app(self, _: Request) -> Response:
        return JSONResponse({"client_id": "us", "client_secret": "ours"})

    async def _token(self, _: Request) -> Response:
        return JSONResponse({"access_token": "anything"})

    async def _who(self, _: Request) -> Response:
        return JSONResponse(self.says)


@pytest.mark.parametrize(
    "says",
    [
        {},
        {"username": "tom@birch.example", "acct": "tom@birch.example"},
        {"username": "tom", "acct": "tom@birch.example"},
        {"username": "nobody", "acct": "nobody"},
        {"username": ["eve"], "acct": "eve"},
        {"username": "mover", "acct": "mover"},
    ],
)
async def test_s9_a_server_speaks_for_its_own_people_and_nobody_elses(fediverse: Fediverse, says) -> None:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    tom = await fediverse.person(birch, "tom")
    liar = Liar(fediverse, "liar.example")
    liar.actor("eve")
    liar.documents[tom.uri] = {"preferredUsername": "mover"}  # its WebFinger says that this is somebody of birch
    liar.says = says
    async with fediverse.client(alder) as browser:
        address = await sets_out(browser, "@eve@liar.example")
        state = parse_qs(urlsplit(address).query)["state"][0]
        answer = await browser.get("/guest/back", params={"code": "x", "state": state})
        assert answer.status_code == 403
        assert "peerhall_guest=" not in str(answer.headers).replace("peerhall_guest_way=", "")
        assert "Come in as a guest" in (await browser.get("/guest")).text


async def test_s28_a_guest_reads_and_answers_where_they_are_a_member_and_does_nothing_else(
    fediverse: Fediverse,
) -> None:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara, tom = await fediverse.person(alder, "amara"), await fediverse.person(birch, "tom")
    eve = await fediverse.person(birch, "eve")
    group = await community(amara, "quiet", visibility="members", join_policy="open")
    other = await community(amara, "other", visibility="members", join_policy="open")
    for place in (group, other):
        await join(tom, place)
    await fediverse.settle()
    post = await write(amara, "What do you do on a wet Friday?", community_id=group.id, visibility="members")
    hidden = await write(amara, "zq for others", community_id=other.id, visibility="members")
    inside = await write(amara, "zq for people here", visibility="instance")
    open_post = await write(amara, "For everybody")
    kept = await write(amara, "zq between us", community_id=group.id, visibility="members", confidential=True)
    await reply(amara, post, "I begin: quiz.")
    await fediverse.settle()

    async def takes_guests():
        await Community.filter(id=group.id).update(guests=True)

    await alder.run(takes_guests)
    async with fediverse.client(alder) as browser, fediverse.client(alder) as thief:
        for handle in ("tom", "@amara@alder.example", "@nobody@birch.example", "@tom@nowhere.example", ""):
            assert await sets_out(browser, handle) is None, handle
        address = await sets_out(browser, "@tom@birch.example")
        given = await agrees(fediverse, birch, tom, address)
        for wrong in (given | {"state": "x"}, {"state": given["state"]}, given | {"code": "made up"}):
            async with fediverse.client(alder) as another:
                another.cookies.set("peerhall_guest_way", browser.cookies["peerhall_guest_way"])
                assert (await another.get("/guest/back", params=wrong)).status_code == 403
        assert (await thief.get("/guest/back", params=given)).status_code == 403, "another browser"
        assert (await browser.get("/guest/back", params=given)).headers["location"] == "/guest"
        page = (await browser.get("/guest")).text
        assert "@tom@birch.example" in page
        assert "/guest/c/quiet" in page
        assert "/guest/c/other" not in page
        # Nothing else here knows a guest, and what is not shared with their community they do not get.
        for path in ("/week", "/settings", "/admin", "/notifications", "/me"):
            assert (await browser.get(path)).status_code in {303, 404}, path
        for path in ("/guest/c/other", *(f"/guest/p/{each.short}" for each in (hidden, inside, open_post, kept))):
            assert (await browser.get(path)).status_code == 404, path
            assert (await browser.post(path, data={"text": "x"})).status_code in {404, 405}, path
        assert (await thief.get(f"/guest/p/{post.short}")).status_code == 404
        assert f"/guest/p/{post.short}" in (await browser.get("/guest/c/quiet")).text
        shown = (await browser.get(f"/guest/p/{post.short}")).text
        assert "I begin: quiz." in shown
        assert (await browser.post(f"/guest/p/{post.short}", data={"text": "  "})).status_code == 422
        answered = await browser.post(f"/guest/p/{post.short}", data={"text": "A walk with umbrellas."})
        assert answered.status_code == 303, answered.text
        await fediverse.settle()
        shown = (await browser.get(f"/guest/p/{post.short}")).text
        assert "A walk with umbrellas." in shown
        assert "@tom@birch.example" in shown
        mine = await alder.run(
            alder.db.row,
            "SELECT actor.username, post.is_local, post.visibility FROM post JOIN actor ON actor.id = post.author_id"
            " WHERE post.content_html LIKE :words",
            words="%umbrellas%",
        )
        assert (mine["username"], bool(mine["is_local"]), mine["visibility"]) == ("tom", False, "members")
        # Somebody who is no member is a guest of nothing; whoever is suspended is none at all, from that moment.
        async with fediverse.client(alder) as stranger:
            given = await agrees(fediverse, birch, eve, await sets_out(stranger, "@eve@birch.example"))
            await stranger.get("/guest/back", params=given)
            assert "No community yet" in (await stranger.get("/guest")).text
            assert (await stranger.get(f"/guest/p/{post.short}")).status_code == 404
        far = await alder.run(actors.resolve, alder, tom.uri)
        await alder.run(actors.suspend, alder, far.id, "@ana")
        assert (await browser.get(f"/guest/p/{post.short}")).status_code == 404
        assert await sets_out(thief, "@tom@birch.example") is None
        await alder.run(actors.unsuspend, alder, far.id, "@ana")
        assert (await browser.get(f"/guest/p/{post.short}")).status_code == 200
        await alder.run(peers.set_grade, alder, "birch.example", "blocked", "@ana", "")
        assert (await browser.get(f"/guest/p/{post.short}")).status_code == 404
        assert (await browser.post(f"/guest/p/{post.short}", data={"text": "x"})).status_code == 404
        assert await sets_out(thief, "@tom@birch.example") is None
        await alder.run(peers.set_grade, alder, "birch.example", "normal", "@ana", "")
        assert (await browser.get(f"/guest/p/{post.short}")).status_code == 200
        fediverse.clock.advance(9 * 3600)
        assert (await browser.get(f"/guest/p/{post.short}")).status_code == 404
        assert "no guest here any more" in (await browser.get("/guest")).text


async def test_s29_who_leaves_as_a_guest_takes_their_token_along(fediverse: Fediverse) -> None:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    tom = await fediverse.person(birch, "tom")
    async with fediverse.client(alder) as browser:
        given = await agrees(fediverse, birch, tom, await sets_out(browser, "@tom@birch.example"))
        await browser.get("/guest/back", params=given)
        held = "SELECT count(*) AS n FROM oauth_token"
        assert await birch.run(birch.db.value, held) == 1
        kept = browser.cookies["peerhall_guest"]
        sealed = await alder.run(alder.db.value, "SELECT token_sealed FROM guest_pass")
        assert sealed.startswith("gAAAA")
        assert (await browser.post("/guest/leave")).status_code == 303
        assert await birch.run(birch.db.value, held) == 0
        async with fediverse.client(alder) as again:
            again.cookies.set("peerhall_guest", kept)
            assert "no guest here any more" in (await again.get("/guest")).text
    assert await found(alder, "https://birch.example/none") is None
