"""What happens around events. Emitted inside the transaction of its fact."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ParticipationAnswered:
    """An event elsewhere said whether somebody here can take part."""

    post_id: str
    actor_id: str
    accepted: bool
