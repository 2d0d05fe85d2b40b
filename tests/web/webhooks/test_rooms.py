"""Chat rooms of an organisation hear of what everybody may read in a community, and of nothing else (N7)."""

import json
from dataclasses import replace
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from server.sessions import actions as events
from server.sessions.form import SessionForm
from server.webhooks import actions
from tests.conftest import Fediverse
from tests.posting import community, join, write

ROOM = "https://chat.example/hooks/T0/secret-room"


class Chat:
    """A chat that takes messages, as Slack and Teams do."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.status = 200

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.heard.append(json.loads(await Request(scope, receive).body()))
        await Response(status_code=self.status)(scope, receive, send)


@pytest.fixture
def chat(fediverse: Fediverse) -> Chat:
    """It is there."""
    fediverse.watch.let_deliveries_pass()  # a chat reads no ActivityPub
    found = fediverse.network.apps["chat.example"] = Chat()
    return found


async def test_n7_only_those_who_look_after_a_community_choose_rooms_and_only_outside(
    fediverse: Fediverse, chat: Chat
) -> None:
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    await join(tom, await community(maya))
    sent = {"act": "add", "url": ROOM, "form": "text", "wants": "practices"}
    async with fediverse.client(here, tom) as browser:
        assert (await browser.get("/c/science/rooms")).status_code == 403
        assert (await browser.post("/c/science/rooms", data=sent)).status_code == 403
    async with fediverse.client(here, maya) as browser:
        for url in (
            "http://chat.example/x",
            "https://chat.example:8443/x",
            "https://me:x@chat.example/x",
            "file:///etc/passwd",
            here.url("/inbox"),
            "room",
        ):
            refused = await browser.post("/c/science/rooms", data={**sent, "url": url})
            assert refused.status_code == 422, url
            assert url in refused.text, url
        assert (await browser.post("/c/science/rooms", data={**sent, "wants": "everything"})).status_code == 422
        assert (await browser.post("/c/science/rooms", data={"act": "remove", "room": "none"})).status_code == 404
        assert (await browser.post("/c/science/rooms", data=sent)).status_code == 303
        page = (await browser.get("/c/science/rooms")).text
        assert "chat.example/…room" in page
        assert "secret" not in page, "the address lets people write into the room"
    await fediverse.settle()
    assert "will be told here" in chat.heard[0]["text"]


async def test_n7_a_room_hears_of_what_everybody_may_read_and_of_nothing_else(fediverse: Fediverse, chat: Chat) -> None:
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    group = await community(maya)
    room = await maya.do(actions.add, group.id, url=ROOM, form="text", wants=("practices", "soon"))
    await maya.do(actions.add, group.id, url=f"{ROOM}/teams", form="card", wants=("events",))
    await fediverse.settle()
    chat.heard.clear()
    title = "<!channel> *Exit* tickets"
    await write(maya, "Two questions <@U1>.", kind="practice", title=title, community_id=group.id, visibility="public")
    for visibility in ("members", "instance"):
        await write(maya, "MARK", kind="practice", title="MARK", community_id=group.id, visibility=visibility)
    await write(maya, "MARK", kind="discussion", title="MARK", community_id=group.id, visibility="public")
    gone = await write(maya, "MARK", kind="practice", title="MARK", community_id=group.id, visibility="public")
    await here.run(here.db.execute, "UPDATE post SET state = 'removed' WHERE id = :id", id=gone.id)
    await fediverse.settle()
    assert len(chat.heard) == 1
    assert "MARK" not in json.dumps(chat.heard)
    assert "<!channel>" not in chat.heard[0]["text"]
    assert "Exit" in chat.heard[0]["text"]

    form = SessionForm(
        title="Peer circle",
        text="Bring one exercise.",
        starts="2026-01-15T14:00",
        ends="2026-01-15T15:00",
        timezone="UTC",
        place="Room 4",
        community_id=group.id,
        visibility="public",
    )
    await maya.do(events.publish_event, form)
    off = await maya.do(events.publish_event, replace(form, title="MARK"))
    await fediverse.settle()
    assert [heard["type"] for heard in chat.heard[1:]] == ["message", "message"]
    await here.run(here.db.execute, "UPDATE event_facts SET status = 'cancelled' WHERE id = :id", id=off.id)
    chat.heard.clear()
    for _ in range(5):
        fediverse.clock.advance(3600)
        await here.run(actions.look_ahead, here)
        await fediverse.settle()
    assert [heard["text"].split("\n")[0] for heard in chat.heard] == [f"{group.name} · within the hour"]

    chat.status = 500
    await write(maya, "Again", kind="practice", title="Late", community_id=group.id, visibility="public")
    await fediverse.settle()
    chat.status = 410
    fediverse.clock.advance(3600)
    await fediverse.settle()
    async with fediverse.client(here, maya) as browser:
        assert "turned off" in (await browser.get("/c/science/rooms")).text
        chat.status = 200
        assert (await browser.post("/c/science/rooms", data={"act": "try", "room": room.id})).status_code == 303
        await fediverse.settle()
        assert "turned off" not in (await browser.get("/c/science/rooms")).text
