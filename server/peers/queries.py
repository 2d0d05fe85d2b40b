"""What we know of other servers. Grades are kept in memory: they are asked for on every request."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from server.db import from_milliseconds
from server.instance import Instance
from server.peers import policy

CACHE = "peers"
MODE, WINDOW, BEFORE = "mode", "window", "before"
"""Names of choices; under BEFORE stands what mode and window were before the last change of theirs."""
MAX_REMEMBERED = 5000
UNDONE_WITHIN = timedelta(days=30)
"""So long a block can be undone with everything that it cut off; after that, copies are erased."""


@dataclass(slots=True)
class Grades:
    """Hosts that an admin graded, and what was worked out from that list since."""

    by_host: dict[str, str]
    vouched: dict[str, str] = field(default_factory=dict)
    """What networks say of hosts: `policy.VOUCHES`."""
    effects: dict[str, policy.Effects] = field(default_factory=dict)
    choices: dict[str, str] = field(default_factory=dict)
    """What admins chose in the browser: `models.PeerChoice`."""

    def replace(
        self,
        by_host: dict[str, str],
        vouched: dict[str, str] | None = None,
        choices: dict[str, str] | None = None,
    ) -> None:
        """Take over a new list; without `vouched` and `choices`, what networks say and admins chose stays as it was."""
        self.by_host = by_host
        self.vouched = self.vouched if vouched is None else vouched
        self.choices = self.choices if choices is None else choices
        self.effects.clear()

    def vouch_for(self, host: str) -> str:
        """What networks say of a host; nothing where none does."""
        return self.vouched.get(policy.canonical(host), "")


def grades(here: Instance) -> Grades:
    """The cache of grades of this instance."""
    cache: Grades = here.caches.setdefault(CACHE, Grades({}))
    return cache


async def chosen_grades(here: Instance) -> dict[str, str]:
    """The hosts that an admin graded, as the database has them in this transaction."""
    rows = await here.db.rows("SELECT host, grade FROM peer WHERE graded_at IS NOT NULL ORDER BY host")
    return {row["host"]: row["grade"] for row in rows}


async def vouches(here: Instance) -> dict[str, str]:
    """What networks say of hosts, as the database has it in this transaction. The most of it counts."""
    rows = await here.db.rows("SELECT host, min(vouch) AS vouch FROM peer_vouch GROUP BY host ORDER BY host")
    return {row["host"]: row["vouch"] for row in rows}


async def load_grades(here: Instance) -> None:
    """Read the grades into memory, where an instance keeps them: `set_grade`, `forget` and `vouch` say what changed."""
    rows = await here.db.rows(
        "SELECT host, grade, '' AS vouch FROM peer WHERE graded_at IS NOT NULL"
        " UNION ALL SELECT host, '' AS grade, min(vouch) AS vouch FROM peer_vouch GROUP BY host"
        " UNION ALL SELECT name AS host, value AS grade, ' ' AS vouch FROM peer_choice ORDER BY host"
    )
    grades(here).replace(
        {row["host"]: row["grade"] for row in rows if not row["vouch"]},
        {row["host"]: row["vouch"] for row in rows if row["vouch"].strip()},
        {row["host"]: row["grade"] for row in rows if row["vouch"] == " "},
    )


def mode(here: Instance) -> str:
    """With whom this server talks: what an admin chose in the browser, else what the settings say."""
    return grades(here).choices.get(MODE) or here.settings.federation


def window(here: Instance) -> str:
    """What servers that a consortium did not choose may do."""
    return grades(here).choices.get(WINDOW, policy.SHUT) if mode(here) == policy.CONSORTIUM else policy.SHUT


def grade_of(here: Instance, host: str) -> str:
    """The grade of a host, from memory; see `policy.grade_among`."""
    return policy.grade_among(grades(here).by_host, host)


def shown_as(here: Instance, host: str) -> str:
    """How people of a host are shown, from memory; see `policy.shown_as`."""
    known = grades(here)
    chosen = policy.canonical(host) in known.by_host
    return policy.shown_as(mode(here), grade_of(here, host), chosen=chosen, vouch=known.vouch_for(host))


async def grade(here: Instance, host: str) -> str:
    """The grade of a host."""
    return grade_of(here, host)


def effects_for(here: Instance, host: str) -> policy.Effects:
    """Everything that follows for a host from its grade and our mode: the one place that is asked."""
    cache = grades(here)
    found = cache.effects.get(host)
    if found is None:
        chosen = policy.canonical(host) in cache.by_host
        found = policy.effects(
            mode(here), grade_of(here, host), chosen=chosen, vouch=cache.vouch_for(host), window=window(here)
        )
        if len(cache.effects) > MAX_REMEMBERED:
            cache.effects.clear()
        cache.effects[host] = found
    return found


def may_receive(here: Instance, host: str) -> bool:
    """Whether anything from this host is let in."""
    return effects_for(here, host).receives


def takes(here: Instance, host: str, activity_type: str) -> bool:
    """Whether an activity of this type from there may come in."""
    return policy.takes(effects_for(here, host), activity_type)


def may_reach(here: Instance, host: str) -> bool:
    """Whether people here may look up and follow people there, and take part: not where we are only looked at."""
    found = effects_for(here, host)
    return found.sends and not found.window


def may_send(here: Instance, host: str) -> bool:
    """Whether anything may be fetched from or delivered to this host."""
    return effects_for(here, host).sends


def holds(here: Instance, host: str, activity_type: str) -> bool:
    """Whether an activity from there waits for a steward as a whole."""
    return policy.holds(effects_for(here, host), activity_type)


def holds_first_posts(here: Instance, host: str) -> bool:
    """Whether a stranger's first post from there waits for a steward."""
    return effects_for(here, host).holds != "nothing"


def holds_everything(here: Instance, host: str) -> bool:
    """Whether every post from there waits for a steward."""
    return effects_for(here, host).holds == "everything"


def shows_media(here: Instance, host: str) -> bool:
    """Whether pictures and files from there are fetched and shown."""
    return effects_for(here, host).media


def is_of_network(here: Instance, host: str) -> bool:
    """Whether what is for the network goes there and is taken from there."""
    return effects_for(here, host).is_network


def network_hosts(here: Instance) -> list[str]:
    """The servers of the network: those that an admin named, and those that a network vouches for."""
    known = grades(here)
    return sorted(host for host in {*known.by_host, *known.vouched} if is_of_network(here, host))


@dataclass(frozen=True, slots=True)
class PeerView:
    """Another server, as the admin pages show it."""

    host: str
    grade: str
    is_graded: bool
    previous_grade: str | None
    graded_at: datetime | None
    note: str
    public_note: str
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
    cursor_seq: int
    paused: bool
    signature_scheme: str | None
    undone_until: datetime | None

    @property
    def state(self) -> str:
        """How deliveries go, in one word."""
        if self.paused:
            return "paused"
        if self.failing_since is not None:
            return "failing"
        return "behind" if self.is_behind else "ok"

    @property
    def can_undo(self) -> bool:
        """Whether there is an earlier grade to go back to."""
        return self.previous_grade is not None


@dataclass(frozen=True, slots=True)
class Consequences:
    """What a grade would change for people here, before it is given. All counts are of today.

    `cut_off`: nothing passes any more. `lost_media`, `held` and `quiet` say what starts.
    """

    grade: str
    cut_off: bool
    restored: bool
    held: bool
    quiet: bool
    lost_media: bool
    followed: int
    followers: int
    members: int
    communities: int
    our_members: int
    waiting: int
    copies: int

    @property
    def hurts(self) -> bool:
        """Whether somebody here would lose something, so that it is worth a second look."""
        return self.cut_off and bool(self.followed or self.followers or self.members or self.our_members)


THEIRS = (
    "(SELECT id FROM actor WHERE NOT is_local AND deleted_at IS NULL AND (host = :host OR host LIKE :inside"
    " OR host LIKE :ports OR host LIKE :inside_ports))"
)
"""Actors of a server in SQL, with `spellings` as parameters."""


def spellings(host: str) -> dict[str, str]:
    """Parameters for SQL that match a host with its subdomains and ports."""
    return {"host": host, "inside": f"%.{host}", "ports": f"{host}:%", "inside_ports": f"%.{host}:%"}


async def consequences(here: Instance, host: str, grade: str) -> Consequences:
    """What would change if this host had this grade: a dry run, in one query."""
    host = policy.canonical(host)
    before = effects_for(here, host)
    after = policy.effects(mode(here), grade, chosen=True, vouch=grades(here).vouch_for(host), window=window(here))
    row = await here.db.row(
        f"SELECT (SELECT count(*) FROM follow WHERE state = 'accepted' AND target_id IN {THEIRS}) AS followed,"
        f" (SELECT count(*) FROM follow WHERE state = 'accepted' AND follower_id IN {THEIRS}) AS followers,"
        f" (SELECT count(DISTINCT person_id) FROM membership WHERE state = 'active' AND person_id IN {THEIRS})"
        f" AS members,"
        f" (SELECT count(DISTINCT community_id) FROM membership WHERE state = 'active' AND person_id IN {THEIRS})"
        f" AS communities,"
        f" (SELECT count(*) FROM membership WHERE state = 'active' AND community_id IN {THEIRS}) AS our_members,"
        f" (SELECT count(*) FROM post WHERE state = 'visible' AND author_id IN {THEIRS}) AS copies,"
        " (SELECT count(*) FROM outgoing, peer WHERE outgoing.seq > peer.cursor_seq AND outgoing.seq <= peer.wanted_seq"
        " AND (peer.host = :host OR peer.host LIKE :inside OR peer.host LIKE :ports OR peer.host LIKE :inside_ports))"
        " AS waiting",
        **spellings(host),
    )
    counts = row or {}
    return Consequences(
        grade=grade,
        cut_off=before.receives and not after.receives,
        restored=after.receives and not before.receives,
        held=after.holds == "everything" and before.holds != "everything" and after.receives,
        quiet=before.found and not after.found and after.shown,
        lost_media=before.media and not after.media and after.receives,
        **{
            name: int(counts.get(name) or 0)
            for name in ("followed", "followers", "members", "communities", "our_members", "waiting", "copies")
        },
    )


_PEER = """
SELECT peer.host, peer.grade, peer.graded_at, peer.previous_grade, peer.note, peer.public_note, peer.software,
 peer.dialect, peer.first_seen_at, peer.last_seen_at, peer.last_success_at, peer.failing_since, peer.next_try_at,
 peer.attempts, peer.last_error, peer.cursor_seq, peer.wanted_seq, peer.paused, peer.signature_scheme,
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


async def blocked_for_good(here: Instance) -> list[str]:
    """Servers that were blocked so long ago that the block is not undone any more."""
    rows = await here.db.rows(
        "SELECT host FROM peer WHERE grade = :blocked AND graded_at < :before ORDER BY host LIMIT 1000",
        blocked=policy.BLOCKED,
        before=here.clock.now() - UNDONE_WITHIN,
    )
    return [row["host"] for row in rows]


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
        public_note=row["public_note"],
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
        cursor_seq=row["cursor_seq"],
        paused=bool(row["paused"]),
        signature_scheme=row["signature_scheme"],
        undone_until=None if row["graded_at"] is None else from_milliseconds(row["graded_at"]) + UNDONE_WITHIN,
    )
