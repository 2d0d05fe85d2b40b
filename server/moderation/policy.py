"""What may be reported as what, whom it goes to, and what is done about it: words and pure rules."""

from dataclasses import dataclass
from datetime import timedelta

UNSAFE = "unsafe"
OTHER = "other"
CATEGORIES = ("guidelines", UNSAFE, "privacy", "harassment", "spam", "copyright", OTHER)

OPEN, CLOSED = ("open", "closed")
ACTED, NONE, WITHDRAWN, ANSWERED = OUTCOMES = ("acted", "none", "withdrawn", "answered")
"""What became of a report: something was done, or not; it was taken back; another server only says that it is done."""

ACTIONS = NOTHING, REMOVE, BAN, SUSPEND = ("none", "remove", "ban", "suspend")

BAN_LENGTHS: dict[str, timedelta | None] = {"7": timedelta(days=7), "30": timedelta(days=30), "": None}
"""For how long somebody is kept out: 7 days, 30 days, or for good."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What decides whom a report goes to: its category, and the community of the posts it is about.

    `other_stewards` are those who look after that community and are not the person it is about.
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


def may_leave(category: str) -> bool:
    """Whether another server may be told: never of what is unsafe for a child."""
    return category != UNSAFE
