"""What happens to rounds. Every event is emitted inside the transaction of its fact."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RoundClosed:
    """Everybody was heard, or the host closed a round; answers stand together."""

    post_id: str


@dataclass(frozen=True, slots=True)
class TurnNudged:
    """Somebody here is reminded, once, that a round waits for them."""

    post_id: str
    person_id: str


@dataclass(frozen=True, slots=True)
class TurnTaken:
    """Somebody elsewhere says at `at` what they did with their turn in a round here."""

    post_id: str
    person_id: str
    state: str
    at: datetime
