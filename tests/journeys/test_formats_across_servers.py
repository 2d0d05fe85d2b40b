"""Conversations with a format (D5), and saying back what one heard (D15), between servers."""

import pytest

from server.discussions import actions, forming
from server.discussions.actions import ThreadForm
from server.errors import Invalid, NotAllowed
from server.posts import queries
from tests.posting import Stranger, community, document, found, join, sees

SIDES = ThreadForm(title="Homework at weekends?", text="We never settled it.", format="sides", licence="CC-BY-4.0")
TRIAL = ThreadForm(title="My new opening", text="They write before they talk.", format="feedback", licence="CC-BY-4.0")


@pytest.fixture
async def three(fediverse):
    """Maya has a community at Alder; Tom of Birch is a member, and Ada writes from a Mastodon."""
    maya = await fediverse.person(await fediverse.start("alder.example"), "maya")
    tom = await fediverse.person(await fediverse.start("birch.example"), "tom")
    group = await community(maya, "science")
    await join(tom, group)
    await fediverse.settle()
    return maya, tom, Stranger(fediverse, "masto.example"), group.id


async def test_d5_sides_stand_beside_each_other_on_every_server_and_end_with_a_summary(fediverse, three):
    maya, tom, mastodon, group = three
    for wrong in ({"format": "duel"}, {"kind": "ask"}):
        with pytest.raises(Invalid) as refused:
            await maya.do(actions.start, ThreadForm(**{"title": "T", "text": "W", "format": "sides"} | wrong))
        assert refused.value.field == "format"
    thread = await maya.do(actions.start, ThreadForm(**{**_fields(SIDES), "community_id": group}))
    await fediverse.settle()
    wire = (await document(fediverse, maya.here, thread.uri))[1]
    assert wire["ph:format"] == "sides"
    assert "For, against, or another way?" in wire["content"]
    there = await found(tom.here, thread.uri)
    for part in ("", "inside"):
        with pytest.raises(Invalid) as refused:
            await tom.do(actions.reply, there.id, ThreadForm(text="Because.", part=part))
        assert refused.value.field == "part"
    against = await tom.do(actions.reply, there.id, ThreadForm(text="They rest.", part="against"))
    other = await tom.do(actions.reply, there.id, ThreadForm(text="One in three.", part="another"))
    ada = mastodon.actor("ada")
    tag = [{"type": "Hashtag", "name": "#For", "href": "https://masto.example/tags/for"}]
    note = mastodon.note(ada, "n/1", "<p>It is calm then. #For</p>", inReplyTo=thread.uri, tag=tag)
    await maya.here.run(maya.here.db.execute, "UPDATE actor SET approved = TRUE")
    await mastodon.send(maya.here, mastodon.activity("Create", ada, note))
    await fediverse.settle()
    wire = (await document(fediverse, tom.here, against.uri))[1]
    assert (wire["ph:part"], "<strong>Against</strong>" in wire["content"]) == ("against", True)
    shown = {(post.uri, post.formed.part, post.manner) for post in await maya.do(queries.thread, thread.id)}
    assert shown == {(against.uri, "against", ""), (other.uri, "", "another"), (note["id"], "for", "")}
    await tom.do(actions.reply, (await found(tom.here, other.uri)).id, ThreadForm(text="Answers to answers are free."))

    with pytest.raises(NotAllowed):
        await tom.do(forming.conclude, there.id, "Mine.")
    for bad in ("  ", "x" * 2001):
        with pytest.raises(Invalid) as refused:
            await maya.do(forming.conclude, thread.id, bad)
        assert refused.value.field == "summary"
    fediverse.clock.advance(5)
    await maya.do(forming.conclude, thread.id, "We try <one> in three.")
    await fediverse.settle()
    wire = (await document(fediverse, maya.here, thread.uri))[1]
    assert (wire["ph:summedUp"], wire["commentsEnabled"]) == ("We try <one> in three.", False)
    copy = await sees(tom, thread.uri)
    assert (copy.formed.summed_up, copy.locked) == ("We try <one> in three.", True)
    assert "What came of it:</strong> We try &lt;one&gt; in three." in copy.content_html
    fediverse.clock.advance(5)
    await maya.do(forming.go_on, thread.id)
    await fediverse.settle()
    copy = await sees(tom, thread.uri)
    assert (copy.formed.format, copy.formed.summed_up, copy.locked) == ("sides", "", False)
    await tom.do(actions.withdraw, against.id)
    assert (await found(tom.here, against.uri)).particulars is None


async def test_d15_feedback_says_back_first_and_others_are_marked(fediverse, three):
    maya, tom, mastodon, group = three
    thread = await maya.do(actions.start, ThreadForm(**{**_fields(TRIAL), "community_id": group}))
    await fediverse.settle()
    there = await found(tom.here, thread.uri)
    for heard in ("", " ", "x" * 501):
        with pytest.raises(Invalid) as refused:
            await tom.do(actions.reply, there.id, ThreadForm(text="Good.", heard=heard))
        assert refused.value.field == "heard"
    with pytest.raises(Invalid):
        await tom.do(actions.reply, there.id, ThreadForm(text=" ", heard="You let *all* of them write."))
    said = await tom.do(actions.reply, there.id, ThreadForm(text="I wonder how long.", heard="You let *all* write."))
    mine = await maya.do(actions.reply, thread.id, ThreadForm(text="Four minutes."))
    mailed = await tom.do(actions.reply, there.id, ThreadForm(text="By mail.", unasked=True))
    ada = mastodon.actor("ada")
    await maya.here.run(maya.here.db.execute, "UPDATE actor SET approved = TRUE")
    for name, extra in (("n/1", {}), ("n/2", {"ph:heard": "What nobody reads.", "ph:part": "sideways"})):
        note = mastodon.note(ada, name, "<p>Nice.</p>", inReplyTo=thread.uri, **extra)
        await mastodon.send(maya.here, mastodon.activity("Create", ada, note))
    odd = mastodon.note(ada, "n/3", "<p>Look.</p>", **{"ph:format": "duel", "ph:summedUp": ["x"]})
    await mastodon.send(maya.here, mastodon.activity("Create", ada, odd))
    await fediverse.settle()
    assert "<strong>What I heard:</strong> You let *all* write." in said.content_html
    shown = {post.uri: post.formed.heard for post in await maya.do(queries.thread, thread.id)}
    assert shown.pop(said.uri) == "You let *all* write."
    assert (shown.pop(mine.uri), shown.pop(mailed.uri)) == ("", "")
    assert list(shown.values()) == ["", ""]
    async with fediverse.client(maya.here) as client:
        page = (await client.get(thread.url.partition("example")[2])).text
    assert page.count("Sent without saying back what was heard") == 3
    with pytest.raises(Invalid) as refused:
        await tom.do(actions.change, said.id, ThreadForm(text="I wonder."))
    assert refused.value.field == "content"
    await tom.do(actions.change, said.id, ThreadForm(text="**What I heard:** All write first.\n\nI wonder."))
    assert (await sees(tom, said.uri)).formed.heard == "All write first."
    assert (await found(maya.here, odd["id"])).particulars is None


def _fields(form: ThreadForm) -> dict[str, object]:
    return {name: getattr(form, name) for name in ("title", "text", "format", "licence")}
