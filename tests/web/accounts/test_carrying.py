"""Whom somebody follows, as a file: out of here as Mastodon reads it, and in as Mastodon writes it."""

import pytest

from server.actors import actions as actors
from server.communities import carrying
from tests.conftest import Fediverse
from tests.posting import community, follow

CSV, BRING = "/settings/data/following.csv", "/settings/data/following"


async def test_only_who_is_signed_in_takes_anything_along(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    async with fediverse.client(here) as nobody:
        assert (await nobody.get(CSV)).status_code in {302, 303, 401}
        answer = await nobody.post(BRING, files={"file": ("a.csv", b"tom@birch.example", "text/csv")})
        assert answer.status_code in {302, 303, 401, 403}


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b"nobody\nno address\n", b"a" * (carrying.MAX_BYTES + 1)])
async def test_a_file_without_addresses_is_refused(fediverse: Fediverse, data: bytes) -> None:
    here = await fediverse.start("alder.example")
    amara = await fediverse.person(here, "amara")
    async with fediverse.client(here, amara) as browser:
        answer = await browser.post(BRING, files={"file": ("a.csv", data, "text/csv")})
        assert answer.status_code == 422
        assert (await browser.post(BRING, data={"file": "x"})).status_code == 422


async def test_too_many_rows_are_refused(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara = await fediverse.person(here, "amara")
    data = "\n".join(f"p{number}@birch.example" for number in range(carrying.MAX_ROWS + 1)).encode()
    async with fediverse.client(here, amara) as browser:
        assert (await browser.post(BRING, files={"file": ("a.csv", data, "text/csv")})).status_code == 422


async def test_whom_one_follows_goes_from_one_server_to_another(fediverse: Fediverse) -> None:
    alder, birch, cedar = [await fediverse.start(f"{name}.example") for name in ("alder", "birch", "cedar")]
    amara, bruno = await fediverse.person(alder, "amara"), await fediverse.person(birch, "bruno")
    moved, chen = await fediverse.person(cedar, "amara"), await fediverse.person(alder, "chen")
    group = await community(bruno, "science")
    for target in (bruno, group, chen):
        await follow(amara, target)
        fediverse.clock.advance(1)
    await fediverse.settle()
    far = await alder.run(actors.resolve, alder, bruno.uri)
    tuned = {"shows_boosts": False, "notifies": True, "languages": ["de", "en"]}
    await alder.run(actors.tune_follow, alder, amara.id, far.id, **tuned)
    async with fediverse.client(alder, amara) as browser:
        answer = await browser.get(CSV)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text.splitlines() == [
        "Account address,Show boosts,Notify on new posts,Languages",
        'bruno@birch.example,false,true,"de, en"',
        "science@birch.example,true,false,",
        "chen@alder.example,true,false,",
    ]
    data = answer.content + b"nobody@birch.example,true,false,\n@amara@cedar.example\n"
    async with fediverse.client(cedar, moved) as browser:
        brought = await browser.post(BRING, files={"file": ("following_accounts.csv", data, "text/csv")})
        assert brought.status_code in {200, 303}
    await fediverse.settle()
    rows = await cedar.run(
        cedar.db.rows,
        "SELECT actor.username, follow.state, follow.shows_boosts, follow.notifies, follow.languages FROM follow"
        " JOIN actor ON actor.id = follow.target_id WHERE follow.follower_id = :me ORDER BY actor.username",
        me=moved.id,
    )
    assert [(row["username"], row["state"]) for row in rows] == [
        ("bruno", "accepted"), ("chen", "accepted"), ("science", "accepted"),
    ]  # fmt: skip
    assert (bool(rows[0]["shows_boosts"]), bool(rows[0]["notifies"]), rows[0]["languages"]) == (False, True, " de en ")
