"""Answers to a practice or resource that are about one part: which that is now, and whether it changed since."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.actors.viewer import Viewer
from server.instance import Instance
from server.posts import queries as posts
from server.posts.anchors import Anchor, Spot, bag_of, likely_in, spot, step_words
from server.posts.queries import PostView
from server.practices.models import Practice
from server.practices.writing import rendered

LOOKED_FOR = 50
LOOKED_THROUGH = 1_000_000
"""So many characters of earlier versions are compared for one page at most, the newest first."""
RENDERED = 30
"""So many earlier texts are rendered for one page at most: those that have the words of what is looked for."""
REMEMBERED = 4096
CACHE = "practices.remarks"


@dataclass(frozen=True, slots=True)
class Step:
    """A step that an answer is about: its number, its first words, and its Markdown as a quotation.

    `is_passage`: a part of a resource, and no step of a practice.
    """

    number: int
    words: str
    quoted: str
    is_passage: bool = False


@dataclass(frozen=True, slots=True)
class Parts:
    """What has parts: their first words now, in order, and how those of an earlier version are found.

    `sources` are the texts of what a version remembers, `words_of` the parts of one as they were shown.
    """

    words: Sequence[str]
    sources: Callable[[Mapping[str, Any]], Iterable[str]]
    words_of: Callable[[str], Iterable[str]]
    is_passage: bool = False


async def step_of(here: Instance, post_id: str, number: int) -> Step | None:
    """A step of a practice as it is now; None where there is none."""
    practice = await Practice.get_or_none(id=post_id)
    steps = (practice.steps or []) if practice is not None else []
    if not 1 <= number <= len(steps):
        return None
    words = step_words(rendered(steps[number - 1], here.settings.origin))
    return Step(number, words, f"> **Step {number}:** {quoted(words)}")


def steps_of(here: Instance, steps: Sequence[str]) -> Parts:
    """The steps of a practice, which are HTML."""

    def words_of(source: str) -> Iterable[str]:
        return [step_words(rendered(source, here.settings.origin))]

    def sources(detail: Mapping[str, Any]) -> Iterable[str]:
        return (str(step) for step in detail.get("steps") or ())

    return Parts([step_words(step) for step in steps], sources, words_of)


async def place(
    here: Instance, viewer: Viewer, post: PostView, parts: Parts, replies: Sequence[PostView]
) -> dict[int, list[PostView]]:
    """Say on each answer which part it is about, and return the answers by the numbers of the parts as they are now.

    An anchor to what was never a part is none: the answer stays an answer. One more query, for the earlier versions,
    where an answer is about what is not there any more, until that was looked for once.
    """
    about = [
        (reply, reply.anchor, spot(reply.anchor, parts.words))
        for reply in _all(replies)
        if reply.anchor is not None and reply.anchor.is_passage == parts.is_passage and reply.parent_id == post.id
    ]
    lost = list(dict.fromkeys(anchor for _, anchor, now in about if now.state != "same"))
    earlier = await _earlier(here, viewer, post, parts, lost) if lost else frozenset()
    found: dict[int, list[PostView]] = {}
    for reply, anchor, now in about:
        if now.state != "same" and anchor.words not in earlier:
            continue
        reply.spot = now
        if now.state != "gone":
            found.setdefault(now.number, []).append(reply)
    return found


def quoted(words: str) -> str:
    """The first words of a part as one line of Markdown."""
    short = words if len(words) <= 200 else words[:199].rsplit(" ", 1)[0] + "…"
    return "".join("\\" + letter if letter in "\\`*_[]<>#&!|~@" else letter for letter in short)


async def _earlier(
    here: Instance, viewer: Viewer, post: PostView, parts: Parts, anchors: Sequence[Anchor]
) -> frozenset[str]:
    """Those of these words that a part of an earlier version began with; what is known of a version stays so."""
    known: dict[tuple[str, int, str], bool] = here.caches.setdefault(CACHE, {})
    wanted = [anchor.words for anchor in anchors if (post.id, post.version, anchor.words) not in known][:LOOKED_FOR]
    if wanted:
        there = _there(await posts.version_details(here, viewer, post.id), parts, wanted)
        for words in wanted:
            known[post.id, post.version, words] = words in there
        for key in list(known)[: max(0, len(known) - REMEMBERED)]:
            del known[key]
    return frozenset(anchor.words for anchor in anchors if known.get((post.id, post.version, anchor.words)))


def _there(versions: Iterable[Mapping[str, Any]], parts: Parts, wanted: Sequence[str]) -> set[str]:
    """Those of these words that a part began with: the texts that have them are rendered, the likeliest first."""
    left, likely = LOOKED_THROUGH, list[tuple[tuple[float, float], str]]()
    for source in dict.fromkeys(source for version in versions for source in parts.sources(version) if source):
        left -= len(source)
        if left < 0:
            break
        bag = bag_of(source)
        best = max(likely_in(words, bag) for words in wanted)
        if best[0]:
            likely.append((best, source))
    likely.sort(reverse=True)
    found = set[str]()
    for _, source in likely[:RENDERED]:
        found |= set(parts.words_of(source)) & set(wanted)
        if len(found) == len(wanted):
            break
    return found


def _all(replies: Sequence[PostView]) -> Iterator[PostView]:
    for reply in replies:
        yield reply
        yield from _all(reply.replies)


__all__ = ["Parts", "Spot", "Step", "place", "quoted", "step_of", "steps_of"]
