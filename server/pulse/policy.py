"""What is asked, who may ask and answer, and what may be shown: pure rules."""

from collections.abc import Sequence

from server.communities.policy import SUPPORT, YES, Denied, MembershipFacts, Verdict, may_decide

ITEMS = ("fail", "ask", "differ", "stays")
"""The sentences, by name; their words are in `web`. Each is answered by 1 (not at all) to 5 (fully)."""
CHOICES = (1, 2, 3, 4, 5)
ENOUGH = 5
"""Fewer answers than this are never shown."""
LOW = 3.0
"""Below this, whoever looks after the community is told what can help."""
OPEN_DAYS = 7
APART_DAYS = 28
"""Asked more often, two results would differ by one person, and tell of that one."""


def may_open(facts: MembershipFacts) -> Verdict:
    """Who looks after it asks. In support groups nothing is counted."""
    if facts.kind == SUPPORT:
        return Denied("In a support group nothing is counted.")
    if facts.is_archived:
        return Denied("This community is archived.")
    return may_decide(facts)


def may_answer(facts: MembershipFacts) -> Verdict:
    """Every member of this server."""
    if facts.kind == SUPPORT or not facts.is_local or not facts.is_member or facts.is_remote_person:
        return Denied("Only members answer this.")
    return YES


def mean(counts: Sequence[int]) -> float:
    """The mean of how often 1, 2, 3, 4 and 5 were chosen, to one decimal place."""
    total = sum(counts)
    return (
        round(sum(choice * times for choice, times in zip(CHOICES, counts, strict=True)) / total, 1) if total else 0.0
    )


def is_shown(answered: int) -> bool:
    """Whether so many answers say nothing about one of them."""
    return answered >= ENOUGH
