"""The endpoints: discovery, documents for readers, inboxes; and S21."""

import json
from collections.abc import Callable

import pytest

from federation.errors import Crowded, TryLater
from federation.inbox import in_hand
from federation.inbox.door import Door
from federation.ports import Receipt
from federation.testing import FakeClock, Network, make_signer
from tests.federation.conftest import Server, World, follow, signed


async def test_webfinger(world: World) -> None:
    async def ask(resource: str) -> tuple[int, str]:
        response = await world.alder.get(f"/.well-known/webfinger?{resource}")
        assert response.headers["access-control-allow-origin"] == "*"
        return response.status_code, response.headers.get("content-type", "").partition(";")[0]

    for malformed in (
        "",
        "resource=",
        "resource=x",
        "resource=acct:",
        "resource=acct:@",
        "resource=acct:a%20b@c",
        "resource=http://",
        "resource=acct:a@b&resource=acct:c@d",
        "resource=" + "a" * 2000 + "@b",
    ):
        assert (await ask(malformed))[0] == 400
    assert (await ask("resource=acct:nobody@alder.example"))[0] == 404
    for known in ("acct:amara@alder.example", world.amara):
        assert await ask(f"resource={known}") == (200, "application/jrd+json")


async def test_nodeinfo_and_host_meta(world: World) -> None:
    index = (await world.alder.get("/.well-known/nodeinfo")).json()
    for link in index["links"][:2]:
        assert (await world.alder.get(link["href"].removeprefix(world.alder.origin))).json()["software"][
            "name"
        ] == "peerhall"
    assert (await world.alder.get("/nodeinfo/3.0")).status_code == 404
    assert b"lrdd" in (await world.alder.get("/.well-known/host-meta")).content


async def test_documents_are_served_with_their_type_and_validators(world: World) -> None:
    response = await world.alder.get("/ap/u/amara")
    assert response.headers["content-type"] == "application/activity+json"
    assert response.headers["vary"] == "Accept, Signature"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.json()["id"] == world.amara
    assert (await world.alder.get("/ap/u/none")).status_code == 404
    served = world.alder.objects.documents[world.amara]
    world.alder.objects.documents[world.amara] = type(served)(served.body, etag="abc")
    response = await world.alder.get("/ap/u/amara", {"If-None-Match": 'W/"abc", "x"'})
    assert (response.status_code, response.content, response.headers["etag"]) == (304, b"", '"abc"')
    world.alder.publish({"id": f"{world.alder.origin}/ap/p/gone", "type": "Tombstone"}, status=410)
    assert (await world.alder.get("/ap/p/gone")).status_code == 410


async def test_private_documents_are_for_their_readers(world: World) -> None:
    note = world.alder.note("secret", world.amara)
    uri = str(note["id"])
    world.alder.objects.private[uri] = {"birch.example"}
    assert (await world.alder.get("/ap/p/secret")).status_code == 404
    for actor, status in ((world.mallory, 404), (world.bruno, 200)):
        headers = signed(uri, None, world.key(actor), world.clock, method="GET")
        assert (await world.alder.get("/ap/p/secret", headers)).status_code == status
        assert (await world.alder.get("/ap/p/other", headers)).status_code in (401, 404)
    assert (await world.birch.engine.fetch(uri))["id"] == uri


async def test_authorized_fetch_refuses_the_unsigned_and_does_not_loop() -> None:
    network, clock = Network(), FakeClock()
    alder = Server("alder.example", network, clock, authorized_fetch=True)
    birch = Server("birch.example", network, clock, authorized_fetch=True)
    alder.add_actor("amara")
    assert (await alder.get("/ap/u/amara")).status_code == 401
    assert (await alder.get("/ap/actor")).status_code == 200
    assert (await birch.engine.fetch("https://alder.example/ap/u/amara"))["type"] == "Person"
    for server in (alder, birch):
        await server.engine.aclose()


async def test_inboxes(world: World) -> None:
    body = json.dumps(follow(world.bruno, world.amara)).encode()

    async def post(path: str, **changes: str) -> int:
        headers = signed(f"{world.alder.origin}{path}", body, world.key(world.bruno), world.clock)
        return (await world.alder.post(body, {**headers, **changes}, path)).status_code

    assert await post("/ap/u/nobody/inbox") == 404
    assert await post("/ap/u/amara") == 405
    assert (await world.alder.get("/ap/inbox")).status_code in (404, 405)
    assert (await world.alder.get("/ap/u/nobody/inbox")).status_code == 404
    empty = (await world.alder.get("/ap/u/amara/inbox")).json()
    assert (empty["type"], empty["orderedItems"]) == ("OrderedCollection", [])
    assert await post("/ap/inbox", **{"Content-Type": "text/plain"}) == 415
    assert await post("/ap/u/amara/inbox") == 202
    assert await world.alder.work() == ["done"]


@pytest.mark.parametrize("length", ["-1", "1e3", "99999999999999999999999", "x", "١", " 5 5"])
async def test_s21_odd_lengths_give_4xx(world: World, length: str) -> None:
    pairs = [(b"Content-Type", b"application/activity+json"), (b"Content-Length", length.encode())]
    response = await world.alder.post(b"{}", pairs)  # type: ignore[arg-type]
    assert 400 <= response.status_code < 500


async def test_s21_two_hosts_are_refused(world: World) -> None:
    body = json.dumps(follow(world.bruno, world.amara)).encode()
    headers = signed("https://alder.example/ap/inbox", body, world.key(world.bruno), world.clock)
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    response = await world.alder.post(body, [*pairs, (b"Host", b"evil.example")])  # type: ignore[arg-type]
    assert response.status_code == 401


async def test_an_owner_out_of_reach_is_asked_for_later(world: World) -> None:
    world.network.down.add("birch.example")
    response = await world.alder.send(follow(world.bruno, world.amara), make_signer(world.bruno))
    assert (response.status_code, response.headers["retry-after"]) == (503, "60")


async def test_r11_requests_are_turned_away_while_too_much_is_in_hand(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = follow(world.bruno, world.amara)
    size = len(json.dumps(document))

    async def send() -> tuple[int, str | None]:
        answer = await world.alder.send(document, world.key(world.bruno))
        return answer.status_code, answer.headers.get("retry-after")

    monkeypatch.setattr(in_hand, "MAX_IN_HAND", 0)
    assert await send() == (503, "60")
    monkeypatch.setattr(in_hand, "MAX_IN_HAND", 1)
    monkeypatch.setattr(in_hand, "MAX_BYTES_IN_HAND", size - 1)
    assert await send() == (503, "60")
    monkeypatch.setattr(in_hand, "MAX_BYTES_IN_HAND", size)
    assert await send() == (202, None), "what was answered makes room"


async def test_r5_who_floods_is_told_to_come_soon_and_counted_by_what_was_proven(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = world.alder.engine.endpoints._door
    asked: list[tuple[str, str]] = []
    came: list[tuple[str, str | None]] = []
    open_ = False

    async def let_in(self: Door, address: str, claimed: Callable[[], str]) -> bool:
        asked.append((address, claimed()))
        return open_

    monkeypatch.setattr(Door, "let_in", let_in)
    monkeypatch.setattr(Door, "came", lambda self, address, site, at: came.append((address, site)))
    document = follow(world.bruno, world.amara)
    answer = await world.alder.send(document, world.key(world.bruno))
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")
    assert (asked, came, door.held) == ([("127.0.0.1", "birch.example")], [], 0)
    open_ = True
    unsigned = [(b"Content-Type", b"application/activity+json")]
    assert (await world.alder.post(json.dumps(document).encode(), unsigned)).status_code == 401  # type: ignore[arg-type]
    assert (await world.alder.send(document, make_signer("https://other.example/u/eve"))).status_code == 503
    assert (await world.alder.send(document, world.key(world.bruno))).status_code == 202
    assert [site for _, site in came] == [None, None, "birch.example"]
    assert asked[1:] == [("127.0.0.1", ""), ("127.0.0.1", "other.example"), ("127.0.0.1", "birch.example")]


async def test_r5_who_has_too_much_waiting_is_told_to_come_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for error, status in ((Crowded("Too much waits."), 429), (TryLater("Nothing can be written."), 503)):

        async def refuse(receipt: Receipt, error: Exception = error) -> bool:
            raise error

        monkeypatch.setattr(world.alder.receipts, "store", refuse)
        answer = await world.alder.send(follow(world.bruno, world.amara), world.key(world.bruno))
        assert (answer.status_code, answer.headers["retry-after"]) == (status, "60")
