"""The engine: one object that speaks ActivityPub for an application that fills its ports."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from functools import partial

import httpx
from starlette.routing import BaseRoute

from federation.discovery import server_actor
from federation.discovery.webfinger import Finger, WebFinger
from federation.errors import (
    BudgetExceeded,
    FederationError,
    FetchError,
    Forbidden,
    Ignored,
    InvalidDocument,
    NotFound,
    TryLater,
    Unauthenticated,
    Unreachable,
    word_of,
)
from federation.http import Endpoints
from federation.inbox import authority, relayed
from federation.inbox.authenticate import Authenticator, opened, split
from federation.inbox.dispatch import Dispatcher, Handler, VerifiedActivity, announced, wraps_activities
from federation.inbox.keyring import KeyRing
from federation.outbox.deliver import Courier, Headers, Outcome
from federation.ports import (
    Actors,
    Clock,
    Deliveries,
    KnownKey,
    NoRefusals,
    Objects,
    PeerPolicy,
    Receipt,
    Receipts,
    Refusal,
    Refusals,
    Signer,
)
from federation.signatures import proofs
from federation.signatures.signing import SigningThreads
from federation.transport import collections
from federation.transport.client import Client
from federation.transport.documents import Budget, Documents, FetchedBytes, Trace
from federation.transport.guard import AddressRange, Guard
from federation.transport.pool import GuardedTransport
from federation.vocab.activities import is_activity, parse_activity
from federation.vocab.actors import RemoteActor, is_actor, parse_actor
from federation.vocab.base import (
    host_of,
    id_of,
    items_of,
    origin_of,
    parse_json,
    same_origin,
    split_handle,
    types_of,
)
from federation.vocab.objects import RemotePost, parse_post

__all__ = ["Budget", "Engine", "FetchedBytes", "Outcome", "Trace", "VerifiedActivity"]

ACTOR_MEMORY_SECONDS = 60.0
MAX_ACTORS_KEPT = 2_000
MAX_CREATED = 20

Part = tuple[object, Callable[[], Awaitable[None]]]

_budget: ContextVar[Budget | None] = ContextVar("budget", default=None)


class Engine:
    """ActivityPub, both directions.

    Register handlers with `on`, mount `routes`, call `process` for stored receipts and `deliver` for queued mail.
    """

    def __init__(
        self,
        *,
        origin: str,
        domain: str,
        software_version: str,
        actors: Actors,
        objects: Objects,
        receipts: Receipts,
        deliveries: Deliveries,
        peers: PeerPolicy,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
        allowed_private: Sequence[AddressRange] = (),
        ca_file: str | None = None,
        authorized_fetch: bool = False,
        refusals: Refusals | None = None,
    ) -> None:
        """`transport` replaces the guarded network in tests; `allowed_private` may also be reached over plain http."""
        refusals = self._refusals = refusals or NoRefusals()
        self.origin = origin.rstrip("/")
        self.domain = domain
        self.deliveries = deliveries
        self.accepts_announces_from: Callable[[str], Awaitable[bool]] | None = None
        """Asked before anything a Group announces is unwrapped; None accepts all (handlers then decide)."""
        self._actors = actors
        self._receipts = receipts
        self._clock = clock
        self._threads = SigningThreads()
        self.client = Client(
            transport or GuardedTransport(Guard(tuple(allowed_private)), ca_file=ca_file),
            user_agent=f"Peerhall/{software_version} (+{self.origin}/)",
            any_scheme_and_port=bool(allowed_private),
        )
        self._documents = Documents(
            client=self.client,
            origin=self.origin,
            signer=actors.instance_signer,
            peers=peers,
            clock=clock,
            threads=self._threads,
            refusals=refusals,
        )
        self._webfinger = WebFinger(self._documents, origin=self.origin, any_scheme=bool(allowed_private))
        self._authenticator = Authenticator(
            origin=self.origin,
            actors=actors,
            peers=peers,
            clock=clock,
            documents=self._documents,
            keyring=KeyRing(actors=actors, documents=self._documents, clock=clock, learn=self._learn),
            refusals=refusals,
        )
        self.opened = partial(opened, self._authenticator)
        """A stored activity as it is, where nothing more has to be asked (`inbox.authenticate.opened`)."""
        self.courier = Courier(
            client=self.client, origin=self.origin, actors=actors, peers=peers, clock=clock, threads=self._threads
        )
        self.endpoints = Endpoints(
            origin=self.origin,
            authenticator=self._authenticator,
            objects=objects,
            receipts=receipts,
            authorized_fetch=authorized_fetch,
        )
        self.dispatcher = Dispatcher()
        self._recent: OrderedDict[str, tuple[float, RemoteActor]] = OrderedDict()

    # In

    def on(self, activity_type: str, object_type: str | None, handler: Handler) -> None:
        """Register a handler; object type None takes any, the most specific wins, a second one is an error."""
        self.dispatcher.on(activity_type, object_type, handler)

    def routes(self) -> list[BaseRoute]:
        """Discovery, inboxes, and everything under ``/ap/``."""
        return self.endpoints.routes()

    async def process(self, receipt: Receipt) -> None:
        """Do what a stored activity asks for.

        Raises Ignored, Forbidden or InvalidDocument when it is settled without effect, TryLater to be called again.
        Handlers may run again for one receipt, so they must not mind.
        """
        budget = Budget(blame=host_of(receipt.signer))
        token = _budget.set(budget)
        try:
            await self._process(receipt, budget)
        except (Ignored, Forbidden, InvalidDocument, TryLater):
            raise
        except Unreachable as error:
            raise TryLater(str(error)) from error
        except Unauthenticated as error:
            raise Forbidden(str(error)) from error
        except (FetchError, BudgetExceeded) as error:
            raise Ignored(str(error)) from error
        finally:
            _budget.reset(token)

    async def _process(self, receipt: Receipt, budget: Budget) -> None:
        verified = self._authenticator.open(receipt)
        if verified is None:
            verified = await self._authenticator.establish(
                parse_json(receipt.body),
                speaker=receipt.signer,
                via=None,
                received_at=receipt.received_at,
                budget=budget,
                text=receipt.body,
            )
        act = partial(self._act, budget=budget)
        if receipt.signer == verified.activity.actor:
            await act(verified)
        else:
            await relayed.once(self._receipts, verified, act)

    async def _act(self, verified: VerifiedActivity, budget: Budget) -> None:
        if verified.activity.type == "Announce":
            await self._announce(verified, budget)
            return
        created = items_of(verified.raw.get("object"), limit=MAX_CREATED) if verified.activity.type == "Create" else []
        parts = split(verified, created)
        await self._each(verified, [(each.raw.get("object"), partial(self._dispatch, each)) for each in parts])

    async def _announce(self, verified: VerifiedActivity, budget: Budget) -> None:
        """Unwrap once what a Group announces; what is no activity is announced as it is (a boost)."""
        authority.check(verified.activity, via=None)
        group = verified.activity.actor
        items = announced(verified.activity)
        if not wraps_activities(items):
            for each in split(verified, items):
                await self._dispatch(each)
            return
        if self.accepts_announces_from is not None and not await self.accepts_announces_from(group):
            raise Ignored("Nobody here follows this group.")
        told = partial(self._announced_activity, outer=verified, budget=budget)
        await self._each(verified, [(item, partial(told, item)) for item in items])

    async def _each(self, outer: VerifiedActivity, parts: Sequence[Part]) -> None:
        """Do all that came together, again if one has to wait; it failed if nothing worked, else failures are noted."""
        failures: list[tuple[object, FederationError]] = []
        for item, part in parts:
            try:
                await part()
            except FederationError as error:
                failures.append((item, error))
        for _, failure in failures:
            if isinstance(failure, TryLater | Unreachable):
                raise failure
        if failures and len(failures) == len(parts):
            raise failures[0][1]
        for item, why in failures:
            host, group, word = host_of(outer.signer), outer.activity.actor, word_of(why)
            self._refusals.note(Refusal("activity", host, word, str(why), group, id_of(item) or "", certain=True))

    async def _announced_activity(self, item: object, outer: VerifiedActivity, budget: Budget) -> None:
        if not isinstance(item, dict) or not is_activity(item) or "Announce" in types_of(item):
            raise Ignored("This is not an activity that can be announced.")
        inner = await self._authenticator.establish(
            item, speaker=outer.signer, via=outer.activity.actor, received_at=outer.received_at, budget=budget
        )
        await relayed.once(self._receipts, inner, self._dispatch)

    async def _dispatch(self, verified: VerifiedActivity) -> None:
        await self._authenticator.check_authority(verified, _or_current(None))
        await self.dispatcher.dispatch(verified)

    # Fetching

    async def fetch(self, uri: str, *, budget: Budget | None = None) -> dict[str, object]:
        """The document at an id, believed as far as its origin goes; a FetchError otherwise.

        Without `budget` the fetch counts against the activity being processed, if any.
        """
        return await self._documents.fetch(uri, budget=_or_current(budget))

    async def fetch_actor(self, uri: str, *, budget: Budget | None = None, refresh: bool = False) -> RemoteActor:
        """An actor, with its handle confirmed by WebFinger (else `webfinger` is None), remembered with its keys."""
        kept = self._recent.get(uri)
        if kept is not None and not refresh and self._clock.now().timestamp() < kept[0]:
            return kept[1]
        return await self._learn(uri, budget=_or_current(budget))

    async def _learn(self, uri: str, *, budget: Budget, document: Mapping[str, object] | None = None) -> RemoteActor:
        if document is None:
            document = await self._documents.fetch(uri, budget=budget)
        actor = parse_actor(document)
        if not actor.inbox:
            raise InvalidDocument("The actor has no inbox on its own server.", "origin")
        actor = replace(actor, webfinger=await self._webfinger.confirm(actor, budget=budget))
        now = self._clock.now()
        known = [KnownKey(key.id, key.owner, key.pem_or_multikey, now) for key in actor.keys]
        await self._actors.remember(actor, known)
        self._recent[actor.id] = (now.timestamp() + ACTOR_MEMORY_SECONDS, actor)
        self._recent.move_to_end(actor.id)
        if len(self._recent) > MAX_ACTORS_KEPT:
            self._recent.popitem(last=False)
        return actor

    async def fetch_post(self, uri: str, *, budget: Budget | None = None) -> RemotePost:
        """A post; also where the id is that of the Create that made it. One that names nobody is its server's."""
        budget = _or_current(budget)
        document = await self.fetch(uri, budget=budget)
        inner = document.get("object")
        if "Create" in types_of(document) and isinstance(inner, dict) and same_origin(id_of(inner), document.get("id")):
            return parse_post(inner, inherit=parse_activity(document))
        owner = None
        if server_actor.is_authorless(document):
            learn = partial(self.fetch_actor, budget=budget)
            owner = await server_actor.find(origin_of(str(document["id"])), self._documents, learn, budget=budget)
        return parse_post(document, owner=owner)

    async def fetch_collection(
        self, uri: str, *, budget: Budget | None = None, limit: int = 500
    ) -> list[dict[str, object] | str]:
        """Items of a collection, page after page on its own server.

        Items that belong to another server come as their ids: a collection cannot define what is not its own (S7).
        """
        return await collections.items_at(self._documents, uri, budget=_or_current(budget), limit=limit)

    async def items_in(
        self, collection: dict[str, object], uri: str, *, budget: Budget | None = None, limit: int = 500
    ) -> list[dict[str, object] | str]:
        """Items of a collection that came inside a document from `uri`, with its further pages there."""
        return await collections.items_in(self._documents, collection, uri, budget=_or_current(budget), limit=limit)

    @contextmanager
    def spending(self, budget: Budget) -> Iterator[None]:
        """Count everything that is fetched inside against one budget, whatever it leads to (S22)."""
        token = _budget.set(budget)
        try:
            yield
        finally:
            _budget.reset(token)

    async def resolve_handle(self, handle: str, *, budget: Budget | None = None) -> str:
        """The id of the actor with a handle, once WebFinger and the actor agree; NotFound where they do not.

        InvalidDocument for what is no handle.
        """
        name, host = split_handle(handle)
        if host in (self.domain, host_of(self.origin)):
            local = await self._actors.find_local(f"acct:{name}@{self.domain}")
            if local is None:
                raise NotFound("No such handle.")
            return local.actor
        budget = _or_current(budget)
        finger = await self._webfinger.look_up(f"{name}@{host}", budget=budget)
        actor = await self.fetch_actor(finger.actor, budget=budget)
        if actor.webfinger is None or actor.username.lower() != name.lower():
            raise NotFound("The handle and the actor do not agree.", "handle")
        return actor.id

    async def finger(self, handle: str, *, budget: Budget | None = None) -> Finger:
        """What the host of a handle says of it, believed or not; `resolve_handle` is for those who want to believe."""
        return await self._webfinger.look_up(handle, budget=_or_current(budget))

    async def agreed_handle(self, actor: RemoteActor, *, budget: Budget | None = None) -> str | None:
        """The handle on which an actor and its server agree, as ``user@host``; None where they do not (S9)."""
        return await self._webfinger.confirm(actor, budget=_or_current(budget))

    async def trace(self, url: str, *, scheme: str | None = None, budget: Budget | None = None) -> Trace:
        """Look at an address, signed by the instance actor in this scheme or unsigned, and tell what happens."""
        return await self._documents.trace(url, scheme=scheme, budget=_or_current(budget))

    async def raw_get(
        self, url: str, *, accept: str = "*/*", max_bytes: int = 1024 * 1024, budget: Budget | None = None
    ) -> FetchedBytes:
        """A file: unsigned, guarded on every redirect. Its content type is only what the other server says."""
        budget = budget or _budget.get() or Budget(bytes=max(max_bytes * 2, 1024 * 1024))
        answer = await self._documents.get(url, accept=accept, budget=budget, signed=False, max_bytes=max_bytes)
        return FetchedBytes(answer.content_type, answer.body, answer.url)

    # Out

    async def deliver(self, *, sender: str, inbox: str, body: bytes, headers: Headers | None = None) -> Outcome:
        """Deliver `body` and `headers`, signed by the local actor `sender`; never raises for what others do."""
        return await self.courier.deliver(sender=sender, inbox=inbox, body=body, headers=headers)

    async def raw_post(self, url: str, body: bytes, headers: Headers) -> int:
        """Send bytes somewhere, unsigned, guarded, following no redirect; the status. Raises FetchError."""
        answer = await self.client.request("POST", url, headers, body=body, keep_body=False)
        return answer.status

    def proof(self, signer: Signer, document: Mapping[str, object]) -> dict[str, object]:
        """The document with an integrity proof by a local actor (FEP-8b32)."""
        return proofs.add_proof(
            document, key_id=signer.ed25519_key_id, key=signer.ed25519_key, created=self._clock.now()
        )

    async def proof_valid(self, document: Mapping[str, object]) -> bool:
        """Whether a document carries a valid proof by its own actor or author; an actor vouches for itself."""
        if is_actor(document):
            owner = id_of(document.get("id"))
        else:
            owner = id_of(document.get("actor")) or id_of(document.get("attributedTo"))
        if owner is None:
            return False
        try:
            return await self._authenticator.proof_valid(document, owner, _or_current(None))
        except TryLater:
            return False

    async def aclose(self) -> None:
        """Close connections and threads."""
        await self.client.aclose()
        self._threads.close()
        await asyncio.sleep(0)


def _or_current(budget: Budget | None) -> Budget:
    return budget or _budget.get() or Budget()
