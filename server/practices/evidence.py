"""What somebody saw, piece by piece: each begins with its kind on a line of its own, which goes wherever it goes.

The pieces are one Markdown text, which versions, co-authors, remixes and other servers have whole. Pure.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from server.practices.writing import closed, outside_code

KINDS = {
    "observation": "Observation",
    "sample": "Work sample, anonymised",
    "numbers": "Numbers",
    "quote": "Quotation",
}
"""The kinds, and the words for them in the text."""
MOST = 8

_BY_LINE = {f"**{words}**": kind for kind, words in KINDS.items()}


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of evidence in Markdown; `kind` is empty where nobody said it."""

    kind: str
    text: str


def pieces(evidence: str) -> list[Piece]:
    """The pieces of a text, the first `MOST`; what is before the first kind, or after too many, is kept."""
    found: list[tuple[str, list[str]]] = [("", [])]
    for line, is_free in outside_code(evidence):
        kind = _BY_LINE.get(line.strip()) if is_free and len(found) <= MOST else None
        if kind is None:
            found[-1][1].append(line)
        else:
            found.append((kind, []))
    said = ((kind, "\n".join(lines).strip("\n").rstrip()) for kind, lines in found)
    return [Piece(kind, text) for kind, text in said if text.strip()]


def joined(said: Iterable[Piece]) -> str:
    """Pieces as one text, those without a kind first."""
    given = sorted((piece for piece in said if piece.text.strip()), key=lambda piece: bool(piece.kind))
    parts = (closed(piece.text.strip("\n").rstrip()) for piece in given)
    return "\n\n".join(
        f"**{KINDS[piece.kind]}**\n\n{text}" if piece.kind else text for piece, text in zip(given, parts, strict=True)
    )
