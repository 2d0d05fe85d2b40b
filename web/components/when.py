"""How a moment is said: relative up to a week, then exact, always with the full date and zone."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import format_date, format_skeleton, format_time, format_timedelta, get_timezone_name

from web.i18n import template_gettext

_FORMATS = {"en": "en_GB"}  # day before month: this is read on several continents
_RELATIVE_FOR = timedelta(days=7)
_JUST_NOW = timedelta(seconds=45)


@dataclass(frozen=True, slots=True)
class When:
    """One moment in words: as shown, in full and in its parts, for machines, and whether the shown words age."""

    text: str
    full: str
    day: str
    time: str
    zone: str
    iso: str
    is_relative: bool


def describe_moment(moment: datetime, now: datetime, language: str, zone_name: str) -> When:
    """Say when `moment` is, to a reader at `now` in the zone named `zone_name` (an unknown zone reads as UTC)."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    zone = _zone(zone_name)
    local = moment.astimezone(zone)
    locale = _FORMATS.get(language, language.replace("-", "_"))
    zone_words = get_timezone_name(local, width="short", locale=locale)
    day, time = format_date(local.date(), "full", locale=locale), format_time(local.time(), "HH:mm")
    distance = moment - now
    is_relative = abs(distance) < _RELATIVE_FOR
    if abs(distance) < _JUST_NOW:
        text = template_gettext("just now")
    elif is_relative:
        text = format_timedelta(distance, add_direction=True, threshold=1.0, locale=locale)
    elif local.year == now.astimezone(zone).year:
        text = format_skeleton("MMMMd", local, locale=locale)
    else:
        text = format_date(local.date(), "long", locale=locale)
    return When(
        text=text,
        full=f"{day}, {time} {zone_words}",
        day=day,
        time=time,
        zone=zone_words,
        iso=moment.astimezone(UTC).isoformat(timespec="seconds"),
        is_relative=is_relative,
    )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
