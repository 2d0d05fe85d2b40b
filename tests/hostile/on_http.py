"""Attacks on our HTTP itself, and on who may read: S15, S17, S18, S21, S23, S33."""

import asyncio
import gzip
import json

from federation.ports import Signer
from federation.testing import make_signer
from server.settings import Settings
from tests.hostile.attacks import Scene, attack
from tests.hostile.server import ACTIVITY, forged_key
from tests.hostile.stage import Answered


async def whole(scene: Scene, head: str, body: bytes = b"", *, seconds: float = 5) -> Answered:
    """Send one request by hand: whatever it is, there is one answer at most, and it is no success."""
    data = head.replace("\n", "\r\n").replace("HOST", scene.stage.authority).encode("latin-1") + body
    response = await scene.stage.raw(data, seconds=seconds)
    assert response.responses <= 1, response.raw[:300]
    assert response.status == 0 or 400 <= response.status < 500, response.raw[:300]
    assert b"hall.example" not in response.body or response.status == 0
    return response


SECOND = b"GET /ap/actor HTTP/1.1\r\nHost: x\r\n\r\n"


@attack("S21", "", requests=0)
async def two_lengths(scene: Scene) -> None:
    for first, second in (
        ("5", "6"),
        ("5", "5"),
        ("0", "40"),
        ("40", "0"),
        ("5, 6", None),
        ("+5", None),
        ("0x5", None),
    ):
        head = f"POST {scene.inbox} HTTP/1.1\nHost: HOST\nContent-Type: {ACTIVITY}\nContent-Length: {first}\n"
        head += f"Content-Length: {second}\n" if second is not None else ""
        await whole(scene, head + "\n", SECOND)


@attack("S21", "", requests=0)
async def a_length_and_chunks(scene: Scene) -> None:
    for encoding in (
        "chunked",
        "Chunked",
        "xchunked",
        "chunked, identity",
        "identity",
        " chunked",
        "\tchunked",
        "gzip, chunked",
    ):
        for order in (0, 1):
            lines = ["Content-Length: 5", f"Transfer-Encoding: {encoding}"]
            head = "\n".join(
                ["POST /ap/inbox HTTP/1.1", "Host: HOST", f"Content-Type: {ACTIVITY}", *lines[:: 1 - 2 * order]]
            )
            await whole(scene, head + "\n\n", b"0\r\n\r\n" + SECOND)


@attack("S21", "", requests=0)
async def chunks_that_are_none(scene: Scene) -> None:
    head = f"POST /ap/inbox HTTP/1.1\nHost: HOST\nContent-Type: {ACTIVITY}\nTransfer-Encoding: chunked\n\n"
    for body in (
        b"ffffffffffffffff0\r\nx",
        b"-1\r\nx\r\n0\r\n\r\n",
        b"5;ext=\nx\r\n",
        b"\r\n0\r\n\r\n",
        b"0\n\nGET / HTTP/1.1\r\n\r\n",
    ):
        await whole(scene, head, body, seconds=3)


@attack("S21", "", requests=0)
async def lines_that_end_wrongly(scene: Scene) -> None:
    inbox = scene.inbox.encode()
    for raw in (
        b"POST " + inbox + b" HTTP/1.1\nHost: x\nContent-Length: 0\n\n" + SECOND,
        b"POST " + inbox + b" HTTP/1.1\r\nHost: x\rContent-Length: 0\r\n\r\n" + SECOND,
        b"POST " + inbox + b" HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n" + SECOND,
        b"POST " + inbox + b" HTTP/1.1\r\nHost : x\r\n\r\n" + SECOND,
        b"POST " + inbox + b" HTTP/1.1\r\nHost: x\x00\r\n\r\n" + SECOND,
        b"POST " + inbox + b" HTTP/1.1\r\n: x\r\n\r\n" + SECOND,
        b"POST " + inbox + b" HTTP/1.1\r\nX Y: x\r\n\r\n" + SECOND,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x00" * 1_000,
    ):
        response = await scene.stage.raw(raw, seconds=3)
        succeeded = response.raw.count(b" 200 OK")
        assert succeeded == 0, (raw[:80], response.raw[:200])
        assert response.responses <= 2


@attack("S21 S2 S33", "", requests=0)
async def two_hosts(scene: Scene) -> None:
    for first, second in (("HOST", "evil.example"), ("evil.example", "HOST"), ("HOST", "HOST")):
        await whole(scene, f"GET /ap/actor HTTP/1.1\nHost: {first}\nHost: {second}\nAccept: {ACTIVITY}\n\n")
    body = json.dumps(scene.follow()).encode()
    headers = scene.stage.signed(body, scene.eve, authority="evil.example")
    assert (await scene.stage.post(body, list(headers.items()))).status == 401


@attack("S18 S21", "", requests=0)
async def headers_of_requests_without_measure(scene: Scene) -> None:
    for headers in ("X: " + "x" * 200_000, "\n".join(f"X-{number}: x" for number in range(5_000)), "x" * 200_000):
        await whole(scene, f"GET /ap/actor HTTP/1.1\nHost: HOST\n{headers}\n\n")
    await whole(scene, f"GET /{'x' * 200_000} HTTP/1.1\nHost: HOST\n\n")


@attack("S23 R12", "", requests=0, seconds=40)
async def headers_that_trickle(scene: Scene) -> None:
    """A request a byte a second is cut, and holds nobody up."""
    data = b"POST /ap/inbox HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 60
    slow = [asyncio.create_task(scene.stage.raw(data, seconds=35, pieces=len(data), pause=1)) for _ in range(20)]
    assert (await scene.stage.get("/health")).status == 200
    for response in await asyncio.gather(*slow):
        assert response.closed
        assert response.responses <= 1


@attack("S23 R12", "slow", requests=0, seconds=40)
async def a_body_that_trickles(scene: Scene) -> None:
    head = f"POST {scene.inbox} HTTP/1.1\r\nHost: {scene.stage.authority}\r\nContent-Type: {ACTIVITY}\r\n"
    data = f"{head}Content-Length: 50000\r\n\r\n".encode()
    data += b" " * (30 * len(data))

    async def one() -> Answered:
        # The head at once, and then a little each second.
        return await scene.stage.raw(data, seconds=35, pieces=31, pause=1)

    responses = await asyncio.gather(*(one() for _ in range(10)))
    assert {response.status for response in responses} <= {400, 408}
    assert (await scene.stage.get("/health")).status == 200


@attack("S18", "too-large", requests=0)
async def bodies_of_requests_without_end(scene: Scene) -> None:
    head = f"POST {scene.inbox} HTTP/1.1\nHost: HOST\nContent-Type: {ACTIVITY}\n"
    for length in (str(2 * 1024 * 1024), "9" * 30, "99999999999"):
        response = await whole(scene, f"{head}Content-Length: {length}\n\n", b" " * 100_000)
        assert response.status in (400, 413)
    endless = b"".join(b"8000\r\n" + b" " * 0x8000 + b"\r\n" for _ in range(60))
    response = await whole(scene, f"{head}Transfer-Encoding: chunked\n\n", endless)
    assert response.status in (0, 413)


@attack("S18", "malformed content-type", requests=0)
async def bodies_that_are_compressed_or_of_another_kind(scene: Scene) -> None:
    bomb = gzip.compress(b"0" * 1_000_000)
    headers = {"Content-Encoding": "gzip"}
    await scene.refused_post(bomb, headers, path=scene.inbox)
    for kind in ("text/html", "application/json", "multipart/form-data; boundary=x", "application/xml", ""):
        response = await scene.refused_post(b"{}", {"Content-Type": kind}, path=scene.inbox)
        assert response.status == 415


@attack("S33 S21", "", requests=0)
async def hosts_and_forwarded_headers_that_lie(scene: Scene) -> None:
    """Ids and links never follow what a request says of its host, so that no cache can be filled with them."""
    stage = scene.stage
    for host in ("evil.example", f"evil.example:{stage.port}", "hall.example@evil.example", "..", "hall.example:1"):
        lies = [("X-Forwarded-Host", host), ("X-Forwarded-Proto", "https"), ("Forwarded", f"host={host}")]
        lies += [("X-Original-URL", "/admin"), ("X-Rewrite-URL", "/admin"), ("X-Forwarded-Prefix", "/evil")]
        for path, accept in (
            (f"/.well-known/webfinger?resource=acct:maya@{stage.here.settings.domain}", "application/jrd+json"),
            ("/.well-known/nodeinfo", "application/json"),
            ("/ap/actor", ACTIVITY),
            ("/", "text/html"),
            (f"/p/{stage.posts['public'].short}", "text/html"),
        ):
            lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Connection: close", f"Accept: {accept}"]
            lines += [f"{name}: {value}" for name, value in lies]
            response = await stage.raw("\r\n".join(lines).encode() + b"\r\n\r\n")
            assert response.status < 500
            assert b"evil.example" not in response.raw, path
    absolute = await stage.raw(
        b"GET http://evil.example/ap/actor HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    )
    assert b"evil.example" not in absolute.raw


@attack("S15", "", requests=2)
async def asking_for_what_is_for_others(scene: Scene) -> None:
    """Absent and private look the same, whoever asks, however they ask."""
    stage = scene.stage
    absent = await stage.get("/ap/p/01k00000000000000000000000", [("Accept", ACTIVITY)])
    for name in ("private", "followers"):
        post = stage.posts[name]
        path = post.uri.removeprefix(stage.origin)
        for target in (
            path,
            f"{path}?page=1",
            f"{path}/replies",
            f"{path}/likes",
            f"{path}//",
            f"{path}%2e",
            f"/p/{post.short}",
        ):
            for method in ("GET", "HEAD"):
                signed = stage.signed(None, scene.eve, method=method, path=target)
                for headers in (
                    {},
                    signed,
                    {"If-None-Match": "*"},
                    {"If-Modified-Since": "Thu, 01 Jan 2060 00:00:00 GMT"},
                    {"Range": "bytes=0-99"},
                ):
                    response = await stage.get(target, [("Accept", ACTIVITY), *headers.items()], method=method)
                    assert response.status in (400, 401, 404), (target, response.status)
                    assert b"Words." not in response.raw
                    assert post.title.encode() not in response.raw
        assert (await stage.get(path, [("Accept", ACTIVITY)])).headers.get("cache-control") == absent.headers.get(
            "cache-control"
        )


@attack("S1 S17", "signature key blocked", requests=4)
async def reading_under_another_name(scene: Scene) -> None:
    stage, tom = scene.stage, scene.stage.tom
    path = stage.posts["followers"].uri.removeprefix(stage.origin)
    as_tom = Signer(tom, f"{tom}#main-key", forged_key(), "", make_signer(tom).ed25519_key)
    own = stage.signed(None, tom, method="GET", path=path)
    assert (await stage.get(path, [("Accept", ACTIVITY), *own.items()])).status == 200
    mark = f"?from={scene.name}"
    forged = stage.signed(None, tom, method="GET", path=f"{path}{mark}", signer=as_tom)
    assert (await stage.get(f"{path}{mark}", [("Accept", ACTIVITY), *forged.items()])).status == 401
    elsewhere = stage.signed(None, tom, method="GET", path="/ap/actor")
    posted = stage.signed(b"", tom, path=path)
    for headers in (elsewhere, posted, {**own, "Signature": own["Signature"].replace("u/tom", "u/tim")}):
        response = await stage.get(path, [("Accept", ACTIVITY), *headers.items()])
        assert response.status in (401, 404), response.status
    for name in ("Authorization", "X-Signature", "Signature-Input"):
        response = await stage.get(path, [("Accept", ACTIVITY), (name, own["Signature"])])
        assert response.status in (401, 404)
    blocked = stage.servers.site("blocked.evil.example").actor("eve")
    signed = stage.signed(None, blocked, method="GET", path=f"/ap/actor{mark}")
    assert (await stage.get(f"/ap/actor{mark}", list(signed.items()))).status == 403


@attack("S15", "unsigned signature", requests=4)
async def passing_by_authorised_fetch(scene: Scene) -> None:
    """With authorised fetch, nothing but what servers need to know each other is told to the unsigned."""
    stage = scene.stage
    endpoints = stage.here.engine.endpoints
    asked = (endpoints, endpoints._reading)
    for each in asked:
        each._authorized_fetch = True
    try:
        post = stage.posts["public"]
        path = post.uri.removeprefix(stage.origin)
        shown = f"/p/{post.short}"
        signed = stage.signed(None, scene.eve, method="GET", path=path)
        for target in (
            path,
            f"{path}?from={scene.name}",
            f"{path}?page=1",
            f"{path}/",
            f"{path}/replies",
            stage.maya.removeprefix(stage.origin),
            shown,
        ):
            for accept in (
                ACTIVITY,
                'application/ld+json; profile="https://www.w3.org/ns/activitystreams"',
                f"text/html;q=0.1, {ACTIVITY}",
            ):
                for headers in (
                    {},
                    {"Signature": ""},
                    {"Signature": signed["Signature"]},
                    {"If-None-Match": '"x"'},
                    {"Authorization": "Bearer x"},
                ):
                    for method in ("GET", "HEAD"):
                        response = await stage.get(target, [("Accept", accept), *headers.items()], method=method)
                        is_document = response.headers.get("content-type", "").startswith("application/activity")
                        assert not (response.status == 200 and is_document), (target, headers)
        assert (await stage.get("/ap/actor", [("Accept", ACTIVITY)])).status == 200
        assert (await stage.get(path, [("Accept", ACTIVITY), *signed.items()])).status == 200
    finally:
        for each in asked:
            each._authorized_fetch = Settings().authorized_fetch
