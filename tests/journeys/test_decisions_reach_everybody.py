"""A removal, a ban and an erasure reach two other Peerhalls, are tried again through an outage, and the receipts say so
(S27)."""

import re
from html import unescape

import pytest

from server.accounts import actions as accounts
from server.actors import actions as actors
from server.actors.models import Actor
from server.communities import bans
from server.db.database import query_log
from server.moderation.outcomes import outcomes
from server.posts import actions as posts
from tests.conftest import Fediverse, Person
from tests.posting import community, found, join, sees, write

DAY = 24 * 3600


@pytest.fixture
async def school(fediverse: Fediverse) -> tuple[Person, Person, Person, Person, object]:
    """Amara looks after a community at Alder, with Maya of Alder, Bruno of Birch and Clara of Cedar in it."""
    alder = await fediverse.start("alder.example")
    amara, maya = await fediverse.person(alder, "amara"), await fediverse.person(alder, "maya")
    bruno = await fediverse.person(await fediverse.start("birch.example"), "bruno")
    clara = await fediverse.person(await fediverse.start("cedar.example"), "clara")
    group = await community(amara)
    for person in (maya, bruno, clara):
        await join(person, group)
    await fediverse.settle()
    return amara, maya, bruno, clara, group


async def page(fediverse: Fediverse, person: Person | None, path: str, here: object) -> str:
    async with fediverse.client(here, person) as browser:
        text = (await browser.get(path)).text
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split()).replace(" ;", ";")


async def test_s28_receipts_are_for_those_who_look_after_the_place(fediverse, school) -> None:
    amara, maya, _, _, group = school
    here = amara.here
    post = await write(maya, "Names a pupil", community_id=group.id)
    await fediverse.settle()
    await amara.do(posts.remove_post, post.id, "Clause 3.")
    await fediverse.settle()
    other = await fediverse.person(here, "ines")
    await community(other, "art")
    steward = await fediverse.person(here, "sara", role="steward")
    assert [item.kind for item in await amara.do(outcomes)] == ["removal"]
    assert [item.kind for item in await steward.do(outcomes)] == ["removal"]
    assert await other.do(outcomes) == []
    assert await maya.do(outcomes) == []
    assert "Clause 3." not in await page(fediverse, other, "/moderation/receipts", here)
    for person in (maya, None):
        async with fediverse.client(here, person) as browser:
            assert (await browser.get("/moderation/receipts")).status_code in {303, 404}
    # A community for members alone is not the business of whoever looks after the server.
    secret = await community(amara, "staffroom", visibility="members")
    await join(maya, secret)
    await fediverse.settle()
    hidden = await write(maya, "Confidential", community_id=secret.id, visibility="members")
    await fediverse.settle()
    await amara.do(posts.remove_post, hidden.id, "Clause 4.")
    await fediverse.settle()
    assert "Clause 4." not in {item.reason for item in await steward.do(outcomes)}


async def test_s27_a_removal_a_ban_and_an_erasure_reach_everybody_through_an_outage(fediverse, school) -> None:
    amara, maya, bruno, clara, group = school
    here = amara.here
    post = await write(maya, "Names a pupil", title="Short-lived", community_id=group.id)
    there = await bruno.here.run(actors.resolve, bruno.here, group.uri)
    unwanted = await write(bruno, "Buy this", community_id=there.id)
    await fediverse.settle()
    for person in (bruno, clara):
        assert (await found(person.here, post.uri)).state == "visible"

    fediverse.network.down.add("cedar.example")
    await amara.do(posts.remove_post, post.id, "Clause 3.")
    kept_out = await here.run(actors.resolve, here, bruno.uri)
    await amara.do(bans.ban, group.id, kept_out.id, reason="Spam", remove_posts=True)
    await fediverse.settle()

    # Birch has done all of it; Cedar is away, and the page says so, and until when it is asked.
    assert await sees(bruno.here, post.uri) is None
    assert await sees(bruno.here, unwanted.uri) is None
    said = await page(fediverse, amara, "/moderation/receipts", here)
    assert "Bruno is kept out" in said
    assert "Other servers were told to keep them out; 1 of 2 confirmed" in said
    assert "Other servers were asked to delete; 1 of 2 confirmed" in said
    assert re.search(r"Waiting for: cedar\.example · not reached yet, tried again until 29 January", said), said
    (removed, *_) = [item for item in await amara.do(outcomes) if item.title == "Short-lived"]
    assert removed.state.hosts("waiting") == ("cedar.example",)
    asked = await page(fediverse, amara, f"/p/{post.short}/moderate", here)
    assert "1 of 2 confirmed" in asked
    assert "cedar.example being asked; next try" in asked

    # Meanwhile somebody leaves altogether.
    await maya.do(accounts.delete_own_account)
    await fediverse.settle()
    assert await sees(clara, post.uri) is not None

    fediverse.clock.advance(11 * DAY)
    await fediverse.settle()
    fediverse.network.down.clear()
    for _ in range(3):
        fediverse.clock.advance(DAY)
        await fediverse.settle()
    assert await sees(clara.here, post.uri) is None
    assert await sees(clara.here, unwanted.uri) is None
    assert (await clara.here.run(Actor.get, uri=maya.uri)).deleted_at is not None
    row = await clara.here.run(
        clara.here.db.rows,
        "SELECT membership.state FROM membership JOIN actor ON actor.id = membership.person_id WHERE actor.uri = :uri",
        uri=bruno.uri,
    )
    assert [each["state"] for each in row] == ["removed"]
    after = await page(fediverse, amara, "/moderation/receipts", here)
    assert "told to keep them out; 2 of 2 confirmed" in after
    assert "Waiting for" not in after
    ana = await fediverse.person(here, "ana", role="admin")
    assert "2 of 2 confirmed" in await page(fediverse, ana, "/admin/deletions/maya", here)


async def test_who_never_comes_back_is_named_and_receipts_cost_the_same(fediverse, school) -> None:
    amara, maya, *_, group = school
    fediverse.network.down.add("cedar.example")
    for number in range(3):
        post = await write(maya, f"Number {number}", community_id=group.id)
        await fediverse.settle()
        await amara.do(posts.remove_post, post.id, "Clause 3.")
        await fediverse.settle()
    for _ in range(9):
        fediverse.clock.advance(2 * DAY)
        await fediverse.settle()
    log: list[str] = []
    token = query_log.set(log)
    try:
        found_ = await amara.do(outcomes)
    finally:
        query_log.reset(token)
    assert len(log) == 5
    assert [item.state.hosts("unreachable") for item in found_] == [("cedar.example",)] * 3
    assert "Could not be reached: cedar.example" in await page(fediverse, amara, "/moderation/receipts", amara.here)
