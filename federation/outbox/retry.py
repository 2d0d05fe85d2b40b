"""When to try a delivery again: from a minute to two days, spread out, for ten days; a deletion for fourteen."""

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

FIRST_DELAY_SECONDS = 60.0
LONGEST_DELAY_SECONDS = 2 * 24 * 3600.0
LONGEST_WISH_SECONDS = 24 * 3600.0
GROWTH = 2.5
JITTER = 0.2
GIVE_UP_AFTER_SECONDS = 10 * 24 * 3600.0
GIVE_UP_DELETION_AFTER_SECONDS = 14 * 24 * 3600.0


def delay_seconds(attempt: int, *, seed: str) -> float:
    """How long to wait after failed attempt number `attempt`, the first being 1.

    `seed` (say, the host) makes it repeatable and spreads hosts out, so that a server that comes back is not met by
    everything at once.
    """
    exponent = min(max(attempt, 1) - 1, 30)
    base = min(FIRST_DELAY_SECONDS * GROWTH**exponent, LONGEST_DELAY_SECONDS)
    spread = random.Random(f"{seed}:{attempt}").uniform(1 - JITTER, 1 + JITTER)
    return min(max(base * spread, FIRST_DELAY_SECONDS), LONGEST_DELAY_SECONDS)


def retry_after_seconds(header: str | None, now: datetime) -> float | None:
    """Seconds from a Retry-After header with a number or a date, at most a day; None for anything else."""
    if header is None or len(header) > 40:
        return None
    header = header.strip()
    if header.isascii() and header.isdigit():
        seconds = float(header[:9])
    else:
        try:
            seconds = (parsedate_to_datetime(header).astimezone(UTC) - now).total_seconds()
        except (ValueError, OverflowError):
            return None
    return min(seconds, LONGEST_WISH_SECONDS) if seconds >= 0 else None
