"""Communities of the other servers in our networks: they publish their public ones, and people here find them.

Without that, one would find only those whose address somebody was given.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from federation.errors import FederationError, TryLater
from federation.vocab.base import host_of, id_of, items_of, same_origin
from server.actors.remote import ensure_remote
from server.communities.policy import PUBLIC
from server.communities.queries import COMMUNITY_LABEL_COLUMNS, THERE, CommunityLabel, community_label
from server.communities.roster import SORTED
from server.db import among
from server.instance import Instance
from server.peers.events import PeerGradeChanged
from server.peers.policy import QUIET, in_sql
from server.peers.queries import is_of_network, network_hosts

MEET, MEET_ALL = "communities.meet", "communities.meet_all"
SOON = timedelta(minutes=1)
"""So long after it was let in a server is asked: it has to hear of us as well."""
EVERY = timedelta(minutes=50)
"""What did not answer is asked again after this time, and so known within the hour."""
AGAIN = timedelta(days=1)
SERVERS = 500
MOST = 30
"""So many communities of one server are met."""
SHOWN = 300


async def on_grade(here: Instance, event: PeerGradeChanged) -> None:
    """A server may be of the network now: ask it soon."""
    at = here.clock.now() + SOON
    await here.jobs.enqueue(MEET, event.host, run_at=at, unique=f"{MEET}:{event.host}")


async def meet(here: Instance, payload: Any) -> None:
    """The job that reads which public communities a server of our networks has, and meets those we do not know."""
    host = str(payload)
    if not is_of_network(here, host):
        return
    address = f"{here.settings.origin.split('://', 1)[0]}://{host}/ap/communities"
    try:
        listed = items_of((await here.engine.fetch(address)).get("orderedItems"), limit=MOST)
        for uri in filter(None, map(id_of, listed)):
            if same_origin(uri, address):
                await _meet_one(here, uri)
    except FederationError:
        here.log.info("the communities of %s cannot be read", host)
        return
    _met(here)[host] = here.clock.now()


async def meet_all(here: Instance, _: object) -> None:
    """The job, about every hour: ask those that did not answer, and once a day all the others."""
    now = here.clock.now()
    for host in network_hosts(here)[:SERVERS]:
        last = _met(here).get(host)
        if last is None or now - last >= AGAIN:
            await meet(here, host)


async def of_servers(here: Instance, hosts: Sequence[str]) -> dict[str, list[CommunityLabel]]:
    """The public communities of these servers that are known here, by server and name; one query."""
    if not hosts:
        return {}
    wanted, values = among(hosts)
    parts = [
        f"SELECT {COMMUNITY_LABEL_COLUMNS}, {SORTED} AS sort_name FROM actor{here.db.by(index)}"
        f" LEFT JOIN community ON community.id = actor.id WHERE {THERE} AND {which} AND actor.discoverable"
        f" AND NOT actor.hidden AND actor.grade NOT IN {in_sql(QUIET)} AND actor.host IN ({wanted})"
        f" AND (community.id IS NULL OR (community.visibility = '{PUBLIC}' AND community.kind <> 'support'"
        " AND community.archived_at IS NULL))"
        for index, which in (
            ("idx_actor_groups_here", "actor.is_local"),
            ("idx_actor_groups_there", "NOT actor.is_local AND NOT actor.is_locked"),
        )
    ]
    rows = await here.db.rows(
        f"SELECT * FROM ({' UNION ALL '.join(parts)}) AS found ORDER BY sort_name, id LIMIT :most", most=SHOWN, **values
    )
    found: dict[str, list[CommunityLabel]] = {}
    for row in rows:
        found.setdefault(host_of(row["uri"]), []).append(community_label(here, row))
    return found


async def _meet_one(here: Instance, uri: str) -> None:
    try:
        await ensure_remote(here, uri)
    except TryLater:
        raise
    except FederationError:
        here.log.info("the community %s cannot be read", uri)


def _met(here: Instance) -> dict[str, datetime]:
    met: dict[str, datetime] = here.caches.setdefault(MEET, {})
    return met
