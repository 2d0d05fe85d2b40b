"""What somebody with bad intentions sends to endpoints for apps, and what it must not cost or bring."""

import base64

import pytest

from tests.apps import app_of
from tests.conftest import Fediverse
from tests.posting import write


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
