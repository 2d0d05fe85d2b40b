"""L7: what is found among practices is narrowed by what they say of themselves, and never shows more to anybody."""

import re
from dataclasses import replace
from typing import Any

import pytest

from server.db import query_log
from server.practices import actions as practices
from server.practices.form import PracticeForm
from tests.conftest import Fediverse
from tests.facts import make_community, make_post

QUICK = PracticeForm(
    title="Exit tickets",
    subject="Science",
    level="Year 8",
    group_size=28,
    minutes=5,
    problem="I never know what they took home.",
    steps=("Ask one question.",),
    would_change="Two chairs.",
    visibility="public",
    licence="CC-BY-4.0",
    language="en",
)


@pytest.fixture
async def cast(fediverse: Fediverse) -> tuple[Any, Any, Any]:
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    long = replace(QUICK, title="Exit tickets at length", minutes=80, group_size=8, subject="History")
    free = replace(QUICK, title="Exit tickets for free", licence="CC0-1.0", language="de", level="Year 9")
    for form in (QUICK, long, free):
        await maya.do(practices.share, form)
    await make_post(here, maya.id, title="Exit tickets, anybody?", kind="discussion")
    return here, maya, tom


async def titles(fediverse: Fediverse, here: Any, who: Any, query: str) -> list[str]:
    async with fediverse.client(here, as_=who) as client:
        answer = await client.get(f"/search?q=exit+tickets{query}")
    assert answer.status_code == 200
    return sorted(
        set(re.findall(r"Exit tickets[a-z, ]*", " ".join(re.findall(r"<h3[^>]*>.*?</h3>", answer.text, re.S))))
    )


async def test_l7_narrowing_shows_nobody_what_they_may_not_read(fediverse: Fediverse, cast: Any) -> None:
    here, maya, tom = cast
    place = await make_community(here, "staffroom", stewards=(maya.id,), visibility="members")
    form = replace(QUICK, title="Exit tickets among us", subject="Secrets", visibility="members", community_id=place.id)
    await maya.do(practices.share, form)
    narrowed = "&kind=practices&subject=secrets"
    assert await titles(fediverse, here, maya, narrowed) == ["Exit tickets among us"]
    assert await titles(fediverse, here, tom, narrowed) == []
    assert await titles(fediverse, here, None, narrowed) == []
    async with fediverse.client(here, as_=tom) as client:
        assert "Secrets" not in (await client.get("/search?q=exit&kind=practices")).text


@pytest.mark.parametrize(
    "query",
    [
        "&size=nonsense",
        "&minutes=-1",
        "&subject=%00",
        "&subject=" + "x" * 5000,
        "&language=%27%20OR%201=1",
        "&licence=x",
    ],
)
async def test_l7_strange_narrowings_break_nothing(fediverse: Fediverse, cast: Any, query: str) -> None:
    here, _, tom = cast
    found = await titles(fediverse, here, tom, f"&kind=practices{query}")
    assert len(found) in {0, 3}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Exit tickets", "Exit tickets at length", "Exit tickets for free"]),
        ("&subject=science", ["Exit tickets", "Exit tickets for free"]),
        ("&level=Year+9", ["Exit tickets for free"]),
        ("&size=1-10", ["Exit tickets at length"]),
        ("&minutes=10", ["Exit tickets", "Exit tickets for free"]),
        ("&language=de", ["Exit tickets for free"]),
        ("&licence=CC0-1.0&subject=Science", ["Exit tickets for free"]),
        ("&licence=CC0-1.0&subject=History", []),
    ],
)
async def test_l7_practices_are_found_by_what_they_say(
    fediverse: Fediverse, cast: Any, query: str, found: list[str]
) -> None:
    here, _, tom = cast
    assert await titles(fediverse, here, tom, f"&kind=practices{query}") == found


async def test_l7_what_narrows_practices_narrows_nothing_else_and_goes_along(fediverse: Fediverse, cast: Any) -> None:
    here, _, tom = cast
    assert "Exit tickets, anybody" in await titles(fediverse, here, tom, "&kind=threads&subject=History")
    async with fediverse.client(here, as_=tom) as client:
        page = (await client.get("/search?q=exit&kind=practices&subject=History&size=1-10")).text
        nothing = (await client.get("/search?q=exit&kind=practices&subject=Art")).text
    assert 'name="subject" value="History"' in page
    assert "scope=here&amp;subject=History&amp;size=1-10" in page
    assert '<option value="History" selected>' in page
    assert "1 practice on this page fits" in page
    assert "kind=threads&amp;subject" not in page
    assert "Nothing fits all of that." in nothing
    assert 'href="/search?q=exit&amp;kind=practices"' in nothing


async def test_l7_narrowing_costs_no_more_statements(fediverse: Fediverse, cast: Any) -> None:
    here, _, tom = cast
    counts = []
    for query in ("", "&subject=Science&size=21-30&language=en"):
        log: list[str] = []
        token = query_log.set(log)
        try:
            await titles(fediverse, here, tom, f"&kind=practices{query}")
        finally:
            query_log.reset(token)
        counts.append(len(log))
    assert counts[0] == counts[1] <= 14, counts
