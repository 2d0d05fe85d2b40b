"""Collections of other servers, page after page."""

from federation.transport.documents import Budget, Documents
from federation.vocab.base import dicts_of, id_of, items_of, same_origin, without_fragment

MAX_PAGES = 50


async def walk(documents: Documents, uri: str, *, budget: Budget, limit: int) -> list[dict[str, object] | str]:
    """Items of a collection, on its own server.

    Items that belong to another server come as their ids: a collection cannot define what is not its own (S7).
    """
    page: dict[str, object] | None = await documents.fetch(uri, budget=budget)
    found: list[dict[str, object] | str] = []
    seen = {without_fragment(uri)}
    for _ in range(MAX_PAGES):
        if page is None:
            break
        items = page.get("orderedItems", page.get("items"))
        for item in items_of(items, limit=limit):
            if len(found) >= limit:
                return found
            item_id = id_of(item)
            if isinstance(item, dict) and same_origin(item_id, uri):
                found.append(item)
            elif item_id is not None:
                found.append(item_id)
        page = await _next_page(documents, page, uri, seen, budget)
    return found


async def _next_page(
    documents: Documents, page: dict[str, object], uri: str, seen: set[str], budget: Budget
) -> dict[str, object] | None:
    following = page.get("next") or (page.get("first") if "items" not in page and "orderedItems" not in page else None)
    address = id_of(following)
    if address is not None and (address in seen or not same_origin(address, uri)):
        return None
    if address is not None:
        seen.add(address)
    embedded = next(dicts_of(following, limit=1), None)
    if embedded is not None and ("items" in embedded or "orderedItems" in embedded):
        return embedded
    return await documents.fetch(address, budget=budget) if address is not None else None
