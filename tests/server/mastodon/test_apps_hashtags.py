"""Hashtags as apps follow, show and find them: public posts alone come by them."""

import pytest

from server.actors import actions as actors
from server.mastodon.ids import number_of
from tests.apps import app_of
from tests.conftest import Fediverse
from tests.contract import broken
from tests.posting import community, follow, write

HOME = "/api/v1/timelines/home"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/tags/maths/follow"),
        ("POST", "/api/v1/tags/maths/unfollow"),
        ("POST", "/api/v1/tags/maths/feature"),
        ("GET", "/api/v1/followed_tags"),
        ("GET", "/api/v1/featured_tags"),
        ("POST", "/api/v1/featured_tags"),
        ("DELETE", "/api/v1/featured_tags/1"),
        ("GET", "/api/v1/featured_tags/suggestions"),
    ],
)
async def test_choosing_hashtags_takes_the_right_to(fediverse: Fediverse, method: str, path: str) -> None:
    here = await fediverse.start("alder.example")
    amara = await fediverse.person(here, "amara")
    assert await (await app_of(fediverse, here)).refused(method, path) == 401
    narrow = await app_of(fediverse, here, amara, scopes="read:statuses write:statuses")
    assert await narrow.refused(method, path) == 403


@pytest.mark.parametrize("name", ["no tag", "12345", "x" * 101, "<b>"])
async def test_what_is_no_hashtag_is_refused(fediverse: Fediverse, name: str) -> None:
    here = await fediverse.start("alder.example")
    app = await app_of(fediverse, here, await fediverse.person(here, "amara"))
    assert await app.refused("POST", f"/api/v1/tags/{name}/follow") == 422
    assert await app.refused("POST", "/api/v1/featured_tags", json={"name": name}) == 422
    assert await app.refused("DELETE", "/api/v1/featured_tags/1") == 404
    assert await app.refused("GET", "/api/v1/accounts/1/featured_tags") == 404


async def test_public_posts_with_a_followed_hashtag_come_home(fediverse: Fediverse) -> None:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara, chen = await fediverse.person(alder, "amara"), await fediverse.person(alder, "chen")
    bruno, dara = await fediverse.person(birch, "bruno"), await fediverse.person(alder, "dara")
    await follow(chen, bruno)
    await fediverse.settle()
    app = await app_of(fediverse, alder, amara)
    await write(dara, "From before #maths")
    found = await app.post("/api/v1/tags/Maths/follow")
    assert broken("Hashtag", found) == []
    assert (found["name"], found["following"], found["history"][0]["uses"]) == ("maths", True, "1")
    await app.post("/api/v1/tags/maths/follow")
    assert [tag["name"] for tag in await app.get("/api/v1/followed_tags")] == ["maths"]
    await write(bruno, "Through fences #maths")
    await write(dara, "To friends #maths", visibility="followers")
    await write(dara, "Of something else #physics")
    await fediverse.settle()
    home = await app.get(HOME)
    assert len(home) == 2
    assert {status["account"]["acct"] for status in home} == {"bruno@birch.example", "dara"}
    await follow(amara, dara)
    await app.post(f"/api/v1/accounts/{number_of(dara.id)}/unfollow")
    assert len(await app.get(HOME)) == 2
    await follow(amara, dara)
    gone = await app.post("/api/v1/tags/maths/unfollow")
    assert gone["following"] is False
    assert {status["account"]["acct"] for status in await app.get(HOME)} == {"dara"}
    assert await app.get("/api/v1/followed_tags") == []


async def test_nobody_gets_by_a_hashtag_what_they_may_not_read(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno, chen = [await fediverse.person(here, name) for name in ("amara", "bruno", "chen")]
    group = await community(bruno, "quiet", visibility="members", join_policy="invite")
    app = await app_of(fediverse, here, amara)
    await app.post("/api/v1/tags/maths/follow")
    await write(bruno, "In confidence #maths", community_id=group.id, visibility="members")
    await here.run(actors.block, here, chen.id, amara.id)
    await write(chen, "Not for amara #maths")
    assert await app.get(HOME) == []
    found = await app.get("/api/v1/tags/maths/")
    assert [day["uses"] for day in found["history"]] == ["1", "0", "0", "0", "0", "0", "0"]


async def test_followed_hashtags_come_in_pages(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    app = await app_of(fediverse, here, await fediverse.person(here, "amara"))
    for name in ("one", "two", "three"):
        await app.post(f"/api/v1/tags/{name}/follow")
        fediverse.clock.advance(1)
    first = await app.call("GET", "/api/v1/followed_tags", params={"limit": 2})
    assert [tag["name"] for tag in first.json()] == ["three", "two"]
    older = first.headers["link"].split(">")[0].lstrip("<")
    assert [tag["name"] for tag in (await app.call("GET", older)).json()] == ["one"]


async def test_hashtags_on_a_profile_count_public_posts(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    mine, other = await app_of(fediverse, here, amara), await app_of(fediverse, here, bruno)
    await write(amara, "One #maths #fractions")
    await write(amara, "Two #fractions")
    await write(amara, "Three #fractions #secret", visibility="followers")
    suggested = await mine.get("/api/v1/featured_tags/suggestions")
    assert [tag["name"] for tag in suggested] == ["fractions", "maths"]
    made = await mine.post("/api/v1/featured_tags", {"name": "#Fractions"})
    assert broken("FeaturedTag", made) == []
    assert (made["name"], made["statuses_count"]) == ("fractions", "2")
    assert made["last_status_at"] == f"{here.clock.now():%Y-%m-%d}"
    assert (await mine.post("/api/v1/featured_tags", {"name": "fractions"}))["id"] == made["id"]
    path = f"/api/v1/accounts/{number_of(amara.id)}/featured_tags"
    nobody = await app_of(fediverse, here)
    assert await nobody.get(path) == await mine.get("/api/v1/featured_tags") == [made]
    assert (await mine.get("/api/v1/tags/fractions"))["featuring"] is True
    assert "featuring" not in await nobody.get("/api/v1/tags/fractions")
    assert await other.refused("DELETE", f"/api/v1/featured_tags/{made['id']}") == 404
    answer = await mine.call("DELETE", f"/api/v1/featured_tags/{made['id']}")
    assert (answer.status_code, answer.json()) == (200, {})
    assert await mine.get(path) == []
    for number in range(10):
        await mine.post(f"/api/v1/tags/tag{number}/feature")
    assert await mine.refused("POST", "/api/v1/featured_tags", json={"name": "eleven"}) == 422
    assert (await mine.post("/api/v1/tags/tag3/unfeature"))["featuring"] is False


async def test_what_several_people_use_is_shown_as_that(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno, chen = [await fediverse.person(here, name) for name in ("amara", "bruno", "chen")]
    for person in (amara, bruno, chen):
        await write(person, "#fractions for all")
    for person in (amara, bruno):
        await write(person, "#maths")
        await write(person, "#maths again")
        await write(person, "#secret", visibility="followers")
    await write(chen, "#alone")
    await write(chen, "#alone")
    nobody = await app_of(fediverse, here)
    for path in ("/api/v1/trends/tags", "/api/v1/trends"):
        found = await nobody.get(path)
        assert [tag["name"] for tag in found] == ["fractions", "maths"]
        assert broken("[Hashtag]", found) == []
    assert found[0]["history"][0]["accounts"] == "3"
    assert found[1]["history"][0] | {"day": ""} == {"day": "", "uses": "4", "accounts": "2"}
    assert [tag["name"] for tag in await nobody.get("/api/v1/trends/tags", offset=1, limit=1)] == ["maths"]
    fediverse.clock.advance(3 * 86_400)
    assert await nobody.get("/api/v1/trends/tags") == []
