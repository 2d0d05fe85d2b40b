"""Reading collections of other servers, page after page on their own origin.

A collection cannot define what is not its own (S7): whole items of another server are taken as their ids. Items are
read as people send them: ids, whole objects, the activities around them, Links, an array in place of a collection.
"""

from federation.errors import BudgetExceeded, FetchError
from federation.transport.documents import Budget, Documents
from federation.vocab.base import dicts_of, id_of, items_of, origin_of, same_origin, types_of, without_fragment

MAX_PAGES = 50
_WRAPPERS = frozenset({"Create", "Announce"})

Item = dict[str, object] | str


async def items_at(documents: Documents, uri: str, *, budget: Budget, limit: int) -> list[Item]:
    """Items of the collection at an address, at most `limit`. What cannot be read of later pages is left out."""
    return await items_in(documents, await documents.fetch(uri, budget=budget), uri, budget=budget, limit=limit)


async def items_in(
    documents: Documents, collection: dict[str, object], uri: str, *, budget: Budget, limit: int
) -> list[Item]:
    """Items of a collection that was fetched from `uri`, or came inside a document from there."""
    page: dict[str, object] | None = collection
    found: list[Item] = []
    seen = {without_fragment(uri)}
    for _ in range(MAX_PAGES):
        if page is None:
            break
        for item in items_of(_members(page), limit=limit):
            if len(found) >= limit:
                return found
            kept = item_of(item, uri)
            if kept is not None:
                found.append(kept)
        try:
            page = await _next_page(documents, page, uri, seen, budget)
        except (FetchError, BudgetExceeded):
            if not found:
                raise
            break
    return found


def item_of(item: object, uri: str) -> Item | None:
    """One item of a collection on the server of `uri`: whole where that server may define it, else its id."""
    for _ in range(2):
        # Outboxes hold Creates, and those of communities Announces of Creates.
        if isinstance(item, dict) and not _WRAPPERS.isdisjoint(types_of(item)) and "object" in item:
            item = item["object"]
    if isinstance(item, int | str) and not isinstance(item, bool) and str(item).isascii() and str(item).isdigit():
        # NodeBB up to 4.3 lists the bare numbers of its posts in a topic.
        return f"{origin_of(uri)}/post/{str(item)[:20]}" if "/topic/" in uri else None
    item_id = id_of(item)
    if isinstance(item, dict) and same_origin(item_id, uri):
        return item
    return item_id


def _members(page: dict[str, object]) -> object:
    # Discourse calls the members of a conversation its posts.
    return next((page[key] for key in ("orderedItems", "items", "posts") if page.get(key) is not None), None)


async def _next_page(
    documents: Documents, page: dict[str, object], uri: str, seen: set[str], budget: Budget
) -> dict[str, object] | None:
    following = page.get("next") or (page.get("first") if _members(page) is None else None)
    address = id_of(following)
    if address is not None and (address in seen or not same_origin(address, uri)):
        return None
    if address is not None:
        seen.add(address)
    embedded = next(dicts_of(following, limit=1), None)
    if embedded is not None and _members(embedded) is not None:
        return embedded
    return await documents.fetch(address, budget=budget) if address is not None else None
