"""For tests: an in-memory network of servers, a clock that moves by hand, and twins of all ports."""

import asyncio
import hashlib
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.types import ASGIApp

from federation.ports import (
    KnownKey,
    NodeInfoFacts,
    Reader,
    Receipt,
    Served,
    Signer,
    WebFingerSubject,
)
from federation.signatures.keys import multikey, public_pem
from federation.transport.guard import check_no_transaction
from federation.vocab.actors import RemoteActor

NUMBER_OF_RSA_KEYS = 4


class FakeClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: datetime = datetime(2026, 1, 15, 10, 0, 0, tzinfo=UTC)) -> None:
        """Starts on a winter morning."""
        self.moment = start

    def now(self) -> datetime:
        """The moment it shows."""
        return self.moment

    def advance(self, seconds: float) -> None:
        """Move it."""
        self.moment += timedelta(seconds=seconds)


class Network(httpx.AsyncBaseTransport):
    """Servers by host name, in one process. Unknown and `down` hosts fail as real ones do.

    With a seed it may drop, delay and duplicate requests; a duplicate arrives after the original, or, with `reorder`,
    after some later request. Print the seed of a failing run.
    """

    def __init__(
        self,
        seed: int | None = None,
        *,
        drop: float = 0.0,
        delay: float = 0.0,
        duplicate: float = 0.0,
        reorder: float = 0.0,
    ) -> None:
        """The rates are probabilities and need a seed."""
        self.apps: dict[str, ASGIApp] = {}
        self.down: set[str] = set()
        self.log: list[tuple[str, str, int]] = []
        self.observer: Callable[[str, str, bytes, bytes], None] | None = None
        """Called with method, address, body and answer of every request that reached a server."""
        self._late: list[tuple[httpx.Request, bytes]] = []
        self._rates = (0.0, 0.0, 0.0, 0.0)
        self.seed: int | None = None
        self._random = random.Random()
        if seed is not None:
            self.misbehave(seed, drop=drop, delay=delay, duplicate=duplicate, reorder=reorder)
        self._transports: dict[int, httpx.ASGITransport] = {}

    def misbehave(
        self, seed: int, *, drop: float = 0.0, delay: float = 0.0, duplicate: float = 0.0, reorder: float = 0.0
    ) -> None:
        """From now on do such things with these probabilities, the same for the same seed."""
        self.seed = seed
        self._random = random.Random(seed)
        self._rates = (drop, delay, duplicate, reorder)

    async def behave(self) -> None:
        """Bring what is still under way, and be a good network from now on."""
        self._rates = (0.0, 0.0, 0.0, 0.0)
        while self._late:
            await self._hand_over(*self._late.pop(0))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Hand a request to the server of its host."""
        check_no_transaction()
        drop, delay, duplicate, reorder = self._rates
        body = await request.aread()
        if self._chance(drop):
            # Half of the lost ones arrive, and only the answer is lost.
            if self._chance(0.5):
                await self._hand_over(request, body)
            raise httpx.ReadTimeout("The network lost it.", request=request)
        if self._chance(delay):
            for _ in range(self._random.randrange(1, 20)):
                await asyncio.sleep(0)
        response = await self._hand_over(request, body)
        if self._chance(duplicate):
            await self._hand_over(request, body)
        if self._chance(reorder):
            self._late.append((request, body))
        elif self._late and self._chance(0.5):
            await self._hand_over(*self._late.pop(0))
        return response

    def _chance(self, rate: float) -> bool:
        return rate > 0 and self._random.random() < rate

    async def _hand_over(self, request: httpx.Request, body: bytes) -> httpx.Response:
        host = request.url.netloc.decode("ascii")
        app = self.apps.get(host)
        if app is None or host in self.down:
            raise httpx.ConnectError("No such host, or it is down.", request=request)
        transport = self._transports.setdefault(id(app), httpx.ASGITransport(app))
        copy = httpx.Request(request.method, request.url, headers=request.headers, content=body)
        response = await transport.handle_async_request(copy)
        self.log.append((request.method, str(request.url), response.status_code))
        if self.observer is not None and isinstance(response.stream, httpx.AsyncByteStream):
            answer = b"".join([part async for part in response.stream])
            response.stream = httpx.ByteStream(answer)
            self.observer(request.method, str(request.url), body, answer)
        return response

    def count(self, method: str, url_start: str) -> int:
        """How many requests of a method went to addresses that start so."""
        return sum(1 for seen, url, _ in self.log if seen == method and url.startswith(url_start))


@cache
def _rsa_key(number: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def make_signer(actor_id: str) -> Signer:
    """Keys for an actor: the same for the same id. RSA keys come from a few, because making one takes 80 ms."""
    digest = hashlib.sha256(actor_id.encode()).digest()
    return Signer(
        actor=actor_id,
        rsa_key_id=f"{actor_id}#main-key",
        rsa_key=_rsa_key(digest[0] % NUMBER_OF_RSA_KEYS),
        ed25519_key_id=f"{actor_id}#ed25519-key",
        ed25519_key=Ed25519PrivateKey.from_private_bytes(digest),
    )


def public_rsa_pem(signer: Signer) -> str:
    """The public RSA key of a signer as PEM."""
    return public_pem(signer.rsa_key.public_key())


def public_multikey(signer: Signer) -> str:
    """The public Ed25519 key of a signer as Multikey."""
    return multikey(signer.ed25519_key.public_key())


@dataclass
class MemoryActors:
    """Actors in memory; `local` are ids of ours, `subjects` what WebFinger knows."""

    origin: str
    domain: str
    signers: dict[str, Signer] = field(default_factory=dict)
    subjects: dict[str, WebFingerSubject] = field(default_factory=dict)
    keys: dict[str, KnownKey] = field(default_factory=dict)
    remembered: dict[str, RemoteActor] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)

    def add(self, actor_id: str, username: str, kind: str = "Person", profile_page: str | None = None) -> Signer:
        """Add a local actor."""
        signer = self.signers[actor_id] = make_signer(actor_id)
        page = profile_page or actor_id
        subject = WebFingerSubject(acct=f"acct:{username}@{self.domain}", actor=actor_id, profile_page=page, kind=kind)
        for resource in (subject.acct, actor_id, page):
            self.subjects[resource] = subject
        return signer

    async def signer(self, actor_id: str) -> Signer | None:
        """Keys of a local actor."""
        return self.signers.get(actor_id)

    async def instance_signer(self) -> Signer:
        """Keys of the instance actor."""
        return make_signer(f"{self.origin}/ap/actor")

    async def find_local(self, resource: str) -> WebFingerSubject | None:
        """A local actor by resource."""
        return self.subjects.get(resource)

    async def known_key(self, key_id: str) -> KnownKey | None:
        """A remembered key."""
        return self.keys.get(key_id)

    async def remember(self, actor: RemoteActor, keys: Sequence[KnownKey]) -> None:
        """Keep an actor; keys it no longer lists are forgotten."""
        self.remembered[actor.id] = actor
        for key_id in [known.key_id for known in self.keys.values() if known.owner == actor.id]:
            del self.keys[key_id]
        self.keys |= {key.key_id: key for key in keys}

    async def deleted(self, actor_id: str) -> bool:
        """Whether it is known to be gone."""
        return actor_id in self.gone

    async def knows(self, actor_id: str) -> bool:
        """Whether it was remembered."""
        return actor_id in self.remembered


@dataclass
class MemoryObjects:
    """Documents in memory: by id, or by (id, page); `private` ones only for the hosts named."""

    documents: dict[str, Served] = field(default_factory=dict)
    pages: dict[tuple[str, str], Served] = field(default_factory=dict)
    private: dict[str, set[str]] = field(default_factory=dict)
    inboxes: dict[str, str] = field(default_factory=dict)
    facts: NodeInfoFacts = field(default_factory=lambda: NodeInfoFacts("Test", "A test", "0.0.0", False, 1, 1, 1, 0, 0))

    async def get(self, uri: str, page: str | None, reader: Reader) -> Served | None:
        """A document for a reader."""
        if uri in self.private and reader.host not in self.private[uri]:
            return None
        return self.pages.get((uri, page)) if page is not None else self.documents.get(uri)

    async def inbox_owner(self, inbox: str) -> str | None:
        """Whose inbox this is."""
        return self.inboxes.get(inbox)

    async def nodeinfo(self) -> NodeInfoFacts:
        """Facts."""
        return self.facts


@dataclass
class MemoryReceipts:
    """Receipts in memory, in order."""

    stored: dict[str, Receipt] = field(default_factory=dict)
    passed_on: set[str] = field(default_factory=set)

    async def was_done(self, activity_id: str) -> bool:
        """Whether `done` was told so."""
        return activity_id in self.passed_on

    async def done(self, receipt: Receipt) -> None:
        """Keep its id."""
        self.passed_on.add(receipt.activity_id)

    async def store(self, receipt: Receipt) -> bool:
        """Keep it, once."""
        earlier = self.stored.get(receipt.activity_id)
        if earlier is not None and (receipt.activity_type != "Update" or earlier.body == receipt.body):
            return False
        self.stored[receipt.activity_id] = receipt
        return True


@dataclass(frozen=True)
class QueuedDelivery:
    """What was put into the outbox."""

    activity_id: str
    sender: str
    body: bytes
    inboxes: tuple[str, ...]
    followers_of: str | None
    dialects: frozenset[str]
    deletion_of: str | None = None
    skip_host: str | None = None


@dataclass
class MemoryDeliveries:
    """The outbox in memory."""

    queued: list[QueuedDelivery] = field(default_factory=list)

    async def enqueue(
        self,
        *,
        activity_id: str,
        sender: str,
        body: bytes,
        inboxes: Sequence[str] = (),
        followers_of: str | None = None,
        dialects: frozenset[str] = frozenset(),
        deletion_of: str | None = None,
        skip_host: str | None = None,
    ) -> None:
        """Keep it."""
        self.queued.append(
            QueuedDelivery(activity_id, sender, body, tuple(inboxes), followers_of, dialects, deletion_of, skip_host)
        )


@dataclass
class MemoryPeerPolicy:
    """Everybody but the blocked."""

    blocked: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)
    schemes: dict[str, str] = field(default_factory=dict)

    def block(self, hosts: Iterable[str]) -> None:
        """Block hosts."""
        self.blocked |= set(hosts)

    def may_receive_from(self, host: str) -> bool:
        """Unless blocked."""
        return host not in self.blocked

    def may_send_to(self, host: str) -> bool:
        """Unless blocked."""
        return host not in self.blocked

    def takes(self, host: str, activity_type: str) -> bool:
        """Unless blocked."""
        return host not in self.blocked

    def holds(self, host: str, activity_type: str) -> bool:
        """Everything from some."""
        return host in self.held

    async def signature_scheme(self, host: str) -> str | None:
        """What worked."""
        return self.schemes.get(host)

    async def remember_signature_scheme(self, host: str, scheme: str) -> None:
        """Remember it."""
        self.schemes[host] = scheme
