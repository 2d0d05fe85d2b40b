"""What the engine needs from the application, as six small protocols and a clock.

Each has an in-memory twin in `federation.testing`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from federation.outbox.synchronization import Synchronization
from federation.vocab.actors import RemoteActor


@dataclass(frozen=True, slots=True)
class Signer:
    """A local actor together with the keys it signs with.

    `rsa_key_id` ends in ``#main-key``, `ed25519_key_id` in ``#ed25519-key`` (FEP-521a).
    """

    actor: str
    rsa_key_id: str
    rsa_key: RSAPrivateKey
    ed25519_key_id: str
    ed25519_key: Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A public key of a remote actor as we remember it.

    `public_key` is a PEM (any label) or a Multikey string (``z…``); `owner` is the actor id that lists the key.
    """

    key_id: str
    owner: str
    public_key: str
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks for a document: the verified signer of the GET, or nobody."""

    actor: str | None = None

    @property
    def host(self) -> str | None:
        """Host (with port, if any) of the signing actor."""
        return None if self.actor is None else self.actor.split("/")[2]


@dataclass(frozen=True, slots=True)
class Served:
    """A document to answer a GET with.

    `status` is 200, or 410 with a Tombstone as body. `public` says whether shared caches may keep it. `modified` is
    when it last changed, given only where every change moves it.
    """

    body: bytes
    status: int = 200
    etag: str = ""
    public: bool = True
    exempt_from_authorized_fetch: bool = False
    modified: datetime | None = None


@dataclass(frozen=True, slots=True)
class WebFingerSubject:
    """What WebFinger says of one local actor."""

    acct: str
    actor: str
    profile_page: str
    kind: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """One authenticated inbound activity, as it is stored before we answer 202.

    `signer` is the actor whose key signed the request; `proven` is true when an integrity proof by the activity's own
    actor was verified, which lets somebody else deliver it. `let_in`: somebody here did, so that it is not held again.
    `synchronization` is what the signer said, by a signed header, of its followers here (FEP-8fcf); it is not stored.
    """

    activity_id: str
    activity_type: str
    actor: str
    signer: str
    proven: bool
    body: bytes
    received_at: datetime
    let_in: bool = False
    synchronization: Synchronization | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that was refused: a request to an inbox or for a document, an activity, or the answer to a fetch.

    `word` is one of `federation.errors.WORDS`, `reason` a sentence. `host` is who is to blame: with `certain` we know
    that it was this server, otherwise somebody only says so. `subject` is an activity's id or the address fetched,
    `key` the key that a request says it is signed with.
    """

    place: Literal["inbox", "document", "activity", "fetch"]
    host: str
    word: str
    reason: str
    actor: str = ""
    subject: str = ""
    activity_type: str = ""
    key: str = ""
    certain: bool = False


@dataclass(frozen=True, slots=True)
class NodeInfoFacts:
    """Numbers and words for NodeInfo (schema 2.0 and 2.1)."""

    name: str
    description: str
    version: str
    open_registrations: bool
    users_total: int
    users_active_month: int
    users_active_halfyear: int
    local_posts: int
    local_comments: int
    metadata: dict[str, object] = field(default_factory=dict)


class Clock(Protocol):
    """The time, always aware and in UTC."""

    def now(self) -> datetime:
        """The present moment."""
        ...


class Actors(Protocol):
    """The people, communities and services on both sides."""

    async def signer(self, actor_id: str) -> Signer | None:
        """The keys of a local actor; None where it is not local or is gone."""
        ...

    async def instance_signer(self) -> Signer:
        """The keys of the instance actor."""
        ...

    async def find_local(self, resource: str) -> WebFingerSubject | None:
        """The local actor for ``acct:name@domain``, an actor id, a profile page, or the origin itself (FEP-d556)."""
        ...

    async def known_key(self, key_id: str) -> KnownKey | None:
        """A remote key that we have seen before."""
        ...

    async def remember(self, actor: RemoteActor, keys: Sequence[KnownKey]) -> None:
        """Store or refresh a remote actor that was just fetched, with its keys."""
        ...

    async def deleted(self, actor_id: str) -> bool:
        """Whether this remote actor is known to be deleted."""
        ...

    async def knows(self, actor_id: str) -> bool:
        """Whether anything of this remote actor is stored here."""
        ...


class Objects(Protocol):
    """The documents under ``/ap/``: actors, objects, activities, collections."""

    async def get(self, uri: str, page: str | None, reader: Reader) -> Served | None:
        """The document at an id, or a page of a collection; None when there is none for this reader."""
        ...

    async def inbox_owner(self, inbox: str) -> str | None:
        """The id of the local actor whose inbox has this address; None for an unknown one."""
        ...

    async def nodeinfo(self) -> NodeInfoFacts:
        """Facts for NodeInfo."""
        ...


class Receipts(Protocol):
    """The durable inbox."""

    async def store(self, receipt: Receipt) -> bool:
        """Put it on disk; returns only when it is there.

        False: this id was accepted before; for an Update, which not everybody numbers, with the same letters. Raises
        Crowded where this sender has too much waiting, TryLater where everything together is too much or nothing can
        be written, and InvalidDocument for what cannot be stored. Nothing is on disk then.
        """
        ...

    async def was_done(self, activity_id: str) -> bool:
        """Whether an activity with this id has had its effect, as far as is remembered (a week at least)."""
        ...

    async def done(self, receipt: Receipt) -> None:
        """Remember that what somebody passed on has had its effect; nothing is left to process."""
        ...


class Deliveries(Protocol):
    """The durable outbox; joins the caller's transaction."""

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
        """Deliver `body`, signed by `sender`, to the given inboxes and to every follower of an actor.

        `dialects` limits it to hosts that speak one of them (see `federation.outbox.audience.Dialect`); empty: all.
        `skip_host` is a host that gets nothing, because it is where this came from.
        `deletion_of` is the id of what others are asked to delete by it, or of a ban: it is tried for longer, and every
        answer is kept.
        """
        ...


class PeerPolicy(Protocol):
    """Whom we talk to."""

    def may_receive_from(self, host: str) -> bool:
        """Whether anything from this host is let in."""
        ...

    def may_send_to(self, host: str) -> bool:
        """Whether anything may be fetched from or delivered to this host."""
        ...

    def takes(self, host: str, activity_type: str) -> bool:
        """Whether an activity of this type may come from this host at all; from some only a few types may."""
        ...

    def holds(self, host: str, activity_type: str) -> bool:
        """Whether what comes from this host waits until somebody lets it in, before it has any effect."""
        ...

    async def signature_scheme(self, host: str) -> str | None:
        """``cavage`` or ``rfc9421``: what worked with this host; None before first contact."""
        ...

    async def remember_signature_scheme(self, host: str, scheme: str) -> None:
        """Remember what worked."""
        ...


class Refusals(Protocol):
    """Where refusals are noted, each once."""

    def note(self, refusal: Refusal) -> None:
        """Take note: at once and cheaply, however many there are (S24)."""
        ...


class NoRefusals:
    """Takes no notes."""

    def note(self, refusal: Refusal) -> None:
        """Forget it."""
