"""Pages of a library without JavaScript."""

import re

from server.communities import actions as communities
from server.communities.form import CommunityForm
from server.db import query_log
from tests.web.practices.test_practice_pages import check

CARDS = {
    "kind": "resource",
    "resource_type": "link",
    "title": "Role cards",
    "link": "https://example.org/cards",
    "text": "Eight cards to print.",
    "subject": "Physics",
    "level": "Year 10",
    "minutes": "50",
    "licence": "CC-BY-4.0",
    "language": "en",
    "share": "1",
}


async def place(fediverse, **facts):
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    await maya.do(communities.create_community, CommunityForm(name="Science", purpose="Try.", slug="science", **facts))
    return here, maya, tom


async def test_c12_s15_a_members_library_looks_absent(fediverse) -> None:
    here, maya, tom = await place(fediverse, visibility="members")
    async with fediverse.client(here, maya) as client:
        added = await client.post("/c/science/new", data=CARDS)
        assert added.status_code == 303
    for person in (None, tom):
        async with fediverse.client(here, person) as client:
            assert (await client.get("/c/science/library")).status_code == 404
            assert (await client.get(added.headers["location"])).status_code == 404


async def test_s30_only_the_author_edits(fediverse) -> None:
    here, maya, tom = await place(fediverse)
    async with fediverse.client(here, maya) as client:
        address = (await client.post("/c/science/new", data=CARDS)).headers["location"]
    async with fediverse.client(here, tom) as client:
        assert (await client.get(f"{address}/edit")).status_code == 403
        assert (await client.post(f"{address}/edit", data=CARDS)).status_code == 403
        assert (await client.post("/c/science/new", data=CARDS)).status_code == 403


async def test_a_refused_resource_keeps_everything(fediverse) -> None:
    here, maya, _ = await place(fediverse)
    async with fediverse.client(here, maya) as client:
        sent = {**CARDS, "resource_type": "interactive", "minutes": "an hour", "link": "nowhere"}
        answer = await client.post("/c/science/new", data=sent)
    assert answer.status_code == 422
    check(answer.text)
    for words in ("an hour", "nowhere", "Eight cards to print.", "Role cards", "Year 10"):
        assert words in answer.text
    for field in ("minutes", "link", "how_i_use_it"):
        assert f'href="#f-{field}"' in answer.text
        assert f'id="f-{field}"' in answer.text


async def test_c12_adding_finding_editing(fediverse) -> None:
    here, maya, _ = await place(fediverse)
    async with fediverse.client(here, maya) as client:
        empty = await client.get("/c/science/library")
        check(empty.text)
        assert "The library is empty." in empty.text
        check((await client.get("/c/science/new?kind=resource")).text)
        shown = await client.post("/c/science/new", data={**CARDS, "preview": "1", "share": ""})
        check(shown.text)
        assert "As seen on Mastodon" in shown.text
        address = (await client.post("/c/science/new", data=CARDS)).headers["location"]
        page = await client.get(address)
        check(page.text)
        for words in (
            "Role cards",
            "Eight cards to print.",
            "https://example.org/cards",
            "Physics",
            "50 minutes",
            "CC BY 4.0",
        ):
            assert words in page.text
        check((await client.get(f"{address}/edit")).text)
        fediverse.clock.advance(60)
        assert (await client.post(f"{address}/edit", data={**CARDS, "minutes": "40"})).status_code == 303
        versions = await client.get(f"{address}/versions")
        check(versions.text)
        assert "Minutes" in versions.text
        found = await client.get("/c/science/library?q=ROLE&type=link&subject=Physics")
        check(found.text)
        assert "1 thing fits" in found.text
        none = await client.get("/c/science/library?q=nothing")
        check(none.text)
        assert "0 things fit" in none.text


async def test_a_library_pages_in_a_fixed_number_of_queries(fediverse) -> None:
    here, maya, tom = await place(fediverse)
    counts = []
    for more in (1, 20):
        async with fediverse.client(here, maya) as client:
            for number in range(more):
                await client.post("/c/science/new", data={**CARDS, "title": f"Card {more}-{number}"})
        async with fediverse.client(here, tom) as client:
            log: list[str] = []
            token = query_log.set(log)
            page = await client.get("/c/science/library")
            query_log.reset(token)
        counts.append(len(log))
    assert counts[0] == counts[1]
    older = re.search(r'rel="next" href="([^"]+)"', page.text)[1].replace("&amp;", "&")
    assert older.startswith("?before=")
