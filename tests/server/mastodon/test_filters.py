"""Filters: whose they are, what they find, and that what is hidden is in no list and on no line."""

from typing import Any

import pytest

from server.filters import actions
from server.filters.queries import met
from server.live import lines
from server.mastodon.ids import number_of
from server.polls import actions as polls
from server.polls.form import PollForm
from server.posts import actions as posts
from tests.apps import App, app_of, ids, token_for
from tests.conftest import Fediverse, Person
from tests.lines import line, served
from tests.posting import follow, reply, write

NEW, OLD = "/api/v2/filters", "/api/v1/filters"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "GATHER_SECONDS", 0.0)


async def two(fediverse: Fediverse) -> tuple[Any, Person, Person, App]:
    """Amara follows Bruno, and has an app."""
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    await follow(amara, bruno)
    await fediverse.settle()
    return here, amara, bruno, await app_of(fediverse, here, amara)


def a_filter(word: str = "zebra", **more: Any) -> dict[str, Any]:
    return {"title": "Animals", "context": ["home"], "keywords_attributes": [{"keyword": word}]} | more


CALLS = [
    ("GET", NEW), ("POST", NEW), ("GET", f"{NEW}/1"), ("PUT", f"{NEW}/1"), ("DELETE", f"{NEW}/1"),
    ("GET", f"{NEW}/1/keywords"), ("POST", f"{NEW}/1/keywords"), ("GET", f"{NEW}/1/statuses"),
    ("POST", f"{NEW}/1/statuses"), ("GET", f"{NEW}/keywords/1"), ("PUT", f"{NEW}/keywords/1"),
    ("DELETE", f"{NEW}/keywords/1"), ("GET", f"{NEW}/statuses/1"), ("DELETE", f"{NEW}/statuses/1"),
    ("GET", OLD), ("POST", OLD), ("GET", f"{OLD}/1"), ("PUT", f"{OLD}/1"), ("DELETE", f"{OLD}/1"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_nobody_gets_at_them_without_the_right(fediverse: Fediverse, method: str, path: str) -> None:
    here = await fediverse.start("alder.example")
    assert await (await app_of(fediverse, here)).refused(method, path) == 401
    amara = await fediverse.person(here, "amara")
    wrong = "write read:statuses" if method == "GET" else "read write:statuses"
    assert await (await app_of(fediverse, here, amara, scopes=wrong)).refused(method, path) == 403
    if "/1" in path:
        assert await (await app_of(fediverse, here, amara)).refused(method, path) == 404


async def test_those_of_others_are_not_there(fediverse: Fediverse) -> None:
    here, _amara, bruno, app = await two(fediverse)
    post = await write(bruno, "Hello")
    made = await app.post(NEW, a_filter())
    marked = await app.post(f"{NEW}/{made['id']}/statuses", {"status_id": number_of(post.id)})
    word = made["keywords"][0]["id"]
    other = await app_of(fediverse, here, bruno)
    for method, path in [
        *((method, f"{NEW}/{made['id']}") for method in ("GET", "PUT", "DELETE")),
        *((method, f"{NEW}/{made['id']}/{part}") for method in ("GET", "POST") for part in ("keywords", "statuses")),
        *((method, f"{NEW}/keywords/{word}") for method in ("GET", "PUT", "DELETE")),
        *((method, f"{OLD}/{word}") for method in ("GET", "PUT", "DELETE")),
        *((method, f"{NEW}/statuses/{marked['id']}") for method in ("GET", "DELETE")),
    ]:
        assert await other.refused(method, path) == 404, (method, path)
    assert await other.get(NEW) == await other.get(OLD) == []
    theirs = await other.post(NEW, a_filter())
    stolen = {"keywords_attributes": [{"id": word, "keyword": "mine"}]}
    assert await other.refused("PUT", f"{NEW}/{theirs['id']}", json=stolen) == 404
    assert (await app.get(f"{NEW}/{made['id']}"))["keywords"][0]["keyword"] == "zebra"


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": ""},
        {"title": "x" * 201},
        {"title": None},
        {"context": []},
        {"context": ["everywhere"]},
        {"context": None},
        {"filter_action": "burn"},
        {"expires_in": "soon"},
        {"expires_in": -4},
        {"expires_in": 10**12},
        {"keywords_attributes": "x"},
        {"keywords_attributes": [{"keyword": " "}]},
        {"keywords_attributes": [{"keyword": "x" * 201}]},
        {"keywords_attributes": [{"whole_word": True}]},
    ],
)
async def test_what_is_no_filter_is_refused(fediverse: Fediverse, wrong: dict[str, Any]) -> None:
    _here, _amara, _bruno, app = await two(fediverse)
    assert await app.refused("POST", NEW, json=a_filter() | wrong) == 422
    assert await app.get(NEW) == []


async def test_there_are_only_so_many(fediverse: Fediverse, monkeypatch: pytest.MonkeyPatch) -> None:
    _here, _amara, bruno, app = await two(fediverse)
    for name, most in (("MAX_FILTERS", 1), ("MAX_KEYWORDS", 2), ("MAX_POSTS", 1)):
        monkeypatch.setattr(actions, name, most)
    made = await app.post(NEW, a_filter())
    assert await app.refused("POST", NEW, json=a_filter()) == 422
    path = f"{NEW}/{made['id']}"
    await app.post(f"{path}/keywords", {"keyword": "b"})
    assert await app.refused("POST", f"{path}/keywords", json={"keyword": "c"}) == 422
    first, second = await write(bruno, "One"), await write(bruno, "Two")
    for _ in range(2):
        await app.post(f"{path}/statuses", {"status_id": number_of(first.id)})
    assert await app.refused("POST", f"{path}/statuses", json={"status_id": number_of(second.id)}) == 422
    secret = await write(bruno, "Secret", visibility="private")
    for number in (number_of(secret.id), "1", "", "x"):
        assert await app.refused("POST", f"{path}/statuses", json={"status_id": number}) == 404


async def test_a_filter_is_made_changed_and_ended(fediverse: Fediverse) -> None:
    _here, _amara, _bruno, app = await two(fediverse)
    made = await app.post(
        NEW,
        None,
        data={
            "title": "Animals",
            "context[]": ["home", "public"],
            "filter_action": "hide",
            "expires_in": "3600",
            "keywords_attributes[][keyword]": ["zebra"],
            "keywords_attributes[][whole_word]": ["true"],
        },
    )
    assert (made["context"], made["filter_action"]) == (["home", "public"], "hide")
    assert made["expires_at"].endswith("Z")
    assert [(word["keyword"], word["whole_word"]) for word in made["keywords"]] == [("zebra", True)]
    path, word = f"{NEW}/{made['id']}", made["keywords"][0]["id"]
    changed = await app.call(
        "PUT",
        path,
        json={
            "title": "Others",
            "filter_action": "warn",
            "expires_in": None,
            "keywords_attributes": [{"id": word, "_destroy": True}, {"keyword": "lion"}],
        },
    )
    assert changed.json()["title"] == "Others"
    assert changed.json()["expires_at"] is None
    assert [each["keyword"] for each in changed.json()["keywords"]] == ["lion"]
    assert await app.get(path) == changed.json()
    fediverse.clock.advance(seconds=1)
    added = await app.post(f"{path}/keywords", {"keyword": "bear", "whole_word": "1"})
    await app.call("PUT", f"{NEW}/keywords/{added['id']}", json={"whole_word": False})
    assert await app.get(f"{NEW}/keywords/{added['id']}") == added | {"whole_word": False}
    assert [each["keyword"] for each in await app.get(f"{path}/keywords")] == ["lion", "bear"]
    await app.call("DELETE", f"{NEW}/keywords/{added['id']}")
    old = await app.get(OLD)
    assert [(each["phrase"], each["irreversible"]) for each in old] == [("lion", False)]
    await app.call("DELETE", path)
    assert await app.get(NEW) == []


async def test_version_1_is_the_same_by_keywords(fediverse: Fediverse) -> None:
    _here, _amara, _bruno, app = await two(fediverse)
    assert await app.refused("POST", OLD, json={"phrase": "", "context": ["home"]}) == 422
    made = await app.post(OLD, {"phrase": "zebra", "context": ["home"], "irreversible": True, "whole_word": True})
    assert made == await app.get(f"{OLD}/{made['id']}")
    (new,) = await app.get(NEW)
    assert (new["title"], new["filter_action"], new["keywords"][0]["whole_word"]) == ("zebra", "hide", True)
    changed = await app.call("PUT", f"{OLD}/{made['id']}", json={"phrase": "lion", "context": ["public"]})
    assert (changed.json()["phrase"], changed.json()["context"]) == ("lion", ["public"])
    await app.call("DELETE", f"{OLD}/{made['id']}")
    assert await app.get(NEW) == []


@pytest.mark.parametrize(
    ("keyword", "whole", "text", "is_met"),
    [
        ("zebra", True, "A ZEBRA.", True),
        ("zebra", True, "zebras", False),
        ("zebra", False, "zebras", True),
        ("#zebra", True, "about #zebra", True),
        ("a.b", False, "axb", False),
        ("two words", True, "two\n words", True),
        ("(((", False, "x (((", True),
        ("größe", True, "Die GRÖSSE und die Größe", True),
    ],
)
def test_words_are_found_as_they_are_meant(keyword: str, whole: bool, text: str, is_met: bool) -> None:
    assert bool(met([(keyword, whole)], text)) is is_met


async def test_statuses_say_which_filters_they_meet(fediverse: Fediverse) -> None:
    here, amara, bruno, app = await two(fediverse)
    made = await app.post(NEW, a_filter(keywords_attributes=[{"keyword": "zebra"}, {"keyword": "lion"}]))
    post = await write(bruno, "A **zebra** and a lion")
    answer = await reply(bruno, post, "Another zebra")
    other = await write(bruno, "Nothing")
    own = await write(amara, "My zebra")
    poll = await bruno.do(polls.start_poll, PollForm(question="Which?", options=("Zebra", "Bear"), visibility="public"))
    (result,) = (await app.get(f"/api/v1/statuses/{number_of(post.id)}"))["filtered"]
    assert (result["filter"]["title"], sorted(result["keyword_matches"], reverse=True)) == (
        "Animals",
        ["zebra", "lion"],
    )
    for path in (
        "/api/v1/timelines/home",
        "/api/v1/timelines/public",
        f"/api/v1/accounts/{await _account(app)}/statuses",
    ):
        met_by = {status["id"]: bool(status["filtered"]) for status in await app.get(path)}
        assert [met_by[number_of(each.id)] for each in (post, poll, other)] == [True, True, False]
        assert not met_by.get(number_of(own.id), False)
    thread = await app.get(f"/api/v1/statuses/{number_of(post.id)}/context")
    assert [bool(status["filtered"]) for status in thread["descendants"]] == [True]
    await app.post(f"{NEW}/{made['id']}/statuses", {"status_id": number_of(other.id)})
    (marked,) = (await app.get(f"/api/v1/statuses/{number_of(other.id)}"))["filtered"]
    assert (marked["keyword_matches"], marked["status_matches"]) == (None, [number_of(other.id)])
    assert (await (await app_of(fediverse, here, bruno)).get(f"/api/v1/statuses/{number_of(answer.id)}"))[
        "filtered"
    ] == []
    fediverse.clock.advance(seconds=7200)
    await app.call("PUT", f"{NEW}/{made['id']}", json={"expires_in": 60})
    fediverse.clock.advance(seconds=61)
    assert (await app.get(f"/api/v1/statuses/{number_of(post.id)}"))["filtered"] == []


async def _account(app: App) -> str:
    return str((await app.get("/api/v1/accounts/lookup", acct="bruno"))["id"])


async def test_what_is_hidden_is_in_no_list_of_that_place(fediverse: Fediverse) -> None:
    _here, amara, bruno, app = await two(fediverse)
    begun = await write(amara, "Begun")
    for number in range(3):
        fediverse.clock.advance(seconds=60)
        await write(bruno, f"zebra {number} @amara")
    fediverse.clock.advance(seconds=60)
    await reply(bruno, begun, "zebra in a thread")
    fediverse.clock.advance(seconds=60)
    kept = await write(bruno, "Kept")
    account = await _account(app)
    places = {
        "home": "/api/v1/timelines/home",
        "public": "/api/v1/timelines/public",
        "account": f"/api/v1/accounts/{account}/statuses",
        "notifications": "/api/v1/notifications",
        "thread": f"/api/v1/statuses/{number_of(begun.id)}/context",
    }
    before = {place: (await app.call("GET", path)).text.count("zebra") for place, path in places.items()}
    assert all(before.values())
    for place in places:
        made = await app.post(NEW, a_filter(context=[place], filter_action="hide"))
        for other, path in places.items():
            text = (await app.call("GET", path)).text
            assert ("<p>zebra" in text) is (other != place), (place, other)
        await app.call("DELETE", f"{NEW}/{made['id']}")
    await app.post(NEW, a_filter(context=["home"], filter_action="hide"))
    answer = await app.call("GET", places["home"], params={"limit": 2})
    assert ids(answer.json()) == [number_of(kept.id)]
    number = answer.headers["link"].partition("max_id=")[2].partition(">")[0]
    rest = await app.get(places["home"], max_id=number)
    assert ids(rest) == [number_of(begun.id)]
    own = await app.get(f"/api/v1/statuses/{number_of(begun.id)}")
    assert own["filtered"] == []


async def test_lines_obey_filters_and_tell_of_them(fediverse: Fediverse) -> None:
    here, amara, bruno, app = await two(fediverse)
    token = await token_for(here, amara)
    path = f"/api/v1/streaming?stream=user&access_token={token}"
    async with served(fediverse, here) as where, line(where, path) as told:
        await app.post(NEW, a_filter(filter_action="hide"))
        frame = await told.next()
        assert (frame["stream"], frame["event"]) == (["user"], "filters_changed")
        await write(bruno, "A zebra")
        await app.post(NEW, a_filter("lion"))
        assert (await told.next())["event"] == "filters_changed"
        await write(bruno, "A lion")
        shown = await told.next()
        assert shown["read"]["filtered"][0]["keyword_matches"] == ["lion"]


async def test_filters_go_with_their_owner_and_with_posts(fediverse: Fediverse) -> None:
    here, _amara, bruno, app = await two(fediverse)
    post = await write(bruno, "Hello")
    made = await app.post(NEW, a_filter())
    await app.post(f"{NEW}/{made['id']}/statuses", {"status_id": number_of(post.id)})
    await bruno.do(posts.delete_post, post.id)
    assert (await app.get(f"{NEW}/{made['id']}"))["statuses"] == []
    await here.run(actions.forget_owner, here, _amara.id)
    for table in ("content_filter", "filter_keyword", "filter_post"):
        assert await here.run(here.db.rows, f"SELECT id FROM {table}") == []
