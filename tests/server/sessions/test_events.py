"""Events: what is kept of anybody's, who may take part, and who may answer. Refusals first."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from federation.vocab.base import PUBLIC
from federation.vocab.events import event_of
from server.accounts.actions import delete_account
from server.errors import Invalid, NotAllowed, NotFound
from server.posts import queries as posts
from server.search.queries import search_posts
from server.sessions import actions, queries
from server.sessions.form import SessionForm
from server.sessions.words import calendar, when_words
from tests.conftest import SHARED
from tests.posting import Stranger, community, document, found, outcome, sees

FORM = SessionForm(
    title="Peer circle",
    text="Bring one exercise.",
    starts="2026-03-10T17:00",
    ends="2026-03-10T18:00",
    timezone="Europe/Berlin",
    place="Room 4, Northfield High",
)


@pytest.fixture
async def maya(fediverse):
    """Maya, who invites."""
    return await fediverse.person(await fediverse.start("alder.example"), "maya")


async def view(person, post):
    """An event as somebody sees it."""
    return await person.do(queries.event, await person.do(posts.show, post.id))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": " "}, "title"),
        ({"text": ""}, "content"),
        ({"starts": "soon"}, "starts"),
        ({"starts": "2026-03-10"}, "starts"),
        ({"starts": "2026-03-10T17:00+01:00"}, "starts"),
        ({"ends": "2026-03-10T16:00"}, "ends"),
        ({"ends": "2027-03-10T16:00"}, "ends"),
        ({"starts": "2020-01-01T10:00", "ends": "2020-01-01T11:00"}, "starts"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"timezone": "../../etc/passwd"}, "timezone"),
        ({"place": ""}, "place"),
        ({"online_url": "javascript:alert(1)"}, "online_url"),
        ({"join_mode": "restricted"}, "join_mode"),
        ({"join_mode": "external"}, "join_url"),
        ({"capacity": 0}, "capacity"),
    ],
)
async def test_an_event_that_says_too_little_is_refused(maya, change, field):
    with pytest.raises(Invalid) as refusal:
        await maya.do(actions.publish_event, replace(FORM, **change))
    assert field in {error["field"] for error in refusal.value.errors}


async def test_s15_nobody_takes_part_in_what_they_cannot_read(fediverse, maya):
    group = await community(maya, "science", visibility="members")
    event = await maya.do(actions.publish_event, replace(FORM, community_id=group.id, visibility="members"))
    tom = await fediverse.person(maya.here, "tom")
    with pytest.raises(NotFound):
        await tom.do(actions.take_part, event.id)


async def test_taking_part_is_counted_once_and_has_room_for_so_many(fediverse, maya):
    event = await maya.do(actions.publish_event, replace(FORM, capacity=1))
    tom, ada = await fediverse.person(maya.here, "tom"), await fediverse.person(maya.here, "ada")
    await tom.do(actions.take_part, event.id)
    await tom.do(actions.take_part, event.id)
    seen = await view(tom, event)
    assert (seen.participants, seen.my_state, seen.can_join, seen.can_leave) == (1, "going", False, True)
    with pytest.raises(NotAllowed, match="no room"):
        await ada.do(actions.take_part, event.id)
    await tom.do(actions.leave, event.id)
    await ada.do(actions.take_part, event.id)
    assert (await view(ada, event)).participants == 1


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"join_mode": "external", "join_url": "https://forms.example/1"}, "elsewhere"),
        ({"join_mode": "invite"}, "invited"),
    ],
)
async def test_what_is_arranged_elsewhere_takes_nobody_here(fediverse, maya, change, why):
    event = await maya.do(actions.publish_event, replace(FORM, **change))
    tom = await fediverse.person(maya.here, "tom")
    with pytest.raises(NotAllowed, match=why):
        await tom.do(actions.take_part, event.id)
    assert why in (await view(tom, event)).closed


async def test_a_cancelled_event_stays_and_says_so(fediverse, maya):
    event = await maya.do(actions.publish_event, FORM)
    tom = await fediverse.person(maya.here, "tom")
    with pytest.raises(NotFound):
        await tom.do(actions.cancel_event, event.id)
    await maya.do(actions.cancel_event, event.id)
    with pytest.raises(NotAllowed, match="cancelled"):
        await tom.do(actions.take_part, event.id)
    served = (await document(fediverse, maya.here, event.uri))[1]
    assert (served["status"], served["eventStatus"]) == ("CANCELLED", "EventCancelled")
    assert served["summary"].startswith("<p>Cancelled: Tue 10 Mar 2026, 17:00–18:00 (Europe/Berlin)")
    assert served["@context"][2]["EventCancelled"] == "e8:EventCancelled"


async def test_a_change_keeps_what_it_said(maya):
    event = await maya.do(actions.publish_event, FORM)
    await maya.do(actions.change_event, event.id, replace(FORM, starts="2026-03-10T17:30"), "Later")
    assert (await maya.do(posts.versions, event.id))[0].detail["when"].startswith("Tue 10 Mar 2026, 17:00")
    assert (await view(maya, event)).starts_at == datetime(2026, 3, 10, 16, 30, tzinfo=UTC)


async def test_s27_who_leaves_the_server_is_not_counted_any_more(fediverse, maya):
    event = await maya.do(actions.publish_event, FORM)
    tom = await fediverse.person(maya.here, "tom")
    await tom.do(actions.take_part, event.id)
    await maya.here.run(delete_account, maya.here, tom.viewer.account_id, by="test")
    assert (await view(maya, event)).participants == 0
    await maya.do(actions.withdraw, event.id)
    assert await maya.here.run(maya.here.db.value, "SELECT count(*) AS n FROM event_facts") == 0


async def test_events_are_found_by_their_place_and_say_when_on_their_cards(maya):
    event = await maya.do(actions.publish_event, FORM)
    hits = (await maya.do(search_posts, "northfield")).posts
    assert [hit.id for hit in hits] == [event.id]
    assert hits[0].facts == ["Tue 10 Mar 2026, 17:00–18:00 (Europe/Berlin)", "Room 4, Northfield High"]


async def test_the_file_for_calendars(maya):
    event = await maya.do(
        actions.publish_event, replace(FORM, title="Circle; fractions, decimals", place="Ümläut " * 30)
    )
    file = await maya.do(queries.ics, await maya.do(posts.show, event.id))
    lines = file.split("\r\n")
    assert "DTSTART:20260310T160000Z" in lines
    assert "SUMMARY:Circle\\; fractions\\, decimals" in lines
    assert all(len(line.encode()) <= 75 for line in lines)
    assert "".join(line.removeprefix(" ") for line in lines).count("Ümläut") == 30


def test_a_line_of_a_calendar_cannot_begin_another():
    file = calendar(
        uid="a\r\nBEGIN:VALARM",
        url="https://a.example",
        title="x\nEND:VEVENT",
        text="",
        where="",
        starts_at=datetime(2026, 1, 1, tzinfo=UTC),
        ends_at=None,
        status="confirmed",
        stamp=datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert file.count("BEGIN:") == 2 + file.count("\\nBEGIN:")
    assert "\r\nBEGIN:VALARM" not in file


def test_times_over_midnight_and_the_change_of_clocks():
    assert (
        when_words(datetime(2026, 3, 28, 22, tzinfo=UTC), datetime(2026, 3, 29, 2, tzinfo=UTC), "Europe/Berlin")
        == "Sat 28 Mar 2026, 23:00 – Sun 29 Mar 2026, 04:00 (Europe/Berlin)"
    )


# Reading what others write


def example(number):
    """An example of FEP-8a8e."""
    return event_of(json.loads((SHARED / "activities" / "fep" / f"fep-8a8e_{number}.json").read_text()))


@pytest.mark.skipif(not SHARED.is_dir(), reason="the collection is not there")
def test_fep_8a8e_is_read_field_by_field():
    assert example(2).timezone == "Europe/Rome"
    assert example(3).place == "Foo Bar, 15 Fediverse Street, 8010 Fediverse Town, Austria"
    assert example(4).place == "Foo Bar, 15 Fediverse Street, 8010, Fediverse Town, Steiermark, Austria"
    assert example(5).online[0].url == "https://jitsi.example.org/fediverse-moderation-meeting"
    assert (example(6).place_url, len(example(6).online)) == ("https://university.example.com", 2)
    assert (example(7).join_mode, example(7).join_url) == ("external", "https://example.org/foo#register")
    assert example(8).join_url == "mailto:fediverse-workshop@example.org"
    assert (example(9).capacity, example(9).participants) == (100, 84)
    assert example(12).categories == ("MUSIC", "CREATIVE_JAM")


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({"ical:status": "CANCELLED"}, "cancelled"),
        ({"status": "TENTATIVE"}, "tentative"),
        ({"eventStatus": "https://schema.org/EventCancelled"}, "cancelled"),
        ({"eventStatus": "EventPostponed"}, "postponed"),
        ({"status": {"a": 1}}, "confirmed"),
        ({}, "confirmed"),
    ],
)
def test_every_spelling_of_the_status(facts, status):
    assert event_of(facts).status == status


def test_s12_wild_values_are_no_facts():
    event = event_of(
        {
            "startTime": "99999-99-99",
            "endTime": 7,
            "timezone": "../../../etc/localtime",
            "location": [7, None, {"name": ["x", {}]}, {"type": "VirtualLocation", "url": "javascript:1"}, "ftp://x"]
            * 99,
            "joinMode": {"x": []},
            "externalParticipationUrl": "mailto:a b@c\r\nBcc: d",
            "maximumAttendeeCapacity": -1,
            "participantCount": True,
            "attendees": "https://a.example/attendees",
            "category": [None, {"x": "y"}, 4],
            "feeAmount": "free",
            "buyTicketsLink": "data:text/html,x",
            "attachment": {"type": "Link", "name": "Website", "href": []},
        }
    )
    assert (event.starts_at, event.ends_at, event.timezone, event.online) == (None, None, "", ())
    assert (event.join_mode, event.join_url, event.capacity, event.participants) == ("", "", None, None)
    assert (event.fee, event.tickets_url) == ("", "")


def test_a_time_without_offset_is_meant_at_the_place():
    event = event_of(
        {"startTime": "2026-07-01T10:00:00", "timezone": "Europe/Berlin", "endTime": "2026-07-01T11:00:00Z"}
    )
    assert event.starts_at == datetime(2026, 7, 1, 8, tzinfo=UTC)
    assert event.ends_at == datetime(2026, 7, 1, 11, tzinfo=UTC)


def test_gancios_and_piefeds_shapes():
    gancio = event_of(
        {
            "startTime": "2026-07-01T10:00:00.000+02:00",
            "location": {"type": "Place", "name": "Barn", "address": "Via 1", "latitude": 1.5, "longitude": 2},
            "attachment": [{"type": "Document", "url": "https://g.example/a.jpg"}],
        }
    )
    assert (gancio.place, gancio.join_mode) == ("Barn, Via 1", "")
    piefed = event_of(
        {
            "isOnline": True,
            "onlineLink": "https://meet.example/1",
            "joinMode": "free",
            "feeAmount": 4.5,
            "feeCurrency": "EUR",
            "buyTicketsLink": "https://t.example/",
            "maximumAttendeeCapacity": 0,
        }
    )
    assert (piefed.online[0].url, piefed.fee, piefed.capacity) == ("https://meet.example/1", "4.5 EUR", None)


# Taking part across servers, with somebody else's software


async def test_s5_joins_that_are_not_the_signers_change_nothing(fediverse, maya):
    event = await maya.do(actions.publish_event, FORM)
    there = Stranger(fediverse, "mobilizon.example")
    ana, eve = there.actor("ana"), there.actor("eve")
    await there.send(maya.here, there.activity("Join", ana, event.uri, path="join/1"))
    await fediverse.settle()
    for attack in (
        there.activity("Leave", eve, event.uri),
        there.activity("Undo", eve, there.activity("Join", ana, event.uri, path="join/1"), path="undo/1"),
        there.activity("Undo", eve, there.uri("join/1"), path="undo/2"),
        there.activity("Join", eve, event.uri, path="join/1") | {"id": there.uri("join/1")},
    ):
        await there.send(maya.here, attack)
    await fediverse.settle()
    assert (await view(maya, event)).participants == 1


async def test_mobilizons_join_is_accepted_once_and_ended_by_leave(fediverse, maya):
    event = await maya.do(actions.publish_event, FORM)
    there = Stranger(fediverse, "mobilizon.example")
    ana = there.actor("ana")
    join = there.activity("Join", ana, event.uri, path="@ana/join/event/9", participationMessage="I bring cake")
    for sent in (join, join, join | {"id": there.uri("@ana/join/event/10")}):
        await there.send(maya.here, sent)
    await fediverse.settle()
    assert [(item["type"], item["object"]["id"]) for item in there.received] == [
        ("Accept", there.uri("@ana/join/event/9")),
        ("Accept", there.uri("@ana/join/event/10")),
    ]
    assert there.received[0]["actor"] == maya.uri
    assert (await view(maya, event)).participants == 1
    attendees = (await document(fediverse, maya.here, f"{event.uri}/attendees"))[1]
    assert (attendees["totalItems"], "items" in attendees) == (1, False)
    assert "cake" not in json.dumps((await document(fediverse, maya.here, event.uri))[1])
    await there.send(maya.here, there.activity("Leave", ana, event.uri))
    await fediverse.settle()
    assert (await view(maya, event)).participants == 0


@pytest.mark.parametrize("by_id", [True, False])
async def test_undoing_a_join_is_leaving(fediverse, maya, by_id):
    event = await maya.do(actions.publish_event, FORM)
    there = Stranger(fediverse, "mobilizon.example")
    ana = there.actor("ana")
    join = there.activity("Join", ana, event.uri, path="join/1")
    await there.send(maya.here, join)
    await fediverse.settle()
    await there.send(maya.here, there.activity("Undo", ana, join["id"] if by_id else join, path="undo/1"))
    await fediverse.settle()
    assert (await view(maya, event)).participants == 0


async def test_a_closed_event_rejects(fediverse, maya):
    event = await maya.do(actions.publish_event, replace(FORM, join_mode="invite"))
    there = Stranger(fediverse, "mobilizon.example")
    await there.send(maya.here, there.activity("Join", there.actor("ana"), event.uri, path="join/1"))
    await fediverse.settle()
    assert [item["type"] for item in there.received] == ["Reject"]
    assert (await view(maya, event)).participants == 0


async def test_s15_an_event_for_members_is_not_joined_by_others(fediverse, maya):
    group = await community(maya, "science", visibility="members")
    event = await maya.do(actions.publish_event, replace(FORM, community_id=group.id, visibility="members"))
    there = Stranger(fediverse, "mobilizon.example")
    join = there.activity("Join", there.actor("ana"), event.uri, path="join/1")
    await there.send(maya.here, join)
    await fediverse.settle()
    assert (await outcome(maya.here, join["id"]))[0] == "refused"
    assert there.received == []


@pytest.mark.parametrize("kind", ["Invite", "Ignore", "Offer"])
async def test_fep_8a8e_invitations_are_taken_and_forgotten(fediverse, maya, kind):
    event = await maya.do(actions.publish_event, FORM)
    there = Stranger(fediverse, "mobilizon.example")
    sent = there.activity(kind, there.actor("ana"), event.uri) | {"target": maya.uri}
    assert await there.send(maya.here, sent) == 202
    await fediverse.settle()
    assert (await outcome(maya.here, sent["id"]))[0] in {"ignored", "refused"}


async def remote_event(fediverse, there, here, author, **more):
    """An event of somebody elsewhere, as Mobilizon writes it; returns its id."""
    facts = {
        "type": "Event",
        "name": "Barn dance",
        "content": "<p>£6 each.</p>",
        "startTime": "2026-03-11T19:00:00+00:00",
        "endTime": "2026-03-11T21:00:00+00:00",
        "timezone": "Europe/London",
        "joinMode": "free",
        "participantCount": 3,
        "actor": author,
        "to": [PUBLIC],
    }
    return await there.create(fediverse, here, author, "events/1", **(facts | more))


async def test_s5_only_who_answers_for_an_event_answers(fediverse, maya):
    there, other = Stranger(fediverse, "mobilizon.example"), Stranger(fediverse, "evil.example")
    organiser, eve, mallory = there.actor("organiser"), there.actor("eve"), other.actor("mallory")
    uri = await remote_event(fediverse, there, maya.here, organiser)
    event = await found(maya.here, uri)
    await maya.do(actions.take_part, event.id)
    await fediverse.settle()
    join = there.received[-1]
    assert (join["type"], join["object"], join["to"]) == ("Join", uri, [organiser])
    await there.send(maya.here, there.activity("Accept", eve, join, path="accept/1"))
    await there.send(maya.here, there.activity("Accept", eve, join["id"], path="accept/2"))
    await other.send(maya.here, other.activity("Accept", mallory, join, path="accept/3"))
    await fediverse.settle()
    assert (await view(maya, event)).my_state == "asked"


@pytest.mark.parametrize("by_id", [True, False])
async def test_our_people_take_part_elsewhere_and_hear_the_answer(fediverse, maya, by_id):
    there = Stranger(fediverse, "mobilizon.example")
    organiser = there.actor("organiser")
    group = there.actor("dancers", "Group")
    event = await found(maya.here, await remote_event(fediverse, there, maya.here, organiser, attributedTo=group))
    await maya.do(actions.take_part, event.id)
    await maya.do(actions.take_part, event.id)
    await fediverse.settle()
    joins = [item for item in there.received if item["type"] == "Join"]
    assert len(joins) == 1
    answer = joins[0]["id"] if by_id else joins[0]
    await there.send(maya.here, there.activity("Accept", group, answer, path="accept/1"))
    await fediverse.settle()
    assert await outcome(maya.here, there.uri("accept/1")) == ("done", None)
    assert (await view(maya, event)).my_state == "going"
    await there.send(maya.here, there.activity("Reject", organiser, answer, path="reject/1"))
    await fediverse.settle()
    assert (await view(maya, event)).my_state == "refused"
    kinds = await maya.here.run(maya.here.db.rows, "SELECT kind FROM notification WHERE kind LIKE 'event%'")
    assert [row["kind"] for row in kinds] == ["event_no"]
    await maya.do(actions.take_part, event.id)
    await maya.do(actions.leave, event.id)
    await fediverse.settle()
    assert [item["type"] for item in there.received if item["type"] in {"Join", "Leave"}] == ["Join", "Join", "Leave"]


async def test_an_event_from_elsewhere_changes_with_its_author(fediverse, maya):
    there = Stranger(fediverse, "mobilizon.example")
    organiser = there.actor("organiser")
    uri = await remote_event(fediverse, there, maya.here, organiser)
    there.documents[uri] |= {"updated": "2026-01-15T09:30:00Z", "ical:status": "CANCELLED"}
    await there.send(maya.here, there.activity("Update", organiser, there.documents[uri], path="update/1"))
    await fediverse.settle()
    post = await sees(maya, uri)
    seen = await maya.do(queries.event, post)
    assert (post.kind, seen.status, seen.participants, seen.can_join) == ("session", "cancelled", 3, False)
    assert post.facts[0] == "Cancelled"


async def test_d7_s5_nobody_elsewhere_says_of_our_people_that_they_discuss(fediverse, maya):
    there = Stranger(fediverse, "birch.example")
    people = [
        {"ph:id": maya.uri, "ph:name": "Maya"},
        {"ph:id": "https://cedar.example/u/ada", "ph:name": "Ada <b>", "ph:url": "javascript:alert(1)"},
        {"ph:id": "https://cedar.example/u/kim"},
        "https://cedar.example/u/joe",
    ]
    more = {"ph:eventFormat": "seminar", "ph:discussants": people, "ph:agenda": [1, {"id": "x"}, "https://a.example/1"]}
    more |= {"ph:recap": "x" * 9000, "ph:answersUntil": "2199-01-01T00:00:00Z"}
    more["ph:prepare"] = [{"url": "javascript:alert(1)", "name": "A", "ph:minutes": 1}, {"url": 1}, "x"] * 9
    uri = await remote_event(fediverse, there, maya.here, there.actor("organiser"), **more)
    seen = await maya.do(queries.event, await sees(maya, uri))
    assert [(line.name, line.url) for line in seen.discussants] == [("Ada <b>", "https://cedar.example/u/ada")]
    assert (seen.agenda, seen.pack, len(seen.recap)) == (("https://a.example/1",), (), 4000)
    assert seen.answers_until - seen.ends_at == timedelta(days=60)
