"""Questions to begin with, which a template brought: drafts for those who look after a community (A22, N20)."""

from collections.abc import Sequence

from server.actors.viewer import Viewer
from server.communities import policy as communities
from server.communities import queries
from server.communities.policy import Denied
from server.errors import Invalid, NotAllowed, NotFound
from server.hosting.models import Prompt
from server.ids import new_id
from server.instance import Instance
from server.text import clean_text

MOST = 5
MAX_TEXT = 150


async def set_prompts(here: Instance, acting: Viewer, community_id: str, texts: Sequence[str]) -> None:
    """Replace the questions to begin with; none at all takes away what a template brought."""
    facts = await queries.facts_of(here, community_id, acting)
    if facts is None or communities.view(facts) == communities.CLOSED:
        raise NotFound
    verdict = communities.may_decide(facts)
    if isinstance(verdict, Denied):
        raise NotAllowed(verdict.reason)
    tidy = tidied(texts)
    async with here.db.transaction():
        await Prompt.filter(community_id=community_id).delete()
        now = here.clock.now()
        for position, text in enumerate(tidy):
            await Prompt.create(id=new_id(now), community_id=community_id, position=position, text=text)


def tidied(texts: Sequence[str]) -> list[str]:
    """The questions without spare space. Raises Invalid with `field` ``prompts``."""
    tidy = [text for text in (" ".join(clean_text(text).split()) for text in texts) if text]
    if len(tidy) > MOST:
        raise Invalid(f"Begin with at most {MOST} questions.", field="prompts")
    if any(len(text) > MAX_TEXT for text in tidy):
        raise Invalid(f"Use at most {MAX_TEXT} characters for each question.", field="prompts")
    return tidy


async def of(here: Instance, community_id: str) -> list[str]:
    """The questions to begin with."""
    return [row.text for row in await Prompt.filter(community_id=community_id).order_by("position").limit(MOST)]
