"""A practice is remixed from server to server, and the one in the middle is gone: the tree is still read."""

import itertools
from dataclasses import replace

import pytest

from server.errors import Invalid, NotAllowed, NotFound
from server.practices import actions as practices
from server.practices.form import PracticeForm
from server.remixes import actions, offers, queries
from server.remixes.actions import ChangeNote
from server.remixes.lineage import lineage
from tests.posting import Stranger, follow, found, sees

TITLES = ("Exit tickets", "Exit tickets in pairs", "Exit tickets in threes", "Exit tickets aloud")
SOURCE = PracticeForm(
    title=TITLES[0], steps=("Ask.", "Sort."), would_change="Chairs.", licence="CC-BY-SA-4.0", visibility="public"
)


@pytest.fixture
async def four(fediverse):
    """Amara, Bruno, Carol and Dora, each on a server of their own; each follows the one before."""
    people = []
    for domain, name in zip(("alder", "birch", "cedar", "dogwood"), ("amara", "bruno", "carol", "dora"), strict=True):
        people.append(await fediverse.person(await fediverse.start(f"{domain}.example"), name))
    for before, after in itertools.pairwise(people):
        await follow(after, before)
    await fediverse.settle()
    return people


async def remix(fediverse, person, uri: str, title: str, what: str):
    """A remix by somebody of what has arrived where they are."""
    source = await found(person.here, uri)
    form = replace(SOURCE, title=title, steps=("Ask.", "Sort.", what))
    made = await person.do(actions.share, source.id, form, ChangeNote(what, "It fits us better."))
    await fediverse.settle()
    return made


async def chain(person, uri: str) -> list[tuple[str, str, bool]]:
    """The places of a tree without branches, from the first on: title, author, and whether it can be opened here."""
    (place,) = await person.do(lineage, await sees(person, uri))
    places = [place]
    while place.children:
        (place,) = place.children
        places.append(place)
    return [(place.title, place.author, place.is_here) for place in places]


async def test_the_tree_is_read_through_a_server_that_is_gone(fediverse, four):
    amara, bruno, carol, dora = four
    first = await amara.do(practices.share, SOURCE)
    await fediverse.settle()
    second = await remix(fediverse, bruno, first.uri, TITLES[1], "In pairs.")
    fediverse.network.down.add("birch.example")
    third = await remix(fediverse, carol, second.uri, TITLES[2], "In threes.")
    fourth = await remix(fediverse, dora, third.uri, TITLES[3], "Aloud.")

    expected = [
        (TITLES[0], "Amara", True),
        (TITLES[1], "Bruno", False),
        (TITLES[2], "Carol", True),
        (TITLES[3], "Dora", True),
    ]
    assert await chain(dora, fourth.uri) == expected
    assert await chain(amara, fourth.uri) == [(title, author, True) for title, author, _ in expected]
    assert [place.organisation for place in await dora.do(lineage, await sees(dora, fourth.uri))] == ["alder.example"]
    for title in TITLES[:3]:
        assert f">{title}</a>" in fourth.content_html
    async with fediverse.client(dora.here) as reader:
        page = (await reader.get(f"/p/x-{fourth.short}/lineage")).text
        places = [page.index(title) for title in TITLES[:3]]
        assert places == sorted(places)
        assert "Bruno, birch.example" in page
        assert "It cannot be shown here" in page
        assert (await reader.get(f"/p/exit-tickets-aloud-{fourth.short}")).status_code == 200


async def test_each_author_hears_of_what_was_made_of_theirs_and_nobody_twice(fediverse, four):
    amara, bruno, carol, dora = four
    first = await amara.do(practices.share, SOURCE)
    await fediverse.settle()
    second = await remix(fediverse, bruno, first.uri, TITLES[1], "In pairs.")
    third = await remix(fediverse, carol, second.uri, TITLES[2], "In threes.")
    await remix(fediverse, dora, third.uri, TITLES[3], "Aloud.")
    for person in (amara, bruno, carol):
        rows = await person.here.run(
            person.here.db.rows,
            "SELECT kind FROM notification WHERE reader_id = :id AND kind <> 'follow'",
            id=person.id,
        )
        assert [row["kind"] for row in rows] == ["remix"]
    assert [title for title, _, _ in await chain(amara, first.uri)] == list(TITLES)


async def test_a_change_comes_home_after_an_outage(fediverse, four):
    amara, bruno, *_ = four
    first = await amara.do(practices.share, SOURCE)
    await fediverse.settle()
    second = await remix(fediverse, bruno, first.uri, TITLES[1], "Read two aloud.")
    fediverse.network.down.add("alder.example")
    await bruno.do(offers.offer, second.id)
    await fediverse.settle()
    fediverse.network.down.clear()
    fediverse.clock.advance(3 * 3600)
    await fediverse.settle()
    await amara.do(offers.take, (await found(amara.here, second.uri)).id, {2}, version=1)
    await fediverse.settle()
    there = await sees(bruno, first.uri)
    assert there.version == 2
    assert [item.author for item in (await bruno.do(queries.ties, there)).thanks] == ["Bruno"]


async def test_c20_an_offer_is_taken_back_until_it_is_answered(fediverse, four):
    amara, bruno, carol, _ = four
    first = await amara.do(practices.share, SOURCE)
    await fediverse.settle()
    second = await remix(fediverse, bruno, first.uri, TITLES[1], "Read two aloud.")
    third = await remix(fediverse, carol, first.uri, TITLES[2], "Read three aloud.")
    offered = await bruno.do(offers.offer, second.id)
    await carol.do(offers.offer, third.id)
    await fediverse.settle()
    copies = [await found(amara.here, post.uri) for post in (second, third)]
    waiting = "SELECT count(*) AS n FROM notification WHERE kind = 'offer'"
    assert await amara.here.run(amara.here.db.value, waiting) == 2
    for person, post in ((amara, copies[0]), (carol, await found(carol.here, second.uri))):
        with pytest.raises(NotFound):
            await person.do(offers.withdraw, post.id if post is not None else "none")
    stranger = Stranger(fediverse, "evil.example")
    eve = stranger.actor("eve")
    await stranger.send(amara.here, stranger.activity("Undo", eve, offered.uri, path="a/undo"))
    await fediverse.settle()
    assert (await amara.do(offers.offer_of, copies[0].id, first.id)).state == "open"

    async with fediverse.client(bruno.here, bruno) as client:
        assert "/withdraw-offer" in (await client.get(f"{second.url}/differences")).text
        assert (await client.post(f"/p/{second.short}/withdraw-offer")).status_code == 303
        assert "offered, and taken back" in (await client.get(f"{second.url}/differences")).text
    await fediverse.settle()
    with pytest.raises(NotAllowed, match="answered already"):
        await bruno.do(offers.withdraw, second.id)
    assert await amara.here.run(amara.here.db.value, waiting) == 1
    assert (await amara.do(offers.offer_of, copies[0].id, first.id)).state == "back"
    with pytest.raises(Invalid, match="taken back"):
        await amara.do(offers.take, copies[0].id, {2}, version=1)
    await amara.do(offers.take, copies[1].id, {2}, version=1)
    await fediverse.settle()
    with pytest.raises(NotAllowed, match="answered already"):
        await carol.do(offers.withdraw, third.id)
