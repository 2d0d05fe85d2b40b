"""Text: what strangers may send and what our own people write (S10, S20)."""

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.text import excerpt, language_code, licence_by_url, plain, render_markdown, sanitise, slugify

ORIGIN = "https://hall.example"


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href='java\tscript:alert(1)'>x</a>",
        "<a href='data:text/html,<script>1</script>'>x</a>",
        "<a href='vbscript:x'>x</a>",
        "<p style='position:fixed' onclick=alert(1) class='composer'>x</p>",
        "<iframe src=https://evil.example></iframe>",
        "<form action=/settings><input name=x></form>",
        "<svg><script>alert(1)</script></svg>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
        "<style>*{display:none}</style><base href=//evil.example><meta http-equiv=refresh content=0>",
        "<object data=x></object><embed src=x><link rel=stylesheet href=x>",
        "<p id=main name=x tabindex=1 data-item=1>x</p>",
    ],
)
def test_s20_nothing_active_survives(html):
    for cleaned in (sanitise(html), sanitise(html, images=True), render_markdown(html, base_url=ORIGIN).html):
        found = Elements()
        found.feed(cleaned)
        assert {tag for tag, _, _ in found.seen} <= {"p", "a", "img", "br"}
        for _, name, value in found.seen:
            assert name in {"", "href", "rel", "src", "alt"}
            assert not (value or "").lower().startswith(("java", "data", "vbscript"))


class Elements(HTMLParser):
    """Every element with each of its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.seen += [(tag, "", ""), *((tag, name, value) for name, value in attrs)]


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="<>/=\"'abps ihrefonclk!-&;:", max_size=200))
def test_s20_sanitising_twice_is_sanitising_once(html):
    once = sanitise(html, images=True)
    assert sanitise(once, images=True) == once
    assert "onclick" not in once or "<" not in once.partition("onclick")[0][-1:]


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<a href='https://evil.example/x'>https://bank.example/login</a>", "evil.example/x"),
        ("<a href='https://evil.example'>bank.example</a>", "evil.example"),
        ("<a href='https://evil.example'>www.bank.example/path</a>", "evil.example"),
        ("<a href='https://evil.example'> <b>bank</b>.example</a>", "evil.example"),
        ("<a href='https://evil.example'>bank\u3002example</a>", "evil.example"),
        ("<a href='https://xn--pple-43d.com/'>https://\u0430pple.com/</a>", "xn--pple-43d.com"),
    ],
)
def test_s10_a_link_cannot_show_another_server_s_address(html, shown):
    assert plain(sanitise(html)) == shown


def test_s10_honest_links_stay_as_they_are():
    for text, href in (
        ("the worksheet", "https://a.example/w"),
        ("a.example/w", "https://a.example/w"),
        ("https://www.a.example/…", "https://a.example/w"),
        ("example.org", "https://docs.example.org/"),
        ("@maya", "https://a.example/@maya"),
    ):
        assert plain(sanitise(f'<a href="{href}">{text}</a>')) == text


def test_s10_invisible_letters_and_turned_lines_are_taken_out():
    hostile = "a\u202egnp.exe\u202c\u200b\u2066x\u2069\ufeff"
    assert sanitise(hostile) == "agnp.exex"
    assert render_markdown(hostile, base_url=ORIGIN).html == "<p>agnp.exex</p>"
    written = "".join(f"&#x{ord(letter):x};" if ord(letter) > 127 else letter for letter in hostile)
    for html in (written, f'<p title="x">{written}</p>', f"<math>{written}</math>", "<b>" * 9_000 + written):
        assert plain(html) == "agnp.exex"
        assert not any(ord(letter) > 127 for letter in sanitise(html))
    assert sanitise('<a href="https://a.example/&#x202e;x">&#x202e;fdp.exe</a>').count("\u202e") == 0
    assert sanitise("می\u200cخواهم") == "می\u200cخواهم"


@pytest.mark.parametrize("source", ["[http://p://", "see [http://a://b @maya #words", "*[https://x.example://*"])
def test_s12_any_markdown_is_rendered(source):
    rendered = render_markdown(source, base_url=ORIGIN)
    assert plain(rendered.html).replace("\\", "") == source.replace("*", "")
    assert rendered.mentions == (("maya",) if "@maya" in source else ())


def test_markdown_names_people_and_words():
    source = "Ask @maya and @Tom@riverside.example, not me@x.example or `@code`. #Fractions #5 [#no](https://a.example)"
    rendered = render_markdown(source, base_url=ORIGIN, mention_urls={"maya": f"{ORIGIN}/@maya"})
    assert rendered.mentions == ("maya", "tom@riverside.example")
    assert rendered.hashtags == ("Fractions",)
    assert f'<a href="{ORIGIN}/@maya" class="u-url mention"' in rendered.html
    assert "and @Tom@riverside.example" in rendered.html


def test_markdown_keeps_to_what_every_server_shows():
    html = render_markdown(
        "# One\n\n##### Five\n\n~~gone~~ <b>raw</b>\n\n![far](https://x.example/a.png) ![own](/media/a.webp)",
        base_url=ORIGIN,
    ).html
    assert "<h2>One</h2>" in html
    assert "<h4>Five</h4>" in html
    assert "<del>gone</del> &lt;b&gt;raw&lt;/b&gt;" in html
    assert '<a href="https://x.example/a.png"' in html
    assert f'<img src="{ORIGIN}/media/a.webp" alt="own">' in html


def test_formulas_are_shown_as_their_source():
    html = '<math><semantics><mi>x</mi><annotation encoding="application/x-tex">x^2</annotation></semantics></math>'
    assert sanitise(html) == "<code>x^2</code>"


def test_words_and_codes():
    assert slugify("Über Brüche: wie?") == "uber-bruche-wie"
    assert slugify("分数を教える") == "分数を教える"
    assert slugify("!!!") == "post"
    assert len(slugify("word " * 100)) <= 60
    assert excerpt("<p>One two</p><ul><li>three</li></ul>", 9) == "One two…"
    assert plain("<p>a &amp; b</p><style>no</style>") == "a & b"
    assert licence_by_url("http://creativecommons.org/licenses/by-sa/4.0") == "CC-BY-SA-4.0"
    assert licence_by_url("https://example.org/mine") == "https://example.org/mine"
    assert (language_code("EN_gb"), language_code("und"), language_code("x" * 40)) == ("en-gb", "en", "en")
