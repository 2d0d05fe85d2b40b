"""Reading collections: lists of them, one with what is in it, and what somebody saved for later."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.actors.viewer import Viewer
from server.collections.form import CollectionForm, ItemForm
from server.collections.models import Collection
from server.collections.policy import MOST, NAMEABLE
from server.db import Row, among
from server.instance import Instance
from server.posts import queries as posts
from server.posts.addresses import page_path
from server.posts.policy import KIND_LABELS
from server.posts.queries import Page, PostView
from server.posts.readable import apart, findable, readable
from server.text import excerpt
from server.text.links import host_shown

PAGE_SIZE = 20
CHOICES = 100


@dataclass(frozen=True, slots=True)
class Gathered:
    """One thing in a collection. `url` is its page here, or for what is not known here at its home (`host`)."""

    number: int
    uri: str
    short: str
    url: str
    title: str
    why: str
    kind_label: str
    author: str
    host: str
    added_by: str
    done: bool
    can_take_out: bool


@dataclass(frozen=True, slots=True)
class CollectionPage:
    """What a collection says; `intro` is Markdown. `done` counts the viewer's own ticks, for nobody else."""

    intro: str
    is_path: bool
    members_add: bool
    items: tuple[Gathered, ...]

    @property
    def done(self) -> int:
        """How many of the steps the viewer has done."""
        return sum(item.done for item in self.items)


@dataclass(frozen=True, slots=True)
class Named:
    """A collection by its title, for links and choices."""

    id: str
    short: str
    title: str
    url: str
    community: str


async def collection(here: Instance, viewer: Viewer, post: PostView) -> CollectionPage:
    """What is in a collection that the viewer was shown, as far as they may read it. Two queries.

    What is not known here is shown as its author names it, unless it is known to be gone.
    """
    kept = await Collection.get_or_none(id=post.id) or Collection(intro="")
    may_read, values = readable(viewer)
    rows = await here.db.rows(
        "SELECT item.uri, item.url AS said_url, item.title AS said_title, item.why, item.added_by_id, post.id,"
        " post.short, post.title, post.kind, post.content_html, practice.title AS tip, writer.name, writer.username,"
        " writer.host, writer.is_local, adding.name AS adding_name, adding.username AS adding_username, mine.id AS tick"
        " FROM collection_item AS item"
        f" LEFT JOIN post ON post.uri = item.uri AND post.state = 'visible' AND {may_read}"
        f" AND NOT {apart('post.author_id', ':keeper')}"
        " LEFT JOIN practice ON practice.id = post.id AND post.kind = 'tip'"
        " LEFT JOIN actor AS writer ON writer.id = post.author_id"
        " LEFT JOIN actor AS adding ON adding.id = item.added_by_id"
        " LEFT JOIN collection_tick AS mine ON mine.post_id = item.post_id AND mine.uri = item.uri"
        " AND mine.actor_id = :ticking WHERE item.post_id = :holding AND (post.id IS NOT NULL OR NOT ("
        " EXISTS (SELECT 1 FROM post AS known WHERE known.uri = item.uri)"
        " OR EXISTS (SELECT 1 FROM tombstone WHERE tombstone.uri = item.uri)))"
        " ORDER BY item.position, item.id LIMIT :most",
        holding=post.id,
        keeper=post.author.id,
        ticking=viewer.actor_id or "",
        most=MOST,
        **values,
    )
    found = tuple(_gathered(viewer, post, number, row) for number, row in enumerate(rows, 1))
    return CollectionPage(kept.intro, kept.is_path, kept.members_add, found)


async def listing(
    here: Instance,
    viewer: Viewer,
    *,
    community_id: str | None = None,
    mine: bool = False,
    before: str | None = None,
) -> Page[PostView]:
    """The collections that the viewer may read, or their own (`mine`), the newest first."""
    return await posts.listing(
        here,
        viewer,
        kinds=("collection",),
        community_id=community_id,
        author_id=viewer.actor_id if mine else None,
        before=before,
        limit=PAGE_SIZE,
    )


async def saved(here: Instance, viewer: Viewer, before: str | None = None) -> Page[PostView]:
    """What somebody saved for later, also in an app: the last saved first. For them alone."""
    if viewer.actor_id is None:
        return Page([])
    may_read, values = readable(viewer)
    rows = await here.db.rows(
        "SELECT bookmark.id AS mark_id, post.id FROM bookmark JOIN post ON post.id = bookmark.post_id"
        f" WHERE bookmark.actor_id = :me AND bookmark.id < :before AND post.state = 'visible' AND {may_read}"
        " ORDER BY bookmark.id DESC LIMIT :limit",
        me=viewer.actor_id,
        before=(before or "~")[:26],
        limit=PAGE_SIZE + 1,
        **values,
    )
    ids = [row["id"] for row in rows[:PAGE_SIZE]]
    found = await posts.listing(here, viewer, ids=ids, limit=len(ids)) if ids else Page([])
    by_id = {post.id: post for post in found.items}
    more = rows[PAGE_SIZE - 1]["mark_id"] if len(rows) > PAGE_SIZE else None
    return Page([by_id[post_id] for post_id in ids if post_id in by_id], more)


async def choices(here: Instance, viewer: Viewer, uri: str) -> list[Named]:
    """The collections here that somebody can put a thing into: their own, and those of communities that let members.

    The last changed first. One query.
    """
    if viewer.actor_id is None:
        return []
    return await _named(
        here,
        viewer,
        "post.is_local AND (post.author_id = :me OR (EXISTS (SELECT 1 FROM collection WHERE collection.id = post.id"
        " AND collection.members_add) AND EXISTS (SELECT 1 FROM membership AS part WHERE"
        " part.community_id = post.community_id AND part.person_id = :me AND part.state = 'active')))"
        " AND NOT EXISTS (SELECT 1 FROM collection_item AS item WHERE item.post_id = post.id AND item.uri = :thing)",
        me=viewer.actor_id,
        thing=uri,
    )


async def holding(here: Instance, viewer: Viewer, uri: str) -> list[Named]:
    """The collections that somebody may read and that hold a thing. One query.

    Not those of people whom the author of the thing blocked, or who blocked them (S17).
    """
    return await _named(
        here,
        viewer,
        "post.id IN (SELECT item.post_id FROM collection_item AS item WHERE item.uri = :thing)"
        f" AND {findable(viewer, in_community=True)} AND NOT EXISTS (SELECT 1 FROM post AS held"
        f" WHERE held.uri = :thing AND {apart('held.author_id', 'post.author_id')})",
        thing=uri,
    )


async def form_of(here: Instance, viewer: Viewer, post: PostView) -> tuple[CollectionForm, list[Gathered]] | None:
    """A collection of the viewer's as its author would fill it in, with its things; None for all others."""
    if not post.is_mine or post.kind != "collection":
        return None
    found = await collection(here, viewer, post)
    form = CollectionForm(
        title=post.title,
        intro=found.intro,
        is_path=found.is_path,
        members_add=found.members_add,
        items=tuple(ItemForm(item.uri, item.why) for item in found.items),
        language=post.language,
        visibility=post.visibility,
        community_id=post.community.id if post.community else None,
    )
    return form, list(found.items)


async def things(here: Instance, viewer: Viewer, uris: Sequence[str]) -> dict[str, PostView]:
    """What a form names and the viewer may read, by its ActivityPub id."""
    if not uris:
        return {}
    may_read, readers = readable(viewer)
    named, values = among(uris, "uri_")
    rows = await here.db.rows(
        f"SELECT post.id FROM post WHERE post.uri IN ({named}) AND post.state = 'visible' AND {may_read}"
        " ORDER BY post.id LIMIT :limit",
        limit=2 * MOST,
        **values,
        **readers,
    )
    ids = [row["id"] for row in rows]
    found = await posts.listing(here, viewer, ids=ids, limit=len(ids)) if ids else Page([])
    return {post.uri: post for post in found.items}


async def facts(here: Instance, ids: Sequence[str]) -> dict[str, list[str]]:
    """What the cards of collections say: whether newcomers begin with one, and how much it names to its readers."""
    named, values = among(ids)
    rows = await here.db.rows(
        "SELECT post.id, post.pinned, collection.is_path, (SELECT count(*) FROM collection_item AS item"
        " WHERE item.post_id = post.id AND NOT EXISTS (SELECT 1 FROM post AS thing WHERE thing.uri = item.uri"
        f" AND NOT {NAMEABLE})) AS items FROM post JOIN collection ON collection.id = post.id"
        f" WHERE post.id IN ({named})",
        **values,
    )
    said = {row["id"]: _count_words(row["items"], is_path=bool(row["is_path"])) for row in rows}
    return {row["id"]: [*(["Start here"] if row["pinned"] else []), said[row["id"]]] for row in rows}


async def _named(here: Instance, viewer: Viewer, condition: str, **parameters: str) -> list[Named]:
    may_read, values = readable(viewer)
    rows = await here.db.rows(
        "SELECT post.id, post.short, post.title, post.kind, place.name AS community FROM post"
        " LEFT JOIN actor AS place ON place.id = post.community_id"
        f" WHERE post.kind = 'collection' AND post.state = 'visible' AND ({condition}) AND {may_read}"
        " ORDER BY post.updated_at DESC, post.id DESC LIMIT :choices",
        choices=CHOICES,
        **parameters,
        **values,
    )
    return [
        Named(
            id=row["id"],
            short=row["short"],
            title=row["title"],
            url=page_path(row["short"], row["title"], row["kind"]),
            community=row["community"] or "",
        )
        for row in rows
    ]


def _gathered(viewer: Viewer, post: PostView, number: int, row: Row) -> Gathered:
    is_here = row["id"] is not None
    title = (row["title"] or row["tip"] or excerpt(row["content_html"], 80)) if is_here else row["said_title"]
    return Gathered(
        number=number,
        uri=row["uri"],
        short=row["short"] or "",
        url=page_path(row["short"], row["title"], row["kind"]) if is_here else row["said_url"],
        title=title or row["said_title"],
        why=row["why"],
        kind_label=KIND_LABELS.get(row["kind"], "Post") if is_here else "",
        author=(row["name"] or row["username"]) if is_here else "",
        host="" if is_here and row["is_local"] else row["host"] if is_here else host_shown(row["said_url"]),
        added_by=row["adding_name"] or row["adding_username"] or "",
        done=row["tick"] is not None,
        can_take_out=post.is_local
        and viewer.actor_id is not None
        and (post.is_mine or row["added_by_id"] == viewer.actor_id),
    )


def _count_words(items: int, *, is_path: bool) -> str:
    if is_path:
        return "One step" if items == 1 else f"{items} steps"
    return "One thing" if items == 1 else f"{items} things"
