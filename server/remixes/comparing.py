"""A remix beside its source: field by field in marked words, and step by step, so that single changes can be taken."""

import difflib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from server.actors.viewer import Viewer
from server.errors import NotFound
from server.instance import Instance
from server.posts import queries as posts
from server.posts.queries import PostView
from server.practices.differences import Piece, compare
from server.practices.models import Practice
from server.practices.versions import Part, fields_of, parts_between
from server.remixes.models import Remix

Kind = Literal["same", "changed", "added", "removed"]


@dataclass(frozen=True, slots=True)
class StepChange:
    """One step of both, or of one. `before_number` and `after_number` count from 1; 0 where it is not."""

    number: int
    kind: Kind
    before: str
    after: str
    before_number: int = 0
    after_number: int = 0
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """A remix and its source, both readable here."""

    source: PostView
    remix: PostView
    parts: tuple[Part, ...]
    steps: tuple[StepChange, ...]
    what_changed: str
    why: str

    @property
    def changes(self) -> tuple[StepChange, ...]:
        """The steps that differ."""
        return tuple(step for step in self.steps if step.kind != "same")


async def comparison(here: Instance, viewer: Viewer, short: str) -> Comparison:
    """What is different in a remix. Raises NotFound where one of both is not here for this viewer."""
    remix_post = await posts.show(here, viewer, short)
    remix = await Remix.get_or_none(id=remix_post.id) if remix_post is not None else None
    if remix_post is None or remix is None or remix_post.state != "visible":
        raise NotFound
    source_id = await here.db.value("SELECT id FROM post WHERE uri = :uri", uri=remix.source_uri)
    source_post = await posts.show(here, viewer, str(source_id)) if source_id is not None else None
    before = await Practice.get_or_none(id=source_post.id) if source_post is not None else None
    after = await Practice.get_or_none(id=remix_post.id)
    if source_post is None or source_post.state != "visible" or before is None or after is None:
        raise NotFound
    old = await fields_of(here, source_post.id, source_post.kind, source_post.title)
    new = await fields_of(here, remix_post.id, remix_post.kind, remix_post.title)
    # Steps have a part of their own here; and what the first author saw is theirs: it was not taken out.
    aside = {"steps", *(() if new.get("evidence") else ("evidence", "certainty"))}
    parts = parts_between(*({name: text for name, text in each.items() if name not in aside} for each in (old, new)))
    return Comparison(
        source=source_post,
        remix=remix_post,
        parts=tuple(Part(part.field, tuple(readable(part.pieces))) for part in parts),
        steps=tuple(step_changes(before.steps or [], after.steps or [])),
        what_changed=remix.what_changed,
        why=remix.why,
    )


def step_changes(before: Sequence[str], after: Sequence[str]) -> Iterator[StepChange]:
    """The way from some steps to others, in order. Pure."""
    number = 0
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for _, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        for offset in range(max(old_to - old_from, new_to - new_from)):
            old, new = old_from + offset, new_from + offset
            has_old, has_new = old < old_to, new < new_to
            one, other = before[old] if has_old else "", after[new] if has_new else ""
            kind: Kind = "added" if not has_old else "removed" if not has_new else "same" if one == other else "changed"
            yield StepChange(
                number=number,
                kind=kind,
                before=one,
                after=other,
                before_number=old + 1 if has_old else 0,
                after_number=new + 1 if has_new else 0,
                pieces=tuple(readable(compare(one, other))) if kind == "changed" else (),
            )
            number += 1


def readable(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces, or the old text and the new one as wholes where hardly anything stayed: scraps are hard to read."""
    same = sum(len(piece.text) for piece in pieces if piece.kind == "same")
    before, after = ("".join(piece.text for piece in pieces if piece.kind != other) for other in ("added", "removed"))
    if not before or not after or same * 2 >= max(len(before), len(after)):
        return list(pieces)
    return [Piece("removed", before), Piece("added", after)]


def with_changes(steps: Sequence[StepChange], taken: Collection[int]) -> tuple[str, ...]:
    """The steps of the source with those changes that were chosen, by their numbers. Pure."""
    found = []
    for step in steps:
        is_taken = step.number in taken
        if step.kind == "same" or (step.kind == "changed" and not is_taken):
            found.append(step.before)
        elif step.kind in {"changed", "added"} and is_taken:
            found.append(step.after)
        elif step.kind == "removed" and not is_taken:
            found.append(step.before)
    return tuple(found)
