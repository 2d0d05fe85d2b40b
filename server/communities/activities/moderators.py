"""Add and Remove of a community's moderators (FEP-1b12). Ours are sent by `members.set_role`.

Authority: stewards of a community here give roles (S5). Of one elsewhere nothing is taken from the activity: who looks
after it is read from its own server when that matters.
"""

from federation.errors import Forbidden, Ignored
from federation.inbox.dispatch import VerifiedActivity
from server.actors.models import Actor
from server.communities import memberships, policy
from server.communities.activities.announce import announce
from server.communities.events import RoleChanged
from server.communities.models import Membership
from server.instance import Instance


async def on_change(here: Instance, received: VerifiedActivity) -> bool:
    """Add or Remove. False: it is about another collection (pinned posts, perhaps)."""
    activity = received.activity
    group = await Actor.get_or_none(moderators_url=activity.target, kind="Group") if activity.target else None
    if group is None or activity.object_id is None:
        return False
    if not group.is_local:
        raise Ignored("its own server knows who looks after it")
    if group.hidden or group.deleted_at is not None or received.via is not None:
        raise Ignored("not a community that others change")
    role = policy.FACILITATOR if activity.type == "Add" else policy.MEMBER
    async with here.db.transaction():
        steward = await Membership.get_or_none(
            community_id=group.id, person__uri=activity.actor, state="active", role=policy.STEWARD
        )
        if steward is None:
            raise Forbidden("only stewards of the community give roles")
        person = await Actor.get_or_none(uri=activity.object_id)
        membership = await memberships.find(group.id, person.id) if person is not None else None
        if person is None or membership is None or membership.state != "active":
            raise Ignored("only members get a role")
        if membership.role in {role, policy.STEWARD}:
            raise Ignored("nothing changes")
        membership.role, membership.updated_at = role, here.clock.now()
        await membership.save()
        await here.events.emit(RoleChanged(group.id, person.id, role))
        await announce(here, group.id, activity=received.raw)
    return True
