"""The page of one other server: what passes, what fails, what was refused, and what an admin can do about it."""

import re
from pathlib import Path

import pytest
from starlette.requests import Request

from federation.errors import WORDS
from server.db import query_log
from server.errors import NotAllowed, NotFound
from server.fediverse import actions
from server.fediverse.dossier import dossier
from server.peers import actions as peers
from tests.facts import make_remote
from tests.posting import Stranger, follow, write
from web.admin import words

HOST = "birch.example"
PAGE = f"/admin/servers/{HOST}"


@pytest.fixture
async def two(fediverse):
    """Ana, an admin at Alder, followed by Tom at Birch."""
    ana = await fediverse.person(await fediverse.start("alder.example"), "ana", role="admin")
    tom = await fediverse.person(await fediverse.start(HOST), "tom")
    await follow(tom, ana)
    await fediverse.settle()
    return ana, tom


async def cut_off(fediverse, ana, times=1):
    """Write while Birch is away."""
    fediverse.network.down.add(HOST)
    for _ in range(times):
        await write(ana, "Hello")
        await fediverse.settle()


async def test_only_admins_act_on_a_server_and_only_on_one_that_is_known(fediverse, two):
    ana, _ = two
    sam = await fediverse.person(ana.here, "sam", role="steward")
    for act in (actions.pause, actions.resume, actions.retry_now, actions.drop_queue):
        with pytest.raises(NotAllowed):
            await sam.do(act, HOST)
        with pytest.raises(NotFound):
            await ana.do(act, "unknown.example")
    with pytest.raises(NotFound):
        await ana.do(actions.drop_queue, HOST)
    assert await ana.here.run(dossier, ana.here, "unknown.example") is None


async def test_nothing_is_sent_to_a_paused_server_and_everything_once_it_is_resumed(fediverse, two):
    ana, tom = two
    async with fediverse.client(ana.here, ana) as browser:
        await browser.post(f"{PAGE}/pause")
        post = await write(ana, "While it is paused")
        await fediverse.settle()
        sent = fediverse.network.count("POST", f"https://{HOST}")
        page = (await browser.get(PAGE)).text
        assert "Nothing is sent there until you resume" in page
        assert "one activity" in page
        fediverse.clock.advance(3 * 24 * 3600)
        await fediverse.settle()
        assert fediverse.network.count("POST", f"https://{HOST}") == sent
        await browser.post(f"{PAGE}/resume")
        await fediverse.settle()
        assert "all delivered" in (await browser.get(PAGE)).text
    assert await tom.here.run(tom.here.db.value, "SELECT count(*) FROM post WHERE uri = :uri", uri=post.uri) == 1


async def test_a_server_that_failed_can_be_tried_before_its_time(fediverse, two):
    ana, _ = two
    await cut_off(fediverse, ana)
    async with fediverse.client(ana.here, ana) as browser:
        page = (await browser.get(PAGE)).text
        assert "It does not take what we send" in page
        assert "one attempt" in page
        fediverse.network.down.clear()
        await fediverse.settle()
        assert "It does not take what we send" in (await browser.get(PAGE)).text
        await browser.post(f"{PAGE}/retry")
        await fediverse.settle()
        page = (await browser.get(PAGE)).text
        assert "It does not take what we send" not in page
        assert "tried again" in page


async def test_what_waits_is_dropped_only_after_a_second_look(fediverse, two):
    ana, tom = two
    await cut_off(fediverse, ana, times=2)
    async with fediverse.client(ana.here, ana) as browser:
        assert "2 activities" in (await browser.get(PAGE)).text
        asked = await browser.post(f"{PAGE}/drop")
        assert "It is never delivered." in asked.text
        assert "2 activities" in (await browser.get(PAGE)).text
        dropped = await browser.post(f"{PAGE}/drop", data={"confirmed": "yes"})
        assert dropped.headers["location"] == PAGE
        page = (await browser.get(PAGE)).text
        assert "dropped what was waiting" in page
        assert "It does not take what we send" not in page
    fediverse.network.down.clear()
    fediverse.clock.advance(3600)
    await fediverse.settle()
    assert await tom.here.run(tom.here.db.value, "SELECT count(*) FROM post") == 0


async def test_what_passes_is_counted_by_type_both_ways(fediverse, two):
    ana, tom = two
    await follow(ana, tom)
    await write(tom, "One")
    await write(tom, "Two")
    await write(ana, "Three")
    await fediverse.settle()
    found = await ana.here.run(dossier, ana.here, HOST.upper())
    assert {each.kind: each.times for each in found.received} == {"Create": 2, "Follow": 1, "Accept": 1}
    assert dict(found.sent) == {"Create": 1, "Accept": 1, "Follow": 1}
    assert found.waiting == 0
    assert found.sent_is_whole
    async with fediverse.client(ana.here, ana) as browser:
        page = (await browser.get(PAGE)).text
    assert re.search(
        r'<th scope="row">New posts \(Create\)</th><td class="numeric">2</td><td class="numeric">0</td>', page
    )
    assert "draft-cavage-12" in page
    assert "its actors say that they implement FEP-1b12" in page


async def test_what_it_refused_and_what_we_refused_stands_there_with_the_reason(fediverse, two):
    ana, _ = two
    evil = Stranger(fediverse, "evil.example")
    mallory, victim = evil.actor("mallory"), "https://birch.example/ap/u/nobody"
    await evil.send(ana.here, evil.activity("Delete", mallory, victim))
    await fediverse.settle()
    async with fediverse.client(ana.here, ana) as browser:
        await peers_seen(ana.here, "evil.example")
        page = (await browser.get("/admin/servers/evil.example")).text
        assert "What we refused" in page
        assert mallory in page


async def test_the_same_refusal_again_and_again_is_one_line(fediverse, two):
    ana, _ = two
    evil = Stranger(fediverse, "evil.example")
    mallory, victim = evil.actor("mallory"), "https://birch.example/ap/u/nobody"
    for number in range(3):
        await evil.send(ana.here, evil.activity("Delete", mallory, victim, path=f"a/{number}"))
    await fediverse.settle()
    async with fediverse.client(ana.here, ana) as browser:
        await peers_seen(ana.here, "evil.example")
        page = (await browser.get("/admin/servers/evil.example")).text
    refused = page[page.index("What we refused") :]
    assert "3 times" in refused
    assert refused.count(mallory) == 1


def test_every_refusal_and_every_act_has_words():
    request = Request({"type": "http", "headers": [], "state": {}})
    assert set(words.refusals(request)) == set(WORDS)
    acts = set(words.log(request))
    written = re.compile(r'action="([a-z]+\.[a-z_]+)"')
    for path in (Path(__file__).parents[3] / "server").rglob("*.py"):
        assert set(written.findall(path.read_text())) <= acts, path


async def peers_seen(here, host):
    """Make sure that we have met a server."""
    await here.run(peers.note_seen, here, host)


async def test_who_decided_what_stands_there(fediverse, two):
    ana, _ = two
    async with fediverse.client(ana.here, ana) as browser:
        data = {"grade": "held", "note": "To look first", "confirmed": "held"}
        await browser.post(PAGE, data=data)
        page = (await browser.get(PAGE)).text
        assert "What was decided" in page
        assert "@ana" in page
        assert "To look first" in page
        await browser.post(f"{PAGE}/pause")
        assert "paused" in (await browser.get("/admin/audit")).text


async def test_the_page_costs_a_fixed_number_of_queries(fediverse, two):
    ana, _ = two
    here = ana.here

    async def cost():
        log = []
        token = query_log.set(log)
        await here.run(dossier, here, HOST)
        query_log.reset(token)
        return len(log)

    first = await cost()
    for number in range(5):
        await make_remote(here, f"p{number}", HOST)
        await write(ana, "More")
    await fediverse.settle()
    await cut_off(fediverse, ana, times=3)
    assert await cost() == first <= 12


async def test_admins_get_from_a_person_to_their_server(fediverse, two):
    ana, _ = two
    sam = await fediverse.person(ana.here, "sam", role="steward")
    for who, expected in ((ana, True), (sam, False)):
        async with fediverse.client(ana.here, who) as browser:
            page = await browser.get(f"/@tom@{HOST}")
            assert (f'href="{PAGE}"' in page.text) is expected
