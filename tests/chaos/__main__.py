"""Runs faults against Peerhall and prints what held: `make chaos`, or `python -m tests.chaos --help`.

Ends with status 1 where anything acknowledged was lost, had two effects, or came in the wrong order.
"""

import argparse
import asyncio
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn

from tests.chaos import copying, flooding, killing, misbehaving, network, power, rolling, trouble
from tests.chaos.report import Line, Options, Series, follow, table
from tests.postgres import Cluster, cluster

DURABLE = {
    "max_connections": "200",
    "jit": "off",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "dynamic_shared_memory_type": "mmap",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
}
"""A PostgreSQL as people run it: what it acknowledged is on disk."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A series, how many rounds of it are usual on each database, and on which databases it means something."""

    series: Series
    rounds: int
    databases: tuple[str, ...] = ("sqlite", "postgres")


FAULTS = {
    "kill": Fault(killing.kill, 100),
    "race": Fault(killing.race, 200, ("postgres",)),
    "network": Fault(network.network, 1000, ("sqlite",)),
    "restart": Fault(trouble.restart, 20, ("postgres",)),
    "locked": Fault(trouble.locked, 20, ("sqlite",)),
    "full": Fault(trouble.full, 20),
    "power": Fault(power.power, 20, ("sqlite",)),
    "clocks": Fault(trouble.clocks, 20),
    "shuffled": Fault(trouble.shuffled, 20),
    "down": Fault(misbehaving.down, 20, ("sqlite",)),
    **{name: Fault(misbehaving.peers(name), 20, ("sqlite",)) for name in misbehaving.MISBEHAVIOUR},
    "flood": Fault(flooding.flood, 3),
    "move": Fault(copying.move, 20, ("postgres",)),
    "restore": Fault(copying.restore, 20),
    "migrate": Fault(copying.migration, 20),
    "rolling": Fault(rolling.rolling, 3, ("postgres",)),
    "handover": Fault(rolling.handover, 5, ("postgres",)),
}


@contextmanager
def _postgres(wanted: bool) -> Iterator[Cluster | None]:
    if not wanted:
        yield None
        return
    with cluster(DURABLE) as made:
        yield made


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--fault", action="append", choices=FAULTS, help="only this one (may be repeated)")
    parser.add_argument("--database", choices=("sqlite", "postgres"), help="only on this one")
    parser.add_argument("--rounds", type=int, help="so many rounds of each fault, instead of the usual number")
    parser.add_argument("--seed", type=int, default=1, help="the seed of the first round (default: 1)")
    chosen = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    wanted = [
        (name, database)
        for name in chosen.fault or FAULTS
        for database in FAULTS[name].databases
        if chosen.database in (None, database)
    ]
    lines: list[Line] = []
    with _postgres(any(database == "postgres" for _, database in wanted)) as server:
        try:
            for name, database in wanted:
                rounds = FAULTS[name].rounds if chosen.rounds is None else chosen.rounds
                options = Options(database, rounds, chosen.seed, server if database == "postgres" else None)
                print(f"{name} on {database}: {rounds} rounds from seed {chosen.seed}", file=sys.stderr, flush=True)
                lines.append(asyncio.run(follow(name, FAULTS[name].series, options)))
        finally:
            print(table(lines), flush=True)
    return 1 if any(line.failures for line in lines) else 0


def _end(number: int, frame: object) -> NoReturn:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
