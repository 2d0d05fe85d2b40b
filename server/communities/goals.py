"""What brings the shared goals of a community nearer: named, done, and taken away again (A6)."""

from typing import Any

from server.actors.viewer import Viewer
from server.communities import policy, queries
from server.communities.models import Community
from server.communities.page import Deliverable, goals_of
from server.communities.policy import Denied
from server.errors import Invalid, NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance
from server.text import clean_text

MOST = 12
MAX_TEXT = 200
MAX_URL = 500


async def add_deliverable(
    here: Instance, acting: Viewer, community_id: str, *, goal: str, text: str, url: str = ""
) -> None:
    """Say what is to be there for a goal; `url` is a page where it will be found. Raises Invalid with the field."""
    await _refuse_unless(here, acting, community_id, policy.may_decide)
    text, url = " ".join(clean_text(text).split()), url.strip()
    if not text:
        raise Invalid("Say what there will be.", field="text")
    if len(text) > MAX_TEXT:
        raise Invalid(f"Use at most {MAX_TEXT} characters.", field="text")
    if url and (len(url) > MAX_URL or not url.startswith(("https://", here.url("/")))):
        raise Invalid("Links start with https://", field="url")
    async with here.db.transaction():
        community = await _locked(here, community_id)
        if goal not in (community.goals or ()):
            raise Invalid("Choose one of the goals.", field="goal")
        items = [item for item in community.deliverables or () if item["goal"] in community.goals]
        if len(items) >= MOST:
            raise Invalid(f"{MOST} are enough. Take one away first.", field="text")
        items.append({"id": new_id(here.clock.now()), "goal": goal, "text": text, "url": url, "done": False})
        await _save(community, items)


async def of(here: Instance, community_id: str) -> tuple[Deliverable, ...]:
    """What is to be there for all goals of a community."""
    community = await Community.get(id=community_id)
    found = goals_of(tuple(community.goals or ()), community.deliverables)
    return tuple(item for goal in found for item in goal.deliverables)


async def tick(here: Instance, acting: Viewer, community_id: str, item_id: str, *, done: bool) -> None:
    """Say that something is there, or is not after all: any member, for goals are everybody's."""
    await _refuse_unless(here, acting, community_id, policy.may_tick)
    async with here.db.transaction():
        community = await _locked(here, community_id)
        items = list(community.deliverables or ())
        if item_id not in {item["id"] for item in items}:
            raise NotFound
        await _save(community, [{**item, "done": done} if item["id"] == item_id else item for item in items])


async def remove_deliverable(here: Instance, acting: Viewer, community_id: str, item_id: str) -> None:
    """Take it away; nothing happens where it is gone."""
    await _refuse_unless(here, acting, community_id, policy.may_decide)
    async with here.db.transaction():
        community = await _locked(here, community_id)
        await _save(community, [item for item in community.deliverables or () if item["id"] != item_id])


async def _locked(here: Instance, community_id: str) -> Community:
    """The community; whoever changes it at the same moment waits, and nothing of either is lost."""
    await here.db.execute("UPDATE community SET id = id WHERE id = :id", id=community_id)
    return await Community.get(id=community_id)


async def _save(community: Community, items: list[dict[str, Any]]) -> None:
    community.deliverables = items or None
    await community.save(update_fields=["deliverables"])


async def _refuse_unless(here: Instance, acting: Viewer, community_id: str, rule: policy.Rule) -> None:
    facts = await queries.facts_of(here, community_id, acting)
    if facts is None or policy.view(facts) == policy.CLOSED:
        raise NotFound
    verdict = rule(facts)
    if isinstance(verdict, Denied):
        raise NotAllowed(verdict.reason)
