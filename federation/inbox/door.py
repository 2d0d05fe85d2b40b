"""Who comes in to an inbox at once, and who waits a moment: what floods gets the time that others leave (R5).

Whoever sends much while others send little is paced: all of them together get half of what this process can do, which
is reckoned from the CPU that requests cost, and less while the others take longer than they usually do. They are held
for up to a second, so that a sender with a few connections is slowed without being refused anything; beyond that they
are told to come later. Who is alone, or among others that send as much, is never held.

Senders are counted by network address, and by the site that a *verified* signature was of. A name that is claimed
without a valid signature counts against the address it came from, and never waits in the same line as whoever has
that name and another address.
"""

import asyncio
import ipaddress
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

WINDOW_SECONDS = 1.0
COMPANY_WINDOWS = 3
"""So many windows ago others may have been here last."""
MUCH = 20
"""Requests in a window below which nobody is in the way of anybody."""
LITTLE = 4
"""Who sends less than a fourth of that sends little."""
LEAVE = 2
"""For each moment that they use, those who are paced leave one to the others."""
LEAST_SECONDS, MOST_SECONDS = 0.001, 0.005
"""What one request is reckoned to cost, whatever was measured: other work is in it, too."""
LONG = 1.5
"""The others take longer than usual where half of them take so many times as long:"""
SLOWEST = 8.0
"""then the pace is slowed down, to an eighth at most."""
HOLD_SECONDS = 1.0
MAX_HELD = 500
"""A fourth of all that may be in hand."""
MAX_SENDERS = 4_000
MAX_TIMES = 1_000

Sender = tuple[Literal["address", "site", "stranger"], str]
"""By what requests are counted: an address, a site, or an address for all that was not proven there."""


@dataclass(slots=True)
class Door:
    """Paces who sends much while others send little."""

    now: Callable[[], float] = time.monotonic
    cpu: Callable[[], float] = time.process_time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    paced: set[Sender] = field(default_factory=set)
    """Who sent much in the last window."""
    held: int = 0
    interval: float = 0.0
    """So long after one request the next one of the same line may come in."""
    slowed: float = 1.0
    """So many times as long that is for the sake of the others."""
    usual: float | None = None
    """How long half of all requests took when nobody sent too much."""
    _turns: dict[tuple[Sender, str], float] = field(default_factory=dict)
    _counts: Counter[Sender] = field(default_factory=Counter)
    _before: deque[Counter[Sender]] = field(default_factory=lambda: deque(maxlen=COMPANY_WINDOWS))
    _proven: OrderedDict[tuple[str, str], float] = field(default_factory=OrderedDict)
    _begun: float = 0.0
    _cpu_before: float = 0.0
    _requests: int = 0
    _took: list[float] = field(default_factory=list)

    async def let_in(self, address: str, claimed: Callable[[], str]) -> bool:
        """Whether a request from an address may come in, by who claims to be of a site; held where others come first.

        False is to be answered with 429. What came in is to be counted by `came`.
        """
        self._look()
        lines = list(self._lines(address, claimed())) if self.paced else []
        if not lines:
            return True
        now = self.now()
        turn = max(now, *(self._turns.get(line, 0.0) for line in lines))
        if turn > now and self.held >= MAX_HELD:
            return False
        is_soon = turn - now <= HOLD_SECONDS
        if is_soon:
            self._turns.update(dict.fromkeys(lines, turn + self.interval))
        if turn > now:
            self.held += 1
            try:
                await self.sleep(min(turn - now, HOLD_SECONDS))
            finally:
                self.held -= 1
        return is_soon

    def came(self, address: str, site: str | None, at: float) -> None:
        """Count a request that came and was let in `at` a time of `now`, and is answered.

        `site` is whose signature it really had, None where it had nobody's.
        """
        self._requests += 1
        if site is not None:
            now = self.now()
            if self.paced.isdisjoint((("address", address), ("site", site))) and len(self._took) < MAX_TIMES:
                self._took.append(now - at)
            self._proven[site, address] = now
            self._proven.move_to_end((site, address))
            if len(self._proven) > MAX_SENDERS:
                self._proven.popitem(last=False)
        second: Sender = ("stranger", address) if site is None else ("site", site)
        for sender in (("address", address), second):
            if sender in self._counts or len(self._counts) < MAX_SENDERS:
                self._counts[sender] += 1

    def _lines(self, address: str, site: str) -> Iterator[tuple[Sender, str]]:
        """The lines in which a request has to wait. Without proof nobody is in the line of a site's own address."""
        is_proven = (site, address) in self._proven
        if ("address", address) in self.paced:
            yield ("address", address), ""
        if ("site", site) in self.paced:
            yield ("site", site), address if is_proven else ""
        elif not is_proven and ("stranger", address) in self.paced:
            yield ("stranger", address), ""

    def _look(self) -> None:
        """See, once in a window, who sent much in the one before."""
        now = self.now()
        if now - self._begun < WINDOW_SECONDS:
            return
        cpu = self.cpu()
        self._before.append(self._counts)
        was_paced = bool(self.paced)
        self.paced = self._heavy() if now - self._begun < WINDOW_SECONDS * COMPANY_WINDOWS else set()
        self._adapt(was_paced)
        cost = min(max((cpu - self._cpu_before) / max(self._requests, 1), LEAST_SECONDS), MOST_SECONDS)
        self.interval = cost * LEAVE * self.slowed * max(1, self._number_of_lines())
        self._turns = {line: turn for line, turn in self._turns.items() if line[0] in self.paced and turn > now}
        self._counts, self._requests = Counter(), 0
        self._took = []
        self._begun, self._cpu_before = now, cpu

    def _adapt(self, was_paced: bool) -> None:
        """Slow the pace down while others take long, and learn what is usual while nobody is paced."""
        took = sorted(self._took)[len(self._took) // 2] if self._took else None
        if took is not None and not was_paced and not self.paced:
            self.usual = took if self.usual is None else 0.8 * self.usual + 0.2 * took
        is_long = was_paced and took is not None and self.usual is not None and took > LONG * self.usual
        self.slowed = min(self.slowed * 1.5, SLOWEST) if is_long else max(self.slowed / 1.2, 1.0)

    def _number_of_lines(self) -> int:
        """How many lines of those who are paced were in use in the last window."""
        strangers = sum(sender[0] == "stranger" for sender in self.paced)
        return strangers + sum(
            ("site", site) in self.paced for (site, _), at in self._proven.items() if at >= self._begun
        )

    def _heavy(self) -> set[Sender]:
        """Who sent much in the last window while somebody else sends little: not much in any window lately."""
        found: set[Sender] = set()
        for is_address in (True, False):
            most: dict[Sender, int] = {}
            for counts in self._before:
                for sender, count in counts.items():
                    if (sender[0] == "address") is is_address:
                        most[sender] = max(count, most.get(sender, 0))
            least = min(most.values(), default=0)
            found |= {
                sender
                for sender, count in self._before[-1].items()
                if sender in most and count >= MUCH and least * LITTLE < count and len(most) > 1
            }
        return found


@lru_cache(maxsize=MAX_SENDERS)
def network_of(address: str) -> str:
    """One IPv4 address, or the /64 that one IPv6 customer has."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
