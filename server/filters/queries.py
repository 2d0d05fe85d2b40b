"""Reading filters: one's own, whole, and whether a text meets one."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from server.actors.viewer import Viewer
from server.db import among, from_milliseconds
from server.filters.actions import MAX_FILTERS, MAX_KEYWORDS, MAX_POSTS
from server.instance import Instance

MAX_READ = 10_000
"""So many letters of a text are searched for keywords: posts from elsewhere may have half a million."""
_EDGE = re.compile(r"(?<!\w)(?=\w)|(?<=\w)(?!\w)")


@dataclass(frozen=True, slots=True)
class Keyword:
    """A word or words that a filter looks for."""

    id: str
    filter_id: str
    keyword: str
    whole_word: bool


@dataclass(frozen=True, slots=True)
class FilteredPost:
    """One post that a filter is about."""

    id: str
    filter_id: str
    post_id: str


@dataclass(frozen=True, slots=True)
class FilterView:
    """A filter with everything in it."""

    id: str
    title: str
    places: tuple[str, ...]
    action: str
    expires_at: datetime | None
    keywords: list[Keyword] = field(default_factory=list)
    posts: list[FilteredPost] = field(default_factory=list)


async def filters_of(here: Instance, viewer: Viewer, filter_id: str | None = None) -> list[FilterView]:
    """One's own filters, the oldest first, or one of them; three queries."""
    rows = await here.db.rows(
        "SELECT id, title, places, action, expires_at FROM content_filter WHERE owner_id = :owner"
        f"{'' if filter_id is None else ' AND id = :wanted'} ORDER BY id LIMIT :limit",
        owner=viewer.actor_id,
        limit=MAX_FILTERS,
        **({} if filter_id is None else {"wanted": filter_id}),
    )
    found = {
        row["id"]: FilterView(
            id=row["id"],
            title=row["title"],
            places=tuple(row["places"].split()),
            action=row["action"],
            expires_at=None if row["expires_at"] is None else from_milliseconds(row["expires_at"]),
        )
        for row in rows
    }
    if not found:
        return []
    named, which = among(found, "filter")
    for row in await here.db.rows(
        f"SELECT id, within_id AS filter_id, keyword, whole_word FROM filter_keyword WHERE within_id IN ({named})"
        " ORDER BY id LIMIT :limit",
        limit=MAX_KEYWORDS,
        **which,
    ):
        found[row["filter_id"]].keywords.append(
            Keyword(row["id"], row["filter_id"], row["keyword"], bool(row["whole_word"]))
        )
    for row in await here.db.rows(
        f"SELECT id, within_id AS filter_id, post_id FROM filter_post WHERE within_id IN ({named})"
        " ORDER BY id LIMIT :limit",
        limit=MAX_POSTS,
        **which,
    ):
        found[row["filter_id"]].posts.append(FilteredPost(row["id"], row["filter_id"], row["post_id"]))
    return list(found.values())


async def keyword_of(here: Instance, viewer: Viewer, keyword_id: str) -> Keyword | None:
    """One keyword of one's own filters."""
    row = await here.db.row(
        "SELECT word.id, word.within_id AS filter_id, word.keyword, word.whole_word FROM filter_keyword AS word"
        " JOIN content_filter AS own ON own.id = word.within_id WHERE word.id = :id AND own.owner_id = :owner",
        id=keyword_id,
        owner=viewer.actor_id,
    )
    return None if row is None else Keyword(row["id"], row["filter_id"], row["keyword"], bool(row["whole_word"]))


async def post_of(here: Instance, viewer: Viewer, id_: str) -> FilteredPost | None:
    """One post that one's own filters are about, by the id of that."""
    row = await here.db.row(
        "SELECT marked.id, marked.within_id AS filter_id, marked.post_id FROM filter_post AS marked"
        " JOIN content_filter AS own ON own.id = marked.within_id WHERE marked.id = :id AND own.owner_id = :owner",
        id=id_,
        owner=viewer.actor_id,
    )
    return None if row is None else FilteredPost(row["id"], row["filter_id"], row["post_id"])


def met(words: Iterable[tuple[str, bool]], text: str) -> list[str]:
    """Which of these keywords, each with whether it stands for whole words alone, are in a text, in either case.

    Each costs one search for letters as they are, whatever they are: everybody waits while one reader's words are
    looked for (S12).
    """
    folded, edged = _folded(text[:MAX_READ]), ""
    found = []
    for keyword, whole_word in words:
        if _folded_word(keyword) not in folded:
            continue
        if whole_word:
            edged = edged or _with_edges(folded)
            if _edged_word(keyword) not in edged:
                continue
        found.append(keyword)
    return found


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _with_edges(text: str) -> str:
    """With a mark wherever a word begins or ends, so that a whole word is found as letters between marks."""
    return _EDGE.sub("\x1f", text)


@lru_cache(maxsize=4096)
def _folded_word(keyword: str) -> str:
    return _folded(keyword)


@lru_cache(maxsize=4096)
def _edged_word(keyword: str) -> str:
    return _with_edges(_folded(keyword))
