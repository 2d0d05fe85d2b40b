"""An event between two Peerhalls: announced on one, joined from the other, changed, cancelled."""

from dataclasses import replace

import pytest

from server.errors import NotAllowed
from server.sessions import actions, queries
from server.timelines import queries as timelines
from tests.posting import community, document, follow, found, join, sees
from tests.server.sessions.test_events import FORM


@pytest.fixture
async def two(fediverse):
    """Maya at Alder has a community; Tom at Birch is a member."""
    maya = await fediverse.person(await fediverse.start("alder.example"), "maya")
    tom = await fediverse.person(await fediverse.start("birch.example"), "tom")
    group = await community(maya, "science")
    await join(tom, group)
    await follow(tom, maya)
    await fediverse.settle()
    return maya, tom, group


async def seen(person, uri):
    """The event as somebody sees it."""
    return await person.do(queries.event, await sees(person, uri))


async def test_an_event_travels_whole_and_is_joined_from_elsewhere(fediverse, two):
    maya, tom, group = two
    event = await maya.do(
        actions.publish_event,
        replace(FORM, community_id=group.id, online_url="https://meet.example/1", capacity=30),
    )
    await fediverse.settle()
    there = await sees(tom, event.uri)
    assert (there.kind, there.title) == ("session", "Peer circle")
    assert "When:" not in there.content_html  # it is shown in fields, and not a second time
    assert [item.uri for item in (await tom.do(timelines.home)).items] == [event.uri]
    facts = await seen(tom, event.uri)
    own = await seen(maya, event.uri)
    for name in ("starts_at", "ends_at", "timezone", "when", "place", "links", "join_mode", "capacity", "status"):
        assert getattr(facts, name) == getattr(own, name), name

    await tom.do(actions.take_part, there.id)
    await fediverse.settle()
    assert (await seen(tom, event.uri)).my_state == "going"
    assert (await seen(maya, event.uri)).participants == 1
    fediverse.clock.advance(200)
    await fediverse.settle()
    assert (await seen(tom, event.uri)).participants == 1
    assert (await sees(tom, event.uri)).edited is False
    assert (await document(fediverse, maya.here, event.uri))[1]["participantCount"] == 1

    await tom.do(actions.leave, there.id)
    await fediverse.settle()
    assert (await seen(maya, event.uri)).participants == 0

    await tom.do(actions.take_part, there.id)
    await maya.do(actions.cancel_event, event.id)
    await fediverse.settle()
    facts = await seen(tom, event.uri)
    assert (facts.status, facts.closed) == ("cancelled", "This event was cancelled.")
    await tom.do(actions.leave, there.id)
    with pytest.raises(NotAllowed):
        await tom.do(actions.take_part, there.id)


async def test_s15_an_event_for_members_stays_among_them(fediverse, two):
    maya, tom, _ = two
    ada = await fediverse.person(await fediverse.start("cedar.example"), "ada")
    await follow(ada, maya)
    staff = await community(maya, "staff", visibility="members")
    await join(tom, staff)
    await fediverse.settle()
    event = await maya.do(actions.publish_event, replace(FORM, community_id=staff.id, visibility="members"))
    await fediverse.settle()
    assert await found(ada.here, event.uri) is None
    for part in ("", "/organizers", "/attendees"):
        assert (await document(fediverse, maya.here, event.uri + part))[0] == 404
    await tom.do(actions.take_part, (await found(tom.here, event.uri)).id)
    await fediverse.settle()
    assert (await seen(maya, event.uri)).participants == 1
