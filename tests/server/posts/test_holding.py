"""Two that end or change one post at once: workers whose lease ran out, or a second click (R6)."""

import asyncio
from typing import Any

import pytest

from server.discussions import actions as discussions
from server.errors import NotFound
from server.posts import actions as posts
from server.posts.form import PostChange
from server.posts.models import Post
from server.posts.removal import erase, take_out
from tests.conftest import Fediverse
from tests.posting import Stranger, reply, write


@pytest.fixture
async def scene(fediverse: Fediverse) -> Any:
    """Maya, a thread of hers, and an answer that somebody else still holds as it was."""
    maya = await fediverse.person(await fediverse.start("alder.example"), "maya")
    thread = await write(maya)
    answer = await reply(maya, thread)
    await reply(maya, thread, "I do not")
    return maya, thread, answer, await maya.here.run(Post.get, id=answer.id)


async def told(maya: Any, verb: str) -> int:
    """How many activities of a kind were written down."""
    rows = await maya.here.run(
        maya.here.db.rows, "SELECT 1 AS one FROM sent_activity WHERE uri LIKE :verb", verb=f"%/ap/a/{verb}/%"
    )
    return len(rows)


async def test_r6_a_post_that_was_deleted_is_not_deleted_again(scene: Any) -> None:
    maya, thread, answer, as_it_was = scene
    await maya.do(discussions.withdraw, answer.id)

    async def again() -> None:
        async with maya.here.db.transaction():
            await erase(maya.here, as_it_was, by=maya.uri)

    await maya.here.run(again)
    assert (await maya.here.run(Post.get, id=thread.id)).replies_count == 1
    assert await told(maya, "delete") == 1


async def test_r6_a_post_that_was_deleted_is_not_taken_out_instead(scene: Any) -> None:
    maya, _, answer, as_it_was = scene
    await maya.do(discussions.withdraw, answer.id)

    async def meanwhile() -> None:
        async with maya.here.db.transaction():
            await take_out(maya.here, as_it_was, by_id=maya.id, reason="spam")

    await maya.here.run(meanwhile)
    assert (await maya.here.run(Post.get, id=answer.id)).state == "deleted"


async def test_r6_two_at_once_delete_once_and_an_edit_brings_nothing_back(scene: Any) -> None:
    maya, thread, answer, _ = scene

    async def edit() -> None:
        await maya.do(posts.edit_post, answer.id, PostChange(source_md="I agree now"))

    results = await asyncio.gather(
        *(maya.do(discussions.withdraw, answer.id) for _ in range(3)), edit(), return_exceptions=True
    )
    assert all(result is None or isinstance(result, NotFound) for result in results), results
    assert (await maya.here.run(Post.get, id=answer.id)).state == "deleted"
    assert (await maya.here.run(Post.get, id=thread.id)).replies_count == 1
    assert await told(maya, "delete") == 1


@pytest.mark.parametrize("verb", ["Like", "Announce"])
async def test_r6_an_undo_that_is_processed_again_takes_back_nothing_that_came_later(
    fediverse: Fediverse, scene: Any, verb: str
) -> None:
    """A worker stood still in the middle of it, and another one had done it and gone on."""
    maya, thread, *_ = scene
    birch = Stranger(fediverse, "birch.example")
    tom = birch.actor("tom")
    first = birch.activity(verb, tom, thread.uri, path="first")
    undo = birch.activity("Undo", tom, first, path="undo")
    for activity in (first, undo, birch.activity(verb, tom, thread.uri, path="second")):
        assert await birch.send(maya.here, activity) == 202
        await fediverse.settle()
    await maya.here.run(
        maya.here.db.execute, "UPDATE inbox_receipt SET outcome = NULL WHERE activity_id = :id", id=undo["id"]
    )
    await fediverse.settle()
    table = {"Like": "post_like", "Announce": "boost"}[verb]
    standing = {"Like": "TRUE", "Announce": "undone_at IS NULL"}[verb]
    rows = await maya.here.run(maya.here.db.rows, f"SELECT uri FROM {table} WHERE {standing}")
    assert [row["uri"].rpartition("/")[2] for row in rows] == ["second"]
