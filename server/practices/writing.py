"""Small parts of a Markdown text that is put together out of the fields of a form."""

import functools
import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from server.text import LICENCES, render_markdown

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}#{1,5}(?=\s)")
_SPECIAL = re.compile(r"([\\`*_\[\]<>#&!|~])")


class Text:
    """A text that grows part by part. Headings of ours are of the first level, which `render_markdown` makes h2."""

    def __init__(self) -> None:
        """Start empty."""
        self._parts: list[str] = []

    def __str__(self) -> str:
        """All parts as Markdown."""
        return "\n\n".join(self._parts)

    def add(self, markdown: str, heading: str = "") -> None:
        """Append Markdown of ours, unless it is empty."""
        if markdown:
            self._parts.append(f"# {heading}\n\n{markdown}" if heading else markdown)

    def line(self, words: str) -> None:
        """Append one line of plain text."""
        self.add(plain_line(words))

    def prose(self, markdown: str, heading: str = "", *, after: str = "") -> None:
        """Append Markdown that somebody wrote; `after` is a plain line at its end."""
        if markdown:
            self.add(embedded(markdown) + (f"\n\n{plain_line(after)}" if after else ""), heading)

    def facts(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Append names and values, each on its line."""
        self.add("  \n".join(f"{name}: {plain_line(value)}" for name, value in pairs))

    def numbered(self, items: Sequence[str], heading: str) -> None:
        """Append an ordered list of Markdown items."""
        marked = ((f"{number}. ", embedded(item)) for number, item in enumerate(items, 1))
        self.add("\n\n".join(mark + item.replace("\n", "\n" + " " * len(mark)) for mark, item in marked), heading)

    def links(self, items: Sequence[tuple[str, str]], heading: str) -> None:
        """Append a list of links: pairs of address and name."""
        self.add("\n".join(f"- {link(url, name)}" for url, name in items), heading)

    def licence(self, licence: str) -> None:
        """Append the licence in words, so that nothing is lost where only the text is shown."""
        known = LICENCES.get(licence)
        if known is not None:
            self.add(f"Licence: {link(known.url, known.label) if known.url else known.label}")


@functools.lru_cache(maxsize=2048)
def rendered(source: str, base_url: str) -> str:
    """Safe HTML of one field. Kept, because pages show the same fields again and again."""
    return render_markdown(source, base_url=base_url).html if source else ""


def embedded(markdown: str) -> str:
    """Somebody's Markdown as a part of ours: its headings one level lower, its last code fence closed."""
    return closed(
        "\n".join(
            line.replace("#", "##", 1) if is_free and _HEADING.match(line) else line
            for line, is_free in outside_code(markdown)
        )
    )


def closed(markdown: str) -> str:
    """Markdown with its last code fence closed, so that what is put behind it is not code."""
    fence = list(_fences(markdown))[-1][1]
    return f"{markdown}\n{fence}" if fence else markdown


def outside_code(markdown: str) -> Iterator[tuple[str, bool]]:
    """The lines, and whether each is outside of a code fence."""
    return ((line, not fence) for line, fence in _fences(markdown))


def _fences(markdown: str) -> Iterator[tuple[str, str]]:
    """The lines, each with the fence that is open after it."""
    fence = ""
    for line in markdown.split("\n"):
        found = _FENCE.match(line)
        if found and not fence:
            fence = found[1]
        elif found and found[1][0] == fence[0] and len(found[1]) >= len(fence):
            fence = ""
        yield line, fence


def link(url: str, name: str) -> str:
    """A link in Markdown, with a name that is plain text."""
    address = url.replace("<", "%3C").replace(">", "%3E").replace(" ", "%20").replace("\n", "")
    return f"[{plain_line(name)}](<{address}>)"


def plain_line(text: str) -> str:
    """One line of plain text as Markdown."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def quoted_line(text: str) -> str:
    """As `plain_line`, for words of somebody else: what looks like a handle in them calls nobody."""
    return plain_line(text).replace("@", "\\@")


def is_web_address(url: str) -> bool:
    """Whether this is a full http(s) address without a user name in it."""
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc and " " not in url
    except ValueError:
        return False
