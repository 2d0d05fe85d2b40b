"""Custom emoji: the pictures that a post or name brings along for ``:names:`` in it."""

import json
import re
from collections.abc import Callable, Mapping
from html import escape

MAX_EMOJI = 50
MAX_SHOWN = 200

_PARTS = re.compile(r"(<[^>]*>)")
_NAME = re.compile(r":([A-Za-z0-9_-]{1,50}):")
_SILENT = re.compile(r'<(?:code|pre)[\s>]|<a [^>]*class="[^"]*mention')
_ENDS = {"</code>", "</pre>", "</a>"}


def with_emoji(html: str, emoji: Mapping[str, str], address: Callable[[str], str | None]) -> str:
    """Sanitised HTML with pictures for the names in `emoji`; `address` says where a picture is shown from, if at all.

    Names stay words in code, and in handles, which nobody may dress up (S10). What cannot be shown stays a word, too;
    after two hundred pictures the rest does (S19).
    """
    if not emoji or ":" not in html:
        return html
    left, silent = MAX_SHOWN, 0
    made: dict[str, str | None] = {}

    def picture(match: re.Match[str]) -> str:
        nonlocal left
        name = match[1]
        if name not in emoji or left == 0:
            return match[0]
        if name not in made:
            shown = address(emoji[name])
            made[name] = shown and (
                f'<img class="emoji" src="{escape(shown)}" alt=":{name}:" title=":{name}:" width="20" height="20"'
                ' loading="lazy" decoding="async">'
            )
        found = made[name]
        if found is None:
            return match[0]
        left -= 1
        return found

    parts = _PARTS.split(html)
    for number, part in enumerate(parts):
        if part.startswith("<"):
            if _SILENT.match(part):
                silent += 1
            elif silent and part in _ENDS:
                silent -= 1
        elif not silent and ":" in part:
            parts[number] = _NAME.sub(picture, part)
    return "".join(parts)


def name_with_emoji(name: str, stored: str | None, address: Callable[[str], str | None]) -> str:
    """A plain name as safe HTML with its custom emoji (`stored` as JSON); empty where it has none."""
    return with_emoji(escape(name), json.loads(stored), address) if stored and name else ""
