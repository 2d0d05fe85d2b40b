"""The outbox: order, catching up, cancelling (R3, R4, S17)."""

import pytest

from server.actors import actions as actors
from server.db import query_log
from server.fediverse import queries
from server.fediverse.queries import queue_state
from server.instance import Instance
from server.peers import actions as peers
from server.posts import actions as posts
from server.posts.models import Post
from tests.conftest import Fediverse, Person
from tests.posting import write


async def follow(fediverse: Fediverse, follower: Person, target: Person) -> None:
    here = follower.here
    remote = await here.run(actors.resolve, here, target.uri)
    await here.run(actors.request_follow, here, follower.id, remote.id)
    await fediverse.settle()


async def enqueue(here: Instance, sender: Person, *numbers: int) -> None:
    async def write() -> None:
        async with here.db.transaction():
            for number in numbers:
                uri = f"{here.settings.origin}/ap/a/test/{number}"
                body = f'{{"id":"{uri}","type":"View","actor":"{sender.uri}","object":"{sender.uri}"}}'
                await here.deliveries.enqueue(
                    activity_id=uri, sender=sender.uri, body=body.encode(), followers_of=sender.uri
                )

    await here.run(write)


async def received(here: Instance) -> list[str]:
    rows = await here.run(
        here.db.rows, "SELECT activity_id FROM inbox_receipt WHERE activity_type = 'View' ORDER BY seq"
    )
    return [row["activity_id"].rsplit("/", 1)[1] for row in rows]


async def test_s17_nothing_is_sent_to_a_blocked_server(fediverse: Fediverse) -> None:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara, bruno = await fediverse.person(alder, "amara"), await fediverse.person(birch, "bruno")
    await follow(fediverse, amara, bruno)
    await enqueue(birch, bruno, 1)
    await birch.run(peers.set_grade, birch, "alder.example", "blocked", by="test")
    await fediverse.settle()
    assert await received(alder) == []


async def test_p4_how_far_a_post_has_got_is_not_counted_for_every_look(fediverse: Fediverse, monkeypatch) -> None:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara, bruno = await fediverse.person(alder, "amara"), await fediverse.person(birch, "bruno")
    await follow(fediverse, amara, bruno)

    async def look(post: Post) -> tuple[int, int, int, int]:
        log: list[str] = []
        token = query_log.set(log)
        try:
            state = await birch.run(queries.delivery_state, birch, post.id)
        finally:
            query_log.reset(token)
        return state.total, state.delivered, state.waiting, len(log)

    fediverse.network.down.add("alder.example")
    post = await write(bruno)
    await fediverse.settle()
    assert await look(post) == await look(post) == (1, 0, 1, 2)  # of few servers it is
    monkeypatch.setattr(queries, "KEPT_FROM", 1)
    assert await look(post) == (1, 0, 1, 2)
    assert await look(post) == (1, 0, 1, 1)
    fediverse.network.down.clear()
    fediverse.clock.advance(7200)
    await fediverse.settle()
    assert await look(post) == (1, 1, 0, 2)
    assert await look(post) == (1, 1, 0, 1)
    fediverse.network.down.add("alder.example")
    await bruno.do(posts.edit_post, post.id, posts.PostChange(source_md="Better."))
    assert await look(post) == (1, 0, 1, 2)  # what is new counts at once
    await fediverse.settle()
    assert await look(post) == (1, 0, 1, 2)


async def test_r3_a_server_that_was_away_catches_up_in_order(fediverse: Fediverse) -> None:
    fediverse.watch.let_deliveries_pass()
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara, bruno = await fediverse.person(alder, "amara"), await fediverse.person(birch, "bruno")
    await follow(fediverse, amara, bruno)
    fediverse.network.down.add("alder.example")
    await enqueue(birch, bruno, 1, 2)
    await fediverse.settle()
    await enqueue(birch, bruno, 3)
    await fediverse.settle()
    assert await received(alder) == []
    assert (await birch.run(queue_state, birch)).hosts_failing == 1
    fediverse.network.down.clear()
    fediverse.clock.advance(3600)
    await fediverse.settle()
    assert await received(alder) == ["1", "2", "3"]
    assert (await birch.run(queue_state, birch)).hosts_failing == 0


async def test_r2_nothing_leaves_when_the_fact_is_undone(fediverse: Fediverse) -> None:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara, bruno = await fediverse.person(alder, "amara"), await fediverse.person(birch, "bruno")
    await follow(fediverse, amara, bruno)

    async def fail() -> None:
        async with birch.db.transaction():
            await birch.deliveries.enqueue(
                activity_id="https://birch.example/ap/a/test/9", sender=bruno.uri, body=b"{}", followers_of=bruno.uri
            )
            raise LookupError

    with pytest.raises(LookupError):
        await birch.run(fail)
    await fediverse.settle()
    assert await received(alder) == []


async def test_s3_the_same_activity_twice_is_received_once(fediverse: Fediverse) -> None:
    fediverse.watch.let_deliveries_pass()
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara, bruno = await fediverse.person(alder, "amara"), await fediverse.person(birch, "bruno")
    await follow(fediverse, amara, bruno)
    await enqueue(birch, bruno, 1, 1)
    await fediverse.settle()
    assert await received(alder) == ["1"]
