"""Reports and counts in ActivityPub documents: terms of our own, named ``ph:…`` in the namespace of our documents.

The readers take nothing on trust: bands that we do not know are left out, numbers are bounded, and whatever makes no
report or no counts is None.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from federation.vocab.base import id_of, same_origin, text_of, timestamp, timestamp_of
from server.practices.form import MAX_STEPS
from server.practices.wire import text
from server.tries.bands import FIELDS, OUTCOMES, Bands, known
from server.tries.form import LINE

MAX_GROUPS = 500
MAX_COUNT = 100_000
MAX_VERSION = 100_000

_TERMS = {
    "subject": "ph:subject",
    "level": "ph:level",
    "size": "ph:groupSize",
    "minutes": "ph:minutes",
    "setting": "ph:setting",
}


@dataclass(frozen=True, slots=True)
class Told:
    """A report as it came."""

    outcome: str
    context: Bands
    steps: tuple[int, ...]
    changed: str
    saw: str
    may_contact: bool
    version: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How often a practice was tried: with which outcome, in which context; and in how many organisations."""

    groups: Mapping[tuple[str, Bands], int]
    organisations: int = 0

    @property
    def total(self) -> int:
        """All reports."""
        return sum(self.groups.values())

    def by_outcome(self) -> dict[str, int]:
        """The reports of every outcome, those without any included."""
        found = Counter[str]()
        for (outcome, _), count in self.groups.items():
            found[outcome] += count
        return {outcome: found[outcome] for outcome in OUTCOMES}


NOTHING = Counts({})


@dataclass(frozen=True, slots=True)
class ToldCounts:
    """Counts as another server says them, where they are, and since when they hold."""

    address: str
    counts: Counts | None
    at: datetime | None


def tried_object(report: Mapping[str, Any], context: Bands) -> dict[str, object]:
    """The `triedIt` object of a report whose columns are `report`."""
    found: dict[str, object] = {
        "type": "ph:TriedIt",
        "ph:outcome": report["outcome"],
        "ph:context": _context(context),
        "ph:changedSteps": list(report["steps"] or ()),
        "ph:mayContact": bool(report["may_contact"]),
        "ph:practiceVersion": str(report["version"]),
    }
    found |= {f"ph:{name}": report[name] for name in ("changed", "saw") if report[name]}
    return found


def read_tried(value: object) -> Told | None:
    """A report from a `triedIt` object of anybody's; None where it does not say how it went."""
    outcome = _outcome(value)
    if not isinstance(value, dict) or not outcome:
        return None
    return Told(
        outcome=outcome,
        context=_read_context(value.get("ph:context")),
        steps=_steps(value.get("ph:changedSteps")),
        changed=" ".join(text(value.get("ph:changed"), LINE).split()),
        saw=" ".join(text(value.get("ph:saw"), LINE).split()),
        may_contact=value.get("ph:mayContact") is True,
        version=version_of(value.get("ph:practiceVersion")),
    )


def trials(address: str, practice: str, counts: Counts, at: datetime) -> dict[str, object]:
    """The collection of the counts of a practice, without a `@context`."""
    return {
        "id": address,
        "type": "Collection",
        "totalItems": counts.total,
        "updated": timestamp(at),
        "trialCounts": {
            "type": "ph:TrialCounts",
            "ph:practice": practice,
            "ph:organisations": counts.organisations,
            "ph:groups": [
                {"ph:outcome": outcome, **_context(context), "ph:count": count}
                for (outcome, context), count in _in_order(counts)
            ],
        },
    }


def read_trials(value: object, practice: str) -> ToldCounts | None:
    """Counts of a practice from its `trials`: the collection, or only its address on the practice's own server."""
    address = id_of(value)
    if address is None or len(address) > 500 or not same_origin(address, practice):
        return None
    document = value if isinstance(value, dict) else {}
    said = document.get("trialCounts")
    if not isinstance(said, dict) or said.get("ph:practice") != practice:
        return ToldCounts(address, None, None)
    return ToldCounts(address, _read_counts(said), timestamp_of(document.get("updated")))


def counts_json(counts: Counts) -> dict[str, object]:
    """Counts as they are kept."""
    return {
        "organisations": counts.organisations,
        "groups": [
            {"outcome": outcome, "count": count, **{name: getattr(context, name) for name in FIELDS}}
            for (outcome, context), count in _in_order(counts)
        ],
    }


def counts_of(kept: Any) -> Counts:
    """Counts that were kept; none where nothing was."""
    if not isinstance(kept, dict):
        return NOTHING
    groups = {
        (item["outcome"], Bands(**{name: item[name] for name in FIELDS})): int(item["count"]) for item in kept["groups"]
    }
    return Counts(groups, int(kept["organisations"]))


def total_of(reports: Iterable[tuple[str, Bands]], hosts: Iterable[str]) -> Counts:
    """Counts of some reports, by people of these servers."""
    return Counts(Counter(reports), len(set(hosts)))


def version_of(value: object) -> int:
    """The number of a version; what is none is the first."""
    words = str(value) if isinstance(value, int) and not isinstance(value, bool) else text_of(value).strip()
    number = int(words) if words.isascii() and words.isdecimal() and len(words) < 7 else 1
    return min(max(number, 1), MAX_VERSION)


def _in_order(counts: Counts) -> list[tuple[tuple[str, Bands], int]]:
    order = list(OUTCOMES)
    items = sorted(
        counts.groups.items(), key=lambda item: (order.index(item[0][0]), *(getattr(item[0][1], n) for n in FIELDS))
    )
    return items[:MAX_GROUPS]


def _context(context: Bands) -> dict[str, object]:
    return {term: value for name, term in _TERMS.items() if (value := getattr(context, name))}


def _read_context(value: object) -> Bands:
    said = value if isinstance(value, dict) else {}
    return Bands(**{name: known(name, said.get(term)) for name, term in _TERMS.items()})


def _outcome(value: object) -> str:
    found = text_of(value.get("ph:outcome")) if isinstance(value, dict) else ""
    return found if found in OUTCOMES else ""


def _steps(value: object) -> tuple[int, ...]:
    items = value[:MAX_STEPS] if isinstance(value, list) else []
    return tuple(
        sorted(
            {item for item in items if isinstance(item, int) and not isinstance(item, bool) and 1 <= item <= MAX_STEPS}
        )
    )


def _read_counts(said: Mapping[str, object]) -> Counts:
    listed = said.get("ph:groups")
    groups = Counter[tuple[str, Bands]]()
    for item in listed[:MAX_GROUPS] if isinstance(listed, list) else []:
        count = _whole(item.get("ph:count")) if isinstance(item, dict) else 0
        if count and (outcome := _outcome(item)):
            groups[outcome, _read_context(item)] += count
    return Counts(groups, min(_whole(said.get("ph:organisations")), sum(groups.values())))


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAX_COUNT else 0
