"""Words in the reader's language: gettext catalogues, compiled in memory from `web/locale/<language>/*.po`."""

from contextvars import ContextVar
from functools import lru_cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.core import Locale, UnknownLocaleError, negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from starlette.requests import Request

LOCALES = Path(__file__).parent / "locale"
SOURCE_LANGUAGE = "en"

_current: ContextVar[str] = ContextVar("peerhall_language", default=SOURCE_LANGUAGE)


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """The languages of the interface, the source language first."""
    translated = sorted(path.parent.parent.name for path in LOCALES.glob("*/LC_MESSAGES/peerhall.po"))
    return (SOURCE_LANGUAGE, *translated)


@lru_cache(maxsize=64)
def language_name(language: str) -> str:
    """What speakers of a language call it ("Deutsch"), or the code itself where Babel has no name."""
    try:
        name = Locale.parse(language, sep="-" if "-" in language else "_").get_display_name()
    except (UnknownLocaleError, ValueError):
        return language
    return name[:1].upper() + name[1:] if name else language


@lru_cache(maxsize=32)
def translations_for(language: str) -> NullTranslations:
    """The catalogue of one language; an unknown language speaks the source language."""
    if language not in languages() or language == SOURCE_LANGUAGE:
        return NullTranslations()
    path = LOCALES / language / "LC_MESSAGES" / "peerhall.po"
    compiled = BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return Translations(compiled)


def language_of(request: Request) -> str:
    """The language to answer in: the viewer's choice, else the browser's, else the source language."""
    viewer = request.scope.get("state", {}).get("viewer")
    chosen = getattr(viewer, "language", None)
    if getattr(viewer, "actor_id", None) is not None and chosen in languages():
        return str(chosen)
    return _negotiated(request.headers.get("accept-language", "")[:200])


def use_language(language: str) -> None:
    """Make `language` the one templates speak for the rest of this task."""
    _current.set(language)


def current_language() -> str:
    """The language templates speak now."""
    return _current.get()


def gettext(request: Request, message: str, **values: Any) -> str:
    """`message` in the reader's language, with `%(name)s` places filled from `values`."""
    translated = translations_for(language_of(request)).gettext(message)
    return translated % values if values else translated


def ngettext(request: Request, singular: str, plural: str, count: int, **values: Any) -> str:
    """The form of a message that fits `count`, which is also filled in as `%(count)s`."""
    translated = translations_for(language_of(request)).ngettext(singular, plural, count)
    return translated % {"count": count, **values}


def template_gettext(message: str) -> str:
    """What `{% trans %}` and `_()` in templates call."""
    return translations_for(_current.get()).gettext(message)


def template_ngettext(singular: str, plural: str, count: int) -> str:
    """What `{% pluralize %}` in templates calls."""
    return translations_for(_current.get()).ngettext(singular, plural, count)


@lru_cache(maxsize=256)
def _negotiated(accept_language: str) -> str:
    weighted = []
    for position, part in enumerate(accept_language.split(",")):
        tag, _, weight = part.strip().partition(";q=")
        try:
            quality = float(weight or 1)
        except ValueError:
            quality = 0.0
        if tag and quality > 0:
            weighted.append((-quality, position, tag))
    wanted = [tag for _, _, tag in sorted(weighted)]
    return negotiate_locale(wanted, languages(), sep="-") or SOURCE_LANGUAGE
