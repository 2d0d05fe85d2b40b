"""Streaming: one WebSocket for many streams, and the older server-sent events.

Source: docs.joinmastodon.org/methods/streaming. A token comes in a header, in the address, or as the subprotocol of a
WebSocket, which browsers want to be given back.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from server.api import ApiError, endpoint
from server.instance import Instance
from server.live.lines import (
    DIRECT,
    LIST,
    NEWS_ONLY,
    STREAMS,
    TAG,
    TAG_HERE,
    USER,
    Line,
    Subscription,
    TooManyLines,
    switchboard,
)
from server.mastodon.frames import Frame, frames, relevant
from server.mastodon.lists import list_id_of
from server.oauth.bearer import Access, access_of, token_of
from server.oauth.scopes import covers
from server.trouble import DATABASE

HEARTBEAT_SECONDS = 20.0
"""So often it is asked whether somebody may still listen, and a sign of life is given."""
SEND_SECONDS = 30.0
"""So long an app may leave unread what it was sent."""
MAX_LETTERS = 2_000
FRAMES_A_MINUTE = 240
SCOPES = {USER: "read:statuses", NEWS_ONLY: "read:notifications", LIST: "read:lists", DIRECT: "read:statuses"}
TRY_AGAIN_LATER, POLICY, GOING_AWAY = 1013, 1008, 1001
_SSE_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"private, no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


async def admitted(here: Instance, connection: HTTPConnection, subprotocol: str = "") -> tuple[str, Access]:
    """The token of a connection, and what it allows. Raises ApiError 401 and 403."""
    token = token_of(connection) or connection.query_params.get("access_token", "") or subprotocol
    access = await access_of(here, token)
    if access is None or access.viewer.actor_id is None:
        raise ApiError(401, "The access token is invalid", headers={"WWW-Authenticate": "Bearer"})
    if not access.viewer.onboarded:
        raise ApiError(403, f"Finish your first visit at {here.url('/welcome')} in a browser, then come back.")
    return token, access


async def subscription_of(here: Instance, access: Access, wanted: dict[str, Any]) -> Subscription:
    """The stream that an app names. Raises ApiError for one that there is not, or not for it."""
    stream = str(wanted.get("stream", ""))
    if stream not in STREAMS:
        raise ApiError(400, "Unknown stream type")
    needed = SCOPES.get(stream)
    if needed is not None and not covers(access.scopes, needed):
        raise ApiError(403, "This action is outside the authorized scopes")
    if stream in {TAG, TAG_HERE}:
        tag = str(wanted.get("tag", "")).lstrip("#")[:100]
        if not tag:
            raise ApiError(400, "Missing tag name parameter")
        return Subscription(stream, tag.lower(), tag)
    if stream == LIST:
        number = str(wanted.get("list", ""))
        list_id = await list_id_of(here, str(access.viewer.actor_id), number)
        if list_id is None:
            raise ApiError(404, "Record not found")
        return Subscription(stream, list_id, number)
    return Subscription(stream)


@contextmanager
def opened(here: Instance, access: Access) -> Iterator[Line]:
    """A line for the length of a block. Raises ApiError 429."""
    assert access.viewer.actor_id is not None
    try:
        line = switchboard(here).open(access.viewer.actor_id, access.viewer.account_id or "")
    except TooManyLines:
        raise ApiError(429, "Too many open streams", headers={"Retry-After": "60"}) from None
    try:
        yield line
    finally:
        switchboard(here).close(line)


async def told(here: Instance, line: Line, token: str) -> AsyncIterator[list[Frame]]:
    """What a line is told, as it happens; empty lists are signs of life.

    Ends when the token, or whom it stands for, is no good any more, when too much is waiting, and when this process is
    about to end.
    """
    clock = asyncio.get_running_loop().time
    looked_at = clock()
    while True:
        heard = await line.wait(HEARTBEAT_SECONDS)
        if line.is_over or here.leaving.is_set():
            return
        about = await relevant(here, line, heard)
        if not about and not line.looks_again and clock() - looked_at < HEARTBEAT_SECONDS:
            continue
        line.looks_again, looked_at = False, clock()
        access = await access_of(here, token)
        if access is None or access.viewer.actor_id != line.actor_id:
            return
        yield await frames(here, line, access, about) if about else []


class _Socket:
    """One WebSocket: what an app asks for, and what it is told."""

    def __init__(self, here: Instance, socket: WebSocket, line: Line, token: str) -> None:
        self._here = here
        self._socket = socket
        self._line = line
        self._token = token

    async def serve(self) -> None:
        """Until either side has enough."""
        async with asyncio.TaskGroup() as group:
            telling = group.create_task(self._tell())
            listening = group.create_task(self._listen())
            await asyncio.wait({telling, listening}, return_when=asyncio.FIRST_COMPLETED)
            telling.cancel()
            listening.cancel()

    async def _tell(self) -> None:
        try:
            async for found in told(self._here, self._line, self._token):
                for frame in found:
                    await self._say(frame.letters)
            await self._close()
        except (TimeoutError, WebSocketDisconnect):
            return
        except DATABASE:
            await self._close(TRY_AGAIN_LATER)

    async def _close(self, code: int = 0) -> None:
        if not code:
            code = GOING_AWAY if self._here.leaving.is_set() else TRY_AGAIN_LATER if self._line.is_over else POLICY
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._socket.close(code)
        except (TimeoutError, RuntimeError, WebSocketDisconnect):
            return

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        since, count = loop.time(), 0
        try:
            while True:
                message = await self._socket.receive()
                if message["type"] == "websocket.disconnect":
                    return
                if loop.time() - since > 60:
                    since, count = loop.time(), 0
                count += 1
                if count > FRAMES_A_MINUTE:
                    await self._close(POLICY)
                    return
                await self._asked(str(message.get("text") or "")[:MAX_LETTERS])
        except (TimeoutError, WebSocketDisconnect):
            return
        except DATABASE:
            await self._close(TRY_AGAIN_LATER)

    async def _asked(self, letters: str) -> None:
        try:
            wanted = json.loads(letters)
        except (ValueError, RecursionError):
            return
        if not isinstance(wanted, dict):
            return
        kind = wanted.get("type")
        if kind not in {"subscribe", "unsubscribe"}:
            return
        try:
            await change(self._here, self._line, self._token, wanted, is_more=kind == "subscribe")
        except ApiError as error:
            await self._say(json.dumps({"error": error.error, "status": error.status}))

    async def _say(self, letters: str) -> None:
        async with asyncio.timeout(SEND_SECONDS):
            await self._socket.send_text(letters)


async def change(here: Instance, line: Line, token: str, wanted: dict[str, Any], *, is_more: bool) -> None:
    """Subscribe a line to a stream, or end that. Raises ApiError."""
    access = await access_of(here, token)
    if access is None:
        line.look_again()
        return
    subscription = await subscription_of(here, access, wanted)
    if not is_more:
        line.unsubscribe(subscription)
    elif not switchboard(here).subscribe(line, subscription):
        raise ApiError(429, "Too many subscriptions")


async def socket(websocket: WebSocket) -> None:
    """WS /api/v1/streaming."""
    here: Instance = websocket.scope["state"]["here"]
    offered = [name for name in websocket.scope.get("subprotocols", []) if name]
    try:
        token, access = await admitted(here, websocket, offered[0] if offered else "")
        with opened(here, access) as line:
            if websocket.query_params.get("stream"):
                await change(here, line, token, dict(websocket.query_params), is_more=True)
            await websocket.accept(subprotocol=offered[0] if offered else None)
            await _Socket(here, websocket, line, token).serve()
    except ApiError as error:
        await websocket.send_denial_response(error.response())
    except DATABASE:
        await websocket.send_denial_response(ApiError(503, "Not at this moment").response())


class _Events(Response):
    """A stream of server-sent events: ends when its reader goes, reads too slowly, or may not listen any more."""

    def __init__(self, here: Instance, token: str, access: Access, wanted: Subscription) -> None:
        super().__init__()
        self._here = here
        self._token = token
        self._access = access
        self._wanted = wanted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Tell as long as somebody listens."""
        try:
            with opened(self._here, self._access) as line:
                switchboard(self._here).subscribe(line, self._wanted)
                async with asyncio.TaskGroup() as group:
                    telling = group.create_task(self._tell(line, send))
                    listening = group.create_task(_gone(receive))
                    await asyncio.wait({telling, listening}, return_when=asyncio.FIRST_COMPLETED)
                    telling.cancel()
                    listening.cancel()
        except ApiError as error:
            await error.response()(scope, receive, send)

    async def _tell(self, line: Line, send: Send) -> None:
        async def say(text: str, *, more: bool = True) -> None:
            async with asyncio.timeout(SEND_SECONDS):
                await send({"type": "http.response.body", "body": text.encode(), "more_body": more})

        try:
            await send({"type": "http.response.start", "status": 200, "headers": _SSE_HEADERS})
            await say(":)\n")
            async for found in told(self._here, line, self._token):
                await say("".join(frame.lines for frame in found) or ":thump\n")
            await say("", more=False)
        except TimeoutError:
            return
        except DATABASE:
            await say("", more=False)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def events(request: Request) -> Response:
    """GET /api/v1/streaming/STREAM, and without one by `stream`."""
    here: Instance = request.scope["state"]["here"]
    token, access = await admitted(here, request)
    wanted = dict(request.query_params)
    place = request.path_params.get("stream")
    if place is not None:
        wanted["stream"] = place.replace("/", ":")
    if wanted.get("only_media") in {"true", "1"} and str(wanted.get("stream", "")).startswith("public"):
        wanted["stream"] = f"{wanted['stream']}:media"
    return _Events(here, token, access, await subscription_of(here, access, wanted))


async def health(request: Request) -> Response:
    """GET /api/v1/streaming/health."""
    return PlainTextResponse("OK", headers={"cache-control": "no-store"})


def routes() -> list[BaseRoute]:
    """All of them."""
    return [
        WebSocketRoute("/api/v1/streaming", socket),
        Route("/api/v1/streaming", endpoint(events), methods=["GET"]),
        Route("/api/v1/streaming/health", health, methods=["GET"]),
        Route("/api/v1/streaming/{stream:path}", endpoint(events), methods=["GET"]),
    ]
