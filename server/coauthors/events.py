"""What happens between co-authors. Every event is emitted inside the transaction of its fact."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CoauthorInvited:
    """Somebody is asked to write a practice together with its author."""

    coauthor_id: str


@dataclass(frozen=True, slots=True)
class InvitationAnswered:
    """They are a co-author from now on, or do not want to be one."""

    coauthor_id: str
    accepted: bool


@dataclass(frozen=True, slots=True)
class CoauthorEnded:
    """Somebody is a co-author no more; `by_person`: they left, rather than were removed."""

    coauthor_id: str
    by_person: bool


@dataclass(frozen=True, slots=True)
class EditSent:
    """A co-author's change is on its way to the home of the practice."""

    edit_id: str


@dataclass(frozen=True, slots=True)
class EditAnswered:
    """The home of the practice took a change, or refused it; at the home, and where it was written."""

    edit_id: str
    taken: bool


@dataclass(frozen=True, slots=True)
class CoauthorEdited:
    """A co-author changed a practice of this server."""

    post_id: str
    person_id: str
