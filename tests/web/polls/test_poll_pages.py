"""Pages of polls without JavaScript: refusals first, then asking, voting, and what is shown to whom."""

import re

import pytest

from server.polls import actions
from server.polls.form import PollForm
from tests.posting import Stranger, community, found, write
from tests.web.practices.test_practice_pages import check

FORM = PollForm(question="Which tool?", options=("Paper <strips>", "Blocks", "Recipes"), lasts="1d")
FIELDS = {"kind": "poll", "question": "Which tool?", "option": ["Strips", "Blocks", ""], "lasts": "1d"}


@pytest.fixture
async def place(fediverse):
    """Maya, who has a community, and Tom."""
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    return here, maya, tom, await community(maya)


@pytest.mark.parametrize("path", ["vote", "poll/new"])
async def test_s28_strangers_do_nothing(fediverse, place, path):
    here, maya, _, _ = place
    poll = await maya.do(actions.start_poll, FORM)
    async with fediverse.client(here) as client:
        answer = await client.post(f"/p/{poll.short}/{path}", data={"choice": "0"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")


async def test_s30_what_is_no_poll_takes_no_votes(fediverse, place):
    here, maya, tom, _ = place
    post = await write(maya)
    async with fediverse.client(here, tom) as client:
        assert (await client.post(f"/p/{post.short}/vote", data={"choice": "0"})).status_code == 404
        assert (await client.get(f"/p/{post.short}/poll")).status_code == 404


async def test_a_refused_poll_comes_back_with_everything(fediverse, place):
    here, maya, _, _ = place
    sent = FIELDS | {"question": "", "option": ["Strips", "strips"], "multiple": "yes", "content": "Be honest."}
    async with fediverse.client(here, maya) as client:
        answer = await client.post("/c/science/new?kind=poll", data=sent)
    assert answer.status_code == 422
    check(answer.text)
    assert "Write the question." in answer.text
    assert "Two of the answers are the same." in answer.text
    assert 'value="Strips"' in answer.text
    assert 'value="strips"' in answer.text
    assert "Be honest." in answer.text
    assert re.search(r'value="yes"[^>]* checked', answer.text)


@pytest.mark.parametrize("sent", [{}, {"choice": "7"}, {"choice": ["0", "1"]}, {"choice": "x"}])
async def test_a_refused_vote_gets_the_page_again(fediverse, place, sent):
    here, maya, tom, _ = place
    poll = await maya.do(actions.start_poll, FORM)
    async with fediverse.client(here, tom) as client:
        answer = await client.post(f"/p/{poll.short}/vote", data=sent)
    assert answer.status_code == 422
    check(answer.text)
    assert "Choose one answer." in answer.text


async def test_asking_voting_and_seeing_how_it_stands(fediverse, place):
    here, maya, tom, _ = place
    async with fediverse.client(here, maya) as client:
        check((await client.get("/c/science/new?kind=poll")).text)
        answer = await client.post("/c/science/new?kind=poll", data=FIELDS)
    assert answer.status_code == 303
    path = answer.headers["location"]
    async with fediverse.client(here, tom) as client:
        page = (await client.get(path)).text
        check(page)
        assert '<input type="radio" name="choice" value="1"' in page
        assert "How does it stand?" in page
        answer = await client.post(f"{path}/vote", data={"choice": "1"})
        assert answer.headers["location"] == f"{path}#poll"
        page = (await client.get(path)).text
        check(page)
        assert 'name="choice"' not in page
        assert re.search(r"Blocks</span> <span class=\"state[^\"]*\">.*your choice", page)
        assert '1</td><td class="numeric">100 %' in page
        assert "cannot be changed or taken back" in page
        assert (await client.post(f"{path}/vote", data={"choice": "0"})).status_code == 403
    async with fediverse.client(here) as client:
        page = (await client.get(path)).text
        assert "Sign in to vote" in page
        assert "your choice" not in page
        assert "tom" not in page.lower().replace("bottom", "").replace("custom", "")


async def test_a_poll_within_a_conversation(fediverse, place):
    here, maya, tom, group = place
    thread = await write(maya, community_id=group.id)
    async with fediverse.client(here, tom) as client:
        page = (await client.get(f"/p/{thread.short}", follow_redirects=True)).text
        assert f"/p/{thread.short}/poll/new" in page
        check((await client.get(f"/p/{thread.short}/poll/new")).text)
        refused = await client.post(f"/p/{thread.short}/poll/new", data=FIELDS | {"option": ["One"]})
        assert refused.status_code == 422
        answer = await client.post(f"/p/{thread.short}/poll/new", data=FIELDS)
        place_of_poll = answer.headers["location"]
        page = (await client.get(place_of_poll)).text
        check(page)
        assert "Which tool?" in page
    async with fediverse.client(here, maya) as client:
        assert (await client.post(place_of_poll.replace("/poll", "/vote"), data={})).status_code == 422
        voted = await client.post(place_of_poll.replace("/poll", "/vote"), data={"choice": "0"})
        assert voted.headers["location"] == place_of_poll
        page = (await client.get(f"/p/{thread.short}", follow_redirects=True)).text
        check(page)
        assert f'href="{place_of_poll}"' in page
        assert "2 answers to choose from" in page


async def test_changing_the_words_and_ending_it(fediverse, place):
    here, maya, _, _ = place
    poll = await maya.do(actions.start_poll, FORM)
    async with fediverse.client(here, maya) as client:
        page = (await client.get(f"/p/{poll.short}/edit")).text
        check(page)
        assert 'name="option"' not in page
        refused = await client.post(f"/p/{poll.short}/edit", data={"question": ""})
        assert refused.status_code == 422
        assert "Paper &lt;strips&gt;" in refused.text
        changed = await client.post(f"/p/{poll.short}/edit", data={"question": "Which one?", "content": "More."})
        assert changed.status_code == 303
        check((await client.get(f"/p/{poll.short}/versions", follow_redirects=True)).text)
        assert (await client.post(f"/p/{poll.short}/delete")).status_code == 303


async def test_s20_a_poll_from_elsewhere_is_shown_as_text_with_its_numbers(fediverse, place):
    here, _, tom, _ = place
    there = Stranger(fediverse, "birch.example")
    uri = await there.create(
        fediverse,
        here,
        there.actor("eva"),
        "q/1",
        "<p>Which?</p>",
        type="Question",
        endTime="2026-02-01T00:00:00Z",
        anyOf=[
            {"type": "Note", "name": "<script>x</script>", "replies": {"type": "Collection", "totalItems": 4}},
            {"type": "Note", "name": "Blocks", "replies": {"type": "Collection", "totalItems": 12}},
        ],
    )
    post = await found(here, uri)
    async with fediverse.client(here, tom) as client:
        page = (await client.get(f"/p/{post.short}", follow_redirects=True)).text
    check(page)
    assert "<script>x" not in page
    assert '<td class="numeric">12</td>' in page
    assert 'type="checkbox" name="choice"' in page
    assert "Your vote goes to birch.example" in page
