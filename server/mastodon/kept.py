"""What somebody marked, and who marked a status: lists that are cut by the marks, not by what is marked."""

from starlette.responses import Response
from starlette.routing import Route

from server.db import Row
from server.mastodon import reading
from server.mastodon.accounts import ACCOUNT_COLUMNS, account_of
from server.mastodon.ids import number_of, range_of
from server.mastodon.paging import Cut, cut_of, link_header, ordered
from server.mastodon.people import SEEN
from server.mastodon.serving import Call, answer, route
from server.mastodon.statuses import STATUS_COLUMNS, statuses_of
from server.posts.policy import IS_NO_PLACE
from server.posts.readable import readable


async def bookmarks(call: Call) -> Response:
    """GET /api/v1/bookmarks."""
    return await _marked(call, "bookmark AS mark", "mark.actor_id = :me")


async def favourites(call: Call) -> Response:
    """GET /api/v1/favourites."""
    return await _marked(call, "post_like AS mark", "mark.actor_id = :me AND mark.kind = 'like'")


async def favourited_by(call: Call) -> Response:
    """GET /api/v1/statuses/ID/favourited_by: for whoever is signed in and may read it."""
    return await _by(call, "post_like AS mark", "mark.kind = 'like' AND mark.state = 'done'")


async def reblogged_by(call: Call) -> Response:
    """GET /api/v1/statuses/ID/reblogged_by: the people, not the communities and subjects that it went through."""
    which = f"mark.undone_at IS NULL AND mark.state = 'done' AND {IS_NO_PLACE}"
    return await _by(call, "boost AS mark", which)


async def _marked(call: Call, source: str, which: str) -> Response:
    here, cut = call.here, cut_of(call.found)
    may_read, values = readable(call.viewer)
    part, bounds = _part(cut)
    rows = await here.db.rows(
        f"SELECT {STATUS_COLUMNS}, mark.id AS mark_id FROM {source} JOIN post ON post.id = mark.post_id"
        f" WHERE {which} AND post.state = 'visible'{part} AND {may_read}"
        f" ORDER BY mark.id {_direction(cut)} LIMIT :limit",
        me=call.me,
        limit=cut.limit,
        **values,
        **bounds,
    )
    found = await statuses_of(here, call.viewer, ordered(cut, rows))
    return answer(found, _links(call, cut, rows))


async def _by(call: Call, source: str, which: str) -> Response:
    here, cut = call.here, cut_of(call.found, usual=40, most=80)
    status = await reading.status(here, call.viewer, call.path())
    post_id = await reading.post_id_of(here, (status.reblog or status).id)
    part, bounds = _part(cut)
    rows = await here.db.rows(
        f"SELECT {ACCOUNT_COLUMNS}, mark.id AS mark_id FROM {source} JOIN actor ON actor.id = mark.actor_id"
        f" WHERE mark.post_id = :post AND {which} AND {SEEN}{part}"
        " AND NOT EXISTS (SELECT 1 FROM actor_block WHERE (blocker_id = :me AND blocked_id = actor.id)"
        " OR (blocker_id = actor.id AND blocked_id = :me))"
        f" ORDER BY mark.id {_direction(cut)} LIMIT :limit",
        post=post_id,
        me=call.me,
        limit=cut.limit,
        **bounds,
    )
    # Some servers pass on twice.
    people = {row["id"]: account_of(here, row) for row in ordered(cut, rows)}
    return answer(list(people.values()), _links(call, cut, rows))


def _part(cut: Cut) -> tuple[str, dict[str, str]]:
    condition, values = "", dict[str, str]()
    below, above = range_of(cut.max_id or ""), range_of(cut.above or "")
    if below:
        condition, values["below"] = " AND mark.id < :below", below[0]
    if above:
        condition, values["above"] = f"{condition} AND mark.id > :above", above[1]
    return condition, values


def _direction(cut: Cut) -> str:
    return "ASC" if cut.is_upwards else "DESC"


def _links(call: Call, cut: Cut, rows: list[Row]) -> dict[str, str]:
    ids = [number_of(row["mark_id"]) for row in ordered(cut, rows)]
    return link_header(call.here, call.request, ids, more=len(rows) >= cut.limit)


def routes() -> list[Route]:
    """All of them."""
    return [
        route("/api/v1/bookmarks", bookmarks, scope="read:bookmarks"),
        route("/api/v1/favourites", favourites, scope="read:favourites"),
        route("/api/v1/statuses/{id}/favourited_by", favourited_by, scope="read:accounts"),
        route("/api/v1/statuses/{id}/reblogged_by", reblogged_by, scope="read:accounts"),
    ]
