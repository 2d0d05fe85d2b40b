"""When an idea becomes an event, and by whom: pure rules."""

from dataclasses import dataclass

ENOUGH = 3
"""From so many interested on, scheduling is offered."""


@dataclass(frozen=True, slots=True)
class IdeaState:
    """What decides what somebody may do with an idea."""

    is_local: bool
    locked: bool
    interested: int
    is_scheduled: bool
    has_host: bool
    is_host: bool
    is_author: bool
    looks_after: bool


def why_not_hosted(idea: IdeaState) -> str:
    """Why nobody can volunteer, as a sentence; empty where somebody can."""
    if not idea.is_local:
        return "This idea lives on another server. Say in an answer that you would host it."
    if idea.is_scheduled:
        return "This idea is scheduled already."
    if idea.locked:
        return "This idea is closed."
    return "Somebody hosts it already." if idea.has_host else ""


def why_not_scheduled(idea: IdeaState) -> str:
    """Why this person cannot schedule it, as a sentence; empty where they can."""
    if not idea.is_local:
        return "This idea lives on another server, and is scheduled there."
    if idea.is_scheduled:
        return "This idea is scheduled already."
    if idea.locked:
        return "This idea is closed."
    if not (idea.is_host or idea.is_author or idea.looks_after):
        return "Whoever hosts it, whose idea it is, and who looks after this community can schedule it."
    if idea.interested < ENOUGH:
        return f"It can be scheduled as soon as {ENOUGH} people are interested."
    return ""
