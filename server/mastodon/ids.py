"""Ids as apps want them: decimal digits that fit 64 bits and sort by time, worked out from ours without a table.

Ours is a UUIDv7; the number is its time in milliseconds and the 16 bits after it, which `server.ids.new_id` never gives
out twice in one millisecond of one process. So a number is found as a range of the primary key.
"""

from functools import lru_cache

from server.ids import from_number, to_number

_TIME_BITS, _VERSION, _VARIANT = 80, 0x7 << 76, 0b10 << 62
MAX_DIGITS = 19


@lru_cache(maxsize=8192)
def number_of(id_: str) -> str:
    """The digits for one of our ids."""
    whole = to_number(id_)
    return str((whole >> _TIME_BITS) << 16 | ((whole >> 64) & 0xFFF) << 4 | (whole >> 58) & 0xF)


def range_of(number: str) -> tuple[str, str] | None:
    """The first and the last id with these digits; None for what is no number of ours."""
    if not (number.isascii() and number.isdigit() and 0 < len(number) <= MAX_DIGITS):
        return None
    value = int(number)
    if value >> 63:
        return None
    low = (value >> 16) << _TIME_BITS | _VERSION | (value >> 4 & 0xFFF) << 64 | _VARIANT | (value & 0xF) << 58
    return from_number(low), from_number(low + (1 << 58) - 1)


def milliseconds_of(number: str) -> int:
    """When something with these digits was made, in milliseconds since 1970."""
    return int(number) >> 16
