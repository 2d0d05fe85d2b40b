"""Whose activities are processed next: hosts take turns, so that no flood and no slow server keeps others waiting.

The activities of one host stay in order, in whichever process they are processed: what is leased of a host keeps the
rest of it waiting. One that waits for the network keeps its own host waiting, and a few of one site are enough to keep
all of its hosts waiting: names under a domain cost nothing (S23, R5, R6).
"""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from federation.vocab.base import site_of
from server.db import Row, among
from server.db.given import NUMBER, TEXT, given, rows_given
from server.instance import Instance

CACHE = "fediverse.turns"
MAX_UNDER_WAY = 48
COMPANY = timedelta(seconds=3)
MAX_OF_ONE_SITE = 8
MAX_LOOKED_AT = 200
"""Hosts that are looked at for one that has something due."""
LOCK = 7_733_257
"""The first half of the advisory locks of PostgreSQL under which a host's receipts are claimed."""


class _Overtaking(Exception):
    """What was claimed is given back: somebody else has something before it."""


_COLUMNS = (
    "seq, activity_id, activity_type, actor, signer, proven, host, body, received_at, attempts, let_in, lease_until,"
    " crashes"
)


@dataclass(slots=True)
class Turns:
    """Whose turn it was last, and whose activities are being processed."""

    last: str = ""
    under_way: set[str] = field(default_factory=set)
    seen: OrderedDict[str, datetime] = field(default_factory=OrderedDict)
    """When something of the latest two sites was claimed."""

    def note(self, hosts: Iterable[str], now: datetime) -> None:
        """Something of these hosts was claimed."""
        for site in {site_of(host) for host in hosts}:
            self.seen[site] = now
            self.seen.move_to_end(site)
        while len(self.seen) > 2:
            self.seen.popitem(last=False)

    def has_company(self, now: datetime) -> bool:
        """Whether more than one site sends at the moment."""
        return len(self.seen) > 1 and now - min(self.seen.values()) < COMPANY


def turns(here: Instance) -> Turns:
    """The turns of this instance."""
    found: Turns = here.caches.setdefault(CACHE, Turns())
    return found


async def claim(here: Instance, until: datetime, *, most: int) -> list[Row]:
    """The oldest due receipts of the next hosts that have some, leased until then: `most` at most, in order.

    Each host gets an equal share; a host alone gets everything.
    """
    taking = turns(here)
    looked_at = 0
    begun = taking.last
    wrapped = False
    while looked_at < MAX_LOOKED_AT:
        room = min(most, MAX_UNDER_WAY - len(taking.under_way))
        if room <= 0:
            return []
        hosts = await _next_hosts(here, taking.last, room)
        if wrapped:
            hosts = [host for host in hosts if host <= begun]
        looked_at += len(hosts) or 1
        if not hosts:
            if wrapped or not taking.last:
                return []
            taking.last, wrapped = "", True
            continue
        taking.last = hosts[-1]
        chosen = _free(taking, hosts)
        rows = await _claim_of(here, chosen, until, max(1, most // len(chosen))) if chosen else []
        if rows:
            return rows
    return []


def _free(taking: Turns, hosts: Sequence[str]) -> list[str]:
    """Those of the hosts whose turn it may be."""
    sites = Counter(map(site_of, taking.under_way))
    free = []
    for host in hosts:
        if host not in taking.under_way and sites[site_of(host)] < MAX_OF_ONE_SITE:
            free.append(host)
            sites[site_of(host)] += 1
    return free


async def _next_hosts(here: Instance, last: str, most: int) -> list[str]:
    """Hosts after this one that have something to process, found by jumping from each to the next in the index."""
    rows = await here.db.rows(
        "WITH RECURSIVE waiting (host, number) AS ("
        " SELECT (SELECT min(host) FROM inbox_receipt WHERE outcome IS NULL AND host > :last), 1"
        " UNION ALL SELECT (SELECT min(host) FROM inbox_receipt WHERE outcome IS NULL AND host > waiting.host),"
        " waiting.number + 1 FROM waiting WHERE waiting.host IS NOT NULL AND waiting.number < :most)"
        " SELECT host FROM waiting WHERE host IS NOT NULL ORDER BY number",
        last=last,
        most=most,
    )
    return [row["host"] for row in rows]


async def _claim_of(here: Instance, hosts: Sequence[str], until: datetime, share: int) -> list[Row]:
    if here.db.dialect == "sqlite":
        return await _leased(here, hosts, until, share)
    try:
        return await _claim_beside_others(here, hosts, until, share)
    except _Overtaking:
        return []


async def _claim_beside_others(here: Instance, hosts: Sequence[str], until: datetime, share: int) -> list[Row]:
    async with here.db.transaction():
        # Another process that claims of the same host has to be seen to have done so, so that order is kept.
        names, parameters = among(hosts, "host")
        free = await here.db.rows(
            f"SELECT host FROM (SELECT DISTINCT host FROM inbox_receipt WHERE outcome IS NULL AND host IN ({names}))"
            " AS wanted WHERE pg_try_advisory_xact_lock(CAST(:lock AS INTEGER), hashtext(host))",
            lock=LOCK,
            **parameters,
        )
        rows = await _leased(here, [row["host"] for row in free], until, share) if free else []
        if rows and await _would_overtake(here, rows, until):
            raise _Overtaking
        return rows


async def _would_overtake(here: Instance, rows: Sequence[Row], until: datetime) -> bool:
    """Whether something that is due comes before one of these, from the same host, and is not among them.

    Its lease was over when we began, and was renewed or given back while our statement ran: with some plans PostgreSQL
    leaves out what somebody changed meanwhile, and only that. What came after it would overtake it (R6).
    """
    last: dict[str, int] = {}
    for row in rows:
        last[row["host"]] = max(row["seq"], last.get(row["host"], 0))
    return bool(
        await here.db.value(
            f"SELECT 1 AS one FROM inbox_receipt JOIN {given(here.db.dialect, host=TEXT, last=NUMBER)}"
            " ON inbox_receipt.host = given.host WHERE outcome IS NULL AND seq <= given.last"
            " AND (next_try_at IS NULL OR next_try_at <= :now)"
            " AND (lease_until IS DISTINCT FROM :until OR leased_by IS DISTINCT FROM CAST(:holder AS BIGINT)) LIMIT 1",
            given=rows_given({"host": host, "last": seq} for host, seq in last.items()),
            now=here.clock.now(),
            until=until,
            holder=here.db.holder,
        )
    )


async def _leased(here: Instance, hosts: Sequence[str], until: datetime, share: int) -> list[Row]:
    _, parameters = among(hosts, "host")
    parts = " UNION ALL ".join(
        f"SELECT seq FROM (SELECT seq FROM inbox_receipt WHERE outcome IS NULL AND host = :{name}"
        " AND (next_try_at IS NULL OR next_try_at <= :now) AND NOT EXISTS (SELECT 1 FROM inbox_receipt AS busy"
        f" WHERE busy.outcome IS NULL AND busy.host = :{name} AND busy.lease_until >= :now)"
        f" ORDER BY seq LIMIT :share) AS part_{name}"
        for name in parameters
    )
    rows = await here.db.rows(
        # What is still somebody's by name was in hand when they died: that was no attempt, and is counted apart.
        "UPDATE inbox_receipt SET lease_until = :until, leased_by = :holder,"
        " attempts = attempts + CASE WHEN leased_by IS NULL THEN 1 ELSE 0 END,"
        " crashes = crashes + CASE WHEN leased_by IS NULL THEN 0 ELSE 1 END"
        f" WHERE seq IN ({parts}) RETURNING {_COLUMNS}",
        until=until,
        holder=here.db.holder,
        now=here.clock.now(),
        share=share,
        **parameters,
    )
    return sorted(rows, key=lambda row: int(row["seq"]))
