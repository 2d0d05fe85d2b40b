"""Whoever could read something and cannot any more, with everything that they marked, kept and planned before (S15)."""

from datetime import timedelta
from typing import Any

import pytest

from server.accounts import actions as accounts
from server.actors import actions as actors
from server.communities import actions as communities
from server.mastodon.ids import number_of
from server.posts import actions as posts
from tests.apps import App, app_of
from tests.conftest import Fediverse, Person
from tests.posting import community, follow, join, write

LISTS = (
    "/api/v1/bookmarks", "/api/v1/favourites", "/api/v1/timelines/home", "/api/v1/timelines/public",
    "/api/v1/timelines/tag/zebra", "/api/v1/notifications", "/api/v2/notifications", "/api/v1/conversations",
    "/api/v2/search?q=zebra", "/api/v1/trends/statuses", "/api/v1/tags/zebra",
)  # fmt: skip
SINGLE = (
    ("GET", ""), ("GET", "/context"), ("GET", "/history"), ("GET", "/source"), ("GET", "/favourited_by"),
    ("GET", "/reblogged_by"), ("POST", "/favourite"), ("POST", "/unfavourite"), ("POST", "/reblog"),
    ("POST", "/unreblog"), ("POST", "/bookmark"), ("POST", "/unbookmark"), ("POST", "/mute"), ("POST", "/unmute"),
    ("POST", "/pin"), ("PUT", ""), ("DELETE", ""),
)  # fmt: skip
WAYS = ("block", "be blocked", "end", "delete")


async def _marked(app: App, here: Any, numbers: list[str], people: list[str]) -> list[str]:
    """Everything that one can note of posts; addresses of lists that are one's own."""
    made = await app.post("/api/v1/lists", {"title": "All", "replies_policy": "followed"})
    await app.post(f"/api/v1/lists/{made['id']}/accounts", {"account_ids": people})
    kept = await app.post("/api/v2/filters", {"title": "x", "context": ["account"]})
    at = (here.clock.now() + timedelta(minutes=10)).isoformat()
    for number in numbers:
        for name in ("bookmark", "favourite"):
            await app.post(f"/api/v1/statuses/{number}/{name}")
        await app.post(f"/api/v2/filters/{kept['id']}/statuses", {"status_id": number})
        answer = {"status": "Later", "in_reply_to_id": number, "scheduled_at": at}
        await app.post("/api/v1/statuses", answer)
    return [f"/api/v1/timelines/list/{made['id']}"]


async def _lose(way: str, here: Any, author: Person, reader: Person, group: Any) -> None:
    if way == "block":
        await here.run(actors.block, here, reader.id, author.id)
    elif way == "be blocked":
        await here.run(actors.block, here, author.id, reader.id)
    elif way == "delete":
        await here.run(accounts.suspend_account, here, author.viewer.account_id, by="test")
    else:
        await here.run(actors.remove_follower, here, author.id, reader.id)
        await author.do(communities.remove_member, group.id, reader.id)


@pytest.mark.parametrize("way", WAYS)
async def test_what_one_marked_before_is_shown_no_more(fediverse: Fediverse, way: str) -> None:
    here = await fediverse.start("alder.example")
    author, reader = await fediverse.person(here, "author"), await fediverse.person(here, "reader")
    group = await community(author, "quiet", visibility="members")
    await join(reader, group)
    await follow(reader, author)
    await fediverse.settle()
    mine, theirs = await app_of(fediverse, here, reader), await app_of(fediverse, here, author)
    hidden = [
        await write(author, "zebra #zebra @reader", community_id=group.id, visibility="members"),
        await write(author, "zebra #zebra @reader", visibility="followers" if way != "end" else "members",
                    community_id=None if way != "end" else group.id),
    ]  # fmt: skip
    numbers = [number_of(post.id) for post in hidden]
    if way != "end":  # who is named stays named
        said = await theirs.post("/api/v1/statuses", {"status": "@reader zebra #zebra", "visibility": "direct"})
        numbers.append(said["id"])
    await fediverse.settle()
    lists = [*LISTS, *await _marked(mine, here, numbers, [number_of(author.id), number_of(group.id)])]
    before = {address: (await mine.call("GET", address)).text for address in lists}
    for address in (lists[0], lists[1], lists[2], lists[5], lists[-1]):
        assert numbers[0] in before[address], f"nothing is seen at {address} before"
    await _lose(way, here, author, reader, group)
    await fediverse.settle()
    for address in lists:
        text = (await mine.call("GET", address)).text
        assert not [number for number in numbers if number in text], address
    for number in numbers:
        for method, end in SINGLE:
            answer = await mine.call(method, f"/api/v1/statuses/{number}{end}", json={"status": "Mine"})
            assert answer.status_code in {403, 404}, f"{method} {end}: {answer.text}"
    fediverse.clock.advance(1200)
    await fediverse.settle()
    waiting = await mine.get("/api/v1/scheduled_statuses")
    assert len(waiting) == len(numbers)
    assert all(item["peerhall"]["problem"] for item in waiting)
    if way != "delete":
        for post in hidden:
            assert (await theirs.get(f"/api/v1/statuses/{number_of(post.id)}"))["replies_count"] == 0
            await author.do(posts.delete_post, post.id)
