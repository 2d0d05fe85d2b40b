"""What the admin of a member does: look at a network, ask to join it, look at what changed, and leave."""

from federation.errors import FederationError, InvalidDocument, word_of
from federation.vocab.memberlists import MemberList
from server.actors.remote import ensure_remote
from server.audit import actions as audit
from server.consortium import lists, policy, standing
from server.consortium.actions import free_slug
from server.consortium.activities import telling
from server.consortium.models import Consortium, ConsortiumMember
from server.errors import Invalid, NotFound
from server.ids import new_id
from server.instance import Instance

MAX_JOINED = 20


async def ask(here: Instance, by: str, address: str, *, why: str = "", look_first: bool = False) -> Consortium:
    """Ask the host of a network whether this server may join. Uses the network."""
    listed = await lists.find(here, address)
    try:
        host = await ensure_remote(here, listed.host_actor)
    except FederationError as error:
        raise NotFound("The host of this network does not answer. Try again later.") from error
    now = here.clock.now()
    join_uri = here.url(f"/ap/a/join/{new_id(now)}")
    async with here.db.transaction():
        network = await Consortium.get_or_none(uri=listed.id)
        if network is None:
            network = await _first(here, listed)
        await standing.hold(here, network)
        if network.state in {"asked", "member"} and network.join_uri is not None:
            raise Invalid("You are in this network, or have asked already.", field="address")
        if listed.version < network.version:
            raise Invalid("The host shows an old list. Try again later.", field="address")
        network.state, network.join_uri, network.reason = "asked", join_uri, ""
        network.look_first, network.changed_at, network.fetched_at = look_first, now, now
        network.version, network.digest, network.trouble = listed.version, policy.digest_of(listed), ""
        for name, value in lists.described(listed).items():
            setattr(network, name, value)
        await network.save()
        await lists.write_members(here, network, listed)
        await audit.record(here, by=by, action="consortium.ask", subject=network.name, detail={"host": network.host})
        await standing.act_on(here, network)
        await standing.met(here, network.host)
        await telling.send_join(here, network, host.inbox_url, why.strip()[: policy.MAX_MESSAGE])
    return network


async def leave(here: Instance, by: str, slug: str) -> None:
    """Leave a network, or take the request back. Nobody has to agree to that."""
    async with here.db.transaction():
        network = await _joined(here, slug, "member", "asked")
        network.state, network.changed_at = "left", here.clock.now()
        await network.save(update_fields=["state", "changed_at"])
        await audit.record(here, by=by, action="consortium.leave", subject=network.name)
        await standing.act_on(here, network)
        await standing.act_after_goodbye(here, network)
        await telling.send_leave(here, network)


async def set_look_first(here: Instance, by: str, slug: str, look_first: bool) -> None:
    """Choose whether an admin looks at changes of the list before they have an effect. What waits is done else."""
    async with here.db.transaction():
        network = await _joined(here, slug, "member", "asked")
        network.look_first = look_first
        await network.save(update_fields=["look_first"])
        await audit.record(here, by=by, action="consortium.look", subject=network.name, detail={"first": look_first})
        if not look_first and network.state == "member":
            await lists.apply(here, network)


async def apply_changes(here: Instance, by: str, slug: str) -> None:
    """Do what the list says: an admin has looked at it."""
    async with here.db.transaction():
        network = await _joined(here, slug, "member")
        await audit.record(here, by=by, action="consortium.apply", subject=network.name)
        await lists.apply(here, network)


async def fetch(here: Instance, network_id: str) -> None:
    """The job: read the list at its host, and take it over."""
    network = await Consortium.get_or_none(id=network_id, state="member")
    if network is None:
        return
    try:
        listed = await lists.look_up(here, network.uri)
        if listed.id != network.uri:
            raise InvalidDocument("Another list stands there.", "origin")
    except FederationError as error:
        await lists.refused(here, network, word_of(error))
        return
    async with here.db.transaction():
        await standing.hold(here, network)
        if network.state == "member":
            await lists.take_over(here, network, listed)


async def fetch_all(here: Instance, _: object) -> None:
    """The job, about every hour: read every list that we act on."""
    for network in await Consortium.filter(state="member").order_by("id").limit(MAX_JOINED * 5):
        await fetch(here, network.id)


async def fetch_now(here: Instance, slug: str) -> None:
    """An admin does not want to wait for the hour. Uses the network."""
    network = await Consortium.get_or_none(slug=slug, state="member")
    if network is None:
        raise NotFound
    await fetch(here, network.id)


async def receive_answer(here: Instance, network: Consortium, *, accepted: bool, reason: str) -> bool:
    """The host answers us, or takes us out; in the caller's transaction, which holds the network.

    False where that changes nothing: we did not ask, or have left.
    """
    if accepted and network.state == "asked":
        network.state = "member"
        await here.jobs.enqueue(lists.FETCH, network.id, unique=f"{lists.FETCH}:{network.id}")
    elif not accepted and network.state in {"asked", "member"}:
        network.state = "refused" if network.state == "asked" else "removed"
        if network.state == "removed":
            lists.remember_change(here, network, added=[], removed=[here.site.name])
    else:
        return False
    network.reason, network.changed_at = reason, here.clock.now()
    await network.save(update_fields=["state", "reason", "changed_at", "changes"])
    if network.state in {"refused", "removed"}:
        await ConsortiumMember.filter(consortium_id=network.id).update(applied=False)
    await standing.act_on(here, network)
    return True


async def _first(here: Instance, listed: MemberList) -> Consortium:
    if await Consortium.filter(state__in=["asked", "member"]).count() >= MAX_JOINED:
        raise Invalid(f"A server is in at most {MAX_JOINED} networks.", field="address")
    now = here.clock.now()
    words = lists.described(listed)
    new = new_id(now)
    return await Consortium.create(
        id=new,
        uri=listed.id,
        slug=await free_slug(words["name"], new),
        host=listed.host_actor.split("/")[2],
        url=listed.url[:1000],
        state="asked",
        version=listed.version,
        valid_until=listed.valid_until,
        name=words["name"],
        purpose=words["purpose"],
        guidelines=words["guidelines"],
        created_at=now,
        changed_at=now,
    )


async def _joined(here: Instance, slug: str, *states: str) -> Consortium:
    network = await Consortium.get_or_none(slug=slug, state__in=list(states))
    if network is None:
        raise NotFound
    await standing.hold(here, network)
    return network
