"""What happens around events. Emitted inside the transaction of its fact."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ParticipationAnswered:
    """An event elsewhere said whether somebody here can take part."""

    post_id: str
    actor_id: str
    accepted: bool


@dataclass(frozen=True, slots=True)
class ParticipationEnded:
    """Somebody does not take part any more."""

    post_id: str
    actor_id: str


@dataclass(frozen=True, slots=True)
class DiscussantAsked:
    """Somebody here is asked to discuss in a seminar."""

    post_id: str
    person_id: str


@dataclass(frozen=True, slots=True)
class PrepareSoon:
    """An event begins in two days or less, and there is something to prepare."""

    post_id: str
