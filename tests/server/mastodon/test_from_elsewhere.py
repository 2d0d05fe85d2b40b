"""What another server writes, as apps get it: nothing in it runs, leads astray or breaks the answer (S10, S20, S25)."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from server.mastodon.ids import number_of
from server.posts.models import Post
from tests.apps import App, app_of
from tests.conftest import Fediverse
from tests.posting import Stranger

HTML = {"content", "note", "value"}
ELEMENTS = {
    "p", "br", "a", "span", "strong", "b", "em", "i", "u", "s", "del", "ins", "code", "pre", "blockquote", "ul", "ol",
    "li", "sub", "sup", "small", "ruby", "rt", "rp", "h1", "h2", "h3", "h4", "h5", "h6", "abbr", "kbd", "q", "dl", "dt",
    "dd", "mark", "cite", "samp", "var", "hr", "div", "bdi", "details", "summary", "figure", "figcaption",
}  # fmt: skip
ADDRESSES = {
    "url", "uri", "avatar", "avatar_static", "header", "header_static", "preview_url", "remote_url", "static_url",
    "image", "author_url", "provider_url", "embed_url",
}  # fmt: skip

NASTY = [
    '<script>alert(1)</script><p onclick="x()">zebra</p>',
    '<p>zebra <a href="javascript:alert(1)">a</a> <a href="data:text/html,x">b</a> <a href="//evil.example/">c</a></p>',
    '<p>zebra <a href=" jav&#x09;ascript:alert(1)">a</a></p>',
    '<p>zebra</p><img src=x onerror=alert(1)><svg/onload=alert(1)><iframe src="https://evil.example/"></iframe>',
    '<table><tr><td>zebra</td><td><img src="javascript:x" alt="<script>x</script>"></td></tr></table>',
    '<p>zebra href="/&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"</p><a href="/a">b</a>',
    '<table><table><tr><td><script>x</script></table>zebra <b title="</b><script>alert(1)</script>">x</b>',
    '<math><mi//xlink:href="data:x,<script>alert(4)</script>">x</math>zebra<style>@import "x"</style>',
    '<p>zebra <a href="/settings">a</a> <a href="c/science">b</a> <a href="?x">c</a> <a href="//a.example/">d</a></p>',
    "<p>zebra</p>" + "<blockquote>" * 500,
    "zebra \u202e\u2066\ufeff&#x202e;&#0; <b>x",
]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ELEMENTS:
            self.faults.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name in {"style", "src", "srcdoc", "action"}:
                self.faults.append(f"{tag} {name}")
            if name == "href" and not re.match(r"(https?://[^/]|mailto:)", value or ""):
                self.faults.append(f"{tag} {name}={value}")


def faults_in(entity: Any, name: str = "") -> list[str]:
    """What must not be in an answer, wherever it is."""
    if isinstance(entity, dict):
        return [fault for key, value in entity.items() for fault in faults_in(value, key)]
    if isinstance(entity, list):
        return [fault for value in entity for fault in faults_in(value, name)]
    if not isinstance(entity, str):
        return []
    if any(letter in entity for letter in "\x00\u202e\u2066\ufeff"):
        return [f"{name}: letters that nobody sees"]
    if name in HTML:
        reader = _Reader()
        reader.feed(entity)
        return [f"{name}: {fault}" for fault in reader.faults]
    if name in ADDRESSES and entity and not re.match(r"https?://[^/]", entity):
        return [f"{name}: {entity}"]
    if name == "shortcode" and not re.fullmatch(r"[\w-]+", entity):
        return [f"{name}: {entity}"]
    return []


async def _read(app: App, number: str, account: str) -> list[Any]:
    single = f"/api/v1/statuses/{number}"
    return [
        await app.get(single),
        await app.get(f"{single}/context"),
        await app.get(f"{single}/history"),
        await app.get(f"{single}/source"),
        await app.get(f"/api/v1/accounts/{account}"),
        await app.get(f"/api/v1/accounts/{account}/statuses"),
        await app.get("/api/v1/timelines/public"),
        await app.get("/api/v2/search", q="zebra"),
        await app.get("/api/v1/timelines/tag/zebra"),
    ]


@pytest.mark.parametrize("nasty", NASTY)
async def test_nothing_that_runs_comes_to_apps(fediverse: Fediverse, nasty: str) -> None:
    here = await fediverse.start("alder.example")
    amara = await fediverse.person(here, "amara")
    app = await app_of(fediverse, here, amara)
    there = Stranger(fediverse, "evil.example")
    words = nasty
    picture = {"type": "Image", "url": "javascript:alert(1)"}
    emoji = [
        {"type": "Emoji", "name": name, "icon": {"type": "Image", "url": url}}
        for name, url in [(':"><script>:', "https://evil.example/a.png"), (":good:", "javascript:x"), (":a b:", "x")]
    ]
    author = there.actor(
        "mallory",
        name=words,
        summary=words,
        url="javascript:alert(1)",
        icon=picture,
        image=picture,
        tag=emoji,
        attachment=[{"type": "PropertyValue", "name": words[:100], "value": words}],
    )
    uri = await there.create(
        fediverse,
        here,
        author,
        "n/1",
        words,
        name=words,
        summary=words,
        url=[{"type": "Link", "mediaType": "text/html", "href": "javascript:alert(1)"}, "data:text/html,x"],
        quoteUrl="javascript:alert(1)",
        inReplyTo="javascript:alert(1)",
        language="<b>",
        tag=[
            *emoji,
            {"type": "Hashtag", "name": "#zebra", "href": "javascript:x"},
            {"type": "Hashtag", "name": '#"><script>x</script>', "href": "javascript:x"},
            {"type": "Mention", "name": "@x", "href": "javascript:alert(1)"},
            {"type": "Mention", "name": "@amara", "href": amara.uri},
            *({"type": "Mention", "name": f"@x{n}", "href": f"https://evil.example/u/x{n}"} for n in range(300)),
        ],
        attachment=[
            {"type": "Link", "href": "javascript:alert(1)", "name": words},
            {"type": "Link", "href": "https://evil.example/page", "name": words},
            {"type": "Document", "mediaType": "image/png", "url": "data:image/png,x", "name": words},
            {"type": "Document", "mediaType": "image/svg+xml", "url": "https://evil.example/a.svg", "name": words},
            {"type": "Document", "mediaType": "text/html", "url": "https://evil.example/a.html", "name": words},
            *({"type": "Image", "url": there.uri(f"{n}.png"), "width": 2**53, "height": -1} for n in range(99)),
        ],
    )
    post = await here.run(Post.get, uri=uri)
    number, account = number_of(post.id), number_of(post.author_id)
    first = await _read(app, number, account)
    assert "zebra" in first[0]["content"]
    assert faults_in(first) == []
    assert 'href="https://alder.example/settings' not in first[0]["content"] + first[4]["note"]
    assert len(first[0]["media_attachments"]) <= 40
    assert len(first[0]["mentions"]) <= 100
    changed = there.note(author, "n/1", f"{words}<p>again</p>", updated="2026-01-15T11:00:00Z", name=words)
    await there.send(here, there.activity("Update", author, changed, path="a/update"))
    await fediverse.settle()
    assert faults_in(await _read(app, number, account)) == []


async def test_a_poll_from_elsewhere_is_words_alone(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara = await fediverse.person(here, "amara")
    app = await app_of(fediverse, here, amara)
    there = Stranger(fediverse, "evil.example")
    author = there.actor("mallory")
    options = [
        {"type": "Note", "name": name, "replies": {"type": "Collection", "totalItems": votes}}
        for name, votes in [("<script>x</script>", 2**53 - 1), ("y" * 100_000, -5), ("\u202ez", 1.5), ("same", 1)]
    ] + [{"type": "Note", "name": f"option {number}"} for number in range(1000)]
    uri = await there.create(
        fediverse, here, author, "q/1", "<p>zebra</p>", type="Question", oneOf=options, votersCount=2**53 - 1,
        endTime="9999-12-31T23:59:59Z",
        tag=[{"type": "Mention", "name": "@amara", "href": amara.uri}],
    )  # fmt: skip
    post = await here.run(Post.get, uri=uri)
    found = await app.get(f"/api/v1/statuses/{number_of(post.id)}")
    assert faults_in(found) == []
    poll = found["poll"]
    assert poll is None or (len(poll["options"]) <= 100 and all(len(one["title"]) <= 1000 for one in poll["options"]))
    if poll is not None:
        assert 0 <= poll["votes_count"] < 2**53
