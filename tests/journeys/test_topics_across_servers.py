"""Topics inside a community (D11) between servers: its home alone says which there are, and what is in them."""

import pytest

from server.actors.remote import ensure_remote
from server.digest import queries as digests
from server.discussions import actions as discussions
from server.discussions.actions import ThreadForm
from server.errors import Invalid, NotAllowed, NotFound
from server.posts import queries as posts
from server.posts.sorting import put_into_topic
from server.topics import actions as topics
from server.topics.models import Topic
from server.topics.queries import topics_of
from tests.apps import app_of
from tests.posting import Stranger, community, document, found, join, reply, sees, write

MINUTE = 61


@pytest.fixture
async def two(fediverse):
    """Maya has a community at Alder with two topics, one in the other; Tom of Birch is a member."""
    maya = await fediverse.person(await fediverse.start("alder.example"), "maya")
    tom = await fediverse.person(await fediverse.start("birch.example"), "tom")
    group = await community(maya, "science")
    await join(tom, group)
    await fediverse.settle()
    reading = await maya.do(topics.make_topic, group.id, " Reading  ")
    novels = await maya.do(topics.make_topic, group.id, "Novels", reading.id)
    fediverse.clock.advance(MINUTE)
    await fediverse.settle()
    return maya, tom, group, reading, novels


async def there(person, group):
    """The community as another server knows it, and its topics for somebody there."""
    copy = await person.here.run(ensure_remote, person.here, group.uri)
    return copy, await person.do(topics_of, copy.id, "/c/science@alder.example")


async def topic_at(person, uri):
    """The name of the topic of a post, as somebody sees it."""
    seen = await sees(person, uri)
    return seen.topic.name if seen.topic else ""


async def test_d11_s5_another_server_has_no_say_in_topics(fediverse, two):
    maya, tom, group, reading, novels = two
    copy, known = await there(tom, group)
    assert [(one.name, [inner.name for inner in one.inside]) for one in known.present] == [("Reading", ["Novels"])]
    with pytest.raises(NotFound):
        await tom.do(topics.make_topic, "0" * 26, "Mine")
    for deed in (
        (topics.make_topic, copy.id, "Mine"),
        (topics.change_topic, known.present[0].id, "Mine"),
        (topics.retire_topic, known.present[0].id),
    ):
        with pytest.raises(NotAllowed):
            await tom.do(*deed)

    mallory = Stranger(fediverse, "evil.example")
    eve = mallory.actor("eve")
    fediverse.watch.let_deliveries_pass()
    post = await write(maya, "One.", community_id=group.id, topic_id=reading.id)
    await fediverse.settle()
    assert [await topic_at(person, post.uri) for person in (maya, tom)] == ["Reading", "Reading"]
    for target in (novels.uri, f"{group.uri}#topic-{'z' * 26}", f"{eve}#topic-1"):
        for verb in ("Add", "Remove"):
            forged = mallory.activity(verb, eve, post.uri) | {"target": target}
            for here in (maya.here, tom.here):
                await mallory.send(here, forged | {"id": mallory.uri(f"{verb}/{target[-3:]}/{here.settings.domain}")})
    await fediverse.settle()
    assert [await topic_at(person, post.uri) for person in (maya, tom)] == ["Reading", "Reading"]

    # A community says only its own topics, on two levels; what a post names is looked up in those alone.
    club = mallory.actor("club", "Group")
    said = [
        {"id": f"{club}#topic-1", "name": " A  <b>book</b> "},
        {"id": f"{club}#topic-2", "name": "Deep", "ph:within": f"{club}#topic-1"},
        {"id": f"{club}#topic-3", "name": "Deeper", "ph:within": f"{club}#topic-2"},
        {"id": f"{club}#topic-4", "name": "Ring", "ph:within": f"{club}#topic-4"},
        {"id": f"{club}#topic-1", "name": "Twice"},
        {"id": novels.uri, "name": "Taken over"},
        {"id": f"{club}#topic-5", "name": "  "},
        {"id": f"{club}#topic-{'x' * 600}", "name": "Long"},
        {"id": 7, "name": "Odd"},
        "odd",
    ]
    mallory.documents[club]["ph:topics"] = said
    taken = await tom.here.run(ensure_remote, tom.here, club)
    listed = await tom.do(topics_of, taken.id, "/c/club@evil.example")
    shown = [(one.name, [inner.name for inner in one.inside]) for one in listed.present]
    assert shown == [("A <b>book</b>", ["Deep"]), ("Deeper", []), ("Ring", [])]
    assert (await tom.here.run(Topic.get, uri=novels.uri)).name == "Novels"
    mallory.documents[club]["ph:topics"] = said[1:2] + [{"id": f"{club}#topic-{n}", "name": f"{n}"} for n in range(99)]
    await tom.here.run(ensure_remote, tom.here, club, refresh=True)
    listed = await tom.do(topics_of, taken.id, "/c/club@evil.example")
    assert len(listed.to_choose) == 39
    mallory.documents[club]["ph:topics"] = "none"
    await tom.here.run(ensure_remote, tom.here, club, refresh=True)
    listed = await tom.do(topics_of, taken.id, "/c/club@evil.example")
    assert (listed.present, len(listed.retired)) == ([], 39)


async def test_d11_d1_a_conversation_is_in_a_topic_on_every_server_and_moves_with_its_author_or_a_steward(
    fediverse, two
):
    maya, tom, group, reading, novels = two
    copy, known = await there(tom, group)
    inner = known.present[0].inside[0]
    for wrong in ("0" * 26, reading.id):
        with pytest.raises(Invalid) as refused:
            await tom.do(discussions.start, ThreadForm(title="T", text="W", community_id=copy.id, topic_id=wrong))
        assert refused.value.field == "topic"
    form = ThreadForm(title="Which novel?", text="For Year 8.", community_id=copy.id, topic_id=inner.id)
    thread = await tom.do(discussions.start, form)
    await fediverse.settle()
    wire = (await document(fediverse, tom.here, thread.uri))[1]
    assert wire["ph:topic"] == novels.uri
    group_wire = (await document(fediverse, maya.here, group.uri))[1]
    assert group_wire["ph:topics"] == [
        {"type": "ph:Topic", "id": reading.uri, "name": "Reading"},
        {"type": "ph:Topic", "id": novels.uri, "name": "Novels", "ph:within": reading.uri},
    ]
    home = await found(maya.here, thread.uri)
    assert [await topic_at(person, thread.uri) for person in (maya, tom)] == ["Novels", "Novels"]
    inside = await maya.do(posts.listing, community_id=group.id, topics=[reading.id, novels.id], order="active")
    assert [post.uri for post in inside.items] == [thread.uri]

    # The author asks, the community moves it and tells; then its steward does.
    await tom.do(put_into_topic, thread.id, known.present[0].id)
    await fediverse.settle()
    assert [await topic_at(person, thread.uri) for person in (maya, tom)] == ["Reading", "Reading"]
    await maya.do(put_into_topic, home.id, novels.id)
    await fediverse.settle()
    assert [await topic_at(person, thread.uri) for person in (maya, tom)] == ["Novels", "Novels"]
    assert not (await sees(tom, thread.uri)).edited
    await maya.do(put_into_topic, home.id, "")
    await fediverse.settle()
    assert [await topic_at(person, thread.uri) for person in (maya, tom)] == ["", ""]
    answer = await reply(maya, home)
    with pytest.raises(NotFound):
        await maya.do(put_into_topic, answer.id, reading.id)
    ann = await fediverse.person(maya.here, "ann")
    with pytest.raises(NotAllowed):
        await ann.do(put_into_topic, home.id, reading.id)

    # Retired: nothing goes in, what is there stays, here and there.
    await maya.do(put_into_topic, home.id, novels.id)
    await maya.do(topics.retire_topic, reading.id)
    fediverse.clock.advance(MINUTE)
    await fediverse.settle()
    _, known = await there(tom, group)
    assert (known.present, [one.full_name for one in known.retired]) == ([], ["Reading", "Reading · Novels"])
    assert [await topic_at(person, thread.uri) for person in (maya, tom)] == ["Novels", "Novels"]
    with pytest.raises(Invalid):
        await tom.do(put_into_topic, thread.id, known.retired[0].id)
    with pytest.raises(Invalid):
        await maya.do(topics.bring_back_topic, novels.id)
    await maya.do(topics.bring_back_topic, reading.id)
    await maya.do(topics.bring_back_topic, novels.id)
    await maya.do(topics.change_topic, novels.id, "Long novels")
    fediverse.clock.advance(MINUTE)
    await fediverse.settle()
    assert await topic_at(tom, thread.uri) == "Long novels"


async def test_d11_s15_what_only_members_share_names_no_topic(fediverse, two):
    maya, tom, group, reading, _ = two
    fediverse.watch.let_deliveries_pass()
    quiet = await community(maya, "quiet", visibility="members")
    await join(tom, quiet)
    await fediverse.settle()
    secret = await maya.do(topics.make_topic, quiet.id, "Worries")
    fediverse.clock.advance(MINUTE)
    await fediverse.settle()
    narrow = await write(maya, "For us.", community_id=group.id, topic_id=reading.id, visibility="members")
    inner = await write(maya, "Ours.", community_id=quiet.id, topic_id=secret.id, visibility="members")
    await maya.do(put_into_topic, inner.id, "")
    await fediverse.settle()
    assert await topic_at(maya, narrow.uri) == "Reading"
    assert (await found(tom.here, narrow.uri), await topic_at(tom, narrow.uri)) is not None
    assert await topic_at(tom, narrow.uri) == ""
    assert not await tom.here.run(Topic.exists, name="Worries")
    assert "ph:topics" not in (await document(fediverse, maya.here, quiet.uri))[1]


async def test_d11_a_muted_topic_stays_out_of_week_news_and_digest_and_a_mention_arrives(fediverse, two):
    maya, _, group, reading, novels = two
    here = maya.here
    ann, ben = await fediverse.person(here, "ann"), await fediverse.person(here, "ben")
    with pytest.raises(NotAllowed):
        await ann.do(topics.choose, reading.id, "mute")
    for person in (ann, ben):
        await join(person, group)
    with pytest.raises(Invalid):
        await ann.do(topics.choose, reading.id, "shout")
    await ann.do(topics.choose, novels.id, "follow")
    await ben.do(topics.choose, reading.id, "follow")
    first = await write(maya, "Before.", title="Told before", community_id=group.id, topic_id=novels.id)
    assert await _told(here, ann) == await _told(here, ben) == {("published", first.id)}
    await ann.do(topics.choose, novels.id, "")
    app = await app_of(fediverse, here, ann)
    base = "/api/peerhall/v1/communities/science/topics"
    assert await (await app_of(fediverse, here)).refused("PUT", f"{base}/{reading.id}", json={"choice": "mute"}) == 401
    assert await app.refused("PUT", f"{base}/{'0' * 26}", json={"choice": "mute"}) == 404
    assert await app.refused("PUT", f"{base}/{reading.id}", json={"choice": "shout"}) == 422
    answered = (await app.call("PUT", f"{base}/{reading.id}", json={"choice": "mute"})).json()["items"]
    shown = [(one["name"], one["within"], one["choice"], one["muted"], one["retired"]) for one in answered]
    assert shown == [("Reading", None, "mute", True, False), ("Novels", reading.id, "", True, False)]
    assert await _told(here, ann) == set()

    ask = await write(maya, "Which poem?", kind="ask", title="A poem?", community_id=group.id, topic_id=novels.id)
    await write(maya, "In no topic.", title="Elsewhere", community_id=group.id)
    named = await write(maya, "What does @ann think?", title="For Ann", community_id=group.id, topic_id=reading.id)
    mine = await write(ann, "My own.", title="Mine", community_id=group.id, topic_id=reading.id)
    answer = await reply(maya, mine)
    assert await _told(here, ann) == {("mention", named.id), ("reply", answer.id)}
    assert {post for _, post in await _told(here, ben)} == {first.id, ask.id, named.id, mine.id}
    async with fediverse.client(here, ann) as client:
        week = (await client.get("/week")).text
        assert [title in week for title in ("Elsewhere", "For Ann", "Mine", "A poem?", "Told before")] == [
            True, True, True, False, False,
        ]  # fmt: skip
        page = (await client.get("/c/science")).text
        assert "A poem?" in page
    titles = {entry.title for block in (await ann.do(digests.preview)).blocks for entry in block.entries}
    assert titles >= {"For Ann", "Mine"}
    assert titles.isdisjoint({"A poem?", "Told before"})
    titles = {entry.title for block in (await ben.do(digests.preview)).blocks for entry in block.entries}
    assert titles >= {"A poem?", "Told before"}

    # What only members share is counted without what is muted; a topic in it can be wanted all the same.
    await write(maya, "Quiet.", community_id=group.id, topic_id=novels.id, visibility="members")
    assert [await _private(person) for person in (ann, ben)] == [0, 2]
    await ann.do(topics.choose, novels.id, "follow")
    assert [await _private(person) for person in (ann, ben)] == [1, 2]


async def _told(here, person):
    statement = "SELECT kind, post_id FROM notification WHERE reader_id = :me AND kind <> 'accepted'"
    return {(row["kind"], row["post_id"]) for row in await here.run(here.db.rows, statement, me=person.id)}


async def _private(person):
    blocks = (await person.do(digests.preview)).blocks
    return sum(entry.count for block in blocks for entry in block.entries if entry.what == "private")
