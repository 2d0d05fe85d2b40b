"""Lists in hand-written SQL."""

from collections.abc import Iterable
from functools import lru_cache
from typing import TypeVar

T = TypeVar("T", str, int)

SIZES = (1, 2, 4, 8, 16, 20, 32, 40, 64, 80)
"""Powers of two, and how many things a page of a list has."""


def among(values: Iterable[T], name: str = "id") -> tuple[str, dict[str, T]]:
    """What stands in ``IN (…)`` for some values, with their parameters; ``IN ()`` is not SQL, so there must be one.

    Values are repeated up to the next of a few sizes, so that databases keep few statements however many there are.
    """
    wanted = list(dict.fromkeys(values))
    size = next((each for each in SIZES if each >= len(wanted)), 1 << (len(wanted) - 1).bit_length())
    wanted += wanted[-1:] * (size - len(wanted))
    names, placed = _places(name, size)
    return placed, dict(zip(names, wanted, strict=True))


@lru_cache(maxsize=500)
def _places(name: str, size: int) -> tuple[tuple[str, ...], str]:
    names = tuple(f"{name}{number}" for number in range(size))
    return names, ", ".join(f":{each}" for each in names)
