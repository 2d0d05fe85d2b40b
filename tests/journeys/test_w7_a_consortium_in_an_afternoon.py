"""W7, a consortium in an afternoon: founded, joined, lied about, and one has to go; its admins in their browsers."""

from dataclasses import replace
from datetime import UTC, datetime

import httpx

from federation.engine import Engine
from server.consortium import lists
from server.peers import actions as peers
from server.peers.queries import may_receive, may_send, network_hosts
from server.practices import actions as practices
from server.tries import actions as tries
from tests.journeys.test_tried_across_servers import PRACTICE, WELL
from tests.posting import community, document, follow, found, sees, write

ALDER, BIRCH, CEDAR = HOSTS = "alder.example", "birch.example", "cedar.example"
WORDS = {"name": "Valley schools", "purpose": "We try each other's practices.", "guidelines": "Name *no pupils*."}
HILLS = {"name": "Hill schools", "purpose": "We meet on the hill."}
VALLEY = "/admin/networks/valley-schools"
CLOSED = "They have closed."


def says_of_itself(patch, **facts):
    """Let every list say something else of itself, with its signature."""
    listed = lists.list_of

    async def lied(*arguments):
        return replace(await listed(*arguments), members=(), **facts)

    patch.setattr(lists, "list_of", lied)


FORGED = {
    "It is not signed by its host.": lambda patch: patch.setattr(Engine, "proof", lambda _, __, made: made),
    "It is not good any more": lambda patch: says_of_itself(patch, valid_until=datetime(2026, 1, 1, tzinfo=UTC)),
    "It is older than the one that we know.": lambda patch: says_of_itself(patch, version=1),
}


async def test_w7_m2_m6_a_consortium_in_an_afternoon(fediverse, monkeypatch):
    fediverse.watch.let_deliveries_pass()  # What is for the network goes to Peerhalls alone.
    alder, birch, cedar = schools = [await fediverse.start(host, federation="consortium") for host in HOSTS]
    ana, ben, cleo = people = [
        await fediverse.person(here, name, role="admin")
        for here, name in zip(schools, ("ana", "ben", "cleo"), strict=True)
    ]
    for person, slug in zip(people, ("arts", "biology", "chemistry"), strict=True):
        await community(person, slug)
    await community(cleo, "staff-of-cedar", visibility="members")
    host, school, third = browsers = [fediverse.client(person.here, person) for person in people]

    # Ana founds it. Its list is there for anybody, signed, and good for a week.
    await says(host, "/admin/networks", "You are alone")
    assert await does(host, "/admin/networks/found", **WORDS) == VALLEY
    (address,) = (await document(fediverse, alder, f"https://{ALDER}/ap/networks"))[1]["orderedItems"]
    status, listed, _ = await document(fediverse, alder, address)
    assert (status, listed["listVersion"], len(listed["items"])) == (200, 1, 1)
    assert listed["proof"]["verificationMethod"].startswith(f"https://{ALDER}/ap/actor#")

    # Two schools look at it, agree and ask; Ana reads why, and lets them in. The second looks at changes first.
    await joins(fediverse, host, school, BIRCH, "apply")
    assert lets_in(schools) == ([BIRCH], [ALDER], [])
    await says(school, VALLEY, "What changed here", "+ Alder")
    at = fediverse.clock.now()
    await joins(fediverse, host, third, CEDAR, "look")
    await says(third, "/admin", "2 changes to look at")
    await says(third, VALLEY, "Changes for you to look at", "+ Alder", "+ Birch")
    assert lets_in(schools) == ([BIRCH, CEDAR], [ALDER, CEDAR], [ALDER])
    await does(third, f"{VALLEY}/apply")
    await does(third, f"{VALLEY}/choose", changes="apply")
    assert fediverse.clock.now() == at
    assert lets_in(schools) == ([BIRCH, CEDAR], [ALDER, CEDAR], [ALDER, BIRCH])
    assert network_hosts(birch) == [ALDER, CEDAR]
    await says(school, VALLEY, "+ Cedar")

    # Its page shows everybody who is in it; what was agreed on changes for all at once.
    await does(host, f"{VALLEY}/describe", **WORDS | {"guidelines": "Be *kind*."})
    await fediverse.settle()
    for here in schools:
        page = await says(fediverse.client(here), "/networks/valley-schools", "3 members", "Be <em>kind</em>.", *HOSTS)
        assert "Nothing yet that we know of." in page

    # A minute later the communities of each are found at all the others, but not those that are for members.
    fediverse.clock.advance(60)
    await fediverse.settle()
    for here in schools:
        page = await says(fediverse.client(here), "/networks/valley-schools", ">Arts</a>", ">Biology</a>")
        assert (">Chemistry</a>" in page, "Staff" in page) == (True, False)
    assert "Chemistry" in await says(school, "/communities?where=elsewhere", f"/c/chemistry@{CEDAR}", "Arts")

    # What is for the network travels between two that never met, and is for nobody else.
    for reader in (ana, ben):
        await follow(reader, cleo)
    await fediverse.settle()
    inside = await write(cleo, "For schools of the valley", visibility="network")
    public = await cleo.do(practices.share, PRACTICE)
    await fediverse.settle()
    assert await has(inside, ana, ben) == [True, True]
    assert await has(inside, *schools) == [False, False, False]
    assert (await document(fediverse, cedar, inside.uri))[0] == 404
    # Somebody tries what another member shared: the map has an edge.
    await ben.do(tries.report, (await found(birch, public.uri)).id, WELL)
    await fediverse.settle()
    fediverse.clock.advance(60)
    for here in (birch, cedar):
        await says(fediverse.client(here), "/networks/valley-schools", "tried once", "Birch – Cedar")

    # A list that is not signed, not good any more, or older than the last changes nothing, and the admins are told.
    for words, forged in FORGED.items():
        with monkeypatch.context() as patch:
            forged(patch)
            fediverse.clock.advance(3600)
            await fediverse.settle()
        await says(school, VALLEY, "The latest list was refused", words)
        await says(school, "/admin", "the list was refused")
        assert lets_in(schools) == ([BIRCH, CEDAR], [ALDER, CEDAR], [ALDER, BIRCH])
    await does(school, f"{VALLEY}/fetch")
    assert "The latest list was refused" not in await says(school, VALLEY)

    # Cedar has to go. Birch does not hear the news, and learns it by its own look: within the hour nothing passes.
    refused = await host.post(f"{VALLEY}/remove", data={"host": CEDAR, "reason": ""})
    assert (refused.status_code, "Say why, in a sentence." in refused.text) == (422, True)
    fediverse.network.down.add(BIRCH)
    await does(host, f"{VALLEY}/remove", host=CEDAR, reason=CLOSED)
    await fediverse.settle()
    assert lets_in(schools)[1:] == ([ALDER, CEDAR], [])
    await says(third, VALLEY, "You are not in this network any more", CLOSED, "Ask again", "− Cedar")
    await says(fediverse.client(cedar), "/networks/valley-schools", status=404)
    fediverse.network.down.clear()
    fediverse.clock.advance(3600)
    await fediverse.settle()
    assert lets_in(schools) == ([BIRCH], [ALDER], [])
    await says(school, VALLEY, "− Cedar")
    await says(host, "/admin/audit", "took a server out of a network:")
    assert CEDAR not in await says(fediverse.client(birch), "/networks/valley-schools", "2 members", ">Arts</a>")
    assert "Chemistry" not in await says(school, "/communities?where=elsewhere", "Arts")
    # No delivery leaves for it, none is taken from it, and what it had left is out of sight.
    for writer, others in ((cleo, (alder, birch)), (ana, (cedar,))):
        late = await write(writer, "Too late", visibility="public")
        await fediverse.settle()
        assert [await found(here, late.uri) for here in others] == [None] * len(others)
    for post in (inside, public):
        assert await has(post, ana, ben, cleo) == [False, False, True]
    assert PRACTICE.title not in (await school.get(f"/@cleo@{CEDAR}")).text
    # An admin who decides otherwise has the last word.
    await birch.run(peers.set_grade, birch, CEDAR, "normal", "@ben")
    assert await has(public, ana, ben) == [False, True]
    await birch.run(peers.forget, birch, CEDAR, "@ben")
    assert await has(public, ana, ben) == [False, False]
    # It comes back, and so does what it had left.
    await joins(fediverse, host, third, CEDAR, "apply")
    fediverse.clock.advance(3600)
    await fediverse.settle()
    assert await has(public, ana, ben) == [True, True]
    await says(school, "/communities?where=elsewhere", "Arts", "Chemistry")
    assert lets_in(schools) == ([BIRCH, CEDAR], [ALDER, CEDAR], [ALDER, BIRCH])

    # Birch founds a second one with Cedar, then leaves the first: nobody has to agree, and the second still counts.
    hills = "/admin/networks/hill-schools"
    await does(school, "/admin/networks/found", **HILLS)
    await third.post("/admin/networks/look", data={"address": BIRCH})
    await does(third, "/admin/networks/ask", address=BIRCH, why="", changes="apply")
    await fediverse.settle()
    await does(school, f"{hills}/accept", host=CEDAR)
    await does(school, f"{VALLEY}/leave")
    await fediverse.settle()
    fediverse.clock.advance(3600)
    await fediverse.settle()
    assert lets_in(schools) == ([CEDAR], [CEDAR], [ALDER, BIRCH])
    await says(school, VALLEY, "You left this network")
    await says(fediverse.client(cedar), "/networks", "Valley schools", "Hill schools")
    # Who leaves does not lose what they have read there.
    assert await has(public, ana, ben) == [True, True]

    # Both end: everybody is alone again.
    await does(host, f"{VALLEY}/close", sure="1")
    await does(school, f"{hills}/close", sure="1")
    await fediverse.settle()
    fediverse.clock.advance(3600)
    await fediverse.settle()
    assert lets_in(schools) == ([], [], [])
    await says(fediverse.client(alder), "/networks/valley-schools", status=404)
    for browser in browsers:
        await browser.aclose()


async def joins(fediverse, host, school, name, changes):
    """A school is expected, looks at the network, agrees and asks, and is let in; all in the browser."""
    await does(host, f"{VALLEY}/expect", host=name)
    looked = await school.post("/admin/networks/look", data={"address": ALDER})
    for words in ("Valley schools", f"The list is signed by {ALDER}.", "Agree and ask to join"):
        assert words in looked.text, words
    (address,) = [part.split('"')[0] for part in looked.text.split('name="address" value="')[1:]]
    sent = {"address": address, "why": f"We are near, at {name}.", "changes": changes}
    assert await does(school, "/admin/networks/ask", **sent) == VALLEY
    await says(school, VALLEY, "You have asked to join")
    await fediverse.settle()
    await says(host, "/admin", "one asks to join")
    await says(host, VALLEY, f"We are near, at {name}.", "Let them in")
    await does(host, f"{VALLEY}/accept", host=name)
    await fediverse.settle()


async def says(browser: httpx.AsyncClient, path, *texts, status=200):
    """The page at a path, which says all this."""
    response = await browser.get(path)
    assert response.status_code == status, response.text
    for text in texts:
        assert text in response.text, text
    return response.text


async def does(browser, path, **form):
    """Send a form that is taken, and return where it leads."""
    response = await browser.post(path, data=form)
    assert response.status_code == 303, response.text
    return response.headers["location"]


def lets_in(schools):
    """Whom of the others each school lets in, and sends to."""
    found = []
    for here in schools:
        others = [host for host in HOSTS if host != here.settings.domain]
        assert [may_receive(here, host) for host in others] == [may_send(here, host) for host in others]
        found.append([host for host in others if may_receive(here, host)])
    return tuple(found)


async def has(post, *readers):
    """Who of these sees a post; a server stands for somebody who is not signed in."""
    return [await sees(reader, post.uri) is not None for reader in readers]
