"""What happens to practices when people try them. Emitted inside the transaction of its fact."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TriedOften:
    """So many reports on one version of a practice here are enough to look at it again (C21)."""

    practice_id: str
    version: int
