"""Contexts as broad bands, so that no class can be told by them: what is counted, and what is told to others.

People write their contexts in their own words ("Year 8", 28 pupils); `bands_of` finds the bands that these fall into.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

OUTCOMES = {
    "worked": "Worked as it is",
    "worked-with-changes": "Worked with changes",
    "did-not-work": "Did not work here",
    "stopped-early": "Stopped early",
}
SYMBOLS = {"worked": "●", "worked-with-changes": "◐", "did-not-work": "○", "stopped-early": "◌"}
"""What stands for an outcome in tables, beside its words."""

SUBJECTS = {
    "sciences": "Sciences",
    "mathematics": "Mathematics",
    "computing": "Computing",
    "languages": "Languages and literacy",
    "humanities": "Humanities",
    "arts": "Arts and music",
    "sport": "Sport and health",
    "vocational": "Trades and vocations",
    "teaching": "Teaching itself",
    "other": "Another subject",
}
LEVELS = {
    "early-years": "Early years",
    "primary": "Primary",
    "lower-secondary": "Lower secondary",
    "upper-secondary": "Upper secondary",
    "higher": "University and college",
    "adults": "Adults",
    "staff": "Colleagues",
    "mixed": "Mixed",
}
SIZES = {"1-10": "1 to 10 people", "11-20": "11 to 20 people", "21-30": "21 to 30 people", "31-": "Over 30 people"}
MINUTES = {
    "10": "Up to 10 minutes",
    "20": "Up to 20 minutes",
    "45": "Up to 45 minutes",
    "90": "Up to 90 minutes",
    "more": "Longer",
}
SETTINGS = {
    "classroom": "Classroom",
    "laboratory": "Laboratory or workshop",
    "library": "Library",
    "outdoors": "Outdoors",
    "online": "Online",
    "workplace": "At work",
    "other": "Somewhere else",
}

FIELDS: dict[str, Mapping[str, str]] = {
    "subject": SUBJECTS,
    "level": LEVELS,
    "size": SIZES,
    "minutes": MINUTES,
    "setting": SETTINGS,
}
"""The parts of a context, each with its bands."""

_WORDS = {
    "subject": {
        "mathematics": r"math|algebra|statistic|geometr|numera",
        "computing": r"comput|informati|program|digital|coding",
        "sciences": r"scien|physic|chemi|biolog|astronom|labor|natur",
        "languages": r"english|german|deutsch|french|spanish|latin|language|sprach|litera|read|writ|les|schreib",
        "humanities": r"histor|geograph|geschicht|erdkunde|relig|philosoph|ethic|ethik|politic|econom|civic|humanit",
        "arts": r"\bart|music|musik|drama|theat|kunst|design|dance",
        "sport": r"sport|physical edu|\bpe\b|health|gesund|nurs|pflege",
        "vocational": r"vocation|trade|carpent|catering|handwerk|beruf|hair|mechanic",
        "teaching": r"teach|pedagog|staff|mentor|induction|didakti",
    },
    "level": {
        "early-years": r"early|nursery|reception|kindergarten|\bkita|vorschul|preschool|key stage 0",
        "staff": r"colleague|staff|kolleg|lehrkr|teachers",
        "higher": r"universit|undergrad|postgrad|bachelor|master|college|degree|hochschul|semester|student teachers",
        "adults": r"adult|evening|erwachs|community|older|parents|eltern|volkshochschul",
        "primary": r"primary|elementary|grundschul|key stage [12]\b|\bks[12]\b",
        "lower-secondary": r"lower secondary|middle school|key stage 3|\bks3\b|sekundarstufe i\b|mittelstufe",
        "upper-secondary": r"upper secondary|high school|sixth|a.level|gcse|key stage [45]|\bks[45]\b|oberstufe",
        "mixed": r"mixed|all ages|any|gemischt|alle",
    },
    "setting": {
        "online": r"online|video|remote|virtual|distan[cz]",
        "laboratory": r"laborator|\blab\b|workshop|werkstatt|bench",
        "library": r"librar|bibliothe|bücherei",
        "outdoors": r"outdoor|outside|field|garden|draußen|wald|forest",
        "workplace": r"workplace|company|office|ward|betrieb|firma|büro",
        "classroom": r"class|lesson|room|school|schul|unterricht|seminar|hall",
    },
}
_YEAR = re.compile(r"\b(?:year|years|grade|class|klasse|klassen|jahrgang|stufe|y)\s*(\d{1,2})")


@dataclass(frozen=True, slots=True)
class Bands:
    """One context as bands; empty where nobody said."""

    subject: str = ""
    level: str = ""
    size: str = ""
    minutes: str = ""
    setting: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is said."""
        return self == Bands()

    @property
    def facts(self) -> list[str]:
        """What is said, in words."""
        pairs = [(FIELDS[name], getattr(self, name)) for name in FIELDS]
        return [known[value] for known, value in pairs if value in known]


def known(name: str, value: object) -> str:
    """A band of this part of a context; empty for whatever is none."""
    return value if isinstance(value, str) and value in FIELDS[name] else ""


def bands_of(subject: str, level: str, group_size: int | None, minutes: int | None, setting: str) -> Bands:
    """The bands of a context in somebody's own words; what none fits stays empty."""
    return Bands(
        subject=_found("subject", subject),
        level=_level(level),
        size=size_band(group_size),
        minutes=minutes_band(minutes),
        setting=_found("setting", setting),
    )


def size_band(count: int | None) -> str:
    """The band of so many people."""
    if count is None or count < 1:
        return ""
    return next((band for band, most in (("1-10", 10), ("11-20", 20), ("21-30", 30)) if count <= most), "31-")


def minutes_band(count: int | None) -> str:
    """The band of so many minutes."""
    if count is None or count < 1:
        return ""
    return next((band for band, most in (("10", 10), ("20", 20), ("45", 45), ("90", 90)) if count <= most), "more")


def _level(words: str) -> str:
    year = _YEAR.search(words.lower())
    if year is not None:
        number = int(year[1])
        bounds = (("primary", 6), ("lower-secondary", 9), ("upper-secondary", 13))
        return next((band for band, last in bounds if 1 <= number <= last), "")
    return _found("level", words)


def _found(name: str, words: str) -> str:
    lowered = words.lower()
    return next((band for band, pattern in _WORDS[name].items() if re.search(pattern, lowered)), "")
