"""Public keys of remote actors: remembered, fetched from their owners, refreshed when they change (S4)."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Protocol

from federation.errors import FetchError, Gone, InvalidDocument, TryLater, Unauthenticated, Unreachable
from federation.ports import Actors, Clock, KnownKey
from federation.transport.documents import Budget, Documents
from federation.vocab.actors import RemoteActor, is_actor
from federation.vocab.base import id_of, is_web_uri, same_origin, without_fragment

REFETCH_SECONDS = 300.0
MAX_REFETCHES_KEPT = 10_000


class Learn(Protocol):
    """Parse, check and remember an actor, fetching it unless its document is given."""

    def __call__(
        self, uri: str, *, budget: Budget, document: dict[str, object] | None = None
    ) -> Awaitable[RemoteActor]:
        """The actor."""
        ...


class KeyRing:
    """Finds keys by their id."""

    def __init__(self, *, actors: Actors, documents: Documents, clock: Clock, learn: Learn) -> None:
        """`learn` stores actors with their keys."""
        self._actors = actors
        self._documents = documents
        self._clock = clock
        self._learn = learn
        self._fetched: OrderedDict[str, float] = OrderedDict()
        self._locks: dict[str, asyncio.Lock] = {}

    async def known(self, key_id: str) -> KnownKey | None:
        """A key we have, without asking anybody."""
        return await self._actors.known_key(key_id)

    async def find(self, key_id: str, *, budget: Budget) -> KnownKey:
        """A key, fetched from its owner if need be; Unauthenticated where there is none, TryLater if out of reach."""
        if not is_web_uri(key_id):
            raise Unauthenticated("The key's id is not an address.", "key")
        found = await self._actors.known_key(key_id)
        return found if found is not None else await self._once(key_id, self._fetch_unknown, budget)

    async def refresh(self, key: KnownKey, *, budget: Budget) -> KnownKey | None:
        """The key as its owner lists it now, if it has changed; asked at most once per key in five minutes."""
        now = self._clock.now().timestamp()
        last = self._fetched.get(key.key_id, key.fetched_at.timestamp())
        if now - last < REFETCH_SECONDS:
            return None
        fresh = await self._once(key.key_id, self._fetch, budget)
        return fresh if fresh.public_key != key.public_key else None

    async def _once(self, key_id: str, fetch: Callable[[str, Budget], Awaitable[KnownKey]], budget: Budget) -> KnownKey:
        """One fetch at a time for each key, however many requests wait for it."""
        lock = self._locks.setdefault(key_id, asyncio.Lock())
        try:
            async with lock:
                return await fetch(key_id, budget)
        finally:
            if not lock.locked():
                self._locks.pop(key_id, None)

    async def _fetch_unknown(self, key_id: str, budget: Budget) -> KnownKey:
        return await self._actors.known_key(key_id) or await self._fetch(key_id, budget)

    async def _fetch(self, key_id: str, budget: Budget) -> KnownKey:
        self._fetched[key_id] = self._clock.now().timestamp()
        self._fetched.move_to_end(key_id)
        if len(self._fetched) > MAX_REFETCHES_KEPT:
            self._fetched.popitem(last=False)
        try:
            actor = await self._owner(key_id, budget)
        except Gone as error:
            raise Unauthenticated("The owner of the key was deleted.", "key") from error
        except Unreachable as error:
            raise TryLater("The owner of the key cannot be reached.", "key") from error
        except (FetchError, InvalidDocument) as error:
            raise Unauthenticated("The key cannot be fetched.", "key") from error
        for key in actor.keys:
            if key.id == key_id:
                return KnownKey(key.id, key.owner, key.pem_or_multikey, self._clock.now())
        raise Unauthenticated("The owner does not list this key.", "key")

    async def _owner(self, key_id: str, budget: Budget) -> RemoteActor:
        document = await self._documents.fetch(key_id, budget=budget, any_id=True)
        if is_actor(document):
            owner = id_of(document.get("id"))
            # GoToSocial answers at a key's id with a stub of the actor; the whole one stands at its own id.
            if owner == without_fragment(key_id):
                return await self._learn(owner, budget=budget, document=document)
        else:
            owner = id_of(document.get("owner")) or id_of(document.get("controller"))
        if owner is None or not same_origin(owner, key_id):
            raise Unauthenticated("The key has no owner on its own server.", "key")
        return await self._learn(owner, budget=budget)
