"""What strangers hang on posts and people here that are not theirs: rounds, remixes, collections, formats (S5, S17)."""

import pytest

from federation.vocab.base import PUBLIC
from server.actors.actions import resolve
from server.actors.blocking import block
from server.discussions import actions as discussions
from server.discussions.actions import ThreadForm
from server.practices import actions as practices
from server.rounds import actions as rounds
from server.rounds.actions import RoundForm
from tests.journeys.test_tried_across_servers import PRACTICE
from tests.posting import Stranger, community, document, found, join, sees


@pytest.fixture
async def place(fediverse):
    """Maya and Tom at Alder, and Eve, who says on her own server whatever she likes."""
    fediverse.watch.let_deliveries_pass()
    here = await fediverse.start("alder.example")
    maya, tom = [await fediverse.person(here, name) for name in ("maya", "tom")]
    stranger = Stranger(fediverse, "eve.example")
    return here, maya, tom, stranger, stranger.actor("eve")


async def says(fediverse, place, path, **more):
    """Eve sends something; returns its row here."""
    here, _, _, stranger, eve = place
    article = {"type": "Article", "name": "Zqlook at this", **more}
    return await found(here, await stranger.create(fediverse, here, eve, path, **article))


async def told(here, person):
    """The kinds of news that somebody has."""
    rows = await here.run(here.db.rows, "SELECT kind FROM notification WHERE reader_id = :id ORDER BY id", id=person.id)
    return [row["kind"] for row in rows]


async def test_b14_s5_a_round_asks_members_and_nobody_else(fediverse, place):
    here, maya, tom, stranger, eve = place
    asked = {"kind": "round", "ph:asked": [maya.uri, tom.uri], "ph:nudged": [maya.uri, tom.uri]}
    await says(fediverse, place, "r/1", to=[PUBLIC], **asked)
    group = stranger.actor("club", "Group", attributedTo=[eve])
    inside = {"to": [f"{group}/followers"], "cc": [group], "audience": group}
    await says(fediverse, place, "r/2", **asked, **inside)
    await says(fediverse, place, "r/3", **asked | {"to": [maya.uri], "cc": []})
    assert [kind for person in (maya, tom) for kind in await told(here, person) if kind.startswith("round")] == []
    # Who left the community hears no more of one that asked them there.
    ours = await community(maya, "science")
    await join(tom, ours)
    opened = await maya.do(rounds.open_round, RoundForm(title="Which?", community_id=ours.id))
    assert (await told(here, tom)).count("round") == 1
    async with fediverse.client(here, tom) as client:
        assert (await client.post("/c/science/leave")).status_code == 303
    await maya.do(rounds.close, opened.id, "It is decided.")
    await fediverse.settle()
    assert "round_closed" not in await told(here, tom)
    assert "round_closed" in await told(here, maya)


async def test_c20_c17_s17_whom_an_author_blocked_hangs_nothing_on_what_they_share(fediverse, place):
    here, maya, tom, _, eve = place
    shared = await maya.do(practices.share, PRACTICE)
    learning = (await document(fediverse, here, shared.uri))[1]["learning"]
    listed = [{"type": "ph:Gathered", "ph:item": shared.uri, "name": PRACTICE.title, "url": shared.uri}]
    items = {"type": "OrderedCollection", "orderedItems": listed}
    paths = [f"/p/{shared.short}/collect", shared.url, f"/p/{shared.short}/lineage"]

    async def hung():
        async with fediverse.client(here, tom) as client:
            return ["Zqlook" in (await client.get(path)).text for path in paths]

    basis = {"type": "CreativeWork", "@id": shared.uri, "id": shared.uri, "url": shared.url, "name": PRACTICE.title}
    await says(fediverse, place, "p/1", kind="practice", learning=learning | {"isBasedOn": basis})
    await says(fediverse, place, "c/1", kind="collection", **{"ph:items": items})
    assert await hung() == [True, True, True]
    await here.run(block, here, maya.id, (await here.run(resolve, here, eve)).id)
    assert await hung() == [False, False, False]
    await says(fediverse, place, "p/2", kind="practice", learning=learning | {"isBasedOn": basis})
    await says(fediverse, place, "c/2", kind="collection", **{"ph:items": items})
    assert await hung() == [False, False, False]


async def test_d15_who_answers_what_is_no_conversation_is_blamed_for_nothing(fediverse, place):
    here, _, tom, _, _ = place
    note = await says(fediverse, place, "n/1", type="Note", name="", **{"ph:format": "feedback"})
    thread = await says(fediverse, place, "n/2", **{"ph:format": "feedback"})
    assert (note.particulars, thread.particulars) == (None, [["format", "feedback"]])
    for post, heard in ((note, ""), (thread, "You look.")):
        await tom.do(discussions.reply, post.id, ThreadForm(text="Nice.", heard=heard))
        async with fediverse.client(here, tom) as client:
            page = (await client.get((await sees(tom, post.uri)).url)).text
        assert ("Nice." in page, "Sent without saying back" in page) == (True, False)
