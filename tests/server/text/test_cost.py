"""S12, S20: what a text costs grows with its length, whatever strangers repeat in it.

CPU time of one thread, four times the text against the text: about 4 where the cost is linear, 16 where it is a square.
"""

import time
from collections.abc import Callable

import pytest

from server.text import excerpt, plain, render_markdown, sanitise
from server.text.emoji import with_emoji
from server.text.pages import to_our_pages

EMOJI = {"wave": "https://birch.example/wave.png"}
LETTERS = {"html": 9_000, "markdown": 2_500}
RATIO = 9
UNMEASURABLE = 0.02
"""Seconds below which only noise is measured."""

HTML = [
    *(
        "<a ",
        '<a href="',
        "<a b='",
        "<a/",
        "<a\t/",
        "<p\n",
        "<h1",
        "<h1 ",
        "<!--",
        "<!",
        "<?",
        "</",
        "</a ",
        "<![CDATA[",
    ),
    *("<script>", "<script", "<math", "<math>", "<svg>", "<template>", "<select>", "<textarea>", "<title>", "<table>"),
    *(
        "<table><a>",
        "<b><p>",
        "<b></p>",
        "<b><i></b>",
        "<a><p>",
        "<li>",
        "<br/>",
        "</b>",
        "<nobr>",
        "<ruby><rt>",
        "<p></p>",
    ),
    *("<form><div></form>", "&", "&amp", "&lt;", "&#", "a ", " ", "\0", ":", ":a", ":wave:", "<a href=x>:wave:</a>"),
]
MARKDOWN = [
    *("[", "![", "*[", "[a](", "[a][", "[a]: b\n", "[]((", "*a ", "**a ", "_a_", "***a", "_*", "`", "``a", "~~a", "\\"),
    *("<a ", "<!--", "<http://", "http://", "(((http://x.y/", "www.a.b ", "a@b.c ", "#a ", "@a@b.example ", "@a@", "&"),
    *("> ", "- ", "1. ", "* * ", "| a |\n", "a\n", "=\n", "```\n", "    a\n", "- [ ] ", "[^1]"),
]


def _shown(html: str) -> str:
    return to_our_pages(
        with_emoji(sanitise(html, images=True), EMOJI, lambda url: "/p"), {"https://x.example/@a": "/@a"}, {"b"}
    )


def _markdown(source: str) -> str:
    return render_markdown(source, base_url="https://alder.example").html


def _cost(work: Callable[[str], str], text: str) -> float:
    best = float("inf")
    for _ in range(2):
        begun = time.thread_time()
        work(text)
        best = min(best, time.thread_time() - begun)
    return best


def _is_linear(work: Callable[[str], str], piece: str, letters: int) -> bool:
    text = piece * (4 * letters // len(piece))
    return _cost(work, text) <= RATIO * max(_cost(work, text[:letters]), UNMEASURABLE)


@pytest.mark.parametrize("piece", HTML)
def test_s20_s12_the_cost_of_html_is_linear(piece):
    for work in (_shown, plain, excerpt):
        assert _is_linear(work, piece, LETTERS["html"])
        # There are limits in between.
        assert _is_linear(work, piece, 5 * LETTERS["html"])


@pytest.mark.parametrize("piece", MARKDOWN)
def test_s20_s12_the_cost_of_markdown_is_linear(piece):
    assert _is_linear(_markdown, piece, LETTERS["markdown"])
