"""What happens between the author of a draft and its first reader."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FirstReaderAsked:
    """Somebody is asked to read a draft."""

    post_id: str
    author_id: str
    reader_id: str


@dataclass(frozen=True, slots=True)
class FirstRemarkMade:
    """One of the two said something, for the other."""

    post_id: str
    author_id: str
    reader_id: str
