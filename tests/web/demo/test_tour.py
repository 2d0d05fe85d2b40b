"""The tour of the demo: three doors with six stops each, deeds that cross servers, and nothing of it anywhere else."""

import json

from server.demo.memory import Memory
from web.demo.pages import TOUR_COOKIE
from web.demo.stops import DOORS
from web.routes import page_routes

MAYA, SOFIA = "https://northfield.example", "https://elsewhere.example"


async def test_a_real_server_has_no_tour_and_signs_nobody_in(fediverse):
    here = await fediverse.start("alder.example")
    await fediverse.person(here, "maya")
    assert not [route.path for route in page_routes() if "demo" in getattr(route, "path", "")]
    async with fediverse.client(here) as browser:
        browser.cookies.set(TOUR_COOKIE, "maya.2")
        for path in ("/demo", "/demo/maya/1", "/demo/mine", "/demo/door?name=maya", "/demo/message?id=x"):
            assert (await browser.get(path)).status_code == 404, path
        for path in ("/demo/be", "/demo/maya/1", "/demo/deeds/tom", "/demo/leave"):
            answer = await browser.post(path, data={"name": "maya", "then": "/week"})
            assert answer.status_code in {404, 405}, path
            assert "set-cookie" not in answer.headers
        assert "The tour" not in (await browser.get("/")).text
        assert (await browser.get("/week")).status_code == 303


async def test_the_tour_refuses_what_no_page_sends_and_each_door_leads_through_six_stops(demo):
    visitor = demo.visitor()
    for path in ("/demo/maya/0", "/demo/maya/7", "/demo/tom/1", "/demo/message?id=nothing", "/demo/door?name=joel"):
        await visitor.open(path)
        assert visitor.status == 404, path
    for path, form in (
        ("/demo/be", {"name": "nobody"}),
        ("/demo/be", {"name": "tom@riverside.example"}),
        ("/demo/maya/3", {}),
        ("/demo/deeds/maya", {}),
        (f"{SOFIA}/reply", {"id": "https://northfield.example/none", "words": "x"}),
        (f"{SOFIA}/take-back", {"id": "https://northfield.example/none"}),
    ):
        await visitor.open(path, form)
        assert visitor.status == 404, path
    for url in (f"{MAYA}/demo/be", f"{MAYA}/demo/maya/1", f"{MAYA}/demo/deeds/tom", f"{SOFIA}/favourite"):
        forged = await visitor.client(url).post(url, data={"name": "maya"}, headers={"sec-fetch-site": "cross-site"})
        assert forged.status_code == 403, url
    for path in ("/demo", "/demo/maya/1", "/demo/door?name=maya"):
        await visitor.open(MAYA + path)
    assert not visitor.client(MAYA).cookies
    assert "/sign-in" in (await visitor.client(MAYA).get("/week")).headers["location"]

    for name in DOORS:
        visitor = demo.visitor()
        await visitor.open("/demo")
        assert visitor.page.count("<h2") >= 3
        for number in range(1, 7):
            await visitor.open(f"/demo/{name}/{number}")
            assert visitor.status == 200
            assert f"Stop {number} of 6" in visitor.page
            assert "Back" in visitor.page
            assert ("Skip to:" in visitor.page) is (number < 6)
            assert visitor.page.count(f"/demo/{name}/") >= 6
            await visitor.press(f"/demo/{name}/{number}")
            assert visitor.status == 200, visitor.url
            if number < 6:
                assert f"The tour, stop {number} of 6" in visitor.page
                await visitor.open(visitor.link("Next: "))
        assert "peerhall init" in visitor.page
        assert visitor.url == f"{MAYA}/demo/mine"
        await visitor.open("/practices")
        assert "The tour, stop 6 of 6" in visitor.page
        await visitor.press("/demo/leave")
        assert "The tour, stop" not in await visitor.open("/practices")
    for slug, stops in (("lakeside", 6), ("riverside", 4)):
        del demo.cast.opened[slug]  # a demo may have fewer organisations
        await visitor.open(f"/demo/maya/{stops}")
        assert f"Stop {stops} of {stops}" in visitor.page


async def test_tom_tries_it_elsewhere_and_the_grid_changes(demo):
    maya = demo.visitor()
    await maya.open("/demo/maya/2")
    assert "Tried 7 times" in await maya.press("/demo/maya/2")
    await maya.press("/demo/deeds/tom")
    assert "still on its way" in maya.page
    assert "Tried 7 times" in maya.page
    await demo.settle()
    await maya.open(maya.url)
    assert "It has arrived here." in maya.page
    assert "Tried 8 times" in maya.page
    assert "the piles became a wall" in maya.page
    await maya.open(maya.link("Show me the message"))
    assert "POST https://northfield.example/ap/" in maya.page
    assert 'keyid="https://riverside.example/ap/' in maya.page.lower()
    assert '"type": "Create"' in maya.page
    assert "Answered with 202: taken in." in maya.page
    await maya.open("/demo/maya/2")
    await maya.press("/demo/maya/2")
    await maya.press("/demo/deeds/tom")
    await demo.settle()
    assert "Tried 7 times" in await maya.open(maya.url)
    await maya.press("/demo/deeds/tom")
    await demo.settle()
    assert "Tried 8 times" in await maya.open(maya.url)


async def test_what_sofia_does_is_signed_delivered_and_counted(demo):
    sofia, maya = demo.visitor(), demo.visitor()
    await sofia.open(f"{SOFIA}/")
    assert demo.practice in sofia.page
    await sofia.open(f"{SOFIA}/exit-tickets?answer=yes")
    assert "Write one question on the board" in sofia.page
    post = sofia.url
    await sofia.open(sofia.link("Show the signed message"))
    assert '"type": "Create"' in sofia.page
    assert '"type": "Article"' in sofia.page
    silent = next(
        one for one, kept in demo.cast.sofia.memory.posts.items() if kept.document["name"].startswith("Silent")
    )
    await sofia.open(f"{SOFIA}/post?id={silent}")
    await sofia.open(sofia.link("Show the signed message"))
    assert '"type": "Announce"' in sofia.page  # from the community; she does not follow its author
    assert "fetched it from the server where it lives" in sofia.page
    await sofia.open(post)
    assert "Write something first." in await sofia.press("/reply", words=" ")
    assert sofia.status == 422
    await sofia.press("/reply", words="#triedit worked with changes: <b>sticky notes</b> on the door")
    assert "Signed and sent." in sofia.page
    assert "digest: SHA-256=" in sofia.page
    assert 'headers="(request-target) host date digest content-type"' in sofia.page
    assert '"type": "Hashtag"' in sofia.page
    await demo.settle()
    arrived = sofia.link("The same message as it arrived there")
    await sofia.open(sofia.link("See what it changed there"))
    assert "Tried 8 times" in sofia.page
    assert "sticky notes" in sofia.page
    assert "&lt;b&gt;sticky notes" in sofia.raw
    assert "Answered with 202" in await maya.open(arrived)
    assert "Thank you for trying" in await sofia.open(f"{SOFIA}/for-her")

    await sofia.open(f"{SOFIA}/poll")
    poll = sofia.url
    assert "Choose one answer" in await sofia.press("/vote", option="Something else")
    await sofia.open(poll)
    await sofia.press("/vote", option="Cleaning up in time")
    await demo.settle()
    await sofia.open(sofia.link("See what it changed there"))
    assert "6 people" in sofia.page or "6 votes" in sofia.page
    assert "Sofia chose “Cleaning up in time”." in await sofia.open(poll)
    await sofia.press("/favourite")
    assert '"type": "Like"' in sofia.page
    await sofia.open(poll)
    await sofia.press("/favourite")
    assert '"type": "Undo"' in sofia.page

    await sofia.open(post)
    await sofia.press("/take-back")
    assert '"type": "Delete"' in sofia.page
    await demo.settle()
    await maya.open("/demo/sofia/4")
    assert "Tried 7 times" in await maya.press("/demo/sofia/4")
    assert "Delete" in await sofia.open(f"{SOFIA}/letters")


async def test_ana_blocks_lakeside_sees_it_and_undoes_it(demo):
    ana = demo.visitor()
    await ana.open("/demo/ana/3")
    await ana.press("/demo/ana/3")
    page = ana.url
    assert page == f"{MAYA}/admin/servers/lakeside.example"
    await ana.open(page, {"grade": "blocked", "note": ""})
    assert "This would change" in ana.page
    await ana.open(page, {"grade": "blocked", "note": "", "confirmed": "blocked"})
    await ana.open("/demo/ana/4")
    await ana.press("/demo/ana/4")
    await ana.press("/demo/deeds/ines")
    await demo.settle()
    assert "This server refused it." in await ana.open(page)
    await ana.open(ana.link("Show me the message"))
    assert "Answered with 403: refused." in ana.page
    assert "We read them on the train home" in ana.page
    await ana.open("/demo/ana/5")
    await ana.press("/demo/ana/5")
    await ana.press("/admin/servers/lakeside.example/undo")
    await demo.settle()
    demo.fediverse.clock.advance(60)
    await ana.press("/demo/deeds/ines")
    await demo.settle()
    assert "It has arrived here." in await ana.open(page)

    await _her_server_is_what_it_says_and_remembers(demo)


async def _her_server_is_what_it_says_and_remembers(demo):
    sofia = demo.cast.sofia
    visitor = demo.visitor()
    client = visitor.client(SOFIA)
    index = (await client.get("/.well-known/nodeinfo")).json()["links"][0]["href"]
    assert (await client.get(index)).json()["software"]["name"] == "peerhall-demo-viewer"
    finger = (await client.get("/.well-known/webfinger?resource=acct:sofia@elsewhere.example")).json()
    assert finger["subject"] == "acct:sofia@elsewhere.example"
    actor = (await client.get(sofia.actor)).json()
    assert actor["publicKey"]["owner"] == sofia.actor
    unsigned = await client.post(
        "/ap/inbox", content=json.dumps({"type": "Create"}), headers={"content-type": "application/activity+json"}
    )
    assert unsigned.status_code in {400, 401}
    sofia.memory.save(sofia.folder)
    again = Memory.of(sofia.folder)
    assert again.rsa_pem == sofia.memory.rsa_pem
    assert list(again.posts) == list(sofia.memory.posts)
    assert again.letters[-2] == sofia.memory.letters[-2]
    assert set(again.follows.values()) == {"accepted"}
