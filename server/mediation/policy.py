"""Who has a part in a mediation at which time: pure rules."""

from dataclasses import dataclass

ASKED, RUNNING, DECLINED, LEFT, ENDED = ("asked", "running", "declined", "left", "ended")
AGREED, PARTLY, NONE = OUTCOMES = ("agreed", "partly", "none")
ASKER, OTHER, MEDIATOR = PARTS = ("asker", "other", "mediator")


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a mediation is: its state, and who has agreed."""

    state: str
    asker: bool
    other: bool
    mediator: bool

    @property
    def waits_for(self) -> str:
        """Whose answer is awaited; empty where nobody's is."""
        if self.state != ASKED:
            return ""
        agreed = {ASKER: self.asker, OTHER: self.other, MEDIATOR: self.mediator}
        return next((part for part in PARTS if not agreed[part]), "")


SEEN_BY = (
    "(mediation.asker_id = :me OR (mediation.other_id = :me AND mediation.asker_at IS NOT NULL)"
    " OR (mediation.mediator_id = :me AND mediation.other_at IS NOT NULL))"
)
"""A condition: the two and the mediator, each from when they are asked, and nobody else, whatever they are (S28)."""
