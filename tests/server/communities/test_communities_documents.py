"""The documents of communities against the golden ones, and the refusals around them."""

import json
from typing import Any

import pytest

from server.communities import actions
from tests.conftest import SHARED, Fediverse, Person
from tests.posting import community

ACTIVITY = {"accept": "application/activity+json"}
ALSO_OURS = {"icon", "image"}
"""Keys of the golden documents that only stand there when there is a picture."""


def golden(name: str) -> dict[str, Any]:
    """A golden document; skips where the folder of fixtures is absent."""
    path = SHARED / "profile" / name
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return dict(json.loads(path.read_text(encoding="utf-8")))


@pytest.fixture
async def amara(fediverse: Fediverse) -> Person:
    return await fediverse.person(await fediverse.start("alder.example"), "amara")


async def fetch(fediverse: Fediverse, person: Person, path: str) -> dict[str, Any]:
    async with fediverse.client(person.here) as web:
        answer = await web.get(path, headers=ACTIVITY)
    assert answer.status_code == 200
    return dict(answer.json())


async def test_a_public_community_says_what_the_golden_group_says(fediverse: Fediverse, amara: Person) -> None:
    made = await community(amara, posting="facilitators", language="de")
    document = await fetch(fediverse, amara, "/c/science")
    assert set(document) == set(golden("actor-group.json")) - ALSO_OURS
    assert document["id"] == made.uri
    assert document["attributedTo"] == document["moderators"] == f"{made.uri}/moderators"
    assert (document["postingRestrictedToMods"], document["federationMode"]) == (True, "public")
    assert document["language"] == [{"identifier": "de", "name": "Deutsch"}]
    assert document["source"]["content"] == "To learn together."


async def test_a_members_community_says_what_the_golden_private_group_says(fediverse: Fediverse, amara: Person) -> None:
    await community(amara, visibility="members", join_policy="apply")
    document = await fetch(fediverse, amara, "/c/science")
    assert set(golden("actor-group-private.json")) <= set(document)
    assert "language" not in document
    assert (document["manuallyApprovesFollowers"], document["discoverable"]) == (True, False)
    assert document["federationMode"] == "members"


async def test_moderators_are_listed_like_the_golden_collection(fediverse: Fediverse, amara: Person) -> None:
    made = await community(amara)
    carla = await fediverse.person(amara.here, "carla")
    await carla.do(actions.join, made.id)
    document = await fetch(fediverse, amara, f"{made.uri}/moderators")
    assert set(document) == set(golden("collection-moderators.json"))
    assert document["orderedItems"] == [amara.uri]
    await amara.do(actions.set_role, made.id, carla.id, "facilitator")
    document = await fetch(fediverse, amara, f"{made.uri}/moderators")
    assert document["orderedItems"] == sorted([amara.uri, carla.uri])


async def test_giving_a_role_is_announced_like_the_golden_add(fediverse: Fediverse, amara: Person) -> None:
    made = await community(amara)
    carla = await fediverse.person(amara.here, "carla")
    await carla.do(actions.join, made.id)
    await amara.do(actions.set_role, made.id, carla.id, "facilitator")
    row = await amara.here.run(amara.here.db.row, "SELECT body, dialects FROM outgoing ORDER BY seq DESC LIMIT 1")
    assert row is not None
    sent, expected = json.loads(row["body"]), golden("activity-add-moderator.json")
    assert row["dialects"] == "threadiverse"
    assert set(sent) == set(expected) | {"proof"}
    assert set(expected["object"]) <= set(sent["object"])
    assert (sent["object"]["object"], sent["object"]["target"]) == (carla.uri, f"{made.uri}/moderators")
