"""Where we go and what we believe: S6, S7, S9, S13, S16, S18, S22, S23, S24."""

import asyncio
import gzip
import ipaddress
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from federation.errors import (
    AddressRefused,
    BudgetExceeded,
    FetchError,
    Gone,
    InvalidDocument,
    NotFound,
    Unreachable,
)
from federation.transport.client import Client
from federation.transport.documents import Budget, is_activitypub_type
from federation.transport.guard import Dialler, Guard, NetworkInTransaction, check_url, forbid_network, resolve
from federation.transport.pool import GuardedTransport
from tests.federation.conftest import World

PRIVATE = [
    "127.0.0.1",
    "127.1.2.3",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.0.1",
    "192.88.99.1",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:a9fe:a9fe",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2001::1",
    "2001:db8::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "100::1",
    "nonsense",
    "",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_s13_addresses_that_are_not_public_are_refused(address: str) -> None:
    assert not Guard().allows(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_s13_public_addresses_are_reached(address: str) -> None:
    assert Guard().allows(address)
    assert not Guard().allows(address, private_only=True)


def test_s13_allowed_private_addresses_are_reached() -> None:
    guard = Guard((ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("fd00::/8")))
    for address in ("127.0.0.1", "::ffff:127.0.0.1", "fd00::1"):
        assert guard.allows(address, private_only=True)
    assert not guard.allows("10.0.0.1")


@pytest.mark.parametrize(
    "url",
    [
        "http://public.example/",
        "ftp://a.example/",
        "file:///etc/passwd",
        "gopher://a/",
        "https://user:pw@a.example/",
        "https://a.example:22/",
        "https://a.example:8443/",
        "//a.example/",
        "https:///a",
        "javascript:alert(1)",
        "data:,x",
        "https://a.example\\@b.example/",
        "https://a.example\t.b/",
        "https://",
        "https://a%2eb/",
        "HTTPS://user@x/",
        "unix:/x",
    ],
)
def test_s13_only_https_on_its_port_and_without_credentials(url: str) -> None:
    with pytest.raises(AddressRefused):
        check_url(url, any_scheme_and_port=False)


def resolving(*answers: Sequence[str]) -> Callable[[str, int], Awaitable[Sequence[str]]]:
    left = list(answers)

    async def look(host: str, port: int) -> Sequence[str]:
        return left.pop(0)

    return look


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["1.1.1.1", "127.0.0.1"], ["::1"], ["169.254.169.254"], []])
async def test_s13_names_that_lead_inside_are_refused_when_connecting(addresses: list[str]) -> None:
    dialler = Dialler(Guard(), resolver=resolving(addresses))
    with pytest.raises(FetchError):
        await dialler.connect(asyncio.Protocol, "rebinding.example", 443, tls=None, seconds=0.1)


async def test_s13_spellings_of_loopback_are_refused_by_the_real_transport() -> None:
    transport = GuardedTransport(Guard())
    client = Client(transport, user_agent="test")
    for host in (
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "017700000001",
        "localhost",
        "a.localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "0",
        "0.0.0.0",
    ):
        with pytest.raises(FetchError):
            await client.request("GET", f"https://{host}/", {})
        with pytest.raises(AddressRefused):
            await client.request("GET", f"http://{host}/", {})
    await transport.aclose()


async def test_s13_plain_http_reaches_only_allowed_addresses() -> None:
    server = await asyncio.start_server(_answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    allowed = GuardedTransport(Guard((ipaddress.ip_network("127.0.0.0/8"),)))
    client = Client(allowed, user_agent="test", any_scheme_and_port=True)
    try:
        answer = await client.request("GET", f"http://alder.localhost:{port}/", {})
        assert (answer.status, answer.body) == (200, b"hello")
        elsewhere = GuardedTransport(Guard((ipaddress.ip_network("10.0.0.0/8"),)))
        refused = Client(elsewhere, user_agent="test", any_scheme_and_port=True)
        with pytest.raises(AddressRefused):
            await refused.request("GET", f"http://alder.localhost:{port}/", {})
        await elsewhere.aclose()
    finally:
        await allowed.aclose()
        server.close()
        await server.wait_closed()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
    await writer.drain()
    writer.close()


async def test_s13_no_proxy_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    transport = GuardedTransport(Guard(), resolver=_raises_unreachable)
    with pytest.raises(Unreachable):
        await Client(transport, user_agent="test").request("GET", "https://somewhere.example/", {})
    await transport.aclose()


async def _raises_unreachable(host: str, port: int) -> Sequence[str]:
    assert (host, port) == ("somewhere.example", 443)
    raise OSError


async def test_localhost_names_need_no_resolver() -> None:
    assert await resolve("alder.localhost", 80) == ("127.0.0.1",)


async def test_no_request_inside_a_transaction(world: World) -> None:
    token = forbid_network.set(True)
    try:
        for call in (
            world.alder.engine.fetch(world.bruno),
            world.alder.engine.raw_get("https://birch.example/x"),
            world.alder.engine.deliver(sender=world.amara, inbox="https://birch.example/ap/inbox", body=b"{}"),
        ):
            with pytest.raises(NetworkInTransaction):
                await call
    finally:
        forbid_network.reset(token)


# What is served by the hostile server in the tests below


def at(world: World, path: str, response: Callable[[], Response], host: str = "evil") -> str:
    async def endpoint(request: Request) -> Response:
        return response()

    server = getattr(world, host)
    server.app.router.routes.insert(0, Route(path, endpoint))
    return f"{server.origin}{path}"


AP = {"Content-Type": "application/activity+json"}


@pytest.mark.parametrize(
    "content_type",
    [
        "text/html",
        "application/json",
        "application/ld+json",
        "text/plain",
        "image/png",
        "",
        "application/activity+jsonx",
        'application/ld+json; profile="https://example.org/"',
        "text/html; application/activity+json",
    ],
)
async def test_s6_only_activitypub_types_are_believed(world: World, content_type: str) -> None:
    body = b'{"id":"https://evil.example/x","type":"Note"}'
    url = at(world, "/x", lambda: Response(body, headers={"Content-Type": content_type}))
    with pytest.raises(FetchError):
        await world.alder.engine.fetch(url)


def test_s6_both_types_are_known() -> None:
    for name in (
        "application/activity+json",
        "application/activity+json; charset=utf-8",
        'application/ld+json; profile="https://www.w3.org/ns/activitystreams"',
        'Application/LD+JSON;profile="https://www.w3.org/ns/activitystreams"; charset=utf-8',
    ):
        assert is_activitypub_type(name)


@pytest.mark.parametrize(
    "claimed",
    [
        "https://birch.example/ap/u/bruno",
        "https://alder.example/ap/u/amara",
        "x",
        "",
        "https://birch.example@evil.example/x",
        "https://evil.example.birch.example/x",
    ],
)
async def test_s7_a_server_cannot_define_what_is_not_its_own(world: World, claimed: str) -> None:
    body = f'{{"id":"{claimed}","type":"Person","name":"forged","inbox":"https://evil.example/inbox"}}'
    url = at(world, "/x", lambda: Response(body, headers=AP))
    try:
        document = await world.alder.engine.fetch(url)
    except FetchError:
        return
    assert document["name"] != "forged"


async def test_s7_a_redirect_proves_nothing_about_the_first_server(world: World) -> None:
    url = at(world, "/ap/p/1", lambda: RedirectResponse("https://evil.example/x"), host="birch")
    at(world, "/x", lambda: Response(b'{"id":"https://birch.example/ap/p/1","type":"Note"}', headers=AP))
    with pytest.raises(FetchError):
        await world.alder.engine.fetch(url)


async def test_s7_a_document_at_another_address_is_fetched_at_its_id(world: World) -> None:
    url = at(world, "/@bruno", lambda: RedirectResponse("/ap/u/bruno"), host="birch")
    assert (await world.alder.engine.fetch(url))["id"] == world.bruno
    for path in ("/loop", "/a"):
        at(world, path, lambda: RedirectResponse("/loop"), host="birch")
    with pytest.raises(FetchError):
        await world.alder.engine.fetch("https://birch.example/a")


async def test_s9_a_handle_is_shown_only_when_both_sides_agree(world: World) -> None:
    engine = world.alder.engine
    assert (await engine.fetch_actor(world.bruno)).webfinger == "bruno@birch.example"
    world.birch.actors.subjects.clear()
    world.clock.advance(600)
    assert (await engine.fetch_actor(world.bruno)).webfinger is None
    with pytest.raises(NotFound):
        await engine.resolve_handle("bruno@birch.example")
    body = (
        '{"subject":"acct:bruno@evil.example","links":[{"rel":"self","type":"application/activity+json","href":"%s"}]}'
    )
    at(world, "/.well-known/webfinger", lambda: Response(body % world.bruno, media_type="application/jrd+json"))
    with pytest.raises(NotFound):
        await engine.resolve_handle("bruno@evil.example")
    for handle in ("", "@", "a", "@a", "a@", "a@b@c", "a b@c.example", "x@https://y", "a@b/c"):
        with pytest.raises(InvalidDocument):
            await engine.resolve_handle(handle)


async def test_s16_addresses_that_point_elsewhere_are_not_used(world: World) -> None:
    engine = world.alder.engine
    for inbox in ("https://alder.example/ap/inbox", "http://10.0.0.1/", "ftp://x", "", "nonsense"):
        assert (await engine.deliver(sender=world.amara, inbox=inbox, body=b"{}")).kind == "refused"
    for url in ("https://alder.example/ap/u/amara", "https://127.0.0.1:99/", "http://birch.example/"):
        with pytest.raises(AddressRefused):
            await engine.fetch(url)
    signer = world.evil.add_actor("odd")
    document = {
        "id": signer.actor,
        "type": "Person",
        "preferredUsername": "odd",
        "inbox": "https://birch.example/ap/inbox",
    }
    world.evil.publish(document)
    with pytest.raises(InvalidDocument):
        await engine.fetch_actor(signer.actor)


async def test_s16_collections_stay_on_their_server(world: World) -> None:
    note = {"id": "https://birch.example/ap/p/1", "type": "Note", "content": "forged"}
    own = {"id": "https://evil.example/p/1", "type": "Note"}
    body = httpx.Response(
        200,
        json={
            "id": "https://evil.example/c",
            "type": "OrderedCollection",
            "orderedItems": [note, own, "https://birch.example/ap/p/2"],
            "next": "https://birch.example/ap/u/bruno",
        },
    ).content
    url = at(world, "/c", lambda: Response(body, headers=AP))
    items = await world.alder.engine.fetch_collection(url, budget=Budget(), limit=10)
    assert items == ["https://birch.example/ap/p/1", own, "https://birch.example/ap/p/2"]
    assert world.network.count("GET", "https://birch.example") == 0
    endless = httpx.Response(
        200,
        json={
            "id": "https://evil.example/e",
            "type": "Collection",
            "first": {"items": ["https://a.example/1"], "next": "https://evil.example/e"},
        },
    ).content
    url = at(world, "/e", lambda: Response(endless, headers=AP))
    assert await world.alder.engine.fetch_collection(url, budget=Budget(), limit=10) == ["https://a.example/1"]


async def _endless() -> AsyncIterator[bytes]:
    for _ in range(64):
        yield b" " * 65536


@pytest.mark.parametrize("encoding", ["identity", "gzip", "deflate", "gzip, gzip", "br", "zstd"])
async def test_s18_size_is_limited_also_when_compressed(world: World, encoding: str) -> None:
    plain = b" " * 50_000_000
    body = {
        "gzip": gzip.compress(plain, 1),
        "deflate": zlib.compress(plain, 1),
        "gzip, gzip": gzip.compress(gzip.compress(plain, 1), 1),
    }.get(encoding, b"x" * 2_000_000)
    url = at(world, "/big", lambda: Response(body, headers={**AP, "Content-Encoding": encoding}))
    with pytest.raises(FetchError):
        await world.alder.engine.fetch(url)


async def test_s18_compressed_answers_within_the_limit_are_read(world: World) -> None:
    body = gzip.compress(b'{"id":"https://evil.example/g","type":"Note"}')
    url = at(world, "/g", lambda: Response(body, headers={**AP, "Content-Encoding": "gzip"}))
    assert (await world.alder.engine.fetch(url))["type"] == "Note"


async def test_s18_streams_and_headers_are_limited(world: World) -> None:
    url = at(world, "/endless", lambda: StreamingResponse(_endless(), headers=AP))
    with pytest.raises(FetchError):
        await world.alder.engine.fetch(url)
    many = {**AP, **{f"X-{number}": "x" for number in range(200)}}
    url = at(world, "/headers", lambda: Response(b'{"id":"https://evil.example/headers"}', headers=many))
    with pytest.raises(FetchError):
        await world.alder.engine.fetch(url)


@pytest.mark.parametrize("size", [1024 * 1024 + 1, 3 * 1024 * 1024])
async def test_s18_request_bodies_are_limited(world: World, size: int) -> None:
    assert (await world.alder.post(b" " * size, AP)).status_code == 413

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(size // 65536 + 1):
            yield b" " * 65536

    assert (await world.alder.post(chunks(), AP)).status_code == 413  # type: ignore[arg-type]


async def test_s22_an_activity_has_a_budget(world: World) -> None:
    for budget in (Budget(fetches=0), Budget(bytes=0), Budget(seconds=0)):
        with pytest.raises(BudgetExceeded):
            await world.alder.engine.fetch(world.bruno, budget=budget)
    budget = Budget(fetches=2)
    for number in range(2):
        await world.alder.engine.fetch(str(world.birch.note(str(number), world.bruno)["id"]), budget=budget)
    with pytest.raises(BudgetExceeded):
        await world.alder.engine.fetch(world.bruno, budget=budget)


async def test_s23_slow_answers_are_cut() -> None:
    class Slow(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            async def drip() -> AsyncIterator[bytes]:
                while True:
                    yield b" "
                    await asyncio.sleep(0.01)

            return httpx.Response(200, content=drip())

    client = Client(Slow(), user_agent="test", total_seconds=0.1)
    with pytest.raises(Unreachable):
        await client.request("GET", "https://slow.example/", {})


async def test_s24_failures_are_remembered(world: World) -> None:
    engine = world.alder.engine
    for _ in range(5):
        with pytest.raises(NotFound):
            await engine.fetch("https://birch.example/ap/p/none")
    assert world.network.count("GET", "https://birch.example/ap/p/none") == 1
    world.network.down.add("birch.example")
    tries = 0
    handle = world.network.handle_async_request

    async def counting(request: httpx.Request) -> httpx.Response:
        nonlocal tries
        tries += 1
        return await handle(request)

    world.network.handle_async_request = counting  # type: ignore[method-assign]
    for number in range(30):
        with pytest.raises(Unreachable):
            await engine.fetch(f"https://birch.example/ap/p/{number}")
    assert tries == 3
    world.network.down.clear()
    world.clock.advance(120)
    assert (await engine.fetch(world.bruno))["id"] == world.bruno


async def test_s24_nobody_is_attacked_through_us(world: World) -> None:
    """A thousand activities that name keys at a victim cause a handful of requests there."""
    from federation.ports import Signer
    from tests.federation.conftest import follow

    signer = world.key(world.mallory)
    for number in range(60):
        key_id = f"https://birch.example/ap/u/nobody{number}#main-key"
        forged = Signer("", key_id, signer.rsa_key, "", signer.ed25519_key)
        document = follow(f"https://birch.example/ap/u/nobody{number}", world.amara)
        assert (await world.alder.send(document, forged)).status_code in (401, 503)
    assert world.network.count("GET", "https://birch.example") <= 20


async def test_tombstones_and_statuses(world: World) -> None:
    engine = world.alder.engine
    url = at(world, "/t", lambda: Response(b'{"id":"https://evil.example/t","type":"Tombstone"}', headers=AP))
    with pytest.raises(Gone):
        await engine.fetch(url)
    for status, error in ((410, Gone), (404, NotFound), (403, FetchError), (500, Unreachable), (429, Unreachable)):
        url = at(world, f"/{status}", lambda status=status: Response(status_code=status))  # type: ignore[misc]
        with pytest.raises(error):
            await engine.fetch(url)


async def test_raw_get_is_bounded_and_follows_redirects_within_the_rules(world: World) -> None:
    url = at(world, "/image", lambda: Response(b"x" * 100, media_type="image/png"))
    moved = at(world, "/moved", lambda: RedirectResponse("/image"))
    inside = at(world, "/inside", lambda: RedirectResponse("http://169.254.169.254/latest"))
    found = await world.alder.engine.raw_get(moved, accept="image/*", max_bytes=100)
    assert (found.content_type, found.final_url, len(found.body)) == ("image/png", url, 100)
    for address, limit in ((url, 99), (inside, 100)):
        with pytest.raises(FetchError):
            await world.alder.engine.raw_get(address, accept="image/*", max_bytes=limit)
