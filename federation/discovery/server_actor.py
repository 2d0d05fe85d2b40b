"""The actor that stands for a whole server (FEP-d556, FEP-2677): whose an object is that names nobody.

Examples and calendars leave out who wrote them; FEP-d556 names object attribution as a use of such an actor. It is
asked for only when an object was fetched at its own id from its own server (S7): whoever pushes an object is its
author.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from urllib.parse import quote

from federation.errors import FetchError, InvalidDocument
from federation.transport.documents import Budget, Documents, is_activitypub_type
from federation.vocab.actors import RemoteActor
from federation.vocab.base import dicts_of, host_of, parse_json, same_origin, types_of
from federation.vocab.objects import POST_TYPES

KINDS = frozenset({"Application", "Service", "Organization"})
SERVICE = "https://www.w3.org/ns/activitystreams#Service"
APPLICATION = "https://www.w3.org/ns/activitystreams#Application"

_STAND_IN = "/#nobody"
_MAX_BYTES = 64 * 1024
_MAX_CANDIDATES = 3


def is_authorless(document: Mapping[str, object]) -> bool:
    """Whether a post names nobody at all; one that names somebody wrongly is not without an author."""
    is_post = not POST_TYPES.isdisjoint(types_of(dict(document)))
    return is_post and not any(document.get(key) for key in ("attributedTo", "actor"))


def is_stand_in(uri: str) -> bool:
    """Whether this is the id that we use for a server without an actor; nothing can be fetched at a fragment."""
    return uri.endswith(_STAND_IN)


async def find(
    origin: str, documents: Documents, learn: Callable[[str], Awaitable[RemoteActor]], *, budget: Budget
) -> str:
    """The id of the actor of a server, on its own origin and of a kind that is no person; else that of a stand-in."""
    tried: list[str] = []
    async for candidate in _candidates(origin, documents, budget):
        if candidate in tried or len(tried) >= _MAX_CANDIDATES or not same_origin(candidate, origin):
            continue
        tried.append(candidate)
        try:
            actor = await learn(candidate)
        except (FetchError, InvalidDocument):
            continue
        if actor.kind in KINDS and same_origin(actor.id, origin):
            return actor.id
    return f"{origin}{_STAND_IN}"


async def _candidates(origin: str, documents: Documents, budget: Budget) -> AsyncIterator[str]:
    """What the server says of itself: by WebFinger, of its address and of the handle that Mastodon has; by NodeInfo."""
    for resource in (f"{origin}/", f"acct:{host_of(origin)}@{host_of(origin)}"):
        address = f"{origin}/.well-known/webfinger?resource={quote(resource, safe=':@')}"
        links = await _links(address, documents, budget)
        for wanted in (SERVICE, "self"):
            for link in links:
                kind, href = link.get("type"), link.get("href")
                if link.get("rel") == wanted and isinstance(kind, str) and is_activitypub_type(kind):
                    yield str(href)
    for link in await _links(f"{origin}/.well-known/nodeinfo", documents, budget):
        if link.get("rel") == APPLICATION:
            yield str(link.get("href"))


async def _links(address: str, documents: Documents, budget: Budget) -> list[dict[str, object]]:
    try:
        answer = await documents.get(
            address, accept="application/jrd+json, application/json", budget=budget, signed=False, max_bytes=_MAX_BYTES
        )
        return list(dicts_of(parse_json(answer.body).get("links"), limit=50))
    except (FetchError, InvalidDocument):
        return []
