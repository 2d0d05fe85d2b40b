"""What happens to shared notes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PadChanged:
    """Somebody wrote, or began or stopped to; `changed_id` is the mark of it."""

    short: str
    changed_id: str
