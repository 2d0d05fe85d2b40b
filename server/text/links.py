"""Links that cannot pretend to lead elsewhere (S10)."""

import re
import unicodedata
from urllib.parse import urlsplit

_LOOKS_LIKE_ADDRESS = re.compile(
    r"\s*(?:https?:?/{0,2})?((?:[\w-]+[.\u3002\uff0e\uff61])+[\w-]{2,24})(?=[:/?#\s]|$)", re.IGNORECASE
)
_MAX_SHOWN = 80


def honest_text(shown: str, href: str) -> str | None:
    """What a link should show instead of `shown`; None where that is honest.

    Words are left alone. What looks like an address must name the host that `href` leads to, and a host whose letters
    are of several scripts is shown in punycode.
    """
    match = _LOOKS_LIKE_ADDRESS.match(shown[:300])
    if match is None:
        return None
    actual = host_shown(href)
    if not actual:
        return None
    claimed = _comparable(match[1])
    real = _comparable(actual)
    if (claimed == real or real.endswith("." + claimed)) and not is_mixed_script(match[1]):
        return None
    return f"{actual}{_path(href)}"


def host_shown(href: str) -> str:
    """The host of an address as it is shown to people: punycode where its scripts are mixed; empty without one."""
    try:
        host = urlsplit(href).hostname or ""
    except ValueError:
        return ""
    return show_host(host)


def show_host(host: str) -> str:
    """A host name for people's eyes: in its own letters if they are of one script, else in punycode."""
    try:
        letters = ".".join(
            label.encode("ascii").decode("idna") if label.startswith("xn--") else label for label in host.split(".")
        )
    except UnicodeError:
        return host
    if letters.isascii() or not is_mixed_script(letters):
        return letters
    return _comparable(letters)


def is_mixed_script(host: str) -> bool:
    """Whether a label of a host mixes scripts, or is written in letters that look like Latin ones throughout."""
    for label in host.split("."):
        scripts = {_script(character) for character in label if character.isalpha()}
        if len(scripts - {"CJK", "HIRAGANA", "KATAKANA"}) + bool(scripts & {"CJK", "HIRAGANA", "KATAKANA"}) > 1:
            return True
        if scripts & {"CYRILLIC", "GREEK"} and all(c in _LATIN_LOOKALIKES for c in label if c.isalpha()):
            return True
    return False


_LATIN_LOOKALIKES = frozenset("аеорсухіјѕԁһԛԝӏοανικρτυχ")


def _script(character: str) -> str:
    return "LATIN" if character.isascii() else unicodedata.name(character, "UNKNOWN").partition(" ")[0]


def _comparable(host: str) -> str:
    host = unicodedata.normalize("NFKC", host).lower().replace("。", ".").strip(".").removeprefix("www.")
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


def _path(href: str) -> str:
    parts = urlsplit(href)
    path = parts.path if parts.path != "/" else ""
    return path if len(path) <= _MAX_SHOWN else path[:_MAX_SHOWN] + "…"
