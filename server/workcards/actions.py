"""Saying how one likes to work, and being warned where who leads one at work is to look after one here."""

from dataclasses import dataclass

from server.actors.events import ActorDeleted
from server.actors.policy import clean_name
from server.actors.queries import actor_by_handle
from server.actors.viewer import Viewer
from server.communities.events import MemberJoined, RoleChanged
from server.errors import Invalid
from server.instance import Instance
from server.text import clean_text
from server.workcards.events import ManagerLooksAfter
from server.workcards.models import WorkCard

PACES = ("", "live", "later", "either")
ANSWERS = ("", "day", "days", "week")
MAX_NEEDS = 1_000
MOST_WARNED = 50
_LIMITS = {"pronouns": 60, "languages": 200, "title": 120}


@dataclass(frozen=True, slots=True)
class CardForm:
    """What somebody fills in; `manager` is a handle."""

    pronouns: str = ""
    languages: str = ""
    title: str = ""
    pace: str = ""
    answers: str = ""
    access_needs: str = ""
    manager: str = ""


async def save(here: Instance, acting: Viewer, form: CardForm) -> None:
    """Keep a card. Raises Invalid with every error."""
    errors = [
        Invalid(f"Use at most {limit} characters.", field=name)
        for name, limit in _LIMITS.items()
        if len(getattr(form, name).strip()) > limit
    ]
    if form.pace not in PACES:
        errors.append(Invalid("Choose one of these.", field="pace"))
    if form.answers not in ANSWERS:
        errors.append(Invalid("Choose one of these.", field="answers"))
    if len(form.access_needs) > MAX_NEEDS:
        errors.append(Invalid(f"Use at most {MAX_NEEDS} characters.", field="access_needs"))
    manager_id = ""
    if form.manager.strip():
        found = await actor_by_handle(here, form.manager.strip())
        if found is None or found.kind != "Person" or not found.is_local or found.id == acting.actor_id:
            errors.append(Invalid("Write the name of somebody else on this server, such as @ana.", field="manager"))
        else:
            manager_id = found.id
    if errors:
        raise Invalid(errors[0].message, field=errors[0].field, others=tuple(errors[1:]))
    values = {name: clean_name(getattr(form, name), limit) for name, limit in _LIMITS.items()}
    kept = {**values, "pace": form.pace, "answers": form.answers, "manager_id": manager_id}
    kept |= {"access_needs": clean_text(form.access_needs).strip()}
    async with here.db.transaction():
        await WorkCard.update_or_create(defaults={**kept, "changed_at": here.clock.now()}, id=str(acting.actor_id))


async def on_role(here: Instance, event: RoleChanged) -> None:
    """Somebody looks after a community now: warn them and those in it who say that they lead them."""
    if event.role == "member":
        return
    await _warn(here, event.community_id, "card.manager_id = :person", event.person_id)


async def on_joined(here: Instance, event: MemberJoined) -> None:
    """Somebody is in a community now that is looked after by who leads them: warn both."""
    await _warn(here, event.community_id, "card.id = :person", event.person_id)


async def _warn(here: Instance, community_id: str, which: str, person_id: str) -> None:
    rows = await here.db.rows(
        "SELECT card.id, card.manager_id FROM work_card AS card"
        " JOIN membership AS led ON led.person_id = card.id AND led.state = 'active'"
        " JOIN membership AS leads ON leads.person_id = card.manager_id AND leads.community_id = led.community_id"
        " AND leads.state = 'active' AND leads.role IN ('steward', 'facilitator')"
        f" WHERE led.community_id = :community AND card.manager_id <> '' AND {which} ORDER BY card.id LIMIT :most",
        community=community_id,
        person=person_id,
        most=MOST_WARNED,
    )
    for row in rows:
        await here.events.emit(ManagerLooksAfter(community_id, row["manager_id"], row["id"]))


async def on_actor_deleted(here: Instance, event: ActorDeleted) -> None:
    """Nothing is left of them, nor of whom they led."""
    await WorkCard.filter(id=event.actor_id).delete()
    await WorkCard.filter(manager_id=event.actor_id).update(manager_id="")
