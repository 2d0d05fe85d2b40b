"""S12, S20: what a text costs grows with its length, whatever strangers repeat in it.

CPU time of one thread, four times the text against the text: about 4 where the cost is linear, 16 where it is a square.
"""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from federation.vocab.objects import parse_post
from server.posts import rendering
from server.text import excerpt, plain, render_markdown
from server.text.emoji import with_emoji

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
    *(
        "<form><div></form>",
        "<p><strong>When:</strong> ",
        "&",
        "&amp",
        "&lt;",
        "&#",
        "a ",
        " ",
        "\0",
        ":",
        ":a",
        ":wave:",
        "<a href=x>:wave:</a>",
    ),
]
MARKDOWN = [
    *("[", "![", "*[", "[a](", "[a][", "[a]: b\n", "[]((", "*a ", "**a ", "_a_", "***a", "_*", "`", "``a", "~~a", "\\"),
    *("<a ", "<!--", "<http://", "http://", "(((http://x.y/", "www.a.b ", "a@b.c ", "#a ", "@a@b.example ", "@a@", "&"),
    *("> ", "- ", "1. ", "* * ", "| a |\n", "a\n", "=\n", "```\n", "    a\n", "- [ ] ", "[^1]"),
]


POST = parse_post(
    {
        "type": "Event",
        "id": "https://birch.example/e/1",
        "attributedTo": "https://birch.example/u/bruno",
        "to": ["https://www.w3.org/ns/activitystreams#Public"],
        "name": "A session",
        "startTime": "2026-01-15T10:00:00Z",
        "content": "",
    }
)


def _shown(html: str) -> str:
    """What a post from elsewhere becomes: an event, for its text is looked at once more."""
    content = rendering.shown(replace(POST, kind="session", content_html=html)).content_html
    return with_emoji(content, EMOJI, lambda url: "/p")


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
