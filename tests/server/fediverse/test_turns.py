"""Hosts take turns in the inbox: neither a flood nor what is slow keeps others waiting (S23, R5)."""

import errno
from datetime import timedelta
from typing import Any

import pytest

from federation.ports import Receipt
from server.fediverse import claims, inbox, turns
from server.fediverse.inbox import ServerReceipts
from tests.posting import Stranger, found, outcome, write


@pytest.fixture
async def here(fediverse: Any) -> Any:
    return await fediverse.start("alder.example")


async def receive(here: Any, host: str, number: int) -> None:
    actor = f"https://{host}/u/eve"
    receipt = Receipt(f"{actor}/a/{number}", "View", actor, actor, False, b"{}", here.clock.now())
    await here.run(ServerReceipts(here).store, receipt)


async def claimed_together(here: Any, most: int) -> list[str]:
    rows = await here.run(turns.claim, here, here.clock.now() + timedelta(minutes=5), most=most)
    return [str(row["activity_id"]).removeprefix("https://").replace("/u/eve/a/", " ") for row in rows]


async def claimed(here: Any, *, done: bool = True) -> str | None:
    """Claim one, and be done with it."""
    found = await claimed_together(here, 1)
    if done and found:
        at = "https://" + found[0].replace(" ", "/u/eve/a/")
        await here.run(here.db.execute, "UPDATE inbox_receipt SET outcome = 'done' WHERE activity_id = :at", at=at)
    return found[0] if found else None


async def test_r6_what_is_being_processed_elsewhere_keeps_its_host_in_order(here: Any) -> None:
    for number in range(3):
        await receive(here, "birch.example", number)
    await receive(here, "cedar.example", 1)
    assert await claimed_together(here, 1) == ["birch.example 0"]
    turns.turns(here).last = ""  # as another process would begin
    assert await claimed_together(here, 9) == ["cedar.example 1"]
    here.clock.advance(301)
    assert await claimed_together(here, 9) == [
        "birch.example 0",
        "birch.example 1",
        "birch.example 2",
        "cedar.example 1",
    ]


async def test_r5_hosts_share_what_is_claimed_at_once(here: Any) -> None:
    for number in range(9):
        await receive(here, "flood.example", number)
    await receive(here, "quiet.example", 1)
    assert await claimed_together(here, 6) == [
        "flood.example 0",
        "flood.example 1",
        "flood.example 2",
        "quiet.example 1",
    ]


async def test_r5_a_flood_waits_for_its_turn(here: Any) -> None:
    for number in range(20):
        await receive(here, "flood.example", number)
    await receive(here, "quiet.example", 1)
    await receive(here, "alone.example", 1)
    seen = [await claimed(here) for _ in range(5)]
    assert seen == ["alone.example 1", "flood.example 0", "quiet.example 1", "flood.example 1", "flood.example 2"]


async def test_everything_gets_its_turn_and_then_there_is_nothing(here: Any) -> None:
    assert await claimed(here) is None
    wanted = {f"{host}.example {number}" for host in "abc" for number in range(3)}
    for item in sorted(wanted):
        host, _, number = item.partition(" ")
        await receive(here, host, int(number))
    assert {await claimed(here) for _ in range(9)} == wanted
    assert await claimed(here) is None


async def test_s23_a_host_that_is_being_served_waits_and_so_does_a_site_with_enough(here: Any) -> None:
    under_way = turns.turns(here).under_way
    await receive(here, "slow.example", 1)
    under_way.add("slow.example")
    assert await claimed(here) is None
    under_way |= {f"h{number}.evil.example" for number in range(turns.MAX_OF_ONE_SITE)}
    await receive(here, "another.evil.example", 1)
    await receive(here, "quiet.example", 1)
    assert await claimed(here) == "quiet.example 1"
    assert await claimed(here) is None
    under_way.clear()
    assert {await claimed(here), await claimed(here)} == {"slow.example 1", "another.evil.example 1"}


async def test_no_more_at_once_than_fit(here: Any) -> None:
    await receive(here, "quiet.example", 1)
    turns.turns(here).under_way |= {f"h{number}.example" for number in range(turns.MAX_UNDER_WAY)}
    assert await claimed(here) is None


async def test_r6_nobody_begins_the_next_of_a_host_while_another_process_has_the_first(here: Any) -> None:
    """Also where that process died: what it began is waited for until its lease is over, and then comes first."""
    for number in range(3):
        await receive(here, "loud.example", number)
    await receive(here, "quiet.example", 0)
    assert await claimed(here, done=False) == "loud.example 0"
    assert await claimed(here) == "quiet.example 0"
    assert await claimed(here) is None
    here.clock.advance(6 * 60)
    assert await claimed(here) == "loud.example 0"
    assert await claimed(here) == "loud.example 1"


async def test_r5_while_others_send_a_flood_is_taken_in_small_pieces(here: Any, monkeypatch: Any) -> None:
    """A transaction keeps others from having their own activities written down."""
    taken: list[int] = []

    async def claim(_: Any, until: Any, *, most: int) -> Any:
        taken.append(most)
        return await turns.claim(here, until, most=most)

    monkeypatch.setattr(inbox, "claim", claim)
    for number in range(4):
        await receive(here, "loud.example", number)
    await here.run(inbox.step, here)
    await receive(here, "quiet.example", 0)
    await here.run(inbox.step, here)
    await receive(here, "loud.example", 9)
    await here.run(inbox.step, here)
    here.clock.advance(turns.COMPANY.total_seconds())
    await receive(here, "loud.example", 10)
    await here.run(inbox.step, here)
    assert taken == [inbox.AT_ONCE, inbox.AT_ONCE, inbox.IN_COMPANY, inbox.AT_ONCE]


async def test_r6_a_worker_that_was_away_for_longer_than_its_lease_leaves_its_host_to_the_next(here: Any) -> None:
    """A stopped process, say: what it had claimed is another's when it goes on, and stays so."""
    for number in range(3):
        await receive(here, "birch.example", number)

    async def claim() -> Any:
        turns.turns(here).under_way.clear()  # as another process sees it
        return await here.run(turns.claim, here, here.clock.now() + claims.LEASE, most=3)

    first = await claim()
    here.clock.advance(claims.LEASE.total_seconds() + 1)
    second = await claim()
    assert [row["seq"] for row in second] == [row["seq"] for row in first]
    await here.run(inbox._one_by_one, here, "birch.example", first)
    await here.run(claims.release, here, first)
    waiting = await here.run(
        here.db.rows, "SELECT lease_until FROM inbox_receipt WHERE outcome IS NULL AND lease_until IS NOT NULL"
    )
    assert [row["lease_until"] for row in waiting] == [row["lease_until"] for row in second]
    await here.run(inbox._one_by_one, here, "birch.example", second)
    assert await here.run(here.db.rows, "SELECT 1 AS one FROM inbox_receipt WHERE outcome IS NULL") == []


@pytest.mark.parametrize("lease", [7, None], ids=["renews", "gives-back"])
async def test_r6_what_a_slow_worker_changes_while_another_claims_is_not_overtaken(
    here: Any, monkeypatch: Any, lease: int | None
) -> None:
    """Its lease was over when the other looked, and was renewed or given back before the other had the row.

    With some plans PostgreSQL leaves out such a row and takes those after it; which plan it chooses, no test can say.
    """
    if here.db.dialect == "sqlite":
        return
    for number in range(3):
        await receive(here, "birch.example", number)
    await receive(here, "cedar.example", 0)
    take = turns._leased

    async def all_but_the_first(*arguments: Any) -> Any:
        first, *others = await take(*arguments)
        await here.db.execute(
            "UPDATE inbox_receipt SET lease_until = :until, leased_by = :lease WHERE seq = :seq",
            until=lease and first["lease_until"] + lease,
            lease=lease,
            seq=first["seq"],
        )
        return others

    with monkeypatch.context() as patch:
        patch.setattr(turns, "_leased", all_but_the_first)
        assert await claimed_together(here, 9) == []
    assert await here.run(here.db.value, "SELECT sum(attempts) FROM inbox_receipt") == 0
    turns.turns(here).last = ""
    assert len(await claimed_together(here, 9)) == 4


async def test_r3_what_could_not_be_written_down_is_not_overtaken(here: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk while the first is processed: the others of its server wait with it, and then come after it."""
    for number in range(3):
        await receive(here, "birch.example", number)
    seen: list[str] = []

    async def process(receipt: Receipt) -> None:
        seen.append(receipt.activity_id[-1])
        if len(seen) == 1:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(here.engine, "process", process)
    await here.run(here.worker.run_until_idle)
    assert seen == ["0"]
    here.clock.advance(inbox.TROUBLE_PAUSE.total_seconds() + 1)
    await here.run(here.worker.run_until_idle)
    assert seen == ["0", "0", "1", "2"]


async def test_r6_what_a_worker_does_after_its_lease_is_taken_back(fediverse: Any, here: Any) -> None:
    """It stood still in the middle of an Undo; the next one did that, and what came after it: a Like again."""
    maya = await fediverse.person(here, "maya")
    post = await write(maya)
    birch = Stranger(fediverse, "birch.example")
    like = birch.activity("Like", birch.actor("eve"), post.uri)
    undo = birch.activity("Undo", birch.uri("u/eve"), like, path="u/1")
    again = birch.activity("Like", birch.uri("u/eve"), post.uri, path="l/2")
    assert await birch.send(here, like) == 202
    await fediverse.settle()
    for activity in (undo, again):
        assert await birch.send(here, activity) == 202

    async def claim() -> Any:
        turns.turns(here).under_way.clear()
        return await here.run(turns.claim, here, here.clock.now() + claims.LEASE, most=3)

    first = await claim()
    here.clock.advance(claims.LEASE.total_seconds() + 1)
    await here.run(inbox._one_by_one, here, "birch.example", await claim())
    assert (await found(here, post.uri)).likes_count == 1
    await here.run(inbox._leased, here, first[0])
    assert (await found(here, post.uri)).likes_count == 1
    assert await outcome(here, undo["id"]) == ("done", None)
