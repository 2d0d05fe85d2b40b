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
from tests.posting import reply, write


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
