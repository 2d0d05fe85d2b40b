"""Attacks on what we fetch and believe: S6, S7, S13, S16, S18, S22, S23, S24."""

import asyncio
import gzip
import zlib
from collections.abc import Iterator
from typing import Any

from federation.errors import FederationError
from federation.transport.documents import Budget
from federation.vocab.base import PUBLIC
from server.posts.models import Post
from tests.hostile.attacks import Scene, attack
from tests.hostile.server import ACTIVITY, AS2, Asked, answer
from tests.hostile.stage import patience

MEGABYTE = 1024 * 1024


def note_of(scene: Scene, path: str, **more: Any) -> dict[str, Any]:
    """A note of Eve's as a document, which stands nowhere yet."""
    return {
        "@context": AS2,
        "id": scene.site.uri(path),
        "type": "Note",
        "attributedTo": scene.eve,
        "to": [PUBLIC],
        "content": "<p>Fetched</p>",
    } | more


async def lure(scene: Scene, *addresses: str) -> None:
    """Have addresses fetched, as what Eve's replies answer; nothing of them may be kept."""
    for number, address in enumerate(addresses):
        assert await scene.reply_to(address, f"r{number}") == 202
    await scene.settled()
    for address in addresses:
        assert await scene.stage.here.run(Post.get_or_none, uri=address) is None, address


async def by_hand(scene: Scene, path: str, handler: Any) -> str:
    """Answer a path by hand."""
    scene.site.handlers[f"/{path}"] = handler
    return scene.site.uri(path)


@attack("S6", "content-type", requests=24)
async def documents_of_other_content_types(scene: Scene) -> None:
    kinds = (
        None,
        "text/html",
        "application/json",
        "application/ld+json",
        'application/ld+json; profile="https://other.example/"',
        "text/plain",
        "image/png",
        "application/octet-stream",
        "application/activity+json-seq",
        "application/xml, application/activity+json",
        "text/html; application/activity+json",
        "multipart/form-data; boundary=application/activity+json",
        "application/activity+jsonx",
    )
    for number, kind in enumerate(kinds):
        scene.serves(f"n/{number}", note_of(scene, f"n/{number}"), kind=kind)
    await lure(scene, *(scene.site.uri(f"n/{number}") for number in range(len(kinds))))


@attack("S6 S25", "content-type", requests=6)
async def json_that_was_uploaded_as_a_file(scene: Scene) -> None:
    """A file that a user put on a friendly server must not speak for that server."""
    pal = scene.friend()
    author = pal.actor("pal")
    forged = {"id": pal.uri("media/1"), "type": "Note", "attributedTo": author, "to": [PUBLIC], "content": "Forged"}
    actor = pal.documents["/u/pal"] | {"id": pal.uri("media/2"), "inbox": scene.site.uri("i")}
    for number, kind in enumerate(("image/png", "application/json", "text/plain", "application/octet-stream")):
        pal.documents[f"/media/{number}"] = answer(forged | {"id": pal.uri(f"media/{number}")}, kind=kind)
    pal.documents["/media/9"] = answer(actor | {"id": pal.uri("media/9")}, kind="image/jpeg")
    await lure(scene, *(pal.uri(f"media/{number}") for number in (0, 1, 2, 3, 9)))


@attack("S13", "address", requests=30)
async def redirects_to_where_nobody_may_go(scene: Scene) -> None:
    port = scene.stage.servers.port
    goals = (
        f"http://127.0.0.9:{port}/x",
        f"http://[::1]:{port}/x",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/x",
        "http://192.168.0.1/x",
        "http://0.0.0.0/x",
        f"http://[::ffff:127.0.0.9]:{port}/x",
        f"http://2130706441:{port}/x",
        f"http://0177.0.0.011:{port}/x",
        f"http://0x7f000009:{port}/x",
        f"http://127.9:{port}/x",
        f"http://localhost:{port}/x",
        "file:///etc/passwd",
        "ftp://127.0.0.2/x",
        "gopher://127.0.0.2:70/_x",
        "javascript:alert(1)",
        f"http://user:secret@{scene.site.host}/x",
        f"{scene.stage.origin}/ap/actor",
        f"//127.0.0.9:{port}/x",
        "unix:/run/x.sock",
        "http://[",
        "http://[::1",
        "http://127.0.0.9:99999/",
    )
    for number, goal in enumerate(goals):
        scene.serves(f"n/{number}", b"", status="302 Found", headers=(f"Location: {goal}",))
    await lure(scene, *(scene.site.uri(f"n/{number}") for number in range(len(goals))))


@attack("S13", "address", requests=2)
async def ids_where_nobody_may_go(scene: Scene) -> None:
    port = scene.stage.servers.port
    await lure(
        scene,
        f"http://127.0.0.9:{port}/n",
        f"http://[::ffff:7f00:9]:{port}/n",
        f"http://[::]:{port}/n",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/latest",
        "http://[64:ff9b::7f00:9]/n",
        "http://[2002:7f00:9::]/n",
        "http://100.64.0.1/n",
        "http://224.0.0.1/n",
        "http://255.255.255.255/n",
        f"http://127.0.0.9.:{port}/n",
        f"http://2130706441:{port}/n",
        f"http://017700000011:{port}/n",
        "http://1.1.1.1:22/n",
        "https://1.1.1.1:6379/n",
    )


@attack("S13", "address", requests=4)
async def names_that_change_where_they_lead(scene: Scene) -> None:
    """Rebinding: the name is good when it is looked at, and leads inside when it is used."""
    stage = scene.stage
    host = scene.site.host.partition(":")[0]
    stage.resolutions[host] = ["127.0.0.2", "127.0.0.9"]
    for number in range(3):
        scene.serves(f"n/{number}", note_of(scene, f"n/{number}"))
    for name, leads in (
        ("both", "127.0.0.2,127.0.0.9"),
        ("inside", "127.0.0.9"),
        ("mapped", "::ffff:127.0.0.9"),
        ("none", "nonsense"),
    ):
        stage.resolutions[f"{name}.{host}"] = [leads]
    addresses = [f"http://{name}.{scene.site.host}/n" for name in ("both", "inside", "mapped", "none")]
    for number, address in enumerate(addresses):
        note = scene.note(f"r/{number}", inReplyTo=address)
        create = scene.site.activity("Create", scene.eve, note, f"c/{number}")
        await stage.send(create)
    await scene.settled()


@attack("S13 S22", "redirects", requests=16)
async def redirects_without_end(scene: Scene) -> None:
    for start, goal in (("a", "b"), ("b", "a"), ("self", "self")):
        scene.serves(start, b"", status="302 Found", headers=(f"Location: {scene.site.uri(goal)}",))

    async def further(writer: Any, asked: Asked) -> None:
        number = int(asked.target.rpartition("=")[2]) + 1
        writer.write(answer(b"", status="307 Temporary", headers=(f"Location: /long?n={number}",)))

    await by_hand(scene, "long", further)
    await lure(scene, scene.site.uri("a"), scene.site.uri("self"), scene.site.uri("long?n=1"))


async def drip(writer: Any, parts: Iterator[bytes], pause: float) -> None:
    """Send a little at a time."""
    for part in parts:
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(pause)


@attack("S23", "slow", requests=4, seconds=35)
async def a_byte_a_second_of_a_body(scene: Scene) -> None:
    async def slowly(writer: Any, asked: Asked) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {ACTIVITY}\r\nContent-Length: 5000\r\n\r\n".encode())
        await drip(writer, iter([b" "] * 200), 1)

    await lure(scene, await by_hand(scene, "slow", slowly))


@attack("S23", "slow", requests=4, seconds=35)
async def a_byte_a_second_of_headers(scene: Scene) -> None:
    async def slowly(writer: Any, asked: Asked) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        await drip(writer, iter([b"x"] * 200), 1)

    await lure(scene, await by_hand(scene, "slow", slowly))


@attack("S23", "slow", requests=4, seconds=35)
async def no_answer_at_all(scene: Scene) -> None:
    async def never(writer: Any, asked: Asked) -> None:
        await asyncio.sleep(120)

    await lure(scene, await by_hand(scene, "never", never))


@attack("S23 R12", "slow malformed", requests=4, seconds=35)
async def informational_answers_without_end(scene: Scene) -> None:
    async def hints(writer: Any, asked: Asked) -> None:
        await drip(writer, iter([b"HTTP/1.1 103 Early Hints\r\n\r\n"] * 2_000), 0.05)

    await lure(scene, await by_hand(scene, "hints", hints))


@attack("S18", "too-large", requests=6, sent_bytes=12 * MEGABYTE)
async def bodies_without_end(scene: Scene) -> None:
    async def chunked(writer: Any, asked: Asked) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {ACTIVITY}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        part = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
        await drip(writer, iter([part] * 4_000), 0)

    async def until_closed(writer: Any, asked: Asked) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {ACTIVITY}\r\n\r\n".encode())
        await drip(writer, iter([b" " * 0x8000] * 4_000), 0)

    await lure(scene, await by_hand(scene, "chunked", chunked), await by_hand(scene, "until", until_closed))


@attack("S18", "too-large malformed", requests=10)
async def bombs_of_compression(scene: Scene) -> None:
    zeros = b"0" * (64 * MEGABYTE)
    packed = await asyncio.to_thread(gzip.compress, zeros, 9)
    deflated = await asyncio.to_thread(zlib.compress, zeros, 9)
    scene.serves("n/0", packed, headers=("Content-Encoding: gzip",))
    scene.serves("n/1", deflated, headers=("Content-Encoding: deflate",))
    scene.serves("n/2", packed, headers=("Content-Encoding: x-gzip",))
    scene.serves("n/3", packed[:-8], headers=("Content-Encoding: gzip",))
    await lure(scene, *(scene.site.uri(f"n/{number}") for number in range(4)))


@attack("S18", "encoding", requests=14)
async def encodings_nobody_asked_for(scene: Scene) -> None:
    twice = gzip.compress(gzip.compress(b"{}"))
    for number, encoding in enumerate(("br", "zstd", "gzip, gzip", "gzip,gzip,gzip", "compress", "gzip, identity")):
        scene.serves(f"n/{number}", twice, headers=(f"Content-Encoding: {encoding}",))
    scene.serves("n/6", b"this is not compressed", headers=("Content-Encoding: gzip",))
    await lure(scene, *(scene.site.uri(f"n/{number}") for number in range(7)))


@attack("S18", "headers malformed", requests=8, sent_bytes=MEGABYTE)
async def headers_without_measure(scene: Scene) -> None:
    scene.serves("n/0", note_of(scene, "n/0"), headers=tuple(f"X-{number}: x" for number in range(2_000)))

    async def endless(writer: Any, asked: Asked) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        await drip(writer, iter([b"X: " + b"x" * 8_000 + b"\r\n"] * 100), 0)

    async def one_long(writer: Any, asked: Asked) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nX: ")
        await drip(writer, iter([b"x" * 8_000] * 50), 0)

    await lure(
        scene, scene.site.uri("n/0"), await by_hand(scene, "endless", endless), await by_hand(scene, "long", one_long)
    )


@attack("S21 S18", "malformed", requests=24)
async def answers_that_are_not_http(scene: Scene) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {ACTIVITY}\r\n"
    body = b'{"id":"' + scene.site.uri("n/0").encode() + b'"}'
    shapes = (
        b"\x16\x03\x01\x00\xa5\x01\x00",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"",
        f"{head}Content-Length: 5\r\nContent-Length: 500\r\n\r\n".encode() + body,
        f"{head}Content-Length: 99999\r\n\r\n".encode() + body,
        f"{head}Content-Length: -1\r\n\r\n".encode() + body,
        f"{head}Transfer-Encoding: chunked\r\n\r\nZZ\r\n".encode() + body,
        f"{head}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n".encode() + body,
        b"HTTP/1.1 999 \x00\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
    )
    for number, raw in enumerate(shapes):

        async def garbage(writer: Any, asked: Asked, raw: bytes = raw) -> None:
            writer.write(raw)

        await by_hand(scene, f"n/{number}", garbage)
    # A host that fails three times in a minute is not asked again, so each shape has a host of its own.
    for number in range(len(shapes)):
        beside = scene.beside(f"h{number}")
        beside.handlers["/n"] = scene.site.handlers[f"/n/{number}"]
        assert await scene.reply_to(beside.uri("n"), f"r{number}") == 202
    await scene.settled()


@attack("S21", "", requests=8)
async def two_answers_to_one_question(scene: Scene) -> None:
    """What comes after an answer on a kept connection is not taken for the answer to the next question."""
    first, second = note_of(scene, "n/first"), note_of(scene, "n/second")
    forged = second | {"content": "<p>Smuggled</p>"}

    async def two(writer: Any, asked: Asked) -> None:
        kept = answer(first).replace(b"Connection: close\r\n", b"")
        writer.write(kept + answer(forged))

    await by_hand(scene, "n/first", two)
    scene.serves("n/second", second)
    assert await scene.reply_to(scene.site.uri("n/first"), "r1") == 202
    assert await scene.reply_to(scene.site.uri("n/second"), "r2") == 202
    await scene.settled()
    for path in ("n/first", "n/second"):
        post = await scene.stage.here.run(Post.get_or_none, uri=scene.site.uri(path))
        assert post is None or "Smuggled" not in post.content_html


@attack("S22", "", requests=8)
async def a_thread_that_answers_itself(scene: Scene) -> None:
    for path, parent in (("self", "self"), ("a", "b"), ("b", "a")):
        scene.serves(path, note_of(scene, path, inReplyTo=scene.site.uri(parent)))
    for path in ("self", "a"):
        assert await scene.reply_to(scene.site.uri(path), f"r{path}") == 202
    await scene.settled()


@attack("S22", "", requests=36, seconds=40)
async def a_thread_of_ten_thousand(scene: Scene) -> None:
    async def further(writer: Any, asked: Asked) -> None:
        number = int(asked.target.rpartition("=")[2])
        path = f"n?n={number}"
        writer.write(answer(note_of(scene, path, inReplyTo=scene.site.uri(f"n?n={number + 1}"))))

    await by_hand(scene, "n", further)
    assert await scene.reply_to(scene.site.uri("n?n=1")) == 202
    await scene.settled()


@attack("S22 S18", "budget", requests=60, seconds=40)
async def a_collection_without_end(scene: Scene) -> None:
    async def page(writer: Any, asked: Asked) -> None:
        number = int(asked.target.rpartition("=")[2])
        writer.write(
            answer(
                {
                    "id": scene.site.uri(f"c?p={number}"),
                    "type": "OrderedCollectionPage",
                    "orderedItems": [],
                    "next": scene.site.uri(f"c?p={number + 1}"),
                }
            )
        )

    await by_hand(scene, "c", page)
    engine = scene.stage.here.engine
    try:
        assert await scene.stage.here.run(engine.fetch_collection, scene.site.uri("c?p=1"), budget=Budget()) == []
    except FederationError as error:
        scene.stage.records.append(f'{scene.name} word="{error.word}"')
    loop = {"id": scene.site.uri("l"), "type": "Collection", "items": [], "next": scene.site.uri("l")}
    scene.site.documents["/l"] = loop
    assert await scene.stage.here.run(engine.fetch_collection, scene.site.uri("l")) == []
    elsewhere = scene.friend("bystander")
    scene.site.documents["/e"] = loop | {
        "id": scene.site.uri("e"),
        "next": elsewhere.uri("x"),
        "first": elsewhere.uri("y"),
    }
    assert await scene.stage.here.run(engine.fetch_collection, scene.site.uri("e")) == []
    assert elsewhere.asked == []


@attack("S16", "", requests=4)
async def collections_that_point_at_others(scene: Scene) -> None:
    bystander = scene.friend("bystander")
    note = scene.note(
        "n/1",
        context=bystander.uri("context"),
        conversation=bystander.uri("conversation"),
        replies={"id": bystander.uri("replies"), "type": "Collection", "first": bystander.uri("replies?page=1")},
        likes=bystander.uri("likes"),
        shares=bystander.uri("shares"),
        quoteUrl=None,
        tag=[{"type": "Mention", "href": bystander.uri(f"u/{number}"), "name": "@x"} for number in range(50)],
        to=[PUBLIC, *(bystander.uri(f"to/{number}") for number in range(50))],
    )
    assert await scene.send("Create", note, "c/1") == 202
    await scene.settled()
    assert bystander.asked == []


@attack("S24 S22", "", requests=4, seconds=40)
async def many_activities_that_name_one_dead_host(scene: Scene) -> None:
    dead = f"dead.{scene.name}.evil.example"
    for number in range(30):
        assert await scene.reply_to(f"http://{dead}:9/n/{number}", f"r{number}") == 202
    await scene.settled()
    assert scene.stage.resolved.count(dead) <= 6


@attack("S24 S22", "not-found nothing-to-do", requests=4, seconds=60)
async def many_activities_that_name_one_server_that_is_up(scene: Scene) -> None:
    bystander = scene.friend("bystander")
    for number in range(60):
        assert await scene.send("Announce", bystander.uri(f"n/{number}"), f"an/{number}", to=[PUBLIC]) == 202
    await scene.settled(seconds=50)
    assert len(bystander.asked) <= 25


@attack("S22", "nothing-to-do budget not-found", requests=4, seconds=40)
async def one_activity_that_causes_many_fetches(scene: Scene) -> None:
    """Fifty things announced at once, from fifty servers."""
    friends = [scene.friend(f"b{number}") for number in range(50)]
    items = [friend.uri("n/1") for friend in friends]
    announce = scene.site.activity("Announce", scene.eve, items[0], "an/1", to=[PUBLIC]) | {"object": items}
    assert await scene.stage.send(announce) == 202
    await scene.settled()
    assert sum(len(friend.asked) for friend in friends) <= 30


@attack("S23 R5", "slow failing", requests=40, seconds=60)
async def slow_answers_beside_a_quiet_peer(scene: Scene) -> None:
    """What waits for a slow server keeps nobody else waiting."""
    stage, pal = scene.stage, scene.friend()

    async def slowly(writer: Any, asked: Asked) -> None:
        await asyncio.sleep(60)

    scene.site.handlers["/slow"] = slowly
    author = pal.actor("pal")
    await stage.send(pal.activity("Like", author, stage.posts["scratch"].uri, "l/0"))
    await stage.settled(pal.host)
    for number in range(10):
        beside = scene.beside(f"h{number % 3}")
        beside.handlers["/slow"] = slowly
        assert await scene.reply_to(beside.uri("slow"), f"r{number}") == 202
    loop = asyncio.get_running_loop()
    started = loop.time()
    for number in range(1, 6):
        await stage.send(pal.activity("Create", author, pal.note(author, f"n/{number}"), f"c/{number}"))
        await stage.settled(pal.host)
    assert loop.time() - started < 8 * patience(), loop.time() - started
    for number in range(1, 6):
        assert await stage.here.run(Post.get_or_none, uri=pal.uri(f"n/{number}")) is not None
