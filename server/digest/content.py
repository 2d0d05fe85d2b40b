"""What a weekly mail says, before it is put into words: blocks of entries, kept as JSON until it is sent."""

from dataclasses import dataclass
from typing import Any

import msgspec

MAX_BLOCKS = 7
BLOCKS = ("waiting", "events", "travelled", "asks", "practice", "answers", "thanks")
"""In this order: what waits for me, the events of the week, what became of what I shared, asks that I can answer, one
practice to try, other answers, and thanks with what is celebrated."""
MAX_ENTRIES = {"waiting": 6, "events": 5, "travelled": 5, "asks": 3, "practice": 1, "answers": 5, "thanks": 8}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `what` says which kind of line within its block; `title` and `path` are of what it is about.

    `who` is one of `people` who did something; `at` is in milliseconds.
    """

    what: str
    title: str = ""
    path: str = ""
    post_id: str = ""
    who: str = ""
    people: int = 0
    count: int = 0
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """Several entries of one kind, one of `BLOCKS`."""

    kind: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Digest:
    """Everything that one mail says; without blocks there is nothing to say."""

    blocks: tuple[Block, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.blocks)

    def post_ids(self) -> set[str]:
        """The posts that it names."""
        return {entry.post_id for block in self.blocks for entry in block.entries if entry.post_id}

    def keeping(self, post_ids: set[str]) -> "Digest":
        """The same without entries about other posts than these."""
        return put_together(
            {
                block.kind: [entry for entry in block.entries if not entry.post_id or entry.post_id in post_ids]
                for block in self.blocks
            }
        )


def put_together(found: dict[str, list[Entry]]) -> Digest:
    """A digest of what was found, in its order and within its limits."""
    blocks = [Block(kind, tuple(found[kind][: MAX_ENTRIES[kind]])) for kind in BLOCKS if found.get(kind)]
    return Digest(tuple(blocks[:MAX_BLOCKS]))


def to_json(digest: Digest) -> str:
    """As it is kept."""
    return msgspec.json.encode(digest).decode()


def from_json(text: str) -> Digest:
    """As it was."""
    found: Any = msgspec.json.decode(text, type=Digest)
    return Digest(found.blocks)
