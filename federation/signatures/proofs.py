"""Integrity proofs on documents: FEP-8b32 with `eddsa-jcs-2022` (W3C Data Integrity EdDSA cryptosuites)."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from federation.errors import Unauthenticated
from federation.signatures import keys
from federation.signatures.message import CLOCK_SKEW
from federation.vocab.base import timestamp, timestamp_of
from federation.vocab.contexts import DATA_INTEGRITY

CRYPTOSUITE = "eddsa-jcs-2022"


def add_proof(
    document: Mapping[str, object], *, key_id: str, key: Ed25519PrivateKey, created: datetime
) -> dict[str, object]:
    """The document with a proof as its last key; the context that defines proofs is added where it is missing."""
    unsigned = {name: value for name, value in document.items() if name not in ("proof", "signature")}
    context = unsigned.get("@context")
    contexts = list(context) if isinstance(context, list) else [context] if context else []
    if DATA_INTEGRITY not in contexts:
        contexts.insert(1, DATA_INTEGRITY)
    unsigned = {"@context": contexts, **{name: value for name, value in unsigned.items() if name != "@context"}}
    options: dict[str, object] = {
        "@context": contexts,
        "type": "DataIntegrityProof",
        "cryptosuite": CRYPTOSUITE,
        "created": timestamp(created),
        "verificationMethod": key_id,
        "proofPurpose": "assertionMethod",
    }
    value = f"z{keys.base58_encode(key.sign(_hash(unsigned, options)))}"
    return {**unsigned, "proof": {**options, "proofValue": value}}


def find_proof(document: Mapping[str, object]) -> dict[str, object] | None:
    """The proof of a document that we could verify, or None."""
    found = document.get("proof")
    for proof in found[:5] if isinstance(found, list) else [found]:
        if isinstance(proof, dict) and proof.get("cryptosuite") == CRYPTOSUITE:
            return proof
    return None


def method_of(proof: Mapping[str, object]) -> str | None:
    """The id of the key that made a proof."""
    method = proof.get("verificationMethod")
    return method if isinstance(method, str) else None


def proof_verifies(
    document: Mapping[str, object], proof: Mapping[str, object], key: keys.PublicKeyObject, now: datetime
) -> bool:
    """Whether the proof fits the document exactly as received. Whose key it is, the caller must know."""
    if not isinstance(key, Ed25519PublicKey) or proof.get("type") != "DataIntegrityProof":
        return False
    if proof.get("cryptosuite") != CRYPTOSUITE or proof.get("proofPurpose") != "assertionMethod":
        return False
    value = proof.get("proofValue")
    if not isinstance(value, str) or not value.startswith("z") or len(value) > 200:
        return False
    if not _in_time(proof, now):
        return False
    unsigned = {name: inner for name, inner in document.items() if name not in ("proof", "signature")}
    if "@context" in proof:
        if not _is_prefix(proof["@context"], unsigned.get("@context")):
            return False
        unsigned["@context"] = proof["@context"]
    options = {name: inner for name, inner in proof.items() if name != "proofValue"}
    try:
        return keys.verifies(key, _hash(unsigned, options), keys.base58_decode(value[1:]))
    except (Unauthenticated, rfc8785.CanonicalizationError, UnicodeError, RecursionError):
        return False


def _in_time(proof: Mapping[str, object], now: datetime) -> bool:
    created, expires = proof.get("created"), proof.get("expires")
    if created is not None:
        moment = timestamp_of(created)
        if moment is None or moment > now + CLOCK_SKEW:
            return False
    if expires is not None:
        moment = timestamp_of(expires)
        if moment is None or moment < now:
            return False
    return True


def _is_prefix(claimed: object, actual: object) -> bool:
    if not isinstance(claimed, list) or not isinstance(actual, list):
        return claimed == actual and claimed is not None
    return len(claimed) > 0 and actual[: len(claimed)] == claimed


def _hash(unsigned: Mapping[str, object], options: Mapping[str, object]) -> bytes:
    canonical_options, canonical_document = _canonical(options), _canonical(unsigned)
    return hashlib.sha256(canonical_options).digest() + hashlib.sha256(canonical_document).digest()


def _canonical(value: Mapping[str, object]) -> bytes:
    return rfc8785.dumps(dict(value))  # type: ignore[arg-type]  # the library wants its own JSON type
