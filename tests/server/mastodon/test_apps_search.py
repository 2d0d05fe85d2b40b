"""What apps find: people in every spelling of their handles, posts, hashtags and addresses, and nothing private."""

from typing import Any

import pytest

from server.actors import actions as actors
from server.mastodon.ids import number_of
from tests.apps import app_of, ids
from tests.conftest import Fediverse
from tests.contract import broken
from tests.counting import statements
from tests.posting import community, follow, reply, write

SEARCH = "/api/v2/search"


def names(found: Any) -> list[str]:
    return [account["acct"] for account in found]


async def test_nobody_looks_up_what_is_elsewhere_without_signing_in(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara = await fediverse.person(here, "amara")
    nobody = await app_of(fediverse, here)
    assert await nobody.refused("GET", f"{SEARCH}?q=amara&resolve=true") == 401
    assert await nobody.refused("GET", "/api/v1/accounts/search?q=amara") == 401
    narrow = await app_of(fediverse, here, amara, scopes="read:statuses")
    assert await narrow.refused("GET", f"{SEARCH}?q=amara") == 403
    app = await app_of(fediverse, here, amara)
    assert await app.refused("GET", f"{SEARCH}?q=amara&type=everything") == 400
    assert await app.get(SEARCH) == {"accounts": [], "statuses": [], "hashtags": []}


@pytest.mark.parametrize(
    "q", ["bruno", "@bruno", "bruno@alder.example", "@bruno@alder.example", "@Bruno@Alder.example"]
)
async def test_people_here_are_found_in_every_spelling(fediverse: Fediverse, q: str) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    app = await app_of(fediverse, here, amara)
    for path, query in ((SEARCH, {"q": q, "type": "accounts"}), (SEARCH, {"q": q, "resolve": "true"})):
        found = await app.get(path, **query)
        assert broken("Search", found) == []
        assert names(found["accounts"]) == ["bruno"]
    assert names(await app.get("/api/v1/accounts/search", q=q)) == ["bruno"]
    await here.run(actors.block, here, amara.id, bruno.id)
    assert names((await app.get(SEARCH, q=q))["accounts"]) == ["bruno"]
    old = await app.get("/api/v1/search", q=q)
    assert names(old["accounts"]) == ["bruno"]


async def test_a_handle_finds_also_who_does_not_want_to_be_found(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    change = actors.ProfileChange(name="Bruno Hidden", discoverable=False)
    await here.run(actors.update_profile, here, bruno.id, change)
    app = await app_of(fediverse, here, amara)
    assert (await app.get(SEARCH, q="brun"))["accounts"] == []
    assert (await app.get(SEARCH, q="hidden"))["accounts"] == []
    assert names((await app.get(SEARCH, q="@bruno"))["accounts"]) == ["bruno"]
    assert await app.get("/api/v1/accounts/search", q="bruno", following="true") == []
    await follow(amara, bruno)
    for text in ("brun", "hidden", "BRUNO h", "brun@"):
        expected = [] if text == "brun@" else ["bruno"]
        assert names(await app.get("/api/v1/accounts/search", q=text, following="true")) == expected
    assert await app.get("/api/v1/accounts/search", q="%", following="true") == []
    assert await app.get("/api/v1/accounts/search", q="_runo", following="true") == []


async def test_somebody_elsewhere_is_looked_up_when_asked_for(fediverse: Fediverse) -> None:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara, bruno = await fediverse.person(alder, "amara"), await fediverse.person(birch, "bruno")
    group = await community(bruno, "science")
    app = await app_of(fediverse, alder, amara)
    for handle in ("bruno@birch.example", "@bruno@birch.example", bruno.uri, "!science@birch.example"):
        name = "science" if "science" in handle else "bruno"
        query = {"q": handle, "resolve": "true"}
        assert names((await app.get(SEARCH, **query))["accounts"]) == [f"{name}@birch.example"]
        assert names((await app.get(SEARCH, q=handle))["accounts"]) == [f"{name}@birch.example"]
    assert (await app.get(SEARCH, q="nobody@birch.example", resolve="true"))["accounts"] == []
    assert (await app.get(SEARCH, q="nobody@away.example", resolve="true"))["accounts"] == []
    assert names(await app.get("/api/v1/accounts/search", q=group.uri)) == []


async def test_an_address_finds_posts_here_and_elsewhere(fediverse: Fediverse) -> None:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara, bruno = await fediverse.person(alder, "amara"), await fediverse.person(birch, "bruno")
    there = await write(bruno, "Said there")
    here = await write(amara, "Said here")
    secret = await write(bruno, "Only for some", visibility="followers")
    closed = await write(amara, "Not for strangers", visibility="followers")
    app, nobody = await app_of(fediverse, alder, amara), await app_of(fediverse, alder)
    assert (await app.get(SEARCH, q=there.uri))["statuses"] == []
    found = (await app.get(SEARCH, q=there.uri, resolve="true"))["statuses"]
    assert [status["uri"] for status in found] == [there.uri]
    assert len((await nobody.get(SEARCH, q=there.uri))["statuses"]) == 1
    assert (await app.get(SEARCH, q=secret.uri, resolve="true"))["statuses"] == []
    own = await app.get(f"/api/v1/statuses/{number_of(here.id)}")
    for address in (here.uri, own["url"], f"https://alder.example/@amara/{own['id']}"):
        assert ids((await app.get(SEARCH, q=address, resolve="true"))["statuses"]) == [own["id"]]
        assert (await app.get(SEARCH, q=address, type="accounts"))["statuses"] == []
    assert len((await app.get(SEARCH, q=closed.uri))["statuses"]) == 1
    for address in (closed.uri, f"https://alder.example/@amara/{number_of(closed.id)}"):
        assert (await nobody.get(SEARCH, q=address))["statuses"] == []
    assert names((await nobody.get(SEARCH, q="https://alder.example/@amara"))["accounts"]) == ["amara"]


async def test_words_find_what_one_may_read_and_operators_narrow_it(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno, chen = [await fediverse.person(here, name) for name in ("amara", "bruno", "chen")]
    group = await community(amara, "quiet", visibility="members", join_policy="apply")
    await write(amara, "Volcano in confidence", community_id=group.id, visibility="members")
    first = await write(amara, "A volcano of paper")
    fediverse.clock.advance(86_400)
    second = await write(bruno, "Another volcano", language="de")
    fediverse.clock.advance(60)
    answered = await reply(bruno, first, "This volcano works")
    mine, other, nobody = [await app_of(fediverse, here, who) for who in (amara, chen, None)]
    assert len((await mine.get(SEARCH, q="volcano"))["statuses"]) == 4
    for app in (other, nobody):
        found = (await app.get(SEARCH, q="volcano"))["statuses"]
        assert set(ids(found)) == {number_of(post.id) for post in (first, second, answered)}
        assert broken("[Status]", found) == []

    async def finds(q: str, **more: str) -> set[str]:
        return set(ids((await other.get(SEARCH, q=q, **more))["statuses"]))

    one, two, three = (number_of(post.id) for post in (first, second, answered))
    assert await finds("volcano from:amara") == {one}
    assert await finds("volcano from:@bruno@alder.example") == {two, three}
    assert await finds("volcano from:me") == await finds("volcano from:nobody") == set()
    assert await finds("from:bruno") == {two, three}
    assert await finds("volcano is:reply") == {three}
    assert await finds("volcano language:de") == {two}
    assert await finds("volcano has:poll") == await finds("volcano has:wings") == set()
    assert await finds("volcano", account_id=number_of(amara.id)) == {one}
    assert await finds("volcano", account_id="1") == set()
    assert await finds("volcano", max_id=two) == {one}
    assert await finds("volcano", limit="1", offset="1") < {one, two, three}
    day = f"{here.clock.now():%Y-%m-%d}"
    assert await finds(f"volcano during:{day}") == {two, three}
    assert await finds(f"volcano before:{day}") == {one}
    assert await finds("volcano before:2026-99-99") == set()


async def test_hashtags_are_found_by_their_beginning_where_the_public_used_them(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara = await fediverse.person(here, "amara")
    await write(amara, "#Volcano and #volcanoes, not #valley")
    await write(amara, "#volcanosecret", visibility="followers")
    app = await app_of(fediverse, here, amara)
    for q in ("volc", "#volc", "#Volc"):
        found = (await app.get(SEARCH, q=q, type="hashtags"))["hashtags"]
        assert [tag["name"] for tag in found] == ["volcano", "volcanoes"]
        assert broken("[Hashtag]", found) == []
    assert found[0]["history"][0]["uses"] == "1"
    assert (await app.get("/api/v1/search", q="#volc"))["hashtags"] == ["volcano", "volcanoes"]
    assert (await app.get(SEARCH, q="#nothing"))["hashtags"] == []


async def test_a_search_costs_the_same_whatever_it_finds(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara = await fediverse.person(here, "amara")
    app = await app_of(fediverse, here, amara)
    await write(amara, "A volcano #volcano1")
    await app.get(SEARCH, q="volcano")
    with statements(here) as one:
        await app.get(SEARCH, q="volcano")
    for number in range(12):
        await write(amara, f"Volcano {number} #volcano{number}")
        await fediverse.person(here, f"volcano{number}")
    with statements(here) as many:
        found = await app.get(SEARCH, q="volcano")
    assert (len(found["accounts"]), len(found["hashtags"])) == (12, 12)
    assert len(found["statuses"]) == 13
    assert len(many) <= len(one) + 3, many
