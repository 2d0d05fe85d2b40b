"""The words under every remix: what was changed and why, and where it comes from. No part of them can be left out."""

from collections.abc import Sequence

from server.practices.writing import Text, link, plain_line
from server.remixes.wire import Ancestor, Basis
from server.text import LICENCES


def attribution(basis: Basis) -> str:
    """The end of the text of a remix, as Markdown: the same words on every server."""
    text = Text()
    text.prose(basis.what_changed, "What I changed")
    text.prose(basis.why, "Why I changed it")
    first, *others = basis.lineage
    lines = [f"This is a changed version of {named(first)}."]
    lines += [f"That was a changed version of {named(item)}." for item in others]
    text.add("  \n".join(lines), "Based on")
    return str(text)


def thanks_to(found: Sequence[Ancestor]) -> str:
    """The thanks under a practice that took changes back from its remixes, as Markdown; empty for most."""
    text = Text()
    text.add("\n".join(f"- {named(item)}" for item in found), "With changes from")
    return str(text)


def named(item: Ancestor) -> str:
    """Title, author, address and licence of something, as one line of Markdown.

    Names stand in links always: there, what looks like a handle or a hashtag calls nobody.
    """
    title = link(item.address, item.title or item.address)
    by = f" by {link(item.author_url or item.address, item.author)}" if item.author else ""
    known = LICENCES.get(item.licence)
    if known is None:
        return title + by
    return f"{title}{by} ({link(known.url, known.label) if known.url else plain_line(known.label)})"
