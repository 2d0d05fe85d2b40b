"""Searching: one statement per kind of result, which joins what the viewer may read."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.actors.queries import LABEL_COLUMNS, PersonLabel, label_of
from server.actors.viewer import Viewer
from server.instance import Instance
from server.peers.policy import QUIET, in_sql
from server.posts.queries import PostView, listing, readable
from server.posts.readable import findable
from server.search.words import Query, Term, any_of, fts5, parse_query, tsquery

PAGE_SIZE = 20
MAX_PAGES = 25

KINDS: dict[str, tuple[str, ...]] = {
    "practices": ("practice", "tip"),
    "threads": ("discussion", "ask", "poll", "session", "reply", "note"),
    "resources": ("resource",),
}
SCOPES = ("everything", "here")

# How many of the newest matches are weighed: it bounds the cost of a word that is in every post.
CANDIDATES = 5000
# A post of today counts double, one of three months ago one and a half.
RECENT_MILLISECONDS = 7_776_000_000.0

_HITS = {
    "sqlite": (
        "(SELECT search_thing.thing_id, search_thing.kind, search_thing.seq, search_thing.at, matches.weight"
        " FROM (SELECT rowid AS seq, bm25(search_text, 6.0, 1.0) AS weight FROM search_text"
        " WHERE search_text MATCH :search_match ORDER BY rowid DESC LIMIT :search_candidates) AS matches"
        " JOIN search_thing ON search_thing.seq = matches.seq)"
    ),
    "postgres": (
        "(SELECT thing_id, kind, seq, at, -ts_rank(words, to_tsquery('simple', :search_match)) AS weight"
        " FROM search_thing WHERE words @@ to_tsquery('simple', :search_match)"
        " ORDER BY seq DESC LIMIT :search_candidates)"
    ),
}
_ORDER = (
    " ORDER BY hit.weight * (1.0 + 1.0 / (1.0 + (CAST(:search_now AS BIGINT) - hit.at)"
    f" / {RECENT_MILLISECONDS})), hit.seq DESC LIMIT :search_limit OFFSET :search_skip"
)

_QUIET = in_sql(QUIET)

# Authors elsewhere say whether they want to be found by people who do not follow them (FEP-5feb).
_WANTS_TO_BE_FOUND = "post.is_local OR author.indexable OR post.community_id IS NOT NULL"
_CAME_TO_ME = (
    " OR EXISTS (SELECT 1 FROM timeline_entry WHERE timeline_entry.reader_id = :search_me"
    " AND timeline_entry.post_id = post.id)"
)


@dataclass(frozen=True, slots=True)
class PostsFound:
    """One page of posts, the best first."""

    posts: list[PostView]
    has_more: bool


@dataclass(frozen=True, slots=True)
class ActorsFound:
    """One page of people or communities, the best first."""

    actors: list[PersonLabel]
    has_more: bool


async def search_posts(
    here: Instance,
    viewer: Viewer,
    text: str,
    *,
    kinds: Sequence[str] = (),
    scope: str = "everything",
    page: int = 1,
    limit: int = PAGE_SIZE,
) -> PostsFound:
    """Posts that the viewer may read, by kind of post (all without any), two queries and what a listing costs."""
    query = parse_query(text)
    if not query or not 1 <= page <= MAX_PAGES:
        return PostsFound([], has_more=False)
    look = _Look(_expression(here, query), tuple(kinds), scope == "here", (page - 1) * limit, limit + 1)
    ids = await _post_ids(here, viewer, look)
    return PostsFound(await _views(here, viewer, ids[:limit]), has_more=len(ids) > limit and page < MAX_PAGES)


async def search_actors(
    here: Instance,
    text: str,
    *,
    kind: str,
    scope: str = "everything",
    page: int = 1,
    limit: int = PAGE_SIZE,
) -> ActorsFound:
    """People (`kind` ``Person``) or communities (``Group``) that let themselves be found; one query."""
    query = parse_query(text)
    if not query or not 1 <= page <= MAX_PAGES:
        return ActorsFound([], has_more=False)
    rows = await here.db.rows(
        f"SELECT {LABEL_COLUMNS} FROM {_HITS[here.db.dialect]} AS hit"
        " JOIN actor ON actor.id = hit.thing_id WHERE hit.kind = 'actor' AND actor.kind = :search_kind"
        " AND actor.discoverable AND NOT actor.hidden AND actor.suspended_at IS NULL AND actor.deleted_at IS NULL"
        f" AND actor.grade NOT IN {_QUIET}" + (" AND actor.is_local" if scope == "here" else "") + _ORDER,
        search_match=_expression(here, query),
        search_candidates=CANDIDATES,
        search_kind=kind,
        search_now=here.clock.now(),
        search_limit=limit + 1,
        search_skip=(page - 1) * limit,
    )
    return ActorsFound([label_of(here, row) for row in rows[:limit]], has_more=len(rows) > limit and page < MAX_PAGES)


async def ids_about(here: Instance, viewer: Viewer, text: str, *, kinds: Sequence[str], limit: int = 10) -> list[str]:
    """Ids of posts that share telling words with a sentence, such as what somebody may be asked about; one query."""
    words = any_of(text)
    if not words:
        return []
    return await _post_ids(
        here, viewer, _Look(_either(here, words), tuple(kinds), only_here=False, skip=0, limit=limit)
    )


@dataclass(frozen=True, slots=True)
class _Look:
    """What to look for, and which part of what is found."""

    expression: str
    kinds: tuple[str, ...]
    only_here: bool
    skip: int
    limit: int


async def _post_ids(here: Instance, viewer: Viewer, look: _Look) -> list[str]:
    may_read, parameters = readable(viewer)
    wants = _WANTS_TO_BE_FOUND + (_CAME_TO_ME if viewer.is_signed_in else "")
    named = {f"search_kind_{number}": kind for number, kind in enumerate(look.kinds)}
    rows = await here.db.rows(
        f"SELECT post.id FROM {_HITS[here.db.dialect]} AS hit"
        " JOIN post ON post.id = hit.thing_id JOIN actor AS author ON author.id = post.author_id"
        " WHERE hit.kind = 'post' AND post.state = 'visible'"
        f" AND author.suspended_at IS NULL AND author.deleted_at IS NULL AND ({wants}) AND ({may_read})"
        f" AND {findable(viewer)}"
        + (f" AND post.kind IN ({', '.join(':' + name for name in named)})" if named else "")
        + (" AND post.is_local" if look.only_here else "")
        + _ORDER,
        search_match=look.expression,
        search_candidates=CANDIDATES,
        search_now=here.clock.now(),
        search_limit=look.limit,
        search_skip=look.skip,
        search_me=viewer.actor_id,
        **named,
        **parameters,
    )
    return [row["id"] for row in rows]


async def _views(here: Instance, viewer: Viewer, ids: Sequence[str]) -> list[PostView]:
    if not ids:
        return []
    found = await listing(here, viewer, ids=list(ids), limit=len(ids))
    by_id = {post.id: post for post in found.items}
    return [by_id[post_id] for post_id in ids if post_id in by_id]


def _expression(here: Instance, query: Query) -> str:
    return fts5(query) if here.db.dialect == "sqlite" else tsquery(query)


def _either(here: Instance, words: Sequence[str]) -> str:
    between = " OR " if here.db.dialect == "sqlite" else " | "
    return between.join(_expression(here, Query((Term((word,)),))) for word in words)
