"""What happens with newcomers and roles. Every event is emitted inside the transaction of its fact."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GreeterNamed:
    """A member was named to greet somebody who joined."""

    community_id: str
    person_id: str
    greeter_id: str


@dataclass(frozen=True, slots=True)
class NewcomerUngreeted:
    """Somebody joined two days ago, and nobody has answered them."""

    community_id: str
    person_id: str


@dataclass(frozen=True, slots=True)
class RoleGiven:
    """Somebody has a role in an event that they did not take themselves."""

    event_id: str
    person_id: str
