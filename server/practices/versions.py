"""How a post changed: every version beside the one before it, field by field."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from server.actors.viewer import Viewer
from server.instance import Instance
from server.posts import queries as posts
from server.posts.details import detail_of
from server.posts.queries import PostView
from server.practices.differences import Piece, changed, compare
from server.text import plain

FIELDS = (
    "title", "promise", "text", "subject", "level", "group_size", "minutes", "setting", "constraints", "problem",
    "steps", "evidence", "certainty", "would_change", "materials", "resource_type", "link", "how_i_use_it",
    "excerpt", "excerpt_by",
    "captions", "transcript", "chapters", "teaches", "clear", "unclear", "options", "when", "where",
    "content",
)  # fmt: skip
"""What people compare, in the order in which they read it."""


@dataclass(frozen=True, slots=True)
class Part:
    """One field that changed."""

    field: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One version: what its author said of it, and what is different from the one before."""

    version: int
    at: datetime
    note: str
    parts: tuple[Part, ...]


async def history(here: Instance, viewer: Viewer, post: PostView) -> list[Change]:
    """The versions of a post that the viewer was shown, the newest first; the first one has no parts."""
    old = await posts.versions(here, viewer, post.id)
    texts = [await fields_of(here, post.id, post.kind, post.title)]
    texts += [_fields(item.title, item.detail or {}, item.source_md or plain(item.content_html)) for item in old]
    when = [(post.version, post.edited_at or post.published_at), *((item.version, item.created_at) for item in old)]
    notes = [*(item.change_note for item in old), ""]
    return [
        Change(
            version,
            at,
            notes[number],
            parts_between(texts[number + 1], texts[number]) if number + 1 < len(texts) else (),
        )
        for number, (version, at) in enumerate(when)
    ]


async def fields_of(here: Instance, post_id: str, kind: str, title: str) -> dict[str, str]:
    """What a post says now, field by field, in words that can be compared."""
    details = detail_of(here, kind)
    now = await details.snapshot(here, post_id) if details is not None else {}
    row = await here.db.row("SELECT source_md, content_html FROM post WHERE id = :id", id=post_id)
    return _fields(title, now, (row["source_md"] or plain(row["content_html"])) if row is not None else "")


def parts_between(before: dict[str, str], after: dict[str, str]) -> tuple[Part, ...]:
    """The fields that differ, in the order in which people read them. Pure."""
    found = []
    for name in FIELDS:
        pieces = compare(before.get(name, ""), after.get(name, ""))
        if changed(pieces):
            found.append(Part(name, tuple(pieces)))
    return tuple(found)


def _fields(title: str, detail: Mapping[str, object], source: str) -> dict[str, str]:
    found = {name: _words(detail[name]) for name in FIELDS if name in detail}
    found["title"] = title or found.get("title", "")
    if not any(found.get(name) for name in ("steps", "text", "link", "how_i_use_it")):
        # Posts of fields are compared by their fields; the text made of these would say it all twice.
        found["content"] = source
    return found


def _words(value: object) -> str:
    if isinstance(value, list):
        return "\n".join(
            f"{item.get('name', '')} {item.get('url', '')}".strip() if isinstance(item, dict) else f"{number}. {item}"
            for number, item in enumerate(value, 1)
        )
    return "" if value is None or isinstance(value, bool) else str(value)
