"""Who follows whom, as apps see and change it: people and communities, here and elsewhere."""

from typing import Any

import pytest

from server.actors import actions as actors
from server.mastodon.ids import number_of
from server.posts import actions as posts
from tests.apps import App, app_of, ids
from tests.conftest import Fediverse
from tests.contract import broken
from tests.counting import statements
from tests.posting import community, follow, reply, write

FIELDS = {
    "id", "following", "showing_reblogs", "notifying", "languages", "followed_by", "blocking", "blocked_by", "muting",
    "muting_notifications", "requested", "requested_by", "domain_blocking", "endorsed", "note",
}  # fmt: skip


async def between(app: App, number: str) -> dict[str, Any]:
    (found,) = await app.get("/api/v1/accounts/relationships", **{"id[]": number})
    return dict(found)


async def found(app: App, acct: str) -> str:
    return str((await app.get("/api/v1/accounts/lookup", acct=acct))["id"])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "relationships?id[]=1"),
        ("POST", "{id}/follow"),
        ("POST", "{id}/unfollow"),
    ],
)
async def test_who_is_not_signed_in_or_lets_an_app_do_less_is_refused(
    fediverse: Fediverse, method: str, path: str
) -> None:
    here = await fediverse.start("alder.example")
    amara = await fediverse.person(here, "amara")
    path = f"/api/v1/accounts/{path.format(id=number_of(amara.id))}"
    assert await (await app_of(fediverse, here)).refused(method, path) == 401
    narrow = await app_of(fediverse, here, amara, scopes="read:statuses write:statuses")
    assert await narrow.refused(method, path) == 403


async def test_nobody_follows_who_is_not_there_nor_themselves(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    app = await app_of(fediverse, here, amara)
    for number in ("1", "nobody", "99999999999999999999999"):
        assert await app.refused("POST", f"/api/v1/accounts/{number}/follow") == 404
        assert await app.refused("POST", f"/api/v1/accounts/{number}/unfollow") == 404
    assert await app.refused("POST", f"/api/v1/accounts/{number_of(amara.id)}/follow") == 422
    path = f"/api/v1/accounts/{number_of(bruno.id)}/follow"
    assert await app.refused("POST", path, json={"reblogs": "perhaps"}) == 422
    assert (await between(app, number_of(bruno.id)))["following"] is False
    assert await app.get("/api/v1/accounts/relationships") == []


async def test_who_was_blocked_cannot_follow(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    mine = await app_of(fediverse, here, amara)
    await here.run(actors.block, here, bruno.id, amara.id)
    assert await mine.refused("POST", f"/api/v1/accounts/{number_of(bruno.id)}/follow") == 403
    assert (await between(mine, number_of(bruno.id)))["blocked_by"] is True


async def test_following_here_and_elsewhere_and_back(fediverse: Fediverse) -> None:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara, bruno = await fediverse.person(alder, "amara"), await fediverse.person(birch, "bruno")
    chen = await fediverse.person(alder, "chen")
    app, there = await app_of(fediverse, alder, amara), await app_of(fediverse, birch, bruno)
    await follow(chen, bruno)
    await fediverse.settle()
    far = await found(app, "bruno@birch.example")
    asked = await app.post(f"/api/v1/accounts/{far}/follow")
    assert set(asked) == FIELDS
    assert (asked["following"], asked["requested"]) == (False, True)
    await fediverse.settle()
    assert (await between(app, far))["following"] is True
    assert (await between(app, far))["showing_reblogs"] is True
    near = await found(there, "amara@alder.example")
    assert (await between(there, near))["followed_by"] is True
    assert near in ids(await there.get(f"/api/v1/accounts/{number_of(bruno.id)}/followers"))
    assert ids(await app.get(f"/api/v1/accounts/{number_of(amara.id)}/following")) == [far]
    gone = await app.post(f"/api/v1/accounts/{far}/unfollow")
    assert (gone["following"], gone["requested"]) == (False, False)
    assert (await app.post(f"/api/v1/accounts/{far}/unfollow"))["following"] is False
    await fediverse.settle()
    assert (await between(there, near))["followed_by"] is False
    at_once = await app.post(f"/api/v1/accounts/{number_of(chen.id)}/follow")
    assert at_once["following"] is True


async def test_relationships_come_in_the_order_asked_for_at_one_cost(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara = await fediverse.person(here, "amara")
    others = [await fediverse.person(here, f"person{number}") for number in range(9)]
    app = await app_of(fediverse, here, amara)
    numbers = [number_of(person.id) for person in others]
    await app.get("/api/v1/accounts/relationships", id=numbers[0])
    with statements(here) as one:
        (only,) = await app.get("/api/v1/accounts/relationships", id=numbers[0])
    assert only["id"] == numbers[0]
    wanted = [numbers[4], "1", numbers[2], numbers[4], "nobody", *numbers[5:]]
    with statements(here) as many:
        about = await app.get("/api/v1/accounts/relationships", **{"id[]": wanted})
    assert ids(about) == [numbers[4], numbers[2], *numbers[5:]]
    assert len(many) == len(one) <= 4
    both = await app.get("/api/v1/accounts", **{"id[]": [numbers[1], "1", numbers[0]]})
    assert ids(both) == [numbers[1], numbers[0]]


async def test_who_follows_somebody_is_told_to_themselves_only(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno, chen = [await fediverse.person(here, name) for name in ("amara", "bruno", "chen")]
    for person in (bruno, chen):
        await follow(person, amara)
        fediverse.clock.advance(1)
    mine, other, nobody = [await app_of(fediverse, here, who) for who in (amara, bruno, None)]
    path = f"/api/v1/accounts/{number_of(amara.id)}/followers"
    first = await mine.call("GET", path, params={"limit": 1})
    assert ids(first.json()) == [number_of(chen.id)]
    older = first.headers["link"].split(">")[0].lstrip("<")
    assert ids((await mine.call("GET", older)).json()) == [number_of(bruno.id)]
    newer = first.headers["link"].split(", ")[1].split(">")[0].lstrip("<")
    assert (await mine.call("GET", newer)).json() == []
    for app in (other, nobody):
        assert await app.get(path) == []
        assert await app.get(path.replace("followers", "following")) == []


async def test_boosts_and_languages_that_one_does_not_want_stay_out(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno, chen = [await fediverse.person(here, name) for name in ("amara", "bruno", "chen")]
    app = await app_of(fediverse, here, amara)
    path = f"/api/v1/accounts/{number_of(bruno.id)}/follow"
    first = await write(chen, "One")
    assert (await app.post(path))["showing_reblogs"] is True
    await bruno.do(posts.boost_post, first.id)
    assert len(await app.get("/api/v1/timelines/home")) == 1
    tuned = await app.post(path, {"reblogs": False, "notify": "true", "languages": ["de", "EN", "<b>"]})
    assert (tuned["showing_reblogs"], tuned["notifying"], tuned["languages"]) == (False, True, ["de", "en"])
    assert await app.get("/api/v1/timelines/home") == []
    second = await write(chen, "Two")
    await bruno.do(posts.boost_post, second.id)
    assert await app.get("/api/v1/timelines/home") == []
    await write(bruno, "Bonjour", language="fr")
    await write(bruno, "Moin", language="de")
    await write(bruno, "Colour", language="en-GB")
    home = await app.get("/api/v1/timelines/home")
    assert {status["language"] for status in home} == {"en-GB", "de"}
    untuned = await app.post(path)
    assert (untuned["showing_reblogs"], untuned["notifying"], untuned["languages"]) == (False, True, ["de", "en"])
    wide = await app.post(path, {"reblogs": True, "languages": []})
    assert (wide["showing_reblogs"], wide["languages"]) == (True, None)


async def test_a_community_here_is_joined_where_that_is_open_to_all(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    group = await community(amara, "open")
    app = await app_of(fediverse, here, bruno)
    path = f"/api/v1/accounts/{number_of(group.id)}"
    joined = await app.post(f"{path}/follow")
    assert (joined["following"], joined["showing_reblogs"]) == (True, True)
    await write(amara, "For all of us", community_id=group.id)
    assert len(await app.get("/api/v1/timelines/home")) == 1
    assert (await app.post(f"{path}/follow"))["following"] is True
    assert (await app.post(f"{path}/unfollow"))["following"] is False
    assert await app.get("/api/v1/timelines/home") == []
    steward = await app_of(fediverse, here, amara)
    assert await steward.refused("POST", f"{path}/unfollow") == 403


async def test_a_community_that_asks_questions_says_where(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    group = await community(amara, "asking", visibility="members", join_policy="apply")
    closed = await community(amara, "closed", visibility="members", join_policy="invite")
    app = await app_of(fediverse, here, bruno)
    answer = await app.call("POST", f"/api/v1/accounts/{number_of(group.id)}/follow")
    assert answer.status_code == 403
    assert "https://alder.example/c/asking/apply" in answer.json()["error_description"]
    assert await app.refused("POST", f"/api/v1/accounts/{number_of(closed.id)}/follow") == 404
    assert (await between(app, number_of(group.id)))["requested"] is False


async def test_a_community_elsewhere_is_followed_and_one_for_members_is_asked(fediverse: Fediverse) -> None:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara, bruno = await fediverse.person(alder, "amara"), await fediverse.person(birch, "bruno")
    wide = await community(bruno, "wide")
    narrow = await community(bruno, "narrow", visibility="members", join_policy="apply")
    app = await app_of(fediverse, alder, amara)
    for group in (wide, narrow):
        await alder.run(actors.resolve, alder, group.uri)
    far = await found(app, "wide@birch.example")
    assert (await app.post(f"/api/v1/accounts/{far}/follow"))["requested"] is True
    await fediverse.settle()
    assert (await between(app, far))["following"] is True
    await write(bruno, "Said there", community_id=wide.id)
    await fediverse.settle()
    assert len(await app.get("/api/v1/timelines/home")) == 1
    member = await found(app, "narrow@birch.example")
    assert (await app.post(f"/api/v1/accounts/{member}/follow"))["requested"] is True
    await fediverse.settle()
    assert (await between(app, member))["requested"] is True
    assert (await app.post(f"/api/v1/accounts/{member}/unfollow"))["requested"] is False


async def test_who_asked_for_it_is_told_of_each_post_that_they_may_read(fediverse: Fediverse) -> None:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara, chen = await fediverse.person(alder, "amara"), await fediverse.person(alder, "chen")
    bruno = await fediverse.person(birch, "bruno")
    app, other = await app_of(fediverse, alder, amara), await app_of(fediverse, alder, chen)
    for person in (amara, chen):
        await follow(person, bruno)
    await fediverse.settle()
    far = await found(app, "bruno@birch.example")
    await app.post(f"/api/v1/accounts/{far}/follow", {"notify": True})
    group = await community(bruno, "quiet", visibility="members", join_policy="apply")
    wide = await write(bruno, "For all")
    await write(bruno, "In confidence", community_id=group.id, visibility="members")
    await reply(bruno, wide, "An answer to myself")
    fediverse.clock.advance(60)
    await write(bruno, "For those who follow me", visibility="followers")
    fediverse.clock.advance(60)
    await write(bruno, "With @amara@alder.example in it")
    await fediverse.settle()
    told = await app.get("/api/v1/notifications")
    assert broken("[Notification]", told) == []
    assert sorted((news["type"], news["status"]["visibility"]) for news in told) == [
        ("mention", "public"), ("status", "private"), ("status", "public"),
    ]  # fmt: skip
    assert len(await app.get("/api/v1/notifications", **{"types[]": "status"})) == 2
    assert await other.get("/api/v1/notifications") == []
    await app.post(f"/api/v1/accounts/{far}/follow", {"notify": False})
    await write(bruno, "Nothing to tell")
    await fediverse.settle()
    assert len(await app.get("/api/v1/notifications")) == 3
    async with fediverse.client(alder, amara) as browser:
        assert "wrote something new" in (await browser.get("/notifications")).text
