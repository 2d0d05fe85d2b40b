"""Codes: those that an app shows every half minute (RFC 6238), and those on paper for the day when it is lost.

The secret that app and server share has to be read again, so it is not hashed but encrypted, with a key derived from
that of the server: whoever has a copy of the database alone cannot make codes (S35).
"""

import base64
import hashlib
import hmac
import os
import secrets
from datetime import datetime
from urllib.parse import quote

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from server.instance import Instance

DIGITS, STEP_SECONDS, SECRET_BYTES = 6, 30, 20
RECOVERY_CODES = 10
_PURPOSE = "code-app"
_NONCE_BYTES = 12
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that look alike on paper. Sixteen of them are 79 bits: nobody guesses one, and a plain hash will do."""


def new_secret() -> bytes:
    """What an app and the server share."""
    return os.urandom(SECRET_BYTES)


def seal(here: Instance, account_id: str, secret: bytes) -> str:
    """The secret, so that only this server can read it, and only for this account."""
    nonce = os.urandom(_NONCE_BYTES)
    return base64.b64encode(nonce + _cipher(here).encrypt(nonce, secret, account_id.encode())).decode()


def unseal(here: Instance, account_id: str, sealed: str) -> bytes | None:
    """The secret; None where the server had another secret key when it was sealed."""
    kept = base64.b64decode(sealed)
    try:
        return _cipher(here).decrypt(kept[:_NONCE_BYTES], kept[_NONCE_BYTES:], account_id.encode())
    except InvalidTag:
        return None


def step_of(code: str, secret: bytes, now: datetime) -> int | None:
    """The half minute whose code this is: the present one, the one before or the next, for clocks differ; else None."""
    present = int(now.timestamp()) // STEP_SECONDS
    made = TOTP(secret, DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303  # the only hash that every app knows
    found = None
    for step in (present - 1, present, present + 1):
        if hmac.compare_digest(made.generate(step * STEP_SECONDS), code.encode("utf-8", "replace")):
            found = step
    return found


def as_text(secret: bytes) -> str:
    """The secret as people type it into an app: in groups of four."""
    letters = base64.b32encode(secret).decode()
    return " ".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def as_address(secret: bytes, *, issuer: str, name: str) -> str:
    """The secret as apps read it off a picture."""
    label = quote(f"{issuer}:{name}", safe="")
    return f"otpauth://totp/{label}?secret={base64.b32encode(secret).decode()}&issuer={quote(issuer, safe='')}"


def new_recovery_codes() -> list[str]:
    """Codes to print or write down."""
    return [
        "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4)) for _ in range(RECOVERY_CODES)
    ]


def recovery_hash(account_id: str, code: str) -> str:
    """What is kept of a recovery code, however it is typed."""
    plain = "".join(letter for letter in code.lower() if letter.isalnum())
    return hashlib.sha256(f"{account_id} {plain}".encode()).hexdigest()


def digits_of(text: str) -> str:
    """A code of an app as people type it: with a space in the middle, or without."""
    return "".join(text.split())[:20]


def _cipher(here: Instance) -> AESGCM:
    return AESGCM(here.signatures.derive(_PURPOSE))
