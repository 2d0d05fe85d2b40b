"""What people do with hashtags."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TagFollowed:
    """From now on public posts with a hashtag come to somebody."""

    person_id: str
    tag: str


@dataclass(frozen=True, slots=True)
class TagUnfollowed:
    """And from now on they do not."""

    person_id: str
    tag: str
