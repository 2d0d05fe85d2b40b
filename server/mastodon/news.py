"""Notifications: a list of what happened, one of it, and clearing it away."""

from starlette.responses import Response
from starlette.routing import Route

from server.api import Parameters, text_of
from server.db import Row, among
from server.instance import Instance
from server.mastodon.happened import SHOWN, TYPES, happened, kinds_of, notification_of, row_of, shown
from server.mastodon.ids import number_of, range_of
from server.mastodon.paging import cut_of, link_header
from server.mastodon.serving import Call, answer, missing, route
from server.notifications import reading
from server.posts.readable import readable

MAX_COUNTED, USUAL_COUNTED = 1000, 100
WALKED = 2000


async def notifications(call: Call) -> Response:
    """GET /api/v1/notifications."""
    here, cut = call.here, cut_of(call.found, usual=40, most=80)
    by_id = await actor_asked_for(here, call.found)
    found = await happened(here, call.viewer, kinds_of(call.found), cut, by_id=by_id)
    page = [notification_of(found, row) for row in found.rows]
    return answer(page, link_to(call, [row["id"] for row in found.rows], found.last_id))


def link_to(call: Call, ids: list[str], last_id: str | None) -> dict[str, str]:
    """The header for a page of things with these ids of ours; `last_id` is where an older page begins, if any does."""
    ends = [*ids[:1], last_id or ids[-1]] if ids else [last_id] if last_id else []
    return link_header(call.here, call.request, [number_of(id_) for id_ in ends if id_], more=last_id is not None)


async def actor_asked_for(here: Instance, found: Parameters) -> str | None:
    """Our id of the one actor that a request is about; one that fits nobody for digits of nobody."""
    number = text_of(found, "account_id", 30)
    if not number:
        return None
    bounds = range_of(number) or ("", "")
    value = await here.db.value(
        "SELECT id FROM actor WHERE id BETWEEN :low AND :high ORDER BY id LIMIT 1", low=bounds[0], high=bounds[1]
    )
    return str(value or "")


async def notification(call: Call) -> Response:
    """GET /api/v1/notifications/ID."""
    row = await row_of(call.here, call.viewer, call.path(), TYPES)
    found = await shown(call.here, call.viewer, [row] if row is not None else [])
    if not found.rows:
        raise missing()
    return answer(notification_of(found, found.rows[0]))


async def clear(call: Call) -> Response:
    """POST /api/v1/notifications/clear: what apps show. What they do not show stays in the browser."""
    await reading.forget(call.here, call.viewer, SHOWN)
    return answer({})


async def dismiss(call: Call) -> Response:
    """POST /api/v1/notifications/ID/dismiss."""
    row = await row_of(call.here, call.viewer, call.path(), TYPES)
    if row is None:
        raise missing()
    await reading.forget_some(call.here, call.viewer, [row["id"]])
    return answer({})


async def unread_count(call: Call) -> Response:
    """GET /api/v1/notifications/unread_count: of what can be read, up to a limit."""
    wanted = text_of(call.found, "limit", 10)
    limit = int(wanted) if wanted.isascii() and wanted.isdigit() else USUAL_COUNTED
    return answer({"count": len(await unread(call, max(1, min(limit or USUAL_COUNTED, MAX_COUNTED))))})


async def unread(call: Call, limit: int) -> list[Row]:
    """What nobody has seen yet and can be read, of what a request is about: `id`, `kind`, `at` and `post_id`."""
    kinds = kinds_of(call.found)
    if not kinds:
        return []
    named, which = among(kinds, "kind")
    by_id = await actor_asked_for(call.here, call.found)
    may_read, rights = readable(call.viewer)
    return await call.here.db.rows(
        "SELECT news.id, news.kind, news.at, news.post_id FROM (SELECT id, kind, at, post_id FROM notification"
        f"{call.here.db.by('idx_notification_new')} WHERE reader_id = :reader AND read_at IS NULL"
        f" AND kind IN ({named}){'' if by_id is None else ' AND actor_id = :by'} ORDER BY at DESC LIMIT :walked)"
        " AS news LEFT JOIN post ON post.id = news.post_id"
        f" WHERE news.post_id IS NULL OR (post.state = 'visible' AND {may_read}) LIMIT :limit",
        reader=call.me,
        walked=WALKED,
        limit=limit,
        **which,
        **rights,
        **({} if by_id is None else {"by": by_id}),
    )


def routes() -> list[Route]:
    """All of them."""
    read, write = "read:notifications", "write:notifications"
    return [
        route("/api/v1/notifications", notifications, scope=read),
        route("/api/v1/notifications/clear", clear, "POST", scope=write),
        route("/api/v1/notifications/unread_count", unread_count, scope=read),
        route("/api/v1/notifications/{id}", notification, scope=read),
        route("/api/v1/notifications/{id}/dismiss", dismiss, "POST", scope=write),
    ]
