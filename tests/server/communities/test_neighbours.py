"""Communities of the other servers in our networks: who is asked for them, and how much of the answer is taken (M2)."""

from server.communities import neighbours
from server.peers import actions as peers
from tests.posting import AS2, Stranger, community

FAR, LIST = "cedar.example", "https://cedar.example/ap/communities"


async def known(here):
    """The names of the communities of the other server that are found here."""
    found = await here.run(neighbours.of_servers, here, [FAR])
    return [label.name for label in found.get(FAR, [])]


async def test_m2_s24_a_server_of_the_network_is_asked_for_its_communities_and_for_little_else(fediverse):
    fediverse.watch.let_deliveries_pass()
    here, far = await fediverse.start("alder.example"), Stranger(fediverse, FAR)
    maya = await fediverse.person(here, "maya")
    await community(maya, "science")
    other = Stranger(fediverse, "dune.example")
    listed = [
        other.actor("elsewhere", "Group"),
        far.actor("eve"),
        far.uri("u/nobody"),
        "javascript:alert(1)",
        {"id": 3},
    ]
    listed += [
        far.actor("shut", "Group", manuallyApprovesFollowers=True),
        far.actor("quiet", "Group", discoverable=False),
    ]
    listed += [far.actor(f"club{number:02}", "Group", discoverable=True) for number in range(30)]
    far.documents[LIST] = {"@context": AS2, "id": LIST, "type": "OrderedCollection", "orderedItems": listed}

    # Whoever is not of the network is not asked.
    await here.run(peers.set_grade, here, FAR, "no_media", "@ana")
    fediverse.clock.advance(7200)
    await fediverse.settle()
    assert (fediverse.network.count("GET", LIST), await known(here)) == (0, [])
    # It does not answer at first, and is asked again within the hour; then once a day.
    fediverse.network.down.add(FAR)
    await here.run(peers.set_grade, here, FAR, "trusted", "@ana")
    fediverse.clock.advance(60)
    await fediverse.settle()
    assert await known(here) == []
    fediverse.network.down.clear()
    fediverse.clock.advance(3600)
    await fediverse.settle()
    assert await known(here) == [f"Club{number:02}" for number in range(neighbours.MOST - 7)]
    assert fediverse.network.count("GET", listed[0]) == 0
    asked = fediverse.network.count("GET", LIST)
    fediverse.clock.advance(3600)
    await fediverse.settle()
    assert fediverse.network.count("GET", LIST) == asked
    fediverse.clock.advance(86_400)
    await fediverse.settle()
    assert fediverse.network.count("GET", LIST) == asked + 1
    # What is no list of communities changes nothing, and a blocked server is found no more.
    for wrong in ({"type": "Note", "orderedItems": 7}, {"id": "https://dune.example/ap/communities"}):
        far.documents[LIST] = far.documents[LIST] | wrong
        await here.run(neighbours.meet, here, FAR)
    assert len(await known(here)) == neighbours.MOST - 7
    await here.run(peers.set_grade, here, FAR, "blocked", "@ana")
    assert await known(here) == []
    own = await here.run(neighbours.of_servers, here, ["alder.example"])
    assert [label.name for label in own["alder.example"]] == ["Science"]
