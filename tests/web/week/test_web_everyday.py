"""This week, search, notifications and help as pages: for whom, without script, valid, in a fixed number of queries."""

import re
import warnings

import html5lib
import pytest

from server.db import query_log
from server.notifications.queries import unread_count
from server.posts.events import PostLiked
from tests.facts import emit, make_community, make_follow, make_member, make_post, make_remote

PAGES = ["/week", "/search", "/search?q=exit", "/notifications", "/notifications?show=all", "/help"]


def check(html: str) -> None:
    """The page is valid HTML, and says nothing that a program would say."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parser = html5lib.HTMLParser(strict=False)
        parser.parse(html)
    assert [code for _, code, _ in parser.errors] == []
    for slip in (">None<", "=None", "Undefined", "[]", "%(", "{{", "&amp;lt;"):
        assert slip not in re.sub(r"<(style|script|code)[^>]*>.*?</\1>", "", html, flags=re.DOTALL), slip
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))


async def busy(fediverse, count: int = 1):
    """Maya, for whom a lot waits."""
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    community = await make_community(here, "science", stewards=(maya.id,))
    await here.run(
        here.db.execute,
        "UPDATE account SET ask_me_about = 'exit tickets', teaches = 'science' WHERE actor_id = :id",
        id=maya.id,
    )
    for number in range(count):
        far = await make_remote(here, f"far{number}", "birch.example", indexable=True)
        await make_follow(here, far.id, maya.id, state="requested")
        await make_member(here, community.id, far.id, state="applied")
        await make_post(here, far.id, state="held", community_id=community.id, title="Held", is_local=False)
        await make_post(here, tom.id, kind="ask", title=f"Exit tickets {number}?", community_id=community.id)
        await make_post(here, tom.id, title=f"Science exit {number}", community_id=community.id)
        mine = await make_post(here, maya.id, title=f"My exit tickets {number}")
        await make_post(here, tom.id, kind="reply", parent_id=mine.id, content_html="<p>Nice & exit</p>")
        await emit(here, PostLiked(mine.id, far.id))
    return here, maya, tom


@pytest.mark.parametrize("path", ["/week", "/notifications"])
async def test_s28_strangers_are_sent_to_sign_in(fediverse, path: str) -> None:
    here = await fediverse.start("alder.example")
    async with fediverse.client(here) as client:
        answer = await client.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")


@pytest.mark.parametrize("path", ["/notifications/done", "/notifications/mail"])
async def test_s32_forms_from_elsewhere_change_nothing(fediverse, path: str) -> None:
    here, maya, _ = await busy(fediverse)
    before = await here.run(unread_count, here, maya.id)
    async with fediverse.client(here, maya) as client:
        answer = await client.post(path, headers={"sec-fetch-site": "cross-site", "origin": "https://evil.example"})
    assert answer.status_code == 403
    assert await here.run(unread_count, here, maya.id) == before > 0


async def test_nobody_but_people_here_makes_us_ask_other_servers(fediverse) -> None:
    here, maya, _ = await busy(fediverse)
    handle = "/search?q=%40somebody%40cedar.example"
    fediverse.network.log.clear()
    async with fediverse.client(here) as client:
        answer = await client.get(handle)
        check(answer.text)
    async with fediverse.client(here, maya) as client:
        other_site = await client.get(handle, headers={"sec-fetch-site": "cross-site"})
        check(other_site.text)
    assert (answer.status_code, other_site.status_code, fediverse.network.log) == (200, 200, [])


async def test_looking_up_is_limited(fediverse) -> None:
    here, maya, _ = await busy(fediverse)
    async with fediverse.client(here, maya) as client:
        answers = [await client.get(f"/search?q=%40x{number}%40nobody.example") for number in range(22)]
        assert answers[0].status_code == 422
        assert "Try again" in answers[0].text or "Check the spelling" in answers[0].text
        fediverse.network.log.clear()
        last = await client.get("/search?q=%40x%40nobody.example")
        check(last.text)
    assert "many addresses" in last.text
    assert fediverse.network.log == []


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '"', "%00", "&q=1", "-", "'", "\u202etxt", "a" * 3000])
async def test_s20_what_was_typed_comes_back_as_text(fediverse, text: str) -> None:
    here = await fediverse.start("alder.example")
    async with fediverse.client(here) as client:
        answer = await client.get("/search", params={"q": text})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    check(answer.text)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("count", [0, 2])
async def test_pages_are_valid_and_full_or_kindly_empty(fediverse, path: str, count: int) -> None:
    here, maya, _ = await busy(fediverse, count)
    async with fediverse.client(here, maya) as client:
        answer = await client.get(path)
    assert answer.status_code == 200
    check(answer.text)


async def test_this_week_says_what_waits_and_how_long_it_takes(fediverse) -> None:
    here, maya, _ = await busy(fediverse)
    async with fediverse.client(here, maya) as client:
        page = (await client.get("/week")).text
    for words in (
        "About 12 minutes",
        "Far0 would like to join Science.",
        "What Far0 wrote waits for you to approve it.",
        "Far0 asks to follow you.",
        "Exit tickets 0?",
        "One new reply",
        "Because it is near what you teach.",
        "First steps",
    ):
        assert words in page, words


async def test_an_empty_week_suggests_something_small(fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    await here.run(here.db.execute, "UPDATE account SET created_at = 1")
    async with fediverse.client(here, maya) as client:
        page = (await client.get("/week")).text
    assert "Nothing waits for you." in page
    assert "Share a practice" in page


async def test_notifications_are_done_one_by_one_and_all_at_once(fediverse) -> None:
    here, maya, _ = await busy(fediverse, 2)
    async with fediverse.client(here, maya) as client:
        page = (await client.get("/notifications")).text
        assert "replied to you" in page
        assert "found this useful" in page
        thing = re.search(r'name="thing" value="([^"]+)"', page)
        assert thing is not None
        before = await here.run(unread_count, here, maya.id)
        answer = await client.post("/notifications/done", data={"thing": thing[1]})
        assert answer.status_code == 303
        assert await here.run(unread_count, here, maya.id) == before - 1
        await client.post("/notifications/done")
        assert "All quiet." in (await client.get("/notifications")).text
        assert "replied to you" in (await client.get("/notifications?show=all")).text
        await client.post("/notifications/mail", data={"mail_now": "no"})
        assert "You get no mail about answers to you." in (await client.get("/notifications")).text


async def test_search_shows_kinds_and_leads_to_more(fediverse) -> None:
    here, _, _ = await busy(fediverse, 2)
    async with fediverse.client(here) as client:
        everything = (await client.get("/search?q=exit")).text
        asks = (await client.get("/search?q=exit&kind=threads")).text
        nothing = (await client.get("/search?q=pottery")).text
        people = (await client.get("/search?q=tom&kind=people")).text
    assert "Science exit 1" in everything
    assert "Science exit 1" not in asks
    assert "Exit tickets 1?" in asks
    assert "Nothing found" in nothing
    assert 'href="/@tom"' in people


@pytest.mark.parametrize(("path", "most"), [("/week", 32), ("/search?q=exit", 20), ("/notifications", 18)])
async def test_the_number_of_queries_is_fixed(fediverse, path: str, most: int) -> None:
    here, maya, _ = await busy(fediverse)

    async def statements() -> int:
        log: list[str] = []
        token = query_log.set(log)
        async with fediverse.client(here, maya) as client:
            assert (await client.get(path)).status_code == 200
        query_log.reset(token)
        return len(log)

    few = await statements()
    community = await here.run(here.db.value, "SELECT id FROM community")
    for number in range(2, 8):
        far = await make_remote(here, f"far{number}", "cedar.example")
        await make_member(here, community, far.id, state="applied")
        mine = await make_post(here, maya.id, title=f"My exit {number}")
        await make_post(here, far.id, kind="reply", parent_id=mine.id, is_local=False)
        await make_post(here, far.id, kind="ask", title=f"exit {number}", is_local=False, community_id=community)
    assert await statements() == few <= most
