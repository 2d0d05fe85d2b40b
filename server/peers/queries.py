"""What we know of other servers. Grades are kept in memory: they are asked for on every request."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from server.db import from_milliseconds
from server.instance import Instance
from server.peers import policy

CACHE = "peers"
FRESH = timedelta(seconds=5)


@dataclass(slots=True)
class Grades:
    """Hosts that an admin graded, and when that list was read."""

    by_host: dict[str, str]
    loaded_at: datetime | None = None


def grades(here: Instance) -> Grades:
    """The cache of grades of this instance."""
    cache: Grades = here.caches.setdefault(CACHE, Grades({}))
    return cache


async def load_grades(here: Instance) -> None:
    """Read the grades into memory; called when an instance starts."""
    rows = await here.db.rows("SELECT host, grade FROM peer WHERE graded_at IS NOT NULL ORDER BY host")
    cache = grades(here)
    cache.by_host = {row["host"]: row["grade"] for row in rows}
    cache.loaded_at = here.clock.now()


async def refresh_grades(here: Instance) -> None:
    """Read the grades again unless that was done within five seconds: other processes change them too."""
    loaded_at = grades(here).loaded_at
    if loaded_at is None or here.clock.now() - loaded_at > FRESH:
        await load_grades(here)


def grade_of(here: Instance, host: str) -> str:
    """The grade of a host. A restriction of a domain covers its subdomains and ports; trust does not spread."""
    chosen = grades(here).by_host
    exact, *wider = policy.candidates(host)
    if exact in chosen:
        own = chosen[exact]
        if own == policy.BLOCKED:
            return own
    else:
        own = policy.NORMAL
    for name in wider:
        found = chosen.get(name, policy.NORMAL)
        if found == policy.BLOCKED or (exact not in chosen and found not in {policy.NORMAL, policy.TRUSTED}):
            return found
    return own


async def grade(here: Instance, host: str) -> str:
    """The grade of a host."""
    return grade_of(here, host)


def may_receive(here: Instance, host: str) -> bool:
    """Whether anything from this host is let in."""
    return _talks(here, host)


def may_send(here: Instance, host: str) -> bool:
    """Whether anything may be fetched from or delivered to this host."""
    return _talks(here, host)


def holds_first_posts(here: Instance, host: str) -> bool:
    """Whether a stranger's first post from there waits for a steward."""
    return policy.holds_first_posts(here.settings.federation, grade_of(here, host))


def holds_everything(here: Instance, host: str) -> bool:
    """Whether every post from there waits for a steward."""
    return grade_of(here, host) == policy.HELD


def shows_media(here: Instance, host: str) -> bool:
    """Whether pictures and files from there are fetched and shown."""
    return grade_of(here, host) not in {policy.NO_MEDIA, policy.BLOCKED}


def is_quiet(here: Instance, host: str) -> bool:
    """Whether people there are left out of discovery."""
    return grade_of(here, host) in {policy.LIMITED, policy.HELD, policy.BLOCKED}


def _talks(here: Instance, host: str) -> bool:
    chosen = policy.canonical(host) in grades(here).by_host
    return policy.talks(here.settings.federation, grade_of(here, host), chosen=chosen)


@dataclass(frozen=True, slots=True)
class PeerView:
    """Another server, as the admin pages show it."""

    host: str
    grade: str
    is_graded: bool
    previous_grade: str | None
    graded_at: datetime | None
    note: str
    software: str
    dialect: str
    first_seen_at: datetime
    last_seen_at: datetime | None
    last_success_at: datetime | None
    failing_since: datetime | None
    next_try_at: datetime | None
    attempts: int
    last_error: str
    is_behind: bool
    people_count: int
    following_count: int
    followers_count: int

    @property
    def state(self) -> str:
        """How deliveries go, in one word."""
        if self.failing_since is not None:
            return "failing"
        return "behind" if self.is_behind else "ok"

    @property
    def can_undo(self) -> bool:
        """Whether there is an earlier grade to go back to."""
        return self.previous_grade is not None


_PEER = """
SELECT peer.host, peer.grade, peer.graded_at, peer.previous_grade, peer.note, peer.software, peer.dialect,
 peer.first_seen_at, peer.last_seen_at, peer.last_success_at, peer.failing_since, peer.next_try_at, peer.attempts,
 peer.last_error, peer.cursor_seq, peer.wanted_seq,
 (SELECT count(*) FROM actor WHERE actor.host = peer.host AND NOT actor.is_local 
  AND actor.deleted_at IS NULL) AS people,
 (SELECT count(*) FROM follow JOIN actor ON actor.id = follow.target_id
  WHERE actor.host = peer.host AND follow.state IN ('accepted', 'requested', 'paused')) AS following,
 (SELECT count(*) FROM follow JOIN actor ON actor.id = follow.follower_id
  WHERE actor.host = peer.host AND follow.state IN ('accepted', 'requested', 'paused')) AS followers
FROM peer
"""


async def peer(here: Instance, host: str) -> PeerView | None:
    """One server."""
    row = await here.db.row(_PEER + " WHERE peer.host = :host", host=policy.canonical(host))
    return None if row is None else _peer_row(row)


async def peers(
    here: Instance, *, grade: str | None = None, text: str = "", after: str = "", limit: int = 50
) -> list[PeerView]:
    """Servers by name: all, or those of one grade or with `text` in the name."""
    conditions = ["peer.host > :after"]
    if grade is not None:
        conditions.append("peer.grade = :grade")
    if text:
        conditions.append("peer.host LIKE :pattern ESCAPE '!'")
    escaped = text.lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    rows = await here.db.rows(
        f"{_PEER} WHERE {' AND '.join(conditions)} ORDER BY peer.host LIMIT :limit",
        after=after,
        grade=grade,
        pattern=f"%{escaped}%",
        limit=limit,
    )
    return [_peer_row(row) for row in rows]


async def failing_peers(here: Instance, limit: int = 10) -> list[PeerView]:
    """Servers that do not take what we send, the longest first."""
    rows = await here.db.rows(
        _PEER + " WHERE peer.failing_since IS NOT NULL ORDER BY peer.failing_since LIMIT :limit", limit=limit
    )
    return [_peer_row(row) for row in rows]


async def new_peers(here: Instance, since: datetime, limit: int = 10) -> list[PeerView]:
    """Servers that were first seen after a moment and that nobody graded yet."""
    rows = await here.db.rows(
        _PEER + " WHERE peer.graded_at IS NULL AND peer.first_seen_at > :since"
        " ORDER BY peer.first_seen_at DESC LIMIT :limit",
        since=since,
        limit=limit,
    )
    return [_peer_row(row) for row in rows]


def _moment(number: int | None) -> datetime | None:
    return None if number is None else from_milliseconds(number)


def _peer_row(row: dict[str, Any]) -> PeerView:
    return PeerView(
        host=row["host"],
        grade=row["grade"],
        is_graded=row["graded_at"] is not None,
        previous_grade=row["previous_grade"],
        graded_at=_moment(row["graded_at"]),
        note=row["note"],
        software=row["software"],
        dialect=row["dialect"],
        first_seen_at=from_milliseconds(row["first_seen_at"]),
        last_seen_at=_moment(row["last_seen_at"]),
        last_success_at=_moment(row["last_success_at"]),
        failing_since=_moment(row["failing_since"]),
        next_try_at=_moment(row["next_try_at"]),
        attempts=row["attempts"],
        last_error=row["last_error"] or "",
        is_behind=row["wanted_seq"] > row["cursor_seq"],
        people_count=row["people"],
        following_count=row["following"],
        followers_count=row["followers"],
    )
