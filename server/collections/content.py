"""A collection as a text that is whole for everybody: its list with links, under what its author says of it."""

from collections.abc import Sequence
from html import escape

from server.collections.models import Collection, CollectionItem
from server.practices.writing import Text, link, plain_line
from server.text import excerpt

NOTHING = "Nothing is in it at the moment."
SUMMARY_CHARACTERS = 280


def write(kept: Collection, named: Sequence[CollectionItem]) -> str:
    """The text of a post as Markdown, with the things that its readers may know of."""
    text = Text()
    text.prose(kept.intro)
    marked = [f"{link(item.url, item.title)}{_reason(item.why)}" for item in named]
    text.add("\n".join(f"{number}. {line}" for number, line in enumerate(marked, 1)) or NOTHING)
    return str(text)


def summary(kept: Collection, named: Sequence[CollectionItem], intro_html: str) -> str:
    """One to three sentences without the title: all that a Mastodon reader sees besides it."""
    said = excerpt(intro_html, SUMMARY_CHARACTERS) if kept.intro else ""
    return said or excerpt(escape(" · ".join(item.title for item in named)), SUMMARY_CHARACTERS) or NOTHING


def _reason(why: str) -> str:
    return f": {plain_line(why)}" if why else ""
