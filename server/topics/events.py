"""What people choose about topics."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TopicMuted:
    """Somebody wants to hear nothing more of a topic, and of those in it."""

    person_id: str
    topic_id: str
