"""What the server says in English on cards and in lists, such as "Round" or "3 of 6 heard", in the reader's language.

On the wire and for apps these words stay as they are. What somebody typed, such as a place, comes through unchanged.
"""

import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache

from babel.dates import format_skeleton

from web.i18n import SOURCE_LANGUAGE, current_language, template_gettext

N_ = str
"""Marks what is translated later, for the extraction."""

FIXED = frozenset(
    {
        # Kinds of posts, and what posts from elsewhere are called.
        *(N_("Practice"), N_("Resource"), N_("Collection"), N_("Discussion"), N_("Question"), N_("Challenge")),
        *(
            N_("Idea"),
            N_("Round"),
            N_("Proposal"),
            N_("Went well"),
            N_("Off my chest"),
            N_("Thanks"),
            N_("Celebration"),
            N_("Tip"),
            N_("Poll"),
        ),
        *(N_("Event"), N_("Tried it"), N_("Post"), N_("Another way"), N_("Video"), N_("Recording")),
        *(N_("Picture"), N_("Album"), N_("Article"), N_("Review"), N_("Quotation"), N_("Comment"), N_("Recipe")),
        N_("Document"),
        # Who sees something.
        *(N_("Everyone"), N_("Everyone with the link"), N_("People of the network"), N_("People here")),
        *(N_("Members"), N_("Followers"), N_("People named"), N_("Only me")),
        # How it stands.
        *(N_("Start here"), N_("One step"), N_("One thing"), N_("Closed"), N_("Scheduled"), N_("Ended")),
        *(N_("Open for opinions"), N_("Adopted"), N_("Not adopted"), N_("Taken back")),
        *(N_("Somebody hosts it"), N_("Nobody hosts it yet"), N_("Open for votes"), N_("No answer yet")),
        *(
            N_("One answer"),
            N_("Cancelled"),
            N_("Postponed"),
            N_("online"),
        ),
    }
)
OTHERWISE = {"Reply": N_("A reply"), "Open": N_("It is open")}
"""What is the same word in English for something to press, and another one in other languages."""
COUNTED = tuple(
    (re.compile(re.sub(r"%\\\((\w+)\\\)s", kind, re.escape(message))), message)
    for kind, messages in (
        (
            r"(?P<\1>\\d{1,9})",
            (
                *(N_("%(heard)s of %(asked)s heard"), N_("%(count)s steps"), N_("%(count)s things")),
                *(N_("%(count)s interested"), N_("%(count)s answers to choose from"), N_("%(count)s answers")),
            ),
        ),
        (r"(?P<\1>.+)", (N_("Members of %(name)s"), N_("People at %(name)s"), N_("%(place)s, and online"))),
    )
    for message in messages
)
_DAYS = "Mon|Tue|Wed|Thu|Fri|Sat|Sun"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE = re.compile(rf"(?:{_DAYS}) (\d{{1,2}}) ({'|'.join(_MONTHS)}) (\d{{4}})(?=, \d\d:\d\d)")


def said(text: str) -> str:
    """A label or a fact of the server in the language that templates speak now."""
    language = current_language()
    return text if language == SOURCE_LANGUAGE else _said(language, text)


@lru_cache(maxsize=2048)
def _said(language: str, text: str) -> str:
    if text in FIXED or text in OTHERWISE:
        return template_gettext(OTHERWISE.get(text, text))
    for pattern, message in COUNTED:
        if (found := pattern.fullmatch(text)) is not None:
            return template_gettext(message) % found.groupdict()
    return _DATE.sub(_dates(language), text)


@lru_cache(maxsize=8)
def _dates(language: str) -> Callable[["re.Match[str]"], str]:
    def written(found: "re.Match[str]") -> str:
        try:
            day = date(int(found[3]), _MONTHS.index(found[2]) + 1, int(found[1]))
        except ValueError:
            return found[0]
        return str(format_skeleton("yMMMEd", day, locale=language))

    return written
