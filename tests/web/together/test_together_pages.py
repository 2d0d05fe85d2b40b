"""Pages of trying together, without JavaScript: refusals first, then proposing, the grid, and the drafted summary."""

import re
from dataclasses import replace

import pytest

from server.challenges import actions as challenges
from server.practices import actions as practices
from server.together import queries
from server.tries import actions as tries
from tests.counting import statements
from tests.journeys.test_tried_across_servers import CHANGED, PRACTICE, WELL
from tests.posting import community, write
from tests.web.practices.test_practice_pages import check
from tests.web.test_costs import MOST_STATEMENTS

NOT = replace(WELL, outcome="did-not-work", saw="Too loud for @maya, *really*.")
SENT = {"community": "science@alder.example", "title": "Who tries it?", "content": "Each alone.", "language": "en"}


@pytest.fixture
async def place(fediverse):
    """Maya with a practice in her community, and Tom, who is a member."""
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    group = await community(maya)
    practice = await maya.do(practices.share, replace(PRACTICE, community_id=group.id))
    return here, maya, tom, practice


async def test_c22_pages_refuse_what_cannot_be(fediverse, place):
    here, maya, tom, practice = place
    post = await write(maya)
    async with fediverse.client(here) as client:
        assert (await client.get(f"/p/{practice.short}/together")).status_code == 303
    async with fediverse.client(here, tom) as client:
        assert "You are in no community yet." in (await client.get(f"/p/{practice.short}/together")).text
        answer = await client.post(f"/p/{practice.short}/together", data=SENT)
        assert answer.status_code == 422
    async with fediverse.client(here, maya) as client:
        for path in ("together", "sum-up"):
            assert (await client.get(f"/p/{post.short}/{path}")).status_code == 404
        answer = await client.post(f"/p/{practice.short}/together", data=SENT | {"title": "", "content": "Kept <b>"})
        assert answer.status_code == 422
        check(answer.text)
        assert "Kept &lt;b&gt;" in answer.text
        assert (await client.post(f"/p/{practice.short}/end-now")).status_code == 404


async def test_c22_a_community_tries_it_and_its_host_publishes_the_draft(fediverse, place):
    here, maya, tom, practice = place
    bea = await fediverse.person(here, "bea")
    challenge = await write(maya, kind="challenge", title="Half <has> finished", community_id=practice.community_id)
    await maya.do(challenges.add_answer, practice.id, challenge.id)
    async with fediverse.client(here, maya) as client:
        page = (await client.get(f"/p/{challenge.short}")).text
        page = (await client.get(re.search(r"/p/\w+-?\S*", challenge.url)[0])).text
        way = re.search(r'href="(/p/\w+/together\?challenge=\w+)"', page)[1]
        page = (await client.get(way)).text
        check(page)
        assert "Who tries “Exit tickets” with me?" in page
        sent = SENT | {"challenge": challenge.short}
        answer = await client.post(f"/p/{practice.short}/together", data=sent)
        assert answer.status_code == 303
        event = answer.headers["location"]
        page = (await client.get(event)).text
        check(page)
        assert "2 more, and you can compare." in page
        assert "Half &lt;has&gt; finished" in page
        assert "Nobody has said yet how it went." in page
        page = (await client.get(practice.url)).text
        check(page)
        assert f'href="{event}"' in page
    row = (await maya.do(queries.of_practice, practice.uri))[0]
    short = row.url[-8:]
    for person in (tom, bea):
        async with fediverse.client(here, person) as client:
            assert "I try it too" in (await client.get(event)).text
            assert (await client.post(f"/p/{short}/take-part")).status_code == 303
            page = (await client.get(event)).text
            assert f'href="/p/{practice.short}/tried"' in page
            assert (await client.get(f"/p/{short}/sum-up")).status_code == 403
    fediverse.clock.advance(3600)
    await bea.do(tries.report, practice.id, CHANGED)
    await tom.do(tries.report, practice.id, NOT)
    await fediverse.settle()
    for person in (tom, maya):
        async with fediverse.client(here, person) as client:
            assert ("I tried it" in (await client.get(event)).text) is (person is maya)
            for path in (event, practice.url):
                with here.db.bind(), statements(here) as log:
                    await client.get(path)
                assert len(log) <= MOST_STATEMENTS, (path, person.viewer.handle, list(log))
    async with fediverse.client(here, maya) as client:
        assert (await client.post(f"/p/{short}/sum-up", data=SENT)).status_code == 403
        assert (await client.post(f"/p/{short}/end-now")).status_code == 303
        assert "Trying it together is over." in (await client.get("/notifications")).text
        assert f'href="/p/{short}/sum-up"' in (await client.get(event)).text
        page = (await client.get(f"/p/{short}/sum-up")).text
        check(page)
        draft = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)[1]
        assert "2 people tried “Exit tickets” and said how it went. They work in one organisation. One more" in draft
        assert "- ○ Did not work here: 1" in draft
        assert "# Where it did not work" in draft
        assert "for @ maya, \\*really\\*." in draft
        assert "Adults, 11 to 20 people" in draft
        answer = await client.post(f"/p/{short}/sum-up", data={"title": "", "content": "Mine.", "language": "en"})
        assert answer.status_code == 422
        assert "Mine." in answer.text
        answer = await client.post(
            f"/p/{short}/sum-up", data={"title": "It came", "content": "Mine.", "language": "en"}
        )
        assert answer.status_code == 303
        page = (await client.get(answer.headers["location"])).text
        check(page)
        assert "Thank you for trying it" in page
        assert "/@tom" in page
        page = (await client.get(event)).text
        assert ">It came</a>" in page
        assert f'href="/p/{short}/sum-up"' not in page
    async with fediverse.client(here, tom) as client:
        assert "mentioned you" in (await client.get("/notifications")).text
