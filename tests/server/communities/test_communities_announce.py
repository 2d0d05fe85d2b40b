"""Announce: both dialects, what never leaves, and letter by letter (FEDERATION.md 2.4)."""

import json
from typing import Any

import pytest

from federation.vocab.base import PUBLIC
from server.communities import actions
from server.communities.actions import CommunityForm
from server.communities.activities.announce import announce, undo_announces
from server.instance import Instance
from tests.conftest import Fediverse, Person

MICROBLOGS, THREADIVERSE = "microblog,unknown", "threadiverse,unknown"


@pytest.fixture
async def amara(fediverse: Fediverse) -> Person:
    return await fediverse.person(await fediverse.start("alder.example"), "amara")


async def community(amara: Person, **more: Any) -> Any:
    form = CommunityForm(**({"name": "Science", "purpose": "Swap.", "slug": "science"} | more))
    return await amara.do(actions.create_community, form)


def activity(group: Any, verb: str = "Create", **more: Any) -> dict[str, Any]:
    return {
        "@context": ["https://www.w3.org/ns/activitystreams", {"zz": "https://other.example/ns#"}],
        "zz": {"b": 1, "a": 2.5},
        "id": "https://birch.example/activities/1",
        "type": verb,
        "actor": "https://birch.example/u/bruno",
        "to": [group.uri, PUBLIC],
        "cc": [],
        "object": {"id": "https://birch.example/p/1", "type": "Article"},
    } | more


async def said(here: Instance, since: int = 0) -> list[dict[str, Any]]:
    rows = await here.run(
        here.db.rows,
        "SELECT seq, body, dialects, followers_of, inboxes FROM outgoing WHERE seq > :since ORDER BY seq",
        since=since,
    )
    return [{**row, "body": json.loads(row["body"]), "text": row["body"]} for row in rows]


async def tell(here: Instance, *arguments: Any, **keywords: Any) -> list[str]:
    async def inside() -> list[str]:
        async with here.db.transaction():
            return await announce(here, *arguments, **keywords)

    return await here.run(inside)


async def test_a_new_conversation_goes_out_in_both_dialects_the_id_first(amara: Person) -> None:
    group = await community(amara)
    created = activity(group)
    ids = await tell(amara.here, group.id, activity=created, post_uri="https://birch.example/p/1", top_level=True)
    boost, wrapped = await said(amara.here)
    assert ids == [boost["body"]["id"], wrapped["body"]["id"]]
    assert (boost["dialects"], boost["body"]["object"]) == (MICROBLOGS, "https://birch.example/p/1")
    assert (wrapped["dialects"], wrapped["body"]["object"]) == (THREADIVERSE, created)
    for sent in (boost, wrapped):
        assert sent["followers_of"] == group.uri
        assert set(sent["body"]) == {
            "@context",
            "id",
            "type",
            "actor",
            "to",
            "cc",
            "audience",
            "published",
            "object",
            "proof",
        }
        assert (sent["body"]["to"], sent["body"]["cc"]) == ([PUBLIC], [f"{group.uri}/followers"])


@pytest.mark.parametrize(
    ("verb", "dialects"),
    [
        ("Create", "threadiverse"),
        ("Like", "threadiverse"),
        ("Dislike", "threadiverse"),
        ("Lock", "threadiverse"),
        ("Undo", "threadiverse"),
        ("Update", THREADIVERSE),
        ("Delete", THREADIVERSE),
    ],
)
async def test_replies_and_everything_else_never_go_to_microblogs(amara: Person, verb: str, dialects: str) -> None:
    group = await community(amara)
    await tell(amara.here, group.id, activity=activity(group, verb), post_uri="https://birch.example/p/1")
    (sent,) = await said(amara.here)
    assert sent["dialects"] == dialects
    assert sent["body"]["object"]["type"] == verb


async def test_e12_what_was_received_is_passed_on_letter_by_letter(amara: Person) -> None:
    group = await community(amara)
    received = json.dumps(activity(group), indent=1).replace("2.5", "2.50")
    await tell(amara.here, group.id, activity=received, top_level=False)
    (sent,) = await said(amara.here)
    assert received in sent["text"]


@pytest.mark.parametrize(
    "form",
    [
        {"visibility": "instance"},
        {"visibility": "network"},
        {"kind": "support", "visibility": "members", "join_policy": "apply"},
    ],
)
async def test_s15_what_stays_here_is_never_announced(amara: Person, form: dict[str, str]) -> None:
    group = await community(amara, **form)
    assert (
        await tell(amara.here, group.id, activity=activity(group), post_uri="https://x.example/1", top_level=True) == []
    )
    assert await said(amara.here) == []


async def test_s15_members_things_go_to_members_without_the_public_and_never_to_microblogs(amara: Person) -> None:
    group = await community(amara, visibility="members", join_policy="apply")
    created = activity(group, to=[group.uri, f"{group.uri}/followers"])
    await tell(amara.here, group.id, activity=created, post_uri="https://birch.example/p/1", top_level=True)
    assert await said(amara.here) == []  # Nobody elsewhere is a member.
    public = activity(group)
    await tell(amara.here, group.id, activity=public, post_uri="https://birch.example/p/1", top_level=True)
    assert await said(amara.here) == []


async def test_s15_a_members_post_in_a_public_community_is_not_announced_to_the_public(amara: Person) -> None:
    group = await community(amara)
    for created, visibility in (
        (activity(group, to=[group.uri, f"{group.uri}/followers"]), None),
        (activity(group, "Like", to=[], cc=[]), "members"),
        (activity(group, "Like", to=[], cc=[]), None),
        (activity(group, to=["https://birch.example/u/x"]), "direct"),
        (activity(group, to=["https://birch.example/u/x"]), "followers"),
    ):
        await tell(amara.here, group.id, activity=created, visibility=visibility, top_level=True)
    assert await said(amara.here) == []


async def test_every_announce_of_a_post_is_undone_on_microblogs(amara: Person) -> None:
    group = await community(amara)
    created = activity(group)
    ids = await tell(
        amara.here, group.id, activity=created, post_uri="https://birch.example/p/1", post_id="p1", top_level=True
    )
    changed = await tell(amara.here, group.id, activity=activity(group, "Update"), post_id="p1")
    other = await tell(
        amara.here, group.id, activity=activity(group), post_uri="https://birch.example/p/2", post_id="p2"
    )
    last = (await said(amara.here))[-1]["seq"]

    async def undo() -> None:
        async with amara.here.db.transaction():
            await undo_announces(amara.here, "p1")

    await amara.here.run(undo)
    await amara.here.run(undo)
    undone = await said(amara.here, last)
    assert sorted(sent["body"]["object"]["id"] for sent in undone) == sorted(ids)
    # What told of a change brought nothing that would stay.
    assert not {*changed, *other} & {sent["body"]["object"]["id"] for sent in undone}
    first = next(sent for sent in undone if sent["body"]["object"]["id"] == ids[0])
    assert (first["dialects"], first["body"]["type"]) == (MICROBLOGS, "Undo")
    assert set(first["body"]["object"]) == {"id", "type", "actor", "to", "cc", "object"}
    assert first["body"]["object"]["object"] == "https://birch.example/p/1"
