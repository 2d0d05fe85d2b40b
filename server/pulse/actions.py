"""Asking the members of a community, and answering."""

from collections.abc import Mapping
from datetime import timedelta

from server.actors.viewer import Viewer
from server.communities import queries as communities
from server.communities.policy import Denied, MembershipFacts, Rule
from server.errors import Invalid, NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance
from server.pulse.models import Pulse, PulseAnswered, PulseCount
from server.pulse.policy import APART_DAYS, CHOICES, ITEMS, OPEN_DAYS, may_answer, may_open


async def open_pulse(here: Instance, acting: Viewer, community_id: str) -> str:
    """Ask all members, for a week. Raises NotAllowed within four weeks of the last time."""
    await _facts(here, acting, community_id, may_open)
    now = here.clock.now()
    last = await Pulse.filter(community_id=community_id).order_by("-opened_at").first()
    if last is not None and last.opened_at > now - timedelta(days=APART_DAYS):
        raise NotAllowed(
            "Ask again when four weeks have passed: what changed between two results must not tell of one person."
        )
    async with here.db.transaction():
        pulse = await Pulse.create(
            id=new_id(now), community_id=community_id, opened_at=now, closes_at=now + timedelta(days=OPEN_DAYS)
        )
        await PulseCount.bulk_create(
            [
                PulseCount(id=new_id(now), pulse_id=pulse.id, item=item, choice=choice)
                for item in range(len(ITEMS))
                for choice in CHOICES
            ]
        )
    return str(pulse.id)


async def answer(here: Instance, acting: Viewer, community_id: str, chosen: Mapping[str, int]) -> None:
    """Answer all sentences, once. Raises Invalid for each that has no answer, and NotAllowed for a second time."""
    await _facts(here, acting, community_id, may_answer)
    pulse = await Pulse.filter(community_id=community_id, closes_at__gt=here.clock.now()).first()
    if pulse is None:
        raise NotAllowed("Nobody is asked at the moment.")
    errors = [Invalid("Choose how far that is so.", field=item) for item in ITEMS if chosen.get(item) not in CHOICES]
    if errors:
        raise Invalid(errors[0].message, field=errors[0].field, others=tuple(errors[1:]))
    async with here.db.transaction():
        first = await here.db.execute(
            "INSERT INTO pulse_answered (id, pulse_id, person_id) VALUES (:id, :pulse, :person) ON CONFLICT DO NOTHING",
            id=new_id(here.clock.now()),
            pulse=pulse.id,
            person=acting.actor_id,
        )
        if not first:
            raise NotAllowed("You have answered already. Nobody can tell which answers are yours, so they stay.")
        for number, item in enumerate(ITEMS):
            await here.db.execute(
                "UPDATE pulse_count SET times = times + 1 WHERE pulse_id = :pulse AND item = :item"
                " AND choice = :choice",
                pulse=pulse.id,
                item=number,
                choice=chosen[item],
            )
        await here.db.execute("UPDATE pulse SET answered = answered + 1 WHERE id = :pulse", pulse=pulse.id)


async def forget(here: Instance, _: object) -> None:
    """Forget who answered what is closed; a job."""
    await here.db.execute(
        "DELETE FROM pulse_answered WHERE pulse_id IN (SELECT id FROM pulse WHERE closes_at <= :now)",
        now=here.clock.now(),
    )


async def forget_person(here: Instance, actor_id: str) -> None:
    """Somebody is gone: nothing is left of their having answered but a number."""
    await PulseAnswered.filter(person_id=actor_id).delete()


async def _facts(here: Instance, acting: Viewer, community_id: str, rule: Rule) -> MembershipFacts:
    facts = await communities.facts_of(here, community_id, acting)
    if facts is None or not facts.is_member:
        raise NotFound
    verdict = rule(facts)
    if isinstance(verdict, Denied):
        raise NotAllowed(verdict.reason)
    return facts
