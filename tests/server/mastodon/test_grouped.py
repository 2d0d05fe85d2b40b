"""Grouped notifications: what is in a group, that pages lose nothing, and what is refused (S15, S30)."""

from typing import Any

import pytest

from server.mastodon.ids import number_of
from server.posts import actions as posts
from tests.apps import App, app_of
from tests.conftest import Fediverse, Person
from tests.counting import statements
from tests.posting import follow, reply, write

LIST = "/api/v2/notifications"
ASKED = "/api/v1/notifications/requests"


async def scene(fediverse: Fediverse, fans: int = 3) -> tuple[Any, Person, list[Person], App]:
    """Somebody with an app, and others who like what they write."""
    here = await fediverse.start("alder.example")
    amara = await fediverse.person(here, "amara")
    others = [await fediverse.person(here, f"fan{number}") for number in range(fans)]
    return here, amara, others, await app_of(fediverse, here, amara)


async def liked(fediverse: Fediverse, amara: Person, fans: list[Person], text: str = "Liked") -> str:
    """A post that all of them like; its digits."""
    post = await write(amara, text)
    for fan in fans:
        fediverse.clock.advance(seconds=1)
        await fan.do(posts.like_post, post.id)
    return number_of(post.id)


@pytest.mark.parametrize(
    ("method", "path", "known"),
    [
        ("GET", LIST, True),
        ("GET", f"{LIST}/unread_count", True),
        ("GET", f"{LIST}/policy", True),
        ("PATCH", f"{LIST}/policy", True),
        ("GET", "/api/v1/notifications/policy", True),
        ("PATCH", "/api/v1/notifications/policy", True),
        ("GET", ASKED, True),
        ("GET", f"{ASKED}/merged", True),
        ("GET", f"{ASKED}/1", False),
        ("POST", f"{ASKED}/1/accept", False),
        ("POST", f"{ASKED}/1/dismiss", False),
        ("GET", f"{LIST}/ungrouped-1", False),
        ("GET", f"{LIST}/favourite-1-1", False),
        ("GET", f"{LIST}/favourite-x-1", False),
        ("GET", f"{LIST}/favourite-1-999999999999", False),
        ("GET", f"{LIST}/nonsense", False),
        ("GET", f"{LIST}/follow-1/accounts", False),
        ("POST", f"{LIST}/follow-1/dismiss", False),
    ],
)
async def test_nobody_gets_at_them_without_the_right(fediverse: Fediverse, method: str, path: str, known: bool) -> None:
    here = await fediverse.start("alder.example")
    assert await (await app_of(fediverse, here)).refused(method, path) == 401
    amara = await fediverse.person(here, "amara")
    wrong = "write read:statuses" if method == "GET" else "read write:statuses"
    assert await (await app_of(fediverse, here, amara, scopes=wrong)).refused(method, path) == 403
    app = await app_of(fediverse, here, amara)
    assert (await app.call(method, path)).status_code == (200 if known else 404)


async def test_what_is_not_done_is_not_promised(fediverse: Fediverse) -> None:
    _here, _amara, _fans, app = await scene(fediverse, 0)
    body = {"for_not_following": "filter"}
    assert await app.refused("PATCH", f"{LIST}/policy", json=body) == 422
    old = {"filter_new_accounts": True}
    assert await app.refused("PATCH", "/api/v1/notifications/policy", json=old) == 422
    assert (await app.get(f"{LIST}/policy"))["for_new_accounts"] == "accept"
    assert (await app.get("/api/v1/notifications/policy"))["filter_new_accounts"] is False
    assert await app.get(ASKED) == []
    about = await app.get("/api/v2/instance")
    assert about["version"].startswith("4.3.0 ")
    assert about["api_versions"] == {"mastodon": 2}


async def test_what_happened_to_one_post_is_one_group(fediverse: Fediverse) -> None:
    here, amara, fans, app = await scene(fediverse)
    number = await liked(fediverse, amara, fans)
    fediverse.clock.advance(seconds=1)
    for fan in fans[:2]:
        await follow(fan, amara)
    await fediverse.settle()
    fediverse.clock.advance(seconds=1)
    post = await write(amara, "Ask me")
    await reply(fans[0], post, "A question")
    found = await app.get(LIST)
    groups = found["notification_groups"]
    assert [(each["type"], each["notifications_count"]) for each in groups] == [
        ("mention", 1),
        ("follow", 2),
        ("favourite", 3),
    ]
    mention, follows, likes = groups
    assert mention["group_key"].startswith("ungrouped-")
    assert likes["status_id"] == number
    assert "status_id" not in follows
    assert {status["id"] for status in found["statuses"]} == {number, mention["status_id"]}
    people = {account["id"]: account["username"] for account in found["accounts"]}
    assert [people[each] for each in likes["sample_account_ids"]] == ["fan2", "fan1", "fan0"]
    alone = await app.get("/api/v1/notifications")
    assert likes["page_max_id"] == alone[3]["id"]
    assert likes["page_min_id"] == alone[5]["id"]
    assert likes["most_recent_notification_id"] == int(alone[3]["id"])
    assert len(await app.get(f"{LIST}/{likes['group_key']}/accounts")) == 3
    one = await app.get(f"{LIST}/{likes['group_key']}")
    assert one["notification_groups"][0]["group_key"] == likes["group_key"]
    assert (await app.get(f"{LIST}/{mention['group_key']}"))["statuses"][0]["id"] == mention["status_id"]
    assert (await app.get(f"{LIST}/unread_count"))["count"] == 3
    narrow = await app.get(LIST, **{"grouped_types[]": "follow"})
    assert len(narrow["notification_groups"]) == 5
    partial = await app.get(LIST, **{"expand_accounts": "partial_avatars", "types[]": "favourite"})
    assert set(partial["partial_accounts"][0]) >= {"id", "acct", "avatar", "locked", "bot", "url"}
    assert len(partial["accounts"]) + len(partial["partial_accounts"]) == 3
    other = await app_of(fediverse, here, fans[0])
    assert await other.refused("GET", f"{LIST}/{likes['group_key']}") == 404
    assert await other.refused("POST", f"{LIST}/{likes['group_key']}/dismiss") == 404
    await app.post(f"{LIST}/{likes['group_key']}/dismiss")
    assert await app.refused("GET", f"{LIST}/{likes['group_key']}") == 404
    assert [each["type"] for each in await app.get("/api/v1/notifications")] == ["mention", "follow", "follow"]


async def test_half_a_day_later_is_another_group(fediverse: Fediverse) -> None:
    _here, amara, fans, app = await scene(fediverse, 2)
    post = await write(amara, "Liked")
    for fan in fans:
        await fan.do(posts.like_post, post.id)
        fediverse.clock.advance(seconds=13 * 3600)
    keys = [each["group_key"] for each in (await app.get(LIST))["notification_groups"]]
    assert len(set(keys)) == 2


async def test_s15_a_group_about_what_may_not_be_read_is_not_there(fediverse: Fediverse) -> None:
    here, amara, fans, app = await scene(fediverse)
    await liked(fediverse, amara, fans)
    (group,) = (await app.get(LIST))["notification_groups"]
    await here.run(here.db.execute, "UPDATE post SET state = 'held'")
    assert (await app.get(LIST))["notification_groups"] == []
    assert await app.refused("GET", f"{LIST}/{group['group_key']}") == 404
    assert (await app.get(f"{LIST}/unread_count"))["count"] == 0


async def test_pages_lose_nothing_in_either_direction(fediverse: Fediverse) -> None:
    _here, amara, fans, app = await scene(fediverse, 2)
    numbers = [await liked(fediverse, amara, fans, f"Number {number}") for number in range(5)][::-1]
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        answer = await app.call("GET", LIST, params=query)
        seen += [each["status_id"] for each in answer.json()["notification_groups"]]
        if 'rel="next"' not in answer.headers.get("link", ""):
            break
        query["max_id"] = answer.headers["link"].partition("max_id=")[2].partition(">")[0]
    assert seen == numbers
    everything = (await app.get(LIST))["notification_groups"]
    above = await app.get(LIST, limit=2, min_id=everything[3]["page_max_id"])
    assert [each["status_id"] for each in above["notification_groups"]] == numbers[1:3]


async def test_a_page_costs_the_same_however_much_is_in_its_groups(fediverse: Fediverse) -> None:
    _here, amara, fans, app = await scene(fediverse, 6)
    await liked(fediverse, amara, fans[:1])
    await app.get(LIST)
    with statements(_here) as one:
        await app.get(LIST)
    for number in range(4):
        await liked(fediverse, amara, fans, f"More {number}")
    await app.get(LIST)
    with statements(_here) as many:
        assert sum(each["notifications_count"] for each in (await app.get(LIST))["notification_groups"]) == 25
    first, second = [
        [each for each in said if "FROM peer WHERE" not in each and "FROM site_value" not in each]
        for said in (one, many)
    ]
    assert len(first) == len(second) <= 7, second


async def test_a_marker_that_lost_its_last_digits_still_counts(fediverse: Fediverse) -> None:
    _here, amara, fans, app = await scene(fediverse, 1)
    await liked(fediverse, amara, fans)
    (group,) = (await app.get(LIST))["notification_groups"]
    rounded = int(float(group["most_recent_notification_id"]))
    await app.post("/api/v1/markers", {"notifications": {"last_read_id": str(rounded)}})
    assert (await app.get(f"{LIST}/unread_count"))["count"] == 0
    await app.post("/api/v1/markers", {"notifications": {"last_read_id": str(2**63 - 1)}})
