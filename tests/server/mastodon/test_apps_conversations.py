"""Conversations: whose they are, that they say nothing to others (S15), and what becomes of them."""

from typing import Any

import pytest

from server.actors import blocking
from server.live import lines
from server.mastodon.ids import number_of
from server.posts import actions as posts
from tests.apps import App, app_of, token_for
from tests.conftest import Fediverse, Person
from tests.lines import line, served
from tests.posting import found, reply, write

LIST = "/api/v1/conversations"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "GATHER_SECONDS", 0.0)


async def asked(fediverse: Fediverse) -> tuple[Any, Person, Person, App, App]:
    """Bruno answers Amara's public post directly; both have apps."""
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    post = await write(amara, "Ask me")
    await reply(bruno, post, "Between us", visibility="direct")
    return here, amara, bruno, await app_of(fediverse, here, amara), await app_of(fediverse, here, bruno)


@pytest.mark.parametrize(("method", "path"), [("GET", LIST), ("DELETE", f"{LIST}/1"), ("POST", f"{LIST}/1/read")])
async def test_nobody_gets_at_them_without_the_right(fediverse: Fediverse, method: str, path: str) -> None:
    here = await fediverse.start("alder.example")
    assert await (await app_of(fediverse, here)).refused(method, path) == 401
    amara = await fediverse.person(here, "amara")
    wrong = "write read:accounts" if method == "GET" else "read write:statuses"
    assert await (await app_of(fediverse, here, amara, scopes=wrong)).refused(method, path) == 403
    if method != "GET":
        assert await (await app_of(fediverse, here, amara)).refused(method, path) == 404


async def test_s15_others_have_none_of_it(fediverse: Fediverse) -> None:
    here, amara, bruno, app, _ = await asked(fediverse)
    chen = await app_of(fediverse, here, await fediverse.person(here, "chen"))
    (talk,) = await app.get(LIST)
    assert await chen.get(LIST) == []
    assert await chen.refused("POST", f"{LIST}/{talk['id']}/read") == 404
    assert await chen.refused("DELETE", f"{LIST}/{talk['id']}") == 404
    await here.run(blocking.block, here, amara.id, bruno.id)
    assert await app.get(LIST) == []
    assert await app.refused("POST", f"{LIST}/{talk['id']}/read") == 404


async def test_each_side_has_its_own_view_of_one(fediverse: Fediverse) -> None:
    _here, _amara, bruno, app, other = await asked(fediverse)
    (mine,), (theirs,) = await app.get(LIST), await other.get(LIST)
    assert (mine["unread"], theirs["unread"]) == (True, False)
    assert [account["username"] for account in mine["accounts"]] == ["bruno"]
    assert [account["username"] for account in theirs["accounts"]] == ["amara"]
    assert mine["last_status"]["visibility"] == "direct"
    assert (await app.post(f"{LIST}/{mine['id']}/read"))["unread"] is False
    assert (await app.get(LIST))[0]["unread"] is False
    await app.call("DELETE", f"{LIST}/{mine['id']}")
    assert await app.get(LIST) == []
    assert len(await other.get(LIST)) == 1
    fediverse.clock.advance(60)
    again = await reply(bruno, (await _newest(bruno))["id"], "Still there?", visibility="direct")
    (mine,) = await app.get(LIST)
    assert mine["last_status"]["id"] == number_of(again.id)
    await bruno.do(posts.delete_post, again.id)
    (mine,) = await app.get(LIST)
    assert "Between us" in mine["last_status"]["content"]


async def _newest(person: Person) -> dict[str, Any]:
    row = await person.here.run(
        person.here.db.row, "SELECT id FROM post WHERE visibility = 'direct' ORDER BY id DESC LIMIT 1"
    )
    assert row is not None
    return dict(row)


async def test_they_cross_servers_and_are_told_on_their_line(fediverse: Fediverse) -> None:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara, bruno = await fediverse.person(alder, "amara"), await fediverse.person(birch, "bruno")
    chen = await fediverse.person(alder, "chen")
    post = await write(amara, "Ask me, @bruno@birch.example")
    await fediverse.settle()
    there = await found(birch, post.uri)
    assert there is not None
    app = await app_of(fediverse, alder, amara)
    await app_of(fediverse, alder, chen)
    path = "/api/v1/streaming?stream=direct&access_token="
    async with (
        served(fediverse, alder) as where,
        line(where, path + await token_for(alder, amara)) as told,
        line(where, path + await token_for(alder, chen)) as other,
    ):
        await reply(bruno, there.id, "Between us", visibility="direct")
        await fediverse.settle()
        frame = await told.next("conversation")
        assert frame["stream"] == ["direct"]
        assert frame["read"] == (await app.get(LIST))[0]
        assert frame["read"]["accounts"][0]["acct"] == "bruno@birch.example"
        assert other.frames == []
