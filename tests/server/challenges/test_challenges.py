"""Challenges of a community (C3): named, answered by practices and resources, closed with a reason."""

import asyncio
from dataclasses import replace

import pytest

from server.actors import removal
from server.actors.actions import resolve
from server.actors.blocking import block
from server.challenges import actions, queries
from server.discussions import actions as discussions
from server.discussions.actions import ThreadForm
from server.errors import Invalid, NotAllowed, NotFound
from server.peers import actions as peers
from server.posts import actions as posts
from server.posts import queries as post_queries
from server.practices import actions as practices
from server.practices.form import PracticeForm
from server.resources import actions as resources
from server.resources.form import ResourceForm
from tests.counting import statements
from tests.posting import Stranger, community, join

NAMED = ThreadForm(kind="challenge", title="Half of them are done early", text="And the others have not begun.")
PRACTICE = PracticeForm(
    title="Second tasks in a box",
    steps=("Put ten tasks in a box.",),
    would_change="Fewer tasks.",
    licence="CC-BY-4.0",
)


@pytest.fixture
async def scene(fediverse):
    """Maya looks after a community, Tom is a member, Ada is neither."""
    here = await fediverse.start("alder.example")
    maya, tom, ada = [await fediverse.person(here, name) for name in ("maya", "tom", "ada")]
    group = await community(maya, "science")
    await join(tom, group)
    return maya, tom, ada, group


async def name_it(person, group, **facts):
    return await person.do(discussions.start, replace(NAMED, community_id=group.id, **facts))


async def answered(person, challenge, form=PRACTICE):
    """A practice that answers a challenge."""
    also = await person.do(actions.chosen, challenge.id)
    return await person.do(practices.share, form, also=also)


async def board(person, group, **which):
    return [post.title for post in (await person.do(queries.board, group.id, **which)).items]


async def shown(person, challenge):
    view = await person.do(post_queries.show, challenge.id)
    return view, await person.do(queries.challenge, view)


async def test_c3_a_challenge_needs_a_community_a_title_and_words(scene):
    maya, _, ada, group = scene
    with pytest.raises(Invalid) as refused:
        await maya.do(discussions.start, NAMED)
    assert refused.value.field == "community"
    with pytest.raises(Invalid) as refused:
        await maya.do(discussions.start, replace(NAMED, community_id=group.id, title=" "))
    assert refused.value.field == "title"
    with pytest.raises(NotAllowed):
        await name_it(ada, group)


async def test_c3_s15_nothing_answers_a_challenge_that_its_author_cannot_read(scene):
    maya, tom, ada, _ = scene
    staff = await community(maya, "staff", visibility="members")
    secret = await name_it(maya, staff, visibility="members")
    with pytest.raises(NotFound):
        await ada.do(actions.chosen, secret.id)
    practice = await ada.do(practices.share, PRACTICE)
    with pytest.raises(NotFound):
        await ada.do(actions.add_answer, practice.id, secret.id)
    thread = await tom.do(discussions.start, ThreadForm(title="A thread", text="Words."))
    with pytest.raises(NotFound):
        await ada.do(actions.chosen, thread.id)


async def test_c3_s30_only_its_author_says_what_a_practice_answers(scene):
    maya, tom, _, group = scene
    challenge, practice = await name_it(maya, group), await tom.do(practices.share, PRACTICE)
    with pytest.raises(NotFound):
        await maya.do(actions.add_answer, practice.id, challenge.id)
    with pytest.raises(NotFound):
        await tom.do(actions.take_answer_off, practice.id, challenge.id)
    tip = await tom.do(practices.share, PracticeForm(entry="tip", text="Begin on time.", licence="CC-BY-4.0"))
    with pytest.raises(NotFound):
        await tom.do(actions.add_answer, tip.id, challenge.id)


async def test_c3_only_its_author_and_stewards_close_it_and_say_why(scene):
    maya, tom, ada, group = scene
    challenge = await name_it(tom, group)
    with pytest.raises(NotAllowed):
        await ada.do(actions.close, challenge.id, "I do not like it.")
    with pytest.raises(Invalid):
        await tom.do(actions.close, challenge.id, "  ")
    await maya.do(actions.close, challenge.id, "We have three good answers.")
    view, facts = await shown(ada, challenge)
    assert (view.locked, facts.reason, view.facts) == (True, "We have three good answers.", ["Closed", "No answer yet"])
    with pytest.raises(Invalid) as refused:
        await ada.do(actions.chosen, challenge.id)
    assert refused.value.field == "challenge"
    assert await board(tom, group) == []
    assert await board(tom, group, closed=True) == [challenge.title]
    await tom.do(actions.reopen, challenge.id, "It is back with the new class.")
    view, facts = await shown(ada, challenge)
    assert (view.locked, facts.reason) == (False, "It is back with the new class.")
    assert await board(tom, group) == [challenge.title]


async def test_c3_links_are_shown_on_both_sides(scene):
    maya, tom, ada, group = scene
    challenge = await name_it(maya, group)
    practice = await answered(tom, challenge)
    view, facts = await shown(ada, challenge)
    assert [item.title for item in facts.answers] == ["Second tasks in a box"]
    assert view.facts == ["One answer"]
    assert [item.title for item in await ada.do(queries.answers_to, practice.id)] == [challenge.title]

    await tom.do(actions.take_answer_off, practice.id, challenge.id)
    view, facts = await shown(ada, challenge)
    assert (facts.answers, view.facts) == ([], ["No answer yet"])
    await tom.do(actions.add_answer, practice.id, challenge.id)
    await tom.do(actions.add_answer, practice.id, challenge.id)
    assert (await shown(ada, challenge))[0].facts == ["One answer"]


async def test_c3_resources_answer_challenges_too(scene):
    maya, tom, _, group = scene
    challenge = await name_it(maya, group)
    form = ResourceForm(
        resource_type="link", title="Task cards", link="https://example.org/cards", text="Ten cards.",
        community_id=group.id, licence="CC-BY-4.0",
    )  # fmt: skip
    await tom.do(resources.add_resource, form, also=await tom.do(actions.chosen, challenge.id))
    assert [item.title for item in (await shown(maya, challenge))[1].answers] == ["Task cards"]


async def test_c3_a_practice_answers_five_challenges_at_most(scene):
    maya, tom, _, group = scene
    practice = await tom.do(practices.share, PRACTICE)
    for number in range(5):
        challenge = await name_it(maya, group, title=f"Challenge {number}")
        await tom.do(actions.add_answer, practice.id, challenge.id)
    one_more = await name_it(maya, group, title="One more")
    with pytest.raises(Invalid):
        await tom.do(actions.add_answer, practice.id, one_more.id)


async def test_c3_what_nobody_answered_comes_first_then_by_date(fediverse, scene):
    maya, tom, ada, group = scene
    named = []
    for title in ("Oldest", "Older", "Newer", "Newest"):
        named.append(await name_it(maya, group, title=title))
        fediverse.clock.advance(60)
    await answered(tom, named[3])
    await answered(tom, named[0])
    assert await board(ada, group) == ["Newer", "Older", "Newest", "Oldest"]


async def test_c3_an_answer_that_ends_does_not_count_any_more(scene):
    maya, tom, _, group = scene
    challenge = await name_it(maya, group)
    first = await answered(tom, challenge)
    second = await answered(tom, challenge, replace(PRACTICE, title="Another box", community_id=group.id))
    assert (await shown(maya, challenge))[0].facts == ["2 answers"]
    await maya.do(posts.remove_post, second.id, "Not for everybody.")
    assert (await shown(maya, challenge))[0].facts == ["One answer"]
    await maya.do(posts.restore_post, second.id)
    assert (await shown(maya, challenge))[0].facts == ["2 answers"]
    await tom.do(practices.withdraw, first.id)
    await tom.do(practices.withdraw, second.id)
    view, facts = await shown(maya, challenge)
    assert (view.facts, facts.answers) == (["No answer yet"], [])
    assert await board(maya, group) == [challenge.title]


async def test_c3_s17_answers_of_who_is_suspended_or_blocked_count_no_more(fediverse, scene):
    maya, tom, _, group = scene
    here, challenge = maya.here, await name_it(maya, group)
    fediverse.clock.advance(60)
    newer = await name_it(maya, group, title="Newer")
    await answered(tom, challenge)
    stranger = Stranger(fediverse, "spam.example")
    fediverse.watch.let_deliveries_pass()
    spam = {"type": "Article", "kind": "practice", "name": "Buy", "ph:answersChallenge": [challenge.uri, newer.uri]}
    spam |= {"learning": {"type": "LearningResource", "ph:steps": ["Pay."], "ph:wouldChange": "No."}}
    await stranger.create(fediverse, here, stranger.actor("mallory"), "n/1", **spam)
    assert [view.facts for view in (await maya.do(queries.board, group.id)).items] == [["One answer"], ["2 answers"]]
    await here.run(peers.set_grade, here, "spam.example", "blocked", "@maya", "spam")
    assert [view.facts for view in (await maya.do(queries.board, group.id)).items] == [
        ["No answer yet"],
        ["One answer"],
    ]
    await here.run(removal.suspend, here, tom.id, "@maya")
    assert (await shown(maya, challenge))[0].facts == ["No answer yet"]
    await here.run(removal.unsuspend, here, tom.id, "@maya")
    await here.run(peers.set_grade, here, "spam.example", "normal", "@maya", "")
    assert (await shown(maya, challenge))[0].facts == ["2 answers"]
    # Nor does what comes from whom she blocked answer her.
    eve = stranger.actor("eve")
    await here.run(block, here, maya.id, (await here.run(resolve, here, eve)).id)
    await stranger.create(fediverse, here, eve, "n/2", **spam | {"ph:answersChallenge": [challenge.uri]})
    assert (await shown(tom, challenge))[0].facts == ["2 answers"]


async def test_c3_two_answers_that_are_added_at_once_both_stand(scene):
    maya, tom, _, group = scene
    practice = await tom.do(practices.share, PRACTICE)
    named = [await name_it(maya, group, title=f"Challenge {number}") for number in range(7)]
    said = await asyncio.gather(
        *(tom.do(actions.add_answer, practice.id, each.id) for each in named), return_exceptions=True
    )
    assert [type(each) for each in said if each is not None] == [Invalid, Invalid]
    there = await tom.do(queries.answers_to, practice.id)
    assert len(there) == 5
    await asyncio.gather(*(tom.do(actions.take_answer_off, practice.id, each.id) for each in there[:3]))
    assert [each.id for each in await tom.do(queries.answers_to, practice.id)] == [each.id for each in there[3:]]


async def test_c3_s15_an_answer_for_few_counts_for_nobody_else(scene):
    maya, tom, ada, group = scene
    challenge = await name_it(maya, group)
    await answered(tom, challenge, replace(PRACTICE, visibility="followers"))
    draft = await tom.do(practices.save_draft, PRACTICE, also=await tom.do(actions.chosen, challenge.id))
    for person, seen in ((ada, 0), (tom, 1)):
        view, facts = await shown(person, challenge)
        assert (view.facts, len(facts.answers)) == (["No answer yet"], seen)
    await tom.do(practices.share, PRACTICE, draft_id=draft.id, also=await tom.do(actions.chosen, challenge.id))
    assert (await shown(ada, challenge))[0].facts == ["One answer"]


async def test_c3_the_board_is_read_page_by_page_at_the_same_cost(fediverse, scene):
    maya, tom, ada, group = scene
    named = []
    for number in range(25):
        named.append(await name_it(maya, group, title=f"Challenge {number}"))
        fediverse.clock.advance(60)
    for challenge in named[20:]:
        await answered(tom, challenge)
    with ada.here.db.bind(), statements(ada.here) as few:
        first = await ada.do(queries.board, group.id)
    with ada.here.db.bind(), statements(ada.here) as more:
        second = await ada.do(queries.board, group.id, before=first.next)
    titles = [post.title for post in (*first.items, *second.items)]
    assert titles == [f"Challenge {number}" for number in (*range(19, -1, -1), *range(24, 19, -1))]
    assert len(few) == len(more)
    assert second.next is None


async def test_c3_whoever_named_it_hears_of_an_answer(fediverse, scene):
    maya, tom, _, group = scene
    challenge = await name_it(maya, group)
    practice = await answered(tom, challenge)
    await fediverse.settle()
    news = "SELECT reader_id, post_id FROM notification WHERE kind = 'mention'"
    rows = await maya.here.run(maya.here.db.rows, news)
    assert [(row["reader_id"], row["post_id"]) for row in rows] == [(maya.id, practice.id)]
