"""Lists of people as apps make and read them."""

import pytest

from server.live import lines
from server.mastodon.ids import number_of
from server.posts import actions as posts
from tests.apps import App, app_of, ids
from tests.conftest import Fediverse, Person
from tests.contract import broken
from tests.counting import statements
from tests.lines import line, served
from tests.posting import community, follow, join, reply, write

LISTS, HOME = "/api/v1/lists", "/api/v1/timelines/home"


async def made(app: App, *people: Person, **more: object) -> str:
    found = await app.post(LISTS, {"title": "Maths"} | more)
    assert broken("List", found) == []
    if people:
        await put(app, found["id"], *people)
    return str(found["id"])


async def put(app: App, number: str, *people: Person) -> None:
    body = {"account_ids": [number_of(person.id) for person in people]}
    assert await app.post(f"{LISTS}/{number}/accounts", body) == {}


async def said(app: App, number: str) -> list[str]:
    found = await app.get(f"/api/v1/timelines/list/{number}")
    assert broken("[Status]", found) == []
    return [(status["reblog"] or status)["account"]["username"] for status in found]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""), ("POST", ""), ("GET", "/1"), ("PUT", "/1"), ("DELETE", "/1"), ("GET", "/1/accounts"),
        ("POST", "/1/accounts"), ("DELETE", "/1/accounts"), ("GET", "timeline"),
    ],
)  # fmt: skip
async def test_lists_are_their_makers_alone(fediverse: Fediverse, method: str, path: str) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    mine = await app_of(fediverse, here, amara)
    number = await made(mine)
    address = f"/api/v1/timelines/list/{number}" if path == "timeline" else LISTS + path.replace("1", number)
    assert await (await app_of(fediverse, here)).refused(method, address) == 401
    narrow = await app_of(fediverse, here, bruno, scopes="read:statuses write:statuses")
    assert await narrow.refused(method, address) == 403
    other = await app_of(fediverse, here, bruno)
    if path:
        assert await other.refused(method, address) == 404
        assert await other.refused(method, address.replace(number, "1")) == 404
    else:
        assert await other.get(LISTS) == []
    assert (await mine.get(f"{LISTS}/{number}"))["title"] == "Maths"


async def test_what_makes_no_list_is_refused(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    app = await app_of(fediverse, here, amara)
    number = await made(app)
    for body in ({}, {"title": " "}, {"title": "x" * 101}, {"title": "x", "replies_policy": "some"}):
        assert await app.refused("POST", LISTS, json=body) == 422
    for body in ({"title": ""}, {"replies_policy": "some"}, {"exclusive": "perhaps"}):
        assert await app.refused("PUT", f"{LISTS}/{number}", json=body) == 422
    for wrong in ("1", number_of(bruno.id)):
        body = {"account_ids": [wrong]}
        assert await app.refused("POST", f"{LISTS}/{number}/accounts", json=body) == 404
    assert await app.get(f"{LISTS}/{number}/accounts") == []


async def test_a_list_is_made_changed_and_deleted(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    app = await app_of(fediverse, here, await fediverse.person(here, "amara"))
    number = await made(app)
    found = await app.get(f"{LISTS}/{number}")
    assert (found["replies_policy"], found["exclusive"]) == ("list", False)
    answer = await app.call("PUT", f"{LISTS}/{number}", data={"title": "Physics", "exclusive": "true"})
    assert (answer.json()["title"], answer.json()["exclusive"]) == ("Physics", True)
    assert (await app.get(f"{LISTS}/{number}"))["replies_policy"] == "list"
    answer = await app.call("PUT", f"{LISTS}/{number}", json={"replies_policy": "none"})
    assert (answer.json()["title"], answer.json()["replies_policy"]) == ("Physics", "none")
    assert ids(await app.get(LISTS)) == [number]
    assert (await app.call("DELETE", f"{LISTS}/{number}")).json() == {}
    assert await app.refused("GET", f"{LISTS}/{number}") == 404
    assert await app.get(LISTS) == []


async def test_what_people_in_a_list_share_is_in_its_timeline(fediverse: Fediverse) -> None:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara, chen, dara = [await fediverse.person(alder, name) for name in ("amara", "chen", "dara")]
    bruno = await fediverse.person(birch, "bruno")
    for person in (bruno, chen, dara):
        await follow(amara, person)
    await fediverse.settle()
    await write(chen, "From before")
    app = await app_of(fediverse, alder, amara)
    far = (await app.get("/api/v1/accounts/lookup", acct="bruno@birch.example"))["id"]
    number = await made(app, chen)
    assert await said(app, number) == ["chen"]
    await app.post(f"{LISTS}/{number}/accounts", {"account_ids": far})
    assert set(ids(await app.get(f"{LISTS}/{number}/accounts"))) == {far, number_of(chen.id)}
    assert ids(await app.get(f"/api/v1/accounts/{far}/lists")) == [number]
    fediverse.clock.advance(60)
    await write(bruno, "From birch")
    other = await write(dara, "Not in the list")
    await write(chen, "To followers", visibility="followers")
    await fediverse.settle()
    assert sorted(await said(app, number)) == ["bruno", "chen", "chen"]
    fediverse.clock.advance(60)
    await chen.do(posts.boost_post, other.id)
    assert (await said(app, number))[0] == "dara"
    await app.post(f"/api/v1/accounts/{number_of(chen.id)}/follow", {"reblogs": False})
    assert "dara" not in await said(app, number)
    gone = await app.call("DELETE", f"{LISTS}/{number}/accounts", json={"account_ids": [far]})
    assert (gone.status_code, gone.json()) == (200, {})
    assert await said(app, number) == ["chen", "chen"]
    await app.post(f"/api/v1/accounts/{number_of(chen.id)}/unfollow")
    assert await said(app, number) == []
    assert await app.get(f"{LISTS}/{number}/accounts") == []
    assert await app.get(f"/api/v1/accounts/{far}/lists") == []


async def test_a_list_shows_nothing_that_may_not_be_read(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    await follow(amara, bruno)
    group = await community(bruno, "quiet", visibility="members", join_policy="apply")
    app = await app_of(fediverse, here, amara)
    number = await made(app, bruno)
    await write(bruno, "In confidence", community_id=group.id, visibility="members")
    assert await said(app, number) == []
    await write(bruno, "For all")
    await app.post(f"/api/v1/accounts/{number_of(bruno.id)}/mute")
    assert await said(app, number) == []
    await app.post(f"/api/v1/accounts/{number_of(bruno.id)}/unmute")
    assert await said(app, number) == ["bruno"]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("none", {"To me", "To myself"}), ("list", {"To me", "To myself", "To chen"}),
     ("followed", {"To me", "To myself", "To chen", "To dara"})],
)  # fmt: skip
async def test_answers_come_as_was_chosen(fediverse: Fediverse, policy: str, expected: set[str]) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno, chen, dara, eno = [
        await fediverse.person(here, name) for name in ("amara", "bruno", "chen", "dara", "eno")
    ]
    for person in (bruno, chen, dara):
        await follow(amara, person)
    app = await app_of(fediverse, here, amara)
    number = await made(app, bruno, chen, replies_policy=policy)
    for words, person in (("me", amara), ("myself", bruno), ("chen", chen), ("dara", dara), ("eno", eno)):
        above = await write(person, "Above")
        await reply(bruno, above, f"To {words}")
    found = await app.get(f"/api/v1/timelines/list/{number}", limit=40)
    texts = {status["content"].removeprefix("<p>").removesuffix("</p>") for status in found}
    assert {text for text in texts if text.startswith("To ")} == expected


async def test_who_is_in_an_exclusive_list_is_not_at_home(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno, chen = [await fediverse.person(here, name) for name in ("amara", "bruno", "chen")]
    for person in (bruno, chen):
        await follow(amara, person)
    await write(bruno, "From before")
    app = await app_of(fediverse, here, amara)
    assert len(await app.get(HOME)) == 1
    number = await made(app, bruno, exclusive=True)
    await write(bruno, "Apart")
    await write(chen, "At home")
    assert [status["account"]["username"] for status in await app.get(HOME)] == ["chen"]
    assert await said(app, number) == ["bruno", "bruno"]
    await app.call("PUT", f"{LISTS}/{number}", json={"exclusive": False})
    assert len(await app.get(HOME)) == 3
    await app.call("PUT", f"{LISTS}/{number}", json={"exclusive": True})
    assert len(await app.get(HOME)) == 1
    await app.call("DELETE", f"{LISTS}/{number}")
    assert len(await app.get(HOME)) == 3


async def test_a_community_can_be_in_a_list(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    group = await community(bruno, "science")
    await join(amara, group)
    app = await app_of(fediverse, here, amara)
    number = (await app.post(LISTS, {"title": "Places"}))["id"]
    await app.post(f"{LISTS}/{number}/accounts", {"account_ids": [number_of(group.id)]})
    await write(bruno, "Said there", community_id=group.id)
    assert await said(app, number) == ["bruno"]
    await app.post(f"/api/v1/accounts/{number_of(group.id)}/unfollow")
    assert await said(app, number) == []


async def test_pages_of_a_list_cost_the_same_however_much_is_in_it(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    await follow(amara, bruno)
    app = await app_of(fediverse, here, amara)
    number = await made(app, bruno)
    path = f"/api/v1/timelines/list/{number}"
    await write(bruno, "One")
    await app.get(path)
    with statements(here) as one:
        await app.get(path)
    for text in range(9):
        fediverse.clock.advance(1)
        await write(bruno, f"Number {text}")
    await app.get(path)
    await app.get(path)
    with statements(here) as many:
        everything = ids(await app.get(path))
    assert (len(everything), len(many)) == (10, len(one)), many
    assert ids(await app.get(path, limit=3, max_id=everything[2])) == everything[3:6]
    assert ids(await app.get(path, limit=2, min_id=everything[5])) == everything[3:5]


async def test_who_listens_to_a_list_hears_what_comes_into_it(
    fediverse: Fediverse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "GATHER_SECONDS", 0.0)
    here = await fediverse.start("alder.example")
    amara, bruno, chen = [await fediverse.person(here, name) for name in ("amara", "bruno", "chen")]
    for person in (bruno, chen):
        await follow(amara, person)
    app, other = await app_of(fediverse, here, amara), await app_of(fediverse, here, chen)
    number = await made(app, bruno)
    apart = await write(chen, "Not in the list")
    tokens = [each.http.headers["authorization"].removeprefix("Bearer ") for each in (app, other)]
    paths = [f"/api/v1/streaming?access_token={token}" for token in tokens]
    async with served(fediverse, here) as where, line(where, paths[0]) as told, line(where, paths[1]) as stranger:
        await stranger.say(type="subscribe", stream="list", list=number)
        assert (await stranger.next())["status"] == 404
        await told.subscribe("list", list=number)
        await write(chen, "Not in the list either")
        await write(bruno, "In the list")
        frame = await told.next("update")
        assert frame["stream"] == ["list", number]
        assert frame["read"]["account"]["username"] == "bruno"
        fediverse.clock.advance(1)
        await bruno.do(posts.boost_post, apart.id)
        assert (await told.next("update"))["read"]["reblog"]["account"]["username"] == "chen"
        assert not stranger.frames
