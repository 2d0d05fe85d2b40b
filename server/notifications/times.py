"""When mail may come: the hours of a person's own day, quiet hours, and pauses. Pure functions of a zone and a time."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from server.db import Row, from_milliseconds

MORNING, AFTERNOON = 7, 16
"""The weekly digest comes at seven, what is bundled by the day at four in the afternoon."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of the day without mail, such as from 20 until 8; None for none. And no mail until `paused_until`."""

    since_hour: int | None = None
    until_hour: int | None = None
    paused_until: datetime | None = None

    def is_paused(self, moment: datetime) -> bool:
        """Whether mail is paused then."""
        return self.paused_until is not None and moment < self.paused_until


def quiet_of(row: Row) -> Quiet:
    """The quiet hours in a row of `notification_setting`, or of nulls."""
    paused = row["paused_until"]
    return Quiet(row["quiet_since"], row["quiet_until"], None if paused is None else from_milliseconds(paused))


def next_at(after: datetime, zone: ZoneInfo, hour: int, weekday: int | None = None) -> datetime:
    """The first time later than `after` that is this hour there, on this day of the week (Monday is 0) or on any."""
    local = after.astimezone(zone)
    for days in range(9):
        day = local.date() + timedelta(days=days)
        moment = datetime.combine(day, time(hour), zone).astimezone(UTC)
        if moment > after and weekday in {None, day.weekday()}:
            return moment
    raise ValueError(f"no day of the week: {weekday}")


def after_quiet(moment: datetime, zone: ZoneInfo, quiet: Quiet) -> datetime:
    """The moment itself, or the end of the quiet hours that it falls into."""
    since, until = quiet.since_hour, quiet.until_hour
    if since is None or until is None or since == until:
        return moment
    hour = moment.astimezone(zone).hour
    is_quiet = since <= hour < until if since < until else hour >= since or hour < until
    return next_at(moment, zone, until) if is_quiet else moment


def next_weekly(after: datetime, zone: ZoneInfo, weekday: int, quiet: Quiet) -> datetime:
    """When the next weekly digest comes: in the morning of that day, not in quiet hours and not in a pause.

    Where quiet hours put it off, it counts by the morning it was put off from.
    """
    start = after
    if quiet.paused_until is not None and quiet.paused_until > after:
        start = quiet.paused_until - timedelta(milliseconds=1)
    morning = next_at(start - timedelta(days=1), zone, MORNING, weekday)
    while after_quiet(morning, zone, quiet) <= start:
        morning = next_at(morning, zone, MORNING, weekday)
    return after_quiet(morning, zone, quiet)
