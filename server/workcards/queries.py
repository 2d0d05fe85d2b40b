"""Cards as others may read them, and what two people did together."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.actors.queries import labels
from server.actors.viewer import Viewer
from server.communities import queries as communities
from server.communities.policy import may_decide
from server.communities.queries import CommunityLabel
from server.db import among
from server.instance import Instance
from server.workcards.actions import CardForm
from server.workcards.models import WorkCard

MOST_TOGETHER = 12


@dataclass(frozen=True, slots=True)
class Card:
    """How somebody likes to work. `access_needs` is empty for everybody but who looks after the community,
    and for whoever leads them at work.
    """

    pronouns: str
    languages: str
    title: str
    pace: str
    answers: str
    access_needs: str


async def own(here: Instance, viewer: Viewer) -> CardForm:
    """What somebody filled in."""
    found = await WorkCard.get_or_none(id=viewer.actor_id)
    if found is None:
        return CardForm()
    people = await labels(here, [found.manager_id]) if found.manager_id else {}
    return CardForm(
        pronouns=found.pronouns,
        languages=found.languages,
        title=found.title,
        pace=found.pace,
        answers=found.answers,
        access_needs=found.access_needs,
        manager=people[found.manager_id].handle if found.manager_id in people else "",
    )


async def cards(here: Instance, viewer: Viewer, community_id: str, people: Sequence[str]) -> dict[str, Card]:
    """The cards of members of a community for one of them; nobody else gets any. Two queries."""
    facts = await communities.facts_of(here, community_id, viewer)
    if facts is None or not facts.is_member or not facts.is_local or not people:
        return {}
    places, parameters = among(sorted(set(people)))
    rows = await here.db.rows(
        "SELECT id, pronouns, languages, title, pace, answers, access_needs, manager_id FROM work_card"
        f" WHERE id IN ({places}) ORDER BY id",
        **parameters,
    )
    looks_after = bool(may_decide(facts))
    return {
        row["id"]: Card(
            row["pronouns"],
            row["languages"],
            row["title"],
            row["pace"],
            row["answers"],
            row["access_needs"] if looks_after and row["manager_id"] != viewer.actor_id else "",
        )
        for row in rows
    }


async def together(here: Instance, viewer: Viewer, person_id: str) -> list[CommunityLabel]:
    """The communities that the viewer and somebody else are in, by name: for the two alone. Two queries at most."""
    if viewer.actor_id is None or viewer.actor_id == person_id:
        return []
    rows = await here.db.rows(
        "SELECT mine.community_id AS id FROM membership AS mine JOIN membership AS theirs"
        " ON theirs.community_id = mine.community_id AND theirs.person_id = :other AND theirs.state = 'active'"
        " WHERE mine.person_id = :me AND mine.state = 'active' ORDER BY mine.community_id LIMIT :most",
        me=viewer.actor_id,
        other=person_id,
        most=MOST_TOGETHER,
    )
    found = await communities.labels(here, [row["id"] for row in rows]) if rows else {}
    return sorted(found.values(), key=lambda label: label.name.lower())
