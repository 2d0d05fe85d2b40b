"""How soon news is mailed: at once, this afternoon, with the weekly mail, or not at all (O3)."""

from datetime import datetime

import pytest

from server.accounts import actions as accounts
from server.communities.events import MemberApplied
from server.digest import actions
from server.errors import Invalid
from server.notifications.actions import no_mail_today, set_tiers
from server.notifications.tiers import DEFAULTS
from server.notifications.times import Quiet, after_quiet, next_at
from server.words import zone_of
from tests.facts import emit, make_community, make_member, make_post


async def maya_and_tom(fediverse, **tiers: str):
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    await maya.do(set_tiers, {**DEFAULTS, **tiers})
    return here, maya, tom


async def answered(here, maya, tom, **values):
    post = await make_post(here, maya.id, title="Exit tickets", **values)
    return await make_post(here, tom.id, kind="reply", parent_id=post.id, content_html="<p>Secret words.</p>", **values)


async def hours(fediverse, count: float, step: float = 0.25) -> None:
    """So many hours go by."""
    await fediverse.settle()
    for _ in range(round(count / step)):
        fediverse.clock.advance(step * 3600)
        await fediverse.settle()


def to_maya(here) -> list:
    return [mail for mail in here.mailer.logged if mail.to == "maya@example.org"]


@pytest.mark.parametrize(("topic", "tier"), [("answers", "tomorrow"), ("nonsense", "now"), ("", "")])
async def test_what_cannot_be_chosen_is_refused(fediverse, topic: str, tier: str) -> None:
    _, maya, _ = await maya_and_tom(fediverse)
    with pytest.raises(Invalid):
        await maya.do(set_tiers, {topic: tier})


async def test_what_nobody_wants_by_mail_is_in_none(fediverse) -> None:
    here, maya, tom = await maya_and_tom(fediverse, answers="none")
    await answered(here, maya, tom)
    await hours(fediverse, 24 * 7, step=1)
    assert to_maya(here) == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE account SET state = 'suspended' WHERE actor_id = :maya",
        "UPDATE account SET email_confirmed_at = NULL WHERE actor_id = :maya",
        "UPDATE notification SET read_at = 1",
        "UPDATE post SET state = 'removed' WHERE kind = 'reply'",
        "UPDATE notification_setting SET paused_until = 99999999999999",
        "INSERT INTO mail_bounce (address, at, reason) VALUES ('maya@example.org', 1, 'gone')",
    ],
)
async def test_no_mail_of_the_day_goes_to_who_should_not_get_it(fediverse, change: str) -> None:
    here, maya, tom = await maya_and_tom(fediverse, answers="today")
    await answered(here, maya, tom)
    await here.run(here.db.execute, change, maya=maya.id)
    await hours(fediverse, 24)
    assert to_maya(here) == []


async def test_s15_the_mail_of_the_day_says_nothing_private(fediverse) -> None:
    here, maya, tom = await maya_and_tom(fediverse, answers="today")
    community = await make_community(here, "carers", visibility="members")
    for person in (maya, tom):
        await make_member(here, community.id, person.id)
    await answered(here, maya, tom, visibility="members", community_id=community.id)
    await hours(fediverse, 24)
    (mail,) = to_maya(here)
    assert "1 new in a private space" in mail.text
    for word in ("exit tickets", "secret", "carers", "tom"):
        assert word not in (mail.subject + mail.text + mail.html).lower()


async def test_several_answers_are_one_mail_at_four_where_the_person_is(fediverse) -> None:
    here, maya, tom = await maya_and_tom(fediverse, answers="today")
    await maya.do(accounts.set_preferences, language="en", theme="auto", timezone="Asia/Tokyo")
    for _ in range(3):
        await answered(here, maya, tom)
    due = next_at(fediverse.clock.now(), zone_of("Asia/Tokyo"), 16)
    until = (due - fediverse.clock.now()).total_seconds()
    await fediverse.settle()
    fediverse.clock.advance(until - 1)
    await fediverse.settle()
    assert to_maya(here) == []
    fediverse.clock.advance(1)
    await fediverse.settle()
    (mail,) = to_maya(here)
    assert mail.subject == "Today at Alder"
    assert mail.text.count("Exit tickets: Tom answered.") == 3
    await hours(fediverse, 24 * 7, step=1)
    assert [other.subject for other in to_maya(here)] == ["Today at Alder"]


async def test_quiet_hours_put_mail_off_until_they_end(fediverse) -> None:
    here, maya, tom = await maya_and_tom(fediverse, answers="today")
    await maya.do(actions.set_day, -1, Quiet(9, 20))
    await answered(here, maya, tom)
    await make_post(here, tom.id, kind="note", title="", mentions=(maya.id,))
    assert 9 <= fediverse.clock.now().hour < 16
    await hours(fediverse, 20 - fediverse.clock.now().hour - 0.5)
    assert to_maya(here) == []
    await hours(fediverse, 1)
    assert sorted(mail.subject for mail in to_maya(here)) == ["Today at Alder", "Tom mentioned you"]


async def test_what_somebody_wants_at_once_says_no_more_than_it_may(fediverse) -> None:
    here, maya, tom = await maya_and_tom(fediverse, duties="now")
    community = await make_community(here, "carers", stewards=(maya.id,), visibility="members")
    await make_member(here, community.id, tom.id, state="applied")
    await emit(here, MemberApplied(community.id, tom.id))
    await hours(fediverse, 0.25)
    (mail,) = to_maya(here)
    assert mail.subject == "News for you at Alder"
    assert "Somebody waits for your decision." in mail.text
    assert "carers" not in mail.text.lower()
    assert "/mail/" in mail.unsubscribe


async def test_the_mail_of_the_day_can_be_stopped(fediverse) -> None:
    here, maya, tom = await maya_and_tom(fediverse, answers="today", duties="now")
    await maya.do(no_mail_today)
    await answered(here, maya, tom)
    await hours(fediverse, 24)
    assert to_maya(here) == []
    stored = await here.run(here.db.value, "SELECT tiers FROM notification_setting")
    assert stored == '{"answers":"weekly","duties":"now"}'


def test_quiet_hours_may_go_over_midnight() -> None:
    zone, quiet = zone_of("Europe/Berlin"), Quiet(20, 8)
    night = datetime.fromisoformat("2026-11-30T23:10:00+01:00")
    assert after_quiet(night, zone, quiet).astimezone(zone).hour == 8
    noon = next_at(night, zone, 12)
    assert after_quiet(noon, zone, quiet) == noon
    assert after_quiet(night, zone, Quiet(5, 5)) == night
