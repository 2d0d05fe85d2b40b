"""Receipts are written in groups: who is told 202 is on disk (R1), and a flood fills its share only (R5, R11)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from federation.errors import Crowded, FederationError, InvalidDocument, TryLater
from federation.ports import Receipt
from server.db import query_log
from server.fediverse import committing
from server.fediverse.inbox import ServerReceipts


@pytest.fixture
async def here(fediverse: Any) -> Any:
    return await fediverse.start("alder.example")


@pytest.fixture
def receipts(here: Any) -> ServerReceipts:
    return here.engine._receipts  # type: ignore[no-any-return]  # the fixture is Any


def receipt(
    here: Any, number: int | str, *, host: str = "birch.example", kind: str = "View", body: bytes = b"{}"
) -> Any:
    actor = f"https://{host}/u/bruno"
    return Receipt(f"{actor}/a/{number}", kind, actor, actor, False, body, here.clock.now())


async def stored(here: Any, receipts: ServerReceipts, *wanted: Receipt) -> list[object]:
    """What became of each when all of them came at once: stored or not, or the error."""

    async def all_at_once() -> list[object]:
        return list(await asyncio.gather(*(receipts.store(each) for each in wanted), return_exceptions=True))

    answers: list[object] = await here.run(all_at_once)
    return [type(each) if isinstance(each, FederationError) else each for each in answers]


async def on_disk(here: Any) -> list[str]:
    rows = await here.run(here.db.rows, "SELECT activity_id FROM inbox_receipt ORDER BY seq")
    return [row["activity_id"].rpartition("/")[2] for row in rows]


@asynccontextmanager
async def refusing(here: Any, condition: str) -> AsyncIterator[None]:
    """The database takes no receipts of which this is so."""
    if here.db.dialect == "sqlite":
        begin = (
            f"CREATE TRIGGER refuse BEFORE INSERT ON inbox_receipt WHEN NEW.{condition}"
            " BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
        end = "DROP TRIGGER refuse"
    else:
        begin = f"ALTER TABLE inbox_receipt ADD CONSTRAINT refuse CHECK (NOT {condition}) NOT VALID"
        end = "ALTER TABLE inbox_receipt DROP CONSTRAINT refuse"
    await here.run(here.db.connection().execute_query, begin)
    try:
        yield
    finally:
        await here.run(here.db.connection().execute_query, end)


async def test_r1_nobody_is_told_202_while_nothing_can_be_written(here: Any, receipts: ServerReceipts) -> None:
    wanted = [receipt(here, number) for number in range(5)]
    async with refusing(here, "attempts = 0"):
        assert await stored(here, receipts, *wanted) == [TryLater] * 5
        assert await on_disk(here) == []
    assert await stored(here, receipts, *wanted) == [True] * 5


async def test_r1_one_that_cannot_be_written_does_not_take_the_others_with_it(
    here: Any, receipts: ServerReceipts
) -> None:
    wanted = [receipt(here, number) for number in ("first", "a", "bad", "b")]
    async with refusing(here, "activity_id LIKE '%/bad'"):
        assert await stored(here, receipts, *wanted) == [True, True, TryLater, True]
    assert sorted(await on_disk(here)) == ["a", "b", "first"]


async def test_what_cannot_be_stored_is_refused_and_a_long_type_is_cut(here: Any, receipts: ServerReceipts) -> None:
    assert await stored(here, receipts, receipt(here, "x" * 500)) == [InvalidDocument]
    assert await stored(here, receipts, receipt(here, 1, kind="T" * 100)) == [True]


async def test_r11_a_full_waiting_room_takes_nothing_more_and_a_site_only_its_share(
    here: Any, receipts: ServerReceipts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(committing, "MAX_WAITING", 12)
    flood = [receipt(here, number, host=f"h{number}.flood.example") for number in range(5)]
    others = [receipt(here, 1, host=f"{name}.example") for name in "abcdefghijk"]
    answers = await stored(here, receipts, *flood, *others)
    assert answers == [True] * 3 + [Crowded] * 2 + [True] * 9 + [TryLater] * 2
    assert await stored(here, receipts, *flood[3:], *others[9:]) == [True] * 4, "what was written makes room"
    monkeypatch.setattr(committing, "MAX_WAITING_BYTES", 1000)
    large = [receipt(here, f"l{number}", body=b'"' + b"x" * 150 + b'"') for number in range(3)]
    assert await stored(here, receipts, *large) == [True, True, Crowded]
    assert await stored(here, receipts, receipt(here, "m", body=b'"' + b"x" * 1000 + b'"')) == [TryLater]


async def test_r5_what_waits_to_be_processed_is_bounded_for_each_site_and_in_all(
    here: Any, receipts: ServerReceipts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(committing, "MAX_UNPROCESSED", 20)
    assert await stored(here, receipts, receipt(here, 0), receipt(here, 1), receipt(here, 0)) == [True, True, False]
    assert await stored(here, receipts, receipt(here, 2)) == [Crowded]
    assert await stored(here, receipts, receipt(here, 2, host="quiet.example")) == [True]
    await here.run(here.db.execute, "UPDATE inbox_receipt SET outcome = 'done'")
    here.clock.advance(1)
    assert await stored(here, receipts, receipt(here, 2)) == [True], "what was processed makes room"
    monkeypatch.setattr(committing, "MAX_UNPROCESSED", 1)
    assert await stored(here, receipts, receipt(here, 3)) == [Crowded]
    assert await stored(here, receipts, receipt(here, 3, host="other.example")) == [TryLater]


async def test_what_comes_at_once_is_written_at_once(here: Any, receipts: ServerReceipts) -> None:
    assert await stored(here, receipts, receipt(here, 0)) == [True]
    statements: list[str] = []
    query_log.set(statements)
    wanted = [receipt(here, number) for number in range(1, 61)]
    assert await stored(here, receipts, *wanted, *wanted[:3]) == [True] * 60 + [False] * 3
    assert await on_disk(here) == [str(number) for number in range(61)]
    writes = [statement for statement in statements if statement.startswith("INSERT INTO inbox_receipt")]
    assert len(writes) == 2, "the first by itself, at once, and then all that came meanwhile"


async def test_an_update_that_says_something_else_is_another_one(here: Any, receipts: ServerReceipts) -> None:
    first = receipt(here, 1, kind="Update", body=b"{}")
    again = receipt(here, 1, kind="Update", body=b'{"a": 1}')
    answers = [(await stored(here, receipts, each))[0] for each in (first, again, first, again)]
    assert answers == [True, True, False, False]


async def test_r12_who_stops_waiting_keeps_nobody_waiting(here: Any, receipts: ServerReceipts) -> None:
    async def some_give_up() -> list[object]:
        tasks = [asyncio.ensure_future(receipts.store(receipt(here, number))) for number in range(6)]
        await asyncio.sleep(0)
        for number in (0, 1, 3):
            tasks[number].cancel()
        return list(await asyncio.gather(*tasks, return_exceptions=True))

    answers = await here.run(some_give_up)
    assert [each for number, each in enumerate(answers) if number not in {0, 1, 3}] == [True, True, True]
    assert await stored(here, receipts, receipt(here, 6)) == [True]
