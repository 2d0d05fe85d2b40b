"""The life of a membership, as rows and events: applied or invited, active, and over. Always inside a transaction.

Who may do it, and what other servers are told, is for `members` and `activities.join`.
"""

from collections.abc import Sequence
from datetime import datetime

from server.actors.models import Actor
from server.communities import policy
from server.communities.events import MemberApplied, MemberInvited, MemberJoined, MemberLeft
from server.communities.models import GuidelinesAcceptance, Membership
from server.ids import new_id
from server.instance import Instance

Answers = Sequence[tuple[str, str]]


async def find(community_id: str, person_id: str) -> Membership | None:
    """What stands between a person and a community."""
    return await Membership.get_or_none(community_id=community_id, person_id=person_id)


async def admit(
    here: Instance,
    community_id: str,
    person_id: str,
    *,
    role: str | None = None,
    accepted_version: int | None = None,
    join_uri: str | None = None,
) -> Membership:
    """Make somebody a member; one who is already keeps role and date. Never lowers the guidelines they accepted."""
    now = here.clock.now()
    membership = await _row(here, community_id, person_id)
    was_active = membership.state == "active"
    membership.state, membership.removed_until, membership.ban_uri = "active", None, None
    membership.role = role or membership.role
    membership.join_uri = join_uri or membership.join_uri
    if not was_active:
        membership.joined_at = now
    membership.updated_at = now
    await membership.save()
    if accepted_version:
        await accept_version(here, membership, accepted_version)
    if not was_active:
        await recount(here, community_id)
        await here.events.emit(MemberJoined(community_id, person_id))
    return membership


async def ask(
    here: Instance, community_id: str, person_id: str, answers: Answers, *, join_uri: str | None = None
) -> Membership:
    """Note that somebody asks for a place."""
    membership = await _row(here, community_id, person_id)
    was_waiting = membership.state == "applied"
    membership.state, membership.note = "applied", ""
    membership.answers = [list(pair) for pair in answers] or None
    membership.join_uri = join_uri or membership.join_uri
    membership.updated_at = here.clock.now()
    await membership.save()
    if not was_waiting:
        await here.events.emit(MemberApplied(community_id, person_id))
    return membership


async def offer(
    here: Instance, community_id: str, person_id: str, by_id: str, *, role: str = policy.MEMBER
) -> Membership:
    """Offer somebody a place that they take by joining; `role` is theirs then."""
    membership = await _row(here, community_id, person_id)
    was_offered = membership.state == "invited"
    membership.state, membership.role, membership.note = "invited", role, ""
    membership.removed_until, membership.ban_uri = None, None
    membership.updated_at = here.clock.now()
    await membership.save()
    if not was_offered:
        await here.events.emit(MemberInvited(community_id, person_id, by_id))
    return membership


async def end(here: Instance, membership: Membership, state: str, *, note: str = "") -> None:
    """Let it be over: ``left``, ``removed`` or ``declined``. Somebody else looks after the community if need be."""
    community_id, person_id = _community(membership), _person(membership)
    was = membership.state
    membership.state, membership.role, membership.note = state, policy.MEMBER, note
    membership.answers, membership.shortlisted, membership.marks = None, False, None
    membership.updated_at = here.clock.now()
    await membership.save()
    if was == "active":
        await recount(here, community_id)
    if was in {"active", "applied"} and state != "declined":
        await here.events.emit(MemberLeft(community_id, person_id))


async def hold_out(
    here: Instance, community_id: str, person_id: str, *, note: str, until: datetime | None, ban_uri: str
) -> Membership:
    """Keep somebody out, member or not, until a moment or for good."""
    membership = await _row(here, community_id, person_id)
    if membership.state in {"active", "applied", "invited"}:
        await end(here, membership, "removed", note=note)
    membership.state, membership.role, membership.note = "removed", policy.MEMBER, note
    membership.removed_until, membership.ban_uri = until, ban_uri
    membership.updated_at = here.clock.now()
    await membership.save()
    return membership


async def accept_version(here: Instance, membership: Membership, version: int) -> None:
    """Note that a member accepted a version of the guidelines."""
    if version > membership.guidelines_version:
        membership.guidelines_version = version
        await membership.save(update_fields=["guidelines_version"])
    community_id, person_id, now = _community(membership), _person(membership), here.clock.now()
    if not await GuidelinesAcceptance.exists(community_id=community_id, person_id=person_id, version=version):
        await GuidelinesAcceptance.create(
            id=new_id(now), community_id=community_id, person_id=person_id, version=version, accepted_at=now
        )


async def recount(here: Instance, community_id: str) -> None:
    """Set the number of members to what the table says."""
    await here.db.execute(
        "UPDATE community SET members_count = (SELECT count(*) FROM membership"
        " WHERE membership.community_id = community.id AND membership.state = 'active') WHERE id = :id",
        id=community_id,
    )


async def hand_over(here: Instance, community_id: str) -> str | None:
    """See to it that a community has a steward: its longest-serving facilitator, else member. Returns who it is now."""
    heir = await here.db.row(
        "SELECT membership.id, membership.person_id FROM membership JOIN actor ON actor.id = membership.person_id"
        " WHERE membership.community_id = :id AND membership.state = 'active' AND actor.is_local"
        " AND actor.deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM membership AS other"
        " JOIN actor AS person ON person.id = other.person_id WHERE other.community_id = :id AND other.state = 'active'"
        " AND other.role = 'steward' AND person.deleted_at IS NULL)"
        " ORDER BY CASE WHEN membership.role = 'facilitator' THEN 0 ELSE 1 END, membership.joined_at, membership.id"
        " LIMIT 1",
        id=community_id,
    )
    if heir is None:
        return None
    await Membership.filter(id=heir["id"]).update(role=policy.STEWARD, updated_at=here.clock.now())
    return str(heir["person_id"])


async def forget_actor(here: Instance, actor_id: str) -> None:
    """An actor is gone: as a person it leaves everywhere, as a community it has no members any more."""
    for membership in await Membership.filter(person_id=actor_id, state__in=["active", "applied", "invited"]):
        await end(here, membership, "left")
        await hand_over(here, _community(membership))
    await here.db.execute(
        "UPDATE membership SET state = 'left', role = 'member', answers = NULL, marks = NULL WHERE community_id = :id",
        id=actor_id,
    )


async def _row(here: Instance, community_id: str, person_id: str) -> Membership:
    """The row to change: as it is, or a fresh one."""
    known = await find(community_id, person_id)
    if known is not None:
        return known
    now = here.clock.now()
    return Membership(
        id=new_id(now),
        community_id=community_id,
        person_id=person_id,
        state="",
        from_elsewhere=await Actor.exists(id=person_id, is_local=False),
        created_at=now,
        updated_at=now,
    )


def _community(membership: Membership) -> str:
    return membership.community_id


def _person(membership: Membership) -> str:
    return membership.person_id
