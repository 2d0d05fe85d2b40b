"""What communities pass on, to whom, in which words and order (section 2.4 of the profile; FEP-1b12)."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from federation.signatures import cavage
from federation.testing import make_signer
from federation.vocab.base import PUBLIC
from server.actors.models import Actor
from server.actors.removal import forget_remote
from server.communities import actions as communities
from server.fediverse import leases, outbox, sending
from server.posts import actions
from tests.conftest import Fediverse
from tests.posting import Stranger, _client, community, found, reply, write

SAYS = {"generator": {"type": "Application", "implements": ["https://w3id.org/fep/1b12"]}}


class Letters(Stranger):
    """A foreign server that keeps what it receives letter by letter, and sends what the test writes."""

    def __init__(self, fediverse: Any, domain: str) -> None:
        super().__init__(fediverse, domain)
        self.letters: list[bytes] = []

    async def _answer(self, request: Any) -> Any:
        if request.method == "POST":
            self.letters.append(await request.body())
        return await super()._answer(request)

    async def say(self, here: Any, actor: str, text: bytes) -> int:
        """Deliver a text as it is."""
        key = make_signer(actor)
        headers = cavage.headers(
            "POST", here.settings.domain, "/ap/inbox", body=text, key_id=key.rsa_key_id, key=key.rsa_key,
            now=self.clock.now(),
        )  # fmt: skip
        async with _client(self.network, here) as client:
            return int((await client.post("/ap/inbox", content=text, headers=headers)).status_code)

    def announced(self) -> list[str]:
        """Types of the activities that were announced, in order."""
        return [item["object"]["type"] for item in self.received if isinstance(item.get("object"), dict)
                and item["type"] == "Announce"]  # fmt: skip


class Hall:
    """Maya's community, followed by a Lemmy-like, a Mastodon-like and an unknown server."""

    def __init__(self, fediverse: Any, maya: Any, group: Any) -> None:
        self.fediverse, self.maya, self.here, self.group = fediverse, maya, maya.here, group
        self.lem, self.toot, self.odd = (Letters(fediverse, f"{name}.example") for name in ("lem", "toot", "odd"))
        self.lena = self.lem.actor("lena", **SAYS)
        self.tom = self.toot.actor("tom")
        self.otto = self.odd.actor("otto")

    async def gather(self) -> None:
        for server, actor in ((self.lem, self.lena), (self.toot, self.tom), (self.odd, self.otto)):
            assert await server.send(self.here, server.activity("Follow", actor, self.group.uri)) == 202
        await self.fediverse.settle()
        for host in ("toot.example",):
            await self.here.run(
                self.here.db.execute, "UPDATE peer SET software = 'mastodon', dialect = 'microblog' WHERE host = :host",
                host=host,
            )  # fmt: skip
        self.forget()

    def forget(self) -> None:
        for server in (self.lem, self.toot, self.odd):
            server.received.clear()
            server.letters.clear()


@pytest.fixture
async def hall(fediverse: Fediverse) -> Hall:
    maya = await fediverse.person(await fediverse.start("hall.example"), "maya")
    made = Hall(fediverse, maya, await community(maya, "algebra"))
    await made.gather()
    return made


async def test_what_was_received_is_passed_on_letter_by_letter(hall: Hall) -> None:
    note = hall.toot.note(hall.tom, "p/1", "<p>Hé</p>", to=[hall.group.uri, PUBLIC], cc=[])
    note |= {"name": "A title"}
    create = hall.toot.activity("Create", hall.tom, note, path="c/1")
    # Spaces, order, escapes, numbers and keys that nobody knows: none of it may change.
    text = json.dumps(create, indent=3, ensure_ascii=True)[:-1] + ',\n "x:unknown" : [1.50, 1E2, "\\u00e9"]\n}'
    assert await hall.toot.say(hall.here, hall.tom, text.encode()) == 202
    await hall.fediverse.settle()
    (sent,) = [letter for letter in hall.lem.letters if b'"Announce"' in letter]
    assert text.encode() in sent
    assert json.loads(sent)["object"] == json.loads(text)
    # And so at its id, for who fetches it.
    async with _client(hall.fediverse.network, hall.here) as client:
        served = await client.get(json.loads(sent)["id"], headers={"accept": "application/activity+json"})
    assert text.encode() in served.content


async def test_a_held_post_is_passed_on_letter_by_letter_once_it_is_let_through(fediverse: Fediverse) -> None:
    here = await fediverse.start("hall.example", federation="careful")
    maya = await fediverse.person(here, "maya", role="admin")
    hall = Hall(fediverse, maya, await community(maya, "algebra"))
    await hall.gather()
    note = hall.odd.note(hall.otto, "p/1", to=[hall.group.uri, PUBLIC], name="A title")
    text = json.dumps(hall.odd.activity("Create", hall.otto, note, path="c/1"), indent=7).encode()
    assert await hall.odd.say(here, hall.otto, text) == 202
    await fediverse.settle()
    assert hall.lem.letters == []
    post = await found(here, note["id"])
    assert post is not None
    assert post.state == "held"
    await maya.do(actions.approve_post, post.id)
    await fediverse.settle()
    assert any(text in letter for letter in hall.lem.letters)


async def test_where_it_came_from_hears_only_of_what_is_new(hall: Hall) -> None:
    post = await write(hall.maya, community_id=hall.group.id)
    await hall.fediverse.settle()
    hall.forget()
    lem = hall.lem
    own = await lem.create(
        hall.fediverse, hall.here, hall.lena, "p/1", to=[hall.group.uri, PUBLIC], audience=hall.group.uri, name="Mine"
    )
    await lem.send(hall.here, lem.activity("Like", hall.lena, post.uri, path="l/1"))
    changed = lem.documents[own] | {"name": "Mine, again", "updated": "2026-01-15T10:30:00Z"}
    hall.fediverse.clock.advance(3600)
    await lem.send(hall.here, lem.activity("Update", hall.lena, changed, path="u/1"))
    await lem.send(hall.here, lem.activity("Delete", hall.lena, own, path="d/1"))
    await hall.fediverse.settle()
    # Lemmy shows a post to others than its author once it was announced back.
    assert lem.announced() == ["Create"]
    assert hall.odd.announced() == ["Create", "Update", "Delete"]


async def test_followers_beside_the_author_get_the_boost_too(hall: Hall) -> None:
    uri = await hall.toot.create(
        hall.fediverse, hall.here, hall.tom, "p/1", "<p>@algebra Fractions?</p>", to=[PUBLIC], cc=[hall.group.uri]
    )
    boosts = [item for item in hall.toot.received if item["type"] == "Announce"]
    assert [item["object"] for item in boosts] == [uri]


async def test_microblogs_get_no_likes_replies_or_edits_of_others(hall: Hall) -> None:
    post = await write(hall.maya, community_id=hall.group.id)
    await reply(hall.maya, post, "An answer")
    await hall.lem.send(hall.here, hall.lem.activity("Like", hall.lena, post.uri, path="l/1"))
    await hall.lem.create(
        hall.fediverse, hall.here, hall.lena, "p/2", to=[PUBLIC], cc=[hall.group.uri], inReplyTo=post.uri
    )
    await hall.maya.do(actions.set_locked, post.id, locked=True)
    await hall.fediverse.settle()
    announces = [item for item in hall.toot.received if item["type"] == "Announce"]
    assert [item["object"] for item in announces] == [post.uri]
    assert set(hall.lem.announced()) >= {"Create", "Lock"}
    assert [item["object"] for item in hall.odd.received if isinstance(item["object"], str)] == [post.uri]


async def test_every_announce_ever_sent_is_taken_back_also_by_a_community_that_is_closed(hall: Hall) -> None:
    uri = await hall.lem.create(
        hall.fediverse, hall.here, hall.lena, "p/1", to=[hall.group.uri, PUBLIC], audience=hall.group.uri, name="Mine"
    )
    post = await found(hall.here, uri)
    assert post is not None
    await hall.maya.do(actions.remove_post, post.id, "for a while")
    await hall.fediverse.settle()
    await hall.maya.do(actions.restore_post, post.id)
    await hall.fediverse.settle()
    await hall.maya.do(communities.archive_community, hall.group.id)
    await hall.here.run(hall.here.db.execute, "UPDATE post SET community_id = NULL WHERE id = :id", id=post.id)
    await hall.lem.send(hall.here, hall.lem.activity("Delete", hall.lena, uri, path="d/1"))
    await hall.fediverse.settle()
    for server in (hall.toot, hall.odd):
        sent = {item["id"] for item in server.received if item["type"] == "Announce"}
        undone = [item["object"]["id"] for item in server.received if item["type"] == "Undo"]
        boosts = {item["id"] for item in server.received if item["type"] == "Announce" and item["object"] == uri}
        assert len(boosts) == 2
        assert boosts <= set(undone)
        assert {item for item in sent if item in undone} >= boosts
        assert len(undone) == len(set(undone))


async def test_boosts_end_with_an_author_whose_account_ends(hall: Hall) -> None:
    uri = await hall.lem.create(
        hall.fediverse, hall.here, hall.lena, "p/1", to=[hall.group.uri, PUBLIC], audience=hall.group.uri, name="Mine"
    )
    lena = await hall.here.run(Actor.get, uri=hall.lena)
    await hall.here.run(forget_remote, hall.here, lena)
    await hall.fediverse.settle()
    undone = [item for item in hall.toot.received if item["type"] == "Undo"]
    assert [item["object"]["object"] for item in undone if item["object"]["object"] == uri] == [uri]


async def test_an_edit_that_comes_before_the_post_is_passed_on_as_the_post(hall: Hall) -> None:
    lem = hall.lem
    note = lem.note(
        hall.lena, "p/1", to=[hall.group.uri, PUBLIC], audience=hall.group.uri, name="Mine",
        updated="2026-01-15T09:30:00Z",
    )  # fmt: skip
    await lem.send(hall.here, lem.activity("Update", hall.lena, note, path="u/1"))
    await lem.send(hall.here, lem.activity("Create", hall.lena, note, path="c/1"))
    await hall.fediverse.settle()
    assert [item["object"] for item in hall.toot.received] == [note["id"]]
    assert hall.odd.announced() == ["Update"]
    assert lem.announced() == ["Update"]


async def test_a_post_that_was_fetched_for_its_answer_is_passed_on_when_it_comes(hall: Hall) -> None:
    lem = hall.lem
    note = lem.note(hall.lena, "p/1", to=[hall.group.uri, PUBLIC], audience=hall.group.uri, name="Mine")
    await lem.create(
        hall.fediverse, hall.here, hall.lena, "p/2", to=[PUBLIC], cc=[hall.group.uri], inReplyTo=note["id"],
        audience=hall.group.uri,
    )  # fmt: skip
    assert hall.odd.announced() == []
    assert lem.announced() == ["Create"]
    await lem.send(hall.here, lem.activity("Create", hall.lena, note, path="c/1"))
    await lem.send(hall.here, lem.activity("Create", hall.lena, note, path="c/again"))
    await hall.fediverse.settle()
    assert [item["object"]["object"]["id"] for item in lem.received] == [lem.uri("p/2"), note["id"]]
    assert [item["object"] for item in hall.toot.received if item["type"] == "Announce"] == [note["id"]]


async def test_r3_order_is_kept_through_failures_and_racing_workers(hall: Hall) -> None:
    post = await write(hall.maya, "One", community_id=hall.group.id)
    hall.fediverse.network.down.add("lem.example")
    await hall.fediverse.settle()
    hall.fediverse.clock.advance(5)
    await hall.maya.do(actions.edit_post, post.id, actions.PostChange(source_md="Two"))
    answer = await reply(hall.maya, post, "Three")
    await hall.fediverse.settle()
    await hall.maya.do(actions.delete_post, answer.id)
    hall.fediverse.network.down.clear()
    hall.fediverse.clock.advance(3600)
    here = hall.here
    with here.db.bind():
        while await outbox.spread(here):
            pass
        while any(await asyncio.gather(*(sending.step(here) for _ in range(6)))):
            pass
    of_group = [item for item in hall.lem.received if item["type"] == "Announce"]
    assert [item["object"]["type"] for item in of_group] == ["Create", "Update", "Create", "Delete"]


async def test_r6_a_worker_whose_lease_ran_out_leaves_the_rest_to_the_next(hall: Hall) -> None:
    """It was slow in the middle of a batch; somebody else has the host by now, and the order is kept."""
    posts = [await write(hall.maya, f"{number}", community_id=hall.group.id) for number in range(4)]
    here, lem = hall.here, hall.lem
    slow = {"first": True}
    normal = lem._answer

    async def late(request: Any) -> Any:
        answer = await normal(request)
        if request.method == "POST" and slow.pop("first", False):
            hall.fediverse.clock.advance(leases.LEASE.total_seconds() + 60)
            with here.db.bind():
                while await sending.step(here):
                    pass
        return answer

    lem._answer = late  # type: ignore[method-assign]
    lem.network.apps["lem.example"] = _app_of(lem)
    await hall.fediverse.settle()
    order = [item["object"]["object"]["id"] for item in lem.received if item["type"] == "Announce"]
    first_seen = list(dict.fromkeys(order))
    assert first_seen == [post.uri for post in posts]
    assert order[-1] == posts[-1].uri
    assert (await here.run(here.db.row, "SELECT lease_until FROM peer WHERE host = 'lem.example'")) == {
        "lease_until": None
    }


async def test_r3_what_is_committed_late_is_not_skipped(hall: Hall) -> None:
    """Two transactions take numbers 5 and 6, and 6 is there first: 5 must still be sent, though 6 was already."""
    here, lem = hall.here, hall.lem
    await write(hall.maya, "Before", community_id=hall.group.id)
    await hall.fediverse.settle()
    lem.received.clear()
    last = await here.run(here.db.value, "SELECT max(seq) AS seq FROM outgoing")
    row = await here.run(here.db.row, "SELECT * FROM outgoing WHERE seq = :seq", seq=last)

    async def put(seq: int) -> None:
        body = json.dumps({**json.loads(row["body"]), "id": f"https://hall.example/ap/a/test/{seq}"})
        await here.db.execute(
            "INSERT INTO outgoing (seq, activity_id, sender, followers_of, inboxes, dialects, body, created_at,"
            " expires_at) VALUES (:seq, :id, :sender, :followers, '[]', '', :body, :now, :until)",
            seq=seq, id=f"https://hall.example/ap/a/test/{seq}", sender=row["sender"], followers=row["followers_of"],
            body=body, now=here.clock.now(), until=here.clock.now() + timedelta(days=8),
        )  # fmt: skip

    done = {"yet": False}
    normal = lem._answer

    async def meanwhile(request: Any) -> Any:
        answer = await normal(request)
        if request.method == "POST" and not done["yet"]:
            done["yet"] = True
            with here.db.bind():
                await put(last + 1)
                while await outbox.spread(here):
                    pass
        return answer

    lem._answer = meanwhile  # type: ignore[method-assign]
    lem.network.apps["lem.example"] = _app_of(lem)
    await here.run(put, last + 2)
    await hall.fediverse.settle()
    sent = [item["id"].rpartition("/")[2] for item in lem.received]
    assert set(sent) == {str(last + 1), str(last + 2)}


def _app_of(server: Any) -> Any:
    """An application that asks the server's present method."""

    async def answer(request: Any) -> Any:
        return await server._answer(request)

    return Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])
