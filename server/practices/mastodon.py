"""How Mastodon shows a post of ours, so that authors see it before their readers do.

From Mastodon 4.7 (`app/lib/activitypub/parser/status_parser.rb`, `lib/sanitize_ext/sanitize_config.rb`): a Note shows
its content, under its summary as content warning; an Article shows its name in bold, its summary and a link, and never
its content.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import nh3
from markupsafe import escape

from server.text import plain

MAX_ATTACHMENTS = 4

_TAGS = {
    "p", "br", "span", "a", "del", "s", "pre", "blockquote", "code", "b", "strong", "u", "i", "em", "ul", "ol", "li",
    "ruby", "rt", "rp",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "class"}, "span": {"class"}, "ol": {"start", "reversed"}, "li": {"value"}}
_HEADING = re.compile(r"<(/?)h[1-6](?:\s[^>]*)?>", re.IGNORECASE)
_TITLED = frozenset({"Article", "Page", "Event", "Image", "Audio", "Video"})


@dataclass(frozen=True, slots=True)
class SeenOnMastodon:
    """What a Mastodon user meets. `warning` hides the rest until they press "Show more"."""

    warning: str
    html: str
    pictures: tuple[dict[str, str], ...]
    left_out: int

    @property
    def length(self) -> int:
        """Characters of text, as Mastodon counts them; posts over 500 are folded in some apps."""
        return len(plain(self.html))


def as_on_mastodon(document: Mapping[str, object]) -> SeenOnMastodon:
    """The view of an ActivityPub object of ours."""
    summary, name, content = (_text(document.get(key)) for key in ("summary", "name", "content"))
    url = _text(document.get("url")) or _text(document.get("id"))
    if document.get("type") in _TITLED:
        link = f'<p><a href="{escape(url)}">{escape(url)}</a></p>'
        html = f"<p><strong>{escape(name)}</strong></p>{sanitise(summary)}{link}"
        warning = ""
    else:
        html, warning = sanitise(content), plain(summary)
    shown, left_out = _attachments(document.get("attachment"))
    return SeenOnMastodon(warning, html, shown, left_out)


def sanitise(html: str) -> str:
    """HTML as Mastodon keeps it: headings become bold paragraphs, pictures inside the text go."""
    html = _HEADING.sub(lambda match: "</strong></p>" if match[1] else "<p><strong>", html)
    return nh3.clean(
        html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes={"http", "https"}, link_rel="nofollow noopener noreferrer"
    )


def _attachments(value: object) -> tuple[tuple[dict[str, str], ...], int]:
    items = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
    files = [item for item in items if item.get("type") != "Link"]
    shown = tuple(
        {"url": _text(item.get("url")), "alt": _text(item.get("name")), "media_type": _text(item.get("mediaType"))}
        for item in files[:MAX_ATTACHMENTS]
    )
    return shown, len(files) - len(shown)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
