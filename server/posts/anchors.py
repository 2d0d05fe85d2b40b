"""Answers that are about one part of what they answer: how they say so to other Peerhalls, and what that is worth.

The part, a step of a practice or a piece of a resource, is named by its number and by its first words, so that it is
found again after others were put before it. Whoever reads the answer alone reads the part as a quotation in its text;
what stands here only says where on the page it belongs.
"""

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from federation.vocab.base import id_of
from federation.vocab.objects import RemotePost
from server.text import clean_text, plain

ANCHOR = "ph:anchor"
STEP, WORDS = "step", "step-words"
PASSAGE, PASSAGE_WORDS = "passage", "passage-words"
KEPT = frozenset({STEP, WORDS, PASSAGE, PASSAGE_WORDS})
MOST_STEPS = 100
CHARACTERS = 500
ALIKE = 0.5
"""From so much in common on, between 0 and 1, a step is the same one, changed."""

LIKELY = 0.8
"""What has so many of its words in a text may be from there."""

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Anchor:
    """The step that an answer is about: its number when it was written, counted from 1, and how it began.

    `is_passage`: a part of a resource, and no step of a practice.
    """

    number: int
    words: str
    is_passage: bool = False


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an anchor is now: `state` is ``same``, ``changed`` or ``gone``, `number` that of the step (as it was)."""

    state: str
    number: int


def particulars_of(number: int, words: str, *, is_passage: bool = False) -> list[list[str]]:
    """How an anchor is kept among the facts of a post."""
    return [[PASSAGE if is_passage else STEP, str(number)], [PASSAGE_WORDS if is_passage else WORDS, step_words(words)]]


def step_words(html: str) -> str:
    """The first words of a step, as they are compared."""
    return " ".join(clean_text(plain(html)).split())[:CHARACTERS]


def anchor_of(particulars: Sequence[Sequence[str]] | None) -> Anchor | None:
    """The anchor among the facts of a post, if there is one."""
    facts = {item[0]: item[1] for item in particulars or ()}
    if PASSAGE in facts and PASSAGE_WORDS in facts:
        return Anchor(int(facts[PASSAGE]), facts[PASSAGE_WORDS], is_passage=True)
    return Anchor(int(facts[STEP]), facts[WORDS]) if STEP in facts and WORDS in facts else None


def wire(particulars: Sequence[Sequence[str]] | None, answered: str | None) -> dict[str, object]:
    """The term of a document of ours; none where there is no anchor."""
    anchor = anchor_of(particulars)
    if anchor is None or answered is None:
        return {}
    kind = "ph:Passage" if anchor.is_passage else "ph:Step"
    return {ANCHOR: {"type": kind, "ph:of": answered, "ph:number": anchor.number, "ph:beginning": anchor.words}}


def read(remote: RemotePost) -> list[list[str]]:
    """An anchor of anybody's; nothing where it is none, or is about something else than what is answered."""
    said: Any = remote.raw.get(ANCHOR)
    if not isinstance(said, Mapping) or remote.in_reply_to is None or id_of(said.get("ph:of")) != remote.in_reply_to:
        return []
    number, words = said.get("ph:number"), said.get("ph:beginning")
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= MOST_STEPS:
        return []
    if not isinstance(words, str) or not (kept := " ".join(clean_text(words[: 2 * CHARACTERS]).split())[:CHARACTERS]):
        return []
    return particulars_of(number, kept, is_passage=said.get("type") == "ph:Passage")


def spot(anchor: Anchor, steps: Sequence[str]) -> Spot:
    """Where an anchor is among steps, as `step_words` gives them: the same words, else those most like them. Pure."""
    same = [number for number, words in enumerate(steps, 1) if words == anchor.words]
    if same:
        return Spot("same", min(same, key=lambda number: abs(number - anchor.number)))
    mine = _set(anchor.words)
    alike = [(_in_common(mine, _set(words)), -number) for number, words in enumerate(steps, 1)]
    best, number = max(alike, default=(0.0, 0))
    return Spot("changed", -number) if best >= ALIKE else Spot("gone", anchor.number)


def likely_in(words: str, bag: frozenset[str]) -> tuple[float, float]:
    """How likely a source with these words is where an anchor is from, whose words may stand there marked up.

    Zeros where it is not; else what it has of the words, and how much is in common.
    """
    mine = _set(words)
    share = len(mine & bag) / len(mine) if mine else 0.0
    return (share, _in_common(mine, bag)) if share >= LIKELY else (0.0, 0.0)


def bag_of(source: str) -> frozenset[str]:
    """All the words of a source."""
    return frozenset(_WORD.findall(source.lower()))


@functools.lru_cache(maxsize=2048)
def _set(words: str) -> frozenset[str]:
    return frozenset(_WORD.findall(words.lower()))


def _in_common(one: frozenset[str], other: frozenset[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0
