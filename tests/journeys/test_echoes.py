"""One tap across servers: "me too" and "I would try it" are counted apart from what was useful (D3, D12)."""

import pytest

from server.accounts import actions as accounts
from server.errors import NotAllowed, NotFound
from server.posts import actions as posts
from server.posts.models import Like, Post
from tests.posting import Stranger, community, found, join, sees, write


async def counts(person, uri):
    post = await sees(person, uri)
    return post.echo_count, post.likes_count, post.echoed_by_me


async def test_d3_d12_one_tap_travels_and_is_taken_back(fediverse):
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    maya, zoe = await fediverse.person(alder, "maya"), await fediverse.person(alder, "zoe")
    tom, ida = await fediverse.person(birch, "tom"), await fediverse.person(birch, "ida")
    group = await community(maya, "science")
    for person in (tom, ida):
        await join(person, group)
    await fediverse.settle()
    staff = await community(maya, "staff", visibility="members")
    secret = await write(maya, kind="ask", visibility="members", community_id=staff.id)
    thread = await write(maya, community_id=group.id)
    ask = await write(maya, kind="ask", title="How?", community_id=group.id)
    with pytest.raises(NotFound):
        await zoe.do(posts.echo_post, secret.id)
    with pytest.raises(NotFound):
        await zoe.do(posts.echo_post, thread.id)
    with pytest.raises(NotAllowed, match="yours"):
        await maya.do(posts.echo_post, ask.id)
    await fediverse.settle()

    there = await found(birch, ask.uri)
    for _ in range(2):
        await tom.do(posts.echo_post, there.id)
    await zoe.do(posts.echo_post, ask.id)
    await tom.do(posts.like_post, there.id)
    await fediverse.settle()
    assert await counts(maya, ask.uri) == (2, 1, False)
    assert await counts(tom, ask.uri) == (2, 1, True)
    assert await counts(ida, ask.uri) == (2, 1, False)  # the community passes it on
    rows = await alder.run(alder.db.rows, "SELECT kind FROM notification WHERE reader_id = :id", id=maya.id)
    assert [row["kind"] for row in rows].count("like") == 1
    await tom.do(posts.unecho_post, there.id)
    await zoe.do(posts.unecho_post, ask.id)
    await fediverse.settle()
    assert await counts(maya, ask.uri) == await counts(ida, ask.uri) == (0, 1, False)
    assert await counts(tom, ask.uri) == (0, 1, False)
    # Whoever deletes their account is counted no more.
    await zoe.do(posts.echo_post, ask.id)
    assert (await counts(maya, ask.uri))[0] == 1
    await alder.run(accounts.delete_account, alder, zoe.viewer.account_id, by="test")
    await fediverse.settle()
    assert await counts(maya, ask.uri) == (0, 1, False)


async def test_d12_s5_a_favourite_is_useful_and_what_is_said_wrongly_is_a_like(fediverse):
    fediverse.watch.let_deliveries_pass()
    alder = await fediverse.start("alder.example")
    maya = await fediverse.person(alder, "maya")
    ask = await write(maya, kind="ask", visibility="public")
    stranger = Stranger(fediverse, "elsewhere.example")
    said = {"sofia": {}, "lem": {"ph:says": "wouldTry"}, "eve": {"ph:says": ["meToo"]}, "ben": {"ph:says": "meToo"}}
    own = await stranger.create(fediverse, alder, stranger.actor("ben"), "n/own", kind="question", name="How?")
    asked = await alder.run(Post.get, uri=own)
    praise = stranger.activity("Like", stranger.actor("ben"), own, path="a/own", **{"ph:says": "meToo"})
    await stranger.send(alder, praise)
    await fediverse.settle()
    assert (await alder.run(Post.get, id=asked.id)).echo_count == 0  # nobody says it of their own
    for name, more in said.items():
        await stranger.send(alder, stranger.activity("Like", stranger.actor(name), ask.uri, path=f"a/{name}", **more))
    await fediverse.settle()
    assert await counts(maya, ask.uri) == (1, 3, False)
    mark = await alder.run(Like.get, uri=stranger.uri("a/ben"))
    undo = stranger.activity("Undo", stranger.uri("u/ben"), stranger.documents[mark.uri], path="a/undo")
    forged = stranger.activity("Undo", stranger.uri("u/eve"), mark.uri, path="a/forged")
    for activity in (forged, undo):
        await stranger.send(alder, activity)
        await fediverse.settle()
        assert (await alder.run(Post.get, id=ask.id)).likes_count == 3
    assert await counts(maya, ask.uri) == (0, 3, False)
