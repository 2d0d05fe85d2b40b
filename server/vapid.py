"""Who we are for push services (RFC 8292): one key pair of the instance, worked out from its secret key."""

import base64
import json
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from server.secrets import Signatures

LIFE = timedelta(hours=12)
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the curve P-256 (NIST SP 800-186)."""


def public_key(signatures: Signatures) -> str:
    """Our public key as browsers take it: the uncompressed point, safe in addresses."""
    return encoded(point(_private(signatures).public_key()))


def authorization(signatures: Signatures, endpoint: str, *, subject: str, now: datetime) -> str:
    """The header that says to the service of `endpoint` who we are; `subject` is where to reach us."""
    parts = urlsplit(endpoint)
    claims: dict[str, object] = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int((now + LIFE).timestamp()),
        "sub": subject,
    }
    signed = f"{_json({'typ': 'JWT', 'alg': 'ES256'})}.{_json(claims)}"
    r, s = decode_dss_signature(_private(signatures).sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    token = f"{signed}.{encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
    return f"vapid t={token}, k={public_key(signatures)}"


def encoded(raw: bytes) -> str:
    """Base 64 for addresses, without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decoded(text: str) -> bytes:
    """What was encoded so, or with the usual alphabet. Raises ValueError."""
    plain = text.strip().rstrip("=").replace("+", "-").replace("/", "_")
    return base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    """65 bytes of a public key."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _private(signatures: Signatures) -> ec.EllipticCurvePrivateKey:
    number = int.from_bytes(signatures.derive("vapid"), "big") % (_ORDER - 1) + 1
    return ec.derive_private_key(number, ec.SECP256R1())


def _json(part: dict[str, object]) -> str:
    return encoded(json.dumps(part, separators=(",", ":")).encode())
