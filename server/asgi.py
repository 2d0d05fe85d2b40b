"""The application that a web server runs: federation endpoints and pages of one instance, on one address."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache, lru_cache

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.actors import queries as actors
from server.api import ForApps, unknown
from server.automation.routes import routes as own_routes
from server.build import close
from server.consortium import queries as networks
from server.errors import Refused
from server.fediverse import deliveries
from server.fediverse.queries import queue_state
from server.instance import Instance
from server.mastodon.routes import routes as client_routes
from server.oauth.routes import routes as oauth_routes
from server.posts import queries as posts
from server.push.routes import routes as push_routes
from server.routing import IndexedRouter
from server.trouble import DATABASE, trouble_of
from server.version import VERSION
from web.routes import exception_handlers, page_routes, wrap_pages

log = logging.getLogger("peerhall.web")

GRACE_SECONDS = 10
OWN_WORK = ("refusals", "kept")
"""What a process writes down itself, also where a worker of its own does everything else."""
MAX_ACCEPT = 1000
ONE_YEAR = b"max-age=31536000"
LEAST_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"same-origin"),
)
ACTIVITY_TYPES = ("application/activity+json", "application/ld+json")


@lru_cache(maxsize=1024)
def wants_activity(accept: str) -> bool:
    """Whether an Accept header asks for ActivityPub rather than for a page (ActivityPub section 3.2)."""
    best: tuple[float, bool] = (0.0, False)
    for position, part in enumerate(accept.lower().split(",")):
        name, _, parameters = part.strip().partition(";")
        quality = 1.0
        for parameter in parameters.split(";"):
            key, _, value = parameter.strip().partition("=")
            if key == "q":
                try:
                    quality = float(value)
                except ValueError:
                    quality = 0.0
        rank = quality - position * 1e-4
        if name.strip() in ACTIVITY_TYPES and rank > best[0]:
            best = (rank, True)
        elif name.strip() in {"text/html", "application/xhtml+xml"} and rank > best[0]:
            best = (rank, False)
    return best[1]


class Bind:
    """Runs every request on this instance's database and puts the instance into the scope.

    Each answer says of itself at least that it is what it says, may load and run nothing, stands in no frame, and that
    this address is kept to HTTPS; pages and files say more (S26).
    """

    def __init__(self, app: ASGIApp, here: Instance) -> None:
        """Wrap an application."""
        self._app = app
        self._here = here
        https = here.settings.is_https
        self._least = (*LEAST_HEADERS, (b"strict-transport-security", ONE_YEAR)) if https else LEAST_HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})["here"] = self._here
        begun = False

        async def begin(message: Message) -> None:
            nonlocal begun
            begun = True
            if message["type"] == "http.response.start":
                given = message.get("headers", ())
                names = {name.lower() for name, _ in given}
                message["headers"] = [*given, *(header for header in self._least if header[0] not in names)]
            await send(message)

        with self._here.db.bind():
            try:
                await self._here.refresh()
                await self._app(scope, receive, begin)
            except DATABASE as error:
                # Where we looked before the application did: who is asking, for example.
                if begun or scope["type"] != "http":
                    raise
                await (await _trouble(Request(scope, receive), error))(scope, receive, send)


class Negotiate:
    """One address for people and servers: the ActivityPub document by Accept, else the page (contract, URLs)."""

    def __init__(self, here: Instance, pages: ASGIApp) -> None:
        """Serve `pages` unless ActivityPub is asked for."""
        self._here = here
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"] == "/ap/inbox":
            await self._here.engine.endpoints.take(scope, receive, send)
            return
        if scope["type"] == "http" and scope["method"] in {"GET", "HEAD"}:
            engine, path = self._here.engine, scope["path"]
            if path.startswith("/ap/") and not path.endswith("/inbox"):
                try:
                    answer = await engine.endpoints.document(None, scope)
                except DATABASE:
                    answer = self._pages  # where trouble is answered, should it still be there
                await answer(scope, receive, send)
                return
            accept = next((value for name, value in scope["headers"] if name == b"accept"), b"")
            if wants_activity(accept[:MAX_ACCEPT].decode("latin-1")):
                uri = await self._document_for(path)
                if uri is not None:
                    await (await engine.endpoints.document(uri, scope))(scope, receive, send)
                    return
        await self._pages(scope, receive, send)

    async def _document_for(self, path: str) -> str | None:
        parts = path.strip("/").split("/")
        if path == "/":
            return self._here.url("/ap/actor")
        if len(parts) == 1 and parts[0].startswith("@"):
            return await actors.local_uri(self._here, parts[0][1:])
        if len(parts) == 2 and parts[0] == "c":
            return await actors.local_uri(self._here, parts[1])
        if len(parts) == 2 and parts[0] == "p":
            return await posts.local_uri(self._here, parts[1])
        if len(parts) == 2 and parts[0] == "networks":
            return await networks.local_uri(self._here, parts[1])
        return None


async def health(request: Request) -> Response:
    """Readiness: the database answers, and this process is not about to end."""
    here: Instance = request.scope["state"]["here"]
    if here.leaving.is_set():
        return JSONResponse({"status": "leaving"}, 503, headers={"cache-control": "no-store"})
    state = await queue_state(here)
    return JSONResponse(
        {"status": "ok", "version": VERSION, "inbound_waiting": state.inbound_waiting},
        headers={"cache-control": "no-store"},
    )


async def metrics(request: Request) -> Response:
    """Figures for Prometheus, for loopback only."""
    if request.client is None or request.client.host not in {"127.0.0.1", "::1"}:
        raise HTTPException(404)
    here: Instance = request.scope["state"]["here"]
    state = await queue_state(here)
    lines = [
        f"peerhall_inbound_waiting {state.inbound_waiting}",
        f"peerhall_inbound_oldest_seconds {state.oldest_inbound_seconds:.1f}",
        *await deliveries.figures(here),
    ]
    return Response("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")


async def change_password(request: Request) -> Response:
    """Where password managers look (W3C, A Well-Known URL for Changing Passwords)."""
    return Response(status_code=302, headers={"location": "/settings/password"})


async def _trouble(request: Request, error: Exception) -> Response:
    """Say that disk or database are full or away, and when to try again; what is our own mistake goes on as such."""
    known = trouble_of(error)
    if known is None:
        raise error
    log.error("%s %s: %s", request.method, request.url.path, error)
    path, accept = request.url.path, request.headers.get("accept", "")
    if path in {"/health", "/metrics"} or path.startswith(("/ap/", "/api/", "/.well-known/")) or "json" in accept:
        headers = {"retry-after": str(known.retry_after_seconds), "cache-control": "no-store"}
        return JSONResponse({"status": "unavailable", "error": known.message}, 503, headers)
    response: Response = await exception_handlers[Refused](request, known)
    return response


@cache
def _routes() -> Sequence[BaseRoute]:
    """All routes but those of the engine: they belong to no instance."""
    return (
        Route("/health", health),
        Route("/metrics", metrics),
        Route("/.well-known/change-password", change_password),
        *oauth_routes(),
        *client_routes(),
        *push_routes(),
        *own_routes(),
        Route("/api/{path:path}", unknown, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
        *page_routes(),
    )


def create_app(here: Instance, *, work: bool = True) -> ASGIApp:
    """The application of one instance; with `work`, its worker runs beside it for as long as it is up."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        try:
            async with here.bus.listening():
                with here.db.bind():
                    task = asyncio.create_task(here.worker.run(None if work else OWN_WORK))
                try:
                    yield
                finally:
                    here.worker.stop()
                    _, late = await asyncio.wait({task}, timeout=GRACE_SECONDS)
                    for straggler in late:
                        straggler.cancel()
                    if late:  # it gives back what it had begun, while there is a database
                        await asyncio.wait(late, timeout=GRACE_SECONDS)
        finally:
            await close(here)

    handlers = {**exception_handlers, **dict.fromkeys(DATABASE, _trouble)}
    app = Starlette(exception_handlers=handlers)
    app.router = IndexedRouter([*here.engine.routes(), *_routes()], lifespan=lifespan)
    return ForApps(Bind(Negotiate(here, wrap_pages(app)), here))
