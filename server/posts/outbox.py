"""What actors published: the outbox of a person (Create), of a community (Announce of Create), and what it pinned."""

import json
from collections import OrderedDict
from datetime import datetime, timedelta

from federation.ports import Reader
from federation.vocab.base import timestamp
from federation.vocab.collections import collection_page, ordered_collection
from server.actors.documents import FEATURED, OUTBOX, Listed
from server.actors.models import Actor
from server.db import Row, from_milliseconds
from server.instance import Instance
from server.posts.activities.create import create_around
from server.posts.collections import of_post, settled
from server.posts.documents import envelope, provide_post, signed
from server.posts.models import Post
from server.posts.policy import OPEN
from server.posts.queries import parse_cursor

PAGE = 20
FIRST = "1"
"""The first page. Every other is named by the post that it begins behind, so that all of them cost the same."""
_END = 10**15
MAX_PINNED = 50
TOMBSTONES_KEPT = timedelta(days=30)
COUNTED_FOR = timedelta(minutes=5)
COUNTS_KEPT_FROM = 1000
"""Fewer are counted each time: that takes no longer than a look."""
TOTALS_KEPT = 1000

_TOTALS = "posts.outbox totals"
_PUBLIC = ", ".join(f"'{name}'" for name in sorted(OPEN))
_OWN = f"post.author_id = :id AND post.is_local AND post.state = 'visible' AND post.visibility IN ({_PUBLIC})"
_OF_COMMUNITY = (
    f"post.community_id = :id AND post.parent_id IS NULL AND post.state = 'visible' AND post.visibility IN ({_PUBLIC})"
)


def register(here: Instance) -> None:
    """Answer the questions that `actors.documents` has about outboxes."""

    async def outbox(actor: Actor, page: str | None, reader: Reader) -> Listed | None:
        return await outbox_of(here, actor, page)

    async def featured(actor: Actor, page: str | None, reader: Reader) -> Listed | None:
        return await featured_of(here, actor, page)

    here.caches[OUTBOX] = outbox
    here.caches[FEATURED] = featured


async def outbox_of(here: Instance, actor: Actor, page: str | None) -> Listed | None:
    """The outbox, or a page of it, newest first; only what everybody may read, for every reader (S15).

    That of a community has its first page inside, because Lemmy reads no pages.
    """
    address = f"{actor.uri}/outbox"
    is_group = actor.kind == "Group"
    which = _OF_COMMUNITY if is_group else _OWN
    source = "post" + here.db.by("idx_post_begun" if is_group else "idx_post_outbox")
    modified = await _modified(here, actor)
    total = await _total(here, actor, modified, f"SELECT count(*) AS n FROM {source} WHERE {which}")
    cursor = None if page in {None, FIRST} else parse_cursor(page)
    if page not in {None, FIRST} and cursor is None:
        return None
    if page is None and not is_group:
        return Listed(ordered_collection(address, total, f"{address}?page={FIRST}", attributed_to=actor.uri), modified)
    at, post_id = cursor or (_END, "")
    rows = await here.db.rows(
        f"SELECT post.id, post.uri, post.published_at FROM {source} WHERE {which}"
        " AND post.published_at <= CAST(:before_at AS BIGINT)"
        " AND (post.published_at < CAST(:before_at AS BIGINT) OR post.id < :before_id)"
        " ORDER BY post.published_at DESC, post.id DESC LIMIT :limit",
        id=actor.id,
        before_at=at,
        before_id=post_id,
        limit=PAGE + 1,
    )
    shown = rows[:PAGE]
    items = await (_announces(here, actor, shown) if is_group else _creates(here, shown))
    if page is None:
        whole = ordered_collection(address, total, f"{address}?page={FIRST}", attributed_to=actor.uri, items=items)
        return Listed(whole, modified)
    more = f"{shown[-1]['published_at']}.{shown[-1]['id']}" if len(rows) > PAGE else None
    there = f"{address}?page={more}" if more else None
    return Listed(collection_page(f"{address}?page={page}", address, items, next=there), modified)


async def featured_of(here: Instance, actor: Actor, page: str | None) -> Listed | None:
    """What a community or person pinned, newest first, and whole: Lemmy and PieFed read nothing from a list of ids."""
    if page is not None:
        return None
    if actor.kind == "Group":
        pinned = f"post{here.db.by('idx_post_pinned')} WHERE {_OF_COMMUNITY} AND post.pinned"
    else:
        # From the few that are pinned, not from all posts by their time.
        join = "CROSS JOIN" if here.db.dialect == "sqlite" else "JOIN"
        pinned = f"profile_pin AS pin {join} post ON post.id = pin.post_id WHERE pin.actor_id = :id AND {_OWN}"
    rows = await here.db.rows(
        f"SELECT post.id FROM {pinned} ORDER BY post.published_at DESC, post.id DESC LIMIT :limit",
        id=actor.id,
        limit=MAX_PINNED,
    )
    posts = {post.id: post for post in await Post.filter(id__in=[row["id"] for row in rows])}
    items = [await _whole(here, posts[row["id"]]) for row in rows]
    return Listed(ordered_collection(f"{actor.uri}/featured", len(items), items=items, attributed_to=actor.uri))


async def prune(here: Instance, _: object) -> None:
    """Forget the ends of things that never came; ids that were really used stay taken."""
    await here.db.execute(
        "DELETE FROM tombstone WHERE at < :before AND NOT EXISTS (SELECT 1 FROM post WHERE post.uri = tombstone.uri)",
        before=here.clock.now() - TOMBSTONES_KEPT,
    )


async def _creates(here: Instance, rows: list[Row]) -> list[dict[str, object] | str]:
    """What was published, each around the document as it is served: those that were asked for lately are kept."""
    items: list[dict[str, object] | str] = []
    for row in rows:
        served = await provide_post(here, of_post, row["uri"], None, Reader())
        if served is None or served.status != 200:
            continue  # it went meanwhile
        post = _bare(json.loads(served.body))
        items.append(create_around(here, row["id"], from_milliseconds(row["published_at"]), post))
    return items


async def _announces(here: Instance, actor: Actor, rows: list[Row]) -> list[dict[str, object] | str]:
    """What was sent, as it was sent; posts that were never announced as an activity are left out."""
    ids = {f"id{number}": row["id"] for number, row in enumerate(rows)}
    if not ids:
        return []
    sent = await here.db.rows(
        "SELECT post_id, body FROM sent_activity WHERE uri LIKE :ours"
        f" AND post_id IN ({', '.join(':' + name for name in ids)}) ORDER BY uri",
        ours=here.url("/ap/a/announce/%"),
        **ids,
    )
    by_post: dict[str, dict[str, object]] = {}
    for row in sent:
        document = json.loads(row["body"])
        inner = document.get("object")
        if document.get("actor") == actor.uri and isinstance(inner, dict) and inner.get("type") == "Create":
            by_post.setdefault(row["post_id"], _bare(document))
    return [by_post[row["id"]] for row in rows if row["id"] in by_post]


async def _whole(here: Instance, post: Post) -> dict[str, object]:
    """A post inside a collection: signed if it is ours, else as its author's server sent it to the community."""
    if post.is_local:
        return await signed(here, post)
    inner = json.loads(post.raw_create).get("object") if post.raw_create else None
    if isinstance(inner, dict):
        return inner
    about = await envelope(here, post)
    return {
        "id": post.uri,
        "type": post.object_type,
        "attributedTo": about.author.uri,
        "to": about.to,
        "cc": about.cc,
        "audience": about.audience,
        "name": post.title,
        "published": timestamp(post.published_at),
    }


async def _total(here: Instance, actor: Actor, modified: datetime | None, count: str) -> int:
    """How many there are, counted anew when anything changed, and not for each reader.

    What is deleted for good leaves no time of change: so nothing is kept for long.
    """
    kept: OrderedDict[str, tuple[datetime, datetime, int]] = here.caches.setdefault(_TOTALS, OrderedDict())
    now = here.clock.now()
    at, changed, total = kept.get(actor.id, (now, None, 0))
    if modified is not None and changed == modified and now - at < COUNTED_FOR:
        return total
    total = int(await here.db.value(count, id=actor.id) or 0)
    if modified is not None and total >= COUNTS_KEPT_FROM:
        kept[actor.id] = (now, modified, total)
        if len(kept) > TOTALS_KEPT:
            kept.popitem(last=False)
    return total


async def _modified(here: Instance, actor: Actor) -> datetime | None:
    if actor.kind == "Group":
        which = f"post{here.db.by('idx_post_begun_changed')} WHERE community_id = :id AND parent_id IS NULL"
    else:
        which = f"post{here.db.by('idx_post_outbox_changed')} WHERE author_id = :id AND is_local"
    found = await here.db.value(f"SELECT max(updated_at) AS at FROM {which}", id=actor.id)
    return None if found is None else settled(here, from_milliseconds(found))


def _bare(document: dict[str, object]) -> dict[str, object]:
    """Inside a page, an activity has the page's context and needs no proof of its own."""
    return {key: value for key, value in document.items() if key not in {"@context", "proof"}}
