"""Posts in several languages: what `contentMap`, `nameMap` and `summaryMap` say (ActivityStreams section 4.7)."""

from collections.abc import Mapping
from dataclasses import dataclass

MAX_LANGUAGES = 12
MAX_CHARACTERS = 200_000


@dataclass(frozen=True, slots=True)
class Translation:
    """A post in one language; `content_html` is as received."""

    language: str
    name: str
    content_html: str
    summary: str


def translations_of(document: Mapping[str, object]) -> tuple[Translation, ...]:
    """What a post says in each language that its texts come in; empty for what has one text only."""
    maps = {key: _texts(document.get(f"{key}Map")) for key in ("content", "name", "summary")}
    codes = [code for code in dict.fromkeys((*maps["content"], *maps["name"])) if _is_code(code)][:MAX_LANGUAGES]
    if len(codes) < 2:
        return ()
    found, left = [], MAX_CHARACTERS
    for code in codes:
        text = maps["content"].get(code, "")
        if len(text) > left:
            break
        left -= len(text)
        name, summary = maps["name"].get(code, "").strip()[:1000], maps["summary"].get(code, "")[:20_000]
        found.append(Translation(language=code, name=name, content_html=text, summary=summary))
    return tuple(found)


def _texts(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {key: text for key, text in list(value.items())[: MAX_LANGUAGES * 4] if isinstance(text, str) and text}


def _is_code(text: str) -> bool:
    return 2 <= len(text) <= 16 and text.isascii() and text.replace("-", "").isalnum() and text != "und"
