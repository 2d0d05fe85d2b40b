"""Searching: what the viewer may read is joined to the index, so that nothing else is ever weighed or counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from server.actors.queries import PersonLabel, labels
from server.actors.viewer import Viewer
from server.instance import Instance
from server.peers.policy import HIDDEN, QUIET, in_sql
from server.posts.queries import PostView, listing, readable
from server.posts.readable import findable
from server.practices.narrowing import Facets, fits
from server.search.newest import Wanted, among_few, fitting, newest
from server.search.words import any_of, parse_query

PAGE_SIZE = 20
MAX_PAGES = 25

THREADS = (
    "discussion", "ask", "challenge", "idea", "win", "thanks", "celebration", "round", "poll", "session", "reply",
    "tried", "note", "proposal",
)  # fmt: skip
KINDS: dict[str, tuple[str, ...]] = {
    "practices": ("practice", "tip"),
    "threads": THREADS,
    "resources": ("resource", "collection"),
}
SCOPES = ("everything", "here")
_INDEXED = ("ask", "practice", "tip")
KINDS_WITH_INDEX = frozenset(_INDEXED)
LATEST = 300
"""So many of each kind are looked through for what somebody may be asked about, or is stuck with."""

FEW = 500
"""So many of a rare kind are looked at one by one."""

FOLLOWED = 2_000
"""So many of those whom somebody follows are looked through by name."""

_QUIET = in_sql(QUIET)

# Authors elsewhere say whether they want to be found by people who do not follow them (FEP-5feb).
_WANTS_TO_BE_FOUND = "post.is_local OR author.indexable OR post.community_id IS NOT NULL"
_CAME_TO_ME = (
    " OR EXISTS (SELECT 1 FROM timeline_entry WHERE timeline_entry.reader_id = :search_me"
    " AND timeline_entry.post_id = post.id)"
)


@dataclass(frozen=True, slots=True)
class PostsFound:
    """One page of posts, the best first. `older` is the `until` for older matches; None where all were weighed."""

    posts: list[PostView]
    has_more: bool
    older: int | None = None


@dataclass(frozen=True, slots=True)
class ActorsFound:
    """One page of people or communities, the best first; `older` as of posts."""

    actors: list[PersonLabel]
    has_more: bool
    older: int | None = None


async def search_posts(
    here: Instance,
    viewer: Viewer,
    text: str,
    *,
    kinds: Sequence[str] = (),
    scope: str = "everything",
    page: int = 1,
    until: int | None = None,
    limit: int = PAGE_SIZE,
    facets: Facets = Facets(),
) -> PostsFound:
    """Posts that the viewer may read, by kind of post (all without any): a few queries and what a listing costs.

    `facets` narrow practices to what they say of themselves.
    """
    query = parse_query(text)
    if not query or not 1 <= page <= MAX_PAGES:
        return PostsFound([], has_more=False)
    wanted = _posts(viewer, kinds, only_here=scope == "here", facets=facets)
    if until is None and tuple(kinds) == KINDS["resources"] and await _are_few(here):
        found = await among_few(here, query, f"SELECT post.id FROM {_resources(here)}", wanted)
    else:
        found = await newest(here, query, wanted, until)
    shown, has_more = _page(found.ids, page, limit)
    return PostsFound(await _views(here, viewer, shown), has_more, found.older)


async def post_ids(
    here: Instance, viewer: Viewer, text: str, *, condition: str = "", limit: int, **parameters: Any
) -> list[str]:
    """Ids of posts that the viewer may read, the best of the newest first.

    `condition` is further SQL on the alias `post`, with its parameters; nothing widens by it.
    """
    query = parse_query(text)
    if not query:
        return []
    wanted = _posts(viewer, (), only_here=False)
    if condition:
        wanted = Wanted(wanted.joins, f"{wanted.condition} AND ({condition})", {**wanted.parameters, **parameters})
    return (await newest(here, query, wanted)).ids[:limit]


async def followed_like(here: Instance, me: str, text: str, limit: int) -> list[str]:
    """Ids of those whom somebody follows and whose name or handle begins so, of the latest that they followed.

    Also of those who do not want to be found by strangers: whoever follows them knows them.
    """
    beginning = text.strip().lstrip("@!").lower().replace("\\", "").replace("%", "").replace("_", "\\_")[:100]
    if not beginning:
        return []
    rows = await here.db.rows(
        "SELECT actor.id FROM (SELECT id, target_id FROM follow WHERE follower_id = :me AND state = 'accepted'"
        f" ORDER BY id DESC LIMIT {FOLLOWED}) AS mine JOIN actor ON actor.id = mine.target_id"
        " WHERE NOT actor.hidden AND actor.suspended_at IS NULL AND actor.deleted_at IS NULL"
        f" AND actor.grade NOT IN {in_sql(HIDDEN)} AND (lower(actor.username) LIKE :beginning ESCAPE '\\'"
        " OR lower(actor.name) LIKE :beginning ESCAPE '\\' OR lower(actor.name) LIKE :within ESCAPE '\\'"
        " OR lower(actor.username || '@' || actor.domain) LIKE :beginning ESCAPE '\\')"
        " ORDER BY mine.id DESC LIMIT :limit",
        me=me,
        beginning=f"{beginning}%",
        within=f"% {beginning}%",
        limit=limit,
    )
    return [row["id"] for row in rows]


async def search_actors(
    here: Instance,
    text: str,
    *,
    kind: str,
    scope: str = "everything",
    page: int = 1,
    until: int | None = None,
    limit: int = PAGE_SIZE,
) -> ActorsFound:
    """People (`kind` ``Person``) or communities (``Group``) that let themselves be found; a few queries."""
    query = parse_query(text)
    if not query or not 1 <= page <= MAX_PAGES:
        return ActorsFound([], has_more=False)
    wanted = Wanted(
        (("actor", "actor.id = thing.thing_id"),),
        "actor.kind = :search_kind AND actor.discoverable AND NOT actor.hidden AND actor.suspended_at IS NULL"
        f" AND actor.deleted_at IS NULL AND actor.grade NOT IN {_QUIET}"
        + (" AND actor.is_local" if scope == "here" else ""),
        {"search_kind": kind},
        kind="actor",
    )
    found = await newest(here, query, wanted, until)
    shown, has_more = _page(found.ids, page, limit)
    by_id = await labels(here, set(shown))
    return ActorsFound([by_id[actor_id] for actor_id in shown if actor_id in by_id], has_more, found.older)


async def ids_about(here: Instance, viewer: Viewer, text: str, *, kinds: Sequence[str], limit: int = 10) -> list[str]:
    """Ids of posts that share telling words with a sentence, such as what somebody may be asked about; one query.

    Of each kind, one of `KINDS_WITH_INDEX`, the latest are looked at.
    """
    words = any_of(text)
    if not words:
        return []
    if not KINDS_WITH_INDEX.issuperset(kinds):
        raise ValueError(f"nothing finds the latest of {kinds!r}")
    latest = " UNION ALL ".join(
        f"SELECT id FROM (SELECT post.id FROM post{here.db.by('idx_post_of_kind')} WHERE post.state = 'visible'"
        f" AND post.kind IN {in_sql(_INDEXED)} AND post.kind = '{kind}'"
        f" ORDER BY post.published_at DESC, post.id DESC LIMIT {LATEST}) AS latest_{kind}"
        for kind in kinds
    )
    return (await fitting(here, words, latest, _posts(viewer, (), only_here=False)))[:limit]


def _resources(here: Instance) -> str:
    return f"post{here.db.by('idx_post_resource')} WHERE post.state = 'visible' AND post.kind = 'resource'"


async def _are_few(here: Instance) -> bool:
    """Whether all resources can be looked at: among words that all posts have, they would be looked for in vain."""
    several = f"SELECT 1 FROM {_resources(here)} LIMIT :search_few"
    found = await here.db.value(f"SELECT count(*) AS n FROM ({several}) AS few", search_few=FEW + 1)
    return int(found or 0) <= FEW


def _posts(viewer: Viewer, kinds: Sequence[str], *, only_here: bool, facets: Facets = Facets()) -> Wanted:
    may_read, parameters = readable(viewer)
    narrowed, asked = fits(facets)
    wants = _WANTS_TO_BE_FOUND + (_CAME_TO_ME if viewer.is_signed_in else "")
    named = {f"search_kind_{number}": kind for number, kind in enumerate(kinds)}
    return Wanted(
        (("post", "post.id = thing.thing_id"), ("actor AS author", "author.id = post.author_id")),
        "post.state = 'visible'"
        + (f" AND post.kind IN ({', '.join(':' + name for name in named)})" if named else "")
        + (" AND post.is_local" if only_here else "")
        + (f" AND {narrowed}" if narrowed else "")
        + f" AND author.suspended_at IS NULL AND author.deleted_at IS NULL AND ({wants}) AND ({may_read})"
        f" AND {findable(viewer)}",
        {**named, **parameters, **asked, "search_me": viewer.actor_id},
    )


def _page(ids: Sequence[str], page: int, limit: int) -> tuple[Sequence[str], bool]:
    first = (page - 1) * limit
    return ids[first : first + limit], len(ids) > first + limit and page < MAX_PAGES


async def _views(here: Instance, viewer: Viewer, ids: Sequence[str]) -> list[PostView]:
    if not ids:
        return []
    found = await listing(here, viewer, ids=list(ids), limit=len(ids))
    by_id = {post.id: post for post in found.items}
    return [by_id[post_id] for post_id in ids if post_id in by_id]
