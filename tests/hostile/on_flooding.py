"""Attacks by sheer number: S3, S22, S24, R4, R5, R11."""

import asyncio
import json
from typing import Any

from federation.vocab.base import PUBLIC
from server.fediverse import refusals
from server.posts.models import Post
from tests.hostile.attacks import Scene, attack
from tests.hostile.stage import patience


async def all_at_once(scene: Scene, documents: list[dict[str, Any]], *, lanes: int = 8) -> None:
    """Deliver many activities over several connections."""

    async def lane(part: list[dict[str, Any]]) -> None:
        for document in part:
            assert await scene.stage.send(document) in (202, 429, 503)

    await asyncio.gather(*(lane(documents[number::lanes]) for number in range(lanes)))


@attack("S3 S5", "", requests=4, seconds=40)
async def one_person_who_likes_a_hundred_times(scene: Scene) -> None:
    stage = scene.stage
    post = stage.posts["liked"]
    likes = [scene.site.activity("Like", scene.eve, post.uri, f"l/{number}") for number in range(60)]
    likes += [scene.site.activity("Announce", scene.eve, post.uri, f"b/{number}", to=[PUBLIC]) for number in range(40)]
    await all_at_once(scene, likes)
    await scene.settled()
    row = await stage.here.run(Post.get, id=post.id)
    assert (row.likes_count, row.boosts_count) == (1, 1)


@attack("S3 S5", "", requests=4, seconds=40)
async def one_person_who_votes_a_hundred_times(scene: Scene) -> None:
    stage = scene.stage
    zoe, poll = stage.people["zoe"], stage.posts["poll"]
    votes = []
    for number in range(100):
        note = {
            "id": scene.site.uri(f"v/{number}"),
            "type": "Note",
            "attributedTo": scene.eve,
            "to": [zoe.uri],
            "inReplyTo": poll.uri,
            "name": ("One", "Two", "Three", "one")[number % 4],
        }
        votes.append(scene.site.activity("Create", scene.eve, note, f"c/{number}"))
    await all_at_once(scene, votes)
    await scene.settled()
    rows = await stage.here.run(
        stage.here.db.rows, "SELECT name, votes FROM poll_option WHERE poll_id = :id ORDER BY position", id=poll.id
    )
    assert sum(row["votes"] for row in rows) == 1
    assert len(rows) == 2


@attack("R5 R4", "", requests=4, seconds=60)
async def a_flood_of_posts_beside_a_quiet_peer(scene: Scene) -> None:
    stage, pal = scene.stage, scene.friend()
    author = pal.actor("pal")
    await stage.send(pal.activity("Like", author, stage.posts["scratch"].uri, "l/0"))
    await stage.settled(pal.host)
    flood = [
        scene.site.activity("Create", scene.eve, scene.note(f"n/{number}"), f"c/{number}") for number in range(150)
    ]
    flooding = asyncio.create_task(all_at_once(scene, flood, lanes=16))
    loop = asyncio.get_running_loop()
    slowest = 0.0
    try:
        for number in range(1, 8):
            started = loop.time()
            await stage.send(pal.activity("Create", author, pal.note(author, f"n/{number}"), f"c/{number}"))
            await stage.settled(pal.host)
            slowest = max(slowest, loop.time() - started)
            assert await stage.here.run(Post.get_or_none, uri=pal.uri(f"n/{number}")) is not None
    finally:
        await flooding
    assert slowest < 6 * patience(), slowest
    await scene.settled()


@attack("S24 R11", "unsigned", requests=0, seconds=40, alone=True)
async def names_made_up_to_fill_the_tables(scene: Scene) -> None:
    stage = scene.stage

    async def one(number: int) -> None:
        actor = f"http://n{number}.{scene.name}.evil.example/u/eve"
        body = json.dumps({"id": f"{actor}/f", "type": "Follow", "actor": actor, "object": stage.maya}).encode()
        assert (await stage.post(body, [], path=scene.inbox)).status == 401

    for start in range(0, 160, 20):
        await asyncio.gather(*(one(start + number) for number in range(20)))
    await stage.here.run(refusals.step, stage.here)
    query = "SELECT count(*) AS n FROM {} WHERE host LIKE :mark"
    for table in ("refused", "refused_count", "peer", "actor", "inbox_receipt"):
        count = await stage.here.run(stage.here.db.value, query.format(table), mark=f"%.{scene.name}.evil.example%")
        assert count == 0, table
    kept = await stage.here.run(stage.here.db.value, "SELECT count(*) AS n FROM refused WHERE host = ''")
    assert kept <= 2 * refusals.KEPT_PER_HOST


@attack("R4 S5", "nothing-to-do", requests=4, seconds=60)
async def one_post_edited_without_end(scene: Scene) -> None:
    """Versions that nobody asked for do not fill the disk."""
    stage = scene.stage
    note = scene.note("n/1")
    await scene.send("Create", note, "c/1")
    await scene.settled()
    for number in range(60):
        changed = note | {
            "content": f"<p>{number}</p>",
            "updated": f"2026-02-01T00:{number // 60:02}:{number % 60:02}Z",
        }
        await scene.send("Update", changed, f"u/{number}")
    old = note | {"content": "<p>Old</p>", "updated": "2026-01-20T00:00:00Z"}
    await scene.send("Update", old, "u/old")
    await scene.settled()
    post = await stage.here.run(Post.get, uri=note["id"])
    assert "59" in post.content_html
    versions = await stage.here.run(
        stage.here.db.value, "SELECT count(*) AS n FROM post_version WHERE post_id = :id", id=post.id
    )
    assert versions <= 35, versions


@attack("S5 R4", "", requests=6, seconds=60)
async def following_and_leaving_without_end(scene: Scene) -> None:
    stage = scene.stage
    zoe = stage.people["zoe"]
    for number in range(40):
        follow = scene.site.activity("Follow", scene.eve, zoe.uri, f"f/{number}")
        await stage.send(follow)
        await scene.send("Undo", follow, f"u/{number}")
    await scene.settled()
    told = await stage.here.run(
        stage.here.db.value,
        "SELECT count(*) AS n FROM notification JOIN actor ON actor.id = notification.reader_id"
        " WHERE actor.username = 'zoe'",
    )
    assert told <= 12, told
    follows = await stage.here.run(
        stage.here.db.value,
        "SELECT count(*) AS n FROM follow JOIN actor ON actor.id = follow.follower_id WHERE actor.uri = :uri",
        uri=scene.eve,
    )
    assert follows <= 1
