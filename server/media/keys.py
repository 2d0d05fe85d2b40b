"""The keys of files, which we make ourselves."""

import re
import secrets

CHUNK_BYTES = 128 * 1024

_KEY = re.compile(r"[a-z0-9]{2}/[a-z0-9]{10,60}(-s)?\.[a-z0-9]{2,5}")


def new_key(extension: str) -> str:
    """A fresh key that nobody can guess: 160 random bits, spread over 256 folders."""
    name = secrets.token_hex(20)
    return f"{name[:2]}/{name}.{extension}"


def thumb_key(key: str) -> str:
    """The key of the small version that belongs to a picture."""
    stem, _, extension = key.rpartition(".")
    return f"{stem}-s.{extension}"


def is_key(text: str) -> bool:
    """Whether this could be one of our keys."""
    return _KEY.fullmatch(text) is not None


def checked_key(key: str) -> str:
    """The key, if it is one; raises ValueError."""
    if not is_key(key):
        raise ValueError(f"{key!r} is not a key")
    return key
