"""Documents and videos of others: a link until the reader asks to see them here, and no request before (N9)."""

import pytest

from server.resources.embeds import embed_of
from tests.conftest import Fediverse
from tests.posting import community

DOCUMENT = "https://docs.google.com/document/d/1aBcDeFgHiJkLm/edit?usp=sharing"


@pytest.mark.parametrize(
    "link",
    [
        "http://docs.google.com/document/d/1aBcDeFgHiJkLm/edit",
        "https://docs.google.com.evil.example/document/d/1aBcDeFgHiJkLm",
        "https://evil@docs.google.com/document/d/1aBcDeFgHiJkLm",
        "https://docs.google.com:8443/document/d/1aBcDeFgHiJkLm",
        "https://docs.google.com/document/d/../../x",
        "https://www.youtube.com/watch?v=';script",
        "https://youtu.be/redirect?q=https://evil.example",
        "https://vimeo.com/channels/x",
        "https://[",
        "javascript:alert(1)",
    ],
)
def test_n9_what_is_not_known_is_a_link_and_no_more(link: str) -> None:
    assert embed_of(link) is None


@pytest.mark.parametrize(
    ("link", "source"),
    [
        (DOCUMENT, "https://docs.google.com/document/d/1aBcDeFgHiJkLm/preview"),
        (
            "https://drive.google.com/file/d/1aBcDeFgHiJkLm/view",
            "https://drive.google.com/file/d/1aBcDeFgHiJkLm/preview",
        ),
        ("https://www.youtube.com/watch?v=abcdefghijk&t=3", "https://www.youtube-nocookie.com/embed/abcdefghijk"),
        ("https://youtu.be/abcdefghijk", "https://www.youtube-nocookie.com/embed/abcdefghijk"),
        ("https://vimeo.com/123456789", "https://player.vimeo.com/video/123456789?dnt=1"),
    ],
)
def test_n9_the_address_in_the_frame_is_made_of_the_id_alone(link: str, source: str) -> None:
    embed = embed_of(link)
    assert embed is not None
    assert embed.source == source


async def test_n9_nothing_is_asked_of_another_site_before_the_reader_says_so(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    await community(maya)
    sent = {
        "kind": "resource",
        "resource_type": "link",
        "title": "Our plan",
        "link": DOCUMENT,
        "text": "We wrote it together.",
        "licence": "CC-BY-4.0",
        "language": "en",
        "share": "1",
    }
    async with fediverse.client(here, maya) as browser:
        made = await browser.post("/c/science/new", data=sent)
        assert made.status_code == 303, made.text
        page = await browser.get(made.headers["location"])
        assert "<iframe" not in page.text
        assert "google" not in page.headers["content-security-policy"]
        assert "Nothing is asked of that site before you say so" in page.text
        shown = await browser.get(f"{made.headers['location']}?show=link")
        assert shown.text.count("<iframe") == 1
        assert 'referrerpolicy="no-referrer"' in shown.text
        assert "frame-src https://docs.google.com;" in shown.headers["content-security-policy"]
        other = await browser.get("/week?show=link")
        assert "frame-src" not in other.headers["content-security-policy"]
