"""Conversations with a format (D5), and saying back what one heard (D15), between servers."""

import pytest

from server.discussions import actions, forming, seats
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


async def test_d5_the_seats_of_a_fishbowl_are_counted_on_every_server(fediverse, three):
    maya, tom, mastodon, group = three
    asked = {"title": "Marking", "text": "Do we?", "format": "fishbowl", "licence": "CC-BY-4.0", "community_id": group}
    for wrong in (1, 7):
        with pytest.raises(Invalid) as refused:
            await maya.do(actions.start, ThreadForm(**asked, seats=wrong))
        assert refused.value.field == "seats"
    thread = await maya.do(actions.start, ThreadForm(**asked, seats=2))
    priya = await fediverse.person(maya.here, "priya")
    await fediverse.settle()
    wire = (await document(fediverse, maya.here, thread.uri))[1]
    assert (wire["ph:seats"], "2 people speak in the middle" in wire["content"]) == (2, True)
    there = await found(tom.here, thread.uri)
    await maya.here.run(maya.here.db.execute, "UPDATE actor SET approved = TRUE")
    ada = mastodon.actor("ada")

    async def says(name: str, tag: str, **more: object) -> str:
        tags = [{"type": "Hashtag", "name": f"#{tag}", "href": f"https://masto.example/tags/{tag}"}]
        note = mastodon.note(ada, name, f"<p>{name}</p>", inReplyTo=thread.uri, tag=tags, **more)
        await mastodon.send(maya.here, mastodon.activity("Create", ada, note))
        await fediverse.settle()
        return note["id"]

    async def counted() -> list[tuple[int, int, set[str]]]:
        """At both servers: seats, those taken, and the texts that stand outside though they came from the middle."""
        both = []
        for person, root in ((maya, thread), (tom, there)):
            seen = await person.here.run(
                seats.seats_of, person.here, root.id, (await sees(person, thread.uri)).formed.seats
            )
            shown = {post.id: post.uri for post in await person.do(queries.thread, root.id)}
            both.append((seen.total, seen.taken, {shown[post_id] for post_id in seen.standing}))
        return both

    with pytest.raises(NotAllowed):
        await tom.do(seats.stand_up, there.id)
    mine = await tom.do(actions.reply, there.id, ThreadForm(text="Yes.", part="inside"))
    await fediverse.settle()
    fediverse.clock.advance(1)
    await maya.do(actions.reply, thread.id, ThreadForm(text="No.", part="inside"))
    await fediverse.settle()
    # Both seats are taken: here the answer is written from outside, one from elsewhere is kept and stands there.
    late = await priya.do(actions.reply, thread.id, ThreadForm(text="Well.", part="inside"))
    assert (await document(fediverse, maya.here, late.uri))[1]["ph:part"] == "outside"
    fediverse.clock.advance(1)
    odd = {"ph:stoodUp": "soon", "published": "2001-01-01T00:00:00Z"}
    kept = await says("n/1", "inside", **odd)
    assert await counted() == [(2, 2, {kept})] * 2
    await tom.do(actions.reply, there.id, ThreadForm(text="And more.", part="inside"))

    # Tom gives his seat up with a tap, and Ada takes it; then she speaks from outside, and it is free again.
    fediverse.clock.advance(5)
    await tom.do(seats.stand_up, there.id)
    await fediverse.settle()
    assert await counted() == [(2, 1, {kept})] * 2
    assert (await found(maya.here, mine.uri)).particulars == [["part", "inside"]]
    fediverse.clock.advance(5)
    await says("n/2", "inside")
    assert await counted() == [(2, 2, {kept})] * 2
    with pytest.raises(NotAllowed):
        await tom.do(seats.stand_up, there.id)
    fediverse.clock.advance(1)
    await says("n/3", "outside")
    assert await counted() == [(2, 1, {kept})] * 2

    # Only a fishbowl has seats, and no more of them than there may be.
    fishbowl = {"ph:format": "fishbowl", "type": "Article", "name": "Bowl", "ph:kind": "discussion"}
    for name, terms in (
        ("n/4", {"ph:seats": 3}),
        ("n/5", fishbowl | {"ph:seats": 99}),
        ("n/6", fishbowl | {"ph:seats": True}),
    ):
        note = mastodon.note(ada, name, "<p>X</p>", **terms)
        await mastodon.send(maya.here, mastodon.activity("Create", ada, note))
        await fediverse.settle()
        assert not any(key == "seats" for key, _ in (await found(maya.here, note["id"])).particulars or ())


def _fields(form: ThreadForm) -> dict[str, object]:
    return {name: getattr(form, name) for name in ("title", "text", "format", "licence")}
