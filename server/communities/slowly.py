"""A community takes it slowly for some days: one post of each member in twelve hours, so that tempers cool (B9)."""

from datetime import timedelta

from server.actors.viewer import Viewer
from server.audit import actions as audit
from server.communities import policy, queries
from server.communities.events import CommunityChanged
from server.communities.models import Community
from server.communities.policy import Denied
from server.errors import Invalid, NotAllowed, NotFound
from server.instance import Instance

DAYS = (0, 1, 3, 7)
PAUSE = timedelta(hours=12)


async def set_slow(here: Instance, acting: Viewer, community_id: str, days: int) -> None:
    """Take it slowly for so many days from now on, or (0) no longer. It stands in the log."""
    facts = await queries.facts_of(here, community_id, acting)
    if facts is None or policy.view(facts) == policy.CLOSED:
        raise NotFound
    verdict = policy.may_decide(facts)
    if isinstance(verdict, Denied):
        raise NotAllowed(verdict.reason)
    if days not in DAYS:
        raise Invalid("Choose for how long.", field="days")
    until = here.clock.now() + timedelta(days=days) if days else None
    async with here.db.transaction():
        await Community.filter(id=community_id).update(slow_until=until)
        await audit.record(
            here, by=acting.handle, action="community.slow", subject=community_id, detail={"days": str(days)}
        )
        await here.events.emit(CommunityChanged(community_id))
