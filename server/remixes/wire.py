"""What a practice is based on, in its `learning` object: schema.org's isBasedOn, and what we knew of it beside it.

Attribution has to survive the server that it points to, so that title, author, address and licence of everything that a
remix came from travel with it. The reader takes nothing on trust: what is no web address, or too long, is left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from federation.vocab.base import is_web_uri
from server.practices.wire import text
from server.text import clean_text, licence_by_url

MAX_ANCESTORS = 20
CHANGE_CHARACTERS = 2000
FIELDS = {"uri": 500, "url": 1000, "title": 300, "author": 200, "author_url": 500, "licence": 200}
_TERMS = {"uri": "ph:id", "url": "ph:url", "title": "ph:title", "author": "ph:author", "author_url": "ph:authorUrl",
          "licence": "ph:licence"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ancestor:
    """Something that a remix came from, as it was known when the remix was made. `uri` is its id."""

    uri: str
    url: str = ""
    title: str = ""
    author: str = ""
    author_url: str = ""
    licence: str = ""

    @property
    def host(self) -> str:
        """The server that it is on."""
        return self.uri.split("/")[2]

    @property
    def address(self) -> str:
        """Where a person finds it."""
        return self.url or self.uri

    def as_row(self) -> dict[str, str]:
        """As it is stored."""
        return {name: getattr(self, name) for name in FIELDS}


@dataclass(frozen=True, slots=True)
class Basis:
    """What a practice says of where it comes from: the nearest source first, what was changed, and why."""

    lineage: tuple[Ancestor, ...]
    what_changed: str = ""
    why: str = ""

    @property
    def source(self) -> Ancestor:
        """What it is based on."""
        return self.lineage[0]


def based_on(basis: Basis) -> dict[str, object]:
    """The part of a `learning` object that says so."""
    found: dict[str, object] = {
        "isBasedOn": basis.source.uri,
        "ph:basedOn": [_entry(item) for item in basis.lineage[:MAX_ANCESTORS]],
    }
    if basis.what_changed:
        found["ph:whatChanged"] = basis.what_changed
    if basis.why:
        found["ph:whyChanged"] = basis.why
    return found


def read_based_on(learning: Mapping[str, object], own_uri: str) -> Basis | None:
    """What the `learning` object of anybody's practice says of its source; None where it has none."""
    source = learning.get("isBasedOn")
    if isinstance(source, list):
        source = source[0] if source else None
    if isinstance(source, dict):
        source = source.get("id") or source.get("@id") or source.get("url")
    if not _is_id(source) or source == own_uri:
        return None
    listed = learning.get("ph:basedOn")
    named = [item for entry in _items(listed) if (item := _ancestor(entry)) is not None and item.uri != own_uri]
    unique = tuple({item.uri: item for item in reversed(named)}.values())[::-1]
    if not unique or unique[0].uri != source:
        # Whose list begins with something else says of its source no more than where it is.
        unique = (Ancestor(str(source)),)
    return Basis(
        unique,
        clean_text(text(learning.get("ph:whatChanged"), CHANGE_CHARACTERS)),
        clean_text(text(learning.get("ph:whyChanged"), CHANGE_CHARACTERS)),
    )


def with_thanks(thanks: Sequence[Ancestor]) -> dict[str, object]:
    """The part of a `learning` object that names whose changes a practice took back."""
    return {"ph:withChangesFrom": [_entry(item) for item in thanks[:MAX_ANCESTORS]]} if thanks else {}


def read_thanks(learning: Mapping[str, object]) -> tuple[Ancestor, ...]:
    """Whose changes anybody's practice says it took back."""
    entries = _items(learning.get("ph:withChangesFrom"))
    return tuple({item.uri: item for entry in entries if (item := _ancestor(entry)) is not None}.values())


def ancestors_of(rows: object) -> tuple[Ancestor, ...]:
    """What is stored of a lineage."""
    items: Sequence[object] = rows if isinstance(rows, list) else ()
    return tuple(
        Ancestor(**{name: str(item.get(name, "")) for name in FIELDS}) for item in items if isinstance(item, dict)
    )


def _items(value: object) -> list[object]:
    return value[:MAX_ANCESTORS] if isinstance(value, list) else [] if value is None else [value]


def _is_id(value: object) -> bool:
    return isinstance(value, str) and len(value) <= FIELDS["uri"] and is_web_uri(value)


def _entry(item: Ancestor) -> dict[str, str]:
    return {term: getattr(item, name) for name, term in _TERMS.items() if getattr(item, name)}


def _ancestor(entry: object) -> Ancestor | None:
    if not isinstance(entry, dict) or not _is_id(entry.get("ph:id")):
        return None
    found = {name: clean_text(text(entry.get(term), FIELDS[name])) for name, term in _TERMS.items()}
    for name in ("url", "author_url"):
        if not is_web_uri(found[name]):
            found[name] = ""
    found["licence"] = licence_by_url(found["licence"])
    return Ancestor(**found)
