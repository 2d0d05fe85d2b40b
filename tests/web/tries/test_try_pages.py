"""Pages of trying a practice, without JavaScript: refusals first, then the form, the grid, changing and thanking."""

import re
from dataclasses import replace

import pytest

from server.accounts import actions as accounts
from server.accounts.actions import NewContext
from server.communities import bans
from server.posts.receiving import fetch_post
from server.practices import actions as practices
from server.tries import actions
from tests.counting import statements
from tests.journeys.test_tried_across_servers import CHANGED, PRACTICE, WELL
from tests.posting import community, found, sees, write
from tests.web.practices.test_practice_pages import check

FIELDS = {"outcome": "worked", "context": "own", "level": "adults", "saw": "Everybody stayed."}


@pytest.fixture
async def place(fediverse):
    """Maya with a practice, and Tom."""
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    return here, maya, tom, await maya.do(practices.share, replace(PRACTICE, subject="Science", level="Year 8"))


async def test_s28_strangers_are_asked_to_sign_in(fediverse, place):
    here, _, _, practice = place
    async with fediverse.client(here) as client:
        page = (await client.get(practice.url)).text
        assert f'href="/p/{practice.short}/tried"' in page
        for answer in (
            await client.get(f"/p/{practice.short}/tried"),
            await client.post(f"/p/{practice.short}/tried", data=FIELDS),
        ):
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/sign-in")


async def test_s30_what_is_no_practice_is_not_tried(fediverse, place):
    here, maya, tom, practice = place
    post = await write(maya)
    draft = await maya.do(practices.save_draft, PRACTICE)
    async with fediverse.client(here, tom) as client:
        for other in (post, draft):
            assert (await client.get(f"/p/{other.short}/tried")).status_code == 404
            assert (await client.post(f"/p/{other.short}/tried", data=FIELDS)).status_code == 404
    async with fediverse.client(here, maya) as client:
        assert (await client.get(f"/p/{practice.short}/tried")).status_code == 403
        assert (await client.post(f"/p/{practice.short}/tried", data=FIELDS)).status_code == 403


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"outcome": ""}, "Say how it went."),
        ({"level": ""}, "Say where it was, at least roughly"),
        ({"level": "astronauts"}, "Say where it was, at least roughly"),
        ({"outcome": "worked-with-changes"}, "Say what you changed"),
        ({"step": "9"}, "The practice has no such step."),
        ({"saw": "x" * 301}, "Use at most 300 characters."),
    ],
)
async def test_a_refused_report_comes_back_with_everything(fediverse, place, sent, words):
    here, _, tom, practice = place
    async with fediverse.client(here, tom) as client:
        answer = await client.post(f"/p/{practice.short}/tried", data=FIELDS | {"may_contact": "1"} | sent)
    assert answer.status_code == 422
    check(answer.text)
    assert words in answer.text
    assert (sent.get("saw") or "Everybody stayed.") in answer.text
    assert re.search(r'name="may_contact"[^>]* checked', answer.text)


async def test_a_second_report_leads_to_the_first(fediverse, place):
    here, _, tom, practice = place
    mine = await tom.do(actions.report, practice.id, WELL)
    async with fediverse.client(here, tom) as client:
        answer = await client.get(f"/p/{practice.short}/tried")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/p/{mine.short}/edit")
        answer = await client.post(f"/p/{practice.short}/tried", data=FIELDS)
    assert answer.status_code == 422
    assert "You have said how this version went already." in answer.text


async def test_nobody_changes_or_withdraws_what_others_said(fediverse, place):
    here, maya, tom, practice = place
    post = await tom.do(actions.report, practice.id, WELL)
    async with fediverse.client(here, maya) as client:
        for path in ("edit", "delete"):
            assert (await client.get(f"/p/{post.short}/{path}")).status_code == 403
            assert (await client.post(f"/p/{post.short}/{path}", data=FIELDS)).status_code == 403
    fediverse.clock.advance(86_400 * 31)
    async with fediverse.client(here, tom) as client:
        assert (await client.get(f"/p/{post.short}/edit")).status_code in {303, 403}


async def test_the_form_takes_ten_interactions_at_most_and_the_grid_shows_it(fediverse, place):
    here, _, tom, practice = place
    await tom.do(accounts.save_context, NewContext("Evening group", "Science", "adults", 14, 40, "Library"))
    async with fediverse.client(here, tom) as client:
        page = (await client.get(practice.url)).text
        check(page)
        assert "Not tried yet by others." in page
        assert "Be the first: 90 seconds." in page
        page = (await client.get(f"/p/{practice.short}/tried")).text
        check(page)
        assert "Evening group: Sciences, Adults, 11 to 20 people, Up to 45 minutes, Library" in page
        assert "As in the practice: Sciences, Lower secondary" in page
        context = re.search(r'<option value="(\w+)" selected>Evening group', page)[1]
        sent = {"outcome": "worked-with-changes", "context": context, "step": "2", "changed": "Notes", "saw": "Calm"}
        answer = await client.post(f"/p/{practice.short}/tried", data=sent | {"may_contact": "1"})
        assert answer.status_code == 303
        page = (await client.get(practice.url)).text
    check(page)
    assert "Tried once in one organisation." in " ".join(page.split())
    cell = re.search(r'<th scope="row">Adults</th><td>(.*?)</td>', page)[1]
    assert ">Worked with changes: </span>1</span>" in cell
    assert "You said: Worked with changes" in page
    assert f'href="/p/{practice.short}/tried"' not in page.partition('id="tried"')[0]
    assert re.search(r"Changed step 2:</span> Notes", page)
    assert re.search(r"Saw:</span> Calm", page)
    assert "You may ask them" not in page


async def test_what_was_said_is_changed_and_withdrawn(fediverse, place):
    here, _, tom, practice = place
    post = await tom.do(actions.report, practice.id, CHANGED)
    async with fediverse.client(here, tom) as client:
        page = (await client.get(f"/p/{post.short}/edit")).text
        check(page)
        assert 'value="Baskets instead of &lt;chairs&gt;."' in page
        assert re.search(r'name="step" value="2" checked', page)
        sent = FIELDS | {"context": "kept", "outcome": "did-not-work"}
        answer = await client.post(f"/p/{post.short}/edit", data=sent)
        assert answer.status_code == 303
        page = (await client.get(practice.url)).text
        assert "<strong>○ Did not work here</strong>" in page
        assert (await client.post(f"/p/{post.short}/delete")).status_code == 303
        assert "Not tried yet by others." in (await client.get(practice.url)).text


async def test_the_author_says_thanks_with_one_tap(fediverse, place):
    here, maya, tom, practice = place
    post = await tom.do(actions.report, practice.id, WELL)
    async with fediverse.client(here, maya) as client:
        assert "tried your practice" in (await client.get("/notifications")).text
        page = (await client.get(practice.url)).text
        check(page)
        assert "Say thanks" in page
        assert (await client.post(f"/p/{post.short}/useful")).status_code == 303
        assert "You said thanks" in (await client.get(practice.url)).text
    async with fediverse.client(here, tom) as client:
        assert "Maya says thanks" in (await client.get(practice.url)).text
        assert "is glad that you tried it" in (await client.get("/notifications")).text


async def test_c21_after_three_reports_the_author_is_asked_to_look_again(fediverse, place):
    here, maya, tom, practice = place
    for person in (tom, *[await fediverse.person(here, name) for name in ("ada", "olga")]):
        await person.do(actions.report, practice.id, WELL)
    async with fediverse.client(here, maya) as client:
        page = (await client.get(practice.url)).text
        assert "Three people or more have tried this version" in page
        assert "What would you change now?" in (await client.get("/notifications")).text
    async with fediverse.client(here, tom) as client:
        assert "Three people or more" not in (await client.get(practice.url)).text


async def test_a_practice_from_elsewhere_is_tried_here(fediverse, place):
    here, maya, _, practice = place
    birch = await fediverse.start("birch.example")
    lem = await fediverse.person(birch, "lem")
    await birch.run(fetch_post, birch, practice.uri)
    copy = await found(birch, practice.uri)
    async with fediverse.client(birch, lem) as client:
        page = (await client.get(f"/p/{copy.short}/tried")).text
        assert "Counted at alder.example." in page
        assert (await client.post(f"/p/{copy.short}/tried", data=FIELDS)).status_code == 303
        await fediverse.settle()
        fediverse.clock.advance(60)
        await fediverse.settle()
        page = (await client.get((await sees(lem, practice.uri)).url)).text
    check(page)
    assert "Counted by alder.example," in page
    async with fediverse.client(here, maya) as client:
        assert "Tried once" in (await client.get(practice.url)).text
    # What one said is counted on one's own page at once, and once; also while the practice's server is away.
    place_of_it = (await sees(lem, practice.uri)).url
    nadia = await fediverse.person(birch, "nadia")
    async with fediverse.client(birch, nadia) as client, fediverse.client(birch, lem) as other:
        fediverse.clock.advance(60)
        fediverse.network.down.add("alder.example")
        await client.post(f"/p/{copy.short}/tried", data=FIELDS)
        await fediverse.settle()
        assert "Tried 2 times in one organisation" in (await client.get(place_of_it)).text
        assert "Tried once" in (await other.get(place_of_it)).text
        fediverse.network.down.clear()
        fediverse.clock.advance(700)
        await fediverse.settle()
        fediverse.clock.advance(1)
        await client.get(place_of_it)
        await fediverse.settle()
        for browser in (client, other):
            assert "Tried 2 times in one organisation" in (await browser.get(place_of_it)).text


async def test_c2_what_was_said_of_an_earlier_version_is_withdrawn_where_it_is_read(fediverse, place):
    here, maya, tom, practice = place
    post = await tom.do(actions.report, practice.id, WELL)
    await maya.do(practices.revise, practice.id, replace(PRACTICE, title="Anew", steps=("Once more.",)), "Other steps")
    url = (await sees(tom, practice.uri)).url
    async with fediverse.client(here, maya) as client:
        for address in (url, "/@tom"):
            assert "Withdraw" not in (await client.get(address)).text
        assert (await client.post(f"/p/{post.short}/delete")).status_code == 403
    way = f'href="/p/{post.short}/delete"'
    async with fediverse.client(here, tom) as client:
        page = (await client.get(url)).text
        check(page)
        assert "You said of version 1:" in page
        assert way in page
        assert way in (await client.get("/@tom")).text
        assert "Withdraw what you said?" in (await client.get(f"/p/{post.short}/delete")).text
        assert (await client.post(f"/p/{post.short}/delete")).status_code == 303
        assert "You said of version" not in (await client.get(url)).text


async def test_many_reports_cost_no_more_statements_than_one(fediverse, place):
    here, maya, _, practice = place
    counts = []
    async with fediverse.client(here, maya) as client:
        for names in (("ada",), ("olga", "joel", "bea", "nadia")):
            for name in names:
                person = await fediverse.person(here, name)
                await person.do(actions.report, practice.id, CHANGED)
            await fediverse.settle()
            await client.get(practice.url)
            with here.db.bind(), statements(here) as log:
                assert (await client.get(practice.url)).status_code == 200
            counts.append(len(log))
    assert counts[0] == counts[1]


async def test_who_cannot_write_there_keeps_what_they_typed(fediverse, place):
    here, maya, tom, _ = place
    group = await community(maya, "science")
    practice = await maya.do(practices.share, replace(PRACTICE, community_id=group.id))
    await maya.do(bans.ban, group.id, tom.id, reason="A test.")
    async with fediverse.client(here, tom) as client:
        answer = await client.post(f"/p/{practice.short}/tried", data=FIELDS)
    assert answer.status_code == 403
    assert 'value="Everybody stayed."' in answer.text
