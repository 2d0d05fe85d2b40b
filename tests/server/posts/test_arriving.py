"""Posts that arrive together are taken in together, by the same rules and with the same effects as one by one."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from federation.ports import Receipt
from federation.vocab.base import PUBLIC
from server.actors import blocking
from server.actors.remote import ensure_remote
from server.communities import members
from server.db import query_log
from server.fediverse import claims, inbox
from server.fediverse.inbox import TOGETHER
from server.posts import actions
from server.posts.events import PostPublished
from tests.posting import Stranger, community, follow, found, write

MENTION = {"type": "Mention", "name": "@maya"}


@pytest.fixture
async def maya(fediverse: Any) -> Any:
    return await fediverse.person(await fediverse.start("alder.example"), "maya")


class Birch(Stranger):
    """A server with authors whom Alder knows."""

    @classmethod
    async def beside(cls, fediverse: Any, here: Any, *names: str, domain: str = "birch.example") -> "Birch":
        made = cls(fediverse, domain)
        for name in names:
            await here.run(ensure_remote, here, made.actor(name))
        return made

    async def deliver(self, here: Any, author: str, path: str, content: str = "<p>Yes</p>", **more: Any) -> str:
        """Put a Create into the inbox, as authentic; nothing processes it yet."""
        actor = self.uri(f"u/{author}")
        document = self.note(actor, path, content, **more)
        create = self.activity("Create", actor, document, path=f"a/{path}")
        body = json.dumps(create).encode()
        await here.run(
            here.engine._receipts.store,
            Receipt(create["id"], "Create", actor, actor, False, body, self.clock.now()),
        )
        return str(document["id"])


@contextmanager
def one_by_one(here: Any) -> Iterator[None]:
    """Nothing is taken in together."""
    kept = here.caches.pop(TOGETHER)
    yield
    here.caches[TOGETHER] = kept


async def work(here: Any) -> list[str]:
    """Process what is due in the inbox; returns the statements that the first step took."""
    statements: list[str] = []
    token = query_log.set(statements)
    try:
        assert await here.run(inbox.step, here)
    finally:
        query_log.reset(token)
    while await here.run(inbox.step, here):
        pass
    return statements


async def outcomes(here: Any) -> list[tuple[str, str | None]]:
    rows = await here.run(here.db.rows, "SELECT activity_id, outcome FROM inbox_receipt ORDER BY seq")
    return [(row["activity_id"].rpartition("/")[2], row["outcome"]) for row in rows]


async def test_what_is_refused_or_needs_more_is_looked_at_by_itself(fediverse: Any, maya: Any) -> None:
    here = maya.here
    birch = await Birch.beside(fediverse, here, "bruno", "eve")
    cedar = await Birch.beside(fediverse, here, "carla", domain="cedar.example")
    thread, closed = await write(maya), await write(maya)
    await maya.do(actions.set_locked, closed.id, locked=True)
    eve = await here.run(ensure_remote, here, birch.uri("u/eve"))
    await here.run(blocking.block, here, maya.id, eve.id)
    elsewhere = birch.note(birch.uri("u/bruno"), "above")
    await birch.deliver(here, "bruno", "n/first", inReplyTo=thread.uri)
    await birch.deliver(here, "eve", "n/blocked", inReplyTo=thread.uri)
    await birch.deliver(here, "bruno", "n/closed", inReplyTo=closed.uri)
    await birch.deliver(here, "bruno", "n/below", inReplyTo=elsewhere["id"])
    await birch.deliver(here, "bruno", "n/nowhere", inReplyTo=here.url("/ap/p/nothing"))
    await cedar.deliver(here, "carla", "n/other", inReplyTo=thread.uri)
    await birch.deliver(here, "bruno", "n/last", inReplyTo=thread.uri)
    await work(here)
    assert await outcomes(here) == [
        ("first", "done"),
        ("blocked", "refused"),
        ("closed", "refused"),
        ("below", "done"),
        ("nowhere", "ignored"),
        ("other", "done"),
        ("last", "done"),
    ]
    below = await found(here, birch.uri("n/below"))
    above = await found(here, elsewhere["id"])
    assert below is not None
    assert above is not None
    assert below.parent_id == above.id
    assert (await found(here, thread.uri)).replies_count == 3  # type: ignore[union-attr]


async def test_one_that_cannot_be_written_does_not_take_the_others_with_it(
    fediverse: Any, maya: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, thread = maya.here, await write(maya)
    birch = await Birch.beside(fediverse, here, "bruno")
    for number in range(4):
        await birch.deliver(here, "bruno", f"n/{number}", inReplyTo=thread.uri)
    stumbled = here.url("/")

    async def trip(events: Any) -> None:
        if len(events) > 1 or ((await found(here, birch.uri("n/2"))) is not None and not here.caches.get(stumbled)):
            here.caches[stumbled] = len(events) == 1
            raise RuntimeError("a subscriber stumbles")

    here.events.on_all(PostPublished, trip)
    await work(here)
    assert [outcome for _, outcome in await outcomes(here)] == ["done", "done", None, "done"]
    assert await found(here, birch.uri("n/2")) is None
    fediverse.clock.advance(60)
    await fediverse.settle()
    assert [outcome for _, outcome in await outcomes(here)] == ["done"] * 4
    assert (await found(here, thread.uri)).replies_count == 4  # type: ignore[union-attr]


async def test_r6_what_another_worker_did_meanwhile_is_not_done_again(fediverse: Any, maya: Any) -> None:
    here, thread = maya.here, await write(maya)
    birch = await Birch.beside(fediverse, here, "bruno")
    for number in range(3):
        await birch.deliver(here, "bruno", f"n/{number}", inReplyTo=thread.uri)
    rows = await here.run(inbox.claim, here, fediverse.clock.now() + claims.LEASE, most=9)
    assert len(rows) == 3
    assert await here.run(inbox.claim, here, fediverse.clock.now() + claims.LEASE, most=9) == []
    fediverse.clock.advance(claims.LEASE.total_seconds() + 1)
    await work(here)  # the lease ran out, and another worker took them
    await here.run(inbox._take_together, here, {"birch.example": list(rows)})
    assert (await found(here, thread.uri)).replies_count == 3  # type: ignore[union-attr]


@pytest.mark.parametrize("in_community", [False, True])
async def test_together_and_one_by_one_come_to_the_same(fediverse: Any, maya: Any, in_community: bool) -> None:
    here = maya.here
    ines = await fediverse.person(here, "ines")
    group = await community(maya) if in_community else None
    birch = await Birch.beside(fediverse, here, "bruno", "carla")
    await follow(ines, type("Target", (), {"uri": birch.uri("u/bruno")}))
    if group is not None:
        await ines.do(members.join, group.id)
    pictures = []
    for name in ("together", "alone"):
        thread = await write(maya, community_id=group.id if group else None)
        await fediverse.settle()
        mention = MENTION | {"href": maya.uri}
        file = {"type": "Document", "mediaType": "image/png", "url": birch.uri("1.png"), "name": "Slips"}
        tag = {"type": "Hashtag", "name": "#Slips", "href": birch.uri("tags/slips")}
        await birch.deliver(here, "bruno", f"{name}/1", "<p>One <b>x</b></p>", inReplyTo=thread.uri, tag=[mention])
        await birch.deliver(here, "carla", f"{name}/2", "<p>Two</p>", inReplyTo=thread.uri, tag=[tag, tag])
        await birch.deliver(here, "carla", f"{name}/3", inReplyTo=thread.uri, attachment=[file], summary="Long")
        await birch.deliver(here, "bruno", f"{name}/4", to=[f"{birch.uri('u/bruno')}/followers"], cc=[])
        await birch.deliver(here, "bruno", f"{name}/5", to=[maya.uri], cc=[], inReplyTo=thread.uri, tag=[mention])
        await birch.deliver(here, "bruno", f"{name}/6", to=["https://other.example/x"], cc=[PUBLIC], sensitive=True)
        if name == "alone":
            with one_by_one(here):
                await work(here)
        else:
            statements = await work(here)
            assert not [each for each in statements if "WHERE uri = :uri" in each], "none was looked at by itself"
        pictures.append(await picture(here, birch, name, thread))
    assert pictures[0] == pictures[1]
    assert len(pictures[0]["posts"]) == 6


async def picture(here: Any, birch: Birch, name: str, thread: Any) -> dict[str, Any]:
    """Everything that came of some posts, without what differs between any two."""
    at = birch.uri(f"{name}/%")
    posts = await here.run(here.db.rows, "SELECT * FROM post WHERE uri LIKE :at ORDER BY uri", at=at)
    names = {row["id"]: row["uri"].rpartition("/")[2] for row in posts} | {thread.id: "thread"}
    apart = {"id", "short", "uri", "url", "raw_create", "in_reply_to_uri", "context_uri"}
    shown = []
    for row in posts:
        kept = {key: value for key, value in row.items() if key not in apart}
        kept |= {"parent_id": names.get(row["parent_id"]), "root_id": names.get(row["root_id"])}
        places = row["counted"].split(".") if row["counted"] else []
        shown.append(kept | {"counted": [names.get(place, place) for place in places]})
    of = "post_id IN (SELECT id FROM post WHERE uri LIKE :at)"
    found: dict[str, Any] = {"posts": shown, "raw": [bool(row["raw_create"]) for row in posts]}
    for table, columns in (
        ("post_tag", "tag"),
        ("post_mention", "actor_id"),
        ("post_attachment", "kind, url, media_type, name, alt, width, height, position"),
        ("notification", "reader_id, kind, actor_id, community_id"),
        ("timeline_entry", "reader_id, via_id, at"),
        ("sent_activity", "is_public"),
    ):
        rows = await here.run(
            here.db.rows, f"SELECT post_id, {columns} FROM {table} WHERE {of} ORDER BY {columns}", at=at
        )
        found[table] = sorted(str({**row, "post_id": names[row["post_id"]]}) for row in rows)
    found["search"] = await here.run(
        here.db.value, f"SELECT count(*) AS n FROM search_thing WHERE {of.replace('post_id', 'thing_id')}", at=at
    )
    found["thread"] = await here.run(
        here.db.row, "SELECT replies_count, helped_count, last_activity_at FROM post WHERE id = :id", id=thread.id
    )
    return found


async def test_many_cost_hardly_more_statements_than_one(fediverse: Any, maya: Any) -> None:
    here, thread = maya.here, await write(maya)
    birch = await Birch.beside(fediverse, here, *(f"author{number}" for number in range(5)))
    counts = []
    for number in (1, 30):
        for each in range(number):
            await birch.deliver(here, f"author{each % 5}", f"{number}/{each}", inReplyTo=thread.uri)
        counts.append(len(await work(here)))
    looks_again = here.db.dialect == "postgres"  # whether what was claimed would overtake something
    assert counts == [22 + looks_again] * 2, "beside those of the models, which are as many for thirty as for one"
    assert (await found(here, thread.uri)).replies_count == 31  # type: ignore[union-attr]
