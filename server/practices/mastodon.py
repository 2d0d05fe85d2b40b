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
_ATTRIBUTES = {"ol": {"start", "reversed"}, "li": {"value"}, "a": {"href"}}
_CLASSES = {
    "a": {"mention", "hashtag", "u-url", "ellipsis", "invisible"},
    "span": {"h-card", "ellipsis", "invisible", "quote-inline"},
    "p": {"quote-inline"},
}
_MATH = re.compile(r"<math(?P<open>[^>]*)>(?P<inside>.*?)</math>", re.DOTALL | re.IGNORECASE)
_TEX = re.compile(r'<annotation encoding="application/x-tex">(.*?)</annotation>', re.DOTALL)
_HEADING = re.compile(r"<(/?)h[1-6](?:\s[^>]*)?>", re.IGNORECASE)
_TITLED = frozenset({"Article", "Page", "Event", "Image", "Audio", "Video"})


@dataclass(frozen=True, slots=True)
class SeenOnMastodon:
    """What a Mastodon user meets. `warning` hides the rest until they press "Show more".

    `options` are a poll's, `card` the address that a preview card is made of, `sensitive` covers the pictures.
    """

    warning: str
    html: str
    pictures: tuple[dict[str, str], ...]
    left_out: int
    options: tuple[str, ...] = ()
    card: str = ""
    sensitive: bool = False

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
    return SeenOnMastodon(
        warning,
        html,
        shown,
        left_out,
        options=_options(document),
        card=_card(document.get("attachment")),
        sensitive=document.get("sensitive") is True and bool(shown),
    )


def sanitise(html: str) -> str:
    """HTML as Mastodon keeps it: headings become bold paragraphs, pictures inside the text go."""
    html = _MATH.sub(_formula, html)
    html = _HEADING.sub(lambda match: "</strong></p>" if match[1] else "<p><strong>", html)
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        allowed_classes=_CLASSES,
        url_schemes={"http", "https"},
        link_rel="nofollow noopener noreferrer",
    )


def _formula(match: re.Match[str]) -> str:
    """A formula as its TeX between dollar signs; two of them where it stands alone (FEP-dc88)."""
    tex = _TEX.search(match["inside"])
    sign = "$$" if 'display="block"' in match["open"] else "$"
    return f"{sign}{tex[1]}{sign}" if tex else ""


def _options(document: Mapping[str, object]) -> tuple[str, ...]:
    if document.get("type") != "Question":
        return ()
    listed = document.get("oneOf") or document.get("anyOf")
    items = listed if isinstance(listed, list) else []
    return tuple(_text(item.get("name")) for item in items if isinstance(item, dict))


def _card(value: object) -> str:
    """What has an `href` is no file but a link, and the first becomes a preview card."""
    items = value if isinstance(value, list) else []
    return next((_text(item["href"]) for item in items if isinstance(item, dict) and item.get("href")), "")


def _attachments(value: object) -> tuple[tuple[dict[str, str], ...], int]:
    items = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
    files = [item for item in items if not item.get("href")]
    shown = tuple(
        {"url": _text(item.get("url")), "alt": _text(item.get("name")), "media_type": _text(item.get("mediaType"))}
        for item in files[:MAX_ATTACHMENTS]
    )
    return shown, len(files) - len(shown)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
