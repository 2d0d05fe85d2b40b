"""Who says so: from a request to a receipt, and from a receipt to a VerifiedActivity.

This module is the only one that makes a VerifiedActivity (a project test looks for others). See FEDERATION.md for the
algorithm; sections 2.4 and 2.5 of the profile for its reasons.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from federation.errors import (
    FederationError,
    FetchError,
    Forbidden,
    Gone,
    Held,
    Ignored,
    InvalidDocument,
    NotFound,
    TryLater,
    Unauthenticated,
    word_of,
)
from federation.inbox import authority, relayed
from federation.inbox.dispatch import VerifiedActivity
from federation.inbox.keyring import KeyRing
from federation.inbox.naming import rebuilt, receipt_id
from federation.outbox import synchronization
from federation.ports import Actors, Clock, KnownKey, PeerPolicy, Reader, Receipt, Refusal, Refusals
from federation.signatures import cavage, keys, proofs, rfc9421
from federation.signatures.message import Claim, HttpMessage, claimed_key
from federation.transport.documents import Budget, Documents
from federation.vocab.activities import Activity, parse_activity
from federation.vocab.base import host_of, id_of, is_web_uri, parse_json, same_origin, without_fragment
from federation.vocab.objects import authors_of

_let_in: ContextVar[bool] = ContextVar("let_in", default=False)
"""Whether somebody here let in the receipt that is being opened, with all that it wraps."""


@dataclass(slots=True)
class Authenticator:
    """Verifies signatures and proofs, and re-fetches what neither vouches for."""

    origin: str
    actors: Actors
    peers: PeerPolicy
    clock: Clock
    documents: Documents
    keyring: KeyRing
    refusals: Refusals

    async def receive(self, message: HttpMessage) -> Receipt:
        """The receipt for a POST to an inbox.

        InvalidDocument, Unauthenticated, Forbidden and TryLater as they say, noted; Ignored for what is answered 202
        and forgotten, such as the deletion of an actor we never knew.
        """
        body = message.body or b""
        activity: Activity | None = None
        try:
            activity = parse_activity(parse_json(body))
            return await self._receive(message, activity, body)
        except Ignored:
            raise
        except FederationError as error:
            self.refuse("inbox", message, error, activity)
            raise

    def refuse(
        self, place: Literal["inbox", "document"], message: HttpMessage, error: Exception, activity: Activity | None
    ) -> None:
        """Note that a request was refused. Who sent it is only what it says."""
        key = claimed_key(message)
        speaker = activity.actor if activity is not None else key
        self.refusals.note(
            Refusal(
                place=place,
                host=host_of(speaker) if is_web_uri(speaker) else "",
                word=word_of(error),
                reason=str(error),
                actor=activity.actor if activity is not None else without_fragment(speaker),
                subject=activity.id if activity is not None else f"{message.origin}{message.target}",
                activity_type=activity.type if activity is not None else "",
                key=key,
            )
        )

    def refuse_receipt(self, receipt: Receipt, word: str, reason: str) -> None:
        """Note that what was authentic was not taken, such as what came before: it has no second effect (S3)."""
        self.refusals.note(
            Refusal(
                place="inbox",
                host=host_of(receipt.signer),
                word=word,
                reason=reason,
                actor=receipt.actor,
                subject=receipt.activity_id,
                activity_type=receipt.activity_type,
                certain=True,
            )
        )

    async def _receive(self, message: HttpMessage, activity: Activity, body: bytes) -> Receipt:
        self._check_actor(activity)
        authority.check_id(activity)
        proof = proofs.find_proof(activity.raw)
        signed = "signature" in message.headers or "signature-input" in message.headers
        if not signed and proof is None:
            raise Unauthenticated("The request is not signed.", "unsigned")
        claim = self._claim(message) if signed else None
        if claim is not None:
            self._check_host(claim.key_id)
        budget = Budget(fetches=12)
        if await self._has_departed(activity, claim, budget):
            return self._receipt(activity, body, signer=activity.actor, proven=True, trusted=False)
        signer = activity.actor if claim is None else (await self._signer(claim, budget)).owner
        proven = False
        if signer != activity.actor or claim is None:
            proven = proof is not None and await self._proven(activity, budget)
            if claim is None and not proven:
                raise Unauthenticated("The proof is not valid.", "proof")
        trusted = proven or signer == activity.actor
        receipt = self._receipt(activity, body, signer=signer, proven=proven, trusted=trusted)
        covered = frozenset() if claim is None else claim.covered
        return replace(receipt, synchronization=synchronization.said_by(signer, message.headers, covered=covered))

    def _receipt(self, activity: Activity, body: bytes, *, signer: str, proven: bool, trusted: bool) -> Receipt:
        return Receipt(
            activity_id=receipt_id(activity, signer, body, trusted=trusted),
            activity_type=activity.type,
            actor=activity.actor,
            signer=signer,
            proven=proven,
            body=body,
            received_at=self.clock.now(),
        )

    async def reader(self, message: HttpMessage) -> Reader:
        """Who asks for a document: nobody where the request is not signed; Unauthenticated if it is, but wrongly."""
        if "signature" not in message.headers and "signature-input" not in message.headers:
            return Reader()
        claim = self._claim(message)
        self._check_host(claim.key_id)
        key = await self._signer(claim, Budget(fetches=8))
        self._check_host(key.owner)
        return Reader(key.owner)

    def refuse_blocked(self, message: HttpMessage) -> None:
        """Forbidden for a reader that claims to come from a blocked server; no key is fetched to find out."""
        try:
            claim = self._claim(message)
        except Unauthenticated:
            return
        self._check_host(claim.key_id)

    def refuse_host(self, address: str) -> None:
        """Forbidden where an address is on a blocked server; what is no address says nothing."""
        try:
            blocked = not self.peers.may_receive_from(host_of(address))
        except InvalidDocument:
            return
        if blocked:
            raise Forbidden("We do not talk to this server.", "blocked")

    def open(self, receipt: Receipt) -> VerifiedActivity | None:
        """The activity of a receipt; None where its sender's word is not enough (see `establish`).

        Raises Held where somebody has to let it in first, also for what it wraps.
        """
        _let_in.set(receipt.let_in)
        activity = parse_activity(parse_json(receipt.body))
        self._check_actor(activity)
        self._check_host(receipt.signer)
        if receipt.actor != activity.actor:
            raise Forbidden("The receipt is of another actor.")
        if receipt.signer != activity.actor and not receipt.proven:
            return None
        self._hold(activity)
        return _vouch(activity, signer=receipt.signer, via=None, received_at=receipt.received_at, text=receipt.body)

    def _hold(self, activity: Activity) -> None:
        host = host_of(activity.actor)
        if not self.peers.takes(host, activity.type):
            raise Forbidden("From this server only follows are let in.", "blocked")
        if not _let_in.get() and self.peers.holds(host, activity.type):
            raise Held(f"Everything from {host} is looked at first.")

    async def establish(
        self,
        document: Mapping[str, object],
        *,
        speaker: str,
        via: str | None,
        received_at: datetime,
        budget: Budget,
        text: bytes | None = None,
    ) -> VerifiedActivity:
        """Make sure of an activity that somebody else passed on: by its proof, its origin, or by asking its origin.

        `speaker` is the verified actor that passed it on, `via` the same if it is a Group that announced it. `text` is
        the document as it came, where it came by itself.
        """
        activity = parse_activity(document)
        self._check_actor(activity)
        authority.check_id(activity)
        if await self._proven(activity, budget) or (via is not None and same_origin(activity.actor, via)):
            self._hold(activity)
            return _vouch(activity, signer=speaker, via=via, received_at=received_at, text=text)
        fetched = await self._fetched(activity, budget)
        self._hold(fetched)
        return _vouch(fetched, signer=speaker, via=via, received_at=received_at)

    async def check_authority(self, verified: VerifiedActivity, budget: Budget) -> None:
        """Raise Forbidden for what this actor may never do (see `authority.check`).

        Where a new account says that an old one moved to it, the old one's own server is asked (S14).
        """
        activity = verified.activity
        if not authority.is_arrival(activity, via=verified.via):
            authority.check(activity, via=verified.via)
            return
        authority.check_id(activity)
        old = activity.object_id
        known = old is not None and await self.actors.knows(old)
        if old is None or not known:
            raise Forbidden("Nobody here knows the account that moved.")
        if id_of((await self.documents.fetch(old, budget=budget)).get("movedTo")) != activity.actor:
            raise Forbidden("The old account does not say that it moved there.")

    async def _proven(self, activity: Activity, budget: Budget) -> bool:
        """Whether its proof alone is enough; an old one is not (S3)."""
        if not relayed.proof_is_recent(activity, self.clock.now()):
            return False
        return await self.proof_valid(activity.raw, activity.actor, budget)

    async def proof_valid(self, document: Mapping[str, object], owner: str, budget: Budget) -> bool:
        """Whether a document carries a valid proof by `owner` (FEP-8b32)."""
        proof = proofs.find_proof(document)
        method = proofs.method_of(proof) if proof is not None else None
        if proof is None or method is None or not same_origin(method, owner):
            return False
        try:
            key = await self.keyring.find(method, budget=budget)
        except Unauthenticated:
            return False
        if key.owner != owner:
            return False
        now = self.clock.now()
        if proofs.proof_verifies(document, proof, _parsed(key), now):
            return True
        fresh = await self._refreshed(key, budget)
        return fresh is not None and proofs.proof_verifies(document, proof, _parsed(fresh), now)

    def _claim(self, message: HttpMessage) -> Claim:
        read = rfc9421.read if "signature-input" in message.headers else cavage.read
        return read(message, self.clock.now())

    async def _signer(self, claim: Claim, budget: Budget) -> KnownKey:
        """The key that really made the signature."""
        key = await self.keyring.find(claim.key_id, budget=budget)
        if _fits(claim, key):
            return key
        fresh = await self._refreshed(key, budget)
        if fresh is not None and _fits(claim, fresh):
            return fresh
        raise Unauthenticated("The signature does not fit the key.")

    async def _refreshed(self, key: KnownKey, budget: Budget) -> KnownKey | None:
        try:
            return await self.keyring.refresh(key, budget=budget)
        except TryLater:
            return None

    def _check_actor(self, activity: Activity) -> None:
        self._check_host(activity.actor)
        if same_origin(activity.actor, self.origin):
            raise Forbidden("Our own actors do not come in by the inbox.")

    def _check_host(self, uri: str) -> None:
        try:
            host = host_of(uri)
        except InvalidDocument as error:
            raise Unauthenticated("The sender's id is not an address.", "key") from error
        if not self.peers.may_receive_from(host):
            raise Forbidden("We do not talk to this server.", "blocked")

    async def _has_departed(self, activity: Activity, claim: Claim | None, budget: Budget) -> bool:
        """Whether an actor whose key we do not have says that it is gone, and its own server answers 410 for it.

        Mastodon tells every server it knows of each deleted account. The key is gone by then, so of one that we never
        knew nothing is fetched: Ignored.
        """
        if claim is None or await self.keyring.known(claim.key_id) is not None:
            return False
        own_key = without_fragment(claim.key_id).startswith(activity.actor)
        if not own_key:
            return False
        deleted = await self.actors.deleted(activity.actor)
        if not _ends_itself(activity):
            if deleted:
                raise Unauthenticated("The actor was deleted.", "deleted")
            return False
        if deleted or not await self.actors.knows(activity.actor):
            raise Ignored("We do not know the deleted actor, or not any more.")
        try:
            await self.documents.fetch(activity.actor, budget=budget)
        except Gone:
            return True
        except FetchError:
            return False
        return False

    async def _fetched(self, activity: Activity, budget: Budget) -> Activity:
        """The activity as its own server tells it, whatever was passed on."""
        if activity.type in ("Create", "Update") and activity.object_id is not None:
            return await self._fetched_change(activity, activity.object_id, budget)
        if activity.type == "Delete" and authority.is_own(activity) and activity.object_id is not None:
            return await self._fetched_deletion(activity, activity.object_id, budget)
        if not activity.id:
            raise Forbidden("The activity has no id to ask for.")
        fetched = parse_activity(await self.documents.fetch(activity.id, budget=budget))
        if fetched.actor != activity.actor or fetched.type != activity.type:
            raise Forbidden("The activity is not what it was said to be.")
        return fetched

    async def _fetched_change(self, activity: Activity, object_id: str, budget: Budget) -> Activity:
        if not same_origin(object_id, activity.actor):
            raise Forbidden("The object belongs to another server.", "origin")
        document = await self.documents.fetch(object_id, budget=budget)
        if id_of(document.get("id")) != activity.actor and activity.actor not in authors_of(document):
            raise Forbidden("The object names another author.")
        version = document.get("updated") if activity.type == "Update" else None
        return rebuilt(activity, document, id_of(document.get("id")) or object_id, version)

    async def _fetched_deletion(self, activity: Activity, object_id: str, budget: Budget) -> Activity:
        try:
            document = await self.documents.fetch(object_id, budget=budget)
        except (Gone, NotFound):
            return rebuilt(activity, object_id, object_id, None)
        raise Ignored(f"It is still there: {id_of(document.get('id'))}.")


def _vouch(
    activity: Activity, *, signer: str, via: str | None, received_at: datetime, text: bytes | None = None
) -> VerifiedActivity:
    return VerifiedActivity(activity, activity.raw, signer, via, received_at, text)


def opened(authenticator: Authenticator, receipt: Receipt) -> VerifiedActivity | None:
    """A stored activity that its own actor delivered, and may say; None for all else, refused or not."""
    try:
        verified = authenticator.open(receipt)
        if verified is None or verified.signer != verified.activity.actor:
            return None
        authority.check(verified.activity, via=None)
    except FederationError:
        return None
    return verified


def split(verified: VerifiedActivity, objects: list[object]) -> list[VerifiedActivity]:
    """One activity per object, for what came with several (GoToSocial's votes, PieFed's batches)."""
    if len(objects) < 2:
        return [verified]
    return [
        _vouch(
            parse_activity({**verified.raw, "object": each}),
            signer=verified.signer,
            via=verified.via,
            received_at=verified.received_at,
        )
        for each in objects
    ]


def _fits(claim: Claim, key: KnownKey) -> bool:
    public_key = _parsed(key)
    # RFC 9421 section 3.2: an `alg` that is not the key's makes the signature invalid.
    named = claim.algorithm if claim.scheme == "rfc9421" and claim.algorithm != "hs2019" else None
    if named is not None and (named == "ed25519") != isinstance(public_key, Ed25519PublicKey):
        return False
    return any(keys.verifies(public_key, base, claim.signature) for base in claim.bases)


def _parsed(key: KnownKey) -> keys.PublicKeyObject:
    return keys.public_key(key.public_key)


def _ends_itself(activity: Activity) -> bool:
    return activity.type == "Delete" and activity.object_id == activity.actor
