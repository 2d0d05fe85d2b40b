"""Choosing when mail comes, and looking at the weekly mail beforehand."""

import pytest

from server.digest import actions, queries
from server.notifications.times import Quiet
from tests.facts import make_post

CHOICE = {"day": "0", "quiet_since": "", "quiet_until": "", "paused_until": "", "mail_now": "1"}


async def maya_on(fediverse):
    here = await fediverse.start("alder.example")
    return here, await fediverse.person(here, "maya")


async def test_nobody_else_sees_a_mail_or_how_it_goes(fediverse) -> None:
    here, maya = await maya_on(fediverse)
    async with fediverse.client(here) as client:
        for path in ("/week/digest", "/settings/mail", "/admin/mail"):
            assert (await client.get(path)).headers["location"].startswith("/sign-in")
    async with fediverse.client(here, maya) as client:
        assert (await client.get("/admin/mail")).status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("day", "7"),
        ("day", "Monday"),
        ("day", ""),
        ("quiet_since", "20"),
        ("quiet_until", "x"),
        ("paused_until", "soon"),
        ("tier_answers", "tomorrow"),
        ("paused_until", "9999-12-31"),
    ],
)
async def test_a_choice_that_cannot_be_is_refused_and_kept_in_the_form(fediverse, field: str, value: str) -> None:
    here, maya = await maya_on(fediverse)
    async with fediverse.client(here, maya) as client:
        answer = await client.post("/settings/mail", data=CHOICE | {field: value})
    assert answer.status_code == 422
    assert 'class="error-summary"' in answer.text
    assert (await maya.do(queries.choice)).quiet == Quiet()


async def test_a_day_quiet_hours_and_a_pause_are_chosen(fediverse) -> None:
    here, maya = await maya_on(fediverse)
    day = (fediverse.clock.now().date()).replace(day=28).isoformat()
    async with fediverse.client(here, maya) as client:
        chosen = {"day": "4", "quiet_since": "20", "quiet_until": "8", "paused_until": day}
        assert (await client.post("/settings/mail", data=chosen)).status_code == 303
        shown = (await client.get("/settings/mail")).text
        found = await maya.do(queries.choice)
        assert (found.day, found.quiet.since_hour, found.quiet.until_hour) == (4, 20, 8)
        assert found.due_at.weekday() == 4
        assert found.due_at.hour == 8
        assert '<option value="4" selected>' in shown
        assert f'value="{day}"' in shown
        await client.post("/settings/mail", data=CHOICE | {"day": "-1"})
        assert (await maya.do(queries.choice)).due_at is None
        assert "You chose to get none." in (await client.get("/week/digest")).text


async def test_how_soon_for_what_is_chosen_and_shown(fediverse) -> None:
    here, maya = await maya_on(fediverse)
    async with fediverse.client(here, maya) as client:
        shown = (await client.get("/settings/mail")).text
        assert shown.count('<option value="now" selected>') == 5
        await client.post("/settings/mail", data=CHOICE | {"tier_answers": "today", "tier_thanks": "none"})
        found = await maya.do(queries.choice)
        assert (found.tiers["answers"], found.tiers["thanks"], found.tiers["care"]) == ("today", "none", "now")
        assert found.mail_now
        shown = (await client.get("/settings/mail")).text
        assert shown.count('<option value="today" selected>') == 1
        await client.post("/settings/mail", data=CHOICE | {"mail_now": ""})
    assert not (await maya.do(queries.choice)).mail_now


async def test_an_address_that_takes_no_mail_is_shown_and_tried_again(fediverse) -> None:
    here, maya = await maya_on(fediverse)
    await here.run(here.db.execute, "INSERT INTO mail_bounce VALUES ('maya@example.org', 1, '5.1.1 no')")
    async with fediverse.client(here, maya) as client:
        assert "maya@example.org" in (await client.get("/settings/mail")).text
        await client.post("/settings/mail/again")
    assert (await maya.do(queries.choice)).bounced_at is None


async def test_the_mail_is_seen_beforehand_and_the_run_by_an_admin(fediverse) -> None:
    here, maya = await maya_on(fediverse)
    tom, ana = await fediverse.person(here, "tom"), await fediverse.person(here, "ana", role="admin")
    async with fediverse.client(here, maya) as client:
        assert "Nothing to say this week" in (await client.get("/week/digest")).text
        await make_post(here, tom.id, title="Quiet starts")
        shown = (await client.get("/week/digest")).text
        assert "One practice to try" in shown
        assert "Quiet starts" in shown
    await here.run(actions.plan_missing, here)
    due = (await maya.do(queries.choice)).due_at
    fediverse.clock.advance((due - fediverse.clock.now()).total_seconds())
    async with fediverse.client(here, ana) as client:
        assert "Nothing yet" in (await client.get("/admin/mail")).text
        await fediverse.settle()
        shown = (await client.get("/admin/mail")).text
        assert "3 people were due." in shown
        assert "2 mails were prepared." in shown
