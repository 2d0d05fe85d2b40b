"""How an endpoint of the client API is served: who asks, how often they may, and JSON in every case."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.accounts.throttle import network_of
from server.actors.viewer import ANONYMOUS, Viewer
from server.api import ApiError, Parameters, endpoint, parameters
from server.instance import Instance
from server.oauth import bearer
from server.oauth.bearer import Access

CACHE = "mastodon.calls"
CALLS, WINDOW = 600, timedelta(minutes=5)
KEPT = 20_000

_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Call:
    """One request: what was sent, and for whom. `access` is None where nobody signed in."""

    here: Instance
    request: Request
    viewer: Viewer
    access: Access | None
    found: Parameters

    @property
    def me(self) -> str:
        """The actor who asks; only where `who` was a scope of persons."""
        assert self.viewer.actor_id is not None
        return self.viewer.actor_id

    def path(self, name: str = "id") -> str:
        """A part of the address."""
        return str(self.request.path_params[name])


Handler = Callable[[Call], Awaitable[Response]]


def answer(body: Any, headers: dict[str, str] | None = None, status: int = 200) -> Response:
    """Entities as JSON. Every success but that of media in process is 200: some clients take nothing else."""
    return encoded(_encoder.encode(body), headers, status)


def encoded(body: bytes, headers: dict[str, str] | None = None, status: int = 200) -> Response:
    """What is JSON already."""
    return Response(
        body, status, {"Cache-Control": "private, no-store", **(headers or {})}, media_type="application/json"
    )


def missing() -> ApiError:
    """There is no such thing, or not for whoever asks: they hear the same (S30)."""
    return ApiError(404, "Record not found")


def route(
    path: str,
    handler: Handler,
    method: str = "GET",
    *,
    scope: str = "",
    anybody: bool = False,
    max_bytes: int = 1024 * 1024,
    max_files: int = 0,
    unfinished: bool = False,
) -> Route:
    """One endpoint. `scope` is what a token needs; with `anybody`, it is needed only where there is a token.

    Without `scope` no token is looked at. `unfinished`: also for people who have not finished their first visit.
    """

    async def served(request: Request) -> Response:
        here: Instance = request.scope["state"]["here"]
        access = None
        if scope:
            access = await (bearer.anybody if anybody else bearer.person)(request, scope)
        viewer = access.viewer if access is not None else ANONYMOUS
        if viewer.actor_id is not None and not viewer.onboarded and not unfinished:
            raise ApiError(403, f"Finish your first visit at {here.url('/welcome')} in a browser, then come back.")
        headers = _count(here, request, viewer)
        found = await parameters(request, max_bytes=max_bytes, max_files=max_files)
        try:
            response = await handler(Call(here, request, viewer, access, found))
        finally:
            for value in found.values():
                if isinstance(value, UploadFile):
                    await value.close()
        response.raw_headers += [(name.encode(), value.encode()) for name, value in headers.items()]
        return response

    return Route(path, endpoint(served), methods=[method])


def _count(here: Instance, request: Request, viewer: Viewer) -> dict[str, str]:
    """Count a call of a person, or of an address where nobody is signed in. Raises ApiError 429."""
    calls: dict[str, tuple[datetime, str, int]] = here.caches.setdefault(CACHE, {})
    now = here.clock.now()
    address = request.client.host if request.client else ""
    key = viewer.actor_id or network_of(address)
    known = calls.get(key)
    if known is None or now >= known[0]:
        if len(calls) >= KEPT and key not in calls:
            calls.clear()
        until, made = now + WINDOW, 0
        told = until.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    else:
        until, told, made = known
    calls[key] = (until, told, made + 1)
    headers = {
        "x-ratelimit-limit": str(CALLS),
        "x-ratelimit-remaining": str(max(0, CALLS - made - 1)),
        "x-ratelimit-reset": told,
    }
    if made >= CALLS:
        seconds = max(1, int((until - now).total_seconds()) + 1)
        raise ApiError(429, "Too many requests", headers={**headers, "Retry-After": str(seconds)})
    return headers
