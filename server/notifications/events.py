"""What becomes of notifications. The event is emitted inside the transaction of its fact."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Told:
    """People here were told something: pairs of who, and the id of the notification."""

    told: tuple[tuple[str, str], ...]
