"""What people do about membership: join, leave, ask, decide, invite, and give roles. Also in communities elsewhere."""

from collections.abc import Mapping, Sequence

from federation.vocab import activities
from federation.vocab.base import PUBLIC
from server.actors import queries as actors
from server.actors.events import ActorDeleted, FollowEnded, FollowRequested
from server.actors.following import accept_follow, reject_follow
from server.actors.models import Actor, Follow
from server.actors.relations import is_blocked
from server.actors.viewer import Viewer
from server.audit import actions as audit
from server.communities import dialects, memberships, policy, queries
from server.communities.activities import announce
from server.communities.activities import join as joining
from server.communities.events import MemberDecided, RoleChanged
from server.communities.form import DEFAULT_QUESTIONS, MARKS
from server.communities.models import Community, Membership
from server.communities.policy import Denied, MembershipFacts
from server.errors import Invalid, NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance
from server.peers import queries as peers
from server.text import clean_text

MAX_ANSWER = 2_000
MAX_NOTE = 2_000
FOLLOW_JOB = "communities.follow"


async def join(
    here: Instance,
    acting: Viewer,
    community_id: str,
    *,
    answers: Sequence[str] | Mapping[str, str] = (),
    accepts_guidelines: bool = True,
) -> str:
    """Become a member: at once where that is possible, else by asking for a place; returns ``active`` or ``applied``.

    `answers` belong to `questions_of`. `accepts_guidelines`: they were shown the guidelines of today and accept them.
    Raises NotFound, NotAllowed with what to do, or Invalid that names the answers (q0, q1, …) that are missing.
    """
    facts = await _facts(here, acting, community_id)
    if not facts.is_local:
        pairs = _answered(DEFAULT_QUESTIONS, answers, required=False)
        return await _ask_elsewhere(here, acting, community_id, facts, pairs)
    if not policy.may_join(facts) and policy.may_apply(facts):
        return await apply(here, acting, community_id, answers, accepts_guidelines=accepts_guidelines)
    _refuse_unless(policy.may_join(facts))
    version = facts.guidelines_version if accepts_guidelines else None
    async with here.db.transaction():
        await memberships.admit(here, community_id, _me(acting), accepted_version=version)
    return "active"


async def apply(
    here: Instance,
    acting: Viewer,
    community_id: str,
    answers: Sequence[str] | Mapping[str, str],
    *,
    accepts_guidelines: bool = True,
) -> str:
    """Ask for a place here, with an answer to each of `questions_of`. Raises Invalid that names q0, q1 and so on."""
    facts = await _facts(here, acting, community_id)
    _refuse_unless(policy.may_apply(facts))
    pairs = _answered(await questions_of(here, community_id), answers, required=True)
    async with here.db.transaction():
        membership = await memberships.ask(here, community_id, _me(acting), pairs)
        if accepts_guidelines and facts.guidelines_version:
            await memberships.accept_version(here, membership, facts.guidelines_version)
    return "applied"


async def questions_of(here: Instance, community_id: str) -> tuple[str, ...]:
    """What everybody who asks for a place is asked."""
    community = await Community.get_or_none(id=community_id)
    return (*DEFAULT_QUESTIONS, *((community.questions or ()) if community else ()))


async def leave(here: Instance, acting: Viewer, community_id: str) -> None:
    """Leave, or take an application back. The last steward hands over first."""
    facts = await _facts(here, acting, community_id)
    _refuse_unless(policy.may_leave(facts))
    async with here.db.transaction():
        membership = await _membership(community_id, _me(acting))
        was_waiting = membership.state
        await memberships.end(here, membership, "left")
        if not facts.is_local and was_waiting in {"active", "applied"}:
            person, group = await Actor.get(id=_me(acting)), await Actor.get(id=community_id)
            await joining.send_leave(here, person, group)


async def decide_application(
    here: Instance, acting: Viewer, community_id: str, person_id: str, *, accept: bool, note: str = ""
) -> None:
    """Say yes or no to somebody who asks for a place, with a note to them."""
    facts = await _facts(here, acting, community_id)
    _refuse_unless(policy.may_decide(facts))
    membership = await memberships.find(community_id, person_id)
    if membership is None:
        raise NotFound("They have not asked for a place.")
    if membership.state != "applied":
        raise Invalid("Somebody has answered this already.")
    note = clean_text(note).strip()[:MAX_NOTE]
    async with here.db.transaction():
        if accept:
            remote = await Actor.exists(id=person_id, is_local=False)
            version = facts.guidelines_version if remote else None
            membership = await memberships.admit(here, community_id, person_id, accepted_version=version)
            await Membership.filter(id=membership.id).update(note=note, answers=None, shortlisted=False, marks=None)
        else:
            await memberships.end(here, membership, "declined", note=note)
        await here.events.emit(MemberDecided(community_id, person_id, accepted=accept))
        await joining.answer_membership(here, membership, accepted=accept, note=note)
        await _answer_follow(here, community_id, person_id, accept=accept)


async def note_application(
    here: Instance, acting: Viewer, community_id: str, person_id: str, *, shortlisted: bool, marks: Sequence[str]
) -> None:
    """Note of an application whether it is on the shortlist and what it brings; gone when it is decided (A4)."""
    facts = await _facts(here, acting, community_id)
    _refuse_unless(policy.may_decide(facts))
    changed = await Membership.filter(community_id=community_id, person_id=person_id, state="applied").update(
        shortlisted=shortlisted, marks=[mark for mark in MARKS if mark in marks] or None
    )
    if not changed:
        raise NotFound("They have not asked for a place.")


async def invite_member(
    here: Instance, acting: Viewer, community_id: str, handle: str, *, role: str = policy.MEMBER
) -> None:
    """Offer a place to somebody with this handle, here or elsewhere. Raises Invalid with `field` ``handle``.

    Not to whom a steward keeps out, nor across a block; somebody whose membership was only ended may be asked back.
    """
    facts = await _facts(here, acting, community_id)
    _refuse_unless(policy.may_invite(facts))
    if role != policy.MEMBER:
        _refuse_unless(policy.may_set_roles(facts))
    person = await actors.actor_by_handle(here, handle)
    if person is None or person.kind != "Person" or person.deleted_at is not None or person.suspended_at is not None:
        raise Invalid("Nobody of this name is known here. Check the spelling, or look them up first.", field="handle")
    if not person.is_local and not policy.federates(facts.kind, facts.visibility):
        raise Invalid("This community is for people of this server.", field="handle")
    known = await memberships.find(community_id, person.id)
    if known is not None and known.state == "active":
        raise Invalid("They are a member already.", field="handle")
    if known is not None and known.state == "applied":
        raise Invalid("They have asked for a place: answer that.", field="handle")
    kept_out = known is not None and known.state == "removed" and known.ban_uri is not None
    if kept_out and policy.may_remove(facts):
        raise Invalid("They are kept out of this community. Let them back in first.", field="handle")
    if kept_out or await is_blocked(here, _me(acting), person.id):
        # Who is not told of bans and blocks learns neither: both read the same.
        raise Invalid(
            "You cannot invite them. Ask somebody else who looks after this community whether they can.",
            field="handle",
        )
    group = await Actor.get(id=community_id)
    async with here.db.transaction():
        await memberships.offer(here, community_id, person.id, _me(acting), role=role)
        if not person.is_local and not group.hidden:
            await joining.send_invite(here, group, person)


async def set_role(here: Instance, acting: Viewer, community_id: str, person_id: str, role: str) -> None:
    """Give a member another role. The last steward keeps theirs until there is another one."""
    if role not in policy.ROLES:
        raise Invalid("Choose one of these.", field="role")
    _refuse_unless(policy.may_set_roles(await _facts(here, acting, community_id)))
    async with here.db.transaction():
        membership = await _membership(community_id, person_id, active=True)
        before = membership.role
        if before == role:
            return
        if before == policy.STEWARD and await _stewards(community_id) <= 1:
            raise Invalid(
                "Somebody has to look after the community. Make another member a steward first.", field="role"
            )
        membership.role, membership.updated_at = role, here.clock.now()
        await membership.save()
        await audit.record(
            here,
            by=acting.handle,
            action="community.role",
            subject=await _handle(community_id),
            detail={"person": await _handle(person_id), "before": before, "after": role},
        )
        await here.events.emit(RoleChanged(community_id, person_id, role))
        if policy.MEMBER in {before, role}:
            await _tell_moderators(here, acting, community_id, person_id, added=role != policy.MEMBER)


async def remove_member(here: Instance, acting: Viewer, community_id: str, person_id: str, *, reason: str = "") -> None:
    """End somebody's membership; they cannot come back on their own. Their server is told."""
    facts = await _facts(here, acting, community_id)
    async with here.db.transaction():
        membership = await _membership(community_id, person_id, active=True)
        _refuse_unless(policy.may_remove(facts, role=membership.role, is_self=person_id == acting.actor_id))
        was_moderator = membership.role != policy.MEMBER
        reason = clean_text(reason).strip()[:MAX_NOTE]
        await memberships.end(here, membership, "removed", note=reason)
        if was_moderator:
            await _tell_moderators(here, acting, community_id, person_id, added=False)
        await joining.answer_membership(here, membership, accepted=False, note=reason)
        await _answer_follow(here, community_id, person_id, accept=False)
        await audit.record(
            here,
            by=acting.handle,
            action="community.remove_member",
            subject=await _handle(community_id),
            detail={"person": await _handle(person_id)},
        )


async def readmit(here: Instance, acting: Viewer, community_id: str, person_id: str) -> None:
    """Let somebody who was removed come back if they like: they are invited."""
    _refuse_unless(policy.may_remove(await _facts(here, acting, community_id)))
    async with here.db.transaction():
        membership = await _membership(community_id, person_id)
        if membership.state != "removed":
            raise Invalid("They were not removed.")
        await memberships.offer(here, community_id, person_id, _me(acting))


async def on_follow_requested(here: Instance, event: FollowRequested) -> None:
    """Somebody elsewhere follows a members' community: software without Join asks for a place in this way (Lemmy).

    What members share does not go to microblogs unless the community takes guests, so a follow from one is refused. Of
    a server that we do not know yet we learn first what it is: until then the follow waits.
    """
    if not await Community.exists(id=event.target_id):
        return
    person = await Actor.get(id=event.follower_id)
    if person.is_local:
        return
    if await _dialect(here, person) == announce.UNKNOWN:
        pair = [event.target_id, event.follower_id]
        await here.jobs.enqueue(FOLLOW_JOB, pair, unique=f"{FOLLOW_JOB}:{':'.join(pair)}")
        return
    await _decide_follow(here, event.target_id, person)


async def decide_follow(here: Instance, pair: list[str]) -> None:
    """The job: decide upon a follow of a members' community, when it is known what its server is."""
    community_id, person_id = pair
    person = await Actor.get_or_none(id=person_id)
    if person is None or not await Follow.exists(target_id=community_id, follower_id=person_id, state="requested"):
        return
    await dialects.learn(here, person.host)
    async with here.db.transaction():
        await _decide_follow(here, community_id, person)


async def _decide_follow(here: Instance, community_id: str, person: Actor) -> None:
    facts = await queries.membership(here, community_id, person.id)
    if facts is not None and facts.is_member:
        await accept_follow(here, community_id, person.id)
        return
    may_ask = facts is not None and (policy.may_apply(facts) or policy.may_join(facts) or facts.state == "applied")
    knows_members = await _dialect(here, person) == announce.THREADIVERSE
    if may_ask and (knows_members or await Community.exists(id=community_id, guests=True)):
        if facts is not None and facts.state != "applied":
            await memberships.ask(here, community_id, person.id, [])
        return
    await reject_follow(here, community_id, person.id)


async def _dialect(here: Instance, person: Actor) -> str:
    known = await here.db.value("SELECT dialect FROM peer WHERE host = :host", host=person.host)
    return str(known or announce.UNKNOWN)


async def on_follow_ended(here: Instance, event: FollowEnded) -> None:
    """Who came into a members' community by following it leaves it in the same way."""
    membership = await memberships.find(event.target_id, event.follower_id)
    if membership is None or membership.join_uri is not None or membership.state not in {"active", "applied"}:
        return
    if await Community.exists(id=event.target_id, visibility=policy.MEMBERS) and await Actor.exists(
        id=event.follower_id, is_local=False
    ):
        await memberships.end(here, membership, "left")
        await memberships.hand_over(here, event.target_id)


async def on_actor_deleted(here: Instance, event: ActorDeleted) -> None:
    """Who is gone is nowhere a member any more."""
    await memberships.forget_actor(here, event.actor_id)


async def _ask_elsewhere(
    here: Instance, acting: Viewer, community_id: str, facts: MembershipFacts, answers: Sequence[tuple[str, str]]
) -> str:
    group, person = await Actor.get(id=community_id), await Actor.get(id=_me(acting))
    if facts.is_member or facts.state == "applied":
        return facts.state
    if not peers.may_reach(here, group.host):
        raise NotAllowed(f"This server does not talk with {group.host}.")
    if queries.PROFILE not in (group.implements or ()):
        raise NotAllowed("This community knows no members, only followers. Follow it to take part.")
    async with here.db.transaction():
        # A fresh id for each Join: the one of an earlier membership was undone for good.
        join_uri = here.url(f"/ap/a/join/{new_id(here.clock.now())}")
        await memberships.ask(here, community_id, person.id, (), join_uri=join_uri)
        await joining.send_join(here, person, group, join_uri, list(answers))
    return "applied"


def _answered(
    questions: Sequence[str], answers: Sequence[str] | Mapping[str, str], *, required: bool
) -> list[tuple[str, str]]:
    given = [answers.get(question, "") for question in questions] if isinstance(answers, Mapping) else list(answers)
    tidy = [clean_text(answer).strip() for answer in [*given, *[""] * len(questions)][: len(questions)]]
    errors = []
    for number, answer in enumerate(tidy):
        if required and not answer:
            errors.append(Invalid("A few words are enough, but please answer.", field=f"q{number}"))
        if len(answer) > MAX_ANSWER:
            errors.append(Invalid(f"Use at most {MAX_ANSWER} characters.", field=f"q{number}"))
    if errors:
        first, *others = errors
        raise Invalid(first.message, field=first.field, others=tuple(others))
    return [(question, answer) for question, answer in zip(questions, tidy, strict=True) if answer]


async def _tell_moderators(here: Instance, acting: Viewer, community_id: str, person_id: str, *, added: bool) -> None:
    """Add or Remove of the collection of moderators, announced by the community (threadiverse)."""
    group, person = await Actor.get(id=community_id), await Actor.get(id=person_id)
    verb, build = ("add", activities.add) if added else ("remove", activities.remove)
    public = await Community.exists(id=community_id, visibility=policy.PUBLIC)
    document = build(
        id=here.url(f"/ap/a/{verb}/{new_id(here.clock.now())}"),
        actor=acting.actor_uri,
        object=person.uri,
        target=f"{group.uri}/moderators",
        to=[PUBLIC] if public else [f"{group.uri}/followers"],
        cc=[group.uri],
        audience=group.uri,
    )
    await announce.say(here, community_id, document, signed_by=acting.actor_uri)


async def _answer_follow(here: Instance, community_id: str, person_id: str, *, accept: bool) -> None:
    """In a community of members the follow goes with the membership."""
    follow = await Follow.get_or_none(follower_id=person_id, target_id=community_id)
    if follow is None or not await Actor.exists(id=community_id, is_locked=True):
        return
    if not accept:
        await reject_follow(here, community_id, person_id)
    elif follow.state == "requested":
        await accept_follow(here, community_id, person_id)


async def _facts(here: Instance, acting: Viewer, community_id: str) -> MembershipFacts:
    if acting.actor_id is None:
        raise NotAllowed("Sign in first.")
    facts = await queries.facts_of(here, community_id, acting)
    if facts is None or (facts.is_local and policy.view(facts) == policy.CLOSED):
        raise NotFound
    return facts


async def _membership(community_id: str, person_id: str, *, active: bool = False) -> Membership:
    membership = await memberships.find(community_id, person_id)
    if membership is None or (active and membership.state != "active"):
        raise NotFound("They are not a member.")
    return membership


async def _stewards(community_id: str) -> int:
    return await Membership.filter(community_id=community_id, state="active", role=policy.STEWARD).count()


async def _handle(actor_id: str) -> str:
    actor = await Actor.get(id=actor_id)
    return f"@{actor.username}" if actor.is_local else f"@{actor.username}@{actor.domain}"


def _refuse_unless(verdict: policy.Verdict) -> None:
    if isinstance(verdict, Denied):
        raise NotAllowed(verdict.reason)


def _me(acting: Viewer) -> str:
    return str(acting.actor_id)
