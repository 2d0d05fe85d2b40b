"""Making communities, coming and going, roles, guidelines."""

from datetime import timedelta
from typing import Any

import pytest

from server.accounts import actions as accounts
from server.actors import blocking
from server.communities import actions, bans, directory, guidelines, members, policy, queries, roster
from server.communities.actions import CommunityForm
from server.communities.events import MemberApplied, MemberDecided, MemberJoined, MemberLeft
from server.communities.form import DEFAULT_QUESTIONS
from server.communities.models import Membership
from server.errors import Invalid, NotAllowed, NotFound
from server.instance import Instance
from tests.conftest import Fediverse, Person

ANSWERS = ("To try things.", "What I tried.", "Wednesdays.")


@pytest.fixture
async def alder(fediverse: Fediverse) -> Instance:
    return await fediverse.start("alder.example")


@pytest.fixture
async def amara(fediverse: Fediverse, alder: Instance) -> Person:
    return await fediverse.person(alder, "amara")


@pytest.fixture
async def bruno(fediverse: Fediverse, alder: Instance) -> Person:
    return await fediverse.person(alder, "bruno")


def informal(**more: Any) -> CommunityForm:
    return CommunityForm(**({"name": "Science teachers", "purpose": "Swap what worked.", "slug": "science"} | more))


async def state_of(person: Person, community_id: str) -> tuple[str, str]:
    found = await person.here.run(Membership.get_or_none, community_id=community_id, person_id=person.id)
    return (found.state, found.role) if found else ("", "")


async def test_a2_a_formal_community_names_every_part_that_is_missing(amara: Person) -> None:
    with pytest.raises(Invalid) as refused:
        await amara.do(actions.create_community, informal(kind="formal"))
    assert [error["field"] for error in refused.value.errors] == [
        "objectives",
        "outcomes",
        "term_until",
        "cadence",
        "time_per_week",
        "facilitators",
        "join_policy",
    ]
    assert "Objectives" in refused.value.message


async def test_a_community_needs_a_name_a_purpose_and_a_free_handle(amara: Person) -> None:
    with pytest.raises(Invalid) as refused:
        await amara.do(actions.create_community, informal(name=" ", purpose=""))
    assert {error["field"] for error in refused.value.errors} == {"name", "purpose"}
    for slug in ("amara", "admin", "a b", "ä"):
        with pytest.raises(Invalid) as refused:
            await amara.do(actions.create_community, informal(slug=slug))
        assert refused.value.field == "slug"


async def test_a1_a_name_and_a_purpose_are_enough(amara: Person) -> None:
    made = await amara.do(actions.create_community, CommunityForm(name="Reading Circle, Year 7", purpose="Read."))
    assert made.username == "reading-circle-year-7"
    page = await amara.do(lambda here, viewer: queries.community_by_slug(here, "reading-circle-year-7", viewer))
    assert page is not None
    assert (page.facts.role, page.members_count, page.join_policy) == ("steward", 1, "open")


async def test_a2_joining_a_formal_community_is_asking_for_a_place(amara: Person, bruno: Person) -> None:
    form = informal(
        kind="formal",
        objectives="o",
        outcomes="o",
        cadence="weekly",
        term_until="2030-07-01",
        time_per_week="30 minutes",
        facilitators=("amara",),
        join_policy="apply",
        questions=("Which years do you teach?",),
    )
    made = await amara.do(actions.create_community, form)
    with pytest.raises(Invalid) as refused:
        await bruno.do(actions.join, made.id, answers=("only one",))
    assert [error["field"] for error in refused.value.errors] == ["q1", "q2", "q3"]
    seen: list[object] = []

    async def note(event: object) -> None:
        seen.append(event)

    for kind in (MemberApplied, MemberDecided, MemberJoined):
        bruno.here.events.on(kind, note)
    assert await bruno.do(actions.join, made.id, answers=(*ANSWERS, "Year 7")) == "applied"
    asked = await amara.here.run(roster.applications, amara.here, made.id)
    assert asked[0].answers == tuple(
        zip((*DEFAULT_QUESTIONS, "Which years do you teach?"), (*ANSWERS, "Year 7"), strict=True)
    )
    await amara.do(actions.decide_application, made.id, bruno.id, accept=True, note="Welcome!")
    assert await state_of(bruno, made.id) == ("active", "member")
    assert seen == [
        MemberApplied(made.id, bruno.id),
        MemberJoined(made.id, bruno.id),
        MemberDecided(made.id, bruno.id, accepted=True),
    ]
    assert (await bruno.here.run(Membership.get, person_id=bruno.id)).answers is None


async def test_s28_only_who_looks_after_it_decides(fediverse: Fediverse, amara: Person, bruno: Person) -> None:
    made = await amara.do(actions.create_community, informal(join_policy="apply"))
    carla = await fediverse.person(amara.here, "carla")
    await bruno.do(actions.join, made.id, answers=ANSWERS)
    for somebody in (bruno, carla):
        with pytest.raises(NotAllowed):
            await somebody.do(actions.decide_application, made.id, bruno.id, accept=True)
    assert await state_of(bruno, made.id) == ("applied", "member")
    await amara.do(actions.decide_application, made.id, bruno.id, accept=False, note="Full.")
    with pytest.raises(Invalid):
        await amara.do(actions.decide_application, made.id, bruno.id, accept=True)
    assert await bruno.here.run(roster.my_note, bruno.here, made.id, bruno.id) == "Full."


async def test_s30_naming_the_id_of_a_private_community_does_nothing(amara: Person, bruno: Person) -> None:
    made = await amara.do(actions.create_community, informal(visibility="members", join_policy="invite"))
    for attempt in (
        bruno.do(actions.join, made.id, answers=ANSWERS),
        bruno.do(actions.apply, made.id, ANSWERS),
        bruno.do(actions.leave, made.id),
        bruno.do(actions.set_role, made.id, bruno.id, "steward"),
        bruno.do(actions.remove_member, made.id, amara.id),
        bruno.do(actions.invite_member, made.id, "bruno"),
        bruno.do(actions.set_guidelines, made.id, "Mine now"),
        bruno.do(actions.accept_guidelines, made.id, 1),
        bruno.do(actions.archive_community, made.id),
        bruno.do(actions.edit_community, made.id, informal(visibility="public")),
    ):
        with pytest.raises((NotFound, NotAllowed)):
            await attempt
    assert await state_of(bruno, made.id) == ("", "")
    assert await bruno.here.run(queries.membership, bruno.here, made.id, bruno.id) is None


async def test_a3_joining_and_leaving_are_one_step_each(amara: Person, bruno: Person) -> None:
    made = await amara.do(actions.create_community, informal())
    seen: list[object] = []

    async def note(event: object) -> None:
        seen.append(event)

    bruno.here.events.on(MemberLeft, note)
    assert await bruno.do(actions.join, made.id) == "active"
    assert [label.id for label in await bruno.do(queries.my_communities)] == [made.id]
    await bruno.do(actions.leave, made.id)
    assert await bruno.do(queries.my_communities) == []
    assert seen == [MemberLeft(made.id, bruno.id)]
    with pytest.raises(NotAllowed):
        await bruno.do(actions.leave, made.id)


async def test_the_last_steward_hands_over_before_leaving(amara: Person, bruno: Person) -> None:
    made = await amara.do(actions.create_community, informal())
    await bruno.do(actions.join, made.id)
    with pytest.raises(NotAllowed, match="only steward"):
        await amara.do(actions.leave, made.id)
    with pytest.raises(Invalid):
        await amara.do(actions.set_role, made.id, amara.id, "member")
    with pytest.raises(NotAllowed):
        await bruno.do(actions.set_role, made.id, bruno.id, "steward")
    await amara.do(actions.set_role, made.id, bruno.id, "steward")
    await amara.do(actions.leave, made.id)
    assert await state_of(bruno, made.id) == ("active", "steward")


async def test_a_community_whose_steward_is_gone_has_another_one(amara: Person, bruno: Person) -> None:
    made = await amara.do(actions.create_community, informal())
    await bruno.do(actions.join, made.id)
    await amara.here.run(accounts.delete_account, amara.here, amara.viewer.account_id, by="test")
    assert await state_of(bruno, made.id) == ("active", "steward")
    assert await state_of(amara, made.id) == ("left", "member")


async def test_who_was_removed_comes_back_only_by_invitation(amara: Person, bruno: Person) -> None:
    made = await amara.do(actions.create_community, informal())
    await bruno.do(actions.join, made.id)
    with pytest.raises(NotAllowed):
        await amara.do(actions.remove_member, made.id, amara.id)
    await amara.do(actions.remove_member, made.id, bruno.id, reason="A break.")
    with pytest.raises(NotAllowed):
        await bruno.do(actions.join, made.id)
    await amara.do(actions.readmit, made.id, bruno.id)
    assert await bruno.do(actions.join, made.id) == "active"


async def test_s17_nobody_is_invited_past_a_ban_or_a_block(fediverse: Fediverse, amara: Person, bruno: Person) -> None:
    made = await amara.do(actions.create_community, informal())
    carla = await fediverse.person(amara.here, "carla")
    await carla.do(actions.join, made.id)
    await amara.do(actions.set_role, made.id, carla.id, "facilitator")

    async def refusal(person: Person) -> str:
        with pytest.raises(Invalid) as refused:
            await person.do(actions.invite_member, made.id, "bruno")
        assert refused.value.field == "handle"
        return refused.value.message

    # A facilitator is told neither of a ban nor of a block; a steward, who may see bans, hears what to do.
    await amara.do(bans.ban, made.id, bruno.id, reason="A break.", length=timedelta(days=7))
    assert "Let them back in first" in await refusal(amara)
    said = await refusal(carla)
    assert await state_of(bruno, made.id) == ("removed", "member")
    await amara.do(bans.unban, made.id, bruno.id)
    for one, other in ((bruno, carla), (carla, bruno)):
        await one.here.run(blocking.block, one.here, one.id, other.id)
        assert await refusal(carla) == said
        await one.here.run(blocking.unblock, one.here, one.id, other.id)
    await amara.here.run(blocking.block, bruno.here, bruno.id, amara.id)
    with pytest.raises(Invalid) as refused:
        await amara.do(actions.create_community, informal(slug="reading", facilitators=("bruno",)))
    assert refused.value.field == "facilitators"
    assert await state_of(bruno, made.id) == ("left", "member")
    await carla.do(actions.invite_member, made.id, "bruno")
    assert await bruno.do(actions.join, made.id) == "active"

    # An ended membership is no ban: an invitation brings them back.
    await amara.do(actions.remove_member, made.id, bruno.id, reason="A break.")
    await carla.do(actions.invite_member, made.id, "bruno")
    assert await bruno.do(actions.join, made.id) == "active"


async def test_an_invitation_opens_a_closed_door_with_its_role(amara: Person, bruno: Person) -> None:
    made = await amara.do(actions.create_community, informal(visibility="members", join_policy="invite"))
    with pytest.raises(Invalid) as refused:
        await amara.do(actions.invite_member, made.id, "nobody")
    assert refused.value.field == "handle"
    await amara.do(actions.invite_member, made.id, "@bruno", role="facilitator")
    card = (await bruno.here.run(directory.directory, bruno.here, bruno.viewer))[0]
    assert (card.label.id, card.state, card.role) == (made.id, "invited", "")
    await bruno.do(actions.join, made.id)
    assert await state_of(bruno, made.id) == ("active", "facilitator")


async def test_b1_nobody_writes_before_accepting_the_version_of_today(amara: Person, bruno: Person) -> None:
    made = await amara.do(actions.create_community, informal(guidelines="1. Be kind."))
    await bruno.do(actions.join, made.id, accepts_guidelines=False)

    async def may_post() -> bool:
        facts = await bruno.here.run(queries.membership, bruno.here, made.id, bruno.id)
        assert facts is not None
        return bool(policy.may_post(facts))

    assert not await may_post()
    with pytest.raises(Invalid):
        await bruno.do(actions.accept_guidelines, made.id, 2)
    await bruno.do(actions.accept_guidelines, made.id, 1)
    assert await may_post()
    with pytest.raises(Invalid) as refused:
        await amara.do(actions.set_guidelines, made.id, "1. Be kind.\n2. Ask first.")
    assert refused.value.field == "why"
    assert await amara.do(actions.set_guidelines, made.id, "1. Be kind.", "no change") == 1
    assert await amara.do(actions.set_guidelines, made.id, "1. Be kind.\n2. Ask first.", "Advice came too early.") == 2
    assert not await may_post()
    await bruno.do(actions.accept_guidelines, made.id, 2)
    assert await may_post()
    accepted = await amara.here.run(guidelines.acceptances, amara.here, made.id)
    assert {(one.person.handle, one.version) for one in accepted} == {
        ("@amara", 1),
        ("@amara", 2),
        ("@bruno", 1),
        ("@bruno", 2),
    }
    assert len(accepted) == 4
    history = await amara.here.run(guidelines.versions, amara.here, made.id)
    assert [(one.version, one.why) for one in history] == [(2, "Advice came too early."), (1, "")]


def test_differences_are_told_line_by_line() -> None:
    found = guidelines.differences("1. Be kind.\n2. Be brief.", "1. Be kind.\n2. Ask first.\n3. Share.")
    assert [(line.kind, line.text) for line in found if line.kind != "same"] == [
        ("removed", "2. Be brief."),
        ("added", "2. Ask first."),
        ("added", "3. Share."),
    ]


async def test_a13_people_stand_in_alphabetical_order(fediverse: Fediverse, amara: Person) -> None:
    made = await amara.do(actions.create_community, informal())
    for name in ("zoe", "ben", "mia"):
        person = await fediverse.person(amara.here, name)
        await person.do(actions.join, made.id)
    first = await amara.here.run(roster.members, amara.here, made.id, limit=2)
    rest = await amara.here.run(roster.members, amara.here, made.id, after=first[-1].sort_key)
    assert [member.person.display_name for member in (*first, *rest)] == ["Amara", "Ben", "Mia", "Zoe"]


async def test_a_support_group_is_never_public(amara: Person) -> None:
    with pytest.raises(Invalid) as refused:
        await amara.do(actions.create_community, informal(kind="support"))
    assert refused.value.field == "visibility"
    made = await amara.here.run(
        actions.create_from_command,
        amara.here,
        owner_id=amara.id,
        slug="quiet",
        name="Quiet",
        kind="support",
        visibility="public",
    )
    assert made.hidden
    assert not await amara.here.run(queries.federates, amara.here, made.id)


async def test_archiving_is_for_stewards_and_can_be_taken_back(amara: Person, bruno: Person) -> None:
    made = await amara.do(actions.create_community, informal())
    await bruno.do(actions.join, made.id)
    with pytest.raises(NotAllowed):
        await bruno.do(actions.archive_community, made.id)
    await amara.do(actions.archive_community, made.id)
    facts = await bruno.here.run(queries.membership, bruno.here, made.id, bruno.id)
    assert facts is not None
    assert not policy.may_post(facts)
    await amara.do(actions.reopen_community, made.id)
    assert [label.id for label in await bruno.do(queries.my_communities)] == [made.id]


async def test_editing_keeps_the_handle_and_hides_what_becomes_local(amara: Person, bruno: Person) -> None:
    made = await amara.do(actions.create_community, informal())
    with pytest.raises(NotAllowed):
        await bruno.do(actions.edit_community, made.id, informal(name="Mine"))
    await amara.do(actions.edit_community, made.id, informal(name="Sciences", slug="other", visibility="instance"))
    page = await amara.here.run(queries.community_by_slug, amara.here, "science", amara.viewer)
    assert page is not None
    assert (page.label.name, page.visibility) == ("Sciences", "instance")
    assert await amara.here.run(queries.community_by_slug, amara.here, "science") is None


async def test_answers_may_be_given_by_question(amara: Person, bruno: Person) -> None:
    made = await amara.do(actions.create_community, informal(join_policy="apply"))
    questions = await amara.here.run(members.questions_of, amara.here, made.id)
    await bruno.do(actions.apply, made.id, dict(zip(questions, ANSWERS, strict=True)))
    assert await state_of(bruno, made.id) == ("applied", "member")
