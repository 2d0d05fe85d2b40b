"""The parts of a resource that one can say something about: pieces of its texts, and its chapters."""

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from server.instance import Instance
from server.posts.anchors import MOST_STEPS, step_words
from server.practices.remarks import Parts, Step, quoted
from server.practices.writing import rendered
from server.resources.chapters import chapters
from server.resources.form import ResourceForm
from server.resources.models import Resource

FIELDS = ("text", "how_i_use_it", "chapters", "transcript")
_TAG = re.compile(r"""<(/?)([a-zA-Z][a-zA-Z0-9]*)(?:[^>"']|"[^"]*"|'[^']*')*>""")
_VOID = frozenset({"br", "hr", "img", "wbr"})
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})


@dataclass(frozen=True, slots=True)
class Part:
    """One part: the field that it is in, its HTML and its first words.

    `number` is 0 where it has no words, or too many are before it.
    """

    number: int
    field: str
    html: str
    words: str


def parts_of(here: Instance, said: Resource | ResourceForm) -> list[Part]:
    """All parts, in the order of the page."""
    found, numbered = list[Part](), 0
    for field in FIELDS:
        for html in _pieces(field, getattr(said, field), here.settings.origin):
            words = step_words(html)
            numbered += 1 if words else 0
            found.append(Part(numbered if words and numbered <= MOST_STEPS else 0, field, html, words))
    return found


async def part_of(here: Instance, post_id: str, number: int) -> Step | None:
    """A part of a resource as it is now; None where there is none."""
    resource = await Resource.get_or_none(id=post_id)
    parts = parts_of(here, resource) if resource is not None else []
    part = next((part for part in parts if part.number == number and number), None)
    return None if part is None else Step(number, part.words, f"> {quoted(part.words)}", is_passage=True)


def to_remark_on(here: Instance, parts: Iterable[Part]) -> Parts:
    """The parts, for answers that are about one."""

    def sources(detail: Mapping[str, Any]) -> Iterable[str]:
        return (str(detail.get(field) or "") for field in FIELDS)

    def words_of(source: str) -> Iterable[str]:
        lines = _pieces("chapters", source, here.settings.origin)
        return [step_words(html) for html in (*lines, *_pieces("text", source, here.settings.origin))]

    return Parts([part.words for part in parts if part.number], sources, words_of, is_passage=True)


def _pieces(field: str, source: str, origin: str) -> tuple[str, ...]:
    if field == "chapters":
        return tuple(f"{one.time} {one.title}".replace("&", "&amp;").replace("<", "&lt;") for one in chapters(source))
    return blocks(rendered(source, origin)) if source else ()


@functools.lru_cache(maxsize=256)
def blocks(html: str) -> tuple[str, ...]:
    """HTML that we made, piece by piece: what stands side by side at its top, each heading with what follows it."""
    found, start, depth, heads = [], 0, 0, True
    for tag in _TAG.finditer(html):
        name = tag[2].lower()
        if name not in _VOID:
            depth += -1 if tag[1] else 1
        if depth == 0 and (tag[1] or name in _VOID):
            heads = name in _HEADINGS
            if not heads:
                found.append(html[start : tag.end()].strip())
                start = tag.end()
    rest = html[start:].strip()
    return tuple(piece for piece in (*found, rest) if piece)
