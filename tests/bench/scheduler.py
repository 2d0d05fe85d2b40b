"""What the delivery scheduler does at the size of a million accounts and ten thousand servers, in virtual time.

    .venv/bin/python -m tests.bench.scheduler               an hour at the busiest time of the day
    .venv/bin/python -m tests.bench.scheduler --minutes 240 --workers 4 --cpu-ms 1.2

A model: activities are published at random times for a random, unequal number of servers; each server has one cursor
and is served by one sender at a time, in order, as `server.fediverse.sending` does it; pauses after failures are those
of `federation.outbox.retry`. How many people write how much, and how many servers are ill, is assumed: it is in `Load`
and `KINDS`, and most of it can be changed on the command line. The CPU time of a delivery is measured by `make bench`.
"""

import argparse
import heapq
import math
import random
import statistics
from collections import deque
from dataclasses import dataclass, field

from federation.outbox.retry import GIVE_UP_AFTER_SECONDS, delay_seconds
from server.fediverse.loading import MOST as BATCH

HOUR = 3600.0
WRITTEN_A_DAY = 0.5
"""Posts, answers, edits, likes and boosts of one account on an average day, most accounts being silent."""
PEAK = 3.0
"""How much more than on average is written in the busiest hour."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How some of the servers behave: their share, seconds per request (median), and how often they are away."""

    name: str
    share: float
    seconds: float
    fails: float = 0.0
    away_seconds: float = 0.0
    """So long it is away at a time, as long as it is there; 0 for always there."""


KINDS = (
    Kind("healthy", 0.90, 0.15),
    Kind("slow", 0.05, 4.0),
    Kind("flapping", 0.03, 0.3, away_seconds=0.5 * HOUR),
    Kind("hanging", 0.005, 10.0, fails=1.0),
    Kind("dead", 0.015, 0.05, fails=1.0),
)


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked of the scheduler, and what it has."""

    accounts: int = 1_000_000
    servers: int = 10_000
    mean_servers: float = 30.0
    minutes: float = 60.0
    workers: int = 2
    senders: int = 64
    cpu_ms: float = 1.2
    seed: int = 1

    @property
    def activities_per_second(self) -> float:
        """In the busiest hour."""
        return self.accounts * WRITTEN_A_DAY * PEAK / 86_400


@dataclass(slots=True)
class Server:
    """One host: what waits for it, oldest first, as times of publishing."""

    name: str
    kind: Kind
    phase: float
    waiting: deque[float] = field(default_factory=deque)
    attempts: int = 0
    left: int = 0
    not_before: float = 0.0
    leased: bool = False
    queued: bool = False

    def is_away(self, now: float) -> bool:
        """Whether it answers nothing just now."""
        away = self.kind.away_seconds
        return bool(away) and (now + self.phase) % (2 * away) < away


@dataclass(slots=True)
class Result:
    """What came of it."""

    published: int = 0
    delivered: int = 0
    failures: int = 0
    given_up: int = 0
    delays: dict[str, list[float]] = field(default_factory=dict)
    busy_seconds: float = 0.0
    most_at_once: int = 0
    still_waiting: int = 0


class Simulation:
    """A virtual clock, publications, and as many senders as there are, each with one host at a time."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.random = random.Random(load.seed)
        self.servers = [self._server(number) for number in range(load.servers)]
        self.weights = [1 / (rank + 10) for rank in range(load.servers)]
        self.cumulative: list[float] = []
        total = 0.0
        for weight in self.weights:
            total += weight
            self.cumulative.append(total)
        self.due: list[tuple[float, int]] = []
        self.events: list[tuple[float, int, str, int]] = []
        self.count = 0
        self.now = 0.0
        self.idle_senders = load.workers * load.senders
        self.cpu_free = [0.0] * load.workers
        self.result = Result(delays={kind.name: [] for kind in KINDS})

    def _server(self, number: int) -> Server:
        drawn, kind = self.random.random(), KINDS[0]
        for candidate in KINDS:
            if drawn < candidate.share:
                kind = candidate
                break
            drawn -= candidate.share
        return Server(f"host{number}.example", kind, self.random.uniform(0, 2 * HOUR))

    def run(self) -> Result:
        """Publish for the whole time, then stop looking: what is left is counted as waiting."""
        end = self.load.minutes * 60
        self._at(self.random.expovariate(self.load.activities_per_second), "publish", 0)
        while self.events:
            now, _, what, number = heapq.heappop(self.events)
            if now > end:
                break
            self.now = now
            if what == "publish":
                self._publish(now)
            elif what == "retry":
                self._offer(number)
            elif what == "taken":
                self._taken(now, number)
            else:
                self._failed(now, number)
            self._assign(now)
        self.result.still_waiting = sum(len(server.waiting) for server in self.servers)
        return self.result

    def _at(self, when: float, what: str, number: int) -> None:
        self.count += 1
        heapq.heappush(self.events, (when, self.count, what, number))

    def _publish(self, now: float) -> None:
        self.result.published += 1
        # Unequal: most go to a few servers, some to thousands. The logarithm of the number is spread normally.
        sigma = 1.6
        many = int(self.random.lognormvariate(math.log(self.load.mean_servers) - sigma**2 / 2, sigma)) + 1
        chosen = self.random.choices(range(len(self.servers)), cum_weights=self.cumulative, k=min(many, 10_000))
        for number in set(chosen):
            self.servers[number].waiting.append(now)
            self._offer(number)
        self._at(now + self.random.expovariate(self.load.activities_per_second), "publish", 0)

    def _offer(self, number: int) -> None:
        """Let a host stand in line, oldest activity first, unless it does already, is being served, or has to pause."""
        server = self.servers[number]
        if server.waiting and not server.leased and not server.queued and server.not_before <= self.now:
            server.queued = True
            heapq.heappush(self.due, (server.waiting[0], number))

    def _assign(self, now: float) -> None:
        while self.idle_senders and self.due:
            _, number = heapq.heappop(self.due)
            server = self.servers[number]
            server.queued = False
            self.idle_senders -= 1
            self.result.most_at_once = max(
                self.result.most_at_once, self.load.workers * self.load.senders - self.idle_senders
            )
            server.leased, server.left = True, BATCH
            self._send(now, number)

    def _send(self, now: float, number: int) -> None:
        """One delivery of a lease. Of a worker's CPU there is one; the waiting for answers costs none."""
        server, cost = self.servers[number], self.load.cpu_ms / 1000
        worker = min(range(self.load.workers), key=self.cpu_free.__getitem__)
        begun = max(now, self.cpu_free[worker])
        self.cpu_free[worker] = begun + cost
        self.result.busy_seconds += cost
        answered = begun + cost + server.kind.seconds * self.random.lognormvariate(0, 0.5)
        self._at(answered, "failed" if server.kind.fails or server.is_away(now) else "taken", number)

    def _taken(self, now: float, number: int) -> None:
        """Go on with the host while its lease has room; a host that was ill gets one activity first."""
        server = self.servers[number]
        self.result.delivered += 1
        self.result.delays[server.kind.name].append(now - server.waiting.popleft())
        server.left -= 1
        was_ill, server.attempts = server.attempts > 0, 0
        if server.waiting and server.left and not was_ill:
            self._send(now, number)
        else:
            self._let_go(number)

    def _failed(self, now: float, number: int) -> None:
        server = self.servers[number]
        self.result.failures += 1
        server.attempts += 1
        while server.waiting and now - server.waiting[0] > GIVE_UP_AFTER_SECONDS:
            server.waiting.popleft()
            self.result.given_up += 1
        server.not_before = now + delay_seconds(server.attempts, seed=server.name)
        self._at(server.not_before, "retry", number)
        self._let_go(number)

    def _let_go(self, number: int) -> None:
        self.servers[number].leased = False
        self.idle_senders += 1
        self._offer(number)


def show(load: Load, result: Result) -> None:
    """Print what came of it."""
    seconds = load.minutes * 60
    print(
        f"{load.accounts:,} accounts, {load.servers:,} servers, {load.activities_per_second:.1f} activities a second"
        f" (busiest hour), {load.workers} workers with {load.senders} senders, {load.cpu_ms} ms CPU a delivery"
    )
    print(
        f"published {result.published:,}; deliveries {result.delivered:,} ({result.delivered / seconds:,.0f} a second)"
    )
    print(f"CPU used {100 * result.busy_seconds / seconds / load.workers:.0f} % of {load.workers} cores")
    print(
        f"attempts that failed {result.failures:,}; given up {result.given_up:,}; senders at once {result.most_at_once}"
    )
    single = result.delivered + result.still_waiting
    print(f"rows to deliver: {result.published:,} (one for each delivery would be {single:,})")
    print(f"{'servers':<10} {'deliveries':>11} {'median s':>9} {'95 % s':>9} {'99 % s':>9}")
    for name, delays in result.delays.items():
        if delays:
            cuts = statistics.quantiles(delays, n=100)
            print(f"{name:<10} {len(delays):>11,} {cuts[49]:>9.2f} {cuts[94]:>9.2f} {cuts[98]:>9.2f}")
    print(
        f"still waiting at the end: {result.still_waiting:,}, for servers that are away or slower than what is written"
    )


def main() -> None:
    """Simulate and print."""
    usual = Load()
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.scheduler", description="Delivery at scale, simulated."
    )
    for name in Load.__slots__:
        kind = type(getattr(usual, name))
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, default=getattr(usual, name))
    load = Load(**vars(parser.parse_args()))
    show(load, Simulation(load).run())


if __name__ == "__main__":
    main()
