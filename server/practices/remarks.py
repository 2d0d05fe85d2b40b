"""Answers to a practice that are about one of its steps: which step that is now, and whether it changed since."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from server.actors.viewer import Viewer
from server.instance import Instance
from server.posts import queries as posts
from server.posts.anchors import Spot, spot, step_words
from server.posts.queries import PostView
from server.practices.models import Practice
from server.practices.writing import rendered


@dataclass(frozen=True, slots=True)
class Step:
    """A step that an answer is about: its number, its first words, and its Markdown as a quotation."""

    number: int
    words: str
    quoted: str


async def step_of(here: Instance, post_id: str, number: int) -> Step | None:
    """A step of a practice as it is now; None where there is none."""
    practice = await Practice.get_or_none(id=post_id)
    steps = (practice.steps or []) if practice is not None else []
    if not 1 <= number <= len(steps):
        return None
    words = step_words(rendered(steps[number - 1], here.settings.origin))
    return Step(number, words, f"> **Step {number}:** {_line(words)}")


async def place(
    here: Instance, viewer: Viewer, post: PostView, steps: Sequence[str], replies: Sequence[PostView]
) -> dict[int, list[PostView]]:
    """Say on each answer which step it is about, and return the answers by the numbers of the steps as they are now.

    `steps` is HTML. An anchor to what was never a step is none: the answer stays an answer. One more query, for the
    earlier versions, where an answer is about a step that is not there any more.
    """
    about = [reply for reply in _all(replies) if reply.anchor is not None and reply.parent_id == post.id]
    words = [step_words(step) for step in steps]
    found: dict[int, list[PostView]] = {}
    earlier: set[str] | None = None
    for reply in about:
        if (anchor := reply.anchor) is None:
            continue
        now = spot(anchor, words)
        if now.state != "same":
            earlier = earlier if earlier is not None else await _earlier(here, viewer, post)
            if anchor.words not in earlier:
                continue
        reply.spot = now
        if now.state != "gone":
            found.setdefault(now.number, []).append(reply)
    return found


async def _earlier(here: Instance, viewer: Viewer, post: PostView) -> set[str]:
    """The first words of every step of every version that is kept."""
    return {
        step_words(rendered(str(step), here.settings.origin))
        for version in await posts.versions(here, viewer, post.id)
        for step in (version.detail or {}).get("steps") or ()
    }


def _all(replies: Sequence[PostView]) -> Iterator[PostView]:
    for reply in replies:
        yield reply
        yield from _all(reply.replies)


def _line(words: str) -> str:
    short = words if len(words) <= 200 else words[:199].rsplit(" ", 1)[0] + "…"
    return "".join("\\" + letter if letter in "\\`*_[]<>#&!|~@" else letter for letter in short)


__all__ = ["Spot", "Step", "place", "step_of"]
