"""What was refused, and why: a log line each, the latest few per server in a table, and counts by day and reason.

A flood of refused requests costs memory that is bounded here, and one transaction every two seconds, not one for each
(S24, R11). What is written down of one server never pushes out what is known of another. Hosts that only claim to be
somebody are filed under that name where we know it, and else under no name, so that nobody fills the tables with names
that they made up.
"""

import json
import logging
from collections import Counter, deque
from datetime import timedelta

from federation.ports import Refusal
from server.instance import Instance
from server.peers import policy

log = logging.getLogger("peerhall.refused")

CACHE = "fediverse.refusals"
KEPT_PER_HOST = 50
WRITTEN_PER_HOST = 10
"""So many of one server are written down in full each time; the rest is counted."""
MAX_WAITING = 200
MAX_COUNTED = 2_000
KEEP = timedelta(days=30)
KEEP_COUNTS = timedelta(days=90)

Noted = tuple[int, str, Refusal]
"""Milliseconds since 1970, the host, and what was refused."""
Counted = tuple[str, int, str]
"""Host, day since 1970, and the word for the reason."""

_DAY = timedelta(days=1) // timedelta(milliseconds=1)


class ServerRefusals:
    """`federation.ports.Refusals`: kept in memory until `step` writes them down."""

    def __init__(self, here: Instance) -> None:
        """Take notes for this instance."""
        self._here = here
        self.latest: list[Noted] = []
        self.counts: Counter[Counted] = Counter()
        self._of_host: Counter[str] = Counter()
        here.caches[CACHE] = self

    def note(self, refusal: Refusal) -> None:
        """Take note: a counter for each, the first few of each server in full."""
        at = int(self._here.clock.now().timestamp() * 1000)
        host = policy.canonical(refusal.host)[:255]
        counted = (host, at // _DAY, refusal.word)
        # Names that somebody made up must not take the place of a server that we know.
        if not refusal.certain and counted not in self.counts and len(self.counts) >= MAX_COUNTED:
            counted = ("", *counted[1:])
        self.counts[counted] += 1
        if self._of_host[host] < WRITTEN_PER_HOST and (refusal.certain or len(self.latest) < MAX_WAITING):
            self._of_host[host] += 1
            self.latest.append((at, host, refusal))
            log.info("%s", _line(self._here, refusal))

    def take(self) -> tuple[list[Noted], Counter[Counted]]:
        """What was noted since the last time, to be written down."""
        taken = self.latest, self.counts
        self.latest, self.counts, self._of_host = [], Counter(), Counter()
        return taken


async def step(here: Instance) -> bool:
    """Write down what was noted, in one transaction. Says that there is no more, so that the worker pauses."""
    noted: ServerRefusals = here.caches[CACHE]
    if not noted.counts:
        return False
    latest, counts = noted.take()
    if counts.total() > len(latest):
        log.info("%s refused %s more of the like", here.settings.domain, counts.total() - len(latest))
    known = await _known(here, {host for host, _, _ in counts} | {host for _, host, _ in latest})
    async with here.db.transaction():
        for (host, day, word), times in _merged(counts, known).items():
            await here.db.execute(
                "INSERT INTO refused_count (host, day, word, times) VALUES (:host, :day, :word, :times)"
                " ON CONFLICT (host, day, word) DO UPDATE SET times = refused_count.times + excluded.times",
                host=host,
                day=day,
                word=word,
                times=times,
            )
        for host, refusals in _filed(latest, known).items():
            for at, _, refusal in refusals:
                await _insert(here, host, at, refusal)
            await here.db.execute(
                "DELETE FROM refused WHERE host = :host AND seq <= (SELECT seq FROM refused WHERE host = :host"
                " ORDER BY seq DESC LIMIT 1 OFFSET :kept)",
                host=host,
                kept=KEPT_PER_HOST,
            )
    return False


async def prune(here: Instance) -> None:
    """Forget what is old."""
    now = here.clock.now()
    await here.db.execute("DELETE FROM refused WHERE at < :before", before=now - KEEP)
    await here.db.execute(
        "DELETE FROM refused_count WHERE day < :day",
        day=int((now - KEEP_COUNTS).timestamp() * 1000) // _DAY,
    )


async def _known(here: Instance, hosts: set[str]) -> set[str]:
    """Those of the hosts that we have met."""
    found: set[str] = set()
    wanted = sorted(hosts - {""})
    for start in range(0, len(wanted), 200):
        part = {f"h{number}": host for number, host in enumerate(wanted[start : start + 200])}
        names = ", ".join(f":{name}" for name in part)
        rows = await here.db.rows(f"SELECT host FROM peer WHERE host IN ({names}) ORDER BY host LIMIT 200", **part)
        found |= {row["host"] for row in rows}
    return found


def _merged(counts: Counter[Counted], known: set[str]) -> Counter[Counted]:
    merged: Counter[Counted] = Counter()
    for (host, day, word), times in sorted(counts.items()):
        merged[(host if host in known else "", day, word)] += times
    return merged


def _filed(latest: list[Noted], known: set[str]) -> dict[str, deque[Noted]]:
    """The latest by the names under which they are kept, no more than are kept."""
    filed: dict[str, deque[Noted]] = {}
    for noted in latest:
        filed.setdefault(noted[1] if noted[1] in known else "", deque(maxlen=KEPT_PER_HOST)).append(noted)
    return filed


async def _insert(here: Instance, host: str, at: int, refusal: Refusal) -> None:
    await here.db.execute(
        "INSERT INTO refused (host, at, place, word, reason, actor, subject, activity_type, is_certain)"
        " VALUES (:host, :at, :place, :word, :reason, :actor, :subject, :type, :certain)",
        host=host,
        at=at,
        place=refusal.place,
        word=refusal.word[:20],
        reason=_storable(refusal.reason, 300),
        actor=_storable(refusal.actor, 500),
        subject=_storable(refusal.subject, 500),
        type=_storable(refusal.activity_type, 40),
        certain=refusal.certain,
    )


def _storable(text: str, limit: int) -> str:
    """Text as both databases take it: no half characters, which a URL in a header may hold."""
    return text[:limit].encode("utf-8", "replace").decode()


def _line(here: Instance, refusal: Refusal) -> str:
    """One line of `key=value`, each value quoted as JSON, so that nothing in it can forge another line."""
    fields = {
        "place": refusal.place,
        "word": refusal.word,
        "host": refusal.host,
        "certain": refusal.certain,
        "actor": refusal.actor[:300],
        "activity": refusal.activity_type[:40],
        "subject": refusal.subject[:300],
        "key": refusal.key[:300],
        "reason": refusal.reason[:300],
    }
    told = " ".join(f"{name}={json.dumps(value)}" for name, value in fields.items() if value != "")
    return f"{here.settings.domain} refused {told}"
