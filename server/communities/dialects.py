"""Which dialect another server speaks: by what it says, by what it does, and by its software last (FEP-0151).

A server that says of its actors that they implement FEP-1b12 has communities, and one that has done what only servers
with communities do. What its software is called decides only where there is neither. Every piece of evidence is kept
with its time, and the dialect follows anew whenever one comes or goes; other software on the same domain begins afresh.
"""

import json
from datetime import datetime, timedelta

from federation.outbox.audience import GROUP_FEDERATION, VERIFIES_ED25519, classify
from federation.signatures.signing import ED25519
from server.accounts import site
from server.actors.events import ActorChanged, FollowAccepted
from server.actors.models import Actor
from server.communities.events import MemberJoined
from server.db import from_milliseconds
from server.instance import Instance
from server.peers import actions as peers
from server.peers import queries as peer_queries
from server.peers.software import software_of

JOB = "communities.dialect"
REFRESH = "communities.dialects"
CACHE = "communities.heard"

FRESH = timedelta(days=7)
"""How long a look at NodeInfo holds: servers upgrade."""
NOTED = timedelta(hours=12)
MAX_HEARD = 10_000
MAX_ACTORS = 20
AT_ONCE = 200


async def on_follow(here: Instance, event: FollowAccepted) -> None:
    """Somebody elsewhere follows a community here: learn what its server understands."""
    await _ask(here, event.target_id, event.follower_id)


async def on_joined(here: Instance, event: MemberJoined) -> None:
    """The same for members."""
    await _ask(here, event.community_id, event.person_id)


async def on_actor(here: Instance, event: ActorChanged) -> None:
    """A community elsewhere was seen for the first time, or has changed: its server has communities."""
    actor = await Actor.get_or_none(id=event.actor_id, is_local=False, kind="Group")
    if actor is not None and actor.deleted_at is None:
        await reclassify(here, actor.host)


async def heard(here: Instance, host: str) -> None:
    """A server did what only servers with communities do: announced an activity, sent a Page, named an audience."""
    memory: dict[str, datetime] = here.caches.setdefault(CACHE, {})
    now = here.clock.now()
    last = memory.get(host)
    if last is not None and now - last < NOTED:
        return
    if len(memory) >= MAX_HEARD:
        memory.clear()
    memory[host] = now
    await peers.note_dialect(here, host, group_seen_at=now)
    await reclassify(here, host)


def forget_heard(here: Instance, host: str | None) -> None:
    """What a server did may be said of another software now; None: of any."""
    memory: dict[str, datetime] = here.caches.get(CACHE, {})
    if host is None:
        memory.clear()
    else:
        memory.pop(host, None)


async def learn(here: Instance, host: str) -> None:
    """The job: read the server's NodeInfo, and see what follows from everything that is known of it."""
    if not peer_queries.may_send(here, host):
        return
    actor = await Actor.filter(host=host, is_local=False).order_by("id").first()
    if actor is None:
        return
    software = (await software_of(here, actor.uri)).name
    before = await here.db.value("SELECT software FROM peer WHERE host = :host", host=host)
    now = here.clock.now()
    if software and before and software != before:
        # Another software on this domain: what the one before it did says nothing any more.
        here.bus.tell(CACHE, host)
        await peers.note_dialect(here, host, evidence_from=now, forget_behaviour=True)
    scheme = ED25519 if software in VERIFIES_ED25519 else None
    await peers.note_seen(here, host, software=software, signature_scheme=scheme)
    await peers.note_dialect(here, host, software_at=now)
    await reclassify(here, host)


async def refresh(here: Instance, _: object) -> None:
    """The daily job: look again at servers of our communities' followers that were not looked at for a week."""
    rows = await here.db.rows(
        "SELECT DISTINCT peer.host FROM peer JOIN actor AS person ON person.host = peer.host AND NOT person.is_local"
        " JOIN follow ON follow.follower_id = person.id AND follow.state = 'accepted'"
        " JOIN community ON community.id = follow.target_id"
        " WHERE peer.software_at IS NULL OR peer.software_at < :before ORDER BY peer.host LIMIT :limit",
        before=here.clock.now() - FRESH,
        limit=AT_ONCE,
    )
    for row in rows:
        await here.jobs.enqueue(JOB, row["host"], unique=f"{JOB}:{row['host']}")


async def reclassify(here: Instance, host: str) -> None:
    """Set the dialect of a server to what follows from the evidence."""
    peer = await here.db.row(
        "SELECT software, dialect, dialect_basis, group_seen_at, evidence_from FROM peer WHERE host = :host", host=host
    )
    if peer is None:
        return
    says, has_groups = await _actors(here, host, peer["evidence_from"] or 0)
    does = has_groups or peer["group_seen_at"] is not None
    hints = await site.threadiverse_software(here)
    dialect = classify(says, peer["software"], does, threadiverse_software=hints)
    basis = ""
    if not GROUP_FEDERATION.isdisjoint(says):
        basis = "says"
    elif does:
        basis = "does"
    elif dialect != "unknown":
        basis = "software"
    if (dialect, basis) != (peer["dialect"], peer["dialect_basis"]):
        here.log.info("%s speaks %s (%s)", host, dialect, basis or "nothing is known")
        await peers.note_dialect(here, host, dialect=dialect, basis=basis)


async def reclassify_all(here: Instance) -> None:
    """The admins changed the list of software: the servers that were judged by it are judged again."""
    last = ""
    while True:
        rows = await here.db.rows(
            "SELECT host FROM peer WHERE host > :last AND software <> '' AND dialect_basis NOT IN ('says', 'does')"
            " ORDER BY host LIMIT :limit",
            last=last,
            limit=AT_ONCE,
        )
        for row in rows:
            await reclassify(here, row["host"])
            last = row["host"]
        if len(rows) < AT_ONCE:
            return


async def _actors(here: Instance, host: str, since: int) -> tuple[set[str], bool]:
    """What the actors of a server say that they implement, and whether communities are among them."""
    rows = await here.db.rows(
        "SELECT kind, implements FROM actor WHERE host = :host AND NOT is_local AND deleted_at IS NULL"
        " AND (implements IS NOT NULL OR kind = 'Group') AND COALESCE(fetched_at, 0) >= CAST(:since AS BIGINT)"
        " ORDER BY fetched_at DESC LIMIT :limit",
        host=host,
        since=from_milliseconds(since),
        limit=MAX_ACTORS,
    )
    says = {uri for row in rows if row["implements"] for uri in json.loads(row["implements"]) if isinstance(uri, str)}
    return says, any(row["kind"] == "Group" for row in rows)


async def _ask(here: Instance, community_id: str, person_id: str) -> None:
    row = await here.db.row(
        "SELECT person.host, peer.dialect, peer.software_at FROM actor AS person"
        " LEFT JOIN peer ON peer.host = person.host JOIN community ON community.id = :community"
        " WHERE person.id = :person AND NOT person.is_local",
        community=community_id,
        person=person_id,
    )
    if row is None:
        return
    looked = row["software_at"]
    is_old = looked is None or here.clock.now() - from_milliseconds(looked) > FRESH
    if is_old or (row["dialect"] or "unknown") == "unknown":
        await here.jobs.enqueue(JOB, row["host"], unique=f"{JOB}:{row['host']}")
