"""Charters, goals and proposals as pages without JavaScript, and in our own API (A2, A6, A7, A8, B3, B13)."""

from typing import Any

from tests.apps import app_of
from tests.conftest import Fediverse
from tests.posting import community, join
from tests.server.proposals.test_proposals import DAY, WHOLE
from tests.web.practices.test_practice_pages import check as valid

BASE = "/api/peerhall/v1"


def check(answer: Any) -> str:
    """The page, which is there and well-formed."""
    assert answer.status_code == 200, answer.text
    valid(answer.text)
    return str(answer.text)


async def test_a2_b1_scripts_are_told_what_a_formal_community_lacks_and_ask_for_a_place(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    app, other = await app_of(fediverse, here, maya), await app_of(fediverse, here, tom)
    reader = await app_of(fediverse, here, maya, scopes="read")
    sent = {"name": "Science", "purpose": "p", "slug": "science", **WHOLE}
    del sent["guidelines"]
    assert await reader.refused("POST", f"{BASE}/communities", json=sent) == 403
    parts = ("objectives", "outcomes", "term_until", "cadence", "facilitators", "time_per_week")
    lacking = {key: value for key, value in sent.items() if key not in parts}
    answer = await app.call("POST", f"{BASE}/communities", json=lacking)
    assert answer.status_code == 422
    assert set(answer.json()["fields"]) == set(parts)
    assert (await app.call("POST", f"{BASE}/communities", json={**sent, "kind": "x", "nonsense": 1})).status_code == 422
    made = (await app.call("POST", f"{BASE}/communities", json=sent)).json()
    assert (made["slug"], made["role"]) == ("science", "steward")
    assert await other.refused("GET", f"{BASE}/communities/science/acceptances") == 404
    assert (await other.call("POST", f"{BASE}/communities/science/join", json={})).status_code == 422
    joined = await other.call("POST", f"{BASE}/communities/science/join", json={"answers": ["a", "b", "c"]})
    assert joined.json() == {"state": "applied"}
    found = await app.get(f"{BASE}/communities/science/charter")
    assert [(one["version"], one["parts"]["cadence"]) for one in found["items"]] == [(1, "Monthly")]
    assert (await app.get(f"{BASE}/communities/science/acceptances"))["items"] == []


async def test_a7_a8_b3_a_charter_is_proposed_discussed_decided_and_read_in_pages(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya, tom, eve = [await fediverse.person(here, name) for name in ("maya", "tom", "eve")]
    group = await community(maya, "science", objectives="Try things.", feedback="Ask first.", goals=("A list",))
    async with fediverse.client(here) as nobody:
        assert (await nobody.get("/c/science/charter/propose")).status_code == 303
        assert 'href="/c/science/charter/propose"' not in check(await nobody.get("/c/science/charter"))
    async with fediverse.client(here, eve) as web:
        assert (await web.get("/c/science/charter/propose")).status_code == 403
        assert (await web.post("/c/science/charter/read", data={"version": "1"})).status_code == 403
        home = check(await web.get("/c/science"))
        assert "Ask first." in home
        assert "As much as you like" in home  # the time it takes, before one joins
    await join(tom, group)
    async with fediverse.client(here, tom) as web:
        assert "The charter is new to you" in check(await web.get("/c/science"))
        assert (await web.get("/c/science/guidelines/propose")).status_code == 404  # there are none
        typed = {"objectives": "Try one thing.", "feedback": "Ask first."}
        refused = await web.post("/c/science/charter/propose", data=typed)
        assert refused.status_code == 422
        assert "Try one thing.</textarea>" in refused.text
        sent = await web.post("/c/science/charter/propose", data={**typed, "why": "Less is more."})
        address = sent.headers["location"]
        page = check(await web.get(address))
        assert '<ins><span class="change-word">new:</span> Try one thing.' in page
        assert 'name="decision"' not in page
        assert (await web.post(f"{address}/decide", data={"decision": "adopt", "note": "x"})).status_code == 403
    async with fediverse.client(here, maya) as web:
        refused = await web.post(f"{address}/opinion", data={"answer": "concern", "reason": ""})
        assert refused.status_code == 422
        assert "Say in a sentence why" in refused.text
        assert (await web.post(f"{address}/opinion", data={"answer": "agree"})).status_code == 303
        early = await web.post(f"{address}/decide", data={"decision": "adopt", "note": "We begin."})
        assert early.status_code == 422
        assert "We begin.</textarea>" in early.text
        fediverse.clock.advance(DAY)
        assert (await web.post(f"{address}/decide", data={"decision": "adopt", "note": "We begin."})).status_code == 303
        page = check(await web.get(address))
        assert "Adopted as version 2" in page
        assert "We begin." in page
        found = check(await web.get("/c/science/charter?version=2"))
        assert "Less is more." in found
        assert '<del><span class="change-word">gone:</span> Try things.' in found
        kept = await web.post("/c/science/goals", data={"goal": "0", "text": "One routine", "url": "nonsense"})
        assert kept.status_code == 422
        assert 'value="One routine"' in kept.text
        await web.post("/c/science/goals", data={"goal": "0", "text": "One routine"})
        assert "0 of 1 there" in check(await web.get("/c/science"))
    async with fediverse.client(here, tom) as web:
        listed = check(await web.get("/c/science/goals"))
        item = listed.partition('action="/c/science/goals/')[2].partition('"')[0]
        await web.post(f"/c/science/goals/{item}", data={"now": "there"})
        assert "1 of 1 there" in check(await web.get("/c/science"))
        assert (await web.post("/c/science/charter/read", data={"version": "2"})).status_code == 303
        assert "You have read it." in check(await web.get("/c/science/charter"))
