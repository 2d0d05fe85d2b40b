"""Counts are kept, not counted: after any order of events they are what the tables say, and nothing counts twice."""

import asyncio
import random
from typing import Any

import pytest

from server.actors.removal import delete_local_actor
from server.db.database import query_log
from server.posts import actions, counting
from server.posts.models import Post
from server.posts.policy import COUNTED
from tests.conftest import Fediverse
from tests.posting import Stranger, community, found, join, reply, write

SHOWN = f"state = 'visible' AND visibility IN ({', '.join(repr(name) for name in sorted(COUNTED))})"
TRUTH = {
    "replies of a thread": (
        f"SELECT id, replies_count AS kept, (SELECT count(*) FROM post AS child WHERE child.root_id = post.id"
        f" AND child.id <> post.id AND child.{SHOWN.replace('AND visibility', 'AND child.visibility')}) AS truth"
        " FROM post WHERE COALESCE(root_id, id) = id"
    ),
    "answers": (
        f"SELECT id, replies_count AS kept, (SELECT count(*) FROM post AS child WHERE child.parent_id = post.id"
        f" AND child.{SHOWN.replace('AND visibility', 'AND child.visibility')}) AS truth"
        " FROM post WHERE COALESCE(root_id, id) <> id"
    ),
    "likes": (
        "SELECT id, likes_count AS kept, (SELECT count(*) FROM post_like WHERE post_like.post_id = post.id"
        " AND post_like.kind = 'like') AS truth FROM post"
    ),
    "boosts": (
        "SELECT id, boosts_count AS kept, (SELECT count(DISTINCT boost.actor_id) FROM boost JOIN actor"
        " ON actor.id = boost.actor_id WHERE boost.post_id = post.id AND boost.undone_at IS NULL"
        " AND actor.kind <> 'Group') AS truth FROM post"
    ),
    "posts of people": (
        f"SELECT id, posts_count AS kept, (SELECT count(*) FROM post WHERE post.author_id = actor.id AND {SHOWN})"
        " AS truth FROM actor"
    ),
    "posts of communities": (
        "SELECT id, posts_count AS kept, (SELECT count(*) FROM post WHERE post.community_id = community.id"
        f" AND post.parent_id IS NULL AND {SHOWN.replace('visibility', 'post.visibility')}) AS truth FROM community"
    ),
    "last post of communities": (
        "SELECT id, last_post_at AS kept, (SELECT max(post.published_at) FROM post WHERE"
        f" post.community_id = community.id AND {SHOWN.replace('visibility', 'post.visibility')}) AS truth"
        " FROM community"
    ),
}


async def check(here: Any, when: str) -> None:
    """Every kept count is the true one."""
    for name, statement in TRUTH.items():
        wrong = [row for row in await here.run(here.db.rows, statement) if row["kept"] != row["truth"]]
        assert wrong == [], f"{name} after {when}"


@pytest.mark.parametrize("seed", range(6))
async def test_counts_are_exact_after_anything(fediverse: Fediverse, seed: int) -> None:
    chance = random.Random(seed)
    here = await fediverse.start("alder.example")
    people = [await fediverse.person(here, name) for name in ("maya", "jonas", "amara")]
    groups = [await community(people[0], slug) for slug in ("algebra", "staff")]
    for person in people[1:]:
        for group in groups:
            await join(person, group)
    far = Stranger(fediverse, "far.example")
    sofia = far.actor("sofia")
    posts: list[str] = []

    async def some() -> Any:
        return await here.run(Post.get, id=chance.choice(posts)) if posts else None

    for step in range(60):
        fediverse.clock.advance(chance.choice([0, 1, 3600]))
        who, post = chance.choice(people), await some()
        kind = chance.choice(
            [
                *("write", "write", "reply", "reply", "reply", "like", "unlike", "boost", "unboost", "delete"),
                *("remove", "restore", "narrow", "afar", "orphan", "afar likes", "afar deletes", "again"),
            ]
        )
        try:
            if kind == "write" or post is None:
                visibility = chance.choice(["public", "public", "unlisted", "followers", "instance"])
                place = chance.choice([None, groups[0].id, groups[1].id])
                posts.append((await write(who, f"{step}", community_id=place, visibility=visibility)).id)
            elif kind == "reply":
                posts.append((await reply(who, post, f"{step}", visibility=chance.choice(["public", "direct"]))).id)
            elif kind in {"like", "unlike", "boost", "unboost"}:
                await who.do(getattr(actions, f"{kind}_post"), post.id)
            elif kind == "delete":
                await who.do(actions.delete_post, post.id)
            elif kind == "remove":
                await people[0].do(actions.remove_post, post.id, "for a while")
            elif kind == "restore":
                await people[0].do(actions.restore_post, post.id)
            elif kind == "narrow":
                await who.do(actions.edit_post, post.id, actions.PostChange(visibility="followers"))
            elif kind == "afar":
                uri = await far.create(fediverse, here, sofia, f"p/{step}", inReplyTo=post.uri)
                if (row := await found(here, uri)) is not None:
                    posts.append(row.id)
            elif kind == "orphan":
                # An answer comes before what it answers, which comes before what that answers.
                far.note(sofia, f"o/{step}", inReplyTo=post.uri)
                late = far.documents.pop(far.uri(f"o/{step}"))
                await far.create(fediverse, here, sofia, f"c/{step}", inReplyTo=late["id"])
                await far.send(here, far.activity("Create", sofia, late))
                await fediverse.settle()
            elif kind == "afar likes":
                await far.send(here, far.activity("Like", sofia, post.uri, path=f"l/{step % 3}"))
                await fediverse.settle()
            elif kind == "afar deletes":
                await far.send(here, far.activity("Delete", sofia, post.uri, path=f"d/{step}"))
                await fediverse.settle()
            else:
                await here.run(counting.settle, here, post.id)
                await here.run(counting.settle_thread, here, post.root_id or post.id)
        except Exception as refusal:
            if type(refusal).__module__ != "server.errors":
                raise
        await check(here, f"step {step}, {kind}, of seed {seed}")
    assert len(posts) > 6
    await here.run(delete_local_actor, here, people[1].id, by="test")
    await check(here, f"somebody left, of seed {seed}")


async def test_a_reply_costs_the_same_in_a_long_thread(fediverse: Fediverse) -> None:
    """The same statements, each of them on a few rows: nothing is counted over the thread."""
    maya = await fediverse.person(await fediverse.start("alder.example"), "maya")
    group = await community(maya, "algebra")
    post = await write(maya, community_id=group.id)

    async def cost() -> list[str]:
        log: list[str] = []
        token = query_log.set(log)
        try:
            await reply(maya, post)
        finally:
            query_log.reset(token)
        return log

    await reply(maya, post)
    first = await cost()
    for _ in range(30):
        await reply(maya, post)
    assert len(await cost()) == len(first)
    counts = [statement for statement in first if "count(*)" in statement and "UPDATE" in statement]
    assert counts == []


async def test_two_at_once_count_once(fediverse: Fediverse) -> None:
    maya = await fediverse.person(await fediverse.start("alder.example"), "maya")
    post = await write(maya)
    answer = await reply(maya, post)
    here = maya.here
    for _ in range(5):
        await here.run(counting.settle, here, answer.id)
        await here.run(counting.after_ending, here, answer)
        await here.run(counting.after_publishing, here, answer)
    assert (await here.run(Post.get, id=post.id)).replies_count == 1


async def test_r6_what_is_counted_together_counts_beside_what_another_transaction_counts(fediverse: Fediverse) -> None:
    """On PostgreSQL the second waits for the row of the first, and reads it again."""
    maya = await fediverse.person(await fediverse.start("alder.example"), "maya")
    here = maya.here
    quiet, busy = sorted([await write(maya), await write(maya)], key=lambda post: post.id)
    begun = asyncio.Event()

    def answers(*roots: Post) -> list[dict[str, object]]:
        facts = {"author_id": maya.id, "published_at": here.clock.now(), "community_id": None}
        return [
            {"id": f"new-{root.id}", "root_id": root.id, "counted": f"{root.id}.{root.id}.", **facts} for root in roots
        ]

    async def first() -> None:
        async with here.db.transaction():
            await counting.add_new(here, answers(busy))
            begun.set()
            waiting = here.db.dialect == "postgres"
            while waiting and not await here.db.value(  # noqa: ASYNC110  # it is the database that we watch
                "SELECT count(*) AS n FROM pg_locks WHERE NOT granted"
            ):
                await asyncio.sleep(0)

    async def second() -> None:
        await begun.wait()
        async with here.db.transaction():
            if here.db.dialect == "postgres":  # the plan that a table of more than two rows has
                await here.db.connection().execute_query("SET LOCAL enable_seqscan = off")
            await counting.add_new(here, answers(quiet, busy))

    await asyncio.gather(here.run(first), here.run(second))
    assert (await here.run(Post.get, id=quiet.id)).replies_count == 1
    assert (await here.run(Post.get, id=busy.id)).replies_count == 2
