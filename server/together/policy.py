"""How long people try together, and who may do what with it: pure rules."""

from dataclasses import dataclass
from datetime import timedelta

LASTS = timedelta(weeks=3)
LONGER = timedelta(weeks=1)
"""So much longer it may be made, once."""
ENOUGH = 3
"""So many make it one: fewer can compare little."""
CREDITED = 50


@dataclass(frozen=True, slots=True)
class State:
    """What decides what somebody may do with it."""

    is_host: bool
    is_over: bool
    is_cancelled: bool
    is_longer: bool
    has_summary: bool


def why_not_longer(state: State) -> str:
    """Why it cannot be made longer, as a sentence; empty where it can."""
    if not state.is_host:
        return "Only whoever proposed it can make it longer."
    if state.is_cancelled:
        return "It was called off."
    if state.is_over:
        return "It is over already. Propose it again."
    return "It was made longer once. That is enough: propose it again afterwards." if state.is_longer else ""


def why_not_ended(state: State) -> str:
    """Why it cannot be ended now, as a sentence; empty where it can."""
    if not state.is_host:
        return "Only whoever proposed it can end it."
    return "It is over already." if state.is_over or state.is_cancelled else ""


def why_not_summed_up(state: State) -> str:
    """Why nobody can write what came of it, as a sentence; empty where this person can."""
    if not state.is_host:
        return "Only whoever proposed it writes what came of it."
    if state.is_cancelled:
        return "It was called off."
    if not state.is_over:
        return "It is not over yet. End it first, if everybody has said how it went."
    return "It is written already. You can change that one." if state.has_summary else ""
