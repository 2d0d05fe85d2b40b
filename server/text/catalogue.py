"""The licences and languages that people choose from."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence by its SPDX id; `url` is empty where all rights are reserved."""

    id: str
    label: str
    url: str


LICENCES: dict[str, Licence] = {
    licence.id: licence
    for licence in (
        Licence("CC-BY-4.0", "CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"),
        Licence("CC-BY-SA-4.0", "CC BY-SA 4.0", "https://creativecommons.org/licenses/by-sa/4.0/"),
        Licence("CC-BY-NC-4.0", "CC BY-NC 4.0", "https://creativecommons.org/licenses/by-nc/4.0/"),
        Licence("CC-BY-NC-SA-4.0", "CC BY-NC-SA 4.0", "https://creativecommons.org/licenses/by-nc-sa/4.0/"),
        Licence("CC-BY-ND-4.0", "CC BY-ND 4.0", "https://creativecommons.org/licenses/by-nd/4.0/"),
        Licence("CC-BY-NC-ND-4.0", "CC BY-NC-ND 4.0", "https://creativecommons.org/licenses/by-nc-nd/4.0/"),
        Licence("CC0-1.0", "CC0 1.0 (public domain)", "https://creativecommons.org/publicdomain/zero/1.0/"),
        Licence("ARR", "All rights reserved", ""),
    )
}

LANGUAGES: dict[str, str] = {
    "ar": "العربية",
    "bg": "Български",
    "bn": "বাংলা",
    "ca": "Català",
    "cs": "Čeština",
    "cy": "Cymraeg",
    "da": "Dansk",
    "de": "Deutsch",
    "el": "Ελληνικά",
    "en": "English",
    "eo": "Esperanto",
    "es": "Español",
    "et": "Eesti",
    "eu": "Euskara",
    "fa": "فارسی",
    "fi": "Suomi",
    "fr": "Français",
    "ga": "Gaeilge",
    "gl": "Galego",
    "he": "עברית",
    "hi": "हिन्दी",
    "hr": "Hrvatski",
    "hu": "Magyar",
    "id": "Bahasa Indonesia",
    "is": "Íslenska",
    "it": "Italiano",
    "ja": "日本語",
    "ko": "한국어",
    "lt": "Lietuvių",
    "lv": "Latviešu",
    "mt": "Malti",
    "nb": "Norsk bokmål",
    "nl": "Nederlands",
    "nn": "Norsk nynorsk",
    "pl": "Polski",
    "pt": "Português",
    "ro": "Română",
    "ru": "Русский",
    "sk": "Slovenčina",
    "sl": "Slovenščina",
    "sq": "Shqip",
    "sr": "Српски",
    "sv": "Svenska",
    "sw": "Kiswahili",
    "th": "ไทย",
    "tr": "Türkçe",
    "uk": "Українська",
    "ur": "اردو",
    "vi": "Tiếng Việt",
    "zh": "中文",
}


def language_code(code: str | None, *, fallback: str = "en") -> str:
    """A language code as we store it: lower-case primary subtag and, where given, the rest; `fallback` for nonsense."""
    if not code or len(code) > 16:
        return fallback
    parts = code.replace("_", "-").split("-")
    if not (2 <= len(parts[0]) <= 3 and all(part.isascii() and part.isalnum() for part in parts)):
        return fallback
    if parts[0].lower() == "und":
        return fallback
    return "-".join([parts[0].lower(), *parts[1:]])


def licence_by_url(url: str | None) -> str:
    """The id of a licence from its address or id, however it is written; the text itself for others."""
    if not url:
        return ""
    wanted = url.strip().removeprefix("http://").removeprefix("https://").removeprefix("www.").rstrip("/").lower()
    for licence in LICENCES.values():
        if wanted == licence.id.lower() or (
            licence.url and licence.url[8:].rstrip("/") in (wanted, wanted[: len(licence.url[8:]) - 1])
        ):
            return licence.id
    return url.strip()[:200]
