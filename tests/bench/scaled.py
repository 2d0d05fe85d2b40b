"""The same work on PostgreSQL with several processes: `peerhall web` twice, `peerhall worker` twice."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from server.settings import load
from tests.bench.instance import Served, Usage, free_port, usage_of
from tests.bench.peer import Peer
from tests.bench.scenarios import (
    AUTHORS,
    PATIENCE_SECONDS,
    Figures,
    Target,
    per_unit,
    signed_reply,
)
from tests.bench.seed import Facts, seed
from tests.bench.sender import SENDERS, deliver_all
from tests.postgres import OPTIONS, cluster

ROLES = ("web", "web", "worker", "worker")
FOLLOWERS = 10
UNSAFE = ("fsync", "synchronous_commit", "full_page_writes", "wal_level", "max_wal_senders", "autovacuum")
DURABLE = {name: value for name, value in OPTIONS.items() if name not in UNSAFE}
"""A PostgreSQL as people run it: what it acknowledged is on disk."""


@dataclass
class Scaled:
    """Running processes of one instance, and the PostgreSQL that they share."""

    origin: str
    address: str
    facts: Facts
    database_pid: int
    processes: list[Served] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)

    def usage(self, *, with_database: bool = True) -> Usage:
        """CPU of all of them so far."""
        found = [served.usage() for served in self.processes]
        if with_database:
            found += [usage_of(pid) for pid in _family(self.database_pid)]
        return Usage(sum(each.cpu for each in found), found[0].wall)


async def measure(peer: Peer, *, activities: int) -> Figures:
    """How much is taken in by the pages' processes alone, then by all of them, processed."""
    async with _started(peer) as scaled:
        target = Target(
            scaled.origin, f"{scaled.origin}/ap/inbox", scaled.facts.actor_uri, scaled.facts.note_uri, "@amara"
        )
        requests = [signed_reply(target, peer, number) for number in range(activities)]
        warm_up, requests = requests[:AUTHORS], requests[AUTHORS:]
        await _deliver(scaled, warm_up)
        await _processed(scaled, len(warm_up))
        before = scaled.usage()
        await _deliver(scaled, requests)
        accepted = scaled.usage().since(before)
        await _processed(scaled, activities)
        used = scaled.usage().since(before)
    return {
        "PostgreSQL, 2 web, 2 worker: accepted, per second": len(requests) / accepted.wall,
        **per_unit("PostgreSQL, 2 web, 2 worker: accepted and processed", used, len(requests)),
    }


@asynccontextmanager
async def _started(peer: Peer) -> AsyncIterator[Scaled]:
    with tempfile.TemporaryDirectory(prefix="peerhall-bench-") as folder, cluster(DURABLE) as database:
        connection = await asyncpg.connect(f"{database.address}/postgres")
        await connection.execute("CREATE DATABASE bench")
        await connection.close()
        first, second = free_port(), free_port()
        environment = {
            "PEERHALL_ORIGIN": f"http://127.0.0.1:{first}",
            "PEERHALL_DATA_DIR": folder,
            "PEERHALL_DATABASE_URL": f"{database.address}/bench",
            "PEERHALL_FEDERATION": "open",
            "PEERHALL_ALLOWED_PRIVATE_ADDRESSES": "127.0.0.0/8",
            "PEERHALL_LOG": "info",
        }
        facts = await seed(load(environment, Path("/dev/null")), peer, FOLLOWERS)
        scaled = Scaled(environment["PEERHALL_ORIGIN"], f"{database.address}/bench", facts, database.pid)
        scaled.ports = [first, second]
        try:
            ports = iter(scaled.ports)
            for role in ROLES:
                served = await Served.start(environment, next(ports) if role == "web" else 0, role=role)
                scaled.processes.append(served)
            yield scaled
        finally:
            for served in scaled.processes:
                await served.stop()


async def _deliver(scaled: Scaled, requests: list[tuple[dict[str, str], bytes]]) -> None:
    """Half to each process, as a proxy would: all are signed for the one public address."""
    async with asyncio.TaskGroup() as group:
        for number, port in enumerate(scaled.ports):
            half = requests[number :: len(scaled.ports)]
            group.create_task(deliver_all(f"http://127.0.0.1:{port}/ap/inbox", half, senders=SENDERS // 2))


async def _processed(scaled: Scaled, count: int) -> None:
    connection = await asyncpg.connect(scaled.address)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await connection.fetchval("SELECT count(*) FROM inbox_receipt WHERE outcome = 'done'") < count:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    finally:
        await connection.close()


def _family(pid: int) -> list[int]:
    """A process and its children: PostgreSQL has one for each connection."""
    found = [pid]
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parts = status.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(parts[1]) == pid:
            found.append(int(status.parent.name))
    return [each for each in found if os.path.exists(f"/proc/{each}")]
