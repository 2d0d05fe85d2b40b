"""Keys of local actors: making them, and the signers that the engine works with."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from federation.ports import Signer
from server.actors.models import Actor, ActorKey, RetiredKey
from server.instance import Instance

RSA_BITS = 2048
SIGNERS_KEPT = 512
SIGNER_LIFE = timedelta(minutes=1)
FORMER_KEPT = 8
CACHE = "actors.signers"

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_ED25519_PUBLIC = b"\xed\x01"


@dataclass(frozen=True, slots=True)
class NewKeys:
    """The two key pairs of an actor, as they are stored."""

    rsa_private_pem: str
    rsa_public_pem: str
    ed25519_private_pem: str
    ed25519_multikey: str

    def __repr__(self) -> str:
        """Private keys do not belong into logs and tracebacks."""
        return "NewKeys(…)"


async def new_keys() -> NewKeys:
    """Make keys, in a thread: an RSA key takes some 100 ms."""
    return await asyncio.to_thread(_make_keys)


async def signer(here: Instance, name: str) -> Signer | None:
    """What signs for a local actor, the deleted ones included (their last word has to be signed); None for others.

    `name` is the actor's id, or `retired_id` of its former RSA key: requests are then signed with that one.
    """
    cache: dict[str, tuple[datetime, Signer]] = here.caches.setdefault(CACHE, {})
    now = here.clock.now()
    known = cache.get(name)
    if known is not None and now - known[0] < SIGNER_LIFE:
        return known[1]
    actor_uri = name.partition("#")[0]
    stored = await _stored(here, actor_uri)
    if stored is None:
        return None
    rsa_pem, ed25519_pem, key_id = stored
    if name != actor_uri:
        former = await RetiredKey.get_or_none(key_id=name, kind="rsa")
        rsa_pem = former.private_pem if former is not None and former.private_pem else rsa_pem
    # Keys that we made and stored ourselves need no primality test.
    rsa_key = load_pem_private_key(rsa_pem.encode(), None, unsafe_skip_rsa_key_validation=True)
    ed25519_key = load_pem_private_key(ed25519_pem.encode(), None)
    if not isinstance(rsa_key, RSAPrivateKey) or not isinstance(ed25519_key, Ed25519PrivateKey):
        raise TypeError(f"the stored keys of {actor_uri} are of the wrong kind")
    made = Signer(
        actor=actor_uri,
        rsa_key_id=f"{actor_uri}#main-key",
        rsa_key=rsa_key,
        ed25519_key_id=key_id,
        ed25519_key=ed25519_key,
    )
    if len(cache) >= SIGNERS_KEPT:
        cache.pop(next(iter(cache)))
    cache[name] = (now, made)
    return made


def forget_signer(here: Instance, actor_uri: str | None) -> None:
    """The keys of an actor changed, or perhaps those of anybody (None)."""
    known: dict[str, object] = here.caches.get(CACHE, {})
    if actor_uri is None:
        known.clear()
    else:
        known.pop(actor_uri, None)


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """What others verify a local actor's word with: one RSA key, and Multikeys as (id, key), the present one first."""

    rsa_pem: str
    multikeys: tuple[tuple[str, str], ...]


async def public_keys(here: Instance, actor: Actor) -> PublicKeys:
    """The public keys of a local actor, with those that signed earlier proofs."""
    present = await ActorKey.filter(actor_id=actor.id).only("id", "kind", "public_text", "generation")
    found = {key.kind: key for key in present}
    former = (
        await RetiredKey.filter(actor_id=actor.id, kind="ed25519")
        .order_by("-retired_at")
        .limit(FORMER_KEPT)
        .values_list("key_id", "public_text")
    )
    own = (ed25519_key_id(actor.uri, found["ed25519"].generation), found["ed25519"].public_text)
    return PublicKeys(found["rsa"].public_text, (own, *((str(key_id), str(text)) for key_id, text in former)))


def ed25519_key_id(actor_uri: str, generation: int) -> str:
    """Proofs name their key for ever, so a new key gets a new id; the RSA key is ``#main-key`` always (rule E7)."""
    return f"{actor_uri}#ed25519-key" + (f"-{generation}" if generation > 1 else "")


def retired_id(actor_uri: str, kind: str, generation: int) -> str:
    """The name of a former key: for Ed25519 the id that proofs give, for RSA one of our own."""
    return ed25519_key_id(actor_uri, generation) if kind == "ed25519" else f"{actor_uri}#former-{generation}"


async def private_pems(here: Instance, actor_uri: str) -> tuple[str, str] | None:
    """The private keys of a local actor as PEM: RSA, then Ed25519."""
    stored = await _stored(here, actor_uri)
    return None if stored is None else stored[:2]


async def _stored(here: Instance, actor_uri: str) -> tuple[str, str, str] | None:
    """Both private keys, and the id of the second."""
    rows = await here.db.rows(
        "SELECT actor_key.kind, actor_key.private_pem, actor_key.generation FROM actor_key"
        " JOIN actor ON actor.id = actor_key.actor_id WHERE actor.uri = :uri AND actor.is_local",
        uri=actor_uri,
    )
    found = {row["kind"]: row for row in rows}
    if len(found) != 2:
        return None
    key_id = ed25519_key_id(actor_uri, found["ed25519"]["generation"])
    return found["rsa"]["private_pem"], found["ed25519"]["private_pem"], key_id


def _make_keys() -> NewKeys:
    rsa_key = generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    ed25519_key = Ed25519PrivateKey.generate()
    raw = ed25519_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return NewKeys(
        rsa_private_pem=_private_pem(rsa_key),
        rsa_public_pem=rsa_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        ed25519_private_pem=_private_pem(ed25519_key),
        ed25519_multikey="z" + _base58(_ED25519_PUBLIC + raw),
    )


def _private_pem(key: RSAPrivateKey | Ed25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _base58(data: bytes) -> str:
    number = int.from_bytes(data, "big")
    letters = ""
    while number:
        number, digit = divmod(number, 58)
        letters = _BASE58[digit] + letters
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + letters
