"""Timelines: home, public, hashtags."""

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from server.actors.viewer import Viewer
from server.api import flag_of, texts_of
from server.db import Row
from server.instance import Instance
from server.mastodon import filtering
from server.mastodon.ids import milliseconds_of, range_of
from server.mastodon.keeping import KeptPages, Page
from server.mastodon.paging import Cut, cut_of, link_header, ordered
from server.mastodon.reading import page_rows
from server.mastodon.serving import Call, encoded, route
from server.mastodon.statuses import STATUS_COLUMNS, page_of
from server.posts.readable import findable, readable

CACHE = "mastodon.timelines"
MAX_TAGS = 5
_PUBLIC = " AND post.visibility = 'public'"
MEDIA_ONLY = " AND EXISTS (SELECT 1 FROM post_attachment AS file WHERE file.post_id = post.id AND file.kind <> 'link')"


async def home(call: Call) -> Response:
    """GET /api/v1/timelines/home."""
    return await entries(call, "timeline_entry", "reader_id", call.me)


async def entries(call: Call, table: str, owner: str, owner_id: str) -> Response:
    """A page of what was written down for somebody or something when it came: one range of an index."""
    here, viewer = call.here, call.viewer
    cut, only_here = cut_of(call.found, most=80), flag_of(call.found, "local")

    async def make() -> Page:
        rows = await _entries(here, viewer, cut, table=table, owner=owner, owner_id=owner_id, only_here=only_here)
        return await page_of(here, viewer, rows, filtering.HOME, more=len(rows) >= cut.limit)

    pages: KeptPages = here.caches.setdefault(CACHE, KeptPages())
    return _answer(call, await pages.get(here, (table, owner_id, viewer.actor_id, cut, only_here), make))


async def _entries(
    here: Instance, viewer: Viewer, cut: Cut, *, table: str, owner: str, owner_id: str, only_here: bool | None
) -> list[Row]:
    may_read, values = readable(viewer)
    part, bounds = await _entries_part(here, f"{table} WHERE {owner} = :whose", owner_id, cut)
    local = " AND post.is_local" if only_here else ""
    direction = "ASC" if cut.is_upwards else "DESC"
    rows = await here.db.rows(
        f"SELECT {STATUS_COLUMNS}, entry.via_id, boost.id AS boost_id, boost.uri AS boost_uri,"
        f" boost.created_at AS boosted_at FROM {table} AS entry JOIN post ON post.id = entry.post_id"
        " LEFT JOIN boost ON boost.id = (SELECT passed.id FROM boost AS passed WHERE passed.post_id = entry.post_id"
        " AND passed.actor_id = entry.via_id AND passed.undone_at IS NULL ORDER BY passed.id LIMIT 1)"
        f" WHERE entry.{owner} = :whose AND post.state = 'visible'{local}{part} AND {may_read}"
        f" AND {findable(viewer)} ORDER BY entry.at {direction}, entry.post_id {direction} LIMIT :limit",
        whose=owner_id,
        limit=cut.limit,
        **values,
        **bounds,
    )
    return ordered(cut, rows)


async def public(call: Call) -> Response:
    """GET /api/v1/timelines/public: what everybody may read, replies left out as Mastodon does."""
    condition = f"{_PUBLIC} AND post.parent_id IS NULL AND post.in_reply_to_uri IS NULL"
    if flag_of(call.found, "local"):
        condition += " AND post.is_local"
    elif flag_of(call.found, "remote"):
        condition += " AND NOT post.is_local"
    if flag_of(call.found, "only_media"):
        condition += MEDIA_ONLY
    cut = cut_of(call.found)
    source = f"post{call.here.db.by('idx_post_public')}"
    return await _page(call, cut, await page_rows(call.here, call.viewer, cut, source=source, condition=condition))


async def tag(call: Call) -> Response:
    """GET /api/v1/timelines/tag/NAME, and with further hashtags in `any`, `all` and `none`."""
    condition, values = _PUBLIC, dict[str, Any]()
    if flag_of(call.found, "local"):
        condition += " AND post.is_local"
    elif flag_of(call.found, "remote"):
        condition += " AND NOT post.is_local"
    if flag_of(call.found, "only_media"):
        condition += MEDIA_ONLY
    first = call.path("name").lstrip("#").lower()[:100]
    anyof = [first, *_tags(call, "any")]
    for name, words, sign in (("all", _tags(call, "all"), ""), ("none", _tags(call, "none"), "NOT ")):
        for number, word in enumerate(words):
            values[f"{name}{number}"] = word
            condition += (
                f" AND {sign}EXISTS (SELECT 1 FROM post_tag AS {name}{number}"
                f" WHERE {name}{number}.post_id = post.id AND {name}{number}.tag = :{name}{number})"
            )
    join = "CROSS JOIN" if call.here.db.dialect == "sqlite" else "JOIN"
    source = f"post_tag AS tagged {join} post ON post.id = tagged.post_id"
    if len(anyof) == 1:
        condition, values = f" AND tagged.tag = :first{condition}", {**values, "first": first}
    else:
        named = {f"any{number}": word for number, word in enumerate(anyof)}
        wanted = ", ".join(f":{name}" for name in named)
        # Where a post has several of them, the first in the alphabet stands for it.
        condition = (
            f" AND tagged.tag IN ({wanted}) AND NOT EXISTS (SELECT 1 FROM post_tag AS other"
            f" WHERE other.post_id = post.id AND other.tag IN ({wanted}) AND other.tag < tagged.tag){condition}"
        )
        values |= named
    cut = cut_of(call.found)
    found = await page_rows(
        call.here,
        call.viewer,
        cut,
        source=source,
        at="tagged.at",
        key="tagged.post_id",
        condition=condition,
        **values,
    )
    return await _page(call, cut, found)


def _tags(call: Call, name: str) -> list[str]:
    return [text.lstrip("#").lower()[:100] for text in texts_of(call.found, name, MAX_TAGS) if text.strip("# ")]


async def _page(call: Call, cut: Cut, rows: Sequence[Row]) -> Response:
    more = len(rows) >= cut.limit
    return _answer(call, await page_of(call.here, call.viewer, rows, filtering.PUBLIC, more=more))


def _answer(call: Call, page: Page) -> Response:
    return encoded(page.body, link_header(call.here, call.request, page.ids, more=page.more))


async def _entries_part(here: Instance, whose: str, owner_id: str, cut: Cut) -> tuple[str, dict[str, Any]]:
    """As `reading.within`, by the times at which things came into this timeline."""
    condition, values = "", dict[str, Any]()
    for name, sign, number in (("older", "<", cut.max_id), ("newer", ">", cut.above)):
        bounds = None if number is None else range_of(number)
        if number is None or bounds is None:
            continue
        row = await here.db.row(
            f"SELECT at, post_id FROM {whose} AND post_id IN"
            " (SELECT id FROM post WHERE id BETWEEN :low AND :high"
            " UNION ALL SELECT post_id FROM boost WHERE id BETWEEN :low AND :high) ORDER BY at DESC LIMIT 1",
            whose=owner_id,
            low=bounds[0],
            high=bounds[1],
        )
        condition += (
            f" AND (entry.at {sign} CAST(:{name}_at AS BIGINT)"
            f" OR (entry.at = CAST(:{name}_at AS BIGINT) AND entry.post_id {sign} :{name}_id))"
        )
        at, post_id = (milliseconds_of(number), bounds[0]) if row is None else (row["at"], row["post_id"])
        values[f"{name}_at"], values[f"{name}_id"] = at, post_id
    return condition, values


def routes() -> list[Route]:
    """All of them."""
    return [
        route("/api/v1/timelines/home", home, scope="read:statuses"),
        route("/api/v1/timelines/public", public, scope="read:statuses", anybody=True),
        route("/api/v1/timelines/tag/{name}", tag, scope="read:statuses", anybody=True),
    ]
