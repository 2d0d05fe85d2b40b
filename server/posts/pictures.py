"""Pictures inside texts: ours are shown, those from elsewhere come through our own address, or become links."""

import re
from html import escape, unescape

from server.instance import Instance

_IMAGE = re.compile(r'<img (?:[a-z]+="[^"]*" ?)*>')
_ATTRIBUTE = re.compile(r'([a-z]+)="([^"]*)"')


def show_pictures(here: Instance, html: str, *, shown: bool = True) -> str:
    """Sanitised HTML with pictures that a reader's browser may load: none from another server (S25)."""
    if "<img " not in html:
        return html
    return _IMAGE.sub(lambda match: _picture(here, match[0], shown=shown), html)


def _picture(here: Instance, tag: str, *, shown: bool) -> str:
    values = {name: unescape(value) for name, value in _ATTRIBUTE.findall(tag)}
    source, words = values.get("src", ""), values.get("alt", "")
    if source.startswith((here.url("/media/"), "/media/")):
        address: str | None = source.removeprefix(here.settings.origin)
    else:
        address = here.media_url(source) if shown and source.startswith(("https://", "http://")) else None
    if address is None:
        link = escape(source)
        return f'<a href="{link}" rel="nofollow noopener noreferrer ugc">{escape(words) or link}</a>' if source else ""
    return f'<img src="{escape(address)}" alt="{escape(words)}" loading="lazy" decoding="async">'
