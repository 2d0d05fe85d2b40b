"""Networks ready to show: to everybody who they are and what they agreed on, to admins what waits and what changed."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from federation.vocab.memberlists import SERVER_ACTOR
from server.consortium.models import Consortium, ConsortiumMember
from server.errors import NotFound
from server.instance import Instance
from server.peers import policy as peers
from server.peers import queries as peer_queries
from server.text import render_markdown

STANDING = ("hosted", "member")
"""The networks that this server is in; everybody may know of them."""
SHOWN = 50


@dataclass(frozen=True, slots=True)
class MemberView:
    """A server in a network. `own_grade` is what an admin here decided of it; nothing where nobody did."""

    host: str
    home: str
    name: str
    state: str
    applied: bool
    is_us: bool
    is_host: bool
    own_grade: str
    message: str
    reason: str
    since: datetime

    @property
    def is_blocked(self) -> bool:
        """Whether an admin here blocked it: that outweighs the network."""
        return self.own_grade == peers.BLOCKED


@dataclass(frozen=True, slots=True)
class Change:
    """What a list changed here, by names."""

    at: datetime
    added: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NetworkView:
    """A network. `members` are those in the list; `waiting` and `expected` are of a host, `to_come` and `to_go` what an
    admin who looks first has not agreed to yet.
    """

    slug: str
    name: str
    purpose: str
    guidelines: str
    guidelines_html: str
    state: str
    host: str
    address: str
    url: str
    version: int
    look_first: bool
    tells_numbers: bool
    trouble: str
    reason: str
    valid_until: datetime | None
    fetched_at: datetime | None
    changed_at: datetime
    members: tuple[MemberView, ...]
    waiting: tuple[MemberView, ...]
    expected: tuple[MemberView, ...]
    to_come: tuple[MemberView, ...]
    to_go: tuple[MemberView, ...]
    changes: tuple[Change, ...]

    @property
    def is_ours(self) -> bool:
        """Whether this server hosts it."""
        return self.state == "hosted"

    @property
    def has_pending(self) -> bool:
        """Whether changes of the list wait for an admin."""
        return bool(self.to_come or self.to_go)


@dataclass(frozen=True, slots=True)
class NetworkLine:
    """A network in a list."""

    slug: str
    name: str
    purpose: str
    state: str
    host: str
    members_count: int
    waiting_count: int
    pending_count: int
    trouble: str
    reason: str


@dataclass(frozen=True, slots=True)
class Tie:
    """What goes between two organisations of a network, as far as this server may tell everybody.

    `one` and `other` are what they call themselves, which two may do alike; their hosts tell them apart.
    """

    one: str
    other: str
    one_host: str
    other_host: str
    tries: int
    remixes: int
    communities: int


async def local_uri(here: Instance, slug: str) -> str | None:
    """The id of a network hosted here, by the last part of its page's address."""
    value = await here.db.value("SELECT uri FROM consortium WHERE slug = :slug AND state = 'hosted'", slug=slug)
    return None if value is None else str(value)


async def networks(here: Instance, *, everything: bool = False) -> list[NetworkLine]:
    """The networks that this server is in, by name; `everything`: those too that it asked, left, or was let go from."""
    states = "<> 'closed'" if everything else "IN ('hosted', 'member')"
    rows = await here.db.rows(
        "SELECT consortium.slug, consortium.name, consortium.purpose, consortium.state, consortium.host,"
        " consortium.trouble, consortium.reason,"
        " SUM(CASE WHEN member.state = 'member' THEN 1 ELSE 0 END) AS members,"
        " SUM(CASE WHEN member.state = 'asked' THEN 1 ELSE 0 END) AS waiting,"
        " SUM(CASE WHEN (member.state = 'member' AND NOT member.applied AND member.uri <> :ours)"
        " OR (member.state = 'removed' AND member.applied) THEN 1 ELSE 0 END) AS pending"
        " FROM consortium LEFT JOIN consortium_member AS member ON member.consortium_id = consortium.id"
        f" WHERE consortium.state {states}"
        " GROUP BY consortium.id, consortium.slug, consortium.name, consortium.purpose, consortium.state,"
        " consortium.host, consortium.trouble, consortium.reason"
        " ORDER BY consortium.name, consortium.id LIMIT :limit",
        ours=here.url("/ap/actor"),
        limit=SHOWN,
    )
    return [
        NetworkLine(
            slug=row["slug"],
            name=row["name"],
            purpose=row["purpose"],
            state=row["state"],
            host=row["host"],
            members_count=int(row["members"] or 0) + (row["state"] == "hosted"),
            waiting_count=int(row["waiting"] or 0) if row["state"] == "hosted" else 0,
            pending_count=int(row["pending"] or 0) if row["state"] == "member" else 0,
            trouble=row["trouble"],
            reason=row["reason"],
        )
        for row in rows
    ]


async def needs_admin(here: Instance) -> list[NetworkLine]:
    """The networks in which something waits for an admin."""
    return [
        line
        for line in await networks(here, everything=True)
        if line.waiting_count or line.pending_count or (line.trouble and line.state == "member")
    ]


async def network(here: Instance, slug: str, *, everything: bool = False) -> NetworkView:
    """One network that this server is in; `everything`: also one that it is not in (any more). Raises NotFound."""
    found = await Consortium.get_or_none(slug=slug)
    if found is None or found.state == "closed" or not (everything or found.state in STANDING):
        raise NotFound
    rows = await ConsortiumMember.filter(consortium_id=found.id).order_by("name", "id")
    views = [_member(here, found, row) for row in rows]
    members = [view for view in views if view.state == "member"]
    if found.is_ours:
        members.insert(0, _ourselves(here, found))
    html = await asyncio.to_thread(render_markdown, found.guidelines, base_url=here.settings.origin)
    is_in = found.state == "member"
    return NetworkView(
        slug=found.slug,
        name=found.name,
        purpose=found.purpose,
        guidelines=found.guidelines,
        guidelines_html=html.html,
        state=found.state,
        host=found.host,
        address=found.uri,
        url=found.url,
        version=found.version,
        look_first=found.look_first,
        tells_numbers=found.tells_numbers,
        trouble=found.trouble,
        reason=found.reason,
        valid_until=found.valid_until,
        fetched_at=found.fetched_at,
        changed_at=found.changed_at,
        members=tuple(members),
        waiting=tuple(view for view in views if view.state == "asked"),
        expected=tuple(view for view in views if view.state == "expected"),
        to_come=tuple(view for view in members if is_in and not view.applied and not view.is_us),
        to_go=tuple(view for view in views if is_in and view.state == "removed" and view.applied),
        changes=tuple(
            Change(datetime.fromisoformat(item["at"]), tuple(item["added"]), tuple(item["removed"]))
            for item in found.changes or ()
        ),
    )


COUNTED_FOR = timedelta(minutes=1)
TIES = "consortium.ties"

_BOTH = """
 theirs.suspended_at IS NULL AND theirs.deleted_at IS NULL AND theirs.host <> other.host
 AND theirs.host IN (SELECT host FROM consortium UNION SELECT host FROM consortium_member WHERE state = 'member')
 AND other.host IN (SELECT host FROM consortium UNION SELECT host FROM consortium_member WHERE state = 'member')
 GROUP BY theirs.host, other.host ORDER BY theirs.host, other.host LIMIT 5000
"""
_TRIES = f"""
SELECT theirs.host AS one, other.host AS other, count(*) AS number FROM tried_report
 JOIN post ON post.id = tried_report.id AND post.state = 'visible' AND post.visibility IN ('public', 'unlisted')
 JOIN actor AS theirs ON theirs.id = post.author_id
 JOIN post AS source ON source.id = tried_report.practice_id AND source.state = 'visible'
 AND source.visibility IN ('public', 'unlisted')
 JOIN actor AS other ON other.id = source.author_id WHERE {_BOTH}"""
_REMIXES = f"""
SELECT theirs.host AS one, other.host AS other, count(*) AS number FROM remix
 JOIN post ON post.id = remix.id AND post.state = 'visible' AND post.visibility IN ('public', 'unlisted')
 JOIN actor AS theirs ON theirs.id = post.author_id
 JOIN post AS source ON source.uri = remix.source_uri AND source.state = 'visible'
 AND source.visibility IN ('public', 'unlisted')
 JOIN actor AS other ON other.id = source.author_id WHERE {_BOTH}"""
_COMMUNITIES = f"""
SELECT theirs.host AS one, other.host AS other, count(DISTINCT other.id) AS number FROM membership
 JOIN actor AS theirs ON theirs.id = membership.person_id
 JOIN actor AS other ON other.id = membership.community_id AND other.discoverable AND other.deleted_at IS NULL
 JOIN community ON community.id = other.id AND community.visibility = 'public' AND community.kind <> 'support'
 WHERE membership.state = 'active' AND {_BOTH}"""


async def ties(here: Instance, view: NetworkView) -> list[Tie]:
    """What goes between the members of a network, pair by pair: public practices and communities, never people."""
    names = {member.host: member.name for member in view.members}
    counted = await _counted(here)
    found = [
        Tie(names[one], names[other], one, other, *numbers)
        for (one, other), numbers in counted.items()
        if one in names and other in names
    ]
    return sorted(found, key=lambda tie: (tie.one, tie.other, tie.one_host, tie.other_host))


async def _counted(here: Instance) -> Mapping[tuple[str, str], list[int]]:
    """All ties of all networks; whole tables are read for that, and anybody may ask, so it is done once a minute."""
    now = here.clock.now()
    kept: tuple[datetime, dict[tuple[str, str], list[int]]] | None = here.caches.get(TIES)
    if kept is not None and now - kept[0] < COUNTED_FOR:
        return kept[1]
    counted: dict[tuple[str, str], list[int]] = {}
    for place, statement in enumerate((_TRIES, _REMIXES, _COMMUNITIES)):
        for row in await here.db.rows(statement):
            pair = (min(row["one"], row["other"]), max(row["one"], row["other"]))
            counted.setdefault(pair, [0, 0, 0])[place] += int(row["number"])
    here.caches[TIES] = (now, counted)
    return counted


def _member(here: Instance, network: Consortium, row: ConsortiumMember) -> MemberView:
    known = peer_queries.grades(here).by_host
    grade = peer_queries.grade_of(here, row.host)
    return MemberView(
        host=row.host,
        home=row.uri.removesuffix(SERVER_ACTOR) + "/",
        name=row.name,
        state=row.state,
        applied=row.applied,
        is_us=row.uri == here.url("/ap/actor"),
        is_host=row.host == network.host,
        own_grade=grade if peers.canonical(row.host) in known or grade != peers.NORMAL else "",
        message=row.message,
        reason=row.reason,
        since=row.changed_at,
    )


def _ourselves(here: Instance, network: Consortium) -> MemberView:
    return MemberView(
        host=network.host,
        home=here.url("/"),
        name=here.site.name,
        state="member",
        applied=True,
        is_us=True,
        is_host=True,
        own_grade="",
        message="",
        reason="",
        since=network.created_at,
    )
