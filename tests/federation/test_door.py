"""The door of the inbox: who floods while others send little is paced, and nobody is in anybody's name (R5)."""

import asyncio
from dataclasses import dataclass, field

import pytest

from federation.inbox import door
from federation.inbox.door import HOLD_SECONDS, LEAVE, MAX_HELD, MUCH, SLOWEST, WINDOW_SECONDS, Door, network_of

COST = 0.002


@dataclass
class Traffic:
    """A door with a clock that only this moves, and requests that cost two milliseconds of CPU each."""

    at: float = 1_000.0
    used: float = 0.0
    waits: list[float] = field(default_factory=list)
    took: float = 0.01

    def __post_init__(self) -> None:
        self.door = Door(now=lambda: self.at, cpu=lambda: self.used, sleep=self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    async def send(self, site: str, address: str, *, number: int = 1, proven: bool = True) -> list[bool]:
        """So many requests at this moment; returns which were let in."""
        found = []
        for _ in range(number):
            found.append(await self.door.let_in(address, lambda: site))
            if found[-1]:
                self.used += COST
                self.door.came(address, site if proven else None, self.at - self.took)
        return found

    async def window(self) -> None:
        """A second passes."""
        self.at += WINDOW_SECONDS


async def flooded(*, proven: bool = True, name: str = "flood.example") -> Traffic:
    """A flood beside somebody quiet, which was noticed."""
    traffic = Traffic()
    for _ in range(2):
        await traffic.window()
        await traffic.send("quiet.example", "192.0.2.1")
        await traffic.send(name, "192.0.2.9", number=100, proven=proven)
    await traffic.window()
    await traffic.send("quiet.example", "192.0.2.1")
    traffic.waits.clear()
    return traffic


async def test_r5_a_flood_beside_others_is_paced_to_half_of_what_there_is() -> None:
    traffic = await flooded()
    answers = await traffic.send("flood.example", "192.0.2.9", number=10)
    assert answers == [True] * 10
    gaps = [later - earlier for earlier, later in zip(traffic.waits, traffic.waits[1:], strict=False)]
    assert len(traffic.waits) == 9, "the first comes in at once"
    assert gaps == pytest.approx([2 * COST] * 8)


async def test_r5_a_flood_gets_less_while_others_take_longer_than_usual() -> None:
    traffic = Traffic()

    async def pace(took: float, flood: int = MUCH) -> float:
        traffic.took = took
        await traffic.send("quiet.example", "192.0.2.1")
        await traffic.send("flood.example", "192.0.2.9", number=flood)
        await traffic.window()
        assert await traffic.door.let_in("192.0.2.1", lambda: "quiet.example")
        return traffic.door.interval / COST / LEAVE

    for _ in range(3):
        await pace(0.01, flood=1)
    assert await pace(0.01) == pytest.approx(1)
    assert [await pace(0.014), await pace(0.016), await pace(0.016)] == pytest.approx([1, 1.5, 1.5**2])
    assert max([await pace(0.1) for _ in range(8)]) == pytest.approx(SLOWEST)
    assert traffic.door.usual == pytest.approx(0.01), "a flood is not what is usual"
    assert min([await pace(0.01) for _ in range(15)]) == pytest.approx(1)


async def test_r5_what_would_wait_for_more_than_a_second_is_told_to_come_later() -> None:
    traffic = await flooded()
    answers = await traffic.send("flood.example", "192.0.2.9", number=400)
    taken = sum(answers)
    assert taken == pytest.approx(HOLD_SECONDS / (2 * COST), abs=2)
    assert answers == [True] * taken + [False] * (400 - taken)
    assert max(traffic.waits) <= HOLD_SECONDS


async def test_r5_others_are_let_in_at_once_during_a_flood() -> None:
    traffic = await flooded()
    await traffic.send("flood.example", "192.0.2.9", number=400)
    traffic.waits.clear()
    assert await traffic.send("quiet.example", "192.0.2.1", number=5) == [True] * 5
    assert await traffic.send("new.example", "192.0.2.2", number=5) == [True] * 5
    assert traffic.waits == []


async def test_r5_who_is_alone_is_never_held() -> None:
    traffic = Traffic()
    for _ in range(5):
        await traffic.window()
        assert all(await traffic.send("busy.example", "192.0.2.9", number=1_000))
    assert traffic.waits == []


async def test_r5_those_who_send_as_much_as_each_other_are_never_held() -> None:
    traffic = Traffic()
    await traffic.send("one.example", "192.0.2.1")
    await traffic.send("two.example", "192.0.2.2")
    for _ in range(5):
        await traffic.window()
        for _ in range(200):
            assert await traffic.send("one.example", "192.0.2.1") == [True]
            assert await traffic.send("two.example", "192.0.2.2") == [True]
    assert traffic.waits == []


async def test_r5_what_is_little_is_never_held() -> None:
    traffic = Traffic()
    for _ in range(5):
        await traffic.window()
        await traffic.send("quiet.example", "192.0.2.1")
        await traffic.send("other.example", "192.0.2.9", number=MUCH - 1)
    assert traffic.waits == []


async def test_r5_a_flood_that_ends_is_forgotten() -> None:
    traffic = await flooded()
    for _ in range(2):
        await traffic.window()
        await traffic.send("quiet.example", "192.0.2.1")
    assert await traffic.send("flood.example", "192.0.2.9", number=5) == [True] * 5
    assert (traffic.waits, traffic.door.paced) == ([], set())


async def test_s1_who_claims_the_name_of_somebody_else_does_not_slow_them() -> None:
    traffic = await flooded(proven=False, name="quiet.example")
    assert {kind for kind, _ in traffic.door.paced} == {"address", "stranger"}
    await traffic.send("quiet.example", "192.0.2.9", number=400, proven=False)
    traffic.waits.clear()
    assert await traffic.send("quiet.example", "192.0.2.1", number=5) == [True] * 5
    assert traffic.waits == []


async def test_s1_whoever_floods_has_a_line_that_others_do_not_fill_in_its_name() -> None:
    traffic = await flooded()
    assert False in await traffic.send("flood.example", "203.0.113.5", number=400, proven=False)
    traffic.waits.clear()
    assert await traffic.send("flood.example", "192.0.2.9") == [True]
    assert traffic.waits == []


async def test_s1_names_made_up_for_each_request_are_one_flood() -> None:
    traffic = Traffic()
    for _ in range(2):
        await traffic.window()
        await traffic.send("quiet.example", "192.0.2.1")
        for number in range(100):
            await traffic.send(f"n{number}.example", "192.0.2.9", proven=False)
    await traffic.window()
    answers = [(await traffic.send(f"m{number}.example", "192.0.2.9", proven=False))[0] for number in range(400)]
    assert False in answers


async def test_r5_addresses_that_share_a_flood_share_its_half() -> None:
    traffic = Traffic()
    for _ in range(2):
        await traffic.window()
        await traffic.send("quiet.example", "192.0.2.1")
        for number in range(10):
            await traffic.send("flood.example", f"203.0.113.{number}", number=10)
    await traffic.window()
    taken = [sum(await traffic.send("flood.example", f"203.0.113.{number}", number=100)) for number in range(10)]
    assert sum(taken) == pytest.approx(HOLD_SECONDS / (2 * COST), abs=20)


async def test_r11_what_is_held_and_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "MAX_HELD", 3)
    traffic = await flooded()
    leave = asyncio.Event()

    async def sleep(seconds: float) -> None:
        await leave.wait()

    traffic.door.sleep = sleep
    asked = [asyncio.create_task(traffic.send("flood.example", "192.0.2.9")) for _ in range(10)]
    for _ in range(5):
        await asyncio.sleep(0)
    assert traffic.door.held == 3
    leave.set()
    assert [await task for task in asked] == [[True]] * 4 + [[False]] * 6
    assert MAX_HELD * 4 == 2_000
    monkeypatch.setattr(door, "MAX_SENDERS", 50)
    for number in range(200):
        await traffic.send(f"n{number}.example", f"203.0.113.{number}")
    assert len(traffic.door._counts) <= 50
    assert len(traffic.door._proven) <= 50 + 2


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "::ffff:c000:201"),
        ("unix:", "unix:"),
        ("", ""),
    ],
)
def test_who_has_many_addresses_of_one_network_is_one(address: str, network: str) -> None:
    assert network_of(address) == network
