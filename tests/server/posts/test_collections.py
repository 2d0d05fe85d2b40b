"""Collections around posts: pages, tags, times, and that nobody learns more from a list than from the posts (S15)."""

import hashlib
from typing import Any

import httpx
import pytest

from server.posts import actions
from tests.conftest import Fediverse
from tests.posting import ACTIVITY, community, join, reply, write


async def ask(fediverse: Fediverse, here: Any, uri: str, method: str = "GET", **headers: str) -> httpx.Response:
    """A request, with everything that came back."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(fediverse.network.apps[here.settings.domain]), base_url=here.settings.origin
    ) as client:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await client.request(method, uri, headers={"accept": ACTIVITY, **named})


@pytest.fixture
async def maya(fediverse: Fediverse) -> Any:
    """Somebody with an instance."""
    return await fediverse.person(await fediverse.start("alder.example"), "maya")


async def test_s15_answers_for_people_named_are_in_no_list(fediverse: Fediverse, maya: Any) -> None:
    post = await write(maya, "For all")
    whisper = await reply(maya, post, "For some", visibility="direct")
    for uri in (post.uri, f"{post.uri}/replies", f"{post.uri}/replies?page=1", post.context_uri):
        answer = await ask(fediverse, maya.here, uri)
        assert answer.status_code == 200
        assert whisper.uri not in answer.text
    assert (await ask(fediverse, maya.here, f"{post.uri}/replies")).json()["totalItems"] == 0


async def test_s15_collections_of_what_members_share_are_for_their_servers(fediverse: Fediverse, maya: Any) -> None:
    birch = await fediverse.start("birch.example")
    bruno, eve = (
        await fediverse.person(birch, "bruno"),
        await fediverse.person(await fediverse.start("eve.example"), "eve"),
    )
    group = await community(maya, "staff", visibility="members", join_policy="open")
    await join(bruno, group)
    await fediverse.settle()
    post = await write(maya, "Among us", community_id=group.id, visibility="members")
    answer = await reply(maya, post, "Indeed", visibility="members")
    for uri in (post.context_uri, f"{post.uri}/replies", f"{post.uri}/replies?page=1", f"{post.uri}/likes"):
        assert (await ask(fediverse, maya.here, uri)).status_code == 404
        with pytest.raises(Exception, match="no such document"):
            await eve.here.run(eve.here.engine.fetch, uri)
    assert await birch.run(birch.engine.fetch_collection, post.context_uri) == [post.uri, answer.uri]
    assert await birch.run(birch.engine.fetch_collection, f"{post.uri}/replies") == [answer.uri]
    for part in ("outbox", "featured"):
        assert post.uri not in (await ask(fediverse, maya.here, f"{group.uri}/{part}")).text


async def test_the_tag_of_a_thread_is_the_digest_that_nodebb_computes(fediverse: Fediverse, maya: Any) -> None:
    post = await write(maya)
    answer = await reply(maya, post)
    combined = 0
    for uri in (answer.uri, post.uri):
        combined ^= int(hashlib.sha256(uri.encode()).hexdigest(), 16)
    whole = await ask(fediverse, maya.here, post.context_uri)
    assert whole.headers["etag"] == f'"{combined:064x}"'
    for asked in (f'"{combined:064x}"', f'W/"{combined:064x}"', f'"other", "{combined:064x}"', "*"):
        again = await ask(fediverse, maya.here, post.context_uri, if_none_match=asked)
        assert (again.status_code, again.content) == (304, b"")
    await maya.do(actions.delete_post, answer.id)
    changed = await ask(fediverse, maya.here, post.context_uri, if_none_match=f'"{combined:064x}"')
    assert (changed.status_code, changed.json()["orderedItems"]) == (200, [post.uri])


@pytest.mark.parametrize("part", ["thread", "replies", "replies?page=1", "outbox", "outbox?page=1"])
async def test_lists_say_when_they_changed(fediverse: Fediverse, maya: Any, part: str) -> None:
    post = await write(maya)
    answer = await reply(maya, post)
    base = maya.uri if part.startswith("outbox") else post.uri
    uri = post.context_uri if part == "thread" else f"{base}/{part}"
    assert "last-modified" not in (await ask(fediverse, maya.here, uri)).headers  # more may happen in this second
    fediverse.clock.advance(10)
    said = (await ask(fediverse, maya.here, uri)).headers["last-modified"]
    assert said == "Thu, 15 Jan 2026 10:00:00 GMT"
    assert (await ask(fediverse, maya.here, uri, if_modified_since=said)).status_code == 304
    # A tag counts before a time does.
    both = await ask(fediverse, maya.here, uri, if_modified_since=said, if_none_match='"other"')
    assert both.status_code == 200
    for nonsense in ("yesterday", "", "Thu, 15 Jan 2026 09:59:59 GMT"):
        assert (await ask(fediverse, maya.here, uri, if_modified_since=nonsense)).status_code == 200
    await maya.do(actions.delete_post, answer.id)
    fediverse.clock.advance(10)
    after = await ask(fediverse, maya.here, uri, if_modified_since=said)
    assert (after.status_code, after.headers["last-modified"]) == (200, "Thu, 15 Jan 2026 10:00:10 GMT")


async def test_head_is_answered_as_get_is(fediverse: Fediverse, maya: Any) -> None:
    group = await community(maya, "algebra")
    post = await write(maya, community_id=group.id)
    parts = ("outbox", "outbox?page=1", "featured", "moderators", "followers", "following")
    for uri in (post.uri, post.context_uri, f"{post.uri}/replies", *(f"{group.uri}/{part}" for part in parts)):
        get, head = await ask(fediverse, maya.here, uri), await ask(fediverse, maya.here, uri, "HEAD")
        assert (head.status_code, head.headers["etag"]) == (200, get.headers["etag"]), uri
        known = await ask(fediverse, maya.here, uri, "HEAD", if_none_match=get.headers["etag"])
        assert known.status_code == 304


@pytest.mark.parametrize("nonsense", ["0", "00", "01", "-1", "2", "x", "1.0", "²", "99999999999", "", " 1"])
async def test_pages_that_do_not_exist_are_absent(fediverse: Fediverse, maya: Any, nonsense: str) -> None:
    group = await community(maya, "algebra")
    post = await write(maya, community_id=group.id)
    paged = (post.context_uri, f"{post.uri}/replies", f"{group.uri}/outbox", f"{maya.uri}/outbox")
    alone = (
        post.uri,
        f"{post.uri}/likes",
        f"{group.uri}/featured",
        f"{group.uri}/moderators",
        f"{group.uri}/followers",
    )
    for uri in (*paged, *alone):
        answer = await ask(fediverse, maya.here, f"{uri}?page={nonsense}")
        assert answer.status_code == 404 or (uri in alone and not nonsense), uri
    for uri in paged:
        assert (await ask(fediverse, maya.here, f"{uri}?page=1")).status_code == 200


async def test_the_first_page_of_the_answers_is_inside_the_post(fediverse: Fediverse, maya: Any) -> None:
    post = await write(maya)
    address = f"{post.uri}/replies"
    assert (await ask(fediverse, maya.here, post.uri)).json()["replies"]["first"] == f"{address}?page=1"
    answers = []
    for number in range(101):
        fediverse.clock.advance(1)
        answers.append((await reply(maya, post, f"Answer {number}")).uri)
    inside = (await ask(fediverse, maya.here, post.uri)).json()["replies"]
    first = (await ask(fediverse, maya.here, f"{address}?page=1")).json()
    assert inside["totalItems"] == 101
    # GoToSocial asks for no page that is not inside, and follows `next`.
    assert inside["first"] == {key: value for key, value in first.items() if key != "@context"}
    assert (inside["first"]["items"], inside["first"]["next"]) == (answers[:100], f"{address}?page=2")
    birch = await fediverse.start("birch.example")
    assert await birch.run(birch.engine.items_in, inside, post.uri) == answers


async def test_who_can_have_something_featured_has_a_list_of_it(fediverse: Fediverse, maya: Any) -> None:
    group = await community(maya, "algebra")
    assert "featured" not in (await ask(fediverse, maya.here, maya.here.url("/ap/actor"))).json()
    for uri in (maya.uri, group.uri):
        featured = (await ask(fediverse, maya.here, uri)).json()["featured"]
        found = (await ask(fediverse, maya.here, featured)).json()
        assert (found["type"], found["orderedItems"]) == ("OrderedCollection", [])


async def test_an_outbox_is_read_to_its_end_while_more_is_published(fediverse: Fediverse, maya: Any) -> None:
    uris = [(await write(maya)).uri for _ in range(45)]
    found, address, pages = [], f"{maya.uri}/outbox?page=1", 0
    while address is not None:
        page = (await ask(fediverse, maya.here, address)).json()
        assert (page["id"], page["type"]) == (address, "OrderedCollectionPage")
        found += [item["object"]["id"] for item in page["orderedItems"]]
        address, pages = page.get("next"), pages + 1
        fediverse.clock.advance(1)
        await write(maya)
    assert (sorted(found), pages) == (sorted(uris), 3)
