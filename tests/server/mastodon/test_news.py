"""Notifications in apps: only what their reader may read, in types that apps know, and one state with the browser."""

from typing import Any

import pytest

from server.actors import blocking
from server.communities import members
from server.mastodon.happened import KINDS
from server.mastodon.ids import number_of
from server.moderation import actions as moderation
from server.notifications import actions, queries, reading
from server.notifications.actions import News
from server.posts import actions as posts
from tests.apps import App, app_of, ids
from tests.conftest import Fediverse, Person
from tests.counting import statements
from tests.posting import community, follow, join, reply, write

LIST = "/api/v1/notifications"


async def two(fediverse: Fediverse) -> tuple[Any, Person, Person, App]:
    """Two people, and the app of the first."""
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    return here, amara, bruno, await app_of(fediverse, here, amara)


async def some(fediverse: Fediverse, amara: Person, bruno: Person, count: int) -> list[str]:
    """Bruno likes posts of Amara's; their ids, the newest first."""
    made = []
    for number in range(count):
        post = await write(amara, f"Number {number}")
        fediverse.clock.advance(seconds=60)
        await bruno.do(posts.like_post, post.id)
        made.append(number_of(post.id))
    return made[::-1]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", LIST),
        ("GET", f"{LIST}/1"),
        ("GET", f"{LIST}/unread_count"),
        ("POST", f"{LIST}/clear"),
        ("POST", f"{LIST}/1/dismiss"),
        ("GET", "/api/v1/markers"),
        ("POST", "/api/v1/markers"),
    ],
)
async def test_nobody_else_gets_at_them(fediverse: Fediverse, method: str, path: str) -> None:
    here = await fediverse.start("alder.example")
    nobody = await app_of(fediverse, here)
    assert await nobody.refused(method, path) == 401
    amara = await fediverse.person(here, "amara")
    wrong = "write read:accounts" if method == "GET" else "read write:accounts"
    assert await (await app_of(fediverse, here, amara, scopes=wrong)).refused(method, path) == 403


async def test_somebody_elses_are_not_there(fediverse: Fediverse) -> None:
    here, amara, bruno, app = await two(fediverse)
    await some(fediverse, amara, bruno, 1)
    (mine,) = await app.get(LIST)
    other = await app_of(fediverse, here, bruno)
    assert await other.get(LIST) == []
    assert await other.refused("GET", f"{LIST}/{mine['id']}") == 404
    assert await other.refused("POST", f"{LIST}/{mine['id']}/dismiss") == 404
    await other.post(f"{LIST}/clear")
    for number in ("none", "1", "9" * 19):
        assert await app.refused("GET", f"{LIST}/{number}") == 404
    assert ids(await app.get(LIST)) == [mine["id"]]


async def test_s15_what_may_no_longer_be_read_is_not_told(fediverse: Fediverse) -> None:
    here, amara, bruno, app = await two(fediverse)
    group = await community(bruno, "quiet", visibility="members", join_policy="open")
    await join(amara, group)
    private = await write(bruno, "To @amara in confidence", community_id=group.id, visibility="members")
    gone = await write(bruno, "To @amara for now")
    kept = await write(bruno, "To @amara for good")
    found = await app.get(LIST)
    assert {item["status"]["id"] for item in found} == {number_of(post.id) for post in (private, gone, kept)}
    number = next(item["id"] for item in found if item["status"]["id"] == number_of(private.id))
    assert (await app.get(f"{LIST}/unread_count"))["count"] == 3
    await amara.do(members.leave, group.id)
    await bruno.do(posts.delete_post, gone.id)
    assert [item["status"]["id"] for item in await app.get(LIST)] == [number_of(kept.id)]
    assert await app.refused("GET", f"{LIST}/{number}") == 404
    assert (await app.get(f"{LIST}/unread_count"))["count"] == 1
    await here.run(blocking.block, here, amara.id, bruno.id)
    assert await app.get(LIST) == []


async def test_only_types_that_apps_know_are_there(fediverse: Fediverse) -> None:
    here, amara, bruno, app = await two(fediverse)
    mine = await write(amara, "Mine")
    theirs = await write(bruno, "Theirs")
    kinds = {kind for kind in queries._ORDER if kind != "report"}
    for kind in kinds:
        post = theirs if kind in {"reply", "mention"} else mine
        news = News(kind=kind, thing=actions.PEOPLE, key=kind, actor_id=bruno.id, post_id=post.id)
        await here.run(actions.notify, here, [amara.id], news)
    found = await app.get(LIST, limit=80)
    assert {item["type"] for item in found} == set(KINDS) - {"quote", "admin.report"}
    assert all(item["account"]["username"] in {"bruno", "amara"} for item in found)
    (poll,) = await app.get(LIST, **{"types[]": "poll"})
    assert poll["account"]["username"] == "amara"  # who asked
    assert [item["type"] for item in await app.get(LIST, **{"types[]": ["quote", "invited"]})] == ["quote"]
    assert await app.get(LIST, **{"types[]": "warning"}) == []


async def test_what_happens_is_told_with_who_did_it_and_to_what(fediverse: Fediverse) -> None:
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    amara, bruno = await fediverse.person(alder, "amara"), await fediverse.person(birch, "bruno")
    await follow(bruno, amara)
    post = await write(amara, "What do you think?", kind="note")
    await fediverse.settle()
    there = await birch.run(birch.db.value, "SELECT id FROM post WHERE uri = :uri", uri=post.uri)
    fediverse.clock.advance(60)
    await bruno.do(posts.like_post, there)
    await fediverse.settle()
    fediverse.clock.advance(60)
    await bruno.do(posts.boost_post, there)
    await fediverse.settle()
    fediverse.clock.advance(60)
    await reply(bruno, there, "A lot")
    await fediverse.settle()
    app = await app_of(fediverse, alder, amara)
    answered, passed, liked, followed = await app.get(LIST)
    assert [each["type"] for each in (answered, passed, liked, followed)] == [
        "mention",
        "reblog",
        "favourite",
        "follow",
    ]
    assert answered["status"]["in_reply_to_id"] == passed["status"]["id"] == liked["status"]["id"] == number_of(post.id)
    assert {each["account"]["acct"] for each in (answered, passed, liked, followed)} == {"bruno@birch.example"}
    assert "status" not in followed
    assert liked["created_at"].endswith("Z")
    assert await app.get(f"{LIST}/{liked['id']}") == liked
    await bruno.do(posts.unlike_post, there)
    await fediverse.settle()
    assert [each["type"] for each in await app.get(LIST)] == ["mention", "reblog", "follow"]


async def test_a_list_is_narrowed_and_cut(fediverse: Fediverse) -> None:
    here, amara, bruno, app = await two(fediverse)
    chen = await fediverse.person(here, "chen")
    posts_liked = await some(fediverse, amara, bruno, 5)
    fediverse.clock.advance(seconds=60)
    await follow(chen, amara)
    await fediverse.settle()
    everything = await app.get(LIST)
    assert [each["type"] for each in everything] == ["follow", *["favourite"] * 5]
    assert [each["status"]["id"] for each in everything[1:]] == posts_liked
    numbers = ids(everything)
    assert ids(await app.get(LIST, **{"types[]": ["follow", "reblog"]})) == numbers[:1]
    assert ids(await app.get(LIST, **{"exclude_types[]": "follow"})) == numbers[1:]
    by_chen = everything[0]["account"]["id"]
    assert ids(await app.get(LIST, account_id=by_chen)) == numbers[:1]
    assert await app.get(LIST, account_id="17") == []
    answer = await app.call("GET", LIST, params={"limit": 2})
    assert ids(answer.json()) == numbers[:2]
    assert f'max_id={numbers[1]}>; rel="next"' in answer.headers["link"]
    assert f'min_id={numbers[0]}>; rel="prev"' in answer.headers["link"]
    assert ids(await app.get(LIST, limit=2, max_id=numbers[1])) == numbers[2:4]
    assert ids(await app.get(LIST, limit=2, min_id=numbers[4])) == numbers[2:4]
    assert ids(await app.get(LIST, limit=2, since_id=numbers[4])) == numbers[:2]
    last = await app.call("GET", LIST, params={"limit": 80, "max_id": numbers[3]})
    assert 'rel="next"' not in last.headers["link"]


async def test_a_page_goes_on_behind_many_that_may_not_be_read(fediverse: Fediverse) -> None:
    here, amara, bruno, app = await two(fediverse)
    (oldest,) = await some(fediverse, amara, bruno, 1)
    await some(fediverse, amara, bruno, 50)
    await here.run(here.db.execute, "UPDATE post SET state = 'removed' WHERE uri <> :uri", uri=await _uri(here, oldest))
    answer = await app.call("GET", LIST, params={"limit": 2})
    assert answer.json() == []
    number = answer.headers["link"].partition("max_id=")[2].partition(">")[0]
    assert [each["status"]["id"] for each in await app.get(LIST, limit=2, max_id=number)] == [oldest]


async def _uri(here: Any, number: str) -> str:
    for row in await here.run(here.db.rows, "SELECT id, uri FROM post"):
        if number_of(row["id"]) == number:
            return str(row["uri"])
    raise AssertionError


async def test_a_page_costs_the_same_however_much_happened(fediverse: Fediverse) -> None:
    here, amara, bruno, app = await two(fediverse)
    await some(fediverse, amara, bruno, 1)
    await app.get(LIST)
    with statements(here) as one:
        assert len(await app.get(LIST)) == 1
    await some(fediverse, amara, bruno, 30)
    await app.get(LIST)
    with statements(here) as many:
        assert len(await app.get(LIST)) == 31
    first, second = [[each for each in said if not _is_kept(each)] for said in (one, many)]
    assert len(first) == len(second) <= 6, second


def _is_kept(statement: str) -> bool:
    """Whether this is read now and then for all requests, not for this one."""
    return "FROM peer WHERE graded_at" in statement or "FROM site_value" in statement


async def test_dismissed_and_cleared_is_gone_and_what_apps_do_not_show_stays(fediverse: Fediverse) -> None:
    _here, amara, bruno, app = await two(fediverse)
    await some(fediverse, amara, bruno, 3)
    group = await community(bruno, "science")
    await bruno.do(members.invite_member, group.id, "amara")
    first, *others = await app.get(LIST)
    await app.post(f"{LIST}/{first['id']}/dismiss")
    assert ids(await app.get(LIST)) == ids(others)
    assert await app.refused("POST", f"{LIST}/{first['id']}/dismiss") == 404
    await app.post(f"{LIST}/clear")
    assert await app.get(LIST) == []
    page = await amara.do(queries.page)
    assert [line.kind for shown in page.groups for line in shown.lines] == ["invited"]


async def test_a_report_is_told_to_stewards_without_who_wrote_it(fediverse: Fediverse) -> None:
    here, amara, bruno, _app = await two(fediverse)
    steward = await fediverse.person(here, "sten", role="steward")
    chen = await fediverse.person(here, "chen")
    new = moderation.NewReport("privacy", "A pupil is named.", person_id=bruno.id)
    await chen.do(moderation.report, new)
    (told,) = await (await app_of(fediverse, here, steward)).get(LIST)
    assert told["type"] == "admin.report"
    assert told["report"]["target_account"]["username"] == "bruno"
    assert told["account"]["username"] not in {"chen", "bruno"}
    for person in (amara, bruno, chen):
        assert await (await app_of(fediverse, here, person)).get(LIST, **{"types[]": "admin.report"}) == []


async def test_markers_of_nobody_are_an_object(fediverse: Fediverse) -> None:
    _here, _amara, _bruno, app = await two(fediverse)
    assert await app.get("/api/v1/markers") == {}
    assert await app.get("/api/v1/markers", **{"timeline[]": ["home", "x"]}) == {}
    unread = await app.get("/api/v1/markers", **{"timeline[]": ["home", "notifications"]})
    assert list(unread) == ["notifications"], "Elk (1.0) breaks off where there is none"
    assert (unread["notifications"]["last_read_id"], unread["notifications"]["version"]) == ("0", 0)
    for body in ({"home": {"last_read_id": "x"}}, {"notifications": {}}, {"home": {"last_read_id": "-1"}}):
        assert await app.refused("POST", "/api/v1/markers", json=body) == 422
    assert await app.post("/api/v1/markers", {"home": 3, "other": {"last_read_id": "1"}}) == {}


async def test_a_marker_moves_in_any_spelling_and_counts(fediverse: Fediverse) -> None:
    here, amara, bruno, app = await two(fediverse)
    moved = await app.post("/api/v1/markers", {"home": {"last_read_id": "113"}})
    assert moved["home"]["last_read_id"] == "113"
    assert moved["home"]["version"] == 1
    assert moved["home"]["updated_at"].endswith("Z")
    again = await app.post("/api/v1/markers", None, data={"home[last_read_id]": "115"})
    assert (again["home"]["last_read_id"], again["home"]["version"]) == ("115", 2)
    assert await app.get("/api/v1/markers", **{"timeline[]": ["home"]}) == again
    other = await app_of(fediverse, here, bruno)
    assert await other.get("/api/v1/markers", **{"timeline[]": ["home"]}) == {}
    await amara.do(reading.move, "home", 116, known=2)
    for known in (0, 1, 2):
        with pytest.raises(reading.MovedMeanwhile):
            await amara.do(reading.move, "home", 117, known=known)


async def test_two_that_move_a_marker_at_once_are_told(fediverse: Fediverse, monkeypatch: pytest.MonkeyPatch) -> None:
    _here, amara, _bruno, app = await two(fediverse)
    before = await amara.do(reading.markers)

    async def late(*_: Any) -> Any:
        return before

    await app.post("/api/v1/markers", {"home": {"last_read_id": "113"}})
    monkeypatch.setattr(reading, "markers", late)
    assert await app.refused("POST", "/api/v1/markers", json={"home": {"last_read_id": "114"}}) == 409


async def test_what_an_app_has_read_the_browser_shows_as_seen(fediverse: Fediverse) -> None:
    _here, amara, bruno, app = await two(fediverse)
    group = await community(bruno, "science")
    await bruno.do(members.invite_member, group.id, "amara")
    await some(fediverse, amara, bruno, 3)
    newest, middle, _oldest = await app.get(LIST)
    assert (await app.get(f"{LIST}/unread_count"))["count"] == 3
    assert (await app.get(f"{LIST}/unread_count", limit=2))["count"] == 2
    await app.post("/api/v1/markers", {"notifications": {"last_read_id": middle["id"]}})
    assert (await app.get(f"{LIST}/unread_count"))["count"] == 1
    page = await amara.do(queries.page, only_new=True)
    assert sorted(line.kind for shown in page.groups for line in shown.lines) == ["invited", "like"]
    assert (await app.get("/api/v1/markers", **{"timeline[]": "notifications"}))["notifications"]["version"] == 1
    await app.post("/api/v1/markers", {"notifications": {"last_read_id": newest["id"]}})
    assert [line.kind for shown in (await amara.do(queries.page, only_new=True)).groups for line in shown.lines] == [
        "invited"
    ]


async def test_what_was_seen_in_the_browser_the_app_has_read(fediverse: Fediverse) -> None:
    _here, amara, bruno, app = await two(fediverse)
    await some(fediverse, amara, bruno, 3)
    newest, middle, oldest = await app.get(LIST)
    where = {"timeline[]": "notifications"}
    unread = await app.get("/api/v1/markers", **where)
    assert unread["notifications"]["last_read_id"] == "0"
    page = await amara.do(queries.page)
    await amara.do(actions.mark_done, page.groups[-1].thing)
    assert (await app.get("/api/v1/markers", **where))["notifications"]["last_read_id"] == oldest["id"]
    await amara.do(actions.mark_done, page.groups[0].thing)
    assert (await app.get("/api/v1/markers", **where))["notifications"]["last_read_id"] == oldest["id"]
    await amara.do(actions.mark_done, page.groups[1].thing)
    assert (await app.get("/api/v1/markers", **where))["notifications"]["last_read_id"] == newest["id"]
    assert middle["id"] < newest["id"]
