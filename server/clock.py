"""The one place that reads the machine's clock."""

from datetime import UTC, datetime


class SystemClock:
    """The real time, in UTC."""

    def now(self) -> datetime:
        """The present moment."""
        return datetime.now(UTC)
