"""What happens to remixes. Every event is emitted inside the transaction of its fact."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PracticeRemixed:
    """A remix of a practice that is known here can be read from now on, wherever it was written."""

    remix_id: str
    source_id: str
    source_author_id: str
    by_id: str


@dataclass(frozen=True, slots=True)
class ChangeOffered:
    """A remixer offers what they changed to the author of the source."""

    offer_id: str


@dataclass(frozen=True, slots=True)
class OfferWithdrawn:
    """Who offered a change took the offer back before it was answered."""

    offer_id: str


@dataclass(frozen=True, slots=True)
class OfferAnswered:
    """The author of the source took the change, or did not."""

    offer_id: str
    taken: bool
