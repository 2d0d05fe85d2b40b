"""Statuses that are published later."""

from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import UNSET
from starlette.responses import Response
from starlette.routing import Route

from server.api import ApiError, Parameters, text_of
from server.db import to_milliseconds
from server.mastodon.accounts import moment
from server.mastodon.answers import ScheduledStatus
from server.mastodon.ids import number_of, range_of
from server.mastodon.paging import cut_of, link_header, ordered
from server.mastodon.serving import Call, answer, missing, route
from server.mastodon.uploads import upload_of
from server.media.queries import files
from server.notes import scheduling
from server.notes.scheduling import Scheduled


async def listed(call: Call) -> Response:
    """GET /api/v1/scheduled_statuses: the newest first, whenever they are due."""
    cut = cut_of(call.found)
    below, above = range_of(cut.max_id or ""), range_of(cut.above or "")
    rows = await scheduling.scheduled(
        call.here,
        call.viewer,
        below=below[0] if below else "",
        above=above[1] if above else "",
        limit=cut.limit,
        upwards=cut.is_upwards,
    )
    found = await scheduled_of(call, ordered(cut, rows))
    ids = [one.id for one in found]
    return answer(found, link_header(call.here, call.request, ids, more=len(rows) >= cut.limit))


async def show(call: Call) -> Response:
    """GET /api/v1/scheduled_statuses/ID."""
    return answer((await scheduled_of(call, [await _one(call)]))[0])


async def change(call: Call) -> Response:
    """PUT /api/v1/scheduled_statuses/ID: another time."""
    found = await _one(call)
    at = time_of(call.found)
    if at is None:
        raise ApiError(422, "Validation failed: Scheduled at can't be blank")
    await scheduling.reschedule(call.here, call.viewer, found.id, at)
    return await show(call)


async def cancel(call: Call) -> Response:
    """DELETE /api/v1/scheduled_statuses/ID."""
    await scheduling.cancel(call.here, call.viewer, (await _one(call)).id)
    return answer({})


async def scheduled_by_id(call: Call, scheduled_id: str) -> ScheduledStatus:
    """One by our id."""
    one = await scheduling.one(call.here, call.viewer, scheduled_id, scheduled_id)
    return (await scheduled_of(call, [one]))[0]


async def scheduled_of(call: Call, found: Sequence[Scheduled]) -> list[ScheduledStatus]:
    """What waits as apps know it; one statement for all files."""
    here = call.here
    uploads = {file.id: file for file in await files(here, scheduling.files_of(found), owner_id=call.me)}
    return [
        ScheduledStatus(
            id=number_of(item.id),
            scheduled_at=moment(to_milliseconds(item.scheduled_at)),
            params=_params(item),
            media_attachments=[
                upload_of(here, uploads[media_id]) for media_id in item.form.media_ids if media_id in uploads
            ],
            peerhall={"problem": item.problem} if item.problem else UNSET,
        )
        for item in found
    ]


def time_of(found: Parameters) -> datetime | None:
    """When something is to be published; None where nothing is said. Raises ApiError for what is no time."""
    text = text_of(found, "scheduled_at", 60).strip()
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ApiError(422, "Validation failed: Scheduled at is no time (ISO 8601)") from None


def _params(item: Scheduled) -> dict[str, object]:
    form, poll = item.form, item.form.poll
    return {
        "text": form.text,
        "poll": None
        if poll is None
        else {
            "options": list(poll.options),
            "expires_in": poll.seconds,
            "multiple": poll.is_multiple,
            "hide_totals": poll.hides_totals,
        },
        "media_ids": [number_of(media_id) for media_id in form.media_ids] or None,
        "sensitive": form.sensitive,
        "spoiler_text": form.content_warning,
        "visibility": form.visibility,
        "in_reply_to_id": None if form.parent_id is None else number_of(form.parent_id),
        "language": form.language or None,
        "application_id": None,
        "scheduled_at": None,
        "idempotency": None,
        "with_rate_limit": False,
    }


async def _one(call: Call) -> Scheduled:
    bounds = range_of(call.path())
    if bounds is None:
        raise missing()
    return await scheduling.one(call.here, call.viewer, *bounds)


def routes() -> list[Route]:
    """All of them."""
    return [
        route("/api/v1/scheduled_statuses", listed, scope="read:statuses"),
        route("/api/v1/scheduled_statuses/{id}", show, scope="read:statuses"),
        route("/api/v1/scheduled_statuses/{id}", change, "PUT", scope="write:statuses"),
        route("/api/v1/scheduled_statuses/{id}", cancel, "DELETE", scope="write:statuses"),
    ]
