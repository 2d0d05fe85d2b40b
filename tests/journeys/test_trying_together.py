"""A practice of one server, tried together in a community of another, by people of three (C22)."""

import asyncio
from dataclasses import replace

import pytest

from server.actors.actions import resolve
from server.actors.blocking import block
from server.errors import Invalid, NotAllowed, NotFound
from server.posts import actions as posts
from server.practices import actions as practices
from server.sessions import actions as sessions
from server.sessions import queries as events
from server.together import actions, queries
from server.together.actions import ProposeForm
from server.together.models import Together
from server.together.policy import LASTS
from server.tries import actions as tries
from tests.journeys.test_tried_across_servers import CHANGED, PRACTICE, WELL
from tests.posting import Stranger, community, document, follow, found, join, reply, sees, write

DAY = 86_400
NOT = replace(WELL, outcome="did-not-work", saw="Too @loud for *us*.")
FORM = ProposeForm(title="Who tries it with me?", text="Each with our own group.")


@pytest.fixture
async def three(fediverse):
    """Maya at Alder has a community; Ada at Cedar and Tom at Birch are members, and Ada shared a practice there."""
    people = []
    for domain, name in (("alder.example", "maya"), ("birch.example", "tom"), ("cedar.example", "ada")):
        people.append(await fediverse.person(await fediverse.start(domain), name))
    group = await community(people[0], "science")
    for person in people[1:]:
        await join(person, group)
        await follow(person, people[0])
        await follow(people[0], person)
    await fediverse.settle()
    ada = people[2]
    there = await ada.here.run(resolve, ada.here, group.uri)
    practice = await ada.do(practices.share, replace(PRACTICE, community_id=there.id))
    await fediverse.settle()
    return [*people, group, practice]


async def stands(person, uri):
    """How it stands, as somebody sees it."""
    post = await sees(person, uri)
    return await person.do(queries.trying, post, await person.do(events.event, post))


async def told(person):
    """What somebody was told of it."""
    rows = await person.here.run(
        person.here.db.rows,
        "SELECT kind FROM notification WHERE reader_id = :me AND kind IN ('together', 'mention') ORDER BY kind",
        me=person.id,
    )
    return [row["kind"] for row in rows]


async def test_c22_what_cannot_be_tried_together_is_refused(fediverse, three):
    maya, tom, _, group, practice = three
    there = await found(maya.here, practice.uri)
    form = replace(FORM, community_id=group.id)
    other = await write(maya)
    with pytest.raises(NotFound):
        await maya.do(actions.propose, other.id, form)
    with pytest.raises(NotFound):
        await maya.do(actions.propose, there.id, replace(form, challenge_id=other.id))
    with pytest.raises(Invalid, match="Choose the community"):
        await maya.do(actions.propose, there.id, FORM)
    with pytest.raises(Invalid, match="title"):
        await maya.do(actions.propose, there.id, replace(form, title=" "))
    inner = await community(maya, "inner", visibility="members")
    narrow = await maya.do(
        practices.share, replace(PRACTICE, title="Ours", community_id=inner.id, visibility="members")
    )
    with pytest.raises(Invalid, match="may read"):
        await maya.do(actions.propose, narrow.id, form)
    own = await maya.do(actions.propose, narrow.id, replace(form, community_id=inner.id, visibility="members"))
    assert own.visibility == "members"
    event = await maya.do(actions.propose, there.id, form)
    with pytest.raises(Invalid, match="trying it already"):
        await maya.do(actions.propose, there.id, form)
    await fediverse.settle()
    copy = await found(tom.here, event.uri)
    for act in (actions.make_longer, actions.end_now, actions.call_off):
        with pytest.raises(NotAllowed, match="Only whoever proposed"):
            await tom.do(act, copy.id)
        with pytest.raises(NotFound):
            await maya.do(act, other.id)
    with pytest.raises(NotAllowed, match="not over yet"):
        await maya.do(actions.sum_up, event.id, title="What", text="It", closing="", language="en")


async def test_c22_people_of_three_servers_try_it_and_a_summary_credits_them(fediverse, three):
    maya, tom, ada, group, practice = three
    bea = await fediverse.person(maya.here, "bea")
    here, there = await found(maya.here, practice.uri), await found(tom.here, practice.uri)
    early = await bea.do(tries.report, here.id, CHANGED)
    fediverse.clock.advance(DAY)
    event = await maya.do(actions.propose, here.id, replace(FORM, community_id=group.id))
    await fediverse.settle()
    wire = (await document(fediverse, maya.here, event.uri))[1]
    assert (wire["type"], wire["participantCount"]) == ("Event", 1)
    assert wire["ph:tryTogether"] == {"type": "ph:TryTogether", "ph:practice": practice.uri}
    assert wire["content"].startswith("<p><strong>The practice:</strong> <a href=")
    assert "#triedit" in wire["summary"]
    assert practice.url in wire["summary"]
    assert await told(ada) == ["mention"]  # it is her practice

    copy = await found(tom.here, event.uri)
    await tom.do(sessions.take_part, copy.id)
    await bea.do(sessions.take_part, event.id)
    await fediverse.settle()
    assert (await stands(maya, event.uri)).missing == 0
    fediverse.clock.advance(DAY)
    await tom.do(tries.report, there.id, NOT, also=await tom.do(actions.told_to, there.id))
    await fediverse.settle()
    seen = await stands(maya, event.uri)
    assert (seen.counts.total, seen.can_report) == (1, True)  # what was said before does not count
    assert (await stands(tom, event.uri)).can_report is False
    assert await told(maya) == []

    await maya.do(actions.make_longer, event.id)
    with pytest.raises(NotAllowed, match="longer once"):
        await maya.do(actions.make_longer, event.id)
    await fediverse.settle()
    fediverse.clock.advance(LASTS.total_seconds())
    await fediverse.settle()
    assert not (await stands(tom, event.uri)).is_over
    fediverse.clock.advance(7 * DAY)
    await fediverse.settle()
    assert (await stands(tom, event.uri)).is_over
    for person in (maya, tom, bea):
        assert await told(person) == ["together"]
    with pytest.raises(NotAllowed, match="over"):
        await ada.do(sessions.take_part, (await found(ada.here, event.uri)).id)

    with pytest.raises(Invalid, match="title"):
        await maya.do(actions.sum_up, event.id, title="", text="Loud.", closing="", language="en")
    said = {"title": "What came of it", "text": "It was loud.", "closing": "Thanks.", "language": "en"}
    summary = await maya.do(actions.sum_up, event.id, **said)
    with pytest.raises(NotAllowed, match="written already"):
        await maya.do(actions.sum_up, event.id, **said)
    await fediverse.settle()
    assert (await stands(tom, event.uri)).summary.title == "What came of it"
    assert await told(tom) == ["mention", "together"]
    assert await told(bea) == ["together"]  # she had said it before
    credited = "SELECT actor.uri FROM post_mention JOIN actor ON actor.id = actor_id WHERE post_id = :id"
    rows = await maya.here.run(maya.here.db.rows, credited, id=summary.id)
    assert [row["uri"] for row in rows] == [tom.uri]
    wire = (await document(fediverse, maya.here, event.uri))[1]
    assert wire["ph:tryTogether"]["ph:summary"] == summary.uri
    assert wire["summary"] == f"It is over. What came of it: {summary.url}"
    assert (await maya.do(queries.of_practice, practice.uri))[0].summary_uri == summary.uri
    await maya.do(posts.delete_post, summary.id)
    await fediverse.settle()
    assert (await stands(maya, event.uri)).can_sum_up  # it can be written again
    assert early.id


async def test_c22_ended_or_called_off_it_is_over_everywhere_once(fediverse, three):
    maya, tom, _, group, practice = three
    here = await found(maya.here, practice.uri)
    for act, status in ((actions.end_now, "confirmed"), (actions.call_off, "cancelled")):
        event = await maya.do(actions.propose, here.id, replace(FORM, community_id=group.id))
        await fediverse.settle()
        copy = await found(tom.here, event.uri)
        await tom.do(sessions.take_part, copy.id)
        await fediverse.settle()
        fediverse.clock.advance(10)
        await maya.do(act, event.id)
        await fediverse.settle()
        with pytest.raises(NotAllowed):
            await maya.do(act, event.id)
        seen = await tom.do(events.event, await sees(tom, event.uri))
        assert seen.status == status
        assert (await stands(tom, event.uri)).is_over
        assert (await stands(maya, event.uri)).can_sum_up is (status == "confirmed")
    fediverse.clock.advance(40 * DAY)
    await fediverse.settle()
    assert await told(tom) == ["together", "together"]
    await maya.do(posts.delete_post, event.id)
    await fediverse.settle()
    assert not await tom.here.run(Together.exists, id=copy.id)


async def test_c22_what_other_servers_say_of_it_is_read_with_care(fediverse, three):
    maya, _, _, group, practice = three
    stranger = Stranger(fediverse, "evil.example")
    eve = stranger.actor("eve")
    for number, said in enumerate(
        (
            {"ph:practice": practice.uri, "ph:summary": {"id": "javascript:alert(1)"}, "ph:answersChallenge": [1]},
            {"ph:practice": practice.uri, "ph:summary": practice.uri},  # what somebody else wrote
            {"ph:practice": f"https://evil.example/{'x' * 600}"},
            [practice.uri],
        )
    ):
        event = stranger.note(
            eve, f"e/{number}", type="Event", name="Join us", startTime="2026-01-10T10:00:00Z",
            endTime="2036-01-10T10:00:00Z", joinMode="free", **{"ph:tryTogether": said},
        )  # fmt: skip
        post = await maya.here.run(posts.fetch_post, maya.here, event["id"])
        row = await maya.here.run(Together.get_or_none, id=post.id)
        assert (row is not None) is (number < 2)
        if row is not None:
            assert (row.challenge_uri, row.summary_uri) == (None, None)
            assert not (await stands(maya, event["id"])).is_host
            assert await maya.do(queries.hosts, (await found(maya.here, practice.uri)).id) == []
    assert group.id


async def test_c22_s15_what_somebody_said_to_few_is_in_no_summary_and_two_presses_make_one(fediverse, three):
    maya, tom, ada, group, practice = three
    here, there = await found(maya.here, practice.uri), await found(tom.here, practice.uri)
    form = replace(FORM, community_id=group.id)
    pressed = await asyncio.gather(*(maya.do(actions.propose, here.id, form) for _ in "ab"), return_exceptions=True)
    (event,) = [one for one in pressed if not isinstance(one, Exception)]
    assert [type(one) for one in pressed if one is not event] == [Invalid]
    await fediverse.settle()
    secret = await reply(tom, there, "#triedit failed My class cried.", visibility="followers")
    await fediverse.settle()
    assert (await found(maya.here, secret.uri)).kind == "tried"
    assert (await stands(maya, event.uri)).counts.total == 1  # she may know: she follows Tom
    await maya.do(actions.end_now, event.id)
    async with fediverse.client(maya.here, maya) as client:
        page = (await client.get(f"/p/{event.short}/sum-up")).text
        assert "Nobody has said how it went" in page
        assert "My class cried" not in page
        assert "@tom@" not in page
        sent = await client.post(f"/p/{event.short}/sum-up", data={"title": "What", "content": "It.", "language": "en"})
        assert sent.status_code == 303
    summary = (await stands(maya, event.uri)).summary
    named = "SELECT count(*) AS n FROM post_mention WHERE post_id = :id"
    assert await maya.here.run(maya.here.db.value, named, id=summary.id) == 0

    # Whom the author of the practice blocked proposes nothing on its page (S17).
    await fediverse.settle()
    assert len(await ada.do(queries.of_practice, practice.uri)) == 1
    host = await ada.here.run(resolve, ada.here, maya.uri)
    await ada.here.run(block, ada.here, ada.id, host.id)
    bea = await fediverse.person(ada.here, "bea")
    assert await bea.do(queries.of_practice, practice.uri) == []
