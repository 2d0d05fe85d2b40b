"""What people need: who is asked today, what is suggested and why, and numbers of five or more (D6, L1, L2, L5, L9)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from server.actors.blocking import block
from server.discussions import actions as discussions
from server.discussions.actions import ThreadForm
from server.errors import Invalid, NotAllowed, NotFound
from server.needs import actions, asking, queries
from server.needs.actions import CardForm
from tests.facts import make_post
from tests.posting import community, join
from tests.server.week.test_week_queries import week

ASK = ThreadForm(kind="ask", title="Exit tickets for 32?", text="Nobody writes.", visibility="public")
CARD = CardForm(ask_me_about="exit tickets", may_be_asked=True)


async def told(person) -> int:
    """How many questions somebody was asked today."""
    return await person.here.run(
        person.here.db.value,
        "SELECT count(*) AS n FROM notification WHERE reader_id = :id AND kind = 'asked'",
        id=person.id,
    )


async def place(fediverse, *names):
    here = await fediverse.start("alder.example")
    people = [await fediverse.person(here, name) for name in names]
    group = await community(people[0], "science")
    for person in people[1:]:
        await join(person, group)
    await fediverse.settle()
    return here, group, people


async def test_d6_only_those_who_offered_it_and_may_read_it_are_asked_and_nobody_learns_who(fediverse):
    here, group, (maya, tom, *others) = await place(
        fediverse, "maya", "tom", "ann", "ben", "cem", "dea", "eli", "fay", "quiet", "far"
    )
    *helpers, quiet, far = others
    with pytest.raises(Invalid, match="what you may be asked about"):
        await tom.do(actions.answer, replace(CARD, ask_me_about=" "))
    for person in (tom, *helpers):
        await person.do(actions.answer, CARD)
    await quiet.do(actions.answer, replace(CARD, may_be_asked=False))
    await far.do(actions.answer, replace(CARD, ask_me_about="pottery"))
    await tom.do(lambda here, viewer: block(here, viewer.actor_id, maya.id))
    ask = await maya.do(discussions.start, replace(ASK, community_id=group.id))
    with pytest.raises(NotAllowed):
        await helpers[0].do(asking.need_today, ask.id)
    thread = await maya.do(discussions.start, replace(ASK, kind="discussion", community_id=group.id))
    with pytest.raises(NotFound):
        await maya.do(asking.need_today, thread.id)
    assert await maya.do(asking.asked, ask.id) is None
    await maya.do(asking.need_today, ask.id)
    assert await maya.do(asking.asked, ask.id) == -1
    before = fediverse.clock.now()
    await fediverse.settle()
    assert fediverse.clock.now() - before < timedelta(minutes=1)
    assert await maya.do(asking.asked, ask.id) == asking.MOST
    assert sum([await told(person) for person in helpers]) == asking.MOST
    assert [await told(person) for person in (maya, tom, quiet, far)] == [0, 0, 0, 0]
    assert len([mail for mail in here.mailer.logged if "needs an answer today" in mail.text]) == asking.MOST
    assert await helpers[0].do(asking.asked, ask.id) is None  # only who asked hears how many
    again = await maya.do(discussions.start, replace(ASK, community_id=group.id, title="Exit tickets again?"))
    with pytest.raises(Invalid, match="One question a day"):
        await maya.do(asking.need_today, again.id)


async def test_d6_l9_nobody_is_asked_twice_on_a_day(fediverse):
    here, group, (maya, tom, ben, ines) = await place(fediverse, "maya", "tom", "ben", "ines")
    await ines.do(actions.answer, CARD)
    first = await maya.do(discussions.start, replace(ASK, community_id=group.id))
    second = await tom.do(discussions.start, replace(ASK, community_id=group.id))
    await maya.do(asking.need_today, first.id)
    await tom.do(asking.need_today, second.id)
    await fediverse.settle()
    assert await told(ines) == 1
    assert sorted([await maya.do(asking.asked, first.id), await tom.do(asking.asked, second.id)]) == [0, 1]
    fediverse.clock.advance(25 * 3600)
    ben, ines = [await fediverse.as_person(here, person.id) for person in (ben, ines)]
    third = await ben.do(discussions.start, replace(ASK, community_id=group.id))
    await ben.do(asking.need_today, third.id)
    await fediverse.settle()
    assert await told(ines) == 2
    await ines.do(actions.answer, replace(CARD, may_be_asked=False))
    fediverse.clock.advance(25 * 3600)
    ben = await fediverse.as_person(here, ben.id)
    fourth = await ben.do(discussions.start, replace(ASK, community_id=group.id, title="Exit tickets, the fourth?"))
    await ben.do(asking.need_today, fourth.id)
    await fediverse.settle()
    assert (await told(ines), await ben.do(asking.asked, fourth.id)) == (2, 0)


async def test_l1_l5_what_one_finds_hard_decides_and_what_is_not_for_one_stays_away(fediverse):
    here, group, (maya, tom) = await place(fediverse, "maya", "tom")
    for title in ("Quiet starts in science", "Pottery wheels for all", "Equipment that goes round"):
        await make_post(here, tom.id, title=title)
    tried = await make_post(here, tom.id, title="Seminars without silence")
    await maya.do(
        actions.answer,
        CardForm(teaches="science", would_learn="leading seminars", stuck_with="pottery"),
    )
    await maya.do(
        discussions.start,
        ThreadForm(kind="challenge", title="Too little equipment", text="Eight sets.", community_id=group.id),
    )
    fresh = await fediverse.as_person(here, maya.id)
    reasons = {}
    for _ in range(4):
        for pick in (await week(fresh)).suggestions:
            reasons[pick.post.title] = (pick.reason, pick.about)
        fediverse.clock.advance(7 * 24 * 3600)
        fresh = await fediverse.as_person(here, maya.id)
    assert reasons == {
        "Quiet starts in science": ("teaches", ""),
        "Pottery wheels for all": ("stuck", ""),
        "Equipment that goes round": ("challenge", "Too little equipment"),
        "Seminars without silence": ("learn", ""),
    }
    assert len((await week(fresh)).suggestions) == 3
    with pytest.raises(NotFound):
        await fresh.do(actions.take_back, tried.id)
    await fresh.do(actions.pass_by, tried.id)
    await fresh.do(actions.pass_by, tried.id)
    for _ in range(4):
        assert tried.id not in [pick.post.id for pick in (await week(fresh)).suggestions]
        fediverse.clock.advance(7 * 24 * 3600)
        fresh = await fediverse.as_person(here, maya.id)
    await fresh.do(actions.take_back, tried.id)
    card, _ = await fresh.do(queries.card)
    await fresh.do(actions.answer, replace(card, wants_picks=False))
    assert (await week(fresh)).suggestions == []


async def test_l2_a_community_sees_numbers_of_five_or_more_and_nothing_else(fediverse):
    _here, group, people = await place(fediverse, "ann", "ben", "cem", "dea", "eli", "fay")
    for number, person in enumerate(people[:4]):
        await person.do(actions.answer, CardForm(stuck_with="late starts", would_learn=f"seminars {number}"))
    assert await people[0].do(lambda here, viewer: queries.needs_of(here, group.id)) == {
        "stuck_with": [],
        "would_learn": [],
        "ask_me_about": [],
    }
    await people[4].do(actions.answer, CardForm(stuck_with="Starts: always late, Kim above all"))
    found = await people[0].do(lambda here, viewer: queries.needs_of(here, group.id))
    assert [(topic.word, topic.people) for topic in found["stuck_with"]] == [("late", 5), ("starts", 5)]
    assert found["would_learn"] == []
