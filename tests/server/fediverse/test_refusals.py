"""What is refused is noted once, with the reason, cheaply, and for the right server (S24, R11)."""

import json
import logging
from typing import Any

import httpx
import pytest

from federation.errors import WORDS, FederationError, Forbidden, Ignored, Unreachable, word_of
from federation.ports import Refusal
from server.db.database import query_log
from server.fediverse import refusals
from server.fediverse.queries import RefusalCount, recent_refusals, refusal_counts
from server.peers import actions as peers
from tests.posting import Stranger, write


@pytest.fixture
async def maya(fediverse: Any) -> Any:
    return await fediverse.person(await fediverse.start("alder.example"), "maya")


def browser(fediverse: Any, here: Any) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(fediverse.network.apps[here.settings.domain])
    return httpx.AsyncClient(transport=transport, base_url=here.settings.origin)


async def post(fediverse: Any, here: Any, document: Any, **headers: str) -> int:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    async with browser(fediverse, here) as client:
        kind = {"content-type": "application/activity+json"}
        return (await client.post("/ap/inbox", content=body, headers=kind | headers)).status_code


async def noted(here: Any, host: str) -> list[tuple[str, str, bool]]:
    return [(each.place, each.word, each.is_certain) for each in await here.run(recent_refusals, here, host)]


async def test_an_unsigned_request_is_noted_under_a_name_only_if_we_know_it(fediverse: Any, maya: Any) -> None:
    here = maya.here
    follow = {
        "id": "https://birch.example/f/1",
        "type": "Follow",
        "actor": "https://birch.example/u/tom",
        "object": "x",
    }
    assert await post(fediverse, here, follow) == 401
    await fediverse.settle()
    assert await noted(here, "birch.example") == []
    assert await noted(here, "") == [("inbox", "unsigned", False)]
    await here.run(peers.note_seen, here, "birch.example")
    assert await post(fediverse, here, follow) == 401
    await fediverse.settle()
    (seen,) = await here.run(recent_refusals, here, "Birch.example")
    assert (seen.word, seen.actor, seen.subject, seen.activity_type) == (
        "unsigned",
        "https://birch.example/u/tom",
        "https://birch.example/f/1",
        "Follow",
    )
    assert seen.at == fediverse.clock.now()
    assert seen.reason == "The request is not signed."


async def test_what_is_not_even_a_document_is_noted(fediverse: Any, maya: Any) -> None:
    here = maya.here
    assert await post(fediverse, here, b"{") == 400
    assert await post(fediverse, here, {"id": "x"}, signature='keyId="https://birch.example/u/tom#main-key"') == 400
    assert await post(fediverse, here, b"{}", **{"content-type": "text/html"}) == 415
    assert await post(fediverse, here, b" " * (1024 * 1024 + 1)) == 413
    await fediverse.settle()
    found = await here.run(recent_refusals, here, "")
    assert sorted((each.word, each.actor) for each in found) == [
        ("content-type", ""),
        ("malformed", ""),
        ("malformed", "https://birch.example/u/tom"),
        ("too-large", ""),
    ]


async def test_what_an_authentic_server_may_not_do_is_noted_for_certain(fediverse: Any, maya: Any) -> None:
    here, evil = maya.here, Stranger(fediverse, "evil.example")
    mine, eve = await write(maya), evil.actor("eve")
    await evil.send(here, evil.activity("Delete", eve, mine.uri, path="d/1"))
    await evil.send(here, evil.activity("Accept", eve, "https://alder.example/ap/a/follow/1", path="x/1"))
    await fediverse.settle()
    found = await here.run(recent_refusals, here, "evil.example")
    assert [(each.word, each.subject, each.is_certain) for each in found] == [
        ("nothing-to-do", "https://evil.example/x/1", True),
        ("origin", "https://evil.example/d/1", True),
    ]
    assert await here.run(refusal_counts, here, "evil.example") == [
        RefusalCount("nothing-to-do", 1),
        RefusalCount("origin", 1),
    ]


async def test_a_fetch_that_is_refused_is_noted_once_and_its_cause_with_the_activity(fediverse: Any, maya: Any) -> None:
    here, evil = maya.here, Stranger(fediverse, "evil.example")
    eve = evil.actor("eve")
    target = evil.uri("trap")
    evil.documents[target] = {"id": "https://birch.example/notes/1", "type": "Note", "attributedTo": eve}
    birch = Stranger(fediverse, "birch.example")
    birch.documents["https://birch.example/notes/1"] = {"id": target, "type": "Note"}
    for number in range(3):
        await evil.send(here, evil.activity("Create", eve, target, path=f"c/{number}"))
    await fediverse.settle()
    places = await noted(here, "evil.example")
    assert places.count(("activity", "origin", True)) == 3
    assert places.count(("fetch", "origin", True)) == 1


async def test_a_reader_from_a_blocked_server_is_noted(fediverse: Any, maya: Any) -> None:
    here = maya.here
    await here.run(peers.set_grade, here, "evil.example", "blocked", "test")
    headers = {
        "signature": 'keyId="https://evil.example/u/eve#k",headers="(request-target) host date",signature="AA=="',
        "date": "Thu, 15 Jan 2026 10:00:00 GMT",
        "accept": "application/activity+json",
    }
    async with browser(fediverse, here) as client:
        assert (await client.get("/ap/actor", headers=headers)).status_code == 403
    await fediverse.settle()
    assert await noted(here, "evil.example") == [("document", "blocked", False)]


async def test_s24_a_flood_is_counted_and_costs_one_transaction(
    fediverse: Any, maya: Any, caplog: pytest.LogCaptureFixture
) -> None:
    here = maya.here
    await here.run(peers.note_seen, here, "birch.example")
    notes = here.caches[refusals.CACHE]
    caplog.set_level(logging.INFO, "peerhall.refused")
    for number in range(20_000):
        notes.note(Refusal("inbox", f"h{number}.evil.example", "unsigned", "x", subject=f"https://x.example/{number}"))
    for _ in range(20_000):
        notes.note(Refusal("activity", "birch.example", "origin", "x", certain=True))
    assert len(notes.counts) <= refusals.MAX_COUNTED + 2
    assert len(notes.latest) <= refusals.MAX_WAITING + refusals.WRITTEN_PER_HOST
    statements: list[str] = []
    token = query_log.set(statements)
    await fediverse.settle()
    query_log.reset(token)
    writes = [statement for statement in statements if statement.startswith(("INSERT INTO refused", "DELETE FROM ref"))]
    assert len(writes) < refusals.KEPT_PER_HOST + 20
    assert await here.run(refusal_counts, here, "birch.example") == [RefusalCount("origin", 20_000)]
    assert await here.run(refusal_counts, here, "") == [RefusalCount("unsigned", 20_000)]
    rows = await here.run(here.db.value, "SELECT count(*) AS n FROM refused")
    assert rows <= 2 * refusals.KEPT_PER_HOST
    assert len(caplog.records) <= refusals.MAX_WAITING + refusals.WRITTEN_PER_HOST + 1
    assert "more of the like" in caplog.records[-1].message


async def test_a_busy_server_does_not_push_out_what_is_known_of_another(fediverse: Any, maya: Any) -> None:
    here = maya.here
    notes = here.caches[refusals.CACHE]
    for host in ("quiet.example", "loud.example"):
        await here.run(peers.note_seen, here, host)
    notes.note(Refusal("activity", "quiet.example", "authority", "x", certain=True))
    for _ in range(20):
        for _ in range(30):
            notes.note(Refusal("activity", "loud.example", "origin", "x", certain=True))
        await fediverse.settle()
    assert len(await here.run(recent_refusals, here, "loud.example", 1000)) == refusals.KEPT_PER_HOST
    assert await here.run(refusal_counts, here, "loud.example") == [RefusalCount("origin", 600)]
    assert await noted(here, "quiet.example") == [("activity", "authority", True)]


async def test_what_is_old_is_forgotten(fediverse: Any, maya: Any) -> None:
    here = maya.here
    here.caches[refusals.CACHE].note(Refusal("inbox", "", "unsigned", "x"))
    await fediverse.settle()
    fediverse.clock.advance(8 * 86_400)
    assert await here.run(refusal_counts, here, "") == []
    assert len(await noted(here, "")) == 1
    fediverse.clock.advance(90 * 86_400)
    await here.run(refusals.prune, here)
    assert await noted(here, "") == []
    assert await here.run(here.db.value, "SELECT count(*) AS n FROM refused_count") == 0


async def test_what_strangers_write_forges_no_line_and_breaks_no_table(
    fediverse: Any, maya: Any, caplog: pytest.LogCaptureFixture
) -> None:
    here = maya.here
    caplog.set_level(logging.INFO, "peerhall.refused")
    here.caches[refusals.CACHE].note(
        Refusal("inbox", "", "unsigned", 'x" host="y\nFORGED', actor="\x00\ud800" * 900, subject="\x1b[2J\u202e")
    )
    (record,) = caplog.records
    assert record.message.isascii()
    assert record.message.isprintable()
    await fediverse.settle()
    (seen,) = await here.run(recent_refusals, here, "")
    assert len(seen.actor) <= 500


def test_every_error_has_one_of_the_known_words() -> None:
    todo: list[type[FederationError]] = [FederationError]
    while todo:
        kind = todo.pop()
        assert kind("x").word in WORDS
        todo += kind.__subclasses__()
    assert word_of(ValueError()) in WORDS


def test_an_error_that_passes_another_on_has_its_word() -> None:
    passed_on = Ignored("x")
    passed_on.__cause__ = Unreachable("x", "slow")
    assert word_of(passed_on) == "slow"
    assert word_of(Forbidden("x", "blocked")) == "blocked"


async def test_a_process_without_a_worker_writes_down_its_own(fediverse: Any, maya: Any) -> None:
    here = maya.here
    ran: list[str] = []

    async def other() -> bool:
        ran.append("other")
        return False

    async def own() -> bool:
        ran.append("own")
        here.worker.stop()
        return False

    here.worker._sources = [("jobs", other, 1), ("refusals", own, 1)]
    await here.worker.run(only=("refusals",))
    assert ran == ["own"]
