"""Links of strangers that lead to pages of ours: people we know, and hashtags."""

import re
from collections.abc import Collection, Mapping
from html import escape, unescape
from urllib.parse import quote

_TAGS = re.compile(r"<[^>]*>")
_HREF = re.compile(r'href="([^"]*)"')


def to_our_pages(html: str, people: Mapping[str, str], tags: Collection[str]) -> str:
    """Sanitised HTML whose links to `people` (page or id to path here) and to `tags` (lower case) stay here."""
    if "<a " not in html or not (people or tags):
        return html
    first, *links = html.split("<a ")
    kept = [first]
    for link in links:
        attributes, closed, rest = link.partition(">")
        inside, ended, after = rest.partition("</a>")
        path = _path(attributes, inside, people, tags) if closed and ended else None
        if path is not None:
            before, _, after_href = attributes.partition('href="')
            attributes = f'{before}href="{escape(path)}"{after_href.partition(chr(34))[2]}'
        kept.append(f"<a {attributes}{closed}{inside}{ended}{after}")
    return "".join(kept)


def _path(attributes: str, inside: str, people: Mapping[str, str], tags: Collection[str]) -> str | None:
    href = _HREF.search(attributes)
    if href is None:
        return None
    known = people.get(unescape(href[1]))
    if known is not None:
        return known
    words = unescape(_TAGS.sub("", inside[:500])).strip()
    tag = words.lstrip("#＃").lower()
    return f"/tags/{quote(tag)}" if words[:1] in {"#", "＃"} and tag in tags else None
