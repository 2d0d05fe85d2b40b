"""When people can take part in an event: pure functions."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from server.posts.policy import INSTANCE, MEMBERS, NETWORK, OPEN

UNSAID_LENGTH = timedelta(hours=3)
"""How long an event without an end is taken to last."""


@dataclass(frozen=True, slots=True)
class EventState:
    """What decides whether somebody can take part."""

    starts_at: datetime | None
    ends_at: datetime | None
    join_mode: str
    capacity: int | None
    participants: int
    status: str


def is_over(starts_at: datetime | None, ends_at: datetime | None, now: datetime) -> bool:
    """Whether it is past."""
    end = ends_at or (starts_at + UNSAID_LENGTH if starts_at is not None else None)
    return end is not None and end <= now


def is_full(event: EventState) -> bool:
    """Whether everybody for whom there is room has said that they come."""
    return event.capacity is not None and event.participants >= event.capacity


def why_closed(event: EventState, now: datetime) -> str:
    """Why nobody can take part any more, as a sentence; empty where they can."""
    if event.status == "cancelled":
        return "This event was cancelled."
    if event.status == "postponed":
        return "This event was postponed; a new date is not known yet."
    if is_over(event.starts_at, event.ends_at, now):
        return "This event is over."
    if event.join_mode == "external":
        return "Taking part is arranged elsewhere: follow the link."
    if event.join_mode == "invite":
        return "This event is for those who were invited."
    if is_full(event):
        return "There is no room left."
    return ""


def may_be_named(thing: tuple[str, str | None], event: tuple[str, str | None]) -> bool:
    """Whether an event may name something to its readers; each is visibility and community.

    What everybody may read is named everywhere. Else whoever reads the event may read the thing too (S15).
    """
    if thing[0] in OPEN:
        return True
    if event[0] == MEMBERS:
        return thing == event
    return (event[0] == NETWORK and thing[0] == NETWORK) or (event[0] == INSTANCE and thing[0] in {INSTANCE, NETWORK})
