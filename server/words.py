"""Words of mails in a person's language: gettext catalogues in `server/locale`, compiled in memory.

Pages have their own (`web.i18n`): a worker sends mail where there are no pages.
"""

# pybabel extract --no-location -k text -k many:1,2 -k _:1 --project=Peerhall
#   --copyright-holder="the Peerhall contributors" -o server/locale/mail.pot server/digest server/letterbox
#   server/notifications server/privacy server/factors
# pybabel update --no-fuzzy-matching --ignore-obsolete -w 120 -D mail -i server/locale/mail.pot -d server/locale

from datetime import datetime
from functools import lru_cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

LOCALES = Path(__file__).parent / "locale"


class Words:
    """What is said in one language, with times as they are in one zone."""

    def __init__(self, language: str, timezone: str = "UTC") -> None:
        """Speak this language where there is a catalogue, else the source language."""
        self.language = language if language in languages() else "en"
        self.zone = zone_of(timezone)
        self._catalogue = _catalogue(self.language)

    def text(self, message: str, **values: Any) -> str:
        """`message` with its ``%(name)s`` places filled."""
        translated = self._catalogue.gettext(message)
        return translated % values if values else translated

    def many(self, singular: str, plural: str, count: int, **values: Any) -> str:
        """The form that fits `count`, which is filled in as ``%(count)s``."""
        return self._catalogue.ngettext(singular, plural, count) % {"count": count, **values}

    def day(self, moment: datetime) -> str:
        """Such as ``27 November 2026``."""
        return str(format_date(moment.astimezone(self.zone).date(), "long", locale=_locale(self.language)))

    def when(self, moment: datetime) -> str:
        """Such as ``Tue 1 Dec, 17:00``: the day and the time in the person's zone."""
        local = moment.astimezone(self.zone).replace(tzinfo=None)
        day, hour = (format_skeleton(form, local, locale=_locale(self.language)) for form in ("MMMEd", "Hm"))
        return f"{day}, {hour}"


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """The languages that mails are written in, the source language first."""
    return ("en", *sorted(path.parent.parent.name for path in LOCALES.glob("*/LC_MESSAGES/mail.po")))


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """A time zone by its name; UTC for one that this machine does not know."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError):
        return ZoneInfo("UTC")


def _locale(language: str) -> str:
    return "en_GB" if language == "en" else language


@lru_cache(maxsize=32)
def _catalogue(language: str) -> NullTranslations:
    if language == "en":
        return NullTranslations()
    compiled = BytesIO()
    with (LOCALES / language / "LC_MESSAGES" / "mail.po").open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return Translations(compiled)
