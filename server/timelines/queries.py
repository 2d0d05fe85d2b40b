"""Reading a home timeline: one range of an index, filtered by what the reader may still read."""

from server.actors.viewer import Viewer
from server.instance import Instance
from server.posts.queries import parse_cursor
from server.posts.readable import findable, readable
from server.posts.views import COLUMNS, Page, PostView, views


async def home(here: Instance, viewer: Viewer, *, before: str | None = None, limit: int = 20) -> Page[PostView]:
    """A page of the viewer's home timeline, newest first; `via` says who passed a post on.

    Three queries, and one more where posts among them quote others.
    """
    if viewer.actor_id is None:
        return Page([])
    may_read, parameters = readable(viewer)
    cursor = parse_cursor(before)
    after = ""
    if cursor is not None:
        after = " AND (entry.at < CAST(:at AS BIGINT) OR (entry.at = CAST(:at AS BIGINT) AND entry.post_id < :last))"
        parameters["at"], parameters["last"] = cursor
    rows = await here.db.rows(
        f"SELECT {COLUMNS}, entry.at AS entry_at, entry.via_id FROM timeline_entry AS entry"
        " JOIN post ON post.id = entry.post_id"
        f" WHERE entry.reader_id = :me AND post.state = 'visible' AND {may_read} AND {findable(viewer)}{after}"
        " ORDER BY entry.at DESC, entry.post_id DESC LIMIT :limit",
        me=viewer.actor_id,
        limit=limit + 1,
        **parameters,
    )
    more = f"{rows[limit - 1]['entry_at']}.{rows[limit - 1]['id']}" if len(rows) > limit else None
    return Page(await views(here, viewer, rows[:limit]), more)
