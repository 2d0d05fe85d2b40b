"""The fields of a practice in ActivityPub documents: schema.org's LearningResource, and our own terms beside it.

What we know no schema.org word for is named ``ph:…``, in the namespace that every document of ours defines. The reader
takes nothing on trust: wrong types and lengths are left out, and Markdown is rendered by us before anybody sees it.
"""

import re
from collections.abc import Mapping

from server.practices.form import CERTAINTIES, LARGEST_GROUP, LONG_TEXT, MAX_MATERIALS, MAX_STEPS, MOST_MINUTES

_DURATION = re.compile(r"P(?:(\d{1,3})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:\d+(?:\.\d+)?S)?)?")

_TEXTS = {
    "promise": ("ph:promise", 300),
    "setting": ("ph:setting", 200),
    "constraints": ("ph:constraints", 2000),
    "problem": ("ph:problem", LONG_TEXT),
    "evidence": ("ph:evidence", LONG_TEXT),
    "would_change": ("ph:wouldChange", LONG_TEXT),
}


def learning_object(
    values: Mapping[str, object], *, language: str, version: int, based_on: str | None = None
) -> dict[str, object]:
    """The `learning` object of a practice whose columns are `values`."""
    found: dict[str, object] = {
        "type": "LearningResource",
        "learningResourceType": ["teaching practice"],
        "educationalLevel": [values["level"]] if values.get("level") else [],
        "about": [values["subject"]] if values.get("subject") else [],
        "inLanguage": [language],
        "isAccessibleForFree": True,
        "version": str(version),
        "ph:entry": values["entry"],
    }
    if values.get("minutes"):
        found["timeRequired"] = f"PT{values['minutes']}M"
    if based_on:
        found["isBasedOn"] = based_on
    if values.get("group_size"):
        found["ph:groupSize"] = values["group_size"]
    found |= {term: values[name] for name, (term, _) in _TEXTS.items() if values.get(name)}
    if values.get("certainty"):
        found["ph:certainty"] = values["certainty"]
    found["ph:steps"] = values.get("steps") or []
    materials = values.get("materials")
    found["ph:materials"] = [
        {"ph:name": item["name"], "ph:url": item["url"]} for item in (materials if isinstance(materials, list) else [])
    ]
    return found


def read_learning(learning: Mapping[str, object]) -> dict[str, object] | None:
    """The columns of a practice, from a `learning` object of anybody's; None where it has no step of a practice."""
    steps = [step for item in _items(learning.get("ph:steps"), MAX_STEPS) if (step := text(item, LONG_TEXT))]
    if not steps:
        return None
    certainty = text(learning.get("ph:certainty"), 10)
    return {
        "entry": "full" if learning.get("ph:entry") == "full" else "quick",
        "subject": text(_first(learning.get("about")), 120),
        "level": text(_first(learning.get("educationalLevel")), 120),
        "minutes": minutes(learning.get("timeRequired")),
        "group_size": _whole(learning.get("ph:groupSize"), LARGEST_GROUP),
        **{name: text(learning.get(term), limit) for name, (term, limit) in _TEXTS.items()},
        "certainty": certainty if certainty in CERTAINTIES else "",
        "steps": steps,
        "materials": [
            material for item in _items(learning.get("ph:materials"), MAX_MATERIALS) if (material := _material(item))
        ],
    }


def minutes(value: object) -> int | None:
    """The minutes of an ISO 8601 duration such as ``PT1H30M``."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) and len(value) < 40 else None
    if match is None:
        return None
    days, hours, rest = (int(part or 0) for part in match.groups())
    return _whole(days * 1440 + hours * 60 + rest, MOST_MINUTES)


def text(value: object, limit: int) -> str:
    """A text of at most `limit` characters; whatever is no text is empty."""
    return value.replace("\x00", "").strip()[:limit] if isinstance(value, str) else ""


def first_text(value: object, limit: int) -> str:
    """The first of one or several texts."""
    return text(_first(value), limit)


def _items(value: object, limit: int) -> list[object]:
    return value[:limit] if isinstance(value, list) else [] if value is None else [value]


def _first(value: object) -> object:
    return value[0] if isinstance(value, list) and value else value


def _whole(value: object, largest: int) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= largest else None


def _material(item: object) -> dict[str, str] | None:
    if not isinstance(item, dict):
        return None
    url = text(item.get("ph:url"), 1000)
    if not url.startswith(("https://", "http://")):
        return None
    return {"url": url, "name": text(item.get("ph:name"), 200)}
