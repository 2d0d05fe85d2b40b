"""`/live`: what is new on an open page, as server-sent events (HTML standard, section 9.2)."""

import asyncio
import json
from dataclasses import replace

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from server.accounts.sessions import viewer_for_token
from server.actors.viewer import ANONYMOUS, Viewer
from server.ids import is_id
from server.instance import Instance
from server.live.queries import NOTES, Place, listener, news, place_named
from server.live.streams import Stream, TooManyStreams, desk, follow
from web.request import here_of, viewer_of
from web.sessions import KEY_COOKIE, SESSION_COOKIE

SEND_SECONDS = 30
"""So long a browser may leave unread what it was sent."""
RETRY_MILLISECONDS = 3_000
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


async def live(request: Request) -> Response:
    """The stream for one open page, for people who may see that page: who are signed in, or came by a link to notes."""
    here, viewer = here_of(request), viewer_of(request)
    place = place_named(request.query_params.get("place", ""))
    since = request.headers.get("last-event-id") or request.query_params.get("since", "")
    if place is not None and place.kind == NOTES:
        place = replace(place, key=request.cookies.get(KEY_COOKIE, ""))
    listens = await listener(here, viewer, place) if place is not None else viewer.actor_id
    if listens is None:
        raise HTTPException(403)
    if place is None or not is_id(since) or await news(here, viewer, place, ids=()) is None:
        raise HTTPException(404)
    try:
        stream = desk(here).open(listens, place.name[-8:] if place.kind == NOTES else "")
    except TooManyStreams:
        raise HTTPException(429, headers={"Retry-After": "60"}) from None
    return _Events(here, stream, request.cookies.get(SESSION_COOKIE, ""), place, since)


class _Events(Response):
    """Ends when its reader goes, when it reads too slowly, and when the page is closed to them."""

    def __init__(self, here: Instance, stream: Stream, token: str, place: Place, since: str) -> None:
        super().__init__()
        self._here = here
        self._stream = stream
        self._token = token
        self._place = place
        self._since = since

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Tell as long as somebody listens."""
        try:
            async with asyncio.TaskGroup() as group:
                telling = group.create_task(self._tell(send))
                listening = group.create_task(_gone(receive))
                await asyncio.wait({telling, listening}, return_when=asyncio.FIRST_COMPLETED)
                telling.cancel()
                listening.cancel()
        finally:
            desk(self._here).close(self._stream)

    async def _tell(self, send: Send) -> None:
        async def say(text: str, *, more: bool = True) -> None:
            async with asyncio.timeout(SEND_SECONDS):
                await send({"type": "http.response.body", "body": text.encode(), "more_body": more})

        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await say(f"retry: {RETRY_MILLISECONDS}\n\n")
            async for ids, mark in follow(self._here, self._stream, self._look, self._place, self._since):
                await say(f"event: new\nid: {mark}\ndata: {json.dumps(ids)}\n\n" if ids else ":\n\n")
            await say("", more=False)
        except TimeoutError:
            return

    async def _look(self) -> Viewer | None:
        viewer = await viewer_for_token(self._here, self._token)
        return ANONYMOUS if viewer is None and self._place.key else viewer


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


routes = [Route("/live", live)]
