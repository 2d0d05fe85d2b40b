"""The index: who finds what (S15), what leaves it (S27), and how it is ranked."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from server.actors.events import ActorChanged, ActorDeleted
from server.actors.models import Actor
from server.actors.viewer import ANONYMOUS
from server.db import query_log
from server.peers import actions as peers
from server.posts.events import PostDeleted, PostEdited, PostHeld, PostRemoved
from server.search import actions, newest, queries
from server.search.words import MAX_WORD
from tests.facts import emit, make_community, make_follow, make_member, make_post, make_remote

MARK = "zebrafinch"
RESOURCES = queries.KINDS["resources"]


async def found(here, viewer, text: str = MARK, **options) -> list[str]:
    result = await here.run(queries.search_posts, here, viewer, text, **options)
    return [post.title for post in result.posts]


@dataclass
class Cast:
    """One community and everybody who stands in some relation to it."""

    here: object
    author: object
    member: object
    follower: object
    other: object
    admin: object
    community: Actor

    def all(self) -> dict[str, object]:
        people = {"author": self.author, "member": self.member, "follower": self.follower, "other": self.other}
        return {name: person.viewer for name, person in people.items()} | {"nobody": ANONYMOUS}


@pytest.fixture
async def cast(fediverse) -> Cast:
    here = await fediverse.start("alder.example")
    author, member, follower, other = [
        await fediverse.person(here, name) for name in ("amara", "bruno", "chen", "dora")
    ]
    admin = await fediverse.person(here, "ana", role="admin")
    community = await make_community(here, "science", stewards=(author.id,))
    await make_member(here, community.id, member.id)
    await make_member(here, community.id, other.id, state="applied")
    await make_follow(here, follower.id, author.id)
    return Cast(here, author, member, follower, other, admin, community)


@pytest.mark.parametrize(
    ("visibility", "readers"),
    [
        ("private", ""),
        ("direct", ""),
        ("members", "author member"),
        ("followers", "author follower"),
        ("instance", "author member follower other"),
        ("network", "author member follower other"),
        ("unlisted", "author member follower other nobody"),
        ("public", "author member follower other nobody"),
    ],
)
async def test_l7_s15_only_the_audience_finds_a_post(cast, visibility: str, readers: str) -> None:
    await make_post(
        cast.here,
        cast.author.id,
        title="Secret",
        content_html=f"<p>{MARK}</p>",
        visibility=visibility,
        community_id=cast.community.id,
    )
    seen = {name for name, viewer in cast.all().items() if await found(cast.here, viewer)}
    assert seen == set(readers.split())


async def test_s15_admins_find_no_more_than_others(cast) -> None:
    for visibility in ("members", "followers", "direct", "private"):
        await make_post(cast.here, cast.author.id, title=MARK, visibility=visibility, community_id=cast.community.id)
    assert await found(cast.here, cast.admin.viewer) == []


@pytest.mark.parametrize("state", ["draft", "held", "removed", "deleted"])
async def test_s15_what_is_not_visible_is_found_by_nobody(cast, state: str) -> None:
    post = await make_post(cast.here, cast.author.id, title=MARK, state=state)
    await cast.here.run(actions.index_post, cast.here, post.id)
    for viewer in (*cast.all().values(), cast.admin.viewer):
        assert await found(cast.here, viewer) == []


async def test_s15_a_member_who_left_finds_nothing_any_more(cast) -> None:
    await make_post(cast.here, cast.author.id, title=MARK, visibility="members", community_id=cast.community.id)
    assert await found(cast.here, cast.member.viewer) == [MARK]
    await cast.here.run(
        cast.here.db.execute, "UPDATE membership SET state = 'left' WHERE person_id = :id", id=cast.member.id
    )
    assert await found(cast.here, cast.member.viewer) == []


@pytest.mark.parametrize("event", ["deleted", "removed", "held"])
async def test_s27_what_is_gone_leaves_the_index(cast, event: str) -> None:
    post = await make_post(cast.here, cast.author.id, title=MARK)
    assert await found(cast.here, ANONYMOUS) == [MARK]
    await cast.here.run(cast.here.db.execute, "UPDATE post SET state = :state WHERE id = :id", state=event, id=post.id)
    happened = {
        "deleted": PostDeleted(post.id, post.uri),
        "removed": PostRemoved(post.id, cast.admin.id, "clause 3"),
        "held": PostHeld(post.id),
    }[event]
    await emit(cast.here, happened)
    rows = await cast.here.run(cast.here.db.rows, "SELECT * FROM search_thing WHERE thing_id = :id", id=post.id)
    assert rows == []
    if cast.here.db.dialect == "sqlite":
        count = await cast.here.run(
            cast.here.db.value, "SELECT count(*) AS n FROM search_text WHERE search_text MATCH :mark", mark=MARK
        )
        assert count == 0


async def test_s27_with_a_person_everything_they_wrote_leaves_the_index(cast) -> None:
    await make_post(cast.here, cast.author.id, title=MARK)
    await emit(cast.here, ActorDeleted(cast.author.id))
    count = await cast.here.run(cast.here.db.value, "SELECT count(*) AS n FROM search_thing WHERE kind = 'post'")
    assert count == 0


async def test_s17_suspended_people_and_their_posts_are_not_found(cast) -> None:
    await make_post(cast.here, cast.author.id, title=MARK)
    await cast.here.run(cast.here.db.execute, "UPDATE actor SET suspended_at = 1 WHERE id = :id", id=cast.author.id)
    assert await found(cast.here, cast.other.viewer) == []
    people = await cast.here.run(queries.search_actors, cast.here, "amara", kind="Person")
    assert people.actors == []


async def test_an_edit_is_found_and_what_it_said_before_is_not(cast) -> None:
    post = await make_post(cast.here, cast.author.id, title="Old", content_html=f"<p>{MARK}</p>")
    await cast.here.run(
        cast.here.db.execute,
        "UPDATE post SET title = 'New', content_html = '<p>kingfisher</p>' WHERE id = :id",
        id=post.id,
    )
    await emit(cast.here, PostEdited(post.id))
    assert await found(cast.here, ANONYMOUS) == []
    assert await found(cast.here, ANONYMOUS, "kingfisher") == ["New"]


async def test_authors_elsewhere_who_want_not_to_be_found_are_not(cast) -> None:
    shy = await make_remote(cast.here, "shy", "birch.example")
    open_ = await make_remote(cast.here, "open", "birch.example", indexable=True)
    post = await make_post(cast.here, shy.id, title="shy", content_html=MARK, is_local=False, kind="note")
    await make_post(cast.here, open_.id, title="open", content_html=MARK, is_local=False, kind="note")
    assert await found(cast.here, ANONYMOUS) == ["open"]
    assert await found(cast.here, cast.other.viewer) == ["open"]
    await cast.here.run(
        cast.here.db.execute,
        "INSERT INTO timeline_entry (reader_id, post_id, at) VALUES (:reader, :post, 1)",
        reader=cast.other.id,
        post=post.id,
    )
    assert set(await found(cast.here, cast.other.viewer)) == {"open", "shy"}


async def test_people_of_a_limited_server_are_left_out(cast) -> None:
    loud = await make_remote(cast.here, "loud", "birch.example", indexable=True)
    await emit(cast.here, ActorChanged(loud.id))
    await make_post(cast.here, loud.id, title=MARK, is_local=False, kind="note")
    assert await found(cast.here, ANONYMOUS) == [MARK]
    await cast.here.run(peers.set_grade, cast.here, "birch.example", "limited", "ana")
    assert await found(cast.here, ANONYMOUS) == []
    assert (await cast.here.run(queries.search_actors, cast.here, "loud", kind="Person")).actors == []


async def test_people_who_hide_are_not_found_and_others_are_by_what_they_know(cast) -> None:
    await cast.here.run(
        cast.here.db.execute, "UPDATE account SET ask_me_about = 'owls' WHERE actor_id = :id", id=cast.author.id
    )
    await emit(cast.here, ActorChanged(cast.author.id))
    by_topic = await cast.here.run(queries.search_actors, cast.here, "owls", kind="Person")
    assert [person.handle for person in by_topic.actors] == ["@amara"]
    await cast.here.run(cast.here.db.execute, "UPDATE actor SET discoverable = FALSE WHERE id = :id", id=cast.author.id)
    assert (await cast.here.run(queries.search_actors, cast.here, "owls", kind="Person")).actors == []
    await emit(cast.here, ActorChanged(cast.author.id))
    assert (
        await cast.here.run(cast.here.db.rows, "SELECT * FROM search_thing WHERE thing_id = :id", id=cast.author.id)
        == []
    )


async def test_l7_kinds_scope_and_pages(cast) -> None:
    remote = await make_remote(cast.here, "far", "birch.example", indexable=True)
    for kind in ("practice", "ask", "resource"):
        await make_post(cast.here, cast.author.id, title=kind, content_html=MARK, kind=kind)
    await make_post(cast.here, remote.id, title="far", content_html=MARK, kind="note", is_local=False)
    assert await found(cast.here, ANONYMOUS, kinds=queries.KINDS["practices"]) == ["practice"]
    assert set(await found(cast.here, ANONYMOUS, scope="here")) == {"practice", "ask", "resource"}
    first = await cast.here.run(queries.search_posts, cast.here, ANONYMOUS, MARK, page=1, limit=3)
    second = await cast.here.run(queries.search_posts, cast.here, ANONYMOUS, MARK, page=2, limit=3)
    assert (len(first.posts), first.has_more, len(second.posts), second.has_more) == (3, True, 1, False)
    assert not {post.id for post in first.posts} & {post.id for post in second.posts}
    assert await found(cast.here, ANONYMOUS, page=10_000) == []


async def test_titles_weigh_more_than_texts_and_new_more_than_old(fediverse, cast) -> None:
    filler = " ".join(f"word{number}" for number in range(40))
    await make_post(cast.here, cast.author.id, title="old", content_html=f"{MARK} {filler}")
    fediverse.clock.advance(timedelta(days=900).total_seconds())
    author = await fediverse.as_person(cast.here, cast.author.id)
    await make_post(cast.here, author.id, title="new", content_html=f"{MARK} {filler}")
    await make_post(cast.here, author.id, title=f"{MARK} title", content_html=filler)
    await make_post(cast.here, author.id, title="other", content_html=filler)
    assert await found(cast.here, ANONYMOUS) == [f"{MARK} title", "new", "old"]


async def test_any_word_of_a_sentence_finds_asks(cast) -> None:
    ask = await make_post(cast.here, cast.author.id, title="Which retrieval practice?", kind="ask")
    await make_post(cast.here, cast.author.id, title="Something else", kind="ask")
    ids = await cast.here.run(
        queries.ids_about, cast.here, cast.other.viewer, "retrieval, spacing and sleep", kinds=("ask",)
    )
    assert ids == [ask.id]


@pytest.mark.parametrize("text", ["", "   ", "-zebra", '"', "'; DROP TABLE post; --", "a" * 5000, "\x00", "%", "\\"])
async def test_strange_questions_find_nothing_and_break_nothing(cast, text: str) -> None:
    await make_post(cast.here, cast.author.id, title=MARK)
    assert await found(cast.here, ANONYMOUS, text) == []


async def test_very_long_texts_and_words_are_indexed(cast) -> None:
    text = " ".join(f"{MARK}{number}" for number in range(30_000)) + " " + "x" * 5000
    await make_post(cast.here, cast.author.id, title="Long", content_html=f"<p>{text}</p>")
    assert await found(cast.here, ANONYMOUS, f"{MARK}7 ") == ["Long"]
    await make_post(cast.here, cast.author.id, title="x" * 300)
    assert await found(cast.here, ANONYMOUS, "x" * MAX_WORD + " ") == ["x" * 300]


async def test_rebuilding_finds_everything_again(cast) -> None:
    await make_post(cast.here, cast.author.id, title=MARK)
    for table in ("search_thing", "search_text") if cast.here.db.dialect == "sqlite" else ("search_thing",):
        await cast.here.run(cast.here.db.execute, f"DELETE FROM {table}")
    assert await found(cast.here, ANONYMOUS) == []
    await cast.here.run(actions.rebuild, cast.here)
    assert await found(cast.here, ANONYMOUS) == [MARK]


async def test_the_number_of_queries_does_not_grow_with_what_is_found(cast) -> None:
    async def statements() -> int:
        log: list[str] = []
        token = query_log.set(log)
        await found(cast.here, cast.member.viewer)
        query_log.reset(token)
        return len(log)

    await make_post(cast.here, cast.author.id, title=MARK, community_id=cast.community.id)
    few = await statements()
    for number in range(15):
        await make_post(cast.here, cast.author.id, title=f"{MARK} {number}", community_id=cast.community.id)
    assert await statements() == few <= 8


async def test_only_the_newest_matches_are_weighed_and_older_ones_are_a_link_away(cast, monkeypatch) -> None:
    for name, number in {"NEAR": 6, "FAR": 12, "WEIGHED": 5, "ENOUGH": 3, "COMMON": 4}.items():
        monkeypatch.setattr(newest, name, number)
    for number in range(20):
        hidden = {"visibility": "followers"} if number % 2 else {}
        await make_post(cast.here, cast.author.id, title=f"{number}", content_html=f"{MARK}s again", **hidden)
    seen, until = [], None
    for _ in range(9):
        part = await cast.here.run(queries.search_posts, cast.here, ANONYMOUS, f"again {MARK}", until=until)
        seen += sorted((int(post.title) for post in part.posts), reverse=True)
        assert len(part.posts) <= newest.WEIGHED
        until = part.older
        if until is None:
            break
    assert seen == list(range(18, -1, -2))
    assert len(await found(cast.here, cast.follower.viewer, MARK)) == 5
    await make_post(cast.here, cast.author.id, title="rare", content_html=f"{MARK[:3]}us")
    for number in range(20):
        await make_post(cast.here, cast.author.id, title=f"{number}", content_html=f"{MARK}s")
    # What is seldom is found behind all of what begins alike.
    assert await found(cast.here, ANONYMOUS, f"{MARK[:3]}us") == ["rare"]


async def test_people_are_found_behind_any_number_of_posts(cast, monkeypatch) -> None:
    for name, number in {"NEAR": 4, "FAR": 4, "WEIGHED": 4}.items():
        monkeypatch.setattr(newest, name, number)
    await emit(cast.here, ActorChanged(cast.author.id))
    for number in range(6):
        await make_post(cast.here, cast.author.id, title=f"{number}", content_html="amara")
    people = await cast.here.run(queries.search_actors, cast.here, "amara", kind="Person")
    assert [person.handle for person in people.actors] == ["@amara"]
    assert len(await found(cast.here, ANONYMOUS, "amara")) == 4


@pytest.mark.parametrize("few", [0, 500])
async def test_s15_resources_are_found_alike_among_few_and_among_many(cast, monkeypatch, few: int) -> None:
    monkeypatch.setattr(queries, "FEW", few)
    texts = {"one": "Owls hunt at night", "two": "At night owls sleep badly", "three": "Badly drawn owls, never owned"}
    for title, text in texts.items():
        await make_post(cast.here, cast.author.id, title=title, content_html=text, kind="resource")
        await make_post(cast.here, cast.author.id, title=f"about {title}", content_html=text, kind="practice")
    hidden = {"kind": "resource", "visibility": "members", "community_id": cast.community.id}
    await make_post(cast.here, cast.author.id, title="inside", content_html="Owls inside", **hidden)
    looked_for = {
        "owls": "one two three", "owls night": "one two", '"owls hunt"': "one", "owls -badly": "one",
        "owls slee": "two", "bad": "two three", "own": "three", '"hunt owls"': "", "hunts": "", "title": "",
    }  # fmt: skip
    for text, titles in looked_for.items():
        assert sorted(await found(cast.here, ANONYMOUS, text, kinds=RESOURCES)) == sorted(titles.split()), text
    inside = {"owls": cast.member.viewer, "inside": cast.author.viewer}
    for text, viewer in inside.items():
        assert "inside" in await found(cast.here, viewer, text, kinds=RESOURCES)
    for viewer in (cast.follower.viewer, cast.other.viewer, cast.admin.viewer, ANONYMOUS):
        assert "inside" not in await found(cast.here, viewer, "owls", kinds=RESOURCES)
