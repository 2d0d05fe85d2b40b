"""What else becomes of networks: who may not ask, admins who look first or block, refusals, and other modes (W7)."""

import pytest

from server.consortium import actions, joining, queries
from server.errors import Invalid, NotFound
from server.peers import actions as peers
from server.peers.queries import effects_for, may_receive, may_send

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
