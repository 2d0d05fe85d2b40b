"""Which roles there are, whose turn it is, and who may give them. There is no instructor: peers teach peers (A23)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from server.communities import policy
from server.communities.policy import Denied, MembershipFacts, Verdict

ROLES = HOST, TIME, NOTES, QUESTIONS, CONNECTS, REVIEWS = ("host", "time", "notes", "questions", "connects", "reviews")
WITHIN = timedelta(hours=48)
"""A newcomer hears from a person within this time, or those who look after the community are told."""
SILENT_AFTER = timedelta(days=21)
NEW_FOR = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who takes turns. `last` counts the meetings since they had the role: 0 in the last one, None never."""

    person_id: str
    last: int | None


def next_for(candidates: Sequence[Candidate], busy: Collection[str], *, after: str | None = None) -> str | None:
    """Whose turn it is: who never had the role, then who had it the longest ago; None where nobody is left.

    Nobody has a role twice running, nor two roles in one meeting as long as somebody else is there. `after`: who had
    the turn and skips it; the one behind them is next.
    """
    free = [one for one in candidates if one.last != 0 and one.person_id != after]
    ordered = sorted(free, key=lambda one: (one.last is not None, -(one.last or 0)))
    idle = [one for one in ordered if one.person_id not in busy]
    found = idle or (ordered if after is None else [])
    return found[0].person_id if found else None


def may_take(facts: MembershipFacts) -> Verdict:
    """Take a role or a turn: every member, whatever they are elsewhere."""
    if not facts.is_local:
        return Denied("Its roles are given on its own server.")
    return policy.may_reply(facts) if facts.is_member else Denied("Join this community first.")


def may_give(facts: MembershipFacts, *, is_holder: bool, is_author: bool) -> Verdict:
    """Pass a role on: who has it, who announced the meeting, and who looks after the community."""
    allowed = may_take(facts)
    if not allowed or is_holder or is_author:
        return allowed
    return policy.may_decide(facts)
