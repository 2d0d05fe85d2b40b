"""Lists in hand-written SQL."""

from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T", str, int)


def among(values: Iterable[T], name: str = "id") -> tuple[str, dict[str, T]]:
    """What stands in ``IN (…)`` for some values, with their parameters; ``IN ()`` is not SQL, so there must be one.

    Values are repeated up to the next power of two, so that databases keep few statements however many there are.
    """
    wanted = list(dict.fromkeys(values))
    size = 1 << (len(wanted) - 1).bit_length()
    wanted += wanted[-1:] * (size - len(wanted))
    return ", ".join(f":{name}{number}" for number in range(size)), {
        f"{name}{number}": value for number, value in enumerate(wanted)
    }
