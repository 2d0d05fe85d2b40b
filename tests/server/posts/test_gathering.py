"""The rest of a thread and somebody's latest posts, fetched in the background: refusals and limits first."""

from typing import Any

import pytest

from federation.vocab.base import PUBLIC
from server.actors import actions as actors
from server.posts import actions, gathering
from server.posts.models import Gathering, Post
from server.search import lookup
from tests.conftest import Fediverse
from tests.posting import Stranger, found, reply, write

MORE = "More from other servers is being fetched"


class Far(Stranger):
    """A server with a thread: `p/0`, written by Sofia, with what the test puts under it."""

    def __init__(self, fediverse: Any, domain: str = "far.example") -> None:
        super().__init__(fediverse, domain)
        self.sofia = self.actor("sofia")
        self.asked: list[str] = []

    async def _answer(self, request: Any) -> Any:
        if request.method == "GET":
            self.asked.append(request.url.path)
        return await super()._answer(request)

    def post(self, number: int, parent: str | None = None, **more: Any) -> str:
        """A post of the thread."""
        facts = {"published": f"2026-01-15T09:{number % 60:02}:00Z"} | more
        if parent is not None:
            facts["inReplyTo"] = parent
        return str(
            self.note(more.get("attributedTo", self.sofia), f"p/{number}", f"<p>Post {number}</p>", **facts)["id"]
        )

    def collection(self, path: str, items: list[Any] | None = None, **more: Any) -> str:
        """A collection that can be fetched."""
        uri = self.uri(path)
        listed = {} if items is None else {"orderedItems": items}
        self.documents[uri] = {"id": uri, "type": "OrderedCollection", **listed, **more}
        return uri


@pytest.fixture
async def maya(fediverse: Fediverse) -> Any:
    """Somebody who looks at a thread elsewhere."""
    return await fediverse.person(await fediverse.start("alder.example"), "maya")


@pytest.fixture
def far(fediverse: Fediverse) -> Far:
    return Far(fediverse)


async def look(fediverse: Fediverse, maya: Any, uri: str) -> Post:
    """Look a post up, and let the background do what it does."""
    here = maya.here
    assert await here.run(lookup.look_up, here, maya.viewer, uri) is not None
    await fediverse.settle()
    post = await found(here, uri)
    assert post is not None
    return post


async def thread(here: Any, root: str) -> list[str]:
    """Ends of the ids of a thread here, oldest first."""
    rows = await here.run(
        here.db.rows,
        "SELECT reply.uri FROM post AS reply JOIN post AS root ON root.id = reply.root_id WHERE root.uri = :root"
        " AND reply.id <> root.id ORDER BY reply.published_at, reply.id",
        root=root,
    )
    return [row["uri"].rpartition("/")[2] for row in rows]


async def test_s15_nothing_is_fetched_for_what_is_not_public(fediverse: Fediverse, maya: Any, far: Far) -> None:
    here = maya.here
    root = far.post(
        0, to=[f"{far.sofia}/followers"], cc=[], replies=far.collection("r/0", [far.post(1, far.uri("p/0"))])
    )
    await here.run(actors.request_follow, here, maya.id, (await here.run(actors.resolve, here, far.sofia)).id)
    follow = next(item for item in far.received if item["type"] == "Follow") if far.received else None
    await fediverse.settle()
    follow = next(item for item in far.received if item["type"] == "Follow")
    await far.send(here, far.activity("Accept", far.sofia, follow, path="acc/1"))
    await far.send(here, far.activity("Create", far.sofia, far.documents[root], path="c/0"))
    await fediverse.settle()
    post = await found(here, root)
    assert post is not None
    assert post.visibility == "followers"
    assert not await here.run(gathering.opened, here, maya.viewer, post.id)
    await here.run(gathering.looked_up, here, post)
    await fediverse.settle()
    assert "/r/0" not in far.asked


async def test_s15_what_is_not_public_in_a_public_thread_is_left_alone(
    fediverse: Fediverse, maya: Any, far: Far
) -> None:
    root = far.post(0, context=far.uri("t/0"))
    whisper = far.post(1, root, to=[f"{far.sofia}/followers"], cc=[])
    far.collection("t/0", [root, whisper, far.post(2, root)])
    await look(fediverse, maya, root)
    assert await thread(maya.here, root) == ["2"]


async def test_s16_lists_elsewhere_are_not_read(fediverse: Fediverse, maya: Any, far: Far) -> None:
    victim = Far(fediverse, "victim.example")
    root = far.post(0, context=victim.uri("t/0"), replies={"id": victim.uri("r/0"), "first": victim.uri("r/0?page=1")})
    await look(fediverse, maya, root)
    assert victim.asked == []


async def test_s16_a_list_of_somebody_else_s_posts_is_not_used_against_them(
    fediverse: Fediverse, maya: Any, far: Far
) -> None:
    victim = Far(fediverse, "victim.example")
    unrelated = [victim.post(number) for number in range(200)]
    root = far.post(0, context=far.uri("t/0"))
    far.collection("t/0", [root, *unrelated, *(victim.uri(f"missing/{number}") for number in range(200))])
    await look(fediverse, maya, root)
    assert await thread(maya.here, root) == []
    assert len([path for path in victim.asked if path.startswith(("/p/", "/missing"))]) <= gathering.MAX_FOREIGN
    # And the next thread with such a list finds that hour's patience used up.
    asked = len(victim.asked)
    for number in range(1, 12):
        another = far.post(1000 * number, context=far.uri(f"t/{number}"))
        far.collection(f"t/{number}", [victim.uri(f"more/{number}/{other}") for other in range(60)])
        await look(fediverse, maya, another)
    assert len(victim.asked) - asked <= gathering.FOREIGN_PER_HOUR


async def test_s7_only_its_own_posts_are_believed_from_a_list(fediverse: Fediverse, maya: Any, far: Far) -> None:
    other = Far(fediverse, "other.example")
    root = far.post(0, context=far.uri("t/0"))
    true = other.post(1, root)
    forged = other.documents[true] | {"content": "<p>Forged</p>"}
    invented = other.documents[true] | {"id": other.uri("p/none"), "content": "<p>Invented</p>"}
    impostor = {**far.documents[root], "id": far.uri("p/9"), "attributedTo": other.sofia, "inReplyTo": root}
    far.collection("t/0", [forged, invented, impostor])
    await look(fediverse, maya, root)
    assert await thread(maya.here, root) == ["1"]
    kept = await found(maya.here, true)
    assert kept is not None
    assert kept.content_html == "<p>Post 1</p>"


async def test_what_answers_nothing_in_the_thread_is_not_taken(fediverse: Fediverse, maya: Any, far: Far) -> None:
    root = far.post(0, context=far.uri("t/0"))
    elsewhere = far.post(50)
    far.collection("t/0", [root, elsewhere, far.post(51, elsewhere), far.post(1, root)])
    await look(fediverse, maya, root)
    assert await thread(maya.here, root) == ["1"]
    assert await found(maya.here, elsewhere) is None


async def test_s22_there_is_an_end_to_every_list(fediverse: Fediverse, maya: Any, far: Far) -> None:
    root = far.post(0, context=far.uri("t/0"))
    whole = [far.documents[far.post(number, root)] for number in range(1, 700)]
    far.collection("t/0", whole)
    await look(fediverse, maya, root)
    assert len(await thread(maya.here, root)) == gathering.MAX_OBJECTS


async def test_s22_there_is_an_end_to_depth_and_to_pages(fediverse: Fediverse, maya: Any, far: Far) -> None:
    root = far.post(0)
    parent = root
    for number in range(1, 130):
        far.documents[parent]["replies"] = far.collection(f"r/{number}", [far.uri(f"p/{number}")])
        parent = far.post(number, parent)
    await look(fediverse, maya, root)
    assert 0 < len(await thread(maya.here, root)) <= gathering.MAX_DEPTH
    assert len([path for path in far.asked if path.startswith("/r/")]) <= gathering.MAX_COLLECTIONS
    endless = far.post(500, context=far.uri("t/500"))
    for number in range(200):
        far.collection(f"t/500?page={number}", [], next=far.uri(f"t/500?page={number + 1}"))
    far.collection("t/500", None, first=far.uri("t/500?page=0"))
    await look(fediverse, maya, endless)
    assert len([path for path in far.asked if path == "/t/500"]) <= 51


async def test_s24_a_server_is_looked_at_so_many_times_an_hour(fediverse: Fediverse, maya: Any, far: Far) -> None:
    here = maya.here
    for number in range(gathering.PER_HOST_AND_HOUR + 5):
        root = far.post(number)
        post = await here.run(actions.fetch_post, here, root)
        await here.run(gathering.looked_up, here, post)
    assert len(await here.run(_all)) == gathering.PER_HOST_AND_HOUR


async def test_s8_what_was_deleted_stays_deleted(fediverse: Fediverse, maya: Any, far: Far) -> None:
    root = far.post(0, context=far.uri("t/0"))
    gone = far.post(1, root)
    far.collection("t/0", [root, far.documents[gone]])
    await far.send(maya.here, far.activity("Delete", far.sofia, gone, path="d/1"))
    await fediverse.settle()
    await look(fediverse, maya, root)
    assert await thread(maya.here, root) == []


async def test_strangers_who_would_wait_for_a_steward_are_not_fetched_into_the_queue(fediverse: Fediverse) -> None:
    maya = await fediverse.person(await fediverse.start("alder.example", federation="careful"), "maya")
    far = Far(fediverse)
    root = far.post(0, context=far.uri("t/0"))
    far.collection("t/0", [root, far.documents[far.post(1, root)]])
    await look(fediverse, maya, root)
    assert await thread(maya.here, root) == []


async def test_a_stranger_s_answer_sets_nothing_off(fediverse: Fediverse, maya: Any, far: Far) -> None:
    """Somebody sends answers to other people's posts, so that we ask their server for everything."""
    eve, victim = Far(fediverse, "eve.example"), Far(fediverse, "victim.example")
    root = victim.post(0, context=victim.uri("t/0"))
    victim.collection("t/0", [root])
    await eve.create(fediverse, maya.here, eve.sofia, "e/1", inReplyTo=root)
    assert victim.asked.count("/t/0") == 0
    assert await maya.here.run(_all) == []


async def test_the_collection_of_a_thread_is_read_first_with_all_its_pages(
    fediverse: Fediverse, maya: Any, far: Far
) -> None:
    other = Far(fediverse, "other.example")
    root = far.post(0, context=far.uri("t/0"), replies=far.uri("r/0"))
    first, theirs = far.post(1, root), other.post(2, far.uri("p/1"))
    last = far.post(3, theirs)
    far.collection("t/0", None, totalItems=4, first=far.uri("t/0?page=1"))
    far.collection("t/0?page=1", [root, first], next=far.uri("t/0?page=2"))
    far.collection("t/0?page=2", [theirs, far.documents[last]])
    far.collection("r/0", [first])
    await look(fediverse, maya, root)
    assert await thread(maya.here, root) == ["1", "2", "3"]
    assert far.asked.index("/t/0") < far.asked.index("/r/0")


@pytest.mark.parametrize("shape", ["address", "collection", "first page inside", "array", "Creates", "nested"])
async def test_answers_are_found_in_every_shape(fediverse: Fediverse, maya: Any, far: Far, shape: str) -> None:
    root = far.post(0)
    one, two = far.documents[far.post(1, root)], far.documents[far.post(2, root)]
    match shape:
        case "address":
            replies: Any = far.collection("r/0", [one["id"], two["id"]])
        case "collection":
            far.collection("r/0?page=1", [one["id"], two])
            replies = {"id": far.uri("r/0"), "type": "Collection", "first": far.uri("r/0?page=1")}
        case "first page inside":
            page = {"type": "CollectionPage", "items": [one["id"]], "next": far.collection("r/0?page=2", [two["id"]])}
            replies = {"id": far.uri("r/0"), "type": "Collection", "first": page}
        case "array":  # PieFed
            del far.documents[one["id"]], far.documents[two["id"]]
            replies = [one, two]
        case "Creates":
            creates = [{"type": "Create", "actor": far.sofia, "object": item} for item in (one, two["id"])]
            replies = far.collection("r/0", creates)
        case _:
            deep = far.documents[far.post(2, one["id"])]
            one["replies"] = far.collection("r/1", [deep["id"]])
            replies = far.collection("r/0", [one["id"]])
    far.documents[root]["replies"] = replies
    await look(fediverse, maya, root)
    assert await thread(maya.here, root) == ["1", "2"]


async def test_nodebb_lists_bare_numbers_with_the_latest_first(fediverse: Fediverse, maya: Any, far: Far) -> None:
    root = far.note(far.sofia, "post/1", context=far.uri("topic/7"))["id"]
    second = far.note(far.sofia, "post/2", inReplyTo=root, published="2026-01-15T09:10:00Z")["id"]
    far.note(far.sofia, "post/3", inReplyTo=second, published="2026-01-15T09:20:00Z")
    far.collection("topic/7", [3, "2", root])
    await look(fediverse, maya, root)
    assert await thread(maya.here, root) == ["2", "3"]


async def test_discourse_calls_it_a_conversation_with_posts(fediverse: Fediverse, maya: Any, far: Far) -> None:
    root = far.post(0, context=far.uri("t/0"))
    answer = far.post(1, root)
    far.documents[far.uri("t/0")] = {"id": far.uri("t/0"), "type": "Conversation", "posts": [root, answer]}
    await look(fediverse, maya, root)
    assert await thread(maya.here, root) == ["1"]


async def test_an_answer_from_somebody_we_follow_brings_the_thread(fediverse: Fediverse, maya: Any, far: Far) -> None:
    here, other = maya.here, Far(fediverse, "other.example")
    await here.run(actors.request_follow, here, maya.id, (await here.run(actors.resolve, here, other.sofia)).id)
    await fediverse.settle()
    follow = next(item for item in other.received if item["type"] == "Follow")
    await other.send(here, other.activity("Accept", other.sofia, follow, path="acc/1"))
    await fediverse.settle()
    top = far.post(0)
    root = far.post(1, top, context=far.uri("t/0"))
    far.documents[top]["context"] = far.collection("t/0", [top, root, far.post(2, root)])
    await other.create(fediverse, here, other.sofia, "p/9", inReplyTo=root, published="2026-01-15T09:30:00Z")
    assert await thread(here, top) == ["1", "2", "9"]


async def test_the_page_says_that_more_is_on_its_way_and_looks_again_after_hours(
    fediverse: Fediverse, maya: Any, far: Far
) -> None:
    here = maya.here
    root = far.post(0, context=far.uri("t/0"), name="A title", type="Article")
    far.collection("t/0", [root, far.post(1, root)])
    post = await here.run(actions.fetch_post, here, root)
    await here.run(here.db.execute, "DELETE FROM gathering")
    async with fediverse.client(here) as nobody, fediverse.client(here, maya) as browser:
        page = (await browser.get(f"/p/x-{post.short}")).headers["location"]
        assert MORE not in (await nobody.get(page)).text
        assert await here.run(_all) == []
        assert MORE in (await browser.get(page)).text
        assert MORE in (await nobody.get(page)).text
        await fediverse.settle()
        assert "Post 1" in (shown := (await browser.get(page)).text)
        assert MORE not in shown
        far.collection("t/0", [root, far.uri("p/1"), far.post(2, root)])
        fediverse.clock.advance(3600)
        await browser.get(page)
        await fediverse.settle()
        assert await thread(here, root) == ["1"]
        fediverse.clock.advance(4 * 3600)
        assert MORE in (await browser.get(page)).text
        await fediverse.settle()
        assert await thread(here, root) == ["1", "2"]


async def test_a_thread_of_ours_is_not_fetched(fediverse: Fediverse, maya: Any, far: Far) -> None:
    post = await write(maya)
    answer = await reply(maya, post)
    await far.create(fediverse, maya.here, far.sofia, "p/1", inReplyTo=answer.uri)
    assert not await maya.here.run(gathering.opened, maya.here, maya.viewer, post.id)
    assert await maya.here.run(_all) == []


@pytest.mark.parametrize("kind", ["Person", "Group"])
async def test_a_first_follow_is_no_empty_page(fediverse: Fediverse, maya: Any, kind: str) -> None:
    here, far, other = maya.here, Far(fediverse), Far(fediverse, "other.example")
    target = far.actor("club", kind, featured=far.uri("feat"), outbox=far.uri("out"))
    to = {"to": [PUBLIC, target], "cc": [], "audience": target} if kind == "Group" else {"attributedTo": target}
    own = [far.documents[far.post(number, **to)] for number in range(1, 30)]
    pinned = far.post(40, name="Pinned", **to)
    answer = far.documents[far.post(41, own[0]["id"], **to)]
    strange = other.post(42, **({"to": [PUBLIC, target], "cc": []} if kind == "Group" else {}))
    wrapped: list[Any] = [
        {"id": far.uri(f"an/{item['id'][-2:]}"), "type": "Announce", "actor": target, "object":
         {"id": far.uri(f"c/{item['id'][-2:]}"), "type": "Create", "actor": item["attributedTo"], "object": item}}
        if kind == "Group" else {"type": "Create", "actor": target, "object": item}
        for item in [answer, *own]
    ]  # fmt: skip
    far.collection("feat", [pinned])
    far.collection("out", None, first=far.uri("out?page=1"))
    far.collection("out?page=1", [{"type": "Announce", "actor": target, "object": strange}, *wrapped])
    await here.run(actors.request_follow, here, maya.id, (await here.run(actors.resolve, here, target)).id)
    await fediverse.settle()
    follow = next(item for item in far.received if item["type"] == "Follow")
    await far.send(here, far.activity("Accept", target, follow, path="acc/1"))
    await fediverse.settle()
    rows = await here.run(here.db.rows, "SELECT uri, community_id FROM post ORDER BY uri")
    kept = {row["uri"] for row in rows}
    assert pinned in kept
    assert answer["id"] not in kept
    assert (strange in kept) == (kind == "Group")
    assert 10 < len(kept) <= gathering.LATEST_POSTS + gathering.FEATURED_POSTS
    assert all((row["community_id"] is not None) == (kind == "Group") for row in rows)
    home = await here.run(here.db.value, "SELECT count(*) AS n FROM timeline_entry WHERE reader_id = :me", me=maya.id)
    assert home >= 10
    # A second follower finds it done.
    asked = len(far.asked)
    jonas = await fediverse.person(here, "jonas")
    await here.run(actors.request_follow, here, jonas.id, (await here.run(actors.resolve, here, target)).id)
    await fediverse.settle()
    again = [item for item in far.received if item["type"] == "Follow"][-1]
    await far.send(here, far.activity("Accept", target, again, path="acc/2"))
    await fediverse.settle()
    assert "/out" not in far.asked[asked:]


async def _all() -> list[Gathering]:
    return await Gathering.all()
