"""What people do with statuses: find them useful, pass them on, keep them, hear no more of them, pin them."""

from collections.abc import Awaitable, Callable

from starlette.responses import Response
from starlette.routing import Route

from server.actors.viewer import Viewer
from server.api import ApiError
from server.errors import NotAllowed
from server.instance import Instance
from server.mastodon import reading
from server.mastodon.serving import Call, Handler, answer, missing, route
from server.posts import actions as posts
from server.posts import marks

Action = Callable[[Instance, Viewer, str], Awaitable[None]]


def _doing(action: Action) -> Handler:
    """An endpoint that does something with a status, and answers what it is then."""

    async def done(call: Call) -> Response:
        post_id = await _post_id(call)
        await action(call.here, call.viewer, post_id)
        return answer(await reading.status_by_id(call.here, call.viewer, post_id))

    return done


async def reblog(call: Call) -> Response:
    """POST /api/v1/statuses/ID/reblog: the boost, around what was passed on."""
    post_id = await _post_id(call)
    try:
        await posts.boost_post(call.here, call.viewer, post_id)
    except NotAllowed as refusal:
        raise ApiError(422, f"Validation failed: {refusal.message}") from None
    return answer(await reading.own_boost(call.here, call.viewer, post_id))


async def _post_id(call: Call) -> str:
    post_id = await reading.post_id_of(call.here, call.path())
    if post_id is None:
        raise missing()
    return post_id


def routes() -> list[Route]:
    """All of them."""
    single = "/api/v1/statuses/{id}/"
    return [
        route(f"{single}favourite", _doing(posts.like_post), "POST", scope="write:favourites"),
        route(f"{single}unfavourite", _doing(posts.unlike_post), "POST", scope="write:favourites"),
        route(f"{single}reblog", reblog, "POST", scope="write:statuses"),
        route(f"{single}unreblog", _doing(posts.unboost_post), "POST", scope="write:statuses"),
        route(f"{single}bookmark", _doing(marks.bookmark_post), "POST", scope="write:bookmarks"),
        route(f"{single}unbookmark", _doing(marks.unbookmark_post), "POST", scope="write:bookmarks"),
        route(f"{single}pin", _doing(marks.pin_to_profile), "POST", scope="write:accounts"),
        route(f"{single}unpin", _doing(marks.unpin_from_profile), "POST", scope="write:accounts"),
        route(f"{single}mute", _doing(marks.mute_thread), "POST", scope="write:mutes"),
        route(f"{single}unmute", _doing(marks.unmute_thread), "POST", scope="write:mutes"),
    ]
