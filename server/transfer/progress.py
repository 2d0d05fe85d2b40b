"""Saying how far a long copy is, once a second, on standard error."""

import sys
import time
from typing import TextIO

PAUSE_SECONDS = 1.0
PAUSE_IN_LOG_SECONDS = 10.0


class Progress:
    """Rows done of those there are: what is under way, percent, and the time left at the pace so far."""

    def __init__(self, total: int, *, out: TextIO | None = None) -> None:
        """`total` is the number of steps of work, of whatever size."""
        self._total = max(total, 1)
        self._done = 0
        self._out = out or sys.stderr
        self._is_terminal = self._out.isatty()
        self._begun = time.monotonic()
        self._next = self._begun + PAUSE_SECONDS

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self._begun

    def __call__(self, subject: str, steps: int) -> None:
        """So many more are done."""
        self._done += steps
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + (PAUSE_SECONDS if self._is_terminal else PAUSE_IN_LOG_SECONDS)
        part = min(self._done / self._total, 1.0)
        left = (now - self._begun) * (1 - part) / part if part else 0.0
        words = f"{subject}: {self._done:,} of {self._total:,} ({part:.0%}), about {spoken(left)} left"
        self._out.write(f"\r{words:<79}" if self._is_terminal else f"{words}\n")
        self._out.flush()

    def at(self, subject: str, steps: int) -> None:
        """So many are done in all."""
        self(subject, steps - self._done)

    def end(self) -> None:
        """Leave the line."""
        if self._is_terminal:
            self._out.write("\r" + " " * 79 + "\r")
            self._out.flush()


def spoken(seconds: float) -> str:
    """A length of time in words."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min"
