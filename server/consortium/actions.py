"""What the admin of a host does: found a network, say what it is for, answer those who ask, and let somebody go."""

from federation.vocab.memberlists import MAX_MEMBERS
from server.actors.remote import MAX_URI
from server.audit import actions as audit
from server.consortium import policy, standing
from server.consortium.activities import telling
from server.consortium.models import Consortium, ConsortiumMember
from server.errors import Invalid, NotFound
from server.ids import new_id
from server.instance import Instance
from server.peers import policy as peers
from server.peers import queries as peer_queries
from server.text import slugify

MAX_HOSTED = 20


async def found(here: Instance, by: str, *, name: str, purpose: str, guidelines: str = "") -> Consortium:
    """Host a network from now on; its only member is this server."""
    name, purpose, guidelines = policy.checked(name, purpose, guidelines)
    now = here.clock.now()
    new = new_id(now)
    async with here.db.transaction():
        if await Consortium.filter(state="hosted").count() >= MAX_HOSTED:
            raise Invalid(f"A server hosts at most {MAX_HOSTED} networks.", field="name")
        slug = await free_slug(name, new)
        network = await Consortium.create(
            id=new,
            uri=here.url(f"/ap/networks/{new}"),
            slug=slug,
            host=here.settings.origin.split("://", 1)[1],
            url=here.url(f"/networks/{slug}"),
            state="hosted",
            name=name,
            purpose=purpose,
            guidelines=guidelines,
            created_at=now,
            changed_at=now,
        )
        await audit.record(here, by=by, action="consortium.found", subject=name)
    return network


async def describe(here: Instance, by: str, slug: str, *, name: str, purpose: str, guidelines: str) -> None:
    """Change what a network hosted here says of itself; every member is told."""
    name, purpose, guidelines = policy.checked(name, purpose, guidelines)
    async with here.db.transaction():
        network = await hosted(here, slug)
        if (network.name, network.purpose, network.guidelines) == (name, purpose, guidelines):
            return
        network.name, network.purpose, network.guidelines = name, purpose, guidelines
        await audit.record(here, by=by, action="consortium.describe", subject=name)
        await _changed(here, network)


async def expect(here: Instance, by: str, slug: str, host: str) -> None:
    """Let a server ask to join although nothing else passes between us: where we talk only with those we chose."""
    host = peers.host_named(host)
    if peer_queries.grade_of(here, host) == peers.BLOCKED:
        raise Invalid(f"You have blocked {host}. Take the block back first.", field="host")
    if host == here.settings.origin.split("://", 1)[1]:
        raise Invalid("That is this server.", field="host")
    now = here.clock.now()
    async with here.db.transaction():
        network = await hosted(here, slug)
        row = await ConsortiumMember.get_or_none(consortium_id=network.id, host=host)
        if row is not None and row.state in {"expected", "asked", "member"}:
            raise Invalid(f"{host} stands below already.", field="host")
        if row is None:
            await _room(network)
            await ConsortiumMember.create(
                id=new_id(now),
                consortium_id=network.id,
                uri=f"{here.settings.origin.split('://', 1)[0]}://{host}/ap/actor",
                host=host,
                name=host,
                state="expected",
                created_at=now,
                changed_at=now,
            )
        else:
            row.state, row.changed_at = "expected", now
            await row.save()
        await audit.record(here, by=by, action="consortium.expect", subject=host)
        await standing.act_on(here, network)


async def accept(here: Instance, by: str, slug: str, host: str) -> None:
    """Let a server that asked into the network; all members are told, and let it in."""
    async with here.db.transaction():
        network = await hosted(here, slug)
        row = await _row(network, host, "asked")
        if await ConsortiumMember.filter(consortium_id=network.id, state="member").count() >= MAX_MEMBERS - 1:
            raise Invalid(f"A network has at most {MAX_MEMBERS} members.")
        row.state, row.applied, row.reason, row.changed_at = "member", True, "", here.clock.now()
        await row.save()
        await audit.record(here, by=by, action="consortium.accept", subject=host, detail={"network": network.name})
        await _changed(here, network)
        await telling.send_answer(here, network, row, accepted=True)


async def refuse(here: Instance, by: str, slug: str, host: str, reason: str) -> None:
    """Say no to a server that asked, with a reason that its admins read; or expect it no more."""
    reason = _reason(reason)
    async with here.db.transaction():
        network = await hosted(here, slug)
        row = await _row(network, host, "asked", "expected")
        asked = row.state == "asked"
        if asked and not reason:
            raise Invalid("Say why, in a sentence.", field="reason")
        row.state, row.reason, row.changed_at = "refused", reason, here.clock.now()
        await row.save()
        await audit.record(here, by=by, action="consortium.refuse", subject=host, detail={"reason": reason})
        await standing.act_on(here, network)
        await standing.act_after_goodbye(here, network)
        if asked:
            await telling.send_answer(here, network, row, accepted=False)


async def remove(here: Instance, by: str, slug: str, host: str, reason: str) -> None:
    """Take a member out of the network; it and all others are told, and within the hour nobody lets it in any more."""
    reason = _reason(reason)
    if not reason:
        raise Invalid("Say why, in a sentence.", field="reason")
    async with here.db.transaction():
        network = await hosted(here, slug)
        row = await _row(network, host, "member")
        row.state, row.applied, row.reason, row.changed_at = "removed", False, reason, here.clock.now()
        await row.save()
        await audit.record(here, by=by, action="consortium.remove", subject=host, detail={"reason": reason})
        await _changed(here, network)
        await standing.act_after_goodbye(here, network)
        await telling.send_answer(here, network, row, accepted=False)


async def close(here: Instance, by: str, slug: str) -> None:
    """End a network hosted here: every member is told, and the list is gone."""
    now = here.clock.now()
    async with here.db.transaction():
        network = await hosted(here, slug)
        rows = await ConsortiumMember.filter(consortium_id=network.id, state__in=["member", "asked", "expected"])
        for row in rows:
            told = row.state != "expected"
            row.state, row.applied, row.changed_at = "removed", False, now
            row.reason = "The network has ended."
            await row.save()
            if told:
                await telling.send_answer(here, network, row, accepted=False)
        network.state, network.changed_at = "closed", now
        await network.save(update_fields=["state", "changed_at"])
        await audit.record(here, by=by, action="consortium.close", subject=network.name)
        await standing.act_on(here, network)
        await standing.act_after_goodbye(here, network)


async def receive_request(
    here: Instance, network: Consortium, *, actor: str, name: str, join_uri: str, why: str
) -> None:
    """A server asks to be a member; in the caller's transaction, which holds the network. Asking twice is one wish."""
    now = here.clock.now()
    host = actor.split("/")[2]
    row = await ConsortiumMember.get_or_none(consortium_id=network.id, host=host)
    if row is None:
        await _room(network)
        row = ConsortiumMember(
            id=new_id(now),
            consortium_id=network.id,
            host=host,
            created_at=now,
            state="asked",
        )
    was_member = row.state == "member"
    row.uri = actor
    row.name, row.join_uri, row.message, row.changed_at = name, join_uri[:MAX_URI], why[: policy.MAX_MESSAGE], now
    if was_member:
        await row.save()
        # It lost our answer: it is one still.
        await telling.send_answer(here, network, row, accepted=True)
        return
    row.state, row.reason = "asked", ""
    await row.save()
    await standing.act_on(here, network)


async def receive_leave(here: Instance, network: Consortium, actor: str) -> bool:
    """A server leaves, or takes its request back; in the caller's transaction. False: it was not there."""
    row = await ConsortiumMember.get_or_none(consortium_id=network.id, uri=actor, state__in=["member", "asked"])
    if row is None:
        return False
    was_member = row.state == "member"
    row.state, row.applied, row.changed_at = "left", False, here.clock.now()
    await row.save()
    if was_member:
        await _changed(here, network)
    else:
        await standing.act_on(here, network)
    await standing.act_after_goodbye(here, network)
    return True


async def hosted(here: Instance, slug: str) -> Consortium:
    """A network hosted here, kept until the caller's transaction ends."""
    network = await Consortium.get_or_none(slug=slug, state="hosted")
    if network is None:
        raise NotFound
    await standing.hold(here, network)
    return network


async def free_slug(name: str, unique: str) -> str:
    """The readable part of an address that no other network here has."""
    slug = slugify(name)
    return f"{slug}-{unique[-6:]}" if await Consortium.exists(slug=slug) else slug


async def _changed(here: Instance, network: Consortium) -> None:
    """The list says something new: a new version of it, for us and for everybody in it."""
    network.version += 1
    network.changed_at = here.clock.now()
    await network.save()
    await standing.act_on(here, network)
    await telling.send_news(here, network)


async def _row(network: Consortium, host: str, *states: str) -> ConsortiumMember:
    row = await ConsortiumMember.get_or_none(consortium_id=network.id, host=host, state__in=list(states))
    if row is None:
        raise NotFound("That server is not there any more, or was answered already.")
    return row


async def _room(network: Consortium) -> None:
    rows = ConsortiumMember.filter(consortium_id=network.id)
    if await rows.filter(state__in=["asked", "expected"]).count() >= policy.MAX_WAITING:
        raise Invalid("Too many wait for an answer already.")
    if await rows.count() >= policy.MAX_ROWS:
        raise Invalid("This network has seen too many servers.")


def _reason(text: str) -> str:
    return text.strip()[: policy.MAX_REASON]
