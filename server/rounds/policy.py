"""Who may do what in a round: pure rules."""

from dataclasses import dataclass

WAITING, ANSWERED, PASSED = STATES = ("waiting", "answered", "passed")
MOST = 200
"""So many people are asked at most."""
REASON = 500
PASSING_TAG = "pass"
"""How people whose app has no button say that they pass."""


@dataclass(frozen=True, slots=True)
class RoundState:
    """What decides what somebody may do with a round; `mine` is their own turn, None where they are not asked."""

    is_local: bool
    is_closed: bool
    is_host: bool
    looks_after: bool
    mine: str | None


def why_not_passed(state: RoundState) -> str:
    """Why somebody cannot pass, or take that back, as a sentence; empty where they can."""
    if state.is_closed:
        return "This round is closed."
    if state.mine is None:
        return "This round asks other people. You can still say something."
    if state.mine == ANSWERED:
        return "You have answered. Delete your answer first if you would rather pass."
    return ""


def why_not_hosted(state: RoundState) -> str:
    """Why somebody cannot close a round or remind people, as a sentence; empty where they can."""
    if not state.is_local:
        return "This round lives on another server, and is closed there."
    if not (state.is_host or state.looks_after):
        return "Only who opened the round, and who looks after this community, can do that."
    return "This round is closed." if state.is_closed else ""
