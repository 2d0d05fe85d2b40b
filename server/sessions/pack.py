"""What to read before an event (C14): how it is written down, said in words, sent and read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from math import ceil
from typing import Any

from federation.vocab.base import id_of, is_web_uri, items_of
from server.errors import Invalid
from server.practices.writing import is_web_address
from server.text import clean_text, plain

MOST = 12
TITLE = 150
ADDRESS = 500
MOST_MINUTES = 600
WORDS_A_MINUTE = 200

TERM, ITEM, MINUTES = "ph:prepare", "ph:item", "ph:minutes"

_WORDS = {"en": ("To prepare:", "minute", "minutes"), "de": ("Zur Vorbereitung:", "Minute", "Minuten")}


@dataclass(frozen=True, slots=True)
class PackForm:
    """One thing to read: a post by its ActivityPub id (`uri`), or any page, which has none."""

    url: str
    title: str = ""
    minutes: int | None = None
    uri: str = ""


def tidy(items: Sequence[PackForm]) -> tuple[PackForm, ...]:
    """The things without spare space, each once."""
    found: dict[str, PackForm] = {}
    for item in items:
        url = item.url.strip()
        found.setdefault(url, replace(item, url=url, title=" ".join(clean_text(item.title).split())))
    return tuple(found.values())


def check(items: Sequence[PackForm]) -> None:
    """Raise Invalid with everything that is wrong in tidy things."""
    errors = []
    if len(items) > MOST:
        errors.append(Invalid(f"At most {MOST} things are in it. People have little time.", field="address"))
    for number, item in enumerate(items, 1):
        if not is_web_address(item.url) or len(item.url) > ADDRESS:
            errors.append(Invalid("Links start with https:// and are not too long.", field="address"))
        if not item.title:
            errors.append(Invalid("Say what it is called.", field=f"title-{number}"))
        if len(item.title) > TITLE:
            errors.append(Invalid(f"Use at most {TITLE} characters.", field=f"title-{number}"))
        if item.minutes is None or not 1 <= item.minutes <= MOST_MINUTES:
            errors.append(Invalid("Write the minutes as a number, for example 10.", field=f"minutes-{number}"))
    if errors:
        raise Invalid(errors[0].message, field=errors[0].field, others=tuple(errors[1:]))


def minutes_of(content_html: str) -> int:
    """How long reading a text takes, in whole minutes."""
    return min(MOST_MINUTES, max(1, ceil(len(plain(content_html).split()) / WORDS_A_MINUTE)))


def words(items: Sequence[PackForm], language: str) -> str:
    """The list as HTML under the text of an event, for those who read nothing but the text."""
    if not items:
        return ""
    title, one, many = _WORDS.get(language.partition("-")[0], _WORDS["en"])
    listed = [
        f'<li><a href="{escape(item.url)}">{escape(item.title, quote=False)}</a>'
        f" ({item.minutes} {one if item.minutes == 1 else many})</li>"
        for item in items
    ]
    return f"<p><strong>{title}</strong></p><ol>{''.join(listed)}</ol>"


def wire(items: Sequence[PackForm]) -> dict[str, object]:
    """The same in terms."""
    listed = [
        {**({ITEM: item.uri} if item.uri else {}), "url": item.url, "name": item.title, MINUTES: item.minutes}
        for item in items
    ]
    return {TERM: listed} if listed else {}


def read(raw: Any) -> tuple[PackForm, ...]:
    """What an event from elsewhere asks for; what says too little is left out."""
    found: list[PackForm] = []
    for item in items_of(raw.get(TERM), limit=MOST):
        if not isinstance(item, dict):
            continue
        url, name, minutes = item.get("url"), item.get("name"), item.get(MINUTES)
        if not isinstance(url, str) or not isinstance(name, str) or not is_web_address(url) or len(url) > ADDRESS:
            continue
        title = " ".join(clean_text(name[:TITLE]).split())
        if not title or not isinstance(minutes, int) or isinstance(minutes, bool) or not 1 <= minutes <= MOST_MINUTES:
            continue
        uri = id_of(item.get(ITEM))
        known = uri if uri is not None and is_web_uri(uri) and len(uri) <= ADDRESS else ""
        found.append(PackForm(url, title, minutes, known))
    return tidy(found)
