"""Roles that go round, newcomers who are greeted, applications, and groups of the same question (A4, A11, A14, A16)."""

import pytest

from server.communities import actions as communities
from server.communities import charter, goals, members, roster
from server.communities import queries as communities_queries
from server.communities.models import Membership
from server.errors import Invalid, NotAllowed, NotFound
from server.hosting import actions, newcomers, policy, queries, terms, together
from server.hosting.policy import Candidate, next_for
from server.hosting.terms import TermForm
from server.notifications import queries as notifications
from server.posts import actions as posts
from server.sessions import actions as sessions
from server.sessions.form import SessionForm
from tests.conftest import Fediverse
from tests.posting import community, join, reply, sees, write

HOURS = 60 * 60
MEETING = SessionForm(
    title="Meeting", text="We meet.", starts="2030-01-10T10:00", ends="2030-01-10T11:00", place="Here"
)


def test_a11_nobody_has_a_role_twice_running_and_who_had_it_longest_ago_is_next() -> None:
    ada, ben, cem = Candidate("ada", 0), Candidate("ben", 2), Candidate("cem", None)
    assert next_for([ada], []) is None
    assert next_for([ada, ben, cem], []) == "cem"
    assert next_for([ada, ben], []) == "ben"
    assert next_for([ben, Candidate("dua", 1)], []) == "ben"
    assert next_for([ben, cem], ["cem"]) == "ben"
    assert next_for([ada, ben], [], after="ben") is None


async def test_a12_a23_roles_go_round_and_are_skipped_and_swapped_by_members(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya, tom, ada, eve = [await fediverse.person(here, name) for name in ("maya", "tom", "ada", "eve")]
    group = await community(maya, "science")
    for person in (tom, ada):
        await join(person, group)
    for person, error in ((eve, NotAllowed), (tom, NotAllowed)):
        with pytest.raises(error):
            await person.do(actions.let_go_round, group.id, goes_round=True)
    with pytest.raises(NotAllowed):
        await eve.do(actions.take_turns, group.id, hosts=True, greets=True)
    await maya.do(actions.let_go_round, group.id, goes_round=True)
    for person in (tom, ada):
        await person.do(actions.take_turns, group.id, hosts=True, greets=False)
        fediverse.clock.advance(1)

    form = SessionForm(**{**vars_of(MEETING), "community_id": group.id})
    hosts = []
    for _ in range(3):
        event = await maya.do(sessions.publish_event, form)
        fediverse.clock.advance(5)
        roles = {line.role: line for line in (await tom.do(queries.roles_of, await sees(tom, event.uri)))[0]}
        hosts.append(roles["host"].person.id)
    assert hosts == [tom.id, ada.id, tom.id]  # whoever hosted last does not host again
    assert set(roles) == set(policy.ROLES)
    assert "instructor" not in policy.ROLES
    assert [line.kind for line in (await ada.do(notifications.page)).groups[0].lines] == ["role"]

    for act in (actions.skip, actions.give_back):
        with pytest.raises(NotAllowed):
            await eve.do(act, event.id, "host")
    with pytest.raises(NotAllowed):
        await ada.do(actions.skip, event.id, "host")  # it is Tom's
    with pytest.raises(Invalid, match="taken it already"):
        await ada.do(actions.take, event.id, "host")
    for wrong in ("instructor", ""):
        with pytest.raises(NotFound):
            await tom.do(actions.take, event.id, wrong)
    await ada.do(actions.give_back, event.id, "time")
    await maya.do(actions.take, event.id, "notes")
    await tom.do(actions.swap, event.id, "host", "notes")
    roles = {line.role: line for line in (await tom.do(queries.roles_of, await sees(tom, event.uri)))[0]}
    assert (roles["host"].person.id, roles["notes"].person.id) == (maya.id, tom.id)
    await tom.do(actions.give_back, event.id, "notes")
    with pytest.raises(Invalid, match="take it"):
        await maya.do(actions.swap, event.id, "host", "notes")
    await maya.do(actions.skip, event.id, "host")
    assert (await tom.do(queries.roles_of, await sees(tom, event.uri)))[0][0].person.id == tom.id


def vars_of(form: SessionForm) -> dict[str, object]:
    return {name: getattr(form, name) for name in form.__dataclass_fields__}


async def test_a14_newcomers_are_greeted_or_those_who_look_after_it_hear(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya, tom, ada, ben = [await fediverse.person(here, name) for name in ("maya", "tom", "ada", "ben")]
    group = await community(maya, "science")
    await join(tom, group)
    await tom.do(actions.take_turns, group.id, hosts=False, greets=True)
    with pytest.raises(NotAllowed):
        await ada.do(newcomers.introduce, group.id, title="Hello", answers={"What do you do?": "Biology"})
    for person in (ada, ben):
        await join(person, group)
    with pytest.raises(Invalid) as refused:
        await ada.do(newcomers.introduce, group.id, title="Hello", answers={"What do you do?": " "})
    assert refused.value.field == "q0"
    post = await ada.do(newcomers.introduce, group.id, title="Hello", answers={"What do you do?": "Biology."})
    await reply(ada, post, "And chemistry.")  # nobody greets themselves
    arrived = {one.person.id: one for one in await here.run(queries.arrivals, here, group.id)}
    assert arrived[ada.id].greeter is not None
    assert arrived[ada.id].greeter.id == tom.id
    assert (arrived[ada.id].is_answered, bool(arrived[ada.id].intro_url)) == (False, True)
    assert "greet" in [line.kind for line in (await tom.do(notifications.page)).groups[0].lines]
    await reply(tom, post, "Welcome!")
    fediverse.clock.advance(49 * HOURS)
    await fediverse.settle()
    lines = {line.kind: line for line in (await maya.do(notifications.page)).groups[0].lines}
    assert {person.id for person in lines["ungreeted"].people} == {tom.id, ben.id}  # not Ada, whom somebody answered
    assert ben.id in {one.person.id for one in await here.run(queries.arrivals, here, group.id) if one.is_late}
    quiet_group = await community(maya, "listening", kind="support", visibility="members", join_policy="apply")
    await ada.do(communities.join, quiet_group.id, answers=("a", "b", "c"))
    await maya.do(communities.decide_application, quiet_group.id, ada.id, accept=True)
    assert await here.run(queries.arrivals, here, quiet_group.id) == []


async def test_a4_what_is_noted_of_applications_is_gone_when_they_are_decided(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya, tom, ada = [await fediverse.person(here, name) for name in ("maya", "tom", "ada")]
    group = await community(maya, "science", join_policy="apply")
    for person in (tom, ada):
        await person.do(communities.join, group.id, answers=("a", "b", "c"))
    with pytest.raises(NotAllowed):
        await tom.do(members.note_application, group.id, ada.id, shortlisted=True, marks=())
    with pytest.raises(NotFound):
        await maya.do(members.note_application, group.id, maya.id, shortlisted=True, marks=())
    await maya.do(members.note_application, group.id, ada.id, shortlisted=True, marks=("expertise", "nonsense"))
    asked = {one.person.id: one for one in await here.run(roster.applications, here, group.id)}
    assert (asked[ada.id].shortlisted, asked[ada.id].marks) == (True, ("expertise",))
    assert (asked[tom.id].shortlisted, asked[tom.id].marks) == (False, ())
    await maya.do(communities.decide_application, group.id, ada.id, accept=True, note="Welcome.")
    kept = await here.run(Membership.get, community_id=group.id, person_id=ada.id)
    assert (kept.note, kept.shortlisted, kept.marks, kept.answers) == ("Welcome.", False, None, None)


async def test_a16_three_with_the_same_question_are_invited_to_a_group(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya, *others = [await fediverse.person(here, name) for name in ("maya", "tom", "ada", "ben")]
    group = await community(maya, "science")
    ask = await write(maya, "How?", kind="ask", title="How do you start?", community_id=group.id)
    for person in others[:2]:
        await person.do(posts.echo_post, ask.id)
    small = await community(maya, "starters")
    with pytest.raises(NotFound):
        await others[0].do(together.invite_same_boat, small.id, ask.id)
    with pytest.raises(NotAllowed):
        await maya.do(together.invite_same_boat, small.id, ask.id)
    await others[2].do(posts.echo_post, ask.id)
    assert await maya.do(together.invite_same_boat, small.id, ask.id) == 3
    assert {person.id for person in await here.run(roster.invited, here, small.id)} == {person.id for person in others}


async def test_n18_a2_a_term_ends_with_what_was_reached_and_everybody_is_carried_on(fediverse: Fediverse) -> None:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    maya, tom = await fediverse.person(alder, "maya"), await fediverse.person(alder, "tom")
    bruno = await fediverse.person(birch, "bruno")
    group = await community(maya, "science", objectives="Try things.", term_until="2026-07-01", goals=("A list",))
    for person in (tom, bruno):
        await join(person, group)
    await fediverse.settle()
    await maya.do(goals.add_deliverable, group.id, goal="A list", text="One routine")
    (item,) = await alder.run(goals.of, alder, group.id)
    await tom.do(goals.tick, group.id, item.id, done=True)
    whole = TermForm("Two routines.", {"term_until": "2031-07-01", "objectives": "Go on."}, ask_again=True)
    for person, error in ((tom, NotAllowed), (bruno, NotFound)):
        with pytest.raises(error):
            await person.do(terms.roll_over, group.id, whole)
    with pytest.raises(Invalid) as refused:
        await maya.do(terms.roll_over, group.id, TermForm(" ", {"term_until": "2020-07-01"}))
    assert [error["field"] for error in refused.value.errors] == ["reached", "term_until"]
    assert await alder.run(terms.past, alder, group.id) == []
    assert await maya.do(terms.roll_over, group.id, whole) == 1
    await fediverse.settle()
    (past,) = await alder.run(terms.past, alder, group.id)
    assert (past.reached, past.members, past.charter_version, past.last_day) == ("Two routines.", 3, 1, "2026-07-01")
    assert [(goal.text, goal.done) for goal in past.goals] == [("A list", 1)]
    newest, oldest = await alder.run(charter.versions, alder, group.id)
    assert (newest.parts["objectives"], oldest.parts["objectives"]) == ("Go on.", "Try things.")
    page = await tom.do(lambda here, viewer: communities_queries.community_by_slug(here, "science", viewer))
    assert (page.asked_again, page.members_count, page.progress[0].deliverables) == (True, 3, ())
    assert await alder.run(terms.unanswered, alder, group.id) == 1  # nobody asks on other servers
    await tom.do(terms.go_on, group.id)
    assert await alder.run(terms.unanswered, alder, group.id) == 0
    told = await birch.run(birch.db.value, "SELECT content_html FROM post WHERE title = 'A new term'")
    assert "What we reached:</strong> Two routines." in str(told)  # complete wherever it is read
