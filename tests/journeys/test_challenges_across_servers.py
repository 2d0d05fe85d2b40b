"""A challenge named on one server, answered on another (C3): whole for everybody, and both sides know of each other."""

from dataclasses import replace

import pytest

from server.actors.remote import resolve
from server.actors.viewer import ANONYMOUS
from server.challenges import actions, queries
from server.discussions import actions as discussions
from server.discussions.actions import ThreadForm
from server.posts.actions import fetch_post
from server.practices import actions as practices
from server.practices.form import PracticeForm
from tests.posting import community, document, follow, found, join, sees

NAMED = ThreadForm(kind="challenge", title="Half of them are done early", text="And the others *have not begun*.")
PRACTICE = PracticeForm(
    title="Second tasks in a box", steps=("Put ten tasks in a box.",), would_change="Fewer.", licence="CC-BY-4.0"
)


@pytest.fixture
async def two(fediverse):
    """Maya's community at Alder has Tom of Birch as a member."""
    maya = await fediverse.person(await fediverse.start("alder.example"), "maya")
    tom = await fediverse.person(await fediverse.start("birch.example"), "tom")
    group = await community(maya, "science")
    await join(tom, group)
    await follow(tom, maya)
    await fediverse.settle()
    return maya, tom, group


async def facts(person, uri):
    view = await sees(person, uri)
    return view.facts, [item.title for item in (await person.do(queries.challenge, view)).answers]


async def answer(person, uri, form=PRACTICE):
    challenge = await found(person.here, uri)
    return await person.do(practices.share, form, also=await person.do(actions.chosen, challenge.id))


async def test_c3_a_challenge_is_a_whole_article_and_one_of_its_kind_there(fediverse, two):
    maya, tom, group = two
    named = await maya.do(discussions.start, replace(NAMED, community_id=group.id))
    await fediverse.settle()
    status, wire = (await document(fediverse, maya.here, named.uri))[:2]
    assert (status, wire["type"], wire["kind"], wire["name"]) == (200, "Article", "challenge", NAMED.title)
    assert "<em>have not begun</em>" in wire["content"]
    there = await sees(tom, named.uri)
    assert (there.kind, there.kind_label, there.community.handle) == (
        "challenge",
        "Challenge",
        "@science@alder.example",
    )
    group_there = await found(tom.here, named.uri)
    assert [post.title for post in (await tom.do(queries.board, group_there.community_id)).items] == [NAMED.title]


async def test_c3_a_practice_of_another_server_answers_and_both_name_each_other(fediverse, two):
    maya, tom, group = two
    named = await maya.do(discussions.start, replace(NAMED, community_id=group.id))
    await fediverse.settle()
    practice = await answer(tom, named.uri)  # in no community: its author names whoever asked
    await fediverse.settle()

    wire = (await document(fediverse, tom.here, practice.uri))[1]
    assert wire["ph:answersChallenge"] == [named.uri]
    assert f'<a href="{named.url}">{NAMED.title}</a>' in wire["content"]
    for person in two[:2]:
        assert await facts(person, named.uri) == (["One answer"], [PRACTICE.title])
        view = await sees(person, practice.uri)
        assert [item.title for item in await person.do(queries.answers_to, view.id)] == [NAMED.title]

    fediverse.clock.advance(5)
    await tom.do(actions.take_answer_off, practice.id, (await found(tom.here, named.uri)).id)
    await fediverse.settle()
    assert "ph:answersChallenge" not in (await document(fediverse, tom.here, practice.uri))[1]
    for person in two[:2]:
        assert await facts(person, named.uri) == (["No answer yet"], [])


async def test_c3_an_answer_may_arrive_before_the_challenge(fediverse, two):
    maya, tom, group = two
    ada = await fediverse.person(await fediverse.start("cedar.example"), "ada")
    await follow(ada, tom)
    await fediverse.settle()
    named = await maya.do(discussions.start, replace(NAMED, community_id=group.id))
    await fediverse.settle()
    practice = await answer(tom, named.uri)
    await fediverse.settle()
    assert await found(ada.here, named.uri) is None
    assert await ada.do(queries.answers_to, (await found(ada.here, practice.uri)).id) == []
    await follow(ada, maya)
    await fediverse.settle()
    await ada.here.run(fetch_post, ada.here, named.uri)
    assert await facts(ada, named.uri) == (["One answer"], [PRACTICE.title])


async def test_c3_closing_travels_with_its_reason(fediverse, two):
    maya, tom, group = two
    named = await tom.do(
        discussions.start, replace(NAMED, community_id=(await tom.here.run(resolve, tom.here, group.uri)).id)
    )
    await fediverse.settle()
    fediverse.clock.advance(5)
    await tom.do(actions.close, named.id, "The new timetable ended it.")
    await fediverse.settle()
    here = await sees(maya, named.uri)
    assert (here.locked, (await maya.do(queries.challenge, here)).reason) == (True, "The new timetable ended it.")
    fediverse.clock.advance(5)
    await maya.do(actions.reopen, (await found(maya.here, named.uri)).id, "Not in Year 9.")
    await fediverse.settle()
    there = await sees(tom, named.uri)
    assert (there.locked, (await tom.do(queries.challenge, there)).reason) == (False, "Not in Year 9.")


async def test_c3_s15_a_challenge_of_members_is_named_to_nobody_else(fediverse, two):
    maya, tom, _ = two
    staff = await community(maya, "staff", visibility="members")
    await join(tom, staff)
    await fediverse.settle()
    secret = await maya.do(discussions.start, replace(NAMED, community_id=staff.id, visibility="members"))
    await fediverse.settle()
    public = await answer(maya, secret.uri)
    inside = await answer(maya, secret.uri, replace(PRACTICE, community_id=staff.id, visibility="members"))
    await fediverse.settle()
    wire = (await document(fediverse, maya.here, public.uri))[1]
    assert secret.uri not in str(wire)
    assert NAMED.title not in str(wire)
    assert await maya.here.run(queries.answers_to, maya.here, ANONYMOUS, public.id) == []
    there = await found(tom.here, inside.uri)
    assert [item.title for item in await tom.do(queries.answers_to, there.id)] == [NAMED.title]
