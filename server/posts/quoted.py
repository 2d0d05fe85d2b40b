"""Quoted posts as they are shown inside the posts that quote them: a card where that is agreed to, else a link."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.actors.queries import LABEL_COLUMNS, PersonLabel, label_of
from server.actors.viewer import Viewer
from server.db import Row, from_milliseconds
from server.instance import Instance
from server.posts.addresses import page_path
from server.posts.readable import readable
from server.text import excerpt
from server.text.links import host_shown

EXCERPT = 600


@dataclass(frozen=True, slots=True)
class QuoteView:
    """A quoted post. Without `author` there is only the link: not approved, not here, or not for this reader."""

    state: str
    url: str
    host: str
    author: PersonLabel | None = None
    title: str = ""
    excerpt: str = ""
    content_warning: str = ""
    language: str = ""
    published_at: datetime | None = None

    @property
    def is_shown(self) -> bool:
        """Whether there is more to show than a link."""
        return self.author is not None


async def quoted(here: Instance, viewer: Viewer, rows: Sequence[Row]) -> dict[str, QuoteView]:
    """The quotes of these posts by the posts' ids: no query where nothing is quoted, else one."""
    quoting = [row for row in rows if row["quote_uri"] and row["state"] != "deleted"]
    shown = {row["quote_uri"] for row in quoting if _may_show(viewer, row)}
    found = await _found(here, viewer, sorted(shown)) if shown else {}
    return {
        row["id"]: _view(here, row, found.get(row["quote_uri"]) if _may_show(viewer, row) else None) for row in quoting
    }


def _may_show(viewer: Viewer, row: Row) -> bool:
    """Approved quotes are for everybody; who waits for an answer sees what they quote."""
    is_own = viewer.actor_id is not None and viewer.actor_id == row["author_id"]
    return row["quote_state"] == "approved" or (is_own and row["quote_state"] == "waiting")


async def _found(here: Instance, viewer: Viewer, uris: Sequence[str]) -> dict[str, Row]:
    may_read, parameters = readable(viewer)
    named = {f"quoted_{number}": uri for number, uri in enumerate(uris)}
    rows = await here.db.rows(
        "SELECT post.uri AS quoted_uri, post.short, post.kind AS post_kind, post.title, post.summary,"
        f" post.content_html, post.content_warning, post.language, post.published_at, {LABEL_COLUMNS}"
        " FROM post JOIN actor ON actor.id = post.author_id"
        f" WHERE post.uri IN ({', '.join(':' + name for name in named)}) AND post.state = 'visible' AND {may_read}"
        " ORDER BY post.id LIMIT :limit",
        limit=len(named),
        **named,
        **parameters,
    )
    return {row["quoted_uri"]: row for row in rows}


def _view(here: Instance, quoting: Row, row: Row | None) -> QuoteView:
    host = host_shown(quoting["quote_uri"])
    if row is None:
        return QuoteView(state=quoting["quote_state"], url=quoting["quote_uri"], host=host)
    words = row["summary"] if row["title"] and row["summary"] else row["content_html"]
    return QuoteView(
        state=quoting["quote_state"],
        url=page_path(row["short"], row["title"], row["post_kind"]),
        host=host,
        author=label_of(here, row),
        title=row["title"],
        excerpt=excerpt(words, EXCERPT),
        content_warning=row["content_warning"],
        language=row["language"],
        published_at=from_milliseconds(row["published_at"]),
    )
