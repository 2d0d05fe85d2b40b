"""Which dialect the servers of a community's followers speak: by what they say and do, and by their software last."""

from federation.outbox.audience import classify
from server.actors.events import FollowAccepted
from server.actors.models import Actor
from server.communities.events import MemberJoined
from server.instance import Instance
from server.peers import actions as peers
from server.peers import queries as peer_queries
from server.peers.software import software_of

JOB = "communities.dialect"


async def on_follow(here: Instance, event: FollowAccepted) -> None:
    """Somebody elsewhere follows a community here: learn what its server understands."""
    await _ask(here, event.target_id, event.follower_id)


async def on_joined(here: Instance, event: MemberJoined) -> None:
    """The same for members."""
    await _ask(here, event.community_id, event.person_id)


async def learn(here: Instance, host: str) -> None:
    """The job: read the server's NodeInfo, and note what follows from everything that is known of it."""
    if not peer_queries.may_send(here, host):
        return
    actor = await Actor.filter(host=host, is_local=False).order_by("id").first()
    if actor is None:
        return
    hosts_groups = await Actor.exists(host=host, is_local=False, kind="Group")
    software = (await software_of(here, actor.uri)).name
    dialect = classify(actor.implements or (), software, hosts_groups)
    await peers.note_seen(here, host, software=software, dialect=dialect)


async def _ask(here: Instance, community_id: str, person_id: str) -> None:
    row = await here.db.row(
        "SELECT person.host, peer.dialect FROM actor AS person LEFT JOIN peer ON peer.host = person.host"
        " JOIN community ON community.id = :community WHERE person.id = :person AND NOT person.is_local",
        community=community_id,
        person=person_id,
    )
    if row is not None and (row["dialect"] or "unknown") == "unknown":
        await here.jobs.enqueue(JOB, row["host"], unique=f"{JOB}:{row['host']}")
