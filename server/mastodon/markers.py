"""How far somebody has read, as apps keep it: one marker for home, one for notifications."""

from msgspec.structs import replace
from starlette.responses import Response
from starlette.routing import Route

from server.api import ApiError, text_of, texts_of
from server.db import to_milliseconds
from server.mastodon.accounts import moment
from server.mastodon.answers import Marker
from server.mastodon.happened import SHOWN
from server.mastodon.ids import number_of, range_of
from server.mastodon.serving import Call, answer, route
from server.notifications import reading
from server.notifications.reading import NOTIFICATIONS, TIMELINES, MovedMeanwhile

ROUNDED = 8


async def markers(call: Call) -> Response:
    """GET /api/v1/markers: of the lists asked for, those that there are."""
    wanted = {name for name in texts_of(call.found, "timeline") if name in TIMELINES}
    kept = await reading.markers(call.here, call.viewer)
    found = {name: shown_as(marker) for name, marker in kept.items() if name in wanted}
    if NOTIFICATIONS in wanted:
        seen = await reading.seen_place(call.here, call.viewer, SHOWN)
        before = found.get(NOTIFICATIONS) or Marker("0", 0, moment(to_milliseconds(call.here.clock.now())))
        # What was read in the browser is read in the app. Nothing read is said too: Elk takes a marker for granted.
        is_further = seen is not None and int(number_of(seen)) > int(before.last_read_id)
        found[NOTIFICATIONS] = replace(before, last_read_id=number_of(seen)) if seen and is_further else before
    return answer({name: found[name] for name in TIMELINES if name in found})


async def move(call: Call) -> Response:
    """POST /api/v1/markers."""
    wanted: dict[str, str] = {}
    for name in TIMELINES:
        said = call.found.get(name)
        if isinstance(said, dict):
            number = text_of(said, "last_read_id", 30)
            if range_of(number) is None:
                raise ApiError(422, f"Validation failed: {name}[last_read_id] is no id")
            wanted[name] = number
    kept = await reading.markers(call.here, call.viewer)
    found = {}
    for name, number in wanted.items():
        try:
            moved = await reading.move(
                call.here, call.viewer, name, int(number), known=kept[name].version if name in kept else 0
            )
        except MovedMeanwhile as error:
            raise ApiError(409, error.message) from None
        found[name] = shown_as(moved)
    if NOTIFICATIONS in wanted:
        # Numbers of groups are no text, and lose their last digits where everything is a float.
        bounds = range_of(str(int(wanted[NOTIFICATIONS]) + ROUNDED)) or range_of(wanted[NOTIFICATIONS])
        assert bounds is not None
        await reading.seen_until(call.here, call.viewer, SHOWN, bounds[1])
    return answer(found)


def shown_as(marker: reading.Marker) -> Marker:
    """A marker as apps read it."""
    return Marker(str(marker.last_read), marker.version, moment(to_milliseconds(marker.updated_at)))


def routes() -> list[Route]:
    """All of them."""
    return [
        route("/api/v1/markers", markers, scope="read:statuses"),
        route("/api/v1/markers", move, "POST", scope="write:statuses"),
    ]
