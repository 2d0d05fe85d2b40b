"""Two servers talk to each other."""

import json

import pytest

from tests.federation.conftest import World, follow


@pytest.mark.parametrize(
    ("scheme", "ed25519"), [("cavage", False), ("rfc9421", False), ("rfc9421", True), ("cavage", True)]
)
async def test_a_signed_follow_arrives(world: World, scheme: str, ed25519: bool) -> None:
    response = await world.alder.send(
        follow(world.bruno, world.amara), world.key(world.bruno), scheme=scheme, ed25519=ed25519
    )
    assert response.status_code == 202, response.text
    assert await world.alder.work() == ["done"]
    assert [(seen.activity.type, seen.signer, seen.via) for seen in world.alder.seen] == [("Follow", world.bruno, None)]
    assert world.alder.actors.remembered[world.bruno].webfinger == "bruno@birch.example"


async def test_delivery_reaches_an_inbox_and_remembers_the_scheme(world: World) -> None:
    body = json.dumps(follow(world.amara, world.bruno)).encode()
    outcome = await world.alder.engine.deliver(sender=world.amara, inbox="https://birch.example/ap/inbox", body=body)
    assert (outcome.kind, outcome.status) == ("delivered", 202)
    assert world.alder.peers.schemes["birch.example"] == "cavage"
    assert await world.birch.work() == ["done"]


async def test_handles_resolve_both_ways(world: World) -> None:
    assert await world.alder.engine.resolve_handle("@bruno@birch.example") == world.bruno
    assert await world.alder.engine.resolve_handle("amara@alder.example") == world.amara
