"""Whom a community could invite (L8): by what it lacks, at most five, each with reasons, nobody who hides."""

from dataclasses import replace

import pytest

from server.actors import actions as actors
from server.actors import muting
from server.actors.actions import ProfileChange
from server.communities import actions as communities
from server.communities import bans
from server.communities import queries as community_queries
from server.discussions import actions as discussions
from server.discussions.actions import ThreadForm
from server.needs import actions as needs
from server.needs.actions import CardForm
from server.needs.inviting import MOST, whom_to_invite
from server.practices import actions as practices
from server.practices.form import PracticeForm
from tests.posting import community, follow, join
from tests.web.practices.test_practice_pages import check

APART = ("hidden", "gone", "blocks", "blocked", "muted", "banned", "left", "asked", "declined")


async def share(person, subject, level=""):
    form = PracticeForm(entry="quick", title=f"In {subject}", subject=subject, level=level, steps=("Ask.", "Wait."))
    saw = {"evidence": "They talked.", "certainty": "hunch", "would_change": "Less.", "nobody_identifiable": True}
    return await person.do(practices.share, replace(form, **saw, licence="CC-BY-4.0", visibility="public"))


async def suggested(person, group):
    """Names, with what is said of each."""
    page = await person.here.run(community_queries.community_by_slug, person.here, group.username, person.viewer)
    found = await person.do(whom_to_invite, page)
    return {one.person.handle: {(reason.kind, reason.what) for reason in one.reasons} for one in found}


@pytest.fixture
async def maya(fediverse):
    """She looks after a community that shares about science, in Year 8."""
    maya = await fediverse.person(await fediverse.start("alder.example"), "maya")
    await share(maya, "Science", "Year 8")
    return maya


async def test_l8_s17_nobody_is_suggested_who_hides_is_apart_or_was_asked_before(fediverse, maya):
    here, group = maya.here, await community(maya, "science")
    people = {}
    for name in (*APART, "applied", "mate"):
        people[name] = await fediverse.person(here, name)
        await share(people[name], f"Latin {name}")
    apply = await community(maya, "apply", join_policy="apply")
    assert set(await suggested(maya, group)) <= {f"@{name}" for name in people}
    await here.run(actors.update_profile, here, people["hidden"].id, ProfileChange(discoverable=False))
    await here.run(here.db.execute, "UPDATE actor SET suspended_at = 1 WHERE username = 'gone'")
    await people["blocks"].do(_block, maya.id)
    await maya.do(_block, people["blocked"].id)
    await here.run(muting.mute, here, maya.id, people["muted"].id)
    for name in ("banned", "left", "mate"):
        await join(people[name], group)
    await maya.do(bans.ban, group.id, people["banned"].id, reason="No.", length=None)
    await people["left"].do(communities.leave, group.id)
    await maya.do(communities.invite_member, group.id, "@asked")
    await maya.do(communities.invite_member, group.id, "@declined")
    await people["declined"].do(communities.leave, group.id)
    assert set(await suggested(maya, group)) == {"@applied"}
    await people["applied"].do(communities.apply, apply.id, ["a", "b", "c"])
    assert "@applied" not in await suggested(maya, apply)
    assert await suggested(people["mate"], group) == {}


async def test_l8_a_steward_sees_at_most_five_by_what_the_group_lacks_and_invites_by_hand(fediverse, maya):
    here, group = maya.here, await community(maya, "science")
    priya, tom = await fediverse.person(here, "priya"), None
    await share(priya, "science", "Year 8")
    assert await suggested(maya, group) == {}
    await share(priya, "Chemistry", "Year 11")
    question = "How do you start a seminar?"
    form = ThreadForm(kind="ask", title=question, text="Nobody talks.", community_id=group.id, licence="CC-BY-4.0")
    await maya.do(discussions.start, form)
    samuel = await fediverse.person(here, "samuel")
    await samuel.do(
        needs.answer, CardForm(teaches="secret", stuck_with="secret too", ask_me_about="what to do in a seminar")
    )
    birch = await fediverse.start("birch.example")
    tom, secret = await fediverse.person(birch, "tom"), await fediverse.person(birch, "secret")
    await birch.run(actors.update_profile, birch, secret.id, ProfileChange(discoverable=False))
    for person in (tom, secret):
        await follow(maya, person)
        await fediverse.settle()
        await share(person, "Library lessons")
    await fediverse.settle()
    found = await suggested(maya, group)
    assert found == {
        "@priya": {("subject", "Chemistry"), ("level", "Year 11")},
        "@samuel": {("question", question)},
        "@tom@birch.example": {("subject", "Library lessons"), ("organisation", "birch.example")},
    }
    inside = await community(maya, "inside", visibility="instance")
    assert "@tom@birch.example" not in await suggested(maya, inside)

    async with fediverse.client(here, samuel) as client:
        assert (await client.get("/c/science/invite")).status_code == 403
    async with fediverse.client(here) as client:
        assert (await client.get("/c/science/invite")).headers["location"].startswith("/sign-in")
    async with fediverse.client(here, maya) as client:
        page = (await client.get("/c/science/invite")).text
        check(page)
        for words in (
            "Shares practices about Chemistry; nobody here does.",
            "Shares practices for Year 11; nobody here does.",
            "Is at birch.example; nobody here is.",
            "May be asked about what “How do you start a seminar?” asks.",
        ):
            assert words in page
        assert "secret" not in page
        refused = await client.post("/c/science/invite", data={"from": "invite", "handle": "@nobody"})
        assert (refused.status_code, "Nobody of this name" in refused.text) == (422, True)
        check(refused.text)
        sent = await client.post("/c/science/invite", data={"from": "invite", "handle": "@tom@birch.example"})
        assert sent.headers["location"] == "/c/science/invite"
        assert "@tom@birch.example" not in await suggested(maya, group)
    for number in range(MOST + 1):
        await share(await fediverse.person(here, f"p{number}"), "Chemistry", f"Age {number}")
    found = await suggested(maya, group)
    assert len(found) == MOST
    assert "@samuel" in found


async def _block(here, acting, target_id):
    await actors.block(here, acting.actor_id, target_id)
