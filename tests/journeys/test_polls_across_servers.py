"""A poll between three Peerhalls: asked on one, answered on the others, counted once, told to all, and ended."""

from dataclasses import replace

import pytest

from server.errors import NotAllowed
from server.polls import actions, queries
from server.polls.form import PollForm
from server.posts import queries as posts
from server.timelines import queries as timelines
from tests.posting import community, document, follow, found, join, reply, sees, write

FORM = PollForm(question="Which tool?", options=("Paper strips", "Blocks"), lasts="1d")


@pytest.fixture
async def three(fediverse):
    """Maya at Alder has a community; Tom at Birch and Ada at Cedar are members."""
    people = []
    for domain, name in (("alder.example", "maya"), ("birch.example", "tom"), ("cedar.example", "ada")):
        people.append(await fediverse.person(await fediverse.start(domain), name))
    group = await community(people[0], "science")
    for person in people[1:]:
        await join(person, group)
        await follow(person, people[0])
    await fediverse.settle()
    return [*people, group]


async def numbers(person, uri):
    """Votes, voters, whether they voted and whether it is over, as somebody sees it."""
    poll = await person.do(queries.poll, await sees(person, uri))
    return [option.votes for option in poll.options], poll.voters, poll.has_voted, poll.is_over


async def test_a_poll_is_answered_from_three_servers_and_everybody_sees_the_same(fediverse, three):
    maya, tom, ada, group = three
    post = await maya.do(actions.start_poll, replace(FORM, community_id=group.id))
    await fediverse.settle()

    there = await sees(tom, post.uri)
    assert (there.kind, there.title, there.community.handle) == ("poll", "Which tool?", "@science@alder.example")
    assert "<li>" not in there.content_html  # the options are shown in fields, and not a second time
    assert [item.uri for item in (await tom.do(timelines.home)).items] == [post.uri]

    await tom.do(actions.vote, there.id, {1})
    await ada.do(actions.vote, (await found(ada.here, post.uri)).id, {1})
    await maya.do(actions.vote, post.id, {0})
    assert await numbers(tom, post.uri) == ([0, 1], 1, True, False)
    await fediverse.settle()
    assert await numbers(maya, post.uri) == ([1, 2], 3, True, False)
    assert (await document(fediverse, maya.here, post.uri))[1]["votersCount"] == 3

    fediverse.clock.advance(200)
    await fediverse.settle()
    for person in (tom, ada):
        assert await numbers(person, post.uri) == ([1, 2], 3, True, False)
        assert (await sees(person, post.uri)).edited is False
        assert await person.here.run(person.here.db.value, "SELECT count(*) AS n FROM post") == 1
        with pytest.raises(NotAllowed):
            await person.do(actions.vote, (await found(person.here, post.uri)).id, {0})

    fediverse.clock.advance(86_400)
    await fediverse.settle()
    for person in (maya, tom, ada):
        assert (await numbers(person, post.uri))[3]
        told = await person.here.run(
            person.here.db.rows, "SELECT reader_id FROM notification WHERE kind = 'poll_ended'"
        )
        assert [row["reader_id"] for row in told] == [person.id]


async def test_numbers_are_told_at_most_every_three_minutes(fediverse, three):
    maya, tom, ada, group = three
    post = await maya.do(actions.start_poll, replace(FORM, community_id=group.id))
    await fediverse.settle()
    await tom.do(actions.vote, (await found(tom.here, post.uri)).id, {1})
    await fediverse.settle()
    fediverse.clock.advance(100)
    await ada.do(actions.vote, (await found(ada.here, post.uri)).id, {1})
    await fediverse.settle()
    assert await sent(maya, "update") == 0
    fediverse.clock.advance(100)
    await fediverse.settle()
    assert await sent(maya, "update") == 1
    await maya.do(actions.vote, post.id, {0})
    await fediverse.settle()
    fediverse.clock.advance(100)
    await fediverse.settle()
    assert await sent(maya, "update") == 1
    fediverse.clock.advance(100)
    await fediverse.settle()
    assert await sent(maya, "update") == 2


async def test_s15_a_poll_for_members_stays_among_them(fediverse, three):
    maya, tom, ada, _ = three
    group = await community(maya, "staff", visibility="members")
    await join(tom, group)
    await fediverse.settle()
    post = await maya.do(actions.start_poll, replace(FORM, community_id=group.id, visibility="members"))
    await fediverse.settle()
    assert (await found(ada.here, post.uri)) is None
    assert (await document(fediverse, maya.here, post.uri))[0] == 404
    there = await found(tom.here, post.uri)
    assert there.visibility == "members"
    await tom.do(actions.vote, there.id, {0})
    await fediverse.settle()
    fediverse.clock.advance(200)
    await fediverse.settle()
    assert await numbers(maya, post.uri) == ([1, 0], 1, False, False)
    assert await numbers(tom, post.uri) == ([1, 0], 1, True, False)
    assert (await found(ada.here, post.uri)) is None


async def test_a_poll_within_a_conversation_goes_where_the_conversation_is(fediverse, three):
    maya, tom, _, group = three
    thread = await write(maya, community_id=group.id)
    await fediverse.settle()
    parent = await found(tom.here, thread.uri)
    poll = await tom.do(actions.start_poll, replace(FORM, parent_id=parent.id))
    await fediverse.settle()
    nodes = await maya.do(posts.thread, thread.id)
    assert [(node.kind, node.uri, node.facts[0]) for node in nodes] == [("poll", poll.uri, "2 answers to choose from")]
    assert "Which tool?" in nodes[0].content_html
    assert nodes[0].title == ""
    await maya.do(actions.vote, nodes[0].id, {1})
    await fediverse.settle()
    assert await numbers(tom, poll.uri) == ([0, 1], 1, False, False)
    answer = await reply(maya, nodes[0].id, "Blocks break.")
    await fediverse.settle()
    assert (await found(tom.here, answer.uri)).parent_id == poll.id


async def test_no_vote_is_ever_announced_or_served(fediverse, three):
    maya, tom, ada, group = three
    post = await maya.do(actions.start_poll, replace(FORM, community_id=group.id))
    await fediverse.settle()
    await tom.do(actions.vote, (await found(tom.here, post.uri)).id, {1})
    await fediverse.settle()
    sent_to = await tom.here.run(
        tom.here.db.rows, "SELECT inboxes, body FROM outgoing WHERE activity_id LIKE '%/a/vote/%'"
    )
    assert [(row["inboxes"], "proof" in row["body"]) for row in sent_to] == [(f'["{maya.uri}/inbox"]', False)]
    assert await sent(tom, "vote") == 0
    fediverse.clock.advance(200)
    await fediverse.settle()
    passed_on = (
        "SELECT count(*) AS n FROM outgoing WHERE body LIKE '%/a/vote/%' OR (body LIKE :voter AND body LIKE :poll)"
    )
    assert await maya.here.run(maya.here.db.value, passed_on, voter=f"%{tom.uri}%", poll=f"%{post.uri}%") == 0
    heard = "SELECT count(*) AS n FROM inbox_receipt WHERE body LIKE '%/a/vote/%'"
    assert await ada.here.run(ada.here.db.value, heard) == 0


async def sent(person, verb):
    """How many activities of this kind somebody's server has kept as sent."""
    return await person.here.run(
        person.here.db.value, "SELECT count(*) AS n FROM sent_activity WHERE uri LIKE :like", like=f"%/ap/a/{verb}/%"
    )
