"""Custom emoji, links that stay here, formulas: what is made of strangers' words (S10, S19, S20)."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.text import sanitise
from server.text.emoji import MAX_SHOWN, with_emoji
from server.text.pages import to_our_pages

EMOJI = {"blobcat": "https://birch.example/cat.png", "wave": "https://birch.example/wave.png"}


def address(url):
    """A picture's address here."""
    return f"/pictures/{len(url)}"


def test_a_name_becomes_a_picture_that_says_its_name():
    html = with_emoji("<p>Hello :blobcat:!</p>", EMOJI, address)
    assert re.search(r'<p>Hello <img class="emoji" src="/pictures/\d+" alt=":blobcat:" [^>]*>!</p>', html)


@pytest.mark.parametrize(
    "html",
    [
        '<p><a href="https://x.example/@:blobcat:" class="u-url mention">@<span>:blobcat:</span></a></p>',
        "<p><code>:blobcat:</code></p>",
        "<pre>if x :blobcat: y</pre>",
        '<p><img src="https://x.example/:blobcat:.png" alt=":blobcat:"></p>',
        '<p><a href="https://x.example/:blobcat:">here</a></p>',
        "<p>:unknown: 10:30:45 ::</p>",
    ],
)
def test_handles_code_and_addresses_are_never_dressed_up(html):
    """S10."""
    assert with_emoji(html, EMOJI, address) == html


def test_what_cannot_be_shown_stays_a_word():
    assert with_emoji("<p>:wave:</p>", EMOJI, lambda url: None) == "<p>:wave:</p>"


def test_after_many_pictures_the_rest_are_words():
    """S19."""
    html = with_emoji(f"<p>{':wave:' * 1000}</p>", EMOJI, address)
    assert html.count("<img ") == MAX_SHOWN
    assert html.count(":wave:</p>") == 1


@given(st.text(alphabet="<>:\"'&;/ablowve=_-c", max_size=200))
@settings(max_examples=100, deadline=None)
def test_emoji_never_break_what_was_safe(text):
    """S20: sanitising again changes nothing but the pictures."""
    safe = sanitise(f"<p>{text}</p>", images=True)
    dressed = with_emoji(safe, EMOJI, address)
    assert re.sub(r'<img class="emoji"[^>]* alt="(:\w+:)"[^>]*>', r"\1", dressed) == safe


def test_people_and_hashtags_lead_to_pages_here():
    html = sanitise(
        '<p><a href="https://x.example/@ann" class="u-url mention">@<span>ann</span></a>'
        ' <a href="https://x.example/tags/Maths" class="mention hashtag" rel="tag">#<span>Maths</span></a>'
        ' <a href="https://x.example/tags/other">#other</a> <a href="https://x.example/about">about</a></p>'
    )
    links = re.findall(r'href="([^"]*)"', to_our_pages(html, {"https://x.example/@ann": "/@ann@x.example"}, {"maths"}))
    assert links == ["/@ann@x.example", "/tags/maths", "https://x.example/tags/other", "https://x.example/about"]


@pytest.mark.parametrize(
    "math",
    [
        "<math><semantics><mfrac></mfrac>"
        '<annotation encoding="application/x-tex">\\frac{1}{2}</annotation></semantics></math>',
        '<math display="block"><semantics><mi>x</mi>'
        '<annotation encoding="application/x-tex">\\frac{1}{2}</annotation></semantics></math>',
    ],
)
def test_formulas_are_shown_as_tex(math):
    """FEP-dc88."""
    assert sanitise(f"<p>Half is {math}.</p>") == "<p>Half is <code>\\frac{1}{2}</code>.</p>"


def test_s10_a_link_from_elsewhere_leads_there_or_nowhere() -> None:
    html = '<a href="/settings">a</a><a href="x?y">b</a><img src="p.png"><a href="https://elm.example/">c</a>'
    safe = sanitise(html, images=True, base="https://birch.example/n/1")
    found = re.findall(r'(?:href|src)="([^"]*)"', safe)
    assert found == [
        "https://birch.example/settings",
        "https://birch.example/n/x?y",
        "https://birch.example/n/p.png",
        "https://elm.example/",
    ]
    assert re.findall(r'(?:href|src)="([^"]*)"', sanitise(html, images=True, base="https://[::1")) == found[-1:]
