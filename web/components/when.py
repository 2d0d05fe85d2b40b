"""How a moment is said: relative up to a week, then exact, always with the full date and zone."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import format_date, format_skeleton, format_time, format_timedelta, get_timezone_name

from web.i18n import template_gettext

_FORMATS = {"en": "en_GB"}  # day before month: this is read on several continents
_RELATIVE_FOR = timedelta(days=7)
_JUST_NOW = timedelta(seconds=45)
_UNITS = (86_400, 3600, 60)


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
    exact = _exact(moment, language, zone_name)
    distance = moment - now
    if abs(distance) >= _RELATIVE_FOR:
        same_year = moment.astimezone(_zone(zone_name)).year == now.astimezone(_zone(zone_name)).year
        return exact.without_year if same_year else exact.with_year
    text = template_gettext("just now") if abs(distance) < _JUST_NOW else _in_words(_rounded(distance), language)
    return replace(exact.with_year, text=text, is_relative=True)


@dataclass(frozen=True, slots=True)
class _Exact:
    with_year: When
    without_year: When


@lru_cache(maxsize=4096)
def _exact(moment: datetime, language: str, zone_name: str) -> _Exact:
    """A moment as it is always said; finding the words of a language takes longer than everything else here."""
    local, locale = moment.astimezone(_zone(zone_name)), _locale(language)
    zone_words = get_timezone_name(local, width="short", locale=locale)
    day, time = format_date(local.date(), "full", locale=locale), format_time(local.time(), "HH:mm")
    with_year = When(
        text=format_date(local.date(), "long", locale=locale),
        full=f"{day}, {time} {zone_words}",
        day=day,
        time=time,
        zone=zone_words,
        iso=moment.astimezone(UTC).isoformat(timespec="seconds"),
        is_relative=False,
    )
    return _Exact(with_year, replace(with_year, text=format_skeleton("MMMMd", local, locale=locale)))


def _rounded(distance: timedelta) -> int:
    """Seconds, as exact as they are said: "3 hours ago" is the same for all of these."""
    seconds = distance.days * 86_400 + distance.seconds
    unit = next((unit for unit in _UNITS if abs(seconds) >= unit), 1)
    return round(abs(seconds) / unit) * unit * (1 if seconds >= 0 else -1)


@lru_cache(maxsize=2048)
def _in_words(seconds: int, language: str) -> str:
    return format_timedelta(timedelta(seconds=seconds), add_direction=True, threshold=1.0, locale=_locale(language))


def _locale(language: str) -> str:
    return _FORMATS.get(language, language.replace("-", "_"))


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
