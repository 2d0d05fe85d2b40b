"""Collections we serve: strict builders (ActivityStreams 2.0 section 5)."""

from collections.abc import Mapping, Sequence
from typing import TypedDict, Unpack

from federation.vocab.contexts import with_context

Item = str | dict[str, object]


class Parts(TypedDict, total=False):
    """What a collection may say besides id, count and first page."""

    last: str | None
    items: Sequence[Item] | None
    attributed_to: str | None
    audience: str | None
    name: str | None
    url: str | None
    extra: Mapping[str, object] | None


def ordered_collection(
    id: str, total: int | None = None, first: str | None = None, **parts: Unpack[Parts]
) -> dict[str, object]:
    """An OrderedCollection: with its items, with the address of its first page, or only counted."""
    return _collection("OrderedCollection", id, total, first, parts)


def collection(
    id: str, total: int | None = None, first: str | None = None, **parts: Unpack[Parts]
) -> dict[str, object]:
    """A Collection without order."""
    return _collection("Collection", id, total, first, parts)


def collection_page(
    id: str,
    part_of: str,
    items: Sequence[Item],
    *,
    next: str | None = None,
    prev: str | None = None,
    total: int | None = None,
    ordered: bool = True,
) -> dict[str, object]:
    """One page of a collection."""
    document: dict[str, object] = {
        "id": id,
        "type": "OrderedCollectionPage" if ordered else "CollectionPage",
        "partOf": part_of,
    }
    _put(document, "totalItems", total)
    _put(document, "next", next)
    _put(document, "prev", prev)
    document["orderedItems" if ordered else "items"] = list(items)
    return with_context(document)


def _collection(type: str, id: str, total: int | None, first: str | None, parts: Parts) -> dict[str, object]:
    document: dict[str, object] = {"id": id, "type": type}
    _put(document, "name", parts.get("name"))
    _put(document, "attributedTo", parts.get("attributed_to"))
    _put(document, "audience", parts.get("audience"))
    _put(document, "url", parts.get("url"))
    _put(document, "totalItems", total)
    _put(document, "first", first)
    _put(document, "last", parts.get("last"))
    items = parts.get("items")
    if items is not None:
        document["orderedItems" if type == "OrderedCollection" else "items"] = list(items)
    document.update(parts.get("extra") or {})
    return with_context(document)


def _put(document: dict[str, object], key: str, value: object) -> None:
    if value is not None:
        document[key] = value
