"""Public and private keys: reading every spelling in use, refusing weak and monstrous ones, verifying, signing."""

from functools import lru_cache

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from federation.errors import Unauthenticated

PublicKeyObject = RSAPublicKey | Ed25519PublicKey
PrivateKeyObject = RSAPrivateKey | Ed25519PrivateKey

MIN_RSA_BITS = 2048
MAX_RSA_BITS = 8192
MAX_RSA_EXPONENT = 2**32
MAX_KEY_CHARACTERS = 4096

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_DIGITS = {character: value for value, character in enumerate(_ALPHABET)}
_ED25519_PREFIX = b"\xed\x01"
_RSA_PREFIX = b"\x85\x24"

_PKCS1 = PKCS1v15()
_SHA256 = hashes.SHA256()


@lru_cache(maxsize=8192)
def public_key(text: str) -> PublicKeyObject:
    """A public key from PEM (whatever its label says) or Multikey (FEP-521a); Unauthenticated for an unusable one.

    Parsed keys are kept: parsing costs as much again as verifying with the key.
    """
    text = text.strip()
    if len(text) > MAX_KEY_CHARACTERS:
        raise Unauthenticated("The key is too large.", "key")
    key = _from_multikey(text) if text.startswith("z") else _from_pem(text)
    if isinstance(key, RSAPublicKey):
        exponent = key.public_numbers().e
        if not MIN_RSA_BITS <= key.key_size <= MAX_RSA_BITS:
            raise Unauthenticated("The RSA key is too short or too long.", "key")
        if exponent < 3 or exponent > MAX_RSA_EXPONENT or exponent % 2 == 0:
            raise Unauthenticated("The RSA key has an odd exponent.", "key")
    return key


def _from_pem(text: str) -> PublicKeyObject:
    body = [line.strip() for line in text.splitlines() if line.strip()]
    if len(body) < 3 or not body[0].startswith("-----BEGIN ") or not body[-1].startswith("-----END "):
        raise Unauthenticated("The key is not PEM.", "key")
    # Mitra and others label SPKI bytes as "RSA PUBLIC KEY" and the reverse, so both readings are tried.
    labels = ("RSA PUBLIC KEY", "PUBLIC KEY") if "RSA PUBLIC KEY" in body[0] else ("PUBLIC KEY", "RSA PUBLIC KEY")
    for label in labels:
        pem = "\n".join([f"-----BEGIN {label}-----", *body[1:-1], f"-----END {label}-----", ""])
        try:
            return _usable(serialization.load_pem_public_key(pem.encode("ascii")))
        except (ValueError, UnsupportedAlgorithm):
            continue
    raise Unauthenticated("The key cannot be read.", "key")


def _from_multikey(text: str) -> PublicKeyObject:
    raw = base58_decode(text[1:])
    try:
        if raw[:2] == _ED25519_PREFIX:
            return Ed25519PublicKey.from_public_bytes(raw[2:])
        if raw[:2] == _RSA_PREFIX:
            return _usable(serialization.load_der_public_key(raw[2:]))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Unauthenticated("The key cannot be read.", "key") from error
    raise Unauthenticated("The key is of a kind we do not know.", "key")


def _usable(key: object) -> PublicKeyObject:
    if isinstance(key, RSAPublicKey | Ed25519PublicKey):
        return key
    raise Unauthenticated("The key is neither RSA nor Ed25519.", "key")


def verifies(key: PublicKeyObject, message: bytes, signature: bytes) -> bool:
    """Whether the signature is right. The algorithm follows the kind of key, never what a header says (S1)."""
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(signature, message)
        else:
            key.verify(signature, message, _PKCS1, _SHA256)
    except (InvalidSignature, ValueError):
        return False
    return True


def sign(key: PrivateKeyObject, message: bytes) -> bytes:
    """A signature; 0.6 ms for RSA, during which other threads run."""
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(message)
    return key.sign(message, _PKCS1, _SHA256)


def multikey(key: PublicKeyObject) -> str:
    """A public key as Multikey (FEP-521a)."""
    if isinstance(key, Ed25519PublicKey):
        raw = _ED25519_PREFIX + key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    else:
        raw = _RSA_PREFIX + key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    return f"z{base58_encode(raw)}"


def public_pem(key: PublicKeyObject) -> str:
    """A public key as PEM in SPKI form, as `publicKeyPem` has it."""
    pem = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return pem.decode("ascii")


def base58_decode(text: str) -> bytes:
    """Bytes from base58 in Bitcoin's alphabet; Unauthenticated for anything else."""
    if len(text) > MAX_KEY_CHARACTERS:
        raise Unauthenticated("A value is too long.")
    number = 0
    for character in text:
        digit = _DIGITS.get(character)
        if digit is None:
            raise Unauthenticated("A value is not base58.")
        number = number * 58 + digit
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


def base58_encode(raw: bytes) -> str:
    """Bytes in base58, Bitcoin's alphabet."""
    number, characters = int.from_bytes(raw, "big"), []
    while number:
        number, digit = divmod(number, 58)
        characters.append(_ALPHABET[digit])
    zeros = len(raw) - len(raw.lstrip(b"\0"))
    return "1" * zeros + "".join(reversed(characters))
