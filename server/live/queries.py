"""What is new on an open page: only what its reader may see there, asked anew each time (S15)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from server.actors.viewer import Viewer
from server.communities import policy
from server.communities.queries import community_by_slug
from server.errors import NotFound
from server.ids import first_id, is_id
from server.instance import Instance
from server.pads import queries as pads
from server.pads.access import open_pad
from server.posts.readable import findable, readable

WEEK, COMMUNITY, THREAD, NOTES = "week", "c", "p", "n"
MOST = 50
OVERLAP = timedelta(seconds=10)
"""So much earlier than a page was made, what is new on it begins: what was being written then is not lost."""


@dataclass(frozen=True, slots=True)
class Place:
    """An open page: ``week``, a community (`name` is its slug), a thread (`name` is the id of its root) or notes.

    `key` is what a browser has that stands for a member elsewhere (`server.pads.doors`).
    """

    kind: str
    name: str = ""
    key: str = ""


def place_named(text: str) -> Place | None:
    """The place that ``week``, ``c/SLUG``, ``p/ID`` or ``n/NAME`` names; None for anything else."""
    kind, _, name = text.partition("/")
    if kind == WEEK and not name:
        return Place(WEEK)
    if kind in {COMMUNITY, NOTES} and 0 < len(name) <= 300:
        return Place(kind, name)
    return Place(THREAD, name) if kind == THREAD and is_id(name) else None


def mark(now: datetime) -> str:
    """Where what is new begins for a page that is made now."""
    return first_id(now - OVERLAP)


async def news(
    here: Instance, viewer: Viewer, place: Place, *, ids: Sequence[str] | None = None, after: str = ""
) -> list[str] | None:
    """Ids of posts that came to a page, of those named or after a mark, the oldest first; None: it is closed to them.

    What the viewer wrote is no news to them. Of shared notes it is their mark: pages look what is new.
    """
    if place.kind == NOTES:
        return await _notes(here, viewer, place, ids, after)
    if viewer.actor_id is None:
        return None
    may_read, values = readable(viewer)
    found = findable(viewer, in_community=place.kind == COMMUNITY)
    conditions = ["post.state = 'visible'", may_read, found, "post.author_id <> :reader"]
    values["reader"] = viewer.actor_id
    source = "post"
    if place.kind == WEEK:
        source = "timeline_entry AS entry JOIN post ON post.id = entry.post_id"
        conditions.append("entry.reader_id = :reader")
    elif place.kind == COMMUNITY:
        page = await community_by_slug(here, place.name, viewer)
        if page is None or not policy.may_see(page.facts):
            return None
        conditions.append("post.community_id = :place AND post.parent_id IS NULL AND post.in_reply_to_uri IS NULL")
        values["place"] = page.id
    else:
        if not await _may_read_root(here, viewer, place.name):
            return None
        conditions.append("post.root_id = :place AND post.id <> :place")
        values["place"] = place.name
    if ids is None:
        conditions.append("post.id > :after")
        values["after"] = after
    else:
        named = {f"id_{number}": post_id for number, post_id in enumerate(ids)}
        conditions.append(f"post.id IN ({', '.join(f':{name}' for name in named)})" if named else "FALSE")
        values |= named
    rows = await here.db.rows(
        f"SELECT post.id FROM {source} WHERE {' AND '.join(conditions)} ORDER BY post.id LIMIT :limit",
        limit=MOST,
        **values,
    )
    return [row["id"] for row in rows]


async def listener(here: Instance, viewer: Viewer, place: Place) -> str | None:
    """The id of the person who would hear of a page: who is signed in, or a member elsewhere; None for nobody."""
    if viewer.actor_id is not None or place.kind != NOTES:
        return viewer.actor_id
    try:
        return (await open_pad(here, viewer, place.name, place.key))[1].actor_id
    except NotFound:
        return None


async def _notes(
    here: Instance, viewer: Viewer, place: Place, ids: Sequence[str] | None, after: str
) -> list[str] | None:
    try:
        pad, _ = await open_pad(here, viewer, place.name, place.key)
    except NotFound:
        return None
    return await pads.changes(here, pad, ids=ids, after=after)


async def _may_read_root(here: Instance, viewer: Viewer, root_id: str) -> bool:
    may_read, values = readable(viewer)
    values |= {"root": root_id}
    row: dict[str, Any] | None = await here.db.row(
        f"SELECT post.id FROM post WHERE post.id = :root AND {may_read}", **values
    )
    return row is not None
