"""How many people on which servers a new post would reach: what the audience bar of every composer shows."""

from dataclasses import dataclass

from server.actors.viewer import Viewer
from server.communities.queries import CommunityLabel
from server.instance import Instance
from server.peers.queries import network_hosts
from server.practices.policy import audiences

MAX_SERVERS = 50


@dataclass(frozen=True, slots=True)
class Reach:
    """One audience an author may choose: how many people get it at once, and on which servers (ours first).

    `servers_count` is exact where more servers exist than are named.
    """

    visibility: str
    people: int
    servers: tuple[str, ...]
    servers_count: int


_MEMBERS = "SELECT person_id FROM membership WHERE community_id = :group AND state = 'active'"
_FOLLOWERS = "SELECT follower_id FROM follow WHERE target_id = :group AND state = 'accepted'"


async def reaches(here: Instance, viewer: Viewer, community: CommunityLabel | None) -> list[Reach]:
    """The audiences to choose from, the widest first; in two queries at most."""
    network = network_hosts(here)
    allowed = audiences(community.visibility if community else None, has_network=bool(network))
    group = community.id if community else viewer.actor_id
    wide = await _count(here, group, f"{_MEMBERS} UNION {_FOLLOWERS}" if community else _FOLLOWERS)
    narrow = await _count(here, group, _MEMBERS) if "members" in allowed else ()
    found = []
    for visibility in allowed:
        if visibility in {"instance", "network"}:
            counts = await _people_here(here)
            if visibility == "network":
                # How many people are behind the other servers is their business.
                counts += tuple((host, 0) for host in network)
        else:
            counts = narrow if visibility == "members" else wide
        hosts = sorted((host for host, _ in counts), key=lambda host: (host != here.settings.domain, host))
        found.append(Reach(visibility, sum(count for _, count in counts), tuple(hosts[:MAX_SERVERS]), len(hosts)))
    return found


async def _count(here: Instance, group: str | None, people: str) -> tuple[tuple[str, int], ...]:
    rows = await here.db.rows(
        f"SELECT actor.host AS host, count(*) AS people FROM actor WHERE actor.id IN ({people})"
        " AND actor.deleted_at IS NULL AND actor.suspended_at IS NULL"
        " GROUP BY actor.host ORDER BY actor.host LIMIT 5000",
        group=group,
    )
    return tuple((row["host"], row["people"]) for row in rows)


async def _people_here(here: Instance) -> tuple[tuple[str, int], ...]:
    count = await here.db.value("SELECT count(*) AS people FROM account WHERE state = 'active'")
    return ((here.settings.domain, int(count or 0)),)
