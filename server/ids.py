"""Identifiers: 26 lower-case characters that sort by time of creation."""

import os
import re
from datetime import datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_ID = re.compile(r"^[0-7][0-9a-hjkmnp-tv-z]{25}$")


def new_id(moment: datetime) -> str:
    """Return a UUIDv7 (RFC 9562 section 5.7) of this moment, written as 26 characters of Crockford's base 32."""
    milliseconds = int(moment.timestamp() * 1000) & ((1 << 48) - 1)
    noise = int.from_bytes(os.urandom(10), "big")
    number = (milliseconds << 80) | (0x7 << 76) | ((noise >> 2) & ((1 << 76) - 1))
    number = (number & ~(0b11 << 62)) | (0b10 << 62)
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


def first_id(moment: datetime) -> str:
    """An id that comes before all that are made from this moment on."""
    number = (int(moment.timestamp() * 1000) & ((1 << 48) - 1)) << 80
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


def to_number(text: str) -> int:
    """The UUID that an identifier stands for, as a number."""
    number = 0
    for letter in text:
        number = (number << 5) | _ALPHABET.index(letter)
    return number


def is_id(text: str) -> bool:
    """Whether this could be one of our identifiers."""
    return _ID.fullmatch(text) is not None
