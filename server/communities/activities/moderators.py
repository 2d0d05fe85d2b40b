"""Add and Remove of a community's moderators (FEP-1b12). Ours are sent by `members.set_role`.

Authority: stewards of a community here give roles; of one elsewhere who looks after it does (S5). The list of a
community elsewhere is asked for when something depends on it; what we keep of it are the roles of people we know.
"""

from federation.errors import FederationError, Forbidden, Ignored
from federation.inbox.dispatch import VerifiedActivity
from server.actors.models import Actor, Follow
from server.actors.remote import ensure_remote
from server.communities import memberships, policy
from server.communities.activities.announce import announce
from server.communities.activities.authority import may_moderate
from server.communities.events import RoleChanged
from server.communities.models import Membership
from server.instance import Instance


async def on_change(here: Instance, received: VerifiedActivity) -> bool:
    """Add or Remove. False: it is about another collection (pinned posts, perhaps)."""
    activity = received.activity
    group = await Actor.get_or_none(moderators_url=activity.target, kind="Group") if activity.target else None
    if group is None or activity.object_id is None:
        return False
    if not await may_moderate(here, received, group, steward=True):
        raise Forbidden("only stewards of the community give roles")
    role = policy.FACILITATOR if activity.type == "Add" else policy.MEMBER
    if not group.is_local:
        await _elsewhere(here, group, activity.object_id, role)
        return True
    if group.hidden or group.deleted_at is not None or received.via is not None:
        raise Ignored("not a community that others change")
    async with here.db.transaction():
        person = await Actor.get_or_none(uri=activity.object_id)
        membership = await memberships.find(group.id, person.id) if person is not None else None
        if person is None or membership is None or membership.state != "active":
            raise Ignored("only members get a role")
        if membership.role in {role, policy.STEWARD}:
            raise Ignored("nothing changes")
        await _give(here, membership, role)
        await announce(here, group.id, activity=received.as_received)
    return True


async def _elsewhere(here: Instance, group: Actor, person_uri: str, role: str) -> None:
    """Note the role of a person in a community of another server: ours may then moderate there from here."""
    person = await Actor.get_or_none(uri=person_uri)
    if person is None and not here.is_local_uri(person_uri):
        try:
            person = await ensure_remote(here, person_uri)
        except FederationError as error:
            raise Ignored("nobody knows them") from error
    if person is None or person.deleted_at is not None or person.kind != "Person":
        raise Ignored("only people get a role")
    if person.is_local and not await _takes_part(group, person):
        raise Ignored("they neither joined nor follow this community")
    async with here.db.transaction():
        membership = await memberships.find(group.id, person.id)
        if role == policy.FACILITATOR and (membership is None or membership.state != "active"):
            membership = await memberships.admit(here, group.id, person.id)
        if membership is None or membership.state != "active" or membership.role == role:
            raise Ignored("nothing changes")
        await _give(here, membership, role)


async def _takes_part(group: Actor, person: Actor) -> bool:
    """Whether they chose to: nobody here becomes a member by what another server says."""
    membership = await memberships.find(group.id, person.id)
    return (membership is not None and membership.state == "active") or await Follow.exists(
        follower_id=person.id, target_id=group.id, state="accepted"
    )


async def _give(here: Instance, membership: Membership, role: str) -> None:
    membership.role, membership.updated_at = role, here.clock.now()
    await membership.save()
    await here.events.emit(RoleChanged(membership.community_id, membership.person_id, role))
