"""An idea on one server, people of another are interested, and what comes of it is known there (D13)."""

from dataclasses import replace

import pytest

from server.discussions import actions as discussions
from server.discussions.actions import ThreadForm
from server.errors import NotAllowed
from server.ideas import actions, queries
from server.posts import actions as posts
from server.sessions import actions as sessions
from server.sessions.form import SessionForm
from tests.posting import Stranger, community, document, follow, found, join, sees

IDEA = ThreadForm(kind="idea", title="We visit each other's first ten minutes", text="And have coffee afterwards.")
EVENT = SessionForm(
    title="Visits", text="Ten minutes each.", starts="2030-01-10T10:00", ends="2030-01-10T11:00", place="Room 3"
)


async def test_d13_interest_travels_home_and_the_event_comes_back(fediverse):
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    maya = await fediverse.person(alder, "maya")
    guests = [await fediverse.person(birch, name) for name in ("tom", "ada", "ben")]
    group = await community(maya, "science")
    for guest in guests:
        await join(guest, group)
        await follow(guest, maya)
    await fediverse.settle()
    idea = await maya.do(discussions.start, replace(IDEA, community_id=group.id))
    await fediverse.settle()
    wire = (await document(fediverse, alder, idea.uri))[1]
    assert (wire["type"], wire["kind"]) == ("Article", "idea")
    there = await found(birch, idea.uri)
    with pytest.raises(NotAllowed, match="another server"):
        await guests[0].do(actions.volunteer, there.id)
    for guest in guests:
        await guest.do(posts.like_post, there.id)
    await fediverse.settle()
    assert (await maya.do(queries.idea, await sees(maya, idea.uri))).interested == 3

    fediverse.clock.advance(5)
    await maya.do(actions.volunteer, idea.id)
    await fediverse.settle()
    facts = await guests[0].do(queries.idea, await sees(guests[0], idea.uri))
    assert (facts.host.handle, facts.can_schedule) == ("@maya@alder.example", False)

    fediverse.clock.advance(5)
    also = await maya.do(actions.scheduled, idea.id)
    event = await maya.do(sessions.publish_event, replace(EVENT, community_id=group.id), also=also)
    await fediverse.settle()
    wire = (await document(fediverse, alder, idea.uri))[1]
    assert (wire["ph:host"], wire["ph:session"]) == (maya.uri, event.uri)
    assert f'<a href="{event.url}">Visits</a>' in wire["content"]
    facts = await guests[0].do(queries.idea, await sees(guests[0], idea.uri))
    assert facts.session.title == "Visits"
    assert (await guests[0].do(queries.came_of, await sees(guests[0], event.uri))).title == IDEA.title

    # An idea elsewhere speaks for nobody here, and no event of ours came of it (S5).
    stranger = Stranger(fediverse, "mallory.example")
    mallory = stranger.actor("mallory")
    fediverse.watch.let_deliveries_pass()
    lie = {"type": "Article", "kind": "idea", "name": "Buy this", "ph:host": guests[0].uri, "ph:session": event.uri}
    sent = await stranger.create(fediverse, birch, mallory, "n/1", **lie)
    facts = await guests[0].do(queries.idea, await sees(guests[0], sent))
    assert (facts.host, facts.session) == (None, None)
    lie |= {"ph:host": {"id": mallory}, "ph:session": stranger.uri("e/1")}
    sent = await stranger.create(fediverse, birch, mallory, "n/2", **lie)
    assert (await guests[0].do(queries.idea, await sees(guests[0], sent))).host.handle == "@mallory@mallory.example"
    assert (
        await birch.run(birch.db.value, "SELECT count(*) AS n FROM idea WHERE session_uri = :uri", uri=event.uri) == 1
    )
