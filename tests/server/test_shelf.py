"""Documents are made once, and never given out when they are not true any more (S15, P6)."""

import sqlite3
from dataclasses import replace

import pytest

from federation.ports import Reader
from server.actors.rotating import rotate_keys
from server.build import build, close
from server.db import Database
from server.discussions import actions as discussions
from server.discussions.actions import ThreadForm
from server.posts import actions as posts
from server.shelf import MadeFrom, Shelf
from tests.web.test_costs import statements

ACTIVITY = {"accept": "application/activity+json"}
FORM = ThreadForm(kind="discussion", title="How do you begin?", text="What works?", visibility="public")


@pytest.fixture
async def alder(fediverse):
    return await fediverse.start("alder.example")


@pytest.fixture
async def elsewhere(fediverse, alder):
    """The same instance in another process, as far as the database is concerned."""
    other = await build(alder.settings, clock=fediverse.clock, transport=fediverse.network, durable=False)
    yield other
    await close(other)


async def read(fediverse, here, uri, **headers):
    async with fediverse.client(here) as reader:
        return await reader.get(uri, headers=ACTIVITY | headers)


async def test_s15_what_was_deleted_narrowed_or_suspended_by_another_process_is_not_served(fediverse, alder, elsewhere):
    amara = await fediverse.person(alder, "amara")
    there = replace_here(amara, elsewhere)
    gone, narrowed, kept = [
        await amara.do(discussions.start, replace(FORM, nobody_identifiable=True)) for _ in range(3)
    ]
    for post in (gone, narrowed, kept):
        assert (await read(fediverse, alder, post.uri)).status_code == 200
        assert (await read(fediverse, alder, post.uri)).status_code == 200
    await there.do(posts.delete_post, gone.id)
    await elsewhere.run(elsewhere.db.execute, "UPDATE post SET visibility = 'followers' WHERE id = :id", id=narrowed.id)
    assert [(await read(fediverse, alder, post.uri)).status_code for post in (gone, narrowed, kept)] == [410, 404, 200]
    await elsewhere.run(
        elsewhere.db.execute,
        "UPDATE actor SET suspended_at = :now WHERE id = :id",
        id=amara.id,
        now=fediverse.clock.now(),
    )
    assert (await read(fediverse, alder, kept.uri)).status_code == 404
    assert (await read(fediverse, alder, amara.uri)).status_code == 404


async def test_a_document_says_what_is_so_now_and_costs_nothing_when_nothing_changed(
    fediverse, alder, elsewhere, monkeypatch
):
    monkeypatch.setattr(Shelf, "verifying", False)
    amara, bruno = await fediverse.person(alder, "amara"), await fediverse.person(alder, "bruno")
    post = await amara.do(discussions.start, replace(FORM, nobody_identifiable=True))
    await fediverse.settle()
    first = await read(fediverse, alder, post.uri)
    for uri in (post.uri, amara.uri):
        await read(fediverse, alder, uri)
        with alder.db.bind(), statements(alder) as log:
            again = await read(fediverse, alder, uri)
            tagged = await read(fediverse, alder, uri, **{"if-none-match": again.headers["etag"]})
        assert (again.status_code, tagged.status_code, tagged.content) == (200, 304, b"")
        # PostgreSQL is asked each time whether something changed.
        assert len(log) <= (0 if alder.db.dialect == "sqlite" else 6), log
    assert (await read(fediverse, alder, post.uri)).content == first.content
    other = replace_here(bruno, elsewhere)
    reply = await other.do(
        discussions.reply, post.id, ThreadForm(kind="reply", text="A song.", nobody_identifiable=True)
    )
    answered = (await read(fediverse, alder, post.uri)).json()
    assert (answered["replies"]["totalItems"], answered["replies"]["first"]["items"]) == (1, [reply.uri])
    await other.do(posts.like_post, post.id)
    assert (await read(fediverse, alder, post.uri)).json()["likes"]["totalItems"] == 1
    key = answered["proof"]["verificationMethod"]
    await elsewhere.run(rotate_keys, elsewhere, amara.id, by="owner")
    assert (await read(fediverse, alder, amara.uri)).json()["assertionMethod"][0]["id"] != key


async def test_only_so_much_is_kept_and_the_longest_unused_goes_first(fediverse, alder):
    people = [await fediverse.person(alder, name) for name in ("amara", "bruno", "chidi")]
    made: list[str] = []
    provide = alder.documents["u"]
    body = len((await read(fediverse, alder, people[0].uri)).content)
    shelf = Shelf(alder.db, "actor", [MadeFrom("community", "t.id = actor.id")], room=2 * (body + 900))

    async def get(person):
        async def make():
            made.append(person.viewer.handle)
            return await provide(person.uri, None, Reader())

        with alder.db.bind():
            return await shelf.get(person.uri, make)

    shelf.verifying = False
    amara, bruno, chidi = people
    for person in (amara, bruno, amara, chidi, amara, bruno):
        await get(person)
    assert made == ["@amara", "@bruno", "@chidi", "@bruno"]


async def test_nothing_is_kept_of_a_database_in_memory_whose_version_nobody_knows():
    db = Database("sqlite:///:memory:")
    assert db.glance.version() is None
    db.glance.close()


def replace_here(person, here):
    """The same person, acting in another process."""
    return type(person)(here, person.viewer, person.token)


async def test_a_database_that_is_away_is_said_as_such_for_documents_too(fediverse, alder):
    amara = await fediverse.person(alder, "amara")

    async def away(*_, **__):
        raise sqlite3.OperationalError("database is locked")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Shelf, "get", away)
        answer = await read(fediverse, alder, amara.uri)
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    assert (await read(fediverse, alder, amara.uri)).status_code == 200
