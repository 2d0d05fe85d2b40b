"""The life of keys: replaced here, replaced elsewhere, lost, and gone with their owner (S1, S3, S4)."""

import json

import pytest

from federation.signatures import cavage
from federation.testing import make_signer, public_rsa_pem
from server.actors import actions as actors
from server.actors import rotating
from server.actors.models import Actor
from tests.conftest import Fediverse, Person
from tests.posting import Stranger, document, follow, found, outcome, write

DAY = 24 * 3600


@pytest.fixture
async def two(fediverse: Fediverse) -> tuple[Person, Person]:
    """Maya at Alder; Tom at Birch follows her and has a post of hers."""
    maya = await fediverse.person(await fediverse.start("alder.example"), "maya")
    tom = await fediverse.person(await fediverse.start("birch.example"), "tom")
    await follow(tom, maya)
    await fediverse.settle()
    await write(maya, "Signed with the first key")
    await fediverse.settle()
    fediverse.clock.advance(3600)
    return maya, tom


async def rotate(person: Person, **more: bool) -> None:
    await person.here.run(rotating.rotate_keys, person.here, person.id, by="test", **more)


async def known_keys(person: Person, uri: str) -> dict[str, str]:
    rows = await person.here.run(
        person.here.db.rows, "SELECT key_id, public_text FROM remote_key WHERE owner = :uri", uri=uri
    )
    return {row["key_id"].partition("#")[2]: row["public_text"] for row in rows}


async def first_create(person: Person) -> dict[str, object]:
    """The Create that was sent first, as it went out."""
    rows = await person.here.run(
        person.here.db.rows, "SELECT body FROM sent_activity WHERE uri LIKE '%/ap/a/create/%' ORDER BY uri"
    )
    made: dict[str, object] = json.loads(rows[0]["body"])
    return made


async def test_new_keys_reach_followers_and_nothing_is_lost_on_the_way(fediverse, two) -> None:
    maya, tom = two
    before = await known_keys(tom, maya.uri)
    fetched = fediverse.network.count("GET", maya.uri)
    await write(maya, "On its way while the keys change")
    await rotate(maya)
    await write(maya, "Signed with the second key")
    await fediverse.settle()
    after = await known_keys(tom, maya.uri)
    assert after["main-key"] != before["main-key"]
    assert after["ed25519-key"] == before["ed25519-key"]
    assert set(after) == {"main-key", "ed25519-key", "ed25519-key-2"}
    posts = await tom.here.run(tom.here.db.value, "SELECT count(*) AS n FROM post")
    assert posts == 3
    assert fediverse.network.count("GET", maya.uri) - fetched <= 2


async def test_earlier_proofs_hold_after_the_keys_were_replaced(fediverse, two) -> None:
    maya, tom = two
    created = await first_create(maya)
    for _ in range(3):
        await rotate(maya)
        await fediverse.settle()
        fediverse.clock.advance(3600)
    assert await tom.here.run(tom.here.engine.proof_valid, created)
    stranger = await fediverse.start("cedar.example")
    assert await stranger.run(stranger.engine.proof_valid, created)
    _, body, _ = await document(fediverse, maya.here, maya.uri)
    assert body["publicKey"]["id"] == f"{maya.uri}#main-key"
    assert [key["id"].partition("#")[2] for key in body["assertionMethod"]] == [
        "ed25519-key-4",
        "ed25519-key-3",
        "ed25519-key-2",
        "ed25519-key",
    ]


async def test_s1_what_compromised_keys_signed_is_worth_nothing(fediverse, two) -> None:
    maya, tom = two
    created = await first_create(maya)
    await rotate(maya)
    await fediverse.settle()
    fediverse.clock.advance(3600)
    await rotate(maya, compromised=True)
    await fediverse.settle()
    _, body, _ = await document(fediverse, maya.here, maya.uri)
    assert [key["id"].partition("#")[2] for key in body["assertionMethod"]] == ["ed25519-key-3"]
    assert await maya.here.run(maya.here.db.value, "SELECT count(*) AS n FROM retired_key") == 0
    stranger = await fediverse.start("cedar.example")
    assert not await stranger.run(stranger.engine.proof_valid, created)
    assert set(await known_keys(tom, maya.uri)) == {"main-key", "ed25519-key-3"}
    assert not await tom.here.run(tom.here.engine.proof_valid, created)


async def test_s4_a_server_that_missed_the_news_asks_once_and_goes_on(fediverse, two) -> None:
    maya, tom = two
    await rotate(maya)
    await maya.here.run(maya.here.db.execute, "DELETE FROM outgoing")
    await fediverse.settle()
    before = fediverse.network.count("GET", maya.uri)
    for number in range(3):
        post = await write(maya, f"Number {number}")
        await fediverse.settle()
        assert await found(tom.here, post.uri) is not None
    assert fediverse.network.count("GET", maya.uri) - before == 1


async def test_s35_the_old_private_key_is_gone_when_nothing_is_left_to_sign(fediverse, two) -> None:
    maya, _ = two
    rows = "SELECT kind, private_pem FROM"
    old = await maya.here.run(maya.here.db.rows, f"{rows} actor_key WHERE actor_id = :id ORDER BY kind", id=maya.id)
    await rotate(maya)
    kept = await maya.here.run(maya.here.db.rows, f"{rows} retired_key ORDER BY kind")
    assert kept == [{"kind": "ed25519", "private_pem": None}, old[1]]
    fediverse.clock.advance(12 * DAY)
    await fediverse.settle()
    kept = await maya.here.run(maya.here.db.rows, f"{rows} retired_key")
    assert [row["private_pem"] for row in kept] == [None, None]


async def test_a_community_gets_new_keys_too(fediverse, two) -> None:
    maya, _ = two
    group = await maya.here.run(actors.create_local, maya.here, kind="Group", username="maths", name="Maths")
    await maya.here.run(rotating.rotate_keys, maya.here, group.id, by="test")
    _, body, _ = await document(fediverse, maya.here, group.uri)
    assert body["assertionMethod"][0]["id"] == f"{group.uri}#ed25519-key-2"


# Keys of others


async def changed_key(fediverse: Fediverse) -> tuple[object, Stranger, str, str]:
    """Somebody elsewhere whom we know, with another key at home than the one that we have."""
    here = await fediverse.start("alder.example")
    server = Stranger(fediverse, "elsewhere.example")
    uri = server.actor("jo")
    await here.run(actors.ensure_remote, here, uri)
    other = next(
        f"https://elsewhere.example/u/k{number}"
        for number in range(50)
        if make_signer(f"https://elsewhere.example/u/k{number}").rsa_key is not make_signer(uri).rsa_key
    )
    return here, server, uri, other


async def test_s4_a_key_replaced_under_way_is_fetched_and_the_activity_taken(fediverse: Fediverse) -> None:
    here, server, uri, _ = await changed_key(fediverse)
    # What we remember is not what its owner has now.
    stale = public_rsa_pem(make_signer("https://elsewhere.example/u/k1"))
    await here.run(
        here.db.execute,
        "UPDATE remote_key SET public_text = :text WHERE key_id = :id",
        text=stale if stale != public_rsa_pem(make_signer(uri)) else public_rsa_pem(make_signer("https://x.example/2")),
        id=f"{uri}#main-key",
    )
    fediverse.clock.advance(301)
    before = fediverse.network.count("GET", uri)
    assert await server.send(here, server.activity("View", uri, uri)) == 202
    assert fediverse.network.count("GET", uri) - before == 1


async def test_s24_wrong_signatures_cost_one_fetch_in_five_minutes_however_many(fediverse: Fediverse) -> None:
    here, server, uri, wrong = await changed_key(fediverse)

    async def forge(number: int) -> int:
        body = json.dumps({"id": server.uri(f"a/{number}"), "type": "View", "actor": uri, "object": uri}).encode()
        headers = cavage.headers(
            "POST",
            "alder.example",
            "/ap/inbox",
            body=body,
            key_id=f"{uri}#main-key",
            key=make_signer(wrong).rsa_key,
            now=fediverse.clock.now(),
        )
        async with fediverse.client(here) as client:
            return (await client.post("/ap/inbox", content=body, headers=headers)).status_code

    fediverse.clock.advance(301)
    before = fediverse.network.count("GET", uri)
    assert {await forge(number) for number in range(20)} == {401}
    assert fediverse.network.count("GET", uri) - before == 1
    fediverse.clock.advance(299)
    assert await forge(21) == 401
    assert fediverse.network.count("GET", uri) - before == 1
    fediverse.clock.advance(2)
    assert await forge(22) == 401
    assert fediverse.network.count("GET", uri) - before == 2


async def test_s4_an_actor_that_answers_410_is_deleted(fediverse: Fediverse) -> None:
    here, server, uri, _ = await changed_key(fediverse)
    server.gone.add(uri)
    await server.send(here, server.activity("Update", uri, server.documents[uri]))
    await fediverse.settle()
    assert (await here.run(Actor.get, uri=uri)).deleted_at is not None
    assert await here.run(here.db.value, "SELECT count(*) AS n FROM remote_key WHERE owner = :uri", uri=uri) == 0
    assert await server.send(here, server.activity("View", uri, uri, path="a/late")) == 401
    assert await outcome(here, server.uri("a/late")) == (None, None)
