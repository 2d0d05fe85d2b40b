"""Reading posts: one page, one thread, lists; always what this viewer may read."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.actors.viewer import Viewer
from server.db import Row, from_milliseconds
from server.ids import is_id
from server.instance import Instance
from server.posts.addresses import page_path
from server.posts.files import AttachmentView
from server.posts.pictures import show_pictures
from server.posts.readable import ANYBODY, findable, readable
from server.posts.views import COLUMNS, Page, PostView, views

__all__ = [
    "ANYBODY",
    "AttachmentView",
    "Page",
    "PostView",
    "Version",
    "conversation",
    "drafts",
    "held",
    "listing",
    "local_uri",
    "page_path",
    "pages",
    "pinned",
    "readable",
    "show",
    "thread",
    "versions",
]

THREAD_LIMIT = 500
LIBRARY_KINDS = ("practice", "tip")
ORDERS = {"newest": "published_at", "active": "last_activity_at"}


_ANSWERED = (
    "(SELECT above.author_id FROM post AS above WHERE above.id = post.parent_id) AS answered_id,"
    " (SELECT first.author_id FROM post AS first WHERE first.id = post.root_id AND first.is_local) AS began_id"
)


@dataclass(frozen=True, slots=True)
class Version:
    """What a post said before: the newest of these is the one before the present."""

    version: int
    title: str
    content_html: str
    source_md: str
    detail: Any
    change_note: str
    created_at: datetime
    content_warning: str = ""
    sensitive: bool = False


def short_of(text: str) -> str:
    """The short id in an id, a short id, or the last part of a page's address."""
    return text[-8:].lower()


async def show(here: Instance, viewer: Viewer, short_or_id: str) -> PostView | None:
    """One post by its id, its short id, or the ``slug-short`` of its page; None for absent and private ones alike."""
    row = await _row(here, viewer, short_or_id)
    return None if row is None else (await views(here, viewer, [row]))[0]


async def thread(here: Instance, viewer: Viewer, root_id: str, *, limit: int = THREAD_LIMIT) -> list[PostView]:
    """The replies in a thread that the viewer may read, nested, oldest first.

    A deleted reply keeps its place where it has answers; answers to one that is out of reach move up to the next that
    can be seen.
    """
    rows = await _replies(here, viewer, root_id, limit)
    return await _nested(here, viewer, root_id, rows, await views(here, viewer, rows))


async def conversation(here: Instance, viewer: Viewer, short_or_id: str) -> tuple[PostView, list[PostView]] | None:
    """A post as `show` has it, and what `thread` has under it where it is the first; four queries for both."""
    row = await _row(here, viewer, short_or_id)
    if row is None:
        return None
    is_root = (row["root_id"] or row["id"]) == row["id"]
    rows = await _replies(here, viewer, row["id"], THREAD_LIMIT) if is_root else []
    post, *found = await views(here, viewer, [row, *rows])
    return post, await _nested(here, viewer, post.id, rows, found)


async def _row(here: Instance, viewer: Viewer, short_or_id: str) -> Row | None:
    may_read, parameters = readable(viewer)
    which = "post.id = :wanted" if is_id(short_or_id) else "post.short = :wanted"
    return await here.db.row(
        f"SELECT {COLUMNS} FROM post WHERE {which} AND {may_read}",
        wanted=short_or_id if is_id(short_or_id) else short_of(short_or_id),
        **parameters,
    )


async def _replies(here: Instance, viewer: Viewer, root_id: str, limit: int) -> list[Row]:
    may_read, parameters = readable(viewer)
    return await here.db.rows(
        f"SELECT {COLUMNS}, {_ANSWERED} FROM post WHERE post.root_id = :root AND post.id <> :root"
        f" AND (({may_read} AND {findable(viewer, in_community=True)})"
        " OR (post.state = 'deleted' AND EXISTS (SELECT 1 FROM post AS child"
        " WHERE child.parent_id = post.id AND child.state = 'visible')))"
        " ORDER BY post.published_at, post.id LIMIT :limit",
        root=root_id,
        limit=limit,
        **parameters,
    )


async def _nested(
    here: Instance, viewer: Viewer, root_id: str, rows: Sequence[Row], found: Sequence[PostView]
) -> list[PostView]:
    by_id = {view.id: view for view in found}
    for row in rows:
        if row["id"] in by_id:
            by_id[row["id"]].can_refuse = _may_refuse(viewer, row)
    there = {None, root_id, *by_id}
    above = await _parents(here, root_id) if any(view.parent_id not in there for view in found) else {}
    top: list[PostView] = []
    for view in found:
        parent = view.parent_id
        for _ in range(THREAD_LIMIT):
            if parent in there:
                break
            parent = above.get(parent or "")
        above_me = by_id.get(parent) if parent is not None and parent != view.id else None
        (above_me.replies if above_me is not None else top).append(view)
    return _without_empty_places(top)


async def listing(
    here: Instance,
    viewer: Viewer,
    *,
    kinds: Sequence[str] | None = None,
    community_id: str | None = None,
    author_id: str | None = None,
    tag: str | None = None,
    ids: Sequence[str] | None = None,
    before: str | None = None,
    limit: int = 20,
    order: str = "newest",
    top_level: bool = False,
    topics: Sequence[str] | None = None,
    condition: str = "",
    **parameters: Any,
) -> Page[PostView]:
    """A page of visible posts, the newest first, or with `order="active"` the last discussed first.

    `ids` limits it to these (in any order), `topics` to what is in these of the community; `top_level` leaves replies
    out; `condition` is further SQL on the alias `post`, with its `parameters`. Three queries however many posts there
    are.
    """
    may_read, values = readable(viewer)
    # What narrows comes first: it is asked of every post of the list until the page is full, and costs least.
    conditions = ["post.state = 'visible'", *([f"({condition})"] if condition else []), may_read]
    if author_id is None and ids is None:
        # Whoever opens the page of somebody, or already knows which posts, is not looking around.
        conditions.append(findable(viewer, in_community=community_id is not None))
    values |= parameters
    source = "post"
    if kinds is not None:
        conditions.append(_of_kinds(kinds))
        if tuple(kinds) == LIBRARY_KINDS and order == "newest" and ids is None and tag is None:
            of = "_by" if author_id is not None else "_of" if community_id is not None else ""
            source += here.db.by(f"idx_post_library{of}")
    if ids is not None:
        conditions.append(_one_of("post.id", ids, "only", values))
    if community_id is not None:
        conditions.append("post.community_id = :of_community")
        values["of_community"] = community_id
    if author_id is not None:
        conditions.append("post.author_id = :of_author")
        values["of_author"] = author_id
    if tag is not None:
        # Its posts are found in their order, each looked at as it comes: most tags are on few, some on very many.
        join = "CROSS JOIN" if here.db.dialect == "sqlite" else "JOIN"
        source = f"post_tag AS tagged {join} post ON post.id = tagged.post_id"
        conditions.insert(0, "tagged.tag = :of_tag")
        values["of_tag"] = tag.lower()
    if top_level:
        conditions.append("post.parent_id IS NULL AND post.in_reply_to_uri IS NULL")
        if topics is not None:
            conditions.insert(0, _one_of("post.topic_id", topics, "topic", values))
            source += here.db.by("idx_post_sorted")
        elif source == "post" and community_id is not None and author_id is None and ids is None:
            source += here.db.by("idx_post_talk" if order == "active" else "idx_post_begun")
    column, key = ("tagged.at", "tagged.post_id") if tag is not None else (f"post.{ORDERS[order]}", "post.id")
    cursor = parse_cursor(before)
    if cursor is not None:
        conditions.append(
            f"({column} < CAST(:before_at AS BIGINT) OR ({column} = CAST(:before_at AS BIGINT) AND {key} < :before_id))"
        )
        values["before_at"], values["before_id"] = cursor
    rows = await here.db.rows(
        f"SELECT {COLUMNS}, {column} AS listed_at FROM {source} WHERE {' AND '.join(conditions)}"
        f" ORDER BY {column} DESC, {key} DESC LIMIT :limit",
        limit=limit + 1,
        **values,
    )
    more = f"{rows[limit - 1]['listed_at']}.{rows[limit - 1]['id']}" if len(rows) > limit else None
    return Page(await views(here, viewer, rows[:limit]), more)


async def pinned(here: Instance, viewer: Viewer, community_id: str) -> list[PostView]:
    """What stands at the top of a community, the newest first; one query where nothing does."""
    may_read, parameters = readable(viewer)
    rows = await here.db.rows(
        f"SELECT {COLUMNS} FROM post{here.db.by('idx_post_pinned')}"
        " WHERE post.community_id = :community AND post.state = 'visible' AND post.pinned"
        f" AND {may_read} ORDER BY post.published_at DESC, post.id DESC LIMIT 10",
        community=community_id,
        **parameters,
    )
    return await views(here, viewer, rows)


async def drafts(here: Instance, viewer: Viewer, *, limit: int = 50) -> list[PostView]:
    """The viewer's own drafts, the last touched first."""
    return await _some(here, viewer, "post.state = 'draft' AND post.author_id = :me", limit, "post.updated_at")


async def held(here: Instance, viewer: Viewer, *, community_id: str | None = None, limit: int = 50) -> list[PostView]:
    """Posts that wait for somebody like this viewer, the oldest last."""
    which = "post.state = 'held' AND post.author_id <> :me"
    if community_id is not None:
        which += " AND post.community_id = :of_community"
    return await _some(here, viewer, which, limit, "post.created_at", of_community=community_id)


async def version_details(here: Instance, viewer: Viewer, post_id: str) -> list[Row]:
    """What the fields of earlier versions of a post said that the viewer may read, the newest first."""
    may_read, parameters = readable(viewer)
    rows = await here.db.rows(
        "SELECT old.detail FROM post_version AS old JOIN post ON post.id = old.post_id"
        f" WHERE old.post_id = :id AND old.detail IS NOT NULL AND {may_read} ORDER BY old.version DESC LIMIT 100",
        id=post_id,
        **parameters,
    )
    return [json.loads(row["detail"]) or {} for row in rows]


async def versions(here: Instance, viewer: Viewer, post_id: str) -> list[Version]:
    """Earlier versions of a post that the viewer may read, the newest first."""
    may_read, parameters = readable(viewer)
    rows = await here.db.rows(
        "SELECT old.version, old.title, old.content_html, old.source_md, old.change_note, old.created_at, old.detail,"
        " old.content_warning, old.sensitive"
        " FROM post_version AS old JOIN post ON post.id = old.post_id"
        f" WHERE old.post_id = :id AND {may_read} ORDER BY old.version DESC LIMIT 100",
        id=post_id,
        **parameters,
    )
    return [
        Version(
            version=row["version"],
            title=row["title"],
            content_html=show_pictures(here, row["content_html"]),
            source_md=row["source_md"],
            detail=json.loads(row["detail"]) if row["detail"] else None,
            change_note=row["change_note"],
            content_warning=row["content_warning"],
            sensitive=bool(row["sensitive"]),
            created_at=from_milliseconds(row["created_at"]),
        )
        for row in rows
    ]


async def local_uri(here: Instance, name: str) -> str | None:
    """The ActivityPub id of a local post by the ``slug-short`` of its page, the deleted ones included (410)."""
    value = await here.db.value(
        "SELECT uri FROM post WHERE short = :short AND is_local AND state <> 'draft'", short=short_of(name)
    )
    return None if value is None else str(value)


async def pages(here: Instance, viewer: Viewer, uris: Collection[str]) -> dict[str, str]:
    """The paths of the pages of these posts by their ids, without those that the viewer may not read."""
    if not uris:
        return {}
    may_read, values = readable(viewer)
    names = _one_of("post.uri", sorted(uris), "uri", values)
    rows = await here.db.rows(
        f"SELECT uri, short, title, kind FROM post WHERE {names} AND state = 'visible' AND {may_read}"
        " ORDER BY id LIMIT :limit",
        limit=len(uris),
        **values,
    )
    return {row["uri"]: page_path(row["short"], row["title"], row["kind"]) for row in rows}


def parse_cursor(text: str | None) -> tuple[int, str] | None:
    """Time and id of a cursor; None for nonsense, which is the first page."""
    at, _, post_id = (text or "").partition(".")
    return (int(at), post_id) if at.isdecimal() and at.isascii() and len(at) < 16 and is_id(post_id) else None


def _may_refuse(viewer: Viewer, row: Row) -> bool:
    """Whoever is answered, or began the conversation here, can say that an answer of another is not wanted."""
    if viewer.actor_id is None or row["author_id"] == viewer.actor_id or row["state"] != "visible":
        return False
    return viewer.actor_id in {row["answered_id"], row["began_id"]}


def _without_empty_places(nodes: list[PostView]) -> list[PostView]:
    """Deleted posts keep their place only for answers that the viewer can see."""
    for node in nodes:
        node.replies = _without_empty_places(node.replies)
    return [node for node in nodes if not node.deleted or node.replies]


async def _some(
    here: Instance, viewer: Viewer, which: str, limit: int, order: str, **parameters: Any
) -> list[PostView]:
    if viewer.actor_id is None:
        return []
    may_read, values = readable(viewer)
    rows = await here.db.rows(
        f"SELECT {COLUMNS} FROM post WHERE {which} AND {may_read} ORDER BY {order} DESC, post.id DESC LIMIT :limit",
        me=viewer.actor_id,
        limit=limit,
        **values,
        **parameters,
    )
    return await views(here, viewer, rows)


async def _parents(here: Instance, root_id: str) -> dict[str, str | None]:
    rows = await here.db.rows(
        "SELECT id, parent_id FROM post WHERE root_id = :root AND parent_id IS NOT NULL ORDER BY id LIMIT 5000",
        root=root_id,
    )
    return {row["id"]: row["parent_id"] for row in rows}


def _of_kinds(kinds: Sequence[str]) -> str:
    """Our own words, written out: the indexes that lists are read from are for certain kinds alone."""
    if not all(kind.isalpha() and kind.isascii() for kind in kinds):
        raise ValueError(f"no kinds of posts: {kinds!r}")
    return f"post.kind IN ({', '.join(repr(kind) for kind in kinds)})" if kinds else "FALSE"


def _one_of(column: str, wanted: Sequence[str], prefix: str, values: dict[str, Any]) -> str:
    if not wanted:
        return "FALSE"
    named = {f"{prefix}_{number}": item for number, item in enumerate(wanted)}
    values |= named
    return f"{column} IN ({', '.join(':' + name for name in named)})"
