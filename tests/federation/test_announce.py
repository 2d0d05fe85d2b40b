"""What others pass on: by proof, by origin, or by asking its origin."""

import json

from federation.inbox.relayed import BETWEEN_TWO
from federation.testing import make_signer
from federation.vocab.base import PUBLIC
from tests.federation.conftest import World, follow

GEOMETRY = "https://birch.example/ap/u/geometry"


def announce(actor: str, object_: object, number: int = 1) -> dict[str, object]:
    return {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": f"{actor}/a/announce-{number}",
        "type": "Announce",
        "actor": actor,
        "to": [PUBLIC],
        "cc": [f"{actor}/followers"],
        "object": object_,
    }


def create(actor: str, note: dict[str, object], number: int = 1) -> dict[str, object]:
    return {
        "@context": ["https://www.w3.org/ns/activitystreams"],
        "id": f"{actor}/a/create-{number}",
        "type": "Create",
        "actor": actor,
        "to": [PUBLIC],
        "cc": [],
        "object": note,
    }


async def test_s5_a_forged_inner_activity_is_replaced_by_what_its_origin_says(world: World) -> None:
    note = world.birch.note("1", world.bruno)
    group = "https://evil.example/ap/u/mallory"
    forged = create(world.bruno, {**note, "content": "<p>Forged</p>"})
    await world.alder.send(announce(group, forged), world.key(group))
    assert await world.alder.work() == ["done"]
    [seen] = world.alder.seen
    assert seen.activity.object is not None
    assert (seen.activity.object["content"], seen.via, seen.activity.actor) == ("<p>Hello</p>", group, world.bruno)
    assert seen.activity.id != forged["id"]


async def test_s5_an_inner_activity_that_its_origin_does_not_know_has_no_effect(world: World) -> None:
    group = world.mallory
    inner = [
        create(world.bruno, {"id": "https://birch.example/ap/p/none", "type": "Note", "attributedTo": world.bruno}),
        follow(world.bruno, world.amara),
        {
            "id": f"{world.bruno}/a/9",
            "type": "Update",
            "actor": world.bruno,
            "object": {"id": GEOMETRY, "type": "Group"},
        },
        {
            "id": f"{group}/a/10",
            "type": "Delete",
            "actor": world.bruno,
            "object": world.birch.note("2", world.bruno)["id"],
        },
        {
            "id": f"{world.bruno}/a/11",
            "type": "Delete",
            "actor": world.bruno,
            "object": world.birch.note("3", world.bruno)["id"],
        },
        announce(group, world.birch.note("4", world.bruno)["id"]),
        create(world.amara, world.alder.note("1", world.amara)),
    ]
    for number, each in enumerate(inner):
        await world.alder.send(announce(group, each, number), world.key(group))
    outcomes = await world.alder.work()
    assert set(outcomes) <= {"Forbidden", "Ignored"}
    assert world.alder.seen == []


async def test_a_proof_vouches_for_an_inner_activity_without_asking_for_it(world: World) -> None:
    note = {"id": "https://birch.example/ap/p/5", "type": "Note", "attributedTo": world.bruno, "content": "x"}
    proven = world.birch.engine.proof(make_signer(world.bruno), create(world.bruno, note))
    await world.alder.send(announce(world.mallory, proven), world.key(world.mallory))
    assert await world.alder.work() == ["done"]
    [seen] = world.alder.seen
    assert seen.raw == proven
    assert world.network.count("GET", "https://birch.example/ap/p/") == 0


async def test_a_broken_proof_vouches_for_nothing(world: World) -> None:
    note = {"id": "https://birch.example/ap/p/5", "type": "Note", "attributedTo": world.bruno, "content": "x"}
    proven = world.birch.engine.proof(make_signer(world.bruno), create(world.bruno, note))
    for forged in (
        {**proven, "object": {**note, "content": "y"}},
        {**proven, "proof": {**proven["proof"], "verificationMethod": make_signer(world.mallory).ed25519_key_id}},  # type: ignore[dict-item]
        world.birch.engine.proof(make_signer(world.mallory), create(world.bruno, note)),
    ):
        await world.alder.send(announce(world.mallory, forged), world.key(world.mallory))
        assert await world.alder.work() == ["Ignored"]
    assert world.alder.seen == []


async def test_a_group_is_believed_about_its_own_server(world: World) -> None:
    note = {"id": "https://birch.example/ap/p/6", "type": "Note", "attributedTo": world.bruno, "content": "x"}
    await world.alder.send(announce(GEOMETRY, create(world.bruno, note)), world.key(GEOMETRY))
    assert await world.alder.work() == ["done"]
    assert [seen.via for seen in world.alder.seen] == [GEOMETRY]


async def test_batches_are_processed_in_order_and_capped(world: World) -> None:
    def notes(count: int) -> list[dict[str, object]]:
        return [
            create(
                world.bruno,
                {
                    "id": f"https://birch.example/ap/p/{number}",
                    "type": "Note",
                    "attributedTo": world.bruno,
                    "content": "x",
                },
                number,
            )
            for number in range(count)
        ]

    await world.alder.send(announce(GEOMETRY, notes(3), 1), world.key(GEOMETRY))
    collection = {"type": "OrderedCollection", "totalItems": 2, "orderedItems": notes(2)}
    await world.alder.send(announce(GEOMETRY, collection, 2), world.key(GEOMETRY))
    await world.alder.send(announce(GEOMETRY, notes(500), 3), world.key(GEOMETRY))
    assert await world.alder.work() == ["done"] * 3
    assert [seen.activity.object_id for seen in world.alder.seen[:3]] == [
        f"https://birch.example/ap/p/{n}" for n in range(3)
    ]
    assert len(world.alder.seen) == 3 + 2 + 50


async def test_an_announced_post_is_a_boost(world: World) -> None:
    await world.alder.send(announce(world.bruno, "https://evil.example/ap/p/1"), world.key(world.bruno))
    assert await world.alder.work() == ["done"]
    [seen] = world.alder.seen
    assert (seen.activity.type, seen.activity.object_id, seen.via) == ("Announce", "https://evil.example/ap/p/1", None)


async def test_an_announced_deletion_is_believed_when_the_object_is_gone(world: World) -> None:
    document = {
        "id": f"{world.bruno}/a/1",
        "type": "Delete",
        "actor": world.bruno,
        "object": "https://birch.example/ap/p/gone",
    }
    await world.alder.send(announce(world.mallory, document), world.key(world.mallory))
    assert await world.alder.work() == ["done"]
    assert [seen.activity.type for seen in world.alder.seen] == ["Delete"]


async def test_unfollowed_groups_cause_no_work(world: World) -> None:
    async def nobody(group: str) -> bool:
        return False

    world.alder.engine.accepts_announces_from = nobody
    inner = create(world.bruno, world.birch.note("1", world.bruno))
    await world.alder.send(announce(world.mallory, inner), world.key(world.mallory))
    before = len(world.network.log)
    assert await world.alder.work() == ["Ignored"]
    assert len(world.network.log) == before


async def test_an_unsigned_activity_with_a_proof_is_accepted(world: World) -> None:
    proven = world.birch.engine.proof(make_signer(world.bruno), follow(world.bruno, world.amara))
    headers = {"Content-Type": "application/activity+json"}
    forged = json.dumps({**proven, "object": "https://alder.example/ap/u/algebra"}).encode()
    assert (await world.alder.post(forged, headers)).status_code == 401
    assert (await world.alder.post(json.dumps(proven).encode(), headers)).status_code == 202
    assert await world.alder.work() == ["done"]


async def test_a_relayed_activity_with_a_proof_keeps_its_author(world: World) -> None:
    proven = world.birch.engine.proof(make_signer(world.bruno), follow(world.bruno, world.amara))
    assert (await world.alder.send(proven, world.key(world.mallory))).status_code == 202
    assert await world.alder.work() == ["done"]
    assert [seen.activity.actor for seen in world.alder.seen] == [world.bruno]


def like(actor: str, target: str, number: int = 1) -> dict[str, object]:
    return {**follow(actor, target, number), "type": "Like", "id": f"{actor}/a/like-{number}"}


async def test_s3_an_old_proof_alone_brings_nothing_back(world: World) -> None:
    """Neither by itself, nor relayed, nor announced: who keeps it for a week has what its actor may have taken back."""
    proven = world.birch.engine.proof(make_signer(world.bruno), like(world.bruno, "https://alder.example/ap/p/1"))
    undated = {**proven, "proof": {key: value for key, value in proven["proof"].items() if key != "created"}}  # type: ignore[attr-defined]
    world.clock.advance(8 * 86_400)
    headers = {"Content-Type": "application/activity+json"}
    for old in (proven, undated):
        assert (await world.alder.post(json.dumps(old).encode(), headers)).status_code == 401
        await world.alder.send(old, world.key(world.mallory))
        assert await world.alder.work() == ["Ignored"]
        await world.alder.send(announce(world.mallory, old), world.key(world.mallory))
        assert await world.alder.work() == ["Ignored"]
        world.alder.receipts.stored.clear()
    assert world.alder.seen == []


async def test_an_old_proof_still_vouches_for_a_post(world: World) -> None:
    """Posts are known by their ids and times, and threads are passed on long after they were written."""
    note = {"id": "https://birch.example/ap/p/5", "type": "Note", "attributedTo": world.bruno, "content": "x"}
    proven = world.birch.engine.proof(make_signer(world.bruno), create(world.bruno, note))
    world.clock.advance(80 * 86_400)
    await world.alder.send(announce(world.mallory, proven), world.key(world.mallory))
    assert await world.alder.work() == ["done"]


async def test_s3_what_is_passed_on_twice_has_one_effect(world: World) -> None:
    proven = world.birch.engine.proof(make_signer(world.bruno), like(world.bruno, "https://alder.example/ap/p/1"))
    for number, outcome in ((1, "done"), (2, "Ignored"), (3, "Ignored")):
        await world.alder.send(announce(world.mallory, proven, number), world.key(world.mallory))
        assert await world.alder.work() == [outcome]
    assert len(world.alder.seen) == 1


async def test_s3_what_its_own_server_still_shows_has_one_effect(world: World) -> None:
    """A Follow that was taken back may still stand at its id; whoever names it again brings nothing back."""
    asked = world.birch.publish(follow(world.bruno, world.amara))
    for number, outcome in ((1, "done"), (2, "Ignored")):
        await world.alder.send({**asked, "summary": f"relayed {number}"}, world.key(world.mallory))
        assert await world.alder.work() == [outcome]
    assert len(world.alder.seen) == 1


async def test_s5_no_community_passes_on_what_is_between_two(world: World) -> None:
    for number, kind in enumerate(sorted(BETWEEN_TWO)):
        about = {**follow(world.bruno, world.amara, number), "type": kind}
        proven = world.birch.engine.proof(make_signer(world.bruno), about)
        await world.alder.send(announce(world.mallory, proven, number), world.key(world.mallory))
        assert await world.alder.work() == ["Forbidden"], kind
    assert world.alder.seen == []


async def test_an_unreachable_origin_is_asked_again_later(world: World) -> None:
    note = world.birch.note("1", world.bruno)
    world.network.down.add("birch.example")
    await world.alder.send(announce(world.mallory, create(world.bruno, note)), world.key(world.mallory))
    [receipt] = world.alder.receipts.stored.values()
    assert await world.alder.work() == ["TryLater"]
    world.network.down.clear()
    world.clock.advance(120)
    world.alder.receipts.stored[receipt.activity_id] = receipt
    assert await world.alder.work() == ["done"]
