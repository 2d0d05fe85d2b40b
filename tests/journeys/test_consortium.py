"""A consortium in an afternoon (W7): founded, asked, accepted, everybody lets everybody in, and one is let go."""

import pytest

from server.consortium import actions, joining, queries
from server.errors import Invalid, NotFound
from server.peers import actions as peers
from server.peers.queries import effects_for, may_receive, may_send, network_hosts
from tests.posting import follow, sees, write

WORDS = {"name": "Valley schools", "purpose": "We try each other's practices.", "guidelines": "Name *no pupils*."}
ALDER, BIRCH, CEDAR = "alder.example", "birch.example", "cedar.example"


@pytest.fixture
async def three(fediverse):
    """Three schools that talk only with those they chose, and have chosen nobody; Alder founds a network."""
    schools = [await fediverse.start(host, federation="consortium") for host in (ALDER, BIRCH, CEDAR)]
    alder = schools[0]
    await alder.run(actions.found, alder, "@ana", **WORDS)
    return schools


async def joins(fediverse, host, school, **options):
    """A school is expected, asks, and is let in."""
    name = school.settings.domain
    await host.run(actions.expect, host, "@ana", "valley-schools", name)
    await school.run(joining.ask, school, "@ben", host.settings.domain, why="We teach nearby.", **options)
    await fediverse.settle()
    await host.run(actions.accept, host, "@ana", "valley-schools", name)
    await fediverse.settle()


async def view(school, slug="valley-schools"):
    return await school.run(queries.network, school, slug, everything=True)


def lets_in(school):
    """Whom of the others a school lets in, and sends to."""
    hosts = [host for host in (ALDER, BIRCH, CEDAR) if host != school.settings.domain]
    assert [may_receive(school, host) for host in hosts] == [may_send(school, host) for host in hosts]
    return [host for host in hosts if may_receive(school, host)]


async def test_a_stranger_cannot_ask_where_only_those_chosen_are_talked_to(fediverse, three):
    alder, birch, _ = three
    with pytest.raises(NotFound, match="expect you first"):
        await birch.run(joining.ask, birch, "@ben", ALDER)
    await fediverse.settle()
    assert (await view(alder)).waiting == ()
    assert lets_in(alder) == []


async def test_everybody_lets_everybody_in(fediverse, three):
    alder, birch, cedar = three
    await joins(fediverse, alder, birch)
    assert (lets_in(alder), lets_in(birch), lets_in(cedar)) == ([BIRCH], [ALDER], [])
    await joins(fediverse, alder, cedar)
    assert (lets_in(alder), lets_in(birch), lets_in(cedar)) == ([BIRCH, CEDAR], [ALDER, CEDAR], [ALDER, BIRCH])
    assert network_hosts(birch) == [ALDER, CEDAR]
    seen = await view(birch)
    assert (seen.name, seen.purpose, seen.guidelines, seen.version) == (*WORDS.values(), 3)
    assert "<em>no pupils</em>" in seen.guidelines_html
    assert [member.name for member in seen.members] == ["Alder", "Birch", "Cedar"]
    assert [(change.added, change.removed) for change in seen.changes] == [(("Cedar",), ()), (("Alder",), ())]


async def test_what_is_for_the_network_travels_between_members_that_never_met(fediverse, three):
    alder, birch, cedar = three
    # What is for the network goes to Peerhalls alone.
    fediverse.watch.let_deliveries_pass()
    await joins(fediverse, alder, birch)
    await joins(fediverse, alder, cedar)
    bea, cem = await fediverse.person(birch, "bea"), await fediverse.person(cedar, "cem")
    await follow(cem, bea)
    await fediverse.settle()
    shared = await write(bea, "For schools of the valley", visibility="network")
    await fediverse.settle()
    assert await cedar.run(cedar.db.value, "SELECT count(*) FROM post WHERE uri = :uri", uri=shared.uri) == 1


async def test_who_is_removed_is_cut_off_everywhere_within_the_hour(fediverse, three):
    alder, birch, cedar = three
    await joins(fediverse, alder, birch)
    await joins(fediverse, alder, cedar)
    # Birch misses the news, and learns it by its own look within the hour.
    fediverse.network.down.add(BIRCH)
    await alder.run(actions.remove, alder, "@ana", "valley-schools", CEDAR, "They have closed.")
    await fediverse.settle()
    assert lets_in(birch) == [ALDER, CEDAR]
    assert lets_in(cedar) == []
    gone = await view(cedar)
    assert (gone.state, gone.reason) == ("removed", "They have closed.")
    fediverse.network.down.clear()
    fediverse.clock.advance(3600)
    await fediverse.settle()
    assert (lets_in(alder), lets_in(birch), lets_in(cedar)) == ([BIRCH], [ALDER], [])
    assert (await view(birch)).changes[0].removed == ("Cedar",)


async def test_w7_copies_of_who_was_removed_are_out_of_sight_until_they_come_back(fediverse, three):
    alder, birch, cedar = three
    fediverse.watch.let_deliveries_pass()
    for school in (birch, cedar):
        await joins(fediverse, alder, school)
    cem, ana, bea = [
        await fediverse.person(here, name) for here, name in ((cedar, "cem"), (alder, "ana"), (birch, "bea"))
    ]
    for reader in (ana, bea):
        await follow(reader, cem)
    await fediverse.settle()
    post = await write(cem, "A quiet start", visibility="public")
    await fediverse.settle()

    async def seen():
        return [await sees(reader, post.uri) is not None for reader in (ana, bea)]

    assert await seen() == [True, True]
    await alder.run(actions.remove, alder, "@ana", "valley-schools", CEDAR, "They have closed.")
    await fediverse.settle()
    fediverse.clock.advance(3600)
    await fediverse.settle()
    assert await seen() == [False, False]
    profile = await fediverse.client(birch, bea).get(f"/@cem@{CEDAR}")
    assert "A quiet start" not in profile.text
    # An admin who decides otherwise of this server has the last word; its own people read it all the time.
    await birch.run(peers.set_grade, birch, CEDAR, "normal", "@ben")
    assert await seen() == [False, True]
    assert await sees(cem, post.uri) is not None
    await birch.run(peers.forget, birch, CEDAR, "@ben")
    assert await seen() == [False, False]
    await joins(fediverse, alder, cedar)
    fediverse.clock.advance(3600)
    await fediverse.settle()
    assert await seen() == [True, True]
    # Who leaves the network does not lose what they have read there.
    await birch.run(joining.leave, birch, "@ben", "valley-schools")
    fediverse.clock.advance(3600)
    await fediverse.settle()
    assert await seen() == [True, True]


async def test_an_admin_who_looks_first_puts_changes_off(fediverse, three):
    alder, birch, cedar = three
    await joins(fediverse, alder, birch, look_first=True)
    await joins(fediverse, alder, cedar)
    assert lets_in(birch) == [ALDER]
    waiting = await view(birch)
    assert [member.name for member in waiting.to_come] == ["Alder", "Cedar"]
    await birch.run(joining.apply_changes, birch, "@ben", "valley-schools")
    assert lets_in(birch) == [ALDER, CEDAR]
    await alder.run(actions.remove, alder, "@ana", "valley-schools", CEDAR, "They have closed.")
    fediverse.clock.advance(7200)
    await fediverse.settle()
    assert [member.name for member in (await view(birch)).to_go] == ["Cedar"]
    assert lets_in(birch) == [ALDER, CEDAR]
    await birch.run(joining.set_look_first, birch, "@ben", "valley-schools", False)
    assert lets_in(birch) == [ALDER]
    assert (await view(birch)).to_go == ()


async def test_an_admins_own_block_always_wins(fediverse, three):
    alder, birch, cedar = three
    await birch.run(peers.set_grade, birch, CEDAR, "blocked", "@ben")
    await joins(fediverse, alder, birch)
    await joins(fediverse, alder, cedar)
    assert lets_in(birch) == [ALDER]
    assert not effects_for(birch, CEDAR).is_network
    seen = {member.host: member.is_blocked for member in (await view(birch)).members}
    assert seen == {ALDER: False, BIRCH: False, CEDAR: True}
    fediverse.clock.advance(7200)
    await fediverse.settle()
    assert lets_in(birch) == [ALDER]


async def test_a_member_leaves_and_nobody_has_to_agree(fediverse, three):
    alder, birch, cedar = three
    await joins(fediverse, alder, birch)
    await joins(fediverse, alder, cedar)
    await birch.run(joining.leave, birch, "@ben", "valley-schools")
    await fediverse.settle()
    fediverse.clock.advance(3600)
    await fediverse.settle()
    assert (lets_in(alder), lets_in(birch), lets_in(cedar)) == ([CEDAR], [], [ALDER])
    assert (await view(alder)).version == 4


async def test_a_refusal_says_why_and_one_may_ask_again(fediverse, three):
    alder, birch, _ = three
    await alder.run(actions.expect, alder, "@ana", "valley-schools", BIRCH)
    await birch.run(joining.ask, birch, "@ben", ALDER, why="We teach nearby.")
    await fediverse.settle()
    (asked,) = (await view(alder)).waiting
    assert (asked.name, asked.message) == ("Birch", "We teach nearby.")
    with pytest.raises(Invalid, match="Say why"):
        await alder.run(actions.refuse, alder, "@ana", "valley-schools", BIRCH, " ")
    await alder.run(actions.refuse, alder, "@ana", "valley-schools", BIRCH, "Not this year.")
    await fediverse.settle()
    seen = await view(birch)
    assert (seen.state, seen.reason) == ("refused", "Not this year.")
    fediverse.clock.advance(700)
    await fediverse.settle()
    assert (lets_in(alder), lets_in(birch)) == ([], [])
    await joins(fediverse, alder, birch)
    assert (lets_in(alder), lets_in(birch)) == ([BIRCH], [ALDER])


async def test_a_network_that_ends_lets_everybody_go(fediverse, three):
    alder, birch, _ = three
    await joins(fediverse, alder, birch)
    await alder.run(actions.close, alder, "@ana", "valley-schools")
    await fediverse.settle()
    fediverse.clock.advance(3600)
    await fediverse.settle()
    assert (lets_in(alder), lets_in(birch)) == ([], [])
    assert (await view(birch)).state == "removed"
    with pytest.raises(NotFound):
        await view(alder)


async def test_where_many_are_talked_to_members_are_of_the_network(fediverse):
    alder = await fediverse.start(ALDER, federation="careful")
    birch = await fediverse.start(BIRCH, federation="open")
    await alder.run(actions.found, alder, "@ana", **WORDS)
    # Nobody has to be expected here.
    await birch.run(joining.ask, birch, "@ben", f"https://{ALDER}/networks/valley-schools")
    await fediverse.settle()
    assert not effects_for(alder, BIRCH).is_network
    await alder.run(actions.accept, alder, "@ana", "valley-schools", BIRCH)
    await fediverse.settle()
    assert effects_for(alder, BIRCH).is_network
    assert effects_for(birch, ALDER).is_network
    await alder.run(actions.remove, alder, "@ana", "valley-schools", BIRCH, "A trial.")
    await fediverse.settle()
    assert not effects_for(alder, BIRCH).is_network
    assert not effects_for(birch, ALDER).is_network
