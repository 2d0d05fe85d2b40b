"""Answers that show another way of doing what is asked (A17), here and from elsewhere."""

import pytest

from server.discussions import actions
from server.discussions.actions import ThreadForm
from server.errors import Invalid
from server.posts import actions as posts
from server.posts import queries
from tests.posting import Stranger, community, document, found, join, reply, sees, write

ASK = ThreadForm(kind="ask", title="How do you begin?", text="With half of them late.")
OTHER = ThreadForm(text="With a riddle on the door.", another_way=True)


@pytest.fixture
async def two(fediverse):
    """Maya asks in a community at Alder; Tom of Birch is a member."""
    maya = await fediverse.person(await fediverse.start("alder.example"), "maya")
    tom = await fediverse.person(await fediverse.start("birch.example"), "tom")
    group = await community(maya, "science")
    await join(tom, group)
    await fediverse.settle()
    ask = await write(maya, ASK.text, kind="ask", title=ASK.title, community_id=group.id)
    await fediverse.settle()
    return maya, tom, ask


async def test_a17_only_an_answer_shows_another_way(two):
    maya, _, _ = two
    for manner, kind in (("another", "discussion"), ("sideways", "reply")):
        new = posts.NewPost(kind=kind, title="A title", source_md="Words.", manner=manner)
        with pytest.raises(Invalid) as refused:
            await maya.here.run(posts.create_post, maya.here, maya.id, new)
        assert refused.value.field == "another_way"
    thread = await maya.do(actions.start, ThreadForm(title="A thread", text="Words.", another_way=True))
    assert thread.manner == ""


async def test_a17_another_way_travels_and_can_be_taken_back(fediverse, two):
    maya, tom, ask = two
    plain = await reply(tom, await found(tom.here, ask.uri), "With a question.")
    other = await tom.do(actions.reply, (await found(tom.here, ask.uri)).id, OTHER)
    await fediverse.settle()
    assert (await document(fediverse, tom.here, other.uri))[1]["kind"] == "alternative"
    assert "kind" not in (await document(fediverse, tom.here, plain.uri))[1]
    for person in (maya, tom):
        here = await found(person.here, ask.uri)
        shown = {(post.manner, post.kind_label) for post in await person.do(queries.thread, here.id)}
        assert shown == {("", "Reply"), ("another", "Another way")}
    fediverse.clock.advance(5)
    await tom.do(actions.change, other.id, ThreadForm(text=OTHER.text))
    await fediverse.settle()
    assert (await sees(maya, other.uri)).manner == ""


async def test_a17_where_there_is_no_box_a_hashtag_says_it(fediverse, two):
    maya, _, ask = two
    mastodon = Stranger(fediverse, "masto.example")
    ada = mastodon.actor("ada")
    tag = [{"type": "Hashtag", "name": "#AnotherWay", "href": "https://masto.example/tags/anotherway"}]
    note = mastodon.note(ada, "n/1", "<p>On the stairs. #AnotherWay</p>", inReplyTo=ask.uri, tag=tag)
    await maya.here.run(maya.here.db.execute, "UPDATE actor SET approved = TRUE")
    await mastodon.send(maya.here, mastodon.activity("Create", ada, note))
    await fediverse.settle()
    mine = await reply(maya, ask, "Outside. #anotherway")
    assert (await found(maya.here, note["id"])).manner == "another"
    assert mine.manner == "another"
    thread = await write(maya, "Nothing is answered by this. #anotherway")
    assert thread.manner == ""
