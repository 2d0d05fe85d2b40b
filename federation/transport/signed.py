"""Headers that sign a request of ours, in the way that its receiver takes."""

from collections.abc import Mapping

from federation.ports import Clock, Signer
from federation.signatures import cavage, rfc9421
from federation.signatures.signing import CAVAGE, ED25519, RFC9421, SigningThreads
from federation.transport.target import target_of
from federation.vocab.base import origin_of


async def signed_headers(
    threads: SigningThreads,
    scheme: str,
    method: str,
    url: str,
    body: bytes | None,
    *,
    signer: Signer,
    clock: Clock,
    further: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Headers that sign a request, and `further` ones, with a key of an actor. `scheme` is one of `signing`'s."""
    origin, target, now = origin_of(url), target_of(url), clock.now()
    key_id, key = signer.rsa_key_id, signer.rsa_key
    if scheme == CAVAGE:
        authority = origin.partition("://")[2]
        ready = cavage.unsigned(method, authority, target, body=body, key_id=key_id, now=now, further=further)
        return ready.signed(await threads.sign(key, ready.base))
    if scheme == ED25519:
        ready = rfc9421.unsigned(
            method,
            origin,
            target,
            body=body,
            key_id=signer.ed25519_key_id,
            algorithm=rfc9421.ED25519,
            now=now,
            further=further,
        )
        return ready.signed(await threads.sign(signer.ed25519_key, ready.base))
    ready = rfc9421.unsigned(
        method, origin, target, body=body, key_id=key_id, algorithm=rfc9421.RSA, now=now, further=further
    )
    return ready.signed(await threads.sign(key, ready.base))


def other_schemes(scheme: str) -> tuple[str, ...]:
    """What to try where a request was refused as badly signed: the other of the two common ways, once."""
    return (CAVAGE,) if scheme in (RFC9421, ED25519) else (RFC9421,)
