"""Pages of events without JavaScript: refusals first, then announcing, taking part and the file for calendars."""

import re
from datetime import UTC, datetime

import pytest

from server.sessions import actions
from tests.counting import statements
from tests.posting import Stranger, community, found, write
from tests.server.sessions.test_events import FORM, remote_event
from tests.web.practices.test_practice_pages import check
from tests.web.test_costs import MOST_STATEMENTS

ENDS = datetime(2026, 3, 10, 17, tzinfo=UTC)
FIELDS = {
    "kind": "session",
    "title": "Peer circle",
    "content": "Bring one exercise.",
    "starts": "2026-03-10T17:00",
    "ends": "2026-03-10T18:00",
    "timezone": "Europe/Berlin",
    "online_url": "https://meet.example/fractions",
    "join_mode": "free",
}


@pytest.fixture
async def place(fediverse):
    """Maya, who has a community, and Tom."""
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    await community(maya)
    return here, maya, tom


@pytest.mark.parametrize("act", ["take-part", "leave-event", "cancel-event"])
async def test_s28_strangers_do_nothing(fediverse, place, act):
    here, maya, _ = place
    event = await maya.do(actions.publish_event, FORM)
    async with fediverse.client(here) as client:
        answer = await client.post(f"/p/{event.short}/{act}")
    assert answer.headers["location"].startswith("/sign-in")


@pytest.mark.parametrize("act", ["take-part", "leave-event", "cancel-event"])
async def test_s30_what_is_no_event_is_none(fediverse, place, act):
    here, maya, tom = place
    post = await write(maya)
    async with fediverse.client(here, tom) as client:
        assert (await client.post(f"/p/{post.short}/{act}")).status_code == 404
        assert (await client.get(f"/p/{post.short}/event.ics")).status_code == 404


async def test_a_refused_event_comes_back_with_everything(fediverse, place):
    here, maya, _ = place
    async with fediverse.client(here, maya) as client:
        sent = FIELDS | {"title": "", "capacity": "many", "join_mode": "external"}
        answer = await client.post("/c/science/new?kind=session", data=sent)
    assert answer.status_code == 422
    check(answer.text)
    assert "Give it a title" in answer.text
    assert "Give the link where people sign up" in answer.text
    assert 'value="many"' in answer.text
    assert 'value="2026-03-10T17:00"' in answer.text
    assert re.search(r'value="Europe/Berlin" selected', answer.text)


async def test_announcing_and_taking_part(fediverse, place):
    here, maya, tom = place
    async with fediverse.client(here, maya) as client:
        check((await client.get("/c/science/new?kind=session")).text)
        answer = await client.post("/c/science/new?kind=session", data=FIELDS)
        assert answer.status_code == 303
        path = answer.headers["location"]
        check((await client.get(f"{path}/edit")).text)
        assert (await client.post(f"{path}/edit", data=FIELDS | {"place": "Room 4"})).status_code == 303
    async with fediverse.client(here, tom) as client:
        page = (await client.get(path)).text
        check(page)
        words = re.sub(r"<[^>]+>", "", page)
        assert re.search(r"Tuesday,? 10 March 2026, 16:00 to 17:00 UTC", words), "one day is said once"
        assert "There it is Tue 10 Mar 2026, 17:00–18:00 (Europe/Berlin)" in page
        assert 'href="https://meet.example/fractions"' in page
        assert (await client.post(f"{path}/take-part")).status_code == 303
        page = (await client.get(path)).text
        check(page)
        assert "You take part." in page
        assert "One person takes part" in page
        file = await client.get(f"{path}/event.ics")
        assert file.headers["content-type"].startswith("text/calendar")
        assert file.headers["content-disposition"].startswith("attachment")
        assert (await client.post(f"{path}/cancel-event")).status_code == 404
        assert (await client.post(f"{path}/leave-event")).status_code == 303
        assert "0 people take part" in (await client.get(path)).text
    async with fediverse.client(here, maya) as client:
        assert (await client.post(f"{path}/cancel-event")).status_code == 303
        page = (await client.get(path)).text
        check(page)
        assert "This event does not take place." in page
    async with fediverse.client(here) as client:
        assert "tom" not in re.sub(r"bottom|custom", "", (await client.get(path)).text.lower())


async def test_an_event_from_elsewhere_is_shown_as_text(fediverse, place):
    here, _, tom = place
    there = Stranger(fediverse, "mobilizon.example")
    uri = await remote_event(
        fediverse,
        there,
        here,
        there.actor("organiser"),
        location={"type": "Place", "name": "<script>x</script> Barn", "url": "javascript:alert(1)"},
        joinMode="restricted",
    )
    post = await found(here, uri)
    async with fediverse.client(here, tom) as client:
        page = (await client.get(f"/p/{post.short}", follow_redirects=True)).text
        check(page)
        assert "<script>x" not in page
        assert "javascript:" not in page
        assert "3 people take part" in page
        assert "Your name is sent to the organisers on mobilizon.example" in page
        assert "Ask to take part" in page
        await client.post(f"/p/{post.short}/take-part")
        assert "have not answered yet" in (await client.get(f"/p/{post.short}", follow_redirects=True)).text


async def test_c14_a_pack_is_put_together_by_buttons_and_ticked(fediverse, place):
    here, maya, tom = place
    event = await maya.do(actions.publish_event, FORM)
    text = await write(maya, "word " * 300, title="On waiting")
    form, path = f"/p/{event.short}/prepare", f"/p/{event.short}"
    async with fediverse.client(here, tom) as client:
        assert (await client.get(form)).status_code == 404
        assert (await client.post(form, data={"url": "https://example.org/a"})).status_code == 404
        assert (await client.post(f"{path}/read", data={"url": "https://example.org/a"})).status_code == 404
    async with fediverse.client(here, maya) as client:
        check((await client.get(form)).text)
        refused = await client.post(form, data={"address": "https://nowhere.example/a", "add": "1"})
        assert refused.status_code == 422
        check(refused.text)
        assert "Say what it is called" in refused.text
        assert 'value="https://nowhere.example/a"' in refused.text
        sent = {"address": "https://nowhere.example/a", "name": "A paper", "add": "1"}
        page = (await client.post(form, data=sent)).text
        assert 'value="A paper"' in page
        items = {"url": ["https://nowhere.example/a"], "title-1": "A paper", "minutes-1": ""}
        page = (await client.post(form, data=items | {"address": text.url})).text
        check(page)
        assert "Write the minutes as a number" in page
        assert 'value="On waiting"' in page
        assert 'value="2"' in page
        both = {"url": ["https://nowhere.example/a", text.url], "title-1": "A paper", "minutes-1": "10"}
        both |= {"title-2": "On waiting", "minutes-2": "2", "uri-2": text.uri}
        page = (await client.post(form, data=both | {"down": "1"})).text
        assert page.index('value="On waiting"') < page.index('value="A paper"')
        assert (await client.post(form, data=both)).status_code == 303
    async with fediverse.client(here, tom) as client:
        page = (await client.get(path, follow_redirects=True)).text
        check(page)
        assert "About 12 minutes to read." in page
        assert "You have read 0 of 2. Only you see that." in page
        assert (await client.post(f"{path}/read", data={"url": text.url, "done": "1"})).status_code == 303
        assert "You have read 1 of 2." in (await client.get(path, follow_redirects=True)).text
        with here.db.bind(), statements(here) as log:
            await client.get(f"{path}-peer-circle")
        assert len(log) <= MOST_STATEMENTS
    async with fediverse.client(here) as client:
        page = (await client.get(path, follow_redirects=True)).text
        assert "A paper" in page
        assert "You have read" not in page


async def test_d7_d9_a_seminar_from_its_announcement_to_what_came_of_it(fediverse, place):
    here, maya, tom = place
    ada = await fediverse.person(here, "ada")
    sent = FIELDS | {"format": "seminar", "discussants": "@tom, nobody"}
    async with fediverse.client(here, maya) as client:
        refused = await client.post("/c/science/new?kind=session", data=sent)
        assert refused.status_code == 422
        check(refused.text)
        assert "Nobody called nobody is known" in refused.text
        assert 'value="@tom, nobody"' in refused.text
        path = (await client.post("/c/science/new?kind=session", data=sent | {"discussants": "@tom"})).headers[
            "location"
        ]
        page = (await client.get(path)).text
        check(page)
        assert "Asked, and only you see that: Tom" in page
        short = path.rpartition("-")[2].partition("?")[0]
    about = f"/p/{short}"
    async with fediverse.client(here, tom) as client:
        page = (await client.get(path)).text
        check(page)
        assert "You are asked to discuss" in page
        assert "After the meeting the conversation goes on here for seven days, until" in page
        assert "Ask in advance" in page
        assert (await client.post(f"{about}/discuss")).status_code == 303
        assert "You discuss" in (await client.get(path)).text
        for path_of_another in ("agenda", "recap"):
            assert (await client.post(f"{about}/{path_of_another}", data={"recap": "Mine"})).status_code == 404
        for words in ("How long do you wait?", "What if nobody talks?"):
            assert (await client.post(f"{about}/reply", data={"content": words})).status_code == 303
            fediverse.clock.advance(60)
    async with fediverse.client(here, maya) as client:
        page = (await client.get(f"{about}/agenda")).text
        check(page)
        first, second = re.findall(r'name="question" value="([^"]+)"', page)
        page = (await client.post(f"{about}/agenda", data={"question": [first, second], "down": first})).text
        assert re.findall(r'name="question" value="([^"]+)"', page) == [second, first]
        page = (await client.post(f"{about}/agenda", data={"question": [second, first], "out": first})).text
        check(page)
        assert "Put it on the agenda" in page
        page = (await client.post(f"{about}/agenda", data={"question": [second], "back": first})).text
        assert (await client.post(f"{about}/agenda", data={"question": [second]})).status_code == 303
        page = (await client.get(path)).text
        check(page)
        assert "One more question is not on the agenda" in page
        with here.db.bind(), statements(here) as log:
            await client.get(path)
        assert len(log) <= MOST_STATEMENTS
        fediverse.clock.advance((ENDS - fediverse.clock.now()).total_seconds() + 60)
        refused = await client.post(f"{about}/recap", data={"recap": " ", "days": "7"})
        assert refused.status_code == 422
        check(refused.text)
        assert "Say in a few sentences what came of it." in refused.text
        assert (
            await client.post(f"{about}/recap", data={"recap": "We <b>wait</b>.\nLonger.", "days": "7"})
        ).status_code == 303
    async with fediverse.client(here, ada) as client:
        page = (await client.get(path)).text
        check(page)
        assert "We &lt;b&gt;wait&lt;/b&gt;.<br>Longer." in page
        assert "Were you not there?" in page
        assert "There it is Tue 17 Mar 2026, 23:59 (Europe/Berlin)" in page
        assert (await client.post(f"{about}/reply", data={"content": "We count to ten."})).status_code == 303
        assert "You took part later." in (await client.get(path)).text
    async with fediverse.client(here, maya) as client:
        assert "One person took part later. Only you see this number." in (await client.get(path)).text
    async with fediverse.client(here, tom) as client:
        page = (await client.get(path)).text
        assert "You took part." in page
        assert "I was not there" in page
        assert "took part later. Only you see" not in page
        fediverse.clock.advance(8 * 86_400)
        assert "it does not count as taking part any more" in (await client.get(path)).text
