"""Taking turns, and the roles of a meeting: taken, given by rotation, skipped and swapped (A11, A12, A23)."""

from collections.abc import Sequence

from server.actors.viewer import Viewer
from server.communities import policy as communities
from server.communities import queries as community_queries
from server.communities.policy import Denied, MembershipFacts
from server.errors import Invalid, NotAllowed, NotFound
from server.hosting import policy
from server.hosting.events import RoleGiven
from server.hosting.models import MeetingRole, Rotation, TakesTurns
from server.hosting.policy import Candidate
from server.ids import new_id
from server.instance import Instance
from server.posts.composing import readable_post
from server.posts.events import PostPublished
from server.posts.models import Post

MOST = 200


async def take_turns(here: Instance, acting: Viewer, community_id: str, *, hosts: bool, greets: bool) -> None:
    """Say whether one takes roles when they go round, and whether one greets newcomers."""
    _refuse_unless(policy.may_take(await _facts(here, acting, community_id)))
    async with here.db.transaction():
        known = await TakesTurns.get_or_none(community_id=community_id, person_id=acting.actor_id)
        if known is None:
            now = here.clock.now()
            known = TakesTurns(id=new_id(now), community_id=community_id, person_id=str(acting.actor_id), at=now)
        known.hosts, known.greets = hosts, greets
        await known.save()


async def let_go_round(here: Instance, acting: Viewer, community_id: str, *, goes_round: bool) -> None:
    """Have roles go round by themselves whenever a meeting is announced, or no longer."""
    _refuse_unless(communities.may_decide(await _facts(here, acting, community_id)))
    async with here.db.transaction():
        await Rotation.update_or_create(defaults={"goes_round": goes_round}, id=community_id)


async def take(here: Instance, acting: Viewer, event_id: str, role: str) -> None:
    """Take a role that nobody has."""
    post = await _event(here, acting, event_id, role)
    _refuse_unless(policy.may_take(await _facts(here, acting, str(post.community_id))))
    async with here.db.transaction():
        await _lock(here, post)
        if await MeetingRole.exists(event_id=post.id, role=role):
            raise Invalid("Somebody has taken it already.")
        await _give(here, post, role, str(acting.actor_id), by=str(acting.actor_id))


async def give_back(here: Instance, acting: Viewer, event_id: str, role: str) -> None:
    """Give a role back without naming anybody."""
    _, held = await _given(here, acting, event_id, role)
    async with here.db.transaction():
        await MeetingRole.filter(id=held.id).delete()


async def go_round(here: Instance, acting: Viewer, event_id: str) -> int:
    """Give every open role to whose turn it is; returns how many were given."""
    post = await _event(here, acting, event_id, policy.HOST)
    facts = await _facts(here, acting, str(post.community_id))
    _refuse_unless(policy.may_give(facts, is_holder=False, is_author=post.author_id == acting.actor_id))
    async with here.db.transaction():
        await _lock(here, post)
        return await _fill(here, post)


async def skip(here: Instance, acting: Viewer, event_id: str, role: str) -> None:
    """Pass a role on to the next in the list. Raises Invalid where nobody else takes turns."""
    post, held = await _given(here, acting, event_id, role)
    async with here.db.transaction():
        await _lock(here, post)
        taken = await _taken(post.id)
        busy = [person for name, person in taken.items() if name != role]
        found = policy.next_for(await _candidates(here, post, role), busy, after=held.person_id)
        if found is None:
            raise Invalid("Nobody else is on the list yet. Give it back, or ask somebody to take it.")
        await MeetingRole.filter(id=held.id).delete()
        await _give(here, post, role, found, by=str(acting.actor_id))


async def swap(here: Instance, acting: Viewer, event_id: str, role: str, other: str) -> None:
    """Exchange two roles of a meeting; for who has one of them, and who looks after it."""
    post, held = await _given(here, acting, event_id, role)
    if other == role or other not in policy.ROLES:
        raise Invalid("Choose another role.")
    async with here.db.transaction():
        await _lock(here, post)
        with_whom = await MeetingRole.get_or_none(event_id=post.id, role=other)
        if with_whom is None:
            raise Invalid("Nobody has that role yet: take it.")
        if with_whom.person_id == held.person_id:
            return
        await MeetingRole.filter(id__in=[held.id, with_whom.id]).delete()
        await _give(here, post, role, with_whom.person_id, by=str(acting.actor_id))
        await _give(here, post, other, held.person_id, by=str(acting.actor_id))


async def on_published(here: Instance, events: Sequence[PostPublished]) -> None:
    """Meetings were announced: where roles go round by themselves, they are given now."""
    for event in events:
        if event.kind != "session" or not event.is_local or event.community_id is None:
            continue
        if await Rotation.exists(id=event.community_id, goes_round=True):
            await _fill(here, await Post.get(id=event.post_id))


async def _fill(here: Instance, post: Post) -> int:
    taken = await _taken(post.id)
    given = 0
    for role in policy.ROLES:
        if role in taken:
            continue
        candidates = await _candidates(here, post, role)
        found = policy.next_for(candidates, list(taken.values()))
        # One person with every role is no rotation: the first one is enough for who is alone.
        if found is None or (found in taken.values() and role != policy.HOST):
            continue
        await _give(here, post, role, found)
        taken[role] = found
        given += 1
    return given


async def _candidates(here: Instance, post: Post, role: str) -> list[Candidate]:
    """Who takes turns, in the order in which they began to, with how many meetings ago they had the role."""
    rows = await here.db.rows(
        "SELECT turns.person_id FROM hosting_turns AS turns JOIN membership ON membership.person_id = turns.person_id"
        " AND membership.community_id = turns.community_id AND membership.state = 'active'"
        " JOIN actor ON actor.id = turns.person_id AND actor.deleted_at IS NULL AND actor.suspended_at IS NULL"
        " WHERE turns.community_id = :community AND turns.hosts ORDER BY turns.at, turns.id LIMIT :most",
        community=post.community_id,
        most=MOST,
    )
    earlier = await here.db.rows(
        "SELECT person_id FROM meeting_role WHERE community_id = :community AND role = :role AND event_id < :event"
        " ORDER BY event_id DESC LIMIT :most",
        community=post.community_id,
        role=role,
        event=post.id,
        most=MOST,
    )
    held: dict[str, int] = {}
    for number, row in enumerate(earlier):
        held.setdefault(row["person_id"], number)
    return [Candidate(row["person_id"], held.get(row["person_id"])) for row in rows]


async def _taken(event_id: str) -> dict[str, str]:
    found = await MeetingRole.filter(event_id=event_id).order_by("role")
    return {one.role: one.person_id for one in found}


async def _give(here: Instance, post: Post, role: str, person_id: str, *, by: str = "") -> None:
    now = here.clock.now()
    await MeetingRole.create(
        id=new_id(now), event_id=post.id, community_id=str(post.community_id), role=role, person_id=person_id, at=now
    )
    if person_id not in {by, post.author_id}:
        await here.events.emit(RoleGiven(post.id, person_id))


async def _lock(here: Instance, post: Post) -> None:
    """Whoever gives roles of this meeting at the same moment waits."""
    await here.db.execute("UPDATE event_facts SET id = id WHERE id = :id", id=post.id)


async def _event(here: Instance, acting: Viewer, event_id: str, role: str) -> Post:
    post = await readable_post(here, acting, event_id)
    if post.kind != "session" or not post.is_local or post.community_id is None or role not in policy.ROLES:
        raise NotFound
    return post


async def _given(here: Instance, acting: Viewer, event_id: str, role: str) -> tuple[Post, MeetingRole]:
    post = await _event(here, acting, event_id, role)
    held = await MeetingRole.get_or_none(event_id=post.id, role=role)
    if held is None:
        raise Invalid("Nobody has this role.")
    facts = await _facts(here, acting, str(post.community_id))
    is_holder, is_author = held.person_id == acting.actor_id, post.author_id == acting.actor_id
    _refuse_unless(policy.may_give(facts, is_holder=is_holder, is_author=is_author))
    return post, held


async def _facts(here: Instance, acting: Viewer, community_id: str) -> MembershipFacts:
    facts = await community_queries.facts_of(here, community_id, acting)
    if facts is None or not facts.is_local or communities.view(facts) == communities.CLOSED:
        raise NotFound
    return facts


def _refuse_unless(verdict: communities.Verdict) -> None:
    if isinstance(verdict, Denied):
        raise NotAllowed(verdict.reason)
