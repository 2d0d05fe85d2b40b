"""When a poll is over, and who may still choose: pure functions."""

from datetime import datetime


def is_over(*, ends_at: datetime | None, closed_at: datetime | None, now: datetime) -> bool:
    """Whether nobody can vote any more."""
    return (closed_at is not None and closed_at <= now) or (ends_at is not None and ends_at <= now)


def fits(positions: set[int], options: int, *, is_multiple: bool) -> bool:
    """Whether these options can be chosen together."""
    return bool(positions) and all(0 <= one < options for one in positions) and (is_multiple or len(positions) == 1)


def slot(position: int, *, is_multiple: bool) -> int:
    """What makes two votes of one person the same vote."""
    return position + 1 if is_multiple else 0
