"""Keeping somebody out of a community for a time or for good, and letting them back in."""

import json
from datetime import datetime, timedelta
from typing import Any

from federation.vocab import activities
from federation.vocab.base import PUBLIC
from server.actors.models import Actor
from server.actors.sending import send
from server.actors.viewer import Viewer
from server.audit import actions as audit
from server.communities import members, memberships, policy, queries
from server.communities.activities import announce
from server.communities.events import PersonBanned, PersonUnbanned
from server.communities.models import Community, Membership, SiteBan
from server.communities.policy import Denied
from server.errors import Invalid, NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance
from server.text import clean_text

JOB = "communities.end_ban"


async def ban(
    here: Instance,
    acting: Viewer,
    community_id: str,
    person_id: str,
    *,
    reason: str,
    length: timedelta | None = None,
    remove_posts: bool = False,
) -> None:
    """Keep a person, member or not, out of a community here: no posts, no joining. None: for good.

    Raises Invalid that names `reason`: who is kept out is told why.
    """
    facts = await queries.facts_of(here, community_id, acting)
    if facts is None or not facts.is_local or policy.view(facts) == policy.CLOSED:
        raise NotFound
    person = await Actor.get_or_none(id=person_id, kind="Person", deleted_at=None)
    if person is None:
        raise NotFound
    reason = clean_text(reason).strip()[: members.MAX_NOTE]
    known = await memberships.find(community_id, person_id)
    role = known.role if known is not None and known.state == "active" else policy.MEMBER
    verdict = policy.may_remove(facts, role=role, is_self=person_id == acting.actor_id)
    if isinstance(verdict, Denied):
        raise NotAllowed(verdict.reason)
    if not reason:
        raise Invalid("Say why: they are told.", field="reason")
    now = here.clock.now()
    until = None if length is None else now + length
    uri = here.url(f"/ap/a/block/{new_id(now)}")
    async with here.db.transaction():
        if known is not None and known.state == "active":
            await members.remove_member(here, acting, community_id, person_id, reason=reason)
        await keep_out(
            here,
            community_id,
            person,
            uri=uri,
            by_id=str(acting.actor_id),
            by_uri=acting.actor_uri,
            reason=reason,
            until=until,
            remove_posts=remove_posts,
        )
        await _send(here, acting, community_id, person, uri=uri, reason=reason, until=until, remove_posts=remove_posts)
        await audit.record(
            here,
            by=acting.handle,
            action="community.ban",
            subject=await _handle(community_id),
            detail={
                "person": await _handle(person_id),
                "until": until.isoformat() if until else "for good",
                "reason": reason,
            },
        )


async def unban(here: Instance, acting: Viewer, community_id: str, person_id: str) -> None:
    """Let somebody back in: they may join again, like anybody."""
    facts = await queries.facts_of(here, community_id, acting)
    if facts is None or not facts.is_local or policy.view(facts) == policy.CLOSED:
        raise NotFound
    verdict = policy.may_remove(facts)
    if isinstance(verdict, Denied):
        raise NotAllowed(verdict.reason)
    async with here.db.transaction():
        if not await lift(here, acting, community_id, person_id):
            raise NotFound("They are not kept out.")


async def lift(here: Instance, acting: Viewer, community_id: str, person_id: str) -> bool:
    """End a ban and tell whoever was told of it, in the caller's transaction; False where there is none.

    Whether the viewer may do so is the business of the caller: of who answers an objection, for one.
    """
    membership = await memberships.find(community_id, person_id)
    if membership is None or membership.state != "removed":
        return False
    uri = membership.ban_uri
    await let_back(here, membership)
    await _send_undo(here, acting, community_id, await Actor.get(id=person_id), uri)
    await audit.record(
        here,
        by=acting.handle,
        action="community.unban",
        subject=await _handle(community_id),
        detail={"person": await _handle(person_id)},
    )
    return True


async def keep_out(
    here: Instance,
    community_id: str,
    person: Actor,
    *,
    uri: str,
    by_id: str,
    by_uri: str,
    reason: str,
    until: datetime | None,
    remove_posts: bool,
) -> None:
    """Write a ban down, for a community here or elsewhere, in the caller's transaction; it ends by itself."""
    membership = await memberships.hold_out(here, community_id, person.id, note=reason, until=until, ban_uri=uri)
    if until is not None:
        await here.jobs.enqueue(JOB, {"membership": membership.id}, run_at=until)
    community = await Actor.get(id=community_id)
    await here.events.emit(
        PersonBanned(
            person_id=person.id,
            community_id=community_id,
            host=community.host,
            uri=uri,
            by_id=by_id,
            by_uri=by_uri,
            place=community.name or community.username,
            reason=reason,
            until=until,
            remove_posts=remove_posts,
        )
    )


async def let_back(here: Instance, membership: Membership, *, restore_posts: bool = False) -> None:
    """End a ban, in the caller's transaction."""
    membership.state, membership.removed_until, membership.ban_uri, membership.note = "left", None, None, ""
    membership.updated_at = here.clock.now()
    await membership.save()
    await here.events.emit(PersonUnbanned(membership.person_id, membership.community_id, "", restore_posts))


async def end_ban(here: Instance, payload: Any) -> None:
    """The job: a ban whose time has come is over. One that was made longer since then stays."""
    now = here.clock.now()
    async with here.db.transaction():
        if "site_ban" in payload:
            found = await SiteBan.get_or_none(id=payload["site_ban"])
            if found is not None and found.ends_at is not None and found.ends_at <= now:
                await found.delete()
                await here.events.emit(PersonUnbanned(found.person_id, None, found.host, restore_posts=False))
            return
        membership = await Membership.get_or_none(id=payload["membership"], state="removed")
        if membership is not None and membership.removed_until is not None and membership.removed_until <= now:
            await let_back(here, membership)


async def _send(
    here: Instance,
    acting: Viewer,
    community_id: str,
    person: Actor,
    *,
    uri: str,
    reason: str,
    until: datetime | None,
    remove_posts: bool,
) -> None:
    """Tell the servers of the community's followers, and the person's own."""
    audience = await _audience(community_id)
    if audience is None:
        return
    group, to = audience
    document = activities.block(
        id=uri,
        actor=acting.actor_uri,
        object=person.uri,
        target=group.uri,
        to=to,
        cc=[group.uri],
        audience=group.uri,
        summary=reason,
        end_time=until,
        remove_data=remove_posts,
    )
    await _announce(here, acting, group, person, document)


async def _send_undo(here: Instance, acting: Viewer, community_id: str, person: Actor, uri: str | None) -> None:
    audience = await _audience(community_id)
    sent = await here.db.value("SELECT body FROM sent_activity WHERE uri = :uri", uri=uri) if uri else None
    if audience is None or sent is None:
        return
    group, to = audience
    document = activities.undo(
        id=here.url(f"/ap/a/undo/{new_id(here.clock.now())}"),
        actor=acting.actor_uri,
        object=json.loads(sent),
        to=to,
        cc=[group.uri],
        audience=group.uri,
    )
    await _announce(here, acting, group, person, document)


async def _announce(here: Instance, acting: Viewer, group: Actor, person: Actor, document: dict[str, object]) -> None:
    inboxes = [] if person.is_local else [person.shared_inbox_url or person.inbox_url]
    sent = await send(here, acting.actor_uri, document, inboxes=inboxes, is_public=PUBLIC in str(document["to"]))
    visibility = await here.db.value("SELECT visibility FROM community WHERE id = :id", id=group.id)
    await announce.announce(here, group.id, activity=sent, visibility=visibility)


async def _audience(community_id: str) -> tuple[Actor, list[str]] | None:
    """The community and whom its activities are addressed to; None where nothing of it leaves this server."""
    community, group = await Community.get(id=community_id), await Actor.get(id=community_id)
    if group.hidden or not policy.federates(community.kind, community.visibility):
        return None
    return group, [PUBLIC] if community.visibility == policy.PUBLIC else [f"{group.uri}/followers"]


async def _handle(actor_id: str) -> str:
    actor = await Actor.get(id=actor_id)
    return f"@{actor.username}" if actor.is_local else f"@{actor.username}@{actor.domain}"
