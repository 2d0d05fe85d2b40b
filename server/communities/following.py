"""Following a community as people do who know of nothing else: where joining is what we do, they join."""

from server.actors import following as actors
from server.actors import relations
from server.actors.viewer import Viewer
from server.communities import members, policy, queries
from server.errors import NotAllowed, NotFound
from server.instance import Instance


async def follow_or_join(here: Instance, acting: Viewer, community_id: str) -> None:
    """Follow a community elsewhere; join one here, or one that shares with its members only. Twice is once.

    Raises NotAllowed where questions have to be answered first, with the page that asks them.
    """
    facts = await _facts(here, acting, community_id)
    if facts.is_member or facts.state == "applied":
        return
    if facts.is_local:
        if not policy.may_join(facts) and policy.may_apply(facts):
            page = (await queries.labels(here, [community_id]))[community_id].url
            raise NotAllowed(f"Ask for a place first: {here.url(page)}/apply has three short questions.")
        await members.join(here, acting, community_id, accepts_guidelines=False)
        return
    if await queries.is_for_members_elsewhere(here, community_id):
        await members.join(here, acting, community_id)
        return
    await actors.request_follow(here, str(acting.actor_id), community_id)


async def unfollow_and_leave(here: Instance, acting: Viewer, community_id: str) -> None:
    """Neither follow nor be a member any more. Nothing happens where neither was so."""
    facts = await _facts(here, acting, community_id)
    if facts.state in {"active", "applied", "invited"}:
        await members.leave(here, acting, community_id)
    me = str(acting.actor_id)
    if (await relations.relationship(here, me, community_id)).following:
        await actors.unfollow(here, me, community_id)


async def _facts(here: Instance, acting: Viewer, community_id: str) -> policy.MembershipFacts:
    facts = await queries.facts_of(here, community_id, acting)
    if facts is None or (facts.is_local and policy.view(facts) == policy.CLOSED):
        raise NotFound
    return facts
