"""The rhythm of communities, what is wanted of one of them, term breaks, and coming back (O1, O2, O3)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from server.accounts import site
from server.actors.viewer import Viewer
from server.communities import actions as communities
from server.communities.form import CommunityForm
from server.digest import actions, queries
from server.errors import Invalid
from server.notifications import spaces
from server.notifications.times import Quiet
from server.week.meanwhile import meanwhile, silent
from server.week.queries import about
from tests.facts import make_community, make_member, make_post
from tests.posting import community, join
from tests.server.digest.test_digest import come_to, digests, pass_on, two

DAY = timedelta(days=1)


async def plan_of(person):
    found = await person.do(queries.choice)
    return found.day, found.is_chosen


async def test_o1_a_day_that_is_none_is_refused_and_a_chosen_day_stays(fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    form = CommunityForm(name="Science", purpose="To learn.", slug="science")
    with pytest.raises(Invalid) as refusal:
        await maya.do(communities.create_community, replace(form, digest_day=7))
    assert refusal.value.field == "digest_day"
    science = await community(maya, "science", digest_day=3)
    await fediverse.settle()
    assert await plan_of(tom) == (0, False), "Monday, where nobody chose anything"
    await join(tom, science)
    await fediverse.settle()
    assert await plan_of(tom) == (3, False)
    due = (await tom.do(queries.choice)).due_at
    assert (due.weekday(), due.hour) == (3, 7)
    await maya.do(actions.set_day, 1)
    await maya.do(communities.edit_community, science.id, replace(form, digest_day=4))
    await fediverse.settle()
    assert (await plan_of(tom), await plan_of(maya)) == ((4, False), (1, True))
    # A new zone or new quiet hours leave both as they are; and one may go back to what the communities have.
    await tom.do(actions.set_day, None, Quiet(20, 6))
    await maya.do(actions.set_day, None)
    assert (await plan_of(tom), await plan_of(maya)) == ((4, False), (4, False))
    await tom.do(communities.leave, science.id)
    await fediverse.settle()
    assert await plan_of(tom) == (0, False)


async def test_o3_a_term_break_is_checked_and_has_no_mails_of_the_week_or_day(fediverse) -> None:
    here, maya, _ = await two(fediverse)
    today = fediverse.clock.now().date()
    wrong = [("", "2026-12-01"), ("soon", "later"), ("2027-02-01", "2027-01-01"), ("2027-01-01", "2029-01-01")]
    for first, last in wrong:
        with pytest.raises(Invalid):
            await here.run(site.save, here, "ana", {"break_from": first, "break_until": last})
    until = today + timedelta(days=10)
    days = {"break_from": today.isoformat(), "break_until": until.isoformat()}
    await here.run(site.save, here, "ana", days)
    await maya.do(actions.choose, day=None, quiet=Quiet(), tiers={"answers": "today"}, mail_now=True)
    await pass_on(fediverse, timedelta(days=9), timedelta(hours=4))
    assert here.mailer.logged == []
    await come_to(fediverse, here, maya)
    (mail,) = digests(here)
    assert "Exit tickets: Tom answered." in mail.text, "what happened in the break is told after it"


async def test_o3_what_is_chosen_for_a_community_counts_there_first(fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya, tom, ines = [await fediverse.person(here, name) for name in ("maya", "tom", "ines")]
    science, art = [await make_community(here, name, visibility="members") for name in ("science", "art")]
    for person in (maya, tom, ines):
        await make_member(here, science.id, person.id)
    await make_member(here, art.id, tom.id)
    with pytest.raises(Invalid):
        await maya.do(spaces.set_spaces, {science.id: "sometimes"})
    await maya.do(_choose, {science.id: "now", art.id: "now"})
    await ines.do(_choose, {science.id: "none"})
    assert [space.tier for space in await maya.do(spaces.spaces)] == ["now"], "nothing is chosen for others' places"
    private = {"kind": "discussion", "visibility": "members"}
    begun = await make_post(here, tom.id, title="Begun", community_id=science.id, **private)
    await make_post(here, tom.id, title="Elsewhere", community_id=art.id, **private)
    question = await make_post(here, ines.id, title="Mine", community_id=science.id, **private)
    await make_post(here, tom.id, parent_id=question.id, community_id=science.id, kind="reply", visibility="members")
    fediverse.clock.advance(180)
    await fediverse.settle()
    told = [(mail.to, mail.subject) for mail in here.mailer.logged]
    assert ("maya@example.org", "Tom wrote something new") in told
    assert {to for to, _ in told} == {"maya@example.org"}, "an answer to Ines is not mailed: she wants nothing of it"
    assert begun.title not in "".join(mail.text for mail in here.mailer.logged), "what is private is not quoted"
    await maya.do(_choose, {science.id: "today"})
    before = len(here.mailer.logged)
    await make_post(here, tom.id, title="Later", community_id=science.id, **private)
    fediverse.clock.advance(DAY.total_seconds())
    await fediverse.settle()
    (mail,) = here.mailer.logged[before:]
    assert (mail.to, mail.subject) == ("maya@example.org", "Today at Alder")
    await pass_on(fediverse, timedelta(days=8), timedelta(hours=4))
    assert not [mail for mail in digests(here) if mail.to == "ines@example.org"]


async def _choose(here, viewer: Viewer, wanted: dict[str, str]) -> None:
    async with here.db.transaction():
        await spaces.set_spaces(here, viewer, wanted)


async def test_o2_who_was_away_sees_once_what_happened_meanwhile(fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya, tom, ines = [await fediverse.person(here, name) for name in ("maya", "tom", "ines")]
    science = await make_community(here, "science")
    for person in (maya, tom, ines):
        await make_member(here, science.id, person.id)
    other = await make_community(here, "carers", visibility="members")
    await make_post(here, tom.id, title="Before", community_id=science.id)
    fediverse.clock.advance(timedelta(days=20).total_seconds())
    for number in range(7):
        await make_post(here, tom.id, title=f"Meanwhile {number}", community_id=science.id, replies_count=number)
    await make_post(here, tom.id, title="Secret", community_id=other.id, visibility="members")
    fediverse.clock.advance(3600)
    async with fediverse.client(here, ines) as client:
        assert "What happened meanwhile" in (await client.get("/week")).text
    async with fediverse.client(here, maya) as client:
        page = (await client.get("/week")).text
        card = page[page.index('id="meanwhile"') :].partition("</section>")[0]
        assert "7 conversations began in your communities since" in card
        assert [f"Meanwhile {number}" in card for number in range(7)] == [False, False, True, True, True, True, True]
        assert "Before" not in card
        assert "Secret" not in page
        assert (await client.post("/week/caught-up", headers={"sec-fetch-site": "cross-site"})).status_code == 403
        assert (await client.post("/week/caught-up")).status_code == 303
        assert "What happened meanwhile" not in (await client.get("/week")).text
    # A week later it is gone by itself.
    fediverse.clock.advance(timedelta(days=8).total_seconds())
    me = await ines.do(about)
    assert me.back_at is not None
    assert await ines.do(meanwhile, me.away_since, me.back_at) is None


async def test_o2_facilitators_hear_of_silence_and_no_names_of_confidential_spaces(fediverse) -> None:
    here = await fediverse.start("alder.example")
    names = ("ana", "tom", "ines", "bruno", "kai")
    ana, *others = [await fediverse.person(here, name) for name in names]
    public = await make_community(here, "science", stewards=(ana.id,))
    carers = await make_community(here, "carers", stewards=(ana.id,), visibility="members", kind="support")
    for person in others:
        for place in (public, carers):
            await make_member(here, place.id, person.id)
    tom, ines, *two_more = others
    await make_post(here, tom.id, community_id=public.id)
    for person in (tom, ines):
        await make_post(here, person.id, community_id=carers.id, visibility="members")
    fediverse.clock.advance(timedelta(days=30).total_seconds())
    await make_post(here, ines.id, community_id=public.id)
    found = await ana.do(silent)
    assert [(item.community.name, [person.display_name for person in item.people]) for item in found] == [
        ("Science", ["Tom"])
    ], "of a confidential space two are too few to say anything"
    for person in two_more:
        await make_post(here, person.id, community_id=carers.id, visibility="members")
    fediverse.clock.advance(timedelta(days=24).total_seconds())
    await here.run(here.db.execute, "UPDATE post SET published_at = published_at - 700000000 WHERE kind = 'practice'")
    async with fediverse.client(here, ana) as client:
        page = (await client.get("/week")).text
    assert "In Carers, several people" not in page or "Bruno" not in page
    assert await tom.do(silent) == [], "nobody else is told"
    # Who is on holiday is not missed, and in a break nobody is.
    await tom.do(actions.set_day, 0, Quiet(None, None, fediverse.clock.now() + timedelta(days=60)))
    assert "Tom" not in str(await ana.do(silent))
    today = fediverse.clock.now().date()
    days = {"break_from": today.isoformat(), "break_until": (today + timedelta(days=10)).isoformat()}
    await here.run(site.save, here, "ana", days)
    assert await ana.do(silent) == []
    async with fediverse.client(here, ana) as client:
        assert "Term break until" in (await client.get("/week")).text
