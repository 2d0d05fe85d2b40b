"""What may be reported as what, whom it goes to, and what is done about it: words and pure rules."""

from dataclasses import dataclass
from datetime import timedelta

UNSAFE = "unsafe"
OTHER = "other"
MET = "met"
"""The category of a case that nobody reported: who looks after the place met it themselves."""
CATEGORIES = ("guidelines", UNSAFE, "privacy", "harassment", "spam", "copyright", OTHER)

OPEN, CLOSED, APPEAL = ("open", "closed", "appeal")
WAITING = (OPEN, APPEAL)
"""States of a case in which somebody has to decide."""
ACTED, NONE, WITHDRAWN, ANSWERED = OUTCOMES = ("acted", "none", "withdrawn", "answered")
"""What became of a report: something was done, or not; it was taken back; another server only says that it is done."""

ACTIONS = NOTHING, NOTE, MEDIATE, EDIT, WARN, LOCK, DRAFT, REMOVE, BAN, LIMIT, SUSPEND, REFER = (
    *("none", "note", "mediate", "edit", "warn", "lock", "draft", "remove", "ban", "limit", "suspend", "refer"),
)
"""What can be done, the least first: nothing, a note to the author, offering a mediation to who reported and who is
reported, asking to edit, a content note, closing the conversation, giving it back as a draft, hiding it, keeping
somebody out, hearing less of a person elsewhere, nothing more from a person, and passing it to who is responsible for
safeguarding. Several of them go together."""
ALONE = frozenset({NOTHING, REFER})
"""These do not go with others."""
UNSAID = ALONE | {MEDIATE}
"""Of these whom it is about is not told, so that they need neither clause nor reason."""
ABOUT_POSTS = (WARN, LOCK, DRAFT, REMOVE)
UNDONE = frozenset({WARN, LOCK, DRAFT, REMOVE, BAN, LIMIT, SUSPEND})
"""What an objection that is right can take back; words that were said stay said."""

COMMUNITY, SERVER, SEALED = DESKS = ("community", "server", "sealed")
ENTRIES = (
    *("reported", "merged", "taken", "released", "passed", "late", "decided", "objected", "upheld", "undone"),
    *("referred", "recorded", "exported", "withdrawn", "wants_name", "named"),
)

FIRST_LOOK = timedelta(hours=24)
"""Within this time somebody looks at a new case; at once where a child may be unsafe."""
MOST_REMINDERS = 3
HELD_FOR = timedelta(days=3)
"""Who took a case has this long; then others who look after the place may take it over."""
APPEAL_FOR = timedelta(days=14)

BAN_LENGTHS: dict[str, timedelta | None] = {"7": timedelta(days=7), "30": timedelta(days=30), "": None}
"""For how long somebody is kept out: 7 days, 30 days, or for good."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What decides whom a report goes to: its category, and the community of the posts it is about.

    `other_stewards` are those who look after that community, are not the person it is about, and did not report it.
    """

    category: str
    community_id: str | None
    other_stewards: int


def goes_to(scope: Scope) -> str | None:
    """The community whose stewards look at it; None for those who look after the whole server.

    What is unsafe for a child goes past the community (product/safety.md 5.8), and so does what nobody there could
    decide without being judge in their own case.
    """
    if scope.category == UNSAFE or scope.other_stewards == 0:
        return None
    return scope.community_id


def desk_of(scope: Scope) -> str:
    """Whose desk it lies on."""
    if scope.category == UNSAFE:
        return SEALED
    return SERVER if goes_to(scope) is None else COMMUNITY


def may_leave(category: str) -> bool:
    """Whether another server may be told: never of what is unsafe for a child."""
    return category != UNSAFE
