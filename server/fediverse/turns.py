"""Whose activities are processed next: hosts take turns, so that no flood and no slow server keeps others waiting.

The activities of one host stay in order. One that waits for the network keeps its own host waiting, and a few of one
site are enough to keep all of its hosts waiting: names under a domain cost nothing (S23, R5).
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from federation.vocab.base import site_of
from server.db import Row
from server.instance import Instance

CACHE = "fediverse.turns"
MAX_UNDER_WAY = 48
MAX_OF_ONE_SITE = 8
MAX_LOOKED_AT = 200
"""Hosts that are looked at for one that has something due."""


@dataclass(slots=True)
class Turns:
    """Whose turn it was last, and whose activities are being processed."""

    last: str = ""
    under_way: set[str] = field(default_factory=set)


def turns(here: Instance) -> Turns:
    """The turns of this instance."""
    found: Turns = here.caches.setdefault(CACHE, Turns())
    return found


async def claim(here: Instance, until: datetime) -> Row | None:
    """The oldest due receipt of the next host that has one, leased until then; None where there is none."""
    taking = turns(here)
    if len(taking.under_way) >= MAX_UNDER_WAY:
        return None
    sites = Counter(map(site_of, taking.under_way))
    begun, host, again = taking.last, taking.last, False
    for _ in range(MAX_LOOKED_AT):
        found = await here.db.value(
            "SELECT host FROM inbox_receipt WHERE outcome IS NULL AND host > :host ORDER BY host LIMIT 1", host=host
        )
        if found is None and not again:
            host, again = "", True
            continue
        if found is None or (again and found > begun):
            return None
        host = taking.last = str(found)
        if host in taking.under_way or sites[site_of(host)] >= MAX_OF_ONE_SITE:
            continue
        row = await _claim_of(here, host, until)
        if row is not None:
            return row
    return None


async def _claim_of(here: Instance, host: str, until: datetime) -> Row | None:
    """The first that waits, or none while anybody has it: two workers would else reorder their host (R6).

    The lease is looked at again by the update itself: of two workers that find the same row, the second comes away
    empty-handed.
    """
    return await here.db.row(
        "UPDATE inbox_receipt SET lease_until = :until, attempts = attempts + 1 WHERE seq ="
        " (SELECT seq FROM inbox_receipt WHERE outcome IS NULL AND host = :host"
        " AND (next_try_at IS NULL OR next_try_at <= :now) ORDER BY seq LIMIT 1)"
        " AND outcome IS NULL AND (lease_until IS NULL OR lease_until < :now)"
        " RETURNING seq, activity_id, activity_type, actor, signer, proven, host, body, received_at, attempts, let_in",
        host=host,
        until=until,
        now=here.clock.now(),
    )
