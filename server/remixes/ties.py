"""Ties between remixes as rows: which tree they belong to, and whom it concerns that there is a new one."""

from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

from federation.errors import TryLater
from server.db import among
from server.instance import Instance
from server.posts.events import PostPublished
from server.posts.models import Post
from server.posts.receiving import find_or_fetch
from server.remixes.events import PracticeRemixed
from server.remixes.models import Remix
from server.remixes.wire import Basis, ancestors_of

LOOK_UP = "remixes.look_up"
LOOKED_UP = 5
"""So many of those that a remix came from are fetched for its tree."""

_looking_up: ContextVar[bool] = ContextVar("remixes_looking_up", default=False)


async def keep(here: Instance, post_id: str, uri: str, basis: Basis) -> None:
    """Write down what the post `uri` is based on, and put it into its tree; in the caller's transaction."""
    root = await _root_of(here, uri, basis)
    await Remix.update_or_create(
        defaults={
            "source_uri": basis.source.uri,
            "root_uri": root,
            "what_changed": basis.what_changed,
            "why": basis.why,
            "lineage": [item.as_row() for item in basis.lineage],
        },
        id=post_id,
    )
    # What came before it, and took it for the first, or its source for another, belongs to the same tree.
    await here.db.execute(
        "UPDATE remix SET root_uri = :root WHERE (root_uri = :uri OR source_uri = :uri) AND root_uri <> :root"
        " AND id <> :id",
        root=root,
        uri=uri,
        id=post_id,
    )


async def _root_of(here: Instance, uri: str, basis: Basis) -> str:
    """The first of all: as its source says, if that is here, else as the remix says."""
    row = await here.db.row(
        "SELECT remix.root_uri FROM post LEFT JOIN remix ON remix.id = post.id WHERE post.uri = :source",
        source=basis.source.uri,
    )
    found = basis.lineage[-1].uri if row is None else row["root_uri"] or basis.source.uri
    return basis.source.uri if found == uri else str(found)


async def on_published(here: Instance, events: Sequence[PostPublished]) -> None:
    """Say so where a remix can be read now, and look for what it came from where that is not here."""
    ids = [event.post_id for event in events if event.kind == "practice"]
    if not ids:
        return
    places, parameters = among(ids)
    rows = await here.db.rows(
        "SELECT remix.id, post.author_id AS by_id, source.id AS source_id, source.author_id AS source_author_id"
        " FROM remix JOIN post ON post.id = remix.id LEFT JOIN post AS source ON source.uri = remix.source_uri"
        f" WHERE remix.id IN ({places}) ORDER BY remix.id",
        **parameters,
    )
    for row in rows:
        if row["source_id"] is not None:
            await here.events.emit(PracticeRemixed(row["id"], row["source_id"], row["source_author_id"], row["by_id"]))
        elif not _looking_up.get():
            await here.jobs.enqueue(LOOK_UP, {"post_id": row["id"]}, unique=f"{LOOK_UP}:{row['id']}")


async def look_up(here: Instance, payload: Any) -> None:
    """Fetch what a remix came from, as far as it is public and its server answers; the rest is known by name.

    What is fetched so asks for nothing more: a chain without end costs a handful of requests (S22).
    """
    remix = await Remix.get_or_none(id=str(payload["post_id"]))
    if remix is None:
        return
    token = _looking_up.set(True)
    try:
        for ancestor in ancestors_of(remix.lineage)[:LOOKED_UP]:
            if await Post.exists(uri=ancestor.uri):
                continue
            try:
                await find_or_fetch(here, ancestor.uri)
            except TryLater:
                continue
    finally:
        _looking_up.reset(token)
