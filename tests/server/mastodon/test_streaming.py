"""Streaming: whom it is refused, what it never says (S15, S17), and how soon it says what it may."""

import asyncio
import json
import time
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from server.accounts import actions as accounts
from server.actors import blocking
from server.communities import members
from server.live import lines
from server.mastodon import streaming
from server.mastodon.ids import number_of
from server.notifications import actions as notifications
from server.oauth import actions as oauth
from server.oauth.models import OAuthApp
from server.posts import actions as posts
from tests.apps import token_for
from tests.conftest import Fediverse, Person
from tests.lines import events, line, served
from tests.posting import community, follow, join, reply, write

QUIET_SECONDS = 0.4


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "GATHER_SECONDS", 0.0)


async def ready(here: Any, person: Person, scopes: str = "read write follow push") -> str:
    """The token of somebody who has finished their first visit."""
    await here.run(here.db.execute, "UPDATE account SET onboarded_at = 1 WHERE id = :id", id=person.viewer.account_id)
    return await token_for(here, person, scopes)


async def is_quiet(told: Any) -> bool:
    """Whether nothing comes for a moment."""
    await asyncio.sleep(QUIET_SECONDS)
    return not told.frames


async def test_nobody_without_a_good_token_listens(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara = await fediverse.person(here, "amara")
    unfinished = await token_for(here, amara)
    async with served(fediverse, here) as where:
        for path, status in [
            ("/api/v1/streaming", 401),
            ("/api/v1/streaming?stream=public", 401),
            ("/api/v1/streaming?access_token=" + "x" * 40, 401),
            (f"/api/v1/streaming?access_token={unfinished}", 403),
            ("/api/v1/unknown", 403),
            ("/", 403),
        ]:
            with pytest.raises(InvalidStatus) as refused:
                async with line(where, path):
                    pass
            assert refused.value.response.status_code == status, path
        with pytest.raises(InvalidStatus) as refused:
            async with line(where, subprotocols=["x" * 43]):
                pass
        assert refused.value.response.status_code == 401
        token = await ready(here, amara, "write")
        for stream, status in [("user", 403), ("user:notification", 403), ("nonsense", 400), ("hashtag", 400)]:
            with pytest.raises(InvalidStatus) as refused:
                async with line(where, f"/api/v1/streaming?stream={stream}&access_token={token}"):
                    pass
            assert refused.value.response.status_code == status
            assert json.loads(refused.value.response.body or b"")["error"]
        async with httpx.AsyncClient(base_url=f"http://{where}") as http:
            for path in ("user", "public", "hashtag?tag=x", "direct", "list?list=1"):
                assert (await http.get(f"/api/v1/streaming/{path}")).status_code == 401
            good = {"authorization": f"Bearer {token}"}
            for path, status in [("user", 403), ("nonsense", 400), ("hashtag", 400), ("direct", 403)]:
                answer = await http.get(f"/api/v1/streaming/{path}", headers=good)
                assert (answer.status_code, bool(answer.json()["error"])) == (status, True)
            assert (await http.get("/api/v1/streaming/health")).text == "OK"


async def test_nonsense_ends_nothing_and_too_much_of_it_does(
    fediverse: Fediverse, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = await fediverse.start("alder.example")
    token = await ready(here, await fediverse.person(here, "amara"), "read:statuses")
    monkeypatch.setattr(streaming, "FRAMES_A_MINUTE", 20)
    async with served(fediverse, here) as where, line(where, f"/api/v1/streaming/?access_token={token}") as told:
        for letters in ("", "{", "[]", "7", '{"type":"dance"}', "[" * 1000, '{"type":"subscribe"}'):
            await told.connection.send(letters)
        assert (await told.next())["error"] == "Unknown stream type"
        await told.connection.send(b"\x00\xff")
        await told.say(type="subscribe", stream="user:notification")
        assert (await told.next())["status"] == 403
        await told.say(type="subscribe", stream="list", list="1")
        assert (await told.next())["status"] in {403, 404}
        for _ in range(20):
            await told.say(type="dance")
        await asyncio.wait_for(told.ended.wait(), 20)
        assert told.code == streaming.POLICY


async def test_nobody_keeps_more_lines_than_their_share(fediverse: Fediverse, monkeypatch: pytest.MonkeyPatch) -> None:
    here = await fediverse.start("alder.example")
    token = await ready(here, await fediverse.person(here, "amara"))
    path = f"/api/v1/streaming?access_token={token}"
    monkeypatch.setattr(lines, "MAX_OF_ONE_PERSON", 1)
    monkeypatch.setattr(lines, "MAX_SUBSCRIPTIONS", 2)
    boards = [lines.switchboard(process) for process in fediverse.everywhere(here)]
    async with served(fediverse, here) as where:
        async with line(where, path) as told:
            if len(boards) == 1:
                with pytest.raises(InvalidStatus) as refused:
                    async with line(where, path):
                        pass
                assert refused.value.response.status_code == 429
            await told.subscribe("public")
            await told.subscribe("user")
            await told.say(type="subscribe", stream="public:local")
            assert (await told.next())["status"] == 429
        async with line(where, path):
            pass
    assert all(not board._lines and not board._of_person for board in boards)


async def test_s15_what_one_may_not_read_is_never_said(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno, chen = [await fediverse.person(here, name) for name in ("amara", "bruno", "chen")]
    group = await community(bruno, "quiet", visibility="members")
    await follow(amara, bruno)
    await fediverse.settle()
    await here.run(blocking.block, here, chen.id, bruno.id)
    base = await write(bruno, "First")
    path = f"/api/v1/streaming?access_token={await ready(here, amara)}"
    other = f"/api/v1/streaming?access_token={await ready(here, chen)}"
    async with served(fediverse, here) as where, line(where, path) as told, line(where, other) as blocked:
        for each in (told, blocked):
            for stream in ("user", "public", "public:local", "user:notification"):
                await each.subscribe(stream)
            await each.subscribe("hashtag", tag="zebra")
        secrets = [
            await write(bruno, "zebra #zebra", community_id=group.id, visibility="members"),
            await write(bruno, "zebra #zebra", visibility="private"),
            await write(bruno, "zebra #zebra", draft=True),
            await reply(bruno, base, "zebra @bruno #zebra", visibility="direct"),
        ]
        for secret in secrets:
            await bruno.do(posts.delete_post, secret.id)
        assert await is_quiet(told)
        shared = await write(bruno, "zebra #zebra", visibility="followers")
        assert (await told.next("update"))["read"]["id"] == number_of(shared.id)
        await bruno.do(posts.delete_post, shared.id)
        assert (await told.next("delete"))["payload"] == number_of(shared.id)
        wide = await write(bruno, "zebra #zebra", visibility="public")
        # Four streams say it. Who deletes at once may be quicker than what is said of it.
        for _ in range(4):
            assert (await told.next("update"))["read"]["id"] == number_of(wide.id)
        await bruno.do(posts.delete_post, wide.id)
        for _ in range(4):
            await told.next("delete")
        assert await is_quiet(blocked)


async def test_each_stream_hears_what_belongs_to_it(fediverse: Fediverse) -> None:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara, bruno, chen = [
        await fediverse.person(where, name) for where, name in ((alder, "amara"), (birch, "bruno"), (alder, "chen"))
    ]
    await follow(amara, bruno)
    await fediverse.settle()
    token = await ready(alder, amara)
    async with served(fediverse, alder) as where, line(where, subprotocols=[token]) as told:
        assert told.connection.subprotocol == token
        for stream in ("user", *sorted(lines.PUBLIC)):
            await told.subscribe(stream)
        await told.subscribe("hashtag", tag="Slips")
        await told.subscribe("hashtag:local", tag="slips")
        await write(bruno, "About #slips", kind="note")
        await fediverse.settle()
        frames = [await told.next("update") for _ in range(4)]
        assert sorted(frame["stream"] for frame in frames) == [
            ["hashtag", "Slips"], ["public"], ["public:remote"], ["user"],
        ]  # fmt: skip
        assert {frame["read"]["account"]["acct"] for frame in frames} == {"bruno@birch.example"}
        assert frames[0]["read"]["favourited"] is False
        await write(chen, "More #slips", kind="note")
        frames = [await told.next("update") for _ in range(4)]
        assert sorted(frame["stream"] for frame in frames) == [
            ["hashtag", "Slips"], ["hashtag:local", "slips"], ["public"], ["public:local"],
        ]  # fmt: skip
        for stream in ("user", *sorted(lines.PUBLIC)):
            await told.say(type="unsubscribe", stream=stream)
        await told.say(type="unsubscribe", stream="hashtag", tag="Slips")
        await told.subscribe("hashtag:local", tag="slips")
        await write(chen, "Even more #slips", kind="note")
        assert (await told.next("update"))["stream"] == ["hashtag:local", "slips"]
        assert await is_quiet(told)


async def test_boosts_edits_and_answers_are_told(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno, chen = [await fediverse.person(here, name) for name in ("amara", "bruno", "chen")]
    await follow(amara, bruno)
    await fediverse.settle()
    post = await write(chen, "Worth passing on")
    mine = await write(amara, "Mine")
    async with served(fediverse, here) as where:
        path = f"/api/v1/streaming?stream=user&access_token={await ready(here, amara)}"
        async with line(where, path) as told:
            await bruno.do(posts.boost_post, post.id)
            boost = (await told.next("update"))["read"]
            assert (boost["account"]["username"], boost["reblog"]["id"]) == ("bruno", number_of(post.id))
            change = posts.PostChange(title="A title", source_md="Changed")
            await amara.do(posts.edit_post, mine.id, change)
            assert "Changed" in (await told.next("status.update"))["read"]["content"]
            await bruno.do(posts.like_post, mine.id)
            liked = await told.next("notification")
            assert (liked["stream"], liked["read"]["type"]) == (["user"], "favourite")
            answer = await reply(bruno, mine, "Good")
            kinds = {
                (frame["event"], frame["read"].get("type", "")) for frame in [await told.next(), await told.next()]
            }
            assert kinds == {("update", ""), ("notification", "mention")}
            await bruno.do(posts.delete_post, answer.id)
            assert (await told.next("delete"))["payload"] == number_of(answer.id)


async def test_without_the_scope_for_them_notifications_are_not_told(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    mine = await write(amara, "Mine")
    token = await ready(here, amara, "read:statuses")
    async with (
        served(fediverse, here) as where,
        line(where, f"/api/v1/streaming?stream=user&access_token={token}") as told,
    ):
        await bruno.do(posts.like_post, mine.id)
        assert await is_quiet(told)


async def test_what_no_app_knows_is_not_told(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    group = await community(bruno, "science")
    token = await ready(here, amara)
    async with (
        served(fediverse, here) as where,
        line(where, f"/api/v1/streaming?stream=user:notification&access_token={token}") as told,
    ):
        await bruno.do(members.invite_member, group.id, "amara")
        news = notifications.News(kind="like", thing="people", key="x", actor_id=bruno.id, post_id="0" * 26)
        await here.run(notifications.notify, here, [amara.id], news)
        assert await is_quiet(told)
        await follow(bruno, amara)
        await fediverse.settle()
        assert (await told.next("notification"))["read"]["type"] == "follow"


@pytest.mark.parametrize("how", ["revoked", "disconnected", "suspended", "password"])
async def test_s29_who_is_locked_out_is_cut_off(fediverse: Fediverse, how: str) -> None:
    here = await fediverse.start("alder.example")
    amara = await fediverse.person(here, "amara")
    token = await ready(here, amara)
    async with (
        served(fediverse, here) as where,
        line(where, f"/api/v1/streaming?stream=public&access_token={token}") as told,
    ):
        app_id = await here.run(here.db.value, "SELECT app_id FROM oauth_token")
        if how == "revoked":
            app = await here.run(OAuthApp.get, id=app_id)
            await here.run(oauth.revoke, here, app, token)
        elif how == "disconnected":
            await amara.do(oauth.disconnect, app_id)
        elif how == "suspended":
            await here.run(accounts.suspend_account, here, amara.viewer.account_id, by="test")
        else:
            await here.run(oauth.disconnect_all, here, amara.viewer.account_id)
        await asyncio.wait_for(told.ended.wait(), 20)
        assert told.code == streaming.POLICY
        assert told.frames == []


async def test_what_changed_unheard_is_noticed_before_anything_is_said(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    token = await ready(here, amara)
    async with (
        served(fediverse, here) as where,
        line(where, f"/api/v1/streaming?stream=public&access_token={token}") as told,
    ):
        await here.run(here.db.execute, "DELETE FROM oauth_token")
        await write(bruno, "Hello")
        await asyncio.wait_for(told.ended.wait(), 20)
        assert told.frames == []


async def test_r12_too_much_at_once_ends_a_line_and_not_the_server(
    fediverse: Fediverse, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = await fediverse.start("alder.example")
    amara = await fediverse.person(here, "amara")
    monkeypatch.setattr(lines, "MAX_WAITING", 5)
    path = f"/api/v1/streaming?stream=user&access_token={await ready(here, amara)}"
    async with served(fediverse, here) as where:
        async with line(where, path) as told:
            for process in fediverse.everywhere(here):
                for number in range(6):
                    lines.switchboard(process).heard(["post", f"{number:026}"])
            await asyncio.wait_for(told.ended.wait(), 20)
            assert told.code == streaming.TRY_AGAIN_LATER
        async with line(where, path) as told:
            for process in fediverse.everywhere(here):
                lines.switchboard(process).heard(None)  # some may have been missed
            await asyncio.wait_for(told.ended.wait(), 20)
            assert told.code == streaming.TRY_AGAIN_LATER


async def test_r7_a_restart_ends_all_lines_at_once(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara = await fediverse.person(here, "amara")
    token = await ready(here, amara)
    async with (
        served(fediverse, here) as where,
        line(where, f"/api/v1/streaming?stream=user&access_token={token}") as told,
        events(where, "/api/v1/streaming/user", token),
    ):
        for process in fediverse.everywhere(here):
            process.leave()
        await asyncio.wait_for(told.ended.wait(), 20)
        assert told.code == streaming.GOING_AWAY


async def test_server_sent_events_are_as_mastodon_py_reads_them(
    fediverse: Fediverse, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    await follow(amara, bruno)
    await fediverse.settle()
    token = await ready(here, amara)
    monkeypatch.setattr(streaming, "HEARTBEAT_SECONDS", 0.05)
    async with (
        served(fediverse, here) as where,
        events(where, "/api/v1/streaming/user", token) as user,
        events(where, "/api/v1/streaming/public/local", token) as local,
        events(where, "/api/v1/streaming/hashtag?tag=slips", token) as tagged,
        events(where, "/api/v1/streaming?stream=public:remote", token) as remote,
    ):
        post = await write(bruno, "A line\nand another #slips", kind="note")
        for each in (user, local, tagged):
            assert (await each.next("update"))["read"]["id"] == number_of(post.id)
        await bruno.do(posts.delete_post, post.id)
        for each in (user, local, tagged):
            assert (await each.next("delete"))["read"] == int(number_of(post.id))
        assert await is_quiet(remote)


async def test_a_post_elsewhere_is_on_the_line_within_a_second(fediverse: Fediverse) -> None:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara, bruno = await fediverse.person(alder, "amara"), await fediverse.person(birch, "bruno")
    group = await community(bruno, "science")
    await follow(amara, bruno)
    await join(amara, group)
    await fediverse.settle()
    path = f"/api/v1/streaming?stream=user&access_token={await ready(alder, amara)}"
    async with served(fediverse, alder) as where, line(where, path) as told:
        await write(bruno, "News", kind="note")
        arrived = time.monotonic()
        await fediverse.settle()
        frame = await told.next("update")
        assert time.monotonic() - arrived < 1.0
        assert frame["read"]["account"]["acct"] == "bruno@birch.example"
