"""Numbered clauses of guidelines and codes of conduct, so that a report and a decision can name one (B2)."""

import re
from dataclasses import dataclass

MOST = 60
LONGEST = 300

_ITEM = re.compile(r" {0,3}(?:\*\*)?(?P<number>[1-9][0-9]{0,2}(?:\.[1-9][0-9]{0,2})?)[.)](?:\*\*)?[ \t]+(?P<text>\S.*)")
_MARKS = re.compile(r"[*_`]+|\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True, slots=True)
class Clause:
    """One rule, by the number that it has in the text."""

    number: str
    text: str


def clauses(source: str) -> list[Clause]:
    """The numbered lines of a text in Markdown, each with what goes on below it; a number counts once."""
    found: dict[str, list[str]] = {}
    now: list[str] | None = None
    for line in source.splitlines():
        item = _ITEM.fullmatch(line.rstrip())
        if item is not None:
            now = found.setdefault(item["number"], [])
            if now:  # the same number again, in a list that begins anew, would be ambiguous
                now = None
                continue
            now.append(item["text"])
        elif not line.strip() or line.lstrip().startswith(("#", "- ", "* ", ">")):
            now = None
        elif now is not None:
            now.append(line.strip())
    return [Clause(number, _plain(" ".join(lines))) for number, lines in list(found.items())[:MOST]]


def _plain(text: str) -> str:
    said = _MARKS.sub(lambda found: found[1] or "", text).strip()
    return said if len(said) <= LONGEST else said[: LONGEST - 1].rstrip() + "…"
