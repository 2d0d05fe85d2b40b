"""What happens with cards."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ManagerLooksAfter:
    """Somebody is to look after a community in which there is a person who says that they lead them at work."""

    community_id: str
    manager_id: str
    person_id: str
