"""When to try a delivery again: from a minute to two days, spread out, for ten days; a deletion for fourteen."""

import random

FIRST_DELAY_SECONDS = 60.0
LONGEST_DELAY_SECONDS = 2 * 24 * 3600.0
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


def retry_after_seconds(header: str | None) -> float | None:
    """Seconds from a Retry-After header with a number, within a day; None for anything else."""
    if header is None or not header.strip().isdigit() or len(header) > 9:
        return None
    return min(float(header), 24 * 3600.0)
