"""Formats of conversations on pages (D5, D15): chosen, asked for above the box, beside each other, and summed up."""

import re

from tests.counting import statements
from tests.posting import community, join
from tests.web.practices.test_practice_pages import check
from tests.web.test_costs import MOST_STATEMENTS

START = {
    "kind": "discussion",
    "title": "Homework at weekends?",
    "content": "We never settled it.",
    "licence": "CC-BY-4.0",
    "language": "en",
    "format": "sides",
    "share": "1",
}


async def test_d5_d15_from_starting_to_closing(fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    await join(tom, await community(maya, "science"))
    async with fediverse.client(here, maya) as client:
        form = await client.get("/c/science/new")
        check(form.text)
        assert 'href="/c/science/new?kind=round">Open a round</a>' in form.text
        refused = await client.post("/c/science/new", data={**START, "title": ""})
        assert refused.text.partition('value="sides"')[2].partition(">")[0].endswith("checked")
        assert (await client.post("/c/science/new", data={**START, "format": "duel"})).status_code == 422
        address = (await client.post("/c/science/new", data=START)).headers["location"]
        trial = (await client.post("/c/science/new", data={**START, "format": "feedback"})).headers["location"]
        assert (
            await client.post("/c/science/new", data={**START, "format": "fishbowl", "seats": "7"})
        ).status_code == 422
        sent = {**START, "format": "fishbowl", "seats": "2"}
        bowl = (await client.post("/c/science/new", data=sent)).headers["location"]
    async with fediverse.client(here, tom) as client:
        page = await client.get(address)
        check(page.text)
        assert "take up the strongest reason of the other side" in page.text
        refused = await client.post(f"/p/{address[-8:]}/reply", data={"content": "They rest.", "language": "en"})
        assert refused.status_code == 422
        check(refused.text)
        assert "Choose what your answer is." in refused.text
        assert "They rest." in refused.text
        sent = {"content": "They rest.", "language": "en", "part": "against"}
        assert (await client.post(f"/p/{address[-8:]}/reply", data=sent)).status_code == 303
        page = await client.get(address)
        check(page.text)
        assert "They rest." in page.text.partition("<h3>Against</h3>")[2].partition("</li>")[0]
        sent = {"content": "Good.", "language": "en", "heard": ""}
        refused = await client.post(f"/p/{trial[-8:]}/reply", data=sent)
        check(refused.text)
        assert "Say back in one sentence what you heard." in refused.text
        box = refused.text.index('name="content"')
        assert refused.text.index('name="heard"') < box < refused.text.index("<li data-stem>I wonder whether…</li>")
        assert (await client.post(f"/p/{trial[-8:]}/reply", data={**sent, "heard": "You rest."})).status_code == 303
        assert "You rest." in (await client.get(trial)).text
        assert "0 of 2 seats in the middle are taken. Whoever answers from the middle takes one." in words(
            (await client.get(bowl)).text
        )
        assert (await client.post(f"/p/{address[-8:]}/close", data={"summary": "Mine."})).status_code == 403
    async with fediverse.client(here, maya) as client:
        refused = await client.post(f"/p/{address[-8:]}/close", data={"summary": " "})
        check(refused.text)
        assert "Say in a few sentences what came of it." in refused.text
        assert (await client.post(f"/p/{address[-8:]}/close", data={"summary": "One in three."})).status_code == 303
        page = await client.get(address)
        check(page.text)
        assert "One in three." in page.text
        assert "This conversation is closed" in page.text
        assert (await client.post(f"/p/{address[-8:]}/reopen")).status_code == 303
        assert "One in three." not in (await client.get(address)).text


async def test_d5_a_seat_is_taken_by_speaking_and_given_up_with_a_tap(fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    group = await community(maya, "science")
    people = [await fediverse.person(here, name) for name in ("tom", "ada", "ben")]
    async with fediverse.client(here, maya) as client:
        sent = {**START, "format": "fishbowl", "seats": "2"}
        bowl = (await client.post("/c/science/new", data=sent)).headers["location"]
        assert (await client.post(f"/p/{bowl[-8:]}/stand-up")).status_code == 403
    for person in people:
        await join(person, group)
        async with fediverse.client(here, person) as client:
            said = {"content": f"Says {person.viewer.display_name}.", "language": "en", "part": "inside"}
            told = await client.post(f"/p/{bowl[-8:]}/reply", data=said)
            page = await client.get(told.headers["location"].partition("#")[0])
            check(page.text)
    assert "All seats are taken: your answer stands outside." in page.text
    outside = page.text.partition("<h3>From outside</h3>")[2]
    assert "Says Ben." in outside.partition('id="reply-form"')[0]
    assert "Answers stand outside until somebody gives up their seat." in page.text
    assert "Give up my seat" not in page.text
    async with fediverse.client(here, people[0]) as client:
        with here.db.bind(), statements(here) as log:
            shown = await client.get(bowl)
        assert len(log) <= MOST_STATEMENTS
        assert "2 of 2 seats in the middle are taken. One of them is yours." in words(shown.text)
        assert "Give up my seat" in shown.text
        fediverse.clock.advance(5)
        assert (await client.post(f"/p/{bowl[-8:]}/stand-up")).status_code == 303
        shown = await client.get(bowl)
        check(shown.text)
        assert "1 of 2 seats in the middle are taken." in words(shown.text)
        assert "Says Tom." in shown.text.partition("<h3>From the middle</h3>")[2].partition("<h3>")[0]


def words(page: str) -> str:
    """A page without its tags, in one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())
