"""The tour: one tap to be somebody, and a practice that can be watched crossing servers.

Only `peerhall demo` mounts these pages: they sign people in without a password.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from server.accounts import actions as accounts
from server.actors import queries as actors
from server.instance import Instance
from web.i18n import gettext
from web.render import redirect, render
from web.request import form_of, here_of, text
from web.routes import exception_handlers, wrap_pages
from web.sessions import safe_next, sign_in_response


@dataclass(frozen=True, slots=True)
class Stop:
    """One organisation on the tour: its address, and whom one can be there."""

    name: str
    origin: str
    people: tuple[tuple[str, str], ...]
    is_here: bool


CAST = {
    "northfield": ("Northfield High", (("maya", "Maya, who teaches science"), ("ana", "Ana, the admin"))),
    "riverside": ("Riverside Library", (("tom", "Tom, who runs learning circles"),)),
    "lakeside": ("Lakeside University", (("ines", "Inês, who teaches teachers"),)),
}


def _stops(request: Request) -> list[Stop]:
    here = here_of(request)
    stops = []
    for origin in request.app.state.addresses:
        name, people = CAST[origin.split("//")[1].split(".")[0]]
        stops.append(Stop(name, origin, people, origin == here.settings.origin))
    return stops


async def tour(request: Request) -> Response:
    """The start of the tour."""
    stops = _stops(request)
    return render(request, "demo/tour.html", stops=stops, here_stop=next(stop for stop in stops if stop.is_here))


async def be(request: Request) -> Response:
    """Sign in as one of the demo people."""
    here = here_of(request)
    form = await form_of(request)
    handle = text(form, "name", 60)
    person = await actors.person_by_handle(here, handle)
    if person is None or not person.label.is_local:
        raise HTTPException(404)
    token = await accounts.start_session(here, person.label.id, user_agent=request.headers.get("user-agent", ""))
    return sign_in_response(request, redirect(request, safe_next(text(form, "then", 300))), token)


async def door(request: Request) -> Response:
    """The doorstep of this organisation: one more tap, because signing in never acts on GET."""
    stops = _stops(request)
    here_stop = next(stop for stop in stops if stop.is_here)
    name = request.query_params.get("name", "")
    words = dict(here_stop.people).get(name)
    if words is None:
        raise HTTPException(404)
    then = request.query_params.get("then", "/week")
    return render(
        request,
        "demo/door.html",
        here_stop=here_stop,
        name=name,
        then=then,
        words=gettext(request, "Be %(person)s") % {"person": words},
        first=stops[0].origin,
    )


class _Split:
    """The tour under ``/demo``, everything else as always."""

    def __init__(self, pages: ASGIApp, app: ASGIApp, here: Instance) -> None:
        self._pages = pages
        self._app = app
        self._here = here

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (scope["path"] == "/demo" or scope["path"].startswith("/demo/")):
            scope.setdefault("state", {})["here"] = self._here
            with self._here.db.bind():
                await self._pages(scope, receive, send)
            return
        await self._app(scope, receive, send)


def with_demo_pages(app: ASGIApp, here: Instance, addresses: Sequence[str]) -> ASGIApp:
    """An application with the tour in front. `addresses` are the origins of all demo organisations, in order."""
    pages = Starlette(
        routes=[
            Route("/demo", tour),
            Route("/demo/be", be, methods=["POST"]),
            Route("/demo/door", door),
        ],
        exception_handlers=exception_handlers,
    )
    pages.state.addresses = list(addresses)
    return _Split(wrap_pages(pages), app, here)
