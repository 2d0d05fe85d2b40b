"""Passwords: Argon2id in a thread, and what a new one must be like (OWASP Password Storage, NIST SP 800-63B)."""

import asyncio
import os
import unicodedata

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from server.errors import Invalid

LEAST, MOST = 10, 256
ITERATIONS, LANES, MEMORY_KIB = 2, 1, 19 * 1024

_COMMON = (
    "1234567890",
    "0123456789",
    "password",
    "passwort",
    "qwertyuiop",
    "letmein",
    "iloveyou",
    "abcdefghij",
    "peerhall",
)

# Verified against when there is no account, so that the answer takes as long as with one.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$J2mPqSZZ0RGiUHnSrmfvgYNyVxkBJcLhKpVlT1VmZmQ"


async def hash_password(password: str) -> str:
    """The PHC text to store."""
    return await asyncio.to_thread(_hash, password)


async def matches(password: str, stored: str | None) -> bool:
    """Whether this is the password; `stored` None or empty takes the same time, and is never it."""
    right = await asyncio.to_thread(_verify, password, stored or _NOBODY)
    return right and bool(stored)


def check_password(password: str, *, personal: tuple[str, ...] = (), field: str = "password") -> None:
    """Raise Invalid for a new password that is too short, too long, or guessed first."""
    plain = _normal(password).casefold()
    if len(plain) < LEAST:
        raise Invalid(f"Use at least {LEAST} characters; several words are good.", field=field)
    if len(plain) > MOST:
        raise Invalid(f"Use at most {MOST} characters.", field=field)
    words = (*_COMMON, *(word.casefold() for word in personal if len(word) >= 3))
    rest = plain
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    if len(set(plain)) < 4 or len(rest.strip("0123456789!. -_")) < 4:
        raise Invalid(
            "This password is easily guessed. Several words that do not belong together are good.", field=field
        )


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


def _hash(password: str) -> str:
    made = Argon2id(salt=os.urandom(16), length=32, iterations=ITERATIONS, lanes=LANES, memory_cost=MEMORY_KIB)
    return made.derive_phc_encoded(_normal(password).encode())


def _verify(password: str, stored: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(_normal(password)[: MOST * 4].encode(), stored)
    except InvalidKey:
        return False
    return True
