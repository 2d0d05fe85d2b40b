"""Ideas (D13): interested, somebody hosts it, and from three interested on it becomes an event."""

from dataclasses import replace

import pytest

from server.actors import removal
from server.discussions import actions as discussions
from server.discussions.actions import ThreadForm
from server.errors import Invalid, NotAllowed, NotFound
from server.ideas import actions, queries
from server.posts import actions as posts
from server.posts import queries as post_queries
from server.sessions import actions as sessions
from server.sessions.form import SessionForm
from tests.counting import statements
from tests.posting import community, document, join

IDEA = ThreadForm(kind="idea", title="We visit each other's first ten minutes", text="And have coffee afterwards.")
EVENT = SessionForm(
    title="Visits", text="Ten minutes each.", starts="2030-01-10T10:00", ends="2030-01-10T11:00", place="Room 3"
)


@pytest.fixture
async def scene(fediverse):
    """Maya looks after a community of which Tom, Ada and Ben are members; Zoe is not."""
    here = await fediverse.start("alder.example")
    maya, tom, ada, ben, zoe = [await fediverse.person(here, name) for name in ("maya", "tom", "ada", "ben", "zoe")]
    group = await community(maya, "science")
    for person in (tom, ada, ben):
        await join(person, group)
    return maya, tom, ada, ben, zoe, group


async def have(person, group, **facts):
    return await person.do(discussions.start, replace(IDEA, community_id=group.id, **facts))


async def seen(person, idea):
    view = await person.do(post_queries.show, idea.id)
    return view, await person.do(queries.idea, view)


async def announce(person, idea, group, form=EVENT):
    also = await person.do(actions.scheduled, idea.id)
    return await person.do(sessions.publish_event, replace(form, community_id=group.id), also=also)


async def test_d13_an_idea_needs_a_community(scene):
    maya, _, _, _, zoe, group = scene
    with pytest.raises(Invalid) as refused:
        await maya.do(discussions.start, IDEA)
    assert refused.value.field == "community"
    with pytest.raises(NotAllowed):
        await have(zoe, group)


async def test_d13_s15_nobody_hosts_what_they_cannot_read(scene):
    maya, tom, _, _, zoe, _ = scene
    staff = await community(maya, "staff", visibility="members")
    secret = await have(maya, staff, visibility="members")
    for act in (actions.volunteer, actions.step_back, actions.scheduled):
        with pytest.raises(NotFound):
            await zoe.do(act, secret.id)
    assert await zoe.do(queries.prefill, secret.short) is None
    thread = await tom.do(discussions.start, ThreadForm(title="A thread", text="Words."))
    with pytest.raises(NotFound):
        await tom.do(actions.volunteer, thread.id)


async def test_d13_only_members_host_and_only_one_of_them(scene):
    maya, tom, ada, ben, zoe, group = scene
    idea = await have(maya, group)
    with pytest.raises(NotAllowed):
        await zoe.do(actions.volunteer, idea.id)
    await tom.do(actions.volunteer, idea.id)
    await tom.do(actions.volunteer, idea.id)
    with pytest.raises(NotAllowed):
        await ada.do(actions.volunteer, idea.id)
    with pytest.raises(NotAllowed):
        await ben.do(actions.step_back, idea.id)
    _, facts = await seen(ada, idea)
    assert (facts.host.id, facts.can_host, facts.can_step_back) == (tom.id, False, False)
    await tom.do(actions.step_back, idea.id)
    _, facts = await seen(ada, idea)
    assert (facts.host, facts.can_host) == (None, True)
    await ada.do(actions.volunteer, idea.id)
    await maya.do(actions.step_back, idea.id)
    assert (await seen(ada, idea))[1].host is None


async def test_d13_who_is_gone_hosts_nothing_and_what_was_withdrawn_is_not_scheduled(fediverse, scene):
    maya, tom, ada, ben, _, group = scene
    idea = await have(maya, group)
    await tom.do(actions.volunteer, idea.id)
    await tom.here.run(removal.suspend, tom.here, tom.id, "@maya")
    view, facts = await seen(ada, idea)
    assert (facts.host, facts.can_host, view.facts[1]) == (None, True, "Nobody hosts it yet")
    assert "ph:host" not in (await document(fediverse, ada.here, idea.uri))[1]
    await ada.do(actions.volunteer, idea.id)
    view, facts = await seen(ben, idea)
    assert (facts.host.id, facts.can_host, view.facts[1]) == (ada.id, False, "Somebody hosts it")
    for person in (maya, ada, ben):
        await person.do(posts.like_post, idea.id)
    event = await announce(ada, idea, group)
    await ada.do(posts.delete_post, event.id)
    assert (await seen(ben, idea))[0].facts[1] == "Somebody hosts it"


async def test_d13_interest_is_one_tap_counted_and_undone(scene):
    maya, tom, ada, ben, _, group = scene
    idea = await have(maya, group)
    for person in (tom, tom, ada):
        await person.do(posts.like_post, idea.id)
    view, facts = await seen(ben, idea)
    assert (view.facts, facts.interested, facts.missing) == (["2 interested", "Nobody hosts it yet"], 2, 1)
    await tom.do(posts.unlike_post, idea.id)
    assert (await seen(ben, idea))[1].interested == 1


async def test_d13_it_is_scheduled_from_three_interested_on_by_those_who_may(scene):
    maya, tom, ada, ben, zoe, group = scene
    idea = await have(ada, group)
    await tom.do(actions.volunteer, idea.id)
    for person in (tom, ben):
        await person.do(posts.like_post, idea.id)
    with pytest.raises(NotAllowed, match="3 people"):
        await tom.do(actions.scheduled, idea.id)
    assert (await seen(tom, idea))[1].can_schedule is False
    await zoe.do(posts.like_post, idea.id)
    assert [(await seen(person, idea))[1].can_schedule for person in (tom, ada, maya, ben, zoe)] == [
        True, True, True, False, False,
    ]  # fmt: skip
    with pytest.raises(NotAllowed):
        await ben.do(actions.scheduled, idea.id)
    elsewhere = await community(tom, "literacy")
    with pytest.raises(Invalid) as refused:
        await announce(tom, idea, elsewhere)
    assert refused.value.field == "community"
    start = await tom.do(queries.prefill, idea.short)
    assert (start.title, start.text) == (IDEA.title, IDEA.text)

    event = await announce(tom, idea, group)
    view, facts = await seen(ben, idea)
    assert (facts.session.title, facts.can_schedule, view.facts) == ("Visits", False, ["3 interested", "Scheduled"])
    came_of = await ben.do(queries.came_of, await ben.do(post_queries.show, event.id))
    assert came_of.title == IDEA.title
    with pytest.raises(NotAllowed):
        await maya.do(actions.scheduled, idea.id)
    with pytest.raises(NotAllowed):
        await ada.do(actions.volunteer, idea.id)
    await tom.do(sessions.withdraw, event.id)
    assert (await seen(tom, idea))[1].can_schedule is True


async def test_d13_the_board_shows_the_newest_first_at_the_same_cost(fediverse, scene):
    maya, tom, _, _, _, group = scene
    for number in range(25):
        await have(maya, group, title=f"Idea {number}")
        fediverse.clock.advance(60)
    with tom.here.db.bind(), statements(tom.here) as few:
        first = await tom.do(queries.board, group.id)
    with tom.here.db.bind(), statements(tom.here) as more:
        second = await tom.do(queries.board, group.id, first.next)
    titles = [post.title for post in (*first.items, *second.items)]
    assert titles == [f"Idea {number}" for number in range(24, -1, -1)]
    assert len(few) == len(more)
    assert second.next is None
