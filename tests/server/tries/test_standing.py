"""What was tried in a context like mine, and what was tried and worked comes first (C12, C16, L7)."""

from dataclasses import replace

import pytest

from server.accounts import actions as accounts
from server.accounts.actions import NewContext
from server.actors import blocking, removal
from server.posts import marks
from server.practices import actions as practices
from server.practices.form import PracticeForm
from server.tries import actions, standing
from server.tries.bands import Bands
from server.tries.form import TryForm
from tests.counting import statements
from tests.journeys.test_tried_across_servers import PRACTICE
from tests.posting import community, document, follow, found, join
from tests.web.practices.test_practice_pages import check
from tests.web.test_costs import MOST_STATEMENTS

EVENING = Bands(subject="sciences", level="adults", size="11-20", minutes="45", setting="library")
WELL = TryForm(outcome="worked", context=EVENING)
NOT = replace(WELL, outcome="did-not-work", context=Bands(level="primary", size="21-30"))
MINE = NewContext("Secret evening group", "Science", "adults", 14, 40, "Town hall")


def test_c16_the_formula_is_as_documented():
    cases = {(0, 0): 333, (1, 0): 250, (1, 1): 500, (6, 5): 666, (20, 20): 913, (100_000, 100_000): 913}
    assert {case: standing.useful(*case) for case in cases} == cases
    # Ten people who keep it are one with whom it worked, and more are no more than that.
    assert [standing.useful(1, 0, saved) for saved in (0, 1, 10, 11)] == [250, 268, 400, 400]
    assert standing.useful(0, 0, 10) == standing.useful(1, 1)


def test_c12_places_are_alike_in_two_parts():
    assert standing.tried_like([Bands(minutes="10")]) is None
    further = standing.tried_like([Bands(level="adults"), EVENING])
    assert "= :like_0_level THEN 1 ELSE 0 END >= 1" in further.condition
    assert "ELSE 0 END >= 2" in further.condition
    assert further.parameters["like_1_setting"] == "library"


@pytest.fixture
async def two(fediverse):
    """Maya at Alder shares practices in her community; Tom at Birch, who has a context, is a member."""
    maya = await fediverse.person(await fediverse.start("alder.example"), "maya")
    tom = await fediverse.person(await fediverse.start("birch.example"), "tom")
    ada, ben = await fediverse.person(maya.here, "ada"), await fediverse.person(tom.here, "ben")
    group = await community(maya, "science")
    for person in (tom, ben):
        await join(person, group)
    await follow(tom, maya)
    await fediverse.settle()
    made = {}
    for title in ("Untried", "Worked", "Failed"):
        made[title] = await maya.do(practices.share, replace(PRACTICE, title=title, community_id=group.id))
        fediverse.clock.advance(60)
    tip = PracticeForm(entry="tip", text="Stand at the door.", visibility="public", community_id=group.id)
    made["tip"] = await maya.do(practices.share, tip)
    await fediverse.settle()
    for title, form in (("Worked", WELL), ("Failed", NOT), ("tip", WELL)):
        await ada.do(actions.report, made[title].id, form)
    await fediverse.settle()
    await tom.do(accounts.save_context, MINE)
    return maya, tom, ada, ben, group, made


def titles(page):
    """The practices on a page, in their order."""
    words = ("Untried", "Worked", "Failed", "Stand at the door.")
    places = {word: page.find(f">{word}<") for word in words}
    return [word for word in sorted(words, key=lambda word: places[word]) if places[word] >= 0]


async def test_c16_what_was_tried_and_worked_comes_first_and_likes_count_for_nothing(fediverse, two):
    maya, tom, _, _, group, made = two
    for person in (maya, tom):
        async with fediverse.client(person.here, person) as client:
            for path in ("/practices?sort=useful", f"/practices?sort=useful&community={group.username}@alder.example"):
                with person.here.db.bind(), statements(person.here) as log:
                    page = (await client.get(path)).text
                assert len(log) <= MOST_STATEMENTS
                check(page)
                assert titles(page)[-2:] == ["Untried", "Failed"]
                assert "Tried once, worked 1" in page
                assert 'href="/help#useful-order"' in page
            assert 'id="useful-order"' in (await client.get("/help")).text
    async with fediverse.client(maya.here) as client:
        assert (await client.get("/api/peerhall/v1/practices?sort=likes")).status_code == 422
        answer = (await client.get("/api/peerhall/v1/practices?sort=useful")).json()
        found_there = [item["title"] for item in answer["items"]]
        assert found_there[-2:] == ["Untried", "Failed"]
        assert (await client.get(f"/api/peerhall/v1/practices/{made['tip'].id}")).json()["tried"]["total"] == 1


async def test_c16_who_keeps_it_counts_once_but_for_its_author_and_nobody_learns_of_it(fediverse, two):
    maya, tom, ada, _, _, made = two
    here, failed = maya.here, made["Failed"]

    async def stands(title="Failed"):
        return await here.run(here.db.value, "SELECT useful FROM post WHERE id = :id", id=made[title].id)

    assert await stands() == 250
    await maya.do(marks.bookmark_post, failed.id)
    assert await stands() == 250  # one's own
    for _ in range(2):
        await ada.do(marks.bookmark_post, failed.id)
    assert await stands() == standing.useful(1, 0, 1)
    for number in range(8):
        await (await fediverse.person(here, f"keeper{number}")).do(marks.bookmark_post, failed.id)
    assert await stands() == standing.useful(1, 0, 9)
    async with fediverse.client(here) as client:
        answer = (await client.get("/api/peerhall/v1/practices?sort=useful")).json()
        assert [item["title"] for item in answer["items"]][-2:] == ["Failed", "Untried"]
        assert "saved" not in (await client.get(f"/api/peerhall/v1/practices/{failed.id}")).text
    # Reports are counted beside it, and who is suspended, blocked, gone or keeps it no more counts no more.
    await tom.do(actions.report, (await found(tom.here, failed.uri)).id, WELL)
    await fediverse.settle()
    assert await stands() == standing.useful(2, 1, 9)
    await here.run(blocking.block, here, maya.id, (await found_actor(here, "keeper0")))
    assert await stands() == standing.useful(2, 1, 8)
    await here.run(removal.suspend, here, await found_actor(here, "keeper1"), "@maya")
    await fediverse.settle()
    assert await stands() == standing.useful(2, 1, 7)
    await here.run(removal.delete_local_actor, here, await found_actor(here, "keeper2"), "@maya")
    await ada.do(marks.unbookmark_post, failed.id)
    assert await stands() == standing.useful(2, 1, 5)
    await ada.do(marks.bookmark_post, made["tip"].id)
    assert await stands("tip") == standing.useful(1, 1, 1)


async def found_actor(here, name):
    return await here.run(here.db.value, "SELECT id FROM actor WHERE username = :name", name=name)


async def test_c2_reports_have_pages_and_a_page_reads_no_more_than_it_shows(fediverse, two, monkeypatch):
    maya, tom, *_, made = two
    here, worked = maya.here, made["Worked"]
    monkeypatch.setattr("server.tries.reports.SHOWN", 4)
    for number in range(6):
        keeper = await fediverse.person(here, f"teacher{number}")
        await keeper.do(actions.report, worked.id, replace(WELL, saw=f"Calm, number {number}."))
        fediverse.clock.advance(1)
    await fediverse.settle()
    async with fediverse.client(here, maya) as client:
        with here.db.bind(), statements(here) as log:
            page = (await client.get(f"/p/{worked.short}", follow_redirects=True)).text
        assert len([line for line in log if "FROM tried_report" in line]) == 1
        check(page)
        assert "Tried 7 times" in " ".join(page.split())
        assert page.count("Calm, number") == 4
        with here.db.bind(), statements(here) as log:
            first = (await client.get(f"/p/{worked.short}/reports")).text
        assert len(log) <= MOST_STATEMENTS
        check(first)
        assert "Calm, number 5." in first
        assert "Calm, number 1." not in first
        older = first.partition("?before=")[2].partition('"')[0]
        second = (await client.get(f"/p/{worked.short}/reports?before={older}")).text
        assert second.count("Calm, number") == 2
        assert "Calm, number 0." in second
    async with fediverse.client(tom.here) as client:
        assert (await client.get("/p/nothing0/reports")).status_code == 404


async def test_l7_c12_it_finds_what_was_tried_in_a_context_like_mine_and_nobody_learns_of_it(fediverse, two):
    _, tom, _, ben, _, _ = two
    paths = ("/practices?like=mine", "/search?q=ask&kind=practices&like=mine", "/practices?like=mine&sort=useful")
    async with fediverse.client(tom.here, tom) as client:
        for path in paths:
            with tom.here.db.bind(), statements(tom.here) as log:
                page = (await client.get(path)).text
            assert len(log) <= MOST_STATEMENTS, path
            check(page)
            assert [title for title in titles(page) if title != "Stand at the door."] == ["Worked"], path
            assert "Secret evening" not in page
    async with fediverse.client(tom.here, ben) as client:
        for path in paths:
            page = (await client.get(path)).text
            check(page)
            assert "You have saved no context yet" in page
            assert "Secret evening" not in page
            assert "Untried" in page
        await ben.do(accounts.save_context, NewContext("Mine", "", "Primary", 25, None, ""))
        assert titles((await client.get(paths[0])).text) == ["Failed"]
    async with fediverse.client(tom.here) as client:
        page = (await client.get(paths[0])).text
        assert "context like mine" not in page
        assert "Untried" in page


async def test_c2_c11_a_tip_is_tried_here_and_elsewhere_and_counted_at_home(fediverse, two):
    maya, tom, _, _, _, made = two
    there = await found(tom.here, made["tip"].uri)
    async with fediverse.client(tom.here, tom) as client:
        page = (await client.get(f"/p/{there.short}", follow_redirects=True)).text
        check(page)
        assert "Tried once in one organisation." in " ".join(page.split())
        page = (await client.get(f"/p/{there.short}/tried")).text
        check(page)
        sent = {"outcome": "worked", "context": "own", "level": "adults", "saw": "Calm."}
        assert (await client.post(f"/p/{there.short}/tried", data=sent)).status_code == 303
        assert (await client.get(f"/p/{there.short}/together")).status_code == 200
    fediverse.clock.advance(3700)
    await fediverse.settle()
    status, counts, _ = await document(fediverse, maya.here, f"{made['tip'].uri}/trials")
    assert (status, counts["totalItems"]) == (200, 2)
    async with fediverse.client(tom.here, tom) as client:
        page = (await client.get(f"/p/{there.short}", follow_redirects=True)).text
    assert "Tried 2 times in 2 organisations." in " ".join(page.split())
    assert (await found(tom.here, made["tip"].uri)).edited_at is None


async def test_s17_who_is_suspended_or_blocked_counts_no_more_at_once(fediverse, two):
    maya, _, ada, *_, made = two
    here, worked = maya.here, made["Worked"]

    async def stands():
        return await here.run(
            here.db.row,
            "SELECT useful, (SELECT count(*) FROM tried_place AS place WHERE place.practice_id = post.id) AS places"
            " FROM post WHERE post.id = :id",
            id=worked.id,
        )

    assert await stands() == {"useful": 500, "places": 1}
    for end, again in (
        ((removal.suspend, here, ada.id, "@maya"), (removal.unsuspend, here, ada.id, "@maya")),
        ((blocking.block, here, maya.id, ada.id), (blocking.unblock, here, maya.id, ada.id)),
    ):
        await here.run(*end)
        await fediverse.settle()
        assert await stands() == {"useful": 333, "places": 0}
        await here.run(*again)
        fediverse.clock.advance(3700)
        await fediverse.settle()
        assert await stands() == {"useful": 500, "places": 1}
