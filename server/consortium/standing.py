"""What networks change of whom we talk to, and who of them is told about changes."""

from datetime import timedelta

from server.consortium import policy
from server.consortium.models import Consortium
from server.db import from_milliseconds
from server.instance import Instance
from server.peers import actions as peers
from server.peers import policy as peer_policy
from server.peers import queries as peer_queries
from server.peers.events import ModeChanged, PeerGradeChanged

PART = "consortium.part"
SETTLE = "consortium.settle_now"
MET = "consortium.met"
LOOKED_UP_FOR = timedelta(hours=1)
_MEETING = "meeting:"


async def hold(here: Instance, network: Consortium) -> None:
    """Read a network again and keep it until the caller's transaction ends: its changes come one after the other."""
    # On SQLite, transactions that write come one after the other anyway.
    lock = " FOR NO KEY UPDATE" if here.db.dialect == "postgres" else ""
    await here.db.value(f"SELECT id FROM consortium WHERE id = :id{lock}", id=network.id)
    await network.refresh_from_db()


async def act_on(here: Instance, network: Consortium) -> None:
    """Let in whom this network lets in, and nobody else on its account; in the caller's transaction."""
    now = here.clock.now()
    found: dict[str, str] = {}
    if network.state in {"hosted", "member", "closed"}:
        rows = await here.db.rows(
            "SELECT host, state, applied, changed_at FROM consortium_member WHERE consortium_id = :id ORDER BY id",
            id=network.id,
        )
        found = policy.vouched(
            {row["host"]: (row["state"], bool(row["applied"]), from_milliseconds(row["changed_at"])) for row in rows},
            now,
        )
    if network.state == "closed":
        found = {host: word for host, word in found.items() if word != peer_policy.PARTED}
    if network.state == "member":
        # Of others we know only what their host says: who is not in its list is not talked to.
        found = {host: word for host, word in found.items() if word == peer_policy.MEMBER} | {
            network.host: peer_policy.MEMBER
        }
        # A list may name other servers every hour: so many are remembered, first those that left something here.
        rows = await here.db.rows(
            "SELECT host, vouch FROM peer_vouch WHERE network = :uri ORDER BY CASE WHEN vouch = :member OR EXISTS"
            " (SELECT 1 FROM actor WHERE actor.host = peer_vouch.host AND NOT actor.is_local) THEN 0 ELSE 1 END,"
            " id DESC LIMIT :most",
            uri=network.uri,
            member=peer_policy.MEMBER,
            most=policy.MAX_ROWS,
        )
        for row in rows:
            if row["vouch"] != peer_policy.MET:
                # It was one: what it left here is kept out of sight until it is one again.
                found.setdefault(row["host"], peer_policy.PARTED)
    elif network.state == "asked" or (network.state == "left" and now - network.changed_at < policy.GOODBYE):
        found[network.host] = peer_policy.MET
    found.pop(here.settings.origin.split("://", 1)[1], None)
    await peers.vouch(here, network.uri, found)


async def act_after_goodbye(here: Instance, network: Consortium) -> None:
    """Once those who part have heard it, nothing passes any more; in the caller's transaction."""
    await here.jobs.enqueue(PART, network.id, run_at=here.clock.now() + policy.GOODBYE)


async def part(here: Instance, network_id: str) -> None:
    """The job: the time to say goodbye is over."""
    async with here.db.transaction():
        network = await Consortium.get_or_none(id=network_id)
        if network is not None:
            await hold(here, network)
            await act_on(here, network)


async def meet(here: Instance, host: str) -> None:
    """An admin looks at the networks of this host: for an hour we may ask it, also where we talk to few."""
    async with here.db.transaction():
        await peers.vouch(here, _MEETING + host, {host: peer_policy.MET})
        await here.jobs.enqueue(MET, host, run_at=here.clock.now() + LOOKED_UP_FOR)


async def on_mode(here: Instance, event: ModeChanged) -> None:
    """Whom this server talks with is another choice now: what former members wrote is looked at soon, in a job."""
    if peer_policy.CONSORTIUM in {event.before, event.after}:
        await here.jobs.enqueue(SETTLE, None)


async def settle(here: Instance, _: object = None) -> None:
    """Whose posts are out of sight, set right: whom this server talks with may be another choice since it started."""
    async with here.db.transaction():
        apart = [host for host, word in (await peer_queries.vouches(here)).items() if word == peer_policy.PARTED]
        rows = await here.db.rows("SELECT DISTINCT host FROM actor WHERE grade = 'apart' ORDER BY host LIMIT 1000")
        for host in sorted({*apart, *(row["host"] for row in rows)}):
            await here.events.emit(PeerGradeChanged(host, peer_policy.NORMAL, peer_policy.NORMAL))


async def met(here: Instance, host: str) -> None:
    """The hour is over, or it is known now what is wanted of this host: the job, and part of asking to join."""
    async with here.db.transaction():
        await peers.vouch(here, _MEETING + host, {})
