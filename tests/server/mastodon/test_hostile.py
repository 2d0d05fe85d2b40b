"""What somebody with bad intentions sends to endpoints for apps, and what it must not cost or bring."""

import asyncio
import base64
import time

import pytest

from server.filters.queries import MAX_READ, met
from server.mastodon.ids import number_of
from tests.apps import app_of, ids
from tests.conftest import Fediverse
from tests.posting import follow, write


async def test_a_header_holds_no_letters_that_mean_something_there(fediverse: Fediverse) -> None:
    """The address of a page is in its Link header: a hashtag in it may have any letters (S21)."""
    here = await fediverse.start("alder.example")
    amara = await fediverse.person(here, "amara")
    await write(amara, "Hello #日本 #zebra", visibility="public")
    app = await app_of(fediverse, here)
    answer = await app.call("GET", "/api/v1/timelines/tag/日本", params={"limit": 1})
    assert len(answer.json()) == 1
    assert "/api/v1/timelines/tag/%E6%97%A5%E6%9C%AC?" in answer.headers["link"]
    for evil in ("x%0d%0aX-Evil:%201", "x%3E%3B rel=%22next%22", "x%00", "%E2%80%AE", "a%2Fb"):
        answer = await app.call("GET", f"/api/v1/timelines/tag/{evil}?any[]=zebra")
        if answer.status_code == 200 and answer.json():
            link = answer.headers["link"]
            assert link.isascii()
            assert link.isprintable()
            assert link.count("<") == link.count(">") == link.count("rel=")


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2026-02-30"])
@pytest.mark.parametrize("name", ["after", "before", "during"])
async def test_the_ends_of_time_are_days_like_others(fediverse: Fediverse, name: str, day: str) -> None:
    here = await fediverse.start("alder.example")
    amara = await fediverse.person(here, "amara")
    await write(amara, "Some words", visibility="public")
    app = await app_of(fediverse, here, amara)
    found = await app.get("/api/v2/search", q=f"{name}:{day} words")
    assert len(found["statuses"]) == ((name, day) == ("after", "0001-01-01"))


@pytest.mark.parametrize("client", [b"a%00b:secret", b"a\x00b:secret"])
async def test_a_client_whose_name_no_database_takes_is_no_client(fediverse: Fediverse, client: bytes) -> None:
    here = await fediverse.start("alder.example")
    app = await app_of(fediverse, here)
    basic = {"authorization": "Basic " + base64.b64encode(client).decode()}
    answer = await app.http.post("/oauth/token", data={"grant_type": "client_credentials"}, headers=basic)
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"


WORST = [
    ("lo " * 20_000, [f"lo {number}" for number in range(300)]),
    ("a" * 60_000, ["a" * (length % 199 + 1) + "b" for length in range(300)]),
    ("a" * 60_000, ["a" * (length % 199 + 1) for length in range(300)]),
    ("ab" * 30_000, ["a" + "b" * (length % 199) for length in range(300)]),
    ("a " * 30_000, ["a " * (length % 99 + 1) + "b" for length in range(300)]),
    ("𝒜ſ" * 30_000, ["𝒜S" * (length % 99 + 1) + "b" for length in range(300)]),
]


@pytest.mark.parametrize(("text", "keywords"), WORST)
def test_no_words_stall_whoever_waits(text: str, keywords: list[str]) -> None:
    """The most keywords that one person may have, in the longest text: less than the 100 ms of S12."""
    met([("warm", True)], text)
    best = 9.9
    for _ in range(3):
        begun = time.process_time()
        met([(keyword, True) for keyword in keywords], text)
        best = min(best, time.process_time() - begun)
    assert best < 0.1


def test_a_filter_reads_so_far() -> None:
    assert met([("zebra", True)], " " * 3 + "word " * 100 + "zebra") == ["zebra"]
    assert met([("zebra", True)], "x" * MAX_READ + " zebra") == []


async def test_others_get_their_turn_while_a_page_is_filtered(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    await follow(amara, bruno)
    posts = [await write(bruno, f"{number} " + "lo " * 3_000, visibility="public") for number in range(40)]
    await fediverse.settle()
    app = await app_of(fediverse, here, amara)
    for number in range(6):
        words = [{"keyword": f"lo {number} {each}", "whole_word": "true"} for each in range(50)]
        await app.post("/api/v2/filters", {"title": "x", "context": ["home"], "keywords_attributes": words})
    longest, last = 0.0, time.perf_counter()

    async def tick() -> None:
        nonlocal longest, last
        while True:
            await asyncio.sleep(0)
            longest, last = max(longest, time.perf_counter() - last), time.perf_counter()

    ticking = asyncio.create_task(tick())
    found = await app.get("/api/v1/timelines/home", limit=40)
    ticking.cancel()
    assert set(ids(found)) == {number_of(post.id) for post in posts}
    assert longest < 1.0
