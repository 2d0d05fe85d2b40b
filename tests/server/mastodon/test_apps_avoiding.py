"""Whom one does not want to meet, with an app: blocks, mutes, whole servers; notes, recommendations and reports."""

from typing import Any

import pytest

from server.actors import actions as actors
from server.actors import muting
from server.actors.models import Note
from server.mastodon.ids import number_of
from server.moderation.models import Report
from server.posts import actions as posts
from server.posts import queries
from tests.apps import App, app_of, ids
from tests.conftest import Fediverse
from tests.contract import broken
from tests.posting import community, follow, join, reply, write

HOME, PUBLIC, TAG = "/api/v1/timelines/home", "/api/v1/timelines/public", "/api/v1/timelines/tag/maths"


async def between(app: App, number: str) -> dict[str, Any]:
    (found,) = await app.get("/api/v1/accounts/relationships", **{"id[]": number})
    assert broken("Relationship", found) == []
    return dict(found)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "accounts/1/block"), ("POST", "accounts/1/unblock"), ("POST", "accounts/1/mute"),
        ("POST", "accounts/1/unmute"), ("GET", "blocks"), ("GET", "mutes"), ("GET", "domain_blocks"),
        ("POST", "domain_blocks"), ("DELETE", "domain_blocks"), ("POST", "accounts/1/note"),
        ("POST", "accounts/1/pin"), ("POST", "accounts/1/unpin"), ("GET", "endorsements"),
        ("POST", "accounts/1/remove_from_followers"), ("GET", "follow_requests"), ("POST", "reports"),
        ("POST", "follow_requests/1/authorize"), ("POST", "follow_requests/1/reject"),
    ],
)  # fmt: skip
async def test_only_with_the_right_to_and_only_about_who_is_there(fediverse: Fediverse, method: str, path: str) -> None:
    here = await fediverse.start("alder.example")
    amara = await fediverse.person(here, "amara")
    assert await (await app_of(fediverse, here)).refused(method, f"/api/v1/{path}") == 401
    narrow = await app_of(fediverse, here, amara, scopes="read:statuses write:statuses")
    assert await narrow.refused(method, f"/api/v1/{path}") == 403
    app = await app_of(fediverse, here, amara)
    if "/1/" in path or path == "reports":
        assert await app.refused(method, f"/api/v1/{path}") == 404


async def test_nobody_blocks_or_mutes_themselves(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    app = await app_of(fediverse, here, amara)
    me = f"/api/v1/accounts/{number_of(amara.id)}"
    assert await app.refused("POST", f"{me}/block") == 422
    assert await app.refused("POST", f"{me}/mute") == 422
    other = f"/api/v1/accounts/{number_of(bruno.id)}"
    assert await app.refused("POST", f"{other}/mute", json={"duration": "a while"}) == 422
    assert await app.refused("POST", f"{other}/note", json={"comment": "x" * 2001}) == 422
    assert await app.refused("POST", f"{other}/pin") == 422
    for number in ("authorize", "reject"):
        assert await app.refused("POST", f"/api/v1/follow_requests/{number_of(bruno.id)}/{number}") == 404


async def test_a_block_ends_follows_here_and_there(fediverse: Fediverse) -> None:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara, bruno = await fediverse.person(alder, "amara"), await fediverse.person(birch, "bruno")
    await follow(amara, bruno)
    await follow(bruno, amara)
    await fediverse.settle()
    app, there = await app_of(fediverse, alder, amara), await app_of(fediverse, birch, bruno)
    far = (await app.get("/api/v1/accounts/lookup", acct="bruno@birch.example"))["id"]
    blocked = await app.post(f"/api/v1/accounts/{far}/block")
    assert (blocked["blocking"], blocked["following"], blocked["followed_by"]) == (True, False, False)
    assert ids(await app.get("/api/v1/blocks")) == [far]
    await fediverse.settle()
    near = (await there.get("/api/v1/accounts/lookup", acct="amara@alder.example"))["id"]
    seen = await between(there, near)
    assert (seen["blocked_by"], seen["following"], seen["followed_by"]) == (True, False, False)
    assert ids((await app.get("/api/v2/search", q="@bruno@birch.example"))["accounts"]) == [far]
    assert (await app.post(f"/api/v1/accounts/{far}/unblock"))["blocking"] is False
    assert await app.get("/api/v1/blocks") == []
    await fediverse.settle()
    assert (await between(there, near))["blocked_by"] is False


async def test_who_is_muted_is_met_on_their_page_alone(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno, chen = [await fediverse.person(here, name) for name in ("amara", "bruno", "chen")]
    for person in (bruno, chen):
        await follow(amara, person)
    app, other = await app_of(fediverse, here, amara), await app_of(fediverse, here, chen)
    mine = await write(amara, "Asking")
    await write(bruno, "Said by bruno #maths")
    passed = await write(chen, "Said by chen #maths")
    await reply(bruno, mine, "An answer")
    assert len(await app.get("/api/v1/notifications")) == 1
    path = f"/api/v1/accounts/{number_of(bruno.id)}"
    muted = await app.post(f"{path}/mute")
    assert (muted["muting"], muted["muting_notifications"], muted["following"]) == (True, True, True)
    await bruno.do(posts.boost_post, passed.id)
    await bruno.do(posts.like_post, mine.id)
    await reply(bruno, mine, "Another answer @amara")
    for timeline in (HOME, PUBLIC, TAG):
        found = await app.get(timeline)
        assert {status["account"]["username"] for status in found} <= {"amara", "chen"}, timeline
        assert "bruno" in {status["account"]["username"] for status in await other.get(timeline)} or timeline == HOME
    assert await app.get("/api/v1/notifications") == []
    assert (await app.get(f"/api/v1/statuses/{number_of(mine.id)}/context"))["descendants"] == []
    assert len(await app.get(f"{path}/statuses")) >= 1
    (listed,) = await app.get("/api/v1/mutes")
    assert (listed["username"], listed["mute_expires_at"]) == ("bruno", None)
    assert (await app.post(f"{path}/unmute"))["muting"] is False
    assert len(await app.get(TAG)) == 2
    assert await app.get("/api/v1/mutes") == []


async def test_a_mute_ends_when_it_was_said_and_may_leave_notifications(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    app = await app_of(fediverse, here, amara)
    mine = await write(amara, "Asking")
    await write(bruno, "Said by bruno")
    path = f"/api/v1/accounts/{number_of(bruno.id)}"
    muted = await app.post(f"{path}/mute", {"duration": 3600, "notifications": "false"})
    assert (muted["muting"], muted["muting_notifications"]) == (True, False)
    (listed,) = await app.get("/api/v1/mutes")
    assert broken("Account", listed) == []
    assert listed["mute_expires_at"] == "2026-01-15T11:00:00.000Z"
    await bruno.do(posts.like_post, mine.id)
    assert [news["type"] for news in await app.get("/api/v1/notifications")] == ["favourite"]
    assert len(await app.get(PUBLIC)) == 1
    await app.post(f"{path}/mute", {"duration": 7200})
    fediverse.clock.advance(3700)
    await fediverse.settle()
    assert (await between(app, number_of(bruno.id)))["muting"] is True
    fediverse.clock.advance(3600)
    assert (await between(app, number_of(bruno.id)))["muting"] is False
    await fediverse.settle()
    assert len(await app.get(PUBLIC)) == 2


async def test_s17_of_a_server_that_somebody_does_not_want_nobody_is_left(
    fediverse: Fediverse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many they are: some are let go at once, and the job goes on until none is left."""
    monkeypatch.setattr(muting, "ENDED_AT_ONCE", 1)
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara = await fediverse.person(alder, "amara")
    others = [await fediverse.person(birch, name) for name in ("bruno", "chen", "dalia", "emre")]
    for other in others:
        await follow(amara, other)
        await follow(other, amara)
    await fediverse.settle()
    following = "SELECT count(*) AS n FROM follow WHERE follower_id = :me OR target_id = :me"
    assert await alder.run(alder.db.value, following, me=amara.id) == 8
    await alder.run(muting.block_host, alder, amara.id, "birch.example")
    await fediverse.settle()
    assert await alder.run(alder.db.value, following, me=amara.id) == 0


async def test_a_server_that_somebody_does_not_want_is_gone_for_them_alone(fediverse: Fediverse) -> None:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara, chen = await fediverse.person(alder, "amara"), await fediverse.person(alder, "chen")
    bruno = await fediverse.person(birch, "bruno")
    for one, other in ((amara, bruno), (bruno, amara), (chen, bruno)):
        await follow(one, other)
    await fediverse.settle()
    mine = await write(amara, "Asking")
    await fediverse.settle()
    await write(bruno, "From birch #maths")
    await fediverse.settle()
    app, chens = await app_of(fediverse, alder, amara), await app_of(fediverse, alder, chen)
    for domain in ("", "alder.example", "no domain", "x" * 300):
        assert await app.refused("POST", "/api/v1/domain_blocks", json={"domain": domain}) in {403, 422}
    assert len(await app.get("/api/v1/notifications")) == 1
    assert await app.post("/api/v1/domain_blocks", {"domain": "Birch.Example"}) == {}
    assert await app.get("/api/v1/domain_blocks") == ["birch.example"]
    far = (await app.get("/api/v1/accounts/lookup", acct="bruno@birch.example"))["id"]
    seen = await between(app, far)
    assert (seen["domain_blocking"], seen["following"], seen["followed_by"]) == (True, False, False)
    assert await app.refused("POST", f"/api/v1/accounts/{far}/follow") == 403
    assert await app.get("/api/v1/notifications") == []
    await fediverse.settle()
    await follow(bruno, amara)
    found = await birch.run(posts.fetch_post, birch, mine.uri)
    await bruno.do(posts.like_post, found.id)
    await fediverse.settle()
    for timeline in (HOME, PUBLIC, TAG):
        assert {status["account"]["acct"] for status in await app.get(timeline)} <= {"amara"}, timeline
        assert "bruno@birch.example" in {status["account"]["acct"] for status in await chens.get(timeline)}
    assert await app.get("/api/v1/notifications") == []
    assert (await between(app, far))["followed_by"] is False
    answer = await app.call("DELETE", "/api/v1/domain_blocks", json={"domain": "birch.example"})
    assert (answer.status_code, answer.json()) == (200, {})
    assert await app.get("/api/v1/domain_blocks") == []
    assert len(await app.get(TAG)) == 1


async def test_notes_are_for_who_wrote_them_and_end_with_them(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    app, other = await app_of(fediverse, here, amara), await app_of(fediverse, here, bruno)
    path = f"/api/v1/accounts/{number_of(bruno.id)}/note"
    assert (await app.post(path, {"comment": " Met at the fair "}))["note"] == "Met at the fair"
    assert (await app.post(path, {"comment": "Teaches maths"}))["note"] == "Teaches maths"
    assert (await between(app, number_of(bruno.id)))["note"] == "Teaches maths"
    assert (await between(other, number_of(amara.id)))["note"] == ""
    assert (await app.post(path))["note"] == ""
    await app.post(path, {"comment": "Again"})
    await here.run(actors.delete_local_actor, here, amara.id, "amara")
    assert await here.run(Note.exists, about_id=bruno.id) is False


async def test_followers_can_be_sent_away_and_those_who_ask_are_answered(fediverse: Fediverse) -> None:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara, bruno = await fediverse.person(alder, "amara"), await fediverse.person(birch, "bruno")
    chen = await fediverse.person(alder, "chen")
    app, there = await app_of(fediverse, alder, amara), await app_of(fediverse, birch, bruno)
    await alder.run(actors.update_profile, alder, amara.id, actors.ProfileChange(is_locked=True))
    for person in (bruno, chen):
        await follow(person, amara)
    await fediverse.settle()
    asking = await app.get("/api/v1/follow_requests")
    assert {account["acct"] for account in asking} == {"bruno@birch.example", "chen"}
    assert broken("[Account]", asking) == []
    numbers = {account["acct"]: account["id"] for account in asking}
    assert (await between(app, numbers["chen"]))["requested_by"] is True
    said = await app.post(f"/api/v1/follow_requests/{numbers['bruno@birch.example']}/authorize")
    assert said["followed_by"] is True
    assert (await app.post(f"/api/v1/follow_requests/{numbers['chen']}/reject"))["followed_by"] is False
    assert await app.get("/api/v1/follow_requests") == []
    await fediverse.settle()
    near = (await there.get("/api/v1/accounts/lookup", acct="amara@alder.example"))["id"]
    assert (await between(there, near))["following"] is True
    assert await app.refused("POST", f"/api/v1/follow_requests/{numbers['bruno@birch.example']}/reject") == 404
    path = f"/api/v1/accounts/{numbers['bruno@birch.example']}/remove_from_followers"
    assert (await app.post(path))["followed_by"] is False
    assert (await app.post(path))["followed_by"] is False
    await fediverse.settle()
    assert (await between(there, near))["following"] is False


async def test_whom_one_follows_can_be_recommended(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    await follow(amara, bruno)
    app, nobody = await app_of(fediverse, here, amara), await app_of(fediverse, here)
    path = f"/api/v1/accounts/{number_of(bruno.id)}"
    assert (await app.post(f"{path}/pin"))["endorsed"] is True
    assert (await app.post(f"{path}/endorse"))["endorsed"] is True
    assert ids(await app.get("/api/v1/endorsements")) == [number_of(bruno.id)]
    assert ids(await nobody.get(f"/api/v1/accounts/{number_of(amara.id)}/endorsements")) == [number_of(bruno.id)]
    assert (await app.post(f"{path}/unpin"))["endorsed"] is False
    await app.post(f"{path}/pin")
    assert (await app.post(f"{path}/unfollow"))["endorsed"] is False
    assert await app.get("/api/v1/endorsements") == []


async def test_a_report_names_posts_that_one_can_read(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno, chen = [await fediverse.person(here, name) for name in ("amara", "bruno", "chen")]
    post, other = await write(bruno, "Buy this"), await write(chen, "Not this one")
    secret = await write(bruno, "For friends", visibility="followers")
    app = await app_of(fediverse, here, amara)
    about = {"account_id": number_of(bruno.id), "comment": "Selling things", "category": "spam"}
    for wrong in ("1", number_of(secret.id), number_of(other.id)):
        assert await app.refused("POST", "/api/v1/reports", json=about | {"status_ids": [wrong]}) == 404
    assert await app.refused("POST", "/api/v1/reports", json=about | {"category": "boring"}) == 422
    made = await app.post("/api/v1/reports", about | {"status_ids": [number_of(post.id)], "forward": False})
    assert broken("Report", made) == []
    assert (made["category"], made["comment"], made["status_ids"]) == ("spam", "Selling things", [number_of(post.id)])
    filed = await here.run(Report.get, about_id=bruno.id)
    assert (filed.category, filed.about_id, filed.posts[0]["id"]) == ("spam", bruno.id, post.id)
    assert await app.refused("POST", "/api/v1/reports", json=about | {"status_ids": [number_of(post.id)]}) == 422
    assert (await app.post("/api/v1/reports", {"account_id": number_of(chen.id)}))["category"] == "other"
    assert await app.refused("POST", "/api/v1/reports", json={"account_id": number_of(amara.id)}) == 422


async def test_a_muted_community_shows_where_one_looks_at_it(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    group = await community(bruno, "science")
    await join(amara, group)
    post = await write(bruno, "Said there", community_id=group.id)
    app = await app_of(fediverse, here, amara)
    path = f"/api/v1/accounts/{number_of(group.id)}"
    await app.post(f"{path}/mute")
    for timeline in (HOME, PUBLIC):
        assert await app.get(timeline) == []
    assert ids(await app.get(f"{path}/statuses")) == [number_of(post.id)]
    found = await here.run(queries.listing, here, amara.viewer, community_id=group.id)
    assert [each.id for each in found.items] == [post.id]
    assert (await app.post(f"{path}/unmute"))["muting"] is False
    assert len(await app.get(HOME)) == 1
