"""What changed between two versions of a text, in pieces that can be marked with words as well as with colour."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

_TOKENS = re.compile(r"\s+|\w+|[^\w\s]")
MAX_TOKENS = 4000

Kind = Literal["same", "added", "removed"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text that is the same in both versions, or only in one."""

    kind: Kind
    text: str


def compare(before: str, after: str) -> list[Piece]:
    """The pieces from one text to the other. Long ones are compared by lines: comparing words grows with the square."""
    old, new = _TOKENS.findall(before), _TOKENS.findall(after)
    if len(old) > MAX_TOKENS or len(new) > MAX_TOKENS:
        old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
        if len(old) > MAX_TOKENS or len(new) > MAX_TOKENS:
            old, new = [before], [after]
    return list(_joined(_pieces(old, new)))


def changed(pieces: list[Piece]) -> bool:
    """Whether anything differs."""
    return any(piece.kind != "same" for piece in pieces)


def _pieces(old: list[str], new: list[str]) -> Iterator[Piece]:
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=True)
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if tag == "equal":
            yield Piece("same", "".join(old[old_from:old_to]))
            continue
        if old_to > old_from:
            yield Piece("removed", "".join(old[old_from:old_to]))
        if new_to > new_from:
            yield Piece("added", "".join(new[new_from:new_to]))


def _joined(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Runs of changes with only a space between them become one, so that they read as words do."""
    removed, added = "", ""
    for piece in pieces:
        if piece.kind == "same" and not (piece.text.isspace() and (removed or added) and "\n" not in piece.text):
            yield from _run(removed, added)
            removed, added = "", ""
            yield piece
        else:
            removed += piece.text if piece.kind != "added" else ""
            added += piece.text if piece.kind != "removed" else ""
    yield from _run(removed, added)


def _run(removed: str, added: str) -> Iterator[Piece]:
    if removed == added:
        if removed:
            yield Piece("same", removed)
        return
    if removed:
        yield Piece("removed", removed)
    if added:
        yield Piece("added", added)
