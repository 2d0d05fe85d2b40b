"""Posts of other kinds of software, as people here read them."""

import re

import pytest

from server.posts.models import Post
from tests.posting import Stranger, sees, write


@pytest.fixture
async def alder(fediverse):
    """An instance with Amara on it."""
    return await fediverse.person(await fediverse.start("alder.example"), "amara")


@pytest.fixture
async def birch(fediverse):
    """Another server, with Tom on it."""
    there = Stranger(fediverse, "birch.example")
    there.actor("tom")
    return there


TOM = "https://birch.example/u/tom"


async def page_of(fediverse, alder, birch, path="n/1", *, by=None, language="en", **document):
    """The page of a post that Tom wrote, as Amara (or `by`, nobody for False) sees it."""
    note = birch.note(TOM, path, document.pop("content", "<p>Hello</p>"), **document)
    await birch.send(alder.here, birch.activity("Create", TOM, note))
    await fediverse.settle()
    view = await sees(alder, note["id"])
    assert view is not None
    async with fediverse.client(alder.here, alder if by is None else by or None) as client:
        answer = await client.get(view.url, headers={"accept-language": language})
    assert answer.status_code == 200
    return answer.text


def main(page):
    """The article of a page."""
    return re.search(r"<article.*?</article>", page, re.DOTALL)[0]


async def test_a_video_says_how_long_it_is_and_where_to_watch_it(fediverse, alder, birch):
    page = main(
        await page_of(
            fediverse,
            alder,
            birch,
            type="Video",
            name="Planet Mars",
            duration="PT385S",
            mediaType="text/markdown",
            content="A *red* planet.\r\n\r\n- dust\r\n- ice\r\n\r\n<script>alert(1)</script>",
            category={"identifier": "11", "name": "Science"},
            license="https://creativecommons.org/licenses/by/4.0/",
            url=[
                {"type": "Link", "mediaType": "text/html", "href": birch.uri("watch/1")},
                {"type": "Link", "mediaType": "application/x-bittorrent;x-scheme-handler/magnet", "href": "magnet:?x"},
                {"type": "Link", "mediaType": "video/mp4", "href": birch.uri("1080.mp4"), "height": 1080},
                {"type": "Link", "mediaType": "video/mp4", "href": birch.uri("480.mp4"), "height": 480},
            ],
        )
    )
    assert '<p class="kicker">Video' in page
    assert "<dt>Length</dt><dd>6 minutes</dd>" in page
    assert "<dt>Category</dt><dd>Science</dd>" in page
    assert "<em>red</em>" in page
    assert "<li>dust</li>" in page
    assert "<script" not in page
    assert f'class="file-card" href="{birch.uri("1080.mp4")}"' in page
    assert "480.mp4" not in page
    assert "<video" not in page


@pytest.mark.parametrize(
    ("document", "label", "words"),
    [
        ({"type": "Article", "name": "Seeds", "summary": "<p>Sow</p>", "content": "<h1>Seeds</h1><p>Sow them.</p>"},
         "Article", ["<h2>Seeds</h2>", "Sow them."]),
        ({"type": "Page", "name": "A link", "attachment": [{"type": "Link", "href": "https://x.example/a"}]},
         "Article", ["A link", 'href="https://x.example/a"']),
        ({"type": "Audio", "name": "Birds", "url": [{"type": "Link", "mediaType": "audio/ogg", "href": "https://x.example/b.ogg"}]},
         "Recording", ["Birds", "https://x.example/b.ogg"]),
        ({"type": "Image", "name": "A heron", "content": "", "url": [{"type": "Link", "mediaType": "image/png", "href": "https://x.example/h.png"}]},
         "Picture", ["A heron"]),
        ({"type": "Album", "name": "Songs", "content": "<p>Twelve of them</p>"}, "Album", ["Songs", "Twelve of them"]),
        ({"type": "Document", "name": "Minutes", "content": ""}, "Document", ["Minutes"]),
        ({"type": "Review", "name": "On Emma", "rating": 4.5, "inReplyToBook": "https://x.example/book/1"},
         "Review", ["On Emma", "<dd>4.5 of 5</dd>", 'href="https://x.example/book/1"']),
        ({"type": "Quotation", "quote": "A truth universally acknowledged", "content": "<p>Well said</p>"},
         "Quotation", ["<blockquote><p>A truth universally acknowledged</p></blockquote>", "Well said"]),
        ({"type": "Quotation", "quote": "<p>All happy families</p>", "content": "<p>Well said</p>"},
         "Quotation", ["<blockquote><p>All happy families</p></blockquote>", "Well said"]),
        ({"type": "Comment", "content": "<p>I agree</p>", "inReplyToBook": "https://x.example/b"},
         "Comment", ["I agree"]),
        ({"type": "Note", "content": "one\ntwo <b>", "mediaType": "text/plain"}, "Post", ["one<br>two &lt;b&gt;"]),
        ({"type": "Note", "content": None, "name": "Only a name"}, "Discussion", ["Only a name"]),
    ],
)  # fmt: skip
async def test_every_shape_is_called_what_it_is_and_read_whole(fediverse, alder, birch, document, label, words):
    page = main(await page_of(fediverse, alder, birch, **document))
    assert f'<p class="kicker">{label}' in page
    assert [text for text in words if text not in page] == []


async def test_a_note_with_a_summary_is_folded_under_it(fediverse, alder, birch):
    page = main(await page_of(fediverse, alder, birch, summary="about bereavement", content="<p>It was hard.</p>"))
    folded = re.search(r'<details class="warned">.*?</details>', page, re.DOTALL)[0]
    assert "about bereavement" in folded.partition("</summary>")[0]
    assert "It was hard." in folded.partition("</summary>")[2]
    assert page.count("It was hard.") == 1


async def test_what_is_marked_sensitive_without_a_note_folds_its_pictures_alone(fediverse, alder, birch):
    picture = {"type": "Image", "url": "https://birch.example/p.png", "mediaType": "image/png", "name": "A wound"}
    page = main(
        await page_of(fediverse, alder, birch, sensitive=True, content="<p>First aid.</p>", attachment=[picture])
    )
    before, _, folded = page.partition('<details class="warned">')
    assert "First aid." in before
    assert 'alt="A wound"' in folded.partition("</details>")[0]


async def test_a_post_in_three_languages_is_read_in_ones_own(fediverse, alder, birch):
    said = {"de": "<p>Guten Morgen</p>", "en": "<p>Good morning</p>", "fr": "<p>Bonjour</p>"}
    document = {"content": said["de"], "contentMap": said, "name": "Gruß", "nameMap": {"de": "Gruß", "en": "Greeting"}}
    for number, (language, first, title) in enumerate(
        (("en", "Good morning", "Greeting"), ("fr-CA", "Bonjour", "Gruß"), ("es", "Guten Morgen", "Gruß"))
    ):
        page = main(
            await page_of(
                fediverse, alder, birch, f"n/{number}", by=False, language=language, type="Article", **document
            )
        )
        body, _, others = page.partition('<details class="other-language">')
        assert first in body
        assert f">{title}</h1>" in body
        code = language.partition("-")[0] if first != "Guten Morgen" else "de"
        assert f'<div class="prose" lang="{code}"' in body
        assert others.count("Also in:") == 1 + others.count("<details")
        assert sum(text in others for text in ("Good morning", "Bonjour", "Guten Morgen")) == 2


async def test_custom_emoji_come_through_our_own_address(fediverse, alder, birch):
    """S10, S25: in texts, content notes and names, with their name as words; never from elsewhere, never in handles."""
    tags = [
        {"type": "Emoji", "name": f":{name}:", "icon": {"type": "Image", "url": f"https://birch.example/{name}.png"}}
        for name in ("sprout", "sun", "unused")
    ]
    birch.documents[TOM] |= {"name": "Tom :sprout:", "tag": tags}
    page = await page_of(fediverse, alder, birch, content="<p>It grows :sprout:</p>", summary="weather :sun:", tag=tags)
    article = main(page)
    assert re.search(r'It grows <img class="emoji" src="/[^"]*" alt=":sprout:"', article)
    assert re.search(r'weather <img class="emoji" src="/[^"]*" alt=":sun:"', article)
    assert re.search(r"<bdi>Tom <img class=\"emoji\"", article)
    assert '<span class="handle">@tom@birch.example</span>' in article
    assert "https://birch.example/sprout.png" not in page
    row = await alder.here.run(Post.get, uri=birch.uri("n/1"))
    assert set(row.emoji) == {"sprout", "sun"}


async def test_names_and_texts_cannot_turn_the_page_around(fediverse, alder, birch):
    """S10: marks that turn the direction of a line, and letters nobody sees, are taken out."""
    birch.documents[TOM]["name"] = "Tom\u202e\u2066 nimda\u200b"
    page = await page_of(
        fediverse, alder, birch, type="Article", name="Ti\u202etle\u200b", content="<p>Te\u2067xt\ufeff</p>"
    )
    assert not re.search("[\u200b\u202a-\u202e\u2066-\u2069\ufeff]", page)
    assert "<bdi>Tom nimda</bdi>" in page
    assert '<div class="prose" dir="auto"' in page or 'dir="auto"' in page


async def test_mentions_and_hashtags_lead_to_pages_here(fediverse, alder, birch):
    content = (
        f'<p><a href="{TOM}" class="u-url mention">@<span>tom</span></a> and'
        f' <a href="{alder.here.url("/@amara")}" class="u-url mention">@<span>amara</span></a>'
        ' <a href="https://birch.example/tags/Maths" class="mention hashtag">#<span>Maths</span></a></p>'
    )
    tags = [
        {"type": "Mention", "href": TOM, "name": "@tom"},
        {"type": "Mention", "href": alder.uri, "name": "@amara@alder.example"},
        {"type": "Hashtag", "name": "#Maths", "href": "https://birch.example/tags/Maths"},
    ]
    page = main(await page_of(fediverse, alder, birch, content=content, tag=tags))
    links = re.findall(r'<a href="([^"]*)" class="[^"]*mention', page)
    assert links == ["/@tom@birch.example", "/@amara", "/tags/maths"]


async def test_an_edit_brings_its_languages_and_emoji_along(fediverse, alder, birch):
    await page_of(fediverse, alder, birch)
    changed = birch.note(
        TOM, "n/1", "<p>Hallo :sun:</p>", contentMap={"de": "<p>Hallo :sun:</p>", "en": "<p>Hello :sun:</p>"},
        updated="2026-01-15T12:00:00Z",
        tag=[{"type": "Emoji", "name": ":sun:", "icon": {"type": "Image", "url": "https://birch.example/sun.png"}}],
    )  # fmt: skip
    fediverse.clock.advance(4 * 3600)
    await birch.send(alder.here, birch.activity("Update", TOM, changed))
    await fediverse.settle()
    view = await sees(alder, changed["id"])
    assert (view.language, [item.language for item in view.translations]) == ("en", ["de"])
    assert 'class="emoji"' in view.content_html


async def test_the_page_of_a_hashtag_shows_what_one_may_read(fediverse, alder, birch):
    """S15."""
    await write(alder, "In public #maths", title="For all")
    await write(alder, "Inside #maths", title="For people here", visibility="instance")
    await write(alder, "Another matter #music", title="Elsewhere")
    await page_of(fediverse, alder, birch, content="<p>x</p>", name="From Tom", type="Article",
                  tag=[{"type": "Hashtag", "name": "#Maths"}])  # fmt: skip
    async with fediverse.client(alder.here) as client:
        page = (await client.get("/tags/Maths")).text
        assert [title in page for title in ("For all", "For people here", "Elsewhere", "From Tom")] == [
            True,
            False,
            False,
            True,
        ]
        assert (await client.get("/tags/%20")).status_code == 404
        assert (await client.get("/tags/" + "x" * 200)).status_code == 404
        assert "Nothing with this hashtag" in (await client.get("/tags/nobody")).text
    async with fediverse.client(alder.here, alder) as client:
        assert "For people here" in (await client.get("/tags/maths")).text


async def test_a_hashtag_with_many_posts_is_read_page_by_page(fediverse, alder):
    for number in range(45):
        await write(alder, "#maths", title=f"Number {number:02}")
        fediverse.clock.advance(60)
    address, seen = "/tags/maths", []
    async with fediverse.client(alder.here) as client:
        for _ in range(4):
            page = (await client.get(address)).text
            seen += re.findall(r"Number \d\d(?=</a>)", page)
            older = re.search(r'href="(/tags/maths\?before=[^"]+)"', page)
            if older is None:
                break
            address = older[1]
    assert seen == [f"Number {number:02}" for number in reversed(range(45))]
