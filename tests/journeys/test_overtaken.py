"""What ends something may arrive before it and is remembered; the same under a new id has one effect (S3, R3)."""

from datetime import timedelta
from typing import Any

import pytest

from federation.testing import make_signer
from federation.vocab.base import PUBLIC
from server.actors import actions as actors
from server.posts.models import Post
from tests.conftest import Fediverse, Person
from tests.posting import Stranger, write

DAY = 24 * 3600


@pytest.fixture
async def scene(fediverse: Fediverse) -> tuple[Person, Post, Stranger, str]:
    """Maya with a post, and Jo elsewhere, whom she follows."""
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    server = Stranger(fediverse, "elsewhere.example")
    jo = server.actor("jo")
    there = await here.run(actors.ensure_remote, here, jo)
    await here.run(actors.request_follow, here, maya.id, there.id)
    await here.run(here.db.execute, "UPDATE follow SET state = 'accepted'")
    return maya, await write(maya), server, jo


def made(verb: str, server: Stranger, jo: str, maya: Person, post: Post) -> dict[str, Any]:
    """An activity of Jo's."""
    if verb == "Create":
        return server.activity("Create", jo, server.note(jo, "p/1"), path="a/1")
    target = maya.uri if verb == "Follow" else post.uri
    return server.activity(verb, jo, target, path="a/1")


async def count(maya: Person, verb: str) -> int:
    """How many of them had an effect."""
    if verb == "Create":
        return int(await maya.here.run(maya.here.db.value, "SELECT count(*) AS n FROM post WHERE NOT is_local"))
    condition = {
        "Follow": "follow JOIN actor ON actor.id = follow.follower_id",
        "Like": "post_like JOIN actor ON actor.id = post_like.actor_id",
        "EmojiReact": "post_like JOIN actor ON actor.id = post_like.actor_id",
        "Announce": "boost JOIN actor ON actor.id = boost.actor_id",
    }[verb]
    # Every boost is kept, to be undone; what counts is who passed it on.
    undone = " AND boost.undone_at IS NULL" if verb == "Announce" else ""
    return int(
        await maya.here.run(
            maya.here.db.value,
            f"SELECT count(DISTINCT actor.id) AS n FROM {condition} WHERE NOT actor.is_local{undone}",
        )
    )


@pytest.mark.parametrize("days", [0, 7])
@pytest.mark.parametrize("form", ["embedded", "by id"])
@pytest.mark.parametrize("verb", ["Like", "EmojiReact", "Announce", "Follow", "Create"])
async def test_s3_what_was_ended_before_it_came_has_no_effect_when_it_comes(
    fediverse, scene, verb: str, form: str, days: int
) -> None:
    maya, post, server, jo = scene
    document = made(verb, server, jo, maya, post)
    if verb == "Create":
        gone = document["object"]["id"]
        target: Any = gone if form == "by id" else {"id": gone, "type": "Tombstone"}
        end = server.activity("Delete", jo, target, path="a/2")
    else:
        end = server.activity("Undo", jo, document["id"] if form == "by id" else document, path="a/2")
    assert await server.send(maya.here, end) == 202
    await fediverse.settle()
    for _ in range(days):
        fediverse.clock.advance(DAY)
        await fediverse.settle()
    assert await server.send(maya.here, document) == 202
    await fediverse.settle()
    assert await count(maya, verb) == 0


@pytest.mark.parametrize("verb", ["Like", "Announce", "Follow"])
async def test_s8_nobody_ends_in_advance_what_is_anothers(fediverse, scene, verb: str) -> None:
    maya, post, server, jo = scene
    document = made(verb, server, jo, maya, post)
    evil = Stranger(fediverse, "evil.example")
    mallory = evil.actor("mallory")
    neighbour = server.actor("neighbour")
    for who, where in ((mallory, evil), (neighbour, server)):
        for target in (document["id"], document, {**document, "actor": who}):
            await where.send(maya.here, where.activity("Undo", who, target, path=f"u/{len(where.documents)}"))
    await fediverse.settle()
    assert await server.send(maya.here, document) == 202
    await fediverse.settle()
    assert await count(maya, verb) == 1


@pytest.mark.parametrize("verb", ["Like", "EmojiReact", "Announce", "Follow"])
async def test_s3_the_same_under_new_ids_has_one_effect(fediverse, scene, verb: str) -> None:
    maya, post, server, jo = scene
    for number in range(5):
        target = maya.uri if verb == "Follow" else post.uri
        assert await server.send(maya.here, server.activity(verb, jo, target, path=f"a/{number}")) == 202
    await fediverse.settle()
    assert await count(maya, verb) == 1


async def test_somebody_who_took_back_a_follow_can_follow_again_under_the_same_id(fediverse, scene) -> None:
    """Misskey's ids of follows are made of the two people."""
    maya, post, server, jo = scene
    wish = made("Follow", server, jo, maya, post)
    await server.send(maya.here, wish)
    await server.send(maya.here, server.activity("Undo", jo, wish, path="a/2"))
    await fediverse.settle()
    assert await count(maya, "Follow") == 0
    for _ in range(9):  # receipts are forgotten when no server tries any more
        fediverse.clock.advance(DAY)
        await fediverse.settle()
    await server.send(maya.here, wish)
    await fediverse.settle()
    assert await count(maya, "Follow") == 1


@pytest.mark.parametrize("days", [0, 9])
@pytest.mark.parametrize("verb", ["Like", "EmojiReact", "Follow"])
async def test_s3_what_was_taken_back_is_not_brought_back_by_others(fediverse, scene, verb: str, days: int) -> None:
    """Its proof still fits, and a community that Maya follows may say it; after a week no id is known any more."""
    maya, post, server, jo = scene
    signer = make_signer(jo)
    proven = maya.here.engine.proof(signer, made(verb, server, jo, maya, post))
    assert await server.send(maya.here, proven) == 202
    await fediverse.settle()
    assert await count(maya, verb) == 1
    await server.send(maya.here, server.activity("Undo", jo, proven, path="a/2"))
    await fediverse.settle()
    for _ in range(days):
        fediverse.clock.advance(DAY)
        await fediverse.settle()
    evil = Stranger(fediverse, "evil.example")
    group, mallory = evil.actor("group", "Group"), evil.actor("mallory")
    there = await maya.here.run(actors.ensure_remote, maya.here, group)
    await maya.here.run(actors.request_follow, maya.here, maya.id, there.id)
    await maya.here.run(maya.here.db.execute, "UPDATE follow SET state = 'accepted' WHERE target_id = :id", id=there.id)
    server.documents.pop(proven["id"])
    wrapped = evil.activity("Announce", group, proven, path="n/1", to=[PUBLIC])
    for activity, by in ((wrapped, group), (proven, mallory)):
        await evil.send(maya.here, activity, signer=by)
        await fediverse.settle()
        assert await count(maya, verb) == 0


async def test_r10_edits_are_taken_although_our_clock_ran_ahead_at_the_last_one(fediverse, scene) -> None:
    """An edit that does not say when it was made was made when it came, by our clock."""
    maya, _, server, jo = scene
    uri = await server.create(fediverse, maya.here, jo, "p/9", "<p>First</p>")
    for path, ahead, words in (("a/91", 2 * DAY, "Second"), ("a/92", 0, "Third")):
        fediverse.clock.advance(ahead)
        updated = {} if ahead else {"updated": (fediverse.clock.now() + timedelta(minutes=1)).isoformat()}
        changed = server.note(jo, "p/9", f"<p>{words}</p>", **updated)
        await server.send(maya.here, server.activity("Update", jo, changed, path=path))
        await fediverse.settle()
        fediverse.clock.advance(-ahead)
        assert words in (await maya.here.run(Post.get, uri=uri)).content_html
