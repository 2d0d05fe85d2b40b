"""What to read before an event, ticks that nobody else sees, and the reminder two days before (C14, O5)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from server.accounts import site
from server.errors import Invalid, NotFound
from server.notifications import queries as notifications
from server.posts import queries as posts
from server.sessions import actions, pack, preparing, queries
from server.sessions.pack import PackForm
from tests.posting import community, document, follow, sees, write
from tests.server.sessions.test_events import FORM

STARTS = datetime(2026, 3, 10, 16, tzinfo=UTC)
ITEMS = (PackForm("https://example.org/a", "Wait time", 10), PackForm("https://example.org/b", "Questions", 15))


@pytest.fixture
async def scene(fediverse):
    """Maya invites; Tom, Ada and Kim live on her server, in UTC."""
    here = await fediverse.start("alder.example")
    maya, *others = [await fediverse.person(here, name) for name in ("maya", "tom", "ada", "kim")]
    return here, maya, *others


async def view(person, post):
    """An event as somebody sees it."""
    return await person.do(queries.event, await person.do(posts.show, post.id))


async def until(fediverse, moment):
    """Let time pass until then, and everybody do what they have to; mail waits for two minutes."""
    for seconds in ((moment - fediverse.clock.now()).total_seconds(), 180):
        fediverse.clock.advance(seconds)
        await fediverse.settle()


def prepared(here):
    """Who was mailed what to prepare."""
    return sorted(mail.to for mail in here.mailer.logged if mail.subject.startswith("What to prepare"))


@pytest.mark.parametrize(
    ("items", "field"),
    [
        ((PackForm("javascript:alert(1)", "Run", 1),), "address"),
        ((PackForm("https://example.org/" + "x" * 500, "Long", 1),), "address"),
        ((PackForm("https://example.org/a", " ", 1),), "title-1"),
        ((PackForm("https://example.org/a", "A", None),), "minutes-1"),
        ((PackForm("https://example.org/a", "A", 0),), "minutes-1"),
        (tuple(PackForm(f"https://example.org/{number}", "A", 1) for number in range(13)), "address"),
    ],
)
def test_c14_a_pack_that_says_too_little_or_too_much_is_refused(items, field):
    with pytest.raises(Invalid) as refusal:
        pack.check(pack.tidy(items))
    assert refusal.value.errors[0]["field"] == field


async def test_c14_a_pack_is_read_in_order_and_ticks_are_ones_own(fediverse, scene):
    here, maya, tom, ada, _ = scene
    group, other = await community(maya), await community(maya, "staff", visibility="members")
    inside = await write(maya, community_id=other.id, visibility="members", title="Minutes")
    text = await write(tom, "word " * 900, title="On waiting")
    event = await maya.do(actions.publish_event, replace(FORM, community_id=group.id))
    with pytest.raises(NotFound):
        await tom.do(preparing.set_pack, event.id, ITEMS)
    with pytest.raises(Invalid, match="Not everybody"):  # S15: it names nothing that is for fewer people
        await maya.do(preparing.set_pack, event.id, [PackForm(inside.url, "Minutes", 3, inside.uri)])
    minutes = pack.minutes_of(text.content_html)
    assert minutes == 5
    await maya.do(preparing.set_pack, event.id, [*ITEMS, PackForm(text.url, "On waiting", minutes, text.uri), ITEMS[0]])

    with pytest.raises(NotFound):
        await tom.do(preparing.tick, event.id, "https://example.org/other", done=True)
    await tom.do(preparing.tick, event.id, ITEMS[0].url, done=True)
    await tom.do(preparing.tick, event.id, ITEMS[0].url, done=True)
    seen, others = await view(tom, event), await view(ada, event)
    assert [line.title for line in seen.pack] == ["Wait time", "Questions", "On waiting"]
    assert [line.is_elsewhere for line in seen.pack] == [True, True, False]
    assert (seen.read_count, seen.minutes, seen.minutes_left) == (1, 30, 20)
    assert (others.read_count, (await view(maya, event)).read_count) == (0, 0)
    await maya.do(preparing.set_pack, event.id, [*ITEMS[::-1]])
    assert [line.is_read for line in (await view(tom, event)).pack] == [False, True]

    served = (await document(fediverse, here, event.uri))[1]
    assert [item["name"] for item in served["ph:prepare"]] == ["Questions", "Wait time"]
    assert '<li><a href="https://example.org/a">Wait time</a> (10 minutes)</li>' in served["content"]
    assert "read" not in str(served["ph:prepare"])


async def test_c14_a_pack_travels_and_is_ticked_where_one_lives(fediverse, scene):
    _, maya, *_ = scene
    lee = await fediverse.person(await fediverse.start("birch.example"), "lee")
    await follow(lee, maya)
    await fediverse.settle()
    event = await maya.do(actions.publish_event, FORM)
    await maya.do(preparing.set_pack, event.id, ITEMS)
    await fediverse.settle()
    there = await sees(lee, event.uri)
    assert "To prepare" not in there.content_html
    assert "When:" not in there.content_html
    await lee.do(preparing.tick, there.id, ITEMS[1].url, done=True)
    await lee.do(actions.take_part, there.id)
    await fediverse.settle()
    fresh = await lee.do(queries.event, await sees(lee, event.uri))
    assert [(line.title, line.is_read) for line in fresh.pack] == [("Wait time", False), ("Questions", True)]
    assert await maya.here.run(maya.here.db.value, "SELECT count(*) AS n FROM event_pack_read") == 0
    await until(fediverse, STARTS - timedelta(days=2) + timedelta(minutes=5))
    assert prepared(lee.here) == ["lee@example.org"]
    assert prepared(maya.here) == []


async def test_o5_what_to_prepare_comes_two_days_before_once(fediverse, scene):
    here, maya, tom, ada, kim = scene
    event = await maya.do(actions.publish_event, FORM)
    for person in (tom, ada, kim):
        await person.do(actions.take_part, event.id)
    await maya.do(preparing.set_pack, event.id, ITEMS)
    for hours, person in (("16, 20, NULL", ada), ("NULL, NULL, 1899999999999", kim)):  # quiet hours, and a pause
        setting = "INSERT INTO notification_setting (reader_id, mail_now, quiet_since, quiet_until, paused_until)"
        await here.run(here.db.execute, f"{setting} VALUES (:id, TRUE, {hours})", id=person.id)
    await tom.do(preparing.tick, event.id, ITEMS[1].url, done=True)
    await until(fediverse, STARTS - timedelta(days=2, minutes=1))
    assert prepared(here) == []
    await until(fediverse, STARTS - timedelta(days=2) + timedelta(minutes=5))  # 16:05, in Ada's quiet hours
    assert prepared(here) == ["tom@example.org"]
    (mail,) = [mail for mail in here.mailer.logged if mail.subject.startswith("What to prepare")]
    assert "“Peer circle” begins Tue 10 Mar, 16:00 (UTC)." in mail.text
    assert "To prepare, about 10 minutes of reading:\n\n- Wait time (10 minutes)\n  https://example" in mail.text
    assert "Questions" not in mail.text
    await until(fediverse, STARTS - timedelta(days=1, hours=19))
    assert prepared(here) == ["ada@example.org", "tom@example.org"]
    await maya.do(preparing.set_pack, event.id, ITEMS[::-1])
    await maya.do(actions.change_event, event.id, replace(FORM, starts="2026-03-10T17:30"))
    await until(fediverse, STARTS + timedelta(days=1))
    assert len(prepared(here)) == 2
    assert (await kim.do(news)).groups[0].lines[0].kind == "prepare"


async def test_o5_who_withdrew_who_has_read_all_and_what_is_called_off_are_left_out(fediverse, scene):
    here, maya, tom, ada, kim = scene
    first, second = await maya.do(actions.publish_event, FORM), await maya.do(actions.publish_event, FORM)
    quiet = (
        "INSERT INTO notification_setting (reader_id, mail_now, quiet_since, quiet_until) VALUES (:id, TRUE, 15, 20)"
    )
    await here.run(here.db.execute, quiet, id=kim.id)
    for event in (first, second):
        await maya.do(preparing.set_pack, event.id, ITEMS)
        for person in (tom, ada, kim):
            await person.do(actions.take_part, event.id)
    for item in ITEMS:
        await ada.do(preparing.tick, first.id, item.url, done=True)
    await tom.do(actions.leave, first.id)
    await maya.do(actions.cancel_event, second.id)
    await until(fediverse, STARTS - timedelta(days=2) + timedelta(minutes=5))
    assert (await kim.do(news)).groups
    await kim.do(actions.leave, first.id)  # before the mail, which waits for the end of her quiet hours
    await until(fediverse, STARTS)
    assert prepared(here) == []
    assert [group for person in (tom, ada, kim) for group in (await person.do(news)).groups] == []


async def test_o5_an_event_that_moved_is_reminded_of_when_it_is(fediverse, scene):
    here, maya, tom, *_ = scene
    event = await maya.do(actions.publish_event, FORM)
    await tom.do(actions.take_part, event.id)
    await maya.do(preparing.set_pack, event.id, ITEMS)
    later = replace(FORM, starts="2026-03-12T17:00", ends="2026-03-12T18:00")
    await maya.do(actions.change_event, event.id, later)
    await until(fediverse, STARTS - timedelta(hours=1))
    assert prepared(here) == []
    await until(fediverse, STARTS + timedelta(hours=1))
    assert prepared(here) == ["tom@example.org"]
    much_later = replace(FORM, starts="2026-04-14T17:00", ends="2026-04-14T18:00")
    await maya.do(actions.change_event, event.id, much_later)  # it was put off by a month: that is another meeting
    await until(fediverse, STARTS + timedelta(days=20))
    assert len(prepared(here)) == 1
    days = {"break_from": "2026-04-20", "break_until": "2026-04-30"}
    await here.run(site.save, here, "ana", days)
    await until(fediverse, datetime(2026, 4, 12, 15, 30, tzinfo=UTC))
    assert len(prepared(here)) == 2
    in_break = replace(FORM, starts="2026-04-25T17:00", ends="2026-04-25T18:00")
    await maya.do(actions.change_event, event.id, in_break)
    await until(fediverse, datetime(2026, 4, 26, tzinfo=UTC))
    assert len(prepared(here)) == 2, "no mail in a break"


async def news(here, viewer):
    """What somebody is told."""
    return await notifications.page(here, viewer)
