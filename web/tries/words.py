"""The words for outcomes and contexts, in the reader's language."""

from starlette.requests import Request

from server.tries.bands import FIELDS, Bands
from web.i18n import gettext


def outcome_words(request: Request) -> dict[str, str]:
    """What each outcome is called."""
    return {
        "worked": gettext(request, "Worked as it is"),
        "worked-with-changes": gettext(request, "Worked with changes"),
        "did-not-work": gettext(request, "Did not work here"),
        "stopped-early": gettext(request, "Stopped early"),
    }


def short_outcome_words(request: Request) -> dict[str, str]:
    """The same after "How did it go?"."""
    return {
        "worked": gettext(request, "It worked"),
        "worked-with-changes": gettext(request, "With changes"),
        "did-not-work": gettext(request, "It did not"),
        "stopped-early": gettext(request, "I stopped early"),
    }


def band_words(request: Request) -> dict[str, dict[str, str]]:
    """What each band of each part of a context is called."""
    return {
        "subject": {
            "sciences": gettext(request, "Sciences"),
            "mathematics": gettext(request, "Mathematics"),
            "computing": gettext(request, "Computing"),
            "languages": gettext(request, "Languages and literacy"),
            "humanities": gettext(request, "Humanities"),
            "arts": gettext(request, "Arts and music"),
            "sport": gettext(request, "Sport and health"),
            "vocational": gettext(request, "Trades and vocations"),
            "teaching": gettext(request, "Teaching itself"),
            "other": gettext(request, "Another subject"),
        },
        "level": {
            "early-years": gettext(request, "Early years"),
            "primary": gettext(request, "Primary"),
            "lower-secondary": gettext(request, "Lower secondary"),
            "upper-secondary": gettext(request, "Upper secondary"),
            "higher": gettext(request, "University and college"),
            "adults": gettext(request, "Adults"),
            "staff": gettext(request, "Colleagues"),
            "mixed": gettext(request, "Mixed"),
        },
        "size": {
            "1-10": gettext(request, "1 to 10 people"),
            "11-20": gettext(request, "11 to 20 people"),
            "21-30": gettext(request, "21 to 30 people"),
            "31-": gettext(request, "Over 30 people"),
        },
        "minutes": {
            "10": gettext(request, "Up to 10 minutes"),
            "20": gettext(request, "Up to 20 minutes"),
            "45": gettext(request, "Up to 45 minutes"),
            "90": gettext(request, "Up to 90 minutes"),
            "more": gettext(request, "Longer"),
        },
        "setting": {
            "classroom": gettext(request, "Classroom"),
            "laboratory": gettext(request, "Laboratory or workshop"),
            "library": gettext(request, "Library"),
            "outdoors": gettext(request, "Outdoors"),
            "online": gettext(request, "Online"),
            "workplace": gettext(request, "At work"),
            "other": gettext(request, "Somewhere else"),
        },
    }


def size_words(request: Request) -> dict[str, str]:
    """The bands of sizes, short enough for the head of a column."""
    return {"1-10": "1–10", "11-20": "11–20", "21-30": "21–30", "31-": gettext(request, "over 30")}


def in_words(request: Request, context: Bands) -> str:
    """A context in one line."""
    words = band_words(request)
    return ", ".join(words[name][value] for name in FIELDS if (value := getattr(context, name)))
