"""Changes that are offered back: who may, who hears of it, what is taken, and whom a practice thanks."""

import asyncio
from dataclasses import replace

import pytest

from server.actors import actions as actors
from server.errors import Invalid, NotAllowed, NotFound
from server.practices import actions as practices
from server.remixes import actions, offers, queries
from server.remixes.comparing import comparison
from server.remixes.models import RemixOffer
from tests.posting import Stranger, document, found, outcome, sees
from tests.server.remixes.test_remixing import FORM, MINE, NOTE, shared, told, two

__all__ = ["two"]

OUT = {"refused", "ignored"}


@pytest.fixture
async def remixed(fediverse, two):
    """Bruno at Birch changed a step of Amara's practice at Alder, and added one."""
    amara, bruno = two
    post, there = await shared(fediverse, amara, bruno)
    form = replace(MINE, steps=("Ask one question, in pairs.", "Sort the slips.", "Read two aloud."))
    remix = await bruno.do(actions.share, there.id, form, NOTE)
    await fediverse.settle()
    return amara, bruno, post, remix


async def test_only_the_remixer_offers_and_only_to_who_can_read_it(fediverse, remixed):
    amara, bruno, post, remix = remixed
    eve = await fediverse.person(bruno.here, "eve")
    with pytest.raises(NotFound):
        await eve.do(offers.offer, remix.id)
    there = await found(bruno.here, post.uri)
    with pytest.raises(NotFound):
        await bruno.do(offers.offer, there.id)
    quiet = await bruno.do(actions.share, there.id, replace(MINE, visibility="instance"), NOTE)
    with pytest.raises(NotAllowed):
        await bruno.do(offers.offer, quiet.id)
    with pytest.raises(Invalid):
        await bruno.do(offers.offer, remix.id, "x" * 501)
    own = await amara.do(actions.share, post.id, MINE, NOTE)
    with pytest.raises(NotAllowed):
        await amara.do(offers.offer, own.id)
    assert await bruno.here.run(bruno.here.db.value, "SELECT count(*) AS n FROM remix_offer") == 0


async def test_only_the_author_of_the_source_takes_or_declines(fediverse, remixed):
    amara, bruno, post, remix = remixed
    await bruno.do(offers.offer, remix.id)
    await fediverse.settle()
    eve = await fediverse.person(amara.here, "eve")
    here_id = (await found(amara.here, remix.uri)).id
    for person, remix_id in ((eve, here_id), (bruno, remix.id)):
        with pytest.raises(NotFound):
            await person.do(offers.take, remix_id, {0}, version=1)
        with pytest.raises(NotFound):
            await person.do(offers.decline, remix_id)
    assert (await eve.do(offers.offer_of, here_id, post.id)) == offers.OfferView()


async def test_what_was_not_offered_is_not_taken(fediverse, remixed):
    amara, _, _, remix = remixed
    with pytest.raises(NotFound):
        await amara.do(offers.take, (await found(amara.here, remix.uri)).id, {0}, version=1)


async def test_nothing_is_taken_by_mistake(fediverse, remixed):
    amara, bruno, post, remix = remixed
    await bruno.do(offers.offer, remix.id)
    await fediverse.settle()
    here_id = (await found(amara.here, remix.uri)).id
    for chosen, version in ((set(), 1), ({1}, 1), ({99}, 1), ({0}, 2)):
        with pytest.raises(Invalid):
            await amara.do(offers.take, here_id, chosen, version=version)
    await amara.do(practices.revise, post.id, replace(FORM, steps=("Something else.",)))
    with pytest.raises(Invalid) as refused:
        await amara.do(offers.take, here_id, {0}, version=1)
    assert "changed meanwhile" in refused.value.message


async def test_a_change_goes_home_with_thanks(fediverse, remixed):
    amara, bruno, post, remix = remixed
    await bruno.do(offers.offer, remix.id, "It works with beginners.")
    await fediverse.settle()
    back = await found(amara.here, remix.uri)
    assert sorted(await told(amara)) == [("offer", back.id), ("remix", back.id)]
    seen = await amara.do(offers.offer_of, back.id, post.id)
    assert (seen.is_for_me, seen.note) == (True, "It works with beginners.")
    compared = await amara.do(comparison, back.id)
    assert [(step.kind, step.number) for step in compared.changes] == [("changed", 0), ("added", 2)]

    changed = await amara.do(offers.take, back.id, {2}, version=1)
    await fediverse.settle()
    assert changed.version == 2
    assert f'<a href="{remix.url}"' in changed.content_html
    learning = (await document(fediverse, amara.here, post.uri))[1]["learning"]
    assert learning["ph:steps"] == ["Ask one question.", "Sort the slips.", "Read two aloud."]
    assert [item["ph:author"] for item in learning["ph:withChangesFrom"]] == ["Bruno"]
    there = await sees(bruno, post.uri)
    ties = await bruno.do(queries.ties, there)
    assert [(item.title, item.author) for item in ties.thanks] == [("Exit tickets in pairs", "Bruno")]
    assert await told(bruno) == [("offer_taken", there.id)]
    assert (await bruno.do(offers.offer_of, remix.id, there.id)).state == "taken"
    assert "offer" not in [kind for kind, _ in await told(amara)]

    again = await amara.do(practices.revise, post.id, replace(FORM, title="Exit tickets, once more"))
    assert f'<a href="{remix.url}"' in again.content_html
    with pytest.raises(Invalid):
        await amara.do(offers.take, back.id, {0}, version=3)


async def test_a_change_that_is_not_taken_leaves_both_as_they_are(fediverse, remixed):
    amara, bruno, post, remix = remixed
    await bruno.do(offers.offer, remix.id)
    await bruno.do(offers.offer, remix.id)
    await fediverse.settle()
    await amara.do(offers.decline, (await found(amara.here, remix.uri)).id)
    await fediverse.settle()
    there = await found(bruno.here, post.uri)
    assert (await bruno.do(offers.offer_of, remix.id, there.id)).state == "declined"
    assert await told(bruno) == []
    assert (await sees(amara, post.uri)).version == 1


async def test_on_one_server_nothing_has_to_travel(fediverse, two):
    amara, _ = two
    carol = await fediverse.person(amara.here, "carol")
    post = await amara.do(practices.share, FORM)
    remix = await carol.do(actions.share, post.id, MINE, NOTE)
    await carol.do(offers.offer, remix.id)
    assert sorted(await told(amara)) == [("offer", remix.id), ("remix", remix.id)]
    await amara.do(offers.take, remix.id, {0}, version=1)
    assert await told(carol) == [("offer_taken", post.id)]


async def test_what_is_pressed_twice_at_once_is_done_once(fediverse, remixed):
    amara, bruno, post, remix = remixed
    offered = await asyncio.gather(*(bruno.do(offers.offer, remix.id) for _ in range(3)))
    assert len({row.id for row in offered}) == 1
    await fediverse.settle()
    here_id = (await found(amara.here, remix.uri)).id
    answers = [amara.do(offers.take, here_id, {number}, version=1) for number in (0, 2)]
    said = await asyncio.gather(*answers, amara.do(offers.decline, here_id), return_exceptions=True)
    assert len([each for each in said if isinstance(each, Invalid)]) >= 1
    there = await found(amara.here, post.uri)
    row = await amara.here.run(RemixOffer.get, remix_id=here_id)
    assert (there.version, row.state) in {(2, "taken"), (1, "declined")}


async def test_s5_forged_offers_and_answers_are_refused(fediverse, remixed):
    amara, bruno, post, remix = remixed
    mallory = Stranger(fediverse, "mallory.example")
    mallory.actor("mallory")
    note = mallory.note(mallory.uri("u/mallory"), "p/1", learning={"isBasedOn": "https://elsewhere.example/p/1"})
    for number, facts in enumerate(
        (
            {"object": remix.uri, "target": post.uri},
            {"object": post.uri, "target": post.uri},
            {"object": note["id"], "target": post.uri},
            {"object": "https://mallory.example/nothing", "target": post.uri},
            {"object": remix.uri},
            {"object": remix.uri, "target": "https://alder.example/ap/p/nothing"},
        )
    ):
        assert await _became(mallory, amara.here, f"offer-{number}", type="Offer", **facts) in OUT
    assert await amara.here.run(amara.here.db.value, "SELECT count(*) AS n FROM remix_offer") == 0
    row = await bruno.do(offers.offer, remix.id)
    for verb in ("Accept", "Reject"):
        assert await _became(mallory, bruno.here, verb, type=verb, object=row.uri) in OUT
    assert (await bruno.here.run(RemixOffer.get, id=row.id)).state == "open"


async def _became(stranger, here, path, *, type, object, **more):
    """What a server made of an activity of a stranger's."""
    activity = stranger.activity(type, stranger.uri("u/mallory"), object, path=path, **more)
    await stranger.send(here, activity)
    await here.run(here.worker.run_until_idle)
    return (await outcome(here, activity["id"]))[0]


async def test_who_is_blocked_offers_nothing(fediverse, remixed):
    amara, bruno, _post, remix = remixed
    there = await amara.here.run(actors.resolve, amara.here, bruno.uri)
    await amara.here.run(actors.block, amara.here, amara.id, there.id)
    await bruno.do(offers.offer, remix.id)
    await fediverse.settle()
    assert await amara.here.run(amara.here.db.value, "SELECT count(*) AS n FROM remix_offer") == 0
