"""Looking around with an app: who wants to be found is, and nobody learns who follows whom."""

import pytest

from server.actors import actions as actors
from server.mastodon.ids import number_of
from server.peers import actions as peers
from server.posts import actions as posts
from tests.apps import app_of, ids
from tests.conftest import Fediverse
from tests.contract import broken
from tests.posting import follow, write

TRENDS = "/api/v1/trends/statuses"


@pytest.mark.parametrize(
    "path",
    ["announcements", "suggestions", "accounts/familiar_followers", "instance/peers", "instance/domain_blocks"],
)
async def test_some_is_for_people_who_signed_in(fediverse: Fediverse, path: str) -> None:
    here = await fediverse.start("alder.example")
    assert await (await app_of(fediverse, here)).refused("GET", f"/api/v1/{path}") == 401
    narrow = await app_of(fediverse, here, await fediverse.person(here, "amara"), scopes="write")
    assert await narrow.refused("GET", f"/api/v1/{path}") == 403


async def test_who_follows_whom_is_told_to_nobody(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno, chen = [await fediverse.person(here, name) for name in ("amara", "bruno", "chen")]
    for one, other in ((amara, bruno), (bruno, chen)):
        await follow(one, other)
    app = await app_of(fediverse, here, amara)
    number = number_of(chen.id)
    found = await app.get("/api/v1/accounts/familiar_followers", **{"id[]": [number, "1"]})
    assert found == [{"id": number, "accounts": []}]
    assert await app.get("/api/v1/suggestions") == await app.get("/api/v2/suggestions") == []


async def test_the_directory_has_who_wants_to_be_found(fediverse: Fediverse) -> None:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    people = [await fediverse.person(alder, name) for name in ("chen", "amara", "dara", "bruno")]
    await fediverse.person(birch, "eno")
    await alder.run(actors.update_profile, alder, people[2].id, actors.ProfileChange(discoverable=False))
    nobody = await app_of(fediverse, alder)
    found = await nobody.get("/api/v1/directory", order="active", local="true")
    assert [account["username"] for account in found] == ["amara", "bruno", "chen"]
    assert broken("[Account]", found) == []
    assert ids(await nobody.get("/api/v1/directory", limit=1, offset=1)) == [found[1]["id"]]


async def test_what_several_people_liked_is_shown_to_those_who_may_read_it(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno, chen, dara = [await fediverse.person(here, name) for name in ("amara", "bruno", "chen", "dara")]
    await here.run(actors.update_profile, here, dara.id, actors.ProfileChange(discoverable=False))
    liked, passed = await write(amara, "Liked"), await write(amara, "Passed on")
    alone, secret = await write(amara, "Liked once"), await write(dara, "Of somebody who wants to be left alone")
    closed = await write(amara, "To followers", visibility="followers")
    for person in (bruno, chen):
        await follow(person, amara)
        for post in (liked, passed, secret, closed):
            await person.do(posts.like_post, post.id)
    await bruno.do(posts.like_post, alone.id)
    await bruno.do(posts.boost_post, passed.id)
    nobody = await app_of(fediverse, here)
    found = await nobody.get(TRENDS)
    assert ids(found) == [number_of(passed.id), number_of(liked.id)]
    assert broken("[Status]", found) == []
    assert ids(await nobody.get(TRENDS, limit=1, offset=1)) == [number_of(liked.id)]
    app = await app_of(fediverse, here, chen)
    await app.post(f"/api/v1/accounts/{number_of(amara.id)}/mute")
    assert await app.get(TRENDS) == []


async def test_what_there_is_not_is_an_empty_list(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    nobody = await app_of(fediverse, here)
    for path in ("custom_emojis", "trends/links", "timelines/link", "directory"):
        assert await nobody.get(f"/api/v1/{path}") == []
    assert await nobody.get("/api/v1/instance/translation_languages") == {}
    assert {"code": "de", "name": "Deutsch"} in await nobody.get("/api/v1/instance/languages")
    assert "https://alder.example/privacy" in (await nobody.get("/api/v1/instance/privacy_policy"))["content"]
    assert await nobody.refused("GET", "/api/v1/instance/activity") == 404


async def test_servers_are_known_to_people_and_decisions_to_those_who_decide(fediverse: Fediverse) -> None:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara, bruno = await fediverse.person(alder, "amara"), await fediverse.person(birch, "bruno")
    admin = await fediverse.person(alder, "dara", role="admin")
    await follow(amara, bruno)
    await fediverse.settle()
    app, decides = await app_of(fediverse, alder, amara), await app_of(fediverse, alder, admin)
    assert await app.get("/api/v1/instance/peers") == ["birch.example"]
    await alder.run(peers.set_grade, alder, "birch.example", "blocked", by="admin")
    assert await app.refused("GET", "/api/v1/instance/domain_blocks") == 404
    (found,) = await decides.get("/api/v1/instance/domain_blocks")
    assert (found["domain"], found["severity"]) == ("birch.example", "suspend")
