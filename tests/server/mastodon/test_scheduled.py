"""What apps have published later: in its time, once, whatever happens meanwhile; and whoever took it back is heard."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from server.accounts import actions as accounts
from server.build import build_beside
from server.communities import members
from server.mastodon.ids import number_of
from server.notes import scheduling
from tests.apps import app_of, ids
from tests.conftest import Fediverse
from tests.contract import broken
from tests.posting import community, follow, join
from tests.server.mastodon.test_changing import upload
from tests.server.mastodon.test_writing import STATUSES, two

SCHEDULED = "/api/v1/scheduled_statuses"


def at(fediverse: Fediverse, **later: int) -> str:
    """A time from now, as apps write it."""
    moment: datetime = fediverse.clock.now() + timedelta(**later)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


async def test_what_cannot_wait_is_refused_and_what_waits_is_its_authors(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    app, other, nobody = [await app_of(fediverse, here, who) for who in (amara, bruno, None)]
    narrow = await app_of(fediverse, here, amara, scopes="read:accounts")
    for when in (at(fediverse, minutes=4), at(fediverse, minutes=-9), at(fediverse, days=4000), "tomorrow", "99999"):
        assert await app.refused("POST", STATUSES, json={"status": "x", "scheduled_at": when}) == 422, when
    later = at(fediverse, minutes=10)
    assert await app.refused("POST", STATUSES, json={"status": " ", "scheduled_at": later}) == 422
    assert (
        await app.refused("POST", STATUSES, json={"status": "x", "in_reply_to_id": "1", "scheduled_at": later}) == 404
    )
    made = await app.post(STATUSES, {"status": "Later", "scheduled_at": later})
    assert broken("ScheduledStatus", made, "scheduled") == []
    path = f"{SCHEDULED}/{made['id']}"
    for method in ("GET", "PUT", "DELETE"):
        assert await other.refused(method, path, json={"scheduled_at": later}) == 404
        assert await nobody.refused(method, path) == 401
        assert await narrow.refused(method, path) == 403
        assert await app.refused(method, f"{SCHEDULED}/1") == 404
    assert await nobody.refused("GET", SCHEDULED) == 401
    assert await other.get(SCHEDULED) == []
    assert await app.refused("PUT", path) == 422
    assert await app.refused("PUT", path, json={"scheduled_at": at(fediverse, minutes=1)}) == 422
    assert ids(await app.get(SCHEDULED)) == [made["id"]]


async def test_it_is_published_in_its_time_once_after_a_restart(fediverse: Fediverse) -> None:
    amara, bruno, app, other = await two(fediverse)
    await follow(bruno, amara)
    await fediverse.settle()
    picture = await upload(app, description="A wall")
    body = {
        "status": "Good morning\n#chalk",
        "spoiler_text": "Early",
        "media_ids": [picture["id"]],
        "visibility": "unlisted",
        "language": "de",
        "scheduled_at": at(fediverse, days=3),
    }
    key = {"headers": {"Idempotency-Key": "later"}}
    made = await app.post(STATUSES, body, **key)
    assert (await app.post(STATUSES, body, **key))["id"] == made["id"]
    assert made["params"]["text"] == "Good morning\n#chalk"
    assert made["params"]["media_ids"] == [picture["id"]]
    assert made["media_attachments"][0]["description"] == "A wall"
    assert await app.get("/api/v1/timelines/home") == []
    for _ in range(5):
        # Files that belong to nothing are swept after a day.
        fediverse.clock.advance(12 * 3600)
        await fediverse.settle()
    assert await other.get("/api/v1/timelines/home") == []
    beside = await build_beside(app.here, transport=fediverse.network)
    fediverse.clock.advance(13 * 3600)
    (scheduled_id,) = await app.here.run(app.here.db.rows, "SELECT id FROM scheduled_note")
    payload = {"id": scheduled_id["id"]}
    await asyncio.gather(*(app.here.run(scheduling.publish, here, payload) for here in (app.here, beside, beside)))
    await app.here.run(beside.worker.run_until_idle)
    await fediverse.settle()
    await beside.engine.aclose()
    (mine,) = await app.get("/api/v1/timelines/home")
    (there,) = await other.get("/api/v1/timelines/home")
    assert there["uri"] == mine["uri"]
    assert (mine["visibility"], mine["spoiler_text"], mine["language"]) == ("unlisted", "Early", "de")
    assert [item["description"] for item in there["media_attachments"]] == ["A wall"]
    assert await app.get(SCHEDULED) == []
    assert await app.refused("GET", f"{SCHEDULED}/{made['id']}") == 404


async def test_it_can_be_put_off_and_taken_back(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    app = await app_of(fediverse, here, await fediverse.person(here, "amara"))
    picture = await upload(app)
    first = await app.post(STATUSES, {"status": "First", "scheduled_at": at(fediverse, minutes=10)})
    fediverse.clock.advance(1)
    poll = {"options": ["Yes", "No"], "expires_in": 600}
    second = await app.post(STATUSES, {"status": "Second", "poll": poll, "scheduled_at": at(fediverse, minutes=10)})
    fediverse.clock.advance(1)
    third = await app.post(
        STATUSES, {"status": "Third", "media_ids": [picture["id"]], "scheduled_at": at(fediverse, minutes=10)}
    )
    assert ids(await app.get(SCHEDULED)) == [third["id"], second["id"], first["id"]]
    page = await app.call("GET", SCHEDULED, params={"limit": 2})
    assert f"max_id={second['id']}" in page.headers["link"]
    assert ids(await app.get(SCHEDULED, max_id=second["id"])) == [first["id"]]
    assert ids(await app.get(SCHEDULED, min_id=first["id"], limit=1)) == [second["id"]]
    gone = await app.call("DELETE", f"{SCHEDULED}/{third['id']}")
    assert (gone.status_code, gone.json()) == (200, {})
    moved = await app.call("PUT", f"{SCHEDULED}/{first['id']}", data={"scheduled_at": at(fediverse, hours=2)})
    assert moved.json()["scheduled_at"] == at(fediverse, hours=2)
    fediverse.clock.advance(3600)
    await fediverse.settle()
    (shown,) = await app.get("/api/v1/timelines/home")
    assert "Second" in shown["content"]
    # The time that people have to choose begins when they can.
    assert shown["poll"]["expired"] is False
    assert await app.refused("GET", f"/api/v1/media/{picture['id']}") == 404
    fediverse.clock.advance(3700)
    await fediverse.settle()
    assert len(await app.get("/api/v1/timelines/home")) == 2


async def test_what_can_no_longer_be_said_stays_with_the_reason(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara, bruno = await fediverse.person(here, "amara"), await fediverse.person(here, "bruno")
    group: Any = await community(bruno, "science")
    await join(amara, group)
    app = await app_of(fediverse, here, amara)
    made = await app.post(STATUSES, {"status": "@science hello", "scheduled_at": at(fediverse, minutes=10)})
    await amara.do(members.leave, group.id)
    fediverse.clock.advance(700)
    await fediverse.settle()
    assert await app.get("/api/v1/timelines/home") == []
    (waits,) = await app.get(SCHEDULED)
    assert waits["id"] == made["id"]
    assert "Join this community first." in waits["peerhall"]["problem"]
    await join(amara, group)
    await app.call("PUT", f"{SCHEDULED}/{made['id']}", json={"scheduled_at": at(fediverse, minutes=10)})
    fediverse.clock.advance(700)
    await fediverse.settle()
    assert ids(await app.get(f"/api/v1/accounts/{number_of(group.id)}/statuses"))
    assert await app.get(SCHEDULED) == []


async def test_s27_what_waits_goes_with_the_account(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara = await fediverse.person(here, "amara")
    await fediverse.person(here, "ada", role="admin")
    app = await app_of(fediverse, here, amara)
    body = {"status": "Later", "scheduled_at": at(fediverse, minutes=10)}
    await app.post(STATUSES, body, headers={"Idempotency-Key": "x"})
    await here.run(accounts.delete_account, here, amara.viewer.account_id, by="test")
    for table in ("scheduled_note", "sent_once"):
        assert await here.run(here.db.rows, f"SELECT id FROM {table}") == []
    fediverse.clock.advance(700)
    await fediverse.settle()
    assert await here.run(here.db.rows, "SELECT id FROM post WHERE state = 'visible'") == []
