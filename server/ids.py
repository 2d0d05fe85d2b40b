"""Identifiers: 26 lower-case characters that sort by time of creation."""

import os
import re
from datetime import datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_ID = re.compile(r"^[0-7][0-9a-hjkmnp-tv-z]{25}$")


class _Given:
    """What came after the time in the ids of the present millisecond: apps know ids by 16 bits of that alone."""

    def __init__(self) -> None:
        self._moment = -1
        self._heads: set[int] = set()

    def take(self, moment: int, head: int) -> bool:
        """Whether nobody has it yet; whoever asks has it from now on. After very many, everybody may."""
        if moment != self._moment:
            self._moment, self._heads = moment, set()
        if head in self._heads:
            return len(self._heads) > 60_000
        self._heads.add(head)
        return True


_given = _Given()


def new_id(moment: datetime) -> str:
    """Return a UUIDv7 (RFC 9562 section 5.7) of this moment, written as 26 characters of Crockford's base 32.

    The 12 bits after the version and the 4 after the variant are not given twice in a millisecond of one process.
    """
    milliseconds = int(moment.timestamp() * 1000) & ((1 << 48) - 1)
    while True:
        noise = int.from_bytes(os.urandom(10), "big")
        if _given.take(milliseconds, (noise >> 64 & 0xFFF) << 4 | noise >> 58 & 0xF):
            break
    number = (milliseconds << 80) | (0x7 << 76) | (noise & ((1 << 76) - 1))
    return from_number((number & ~(0b11 << 62)) | (0b10 << 62))


def from_number(number: int) -> str:
    """The identifier that a UUID is written as."""
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


def first_id(moment: datetime) -> str:
    """An id that comes before all that are made from this moment on."""
    return from_number((int(moment.timestamp() * 1000) & ((1 << 48) - 1)) << 80)


def to_number(text: str) -> int:
    """The UUID that an identifier stands for, as a number."""
    number = 0
    for letter in text:
        number = (number << 5) | _ALPHABET.index(letter)
    return number


def is_id(text: str) -> bool:
    """Whether this could be one of our identifiers."""
    return _ID.fullmatch(text) is not None
