"""The tour: three doors with six stops each, one tap to be somebody, and messages that can be watched crossing servers.

Only `peerhall demo` mounts these pages: they sign people in without a password.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from server.demo import deeds
from server.demo.deeds import Arrived, Cast
from server.demo.wire import Delivery
from server.errors import NotFound
from server.instance import Instance
from web.demo.stops import DOORS, Door, Stop, door, path_to
from web.i18n import gettext
from web.render import redirect, render
from web.request import form_of, text
from web.routes import exception_handlers, wrap_pages
from web.sessions import safe_next, sign_in_response

TOUR_COOKIE = "peerhall_tour"
MOST_STOPS = 6


@dataclass(frozen=True, slots=True)
class Organisation:
    """One server of the demo: its address, and whom one can be there."""

    name: str
    origin: str
    people: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """Where somebody is on the tour, for the bar on top of every page.

    `before`, `here` and `after` are addresses of stops, empty where there is none. `said` is what a person of the demo
    did here, and `can` says what they could be asked for.
    """

    door: Door
    number: int
    stop: Stop
    before: str
    here: str
    after: str
    after_title: str
    can: str = ""
    said: Arrived | None = None


async def start(request: Request) -> Response:
    """The doors."""
    cast = _cast(request)
    return render(
        request,
        "demo/tour.html",
        frame=_frame(request),
        tour=None,
        doors=[door(request, cast, name) for name in DOORS],
        address=lambda name, number: _address(request, name, number),
        organisations=_organisations(request),
        mine=cast.origin(deeds.HOME) + "/demo/mine",
    )


async def stop_page(request: Request) -> Response:
    """One stop: what there is to see, and one button that leads there."""
    progress = _progress_of(request, request.path_params["door"], request.path_params["number"])
    cast = _cast(request)
    if progress.stop.place != _place(request):
        return RedirectResponse(progress.here, status_code=303)
    return render(
        request,
        "demo/stop.html",
        frame=_frame(request),
        tour=None,
        start=cast.origin(deeds.HOME) + "/demo",
        address=lambda name, number: _address(request, name, number),
        progress=progress,
    )


async def go(request: Request) -> Response:
    """Be whom the stop is about, and go where it leads."""
    progress = _progress_of(request, request.path_params["door"], request.path_params["number"])
    stop, cast = progress.stop, _cast(request)
    if stop.place != _place(request):
        raise HTTPException(404)
    response: Response = RedirectResponse(await path_to(cast, stop), status_code=303)
    if stop.person:
        response = await _signed_in(request, response, stop.person)
    response.set_cookie(TOUR_COOKIE, f"{progress.door.name}.{progress.number}", httponly=True, samesite="lax")
    return response


async def leave(request: Request) -> Response:
    """End the tour; whoever one is, one stays."""
    response = RedirectResponse("/demo", status_code=303)
    response.delete_cookie(TOUR_COOKIE, httponly=True, samesite="lax")
    return response


async def deed(request: Request) -> Response:
    """Somebody of the demo does something at their own server; the answer comes when it has arrived here."""
    cast, form = _cast(request), await form_of(request)
    if request.path_params["name"] == "tom" and cast.has(deeds.ABROAD):
        await deeds.tom_tries(cast)
    elif request.path_params["name"] == "ines" and cast.has(deeds.FAR):
        await deeds.ines_writes(cast, gettext(request, "We read them on the train home. Three piles fit on one seat."))
    else:
        raise HTTPException(404)
    return redirect(request, safe_next(text(form, "then", 300), "/demo"))


async def message(request: Request) -> Response:
    """A message that came in here, with its headers, and what was answered."""
    found = _cast(request).wires[_place(request)].about(request.query_params.get("id", "")[:500])
    if found is None:
        raise HTTPException(404)
    return render(request, "demo/message.html", letter=found, words=answer_words(request, found))


async def mine(request: Request) -> Response:
    """How to throw the demo away and begin."""
    return render(request, "demo/mine.html", frame=_frame(request), tour=None)


async def be(request: Request) -> Response:
    """Sign in as one of the demo people."""
    form = await form_of(request)
    onward = redirect(request, safe_next(text(form, "then", 300)))
    return await _signed_in(request, onward, text(form, "name", 60))


async def doorstep(request: Request) -> Response:
    """The doorstep of this organisation: one more tap, because signing in never acts on GET."""
    here = request.scope["state"]["here"].settings.origin
    organisation = next(one for one in _organisations(request) if one.origin == here)
    name = request.query_params.get("name", "")
    words = dict(organisation.people).get(name)
    if words is None:
        raise HTTPException(404)
    return render(
        request,
        "demo/door.html",
        organisation=organisation,
        name=name,
        then=request.query_params.get("then", "/week"),
        words=gettext(request, "Be %(person)s") % {"person": words},
        first=_cast(request).origin(deeds.HOME),
    )


def answer_words(request: Request, letter: Delivery) -> str:
    """What became of a delivery, in words."""
    if letter.is_taken:
        return gettext(request, "Answered with %(status)s: taken in.", status=letter.status)
    if not letter.status:
        return gettext(request, "Nobody answered. The other server may be away.")
    return gettext(request, "Answered with %(status)s: refused.", status=letter.status)


async def bar_for(scope: Scope, cast: Cast, place: str) -> Callable[[Request], Progress] | None:
    """What makes the bar of the tour, in the language of the page that has it; None for nobody on a tour.

    It is asked for by a cookie.
    """
    request = Request(scope)
    name, _, number = request.cookies.get(TOUR_COOKIE, "").partition(".")
    if name not in DOORS or number not in {str(each) for each in range(1, MOST_STOPS + 1)}:
        return None
    found = _progress(request, cast, name, int(number))
    if found is None:
        return None
    can, said = await _deed(cast, found.stop) if found.stop.place == place else ("", None)

    def bar(page: Request) -> Progress:
        made = _progress(page, cast, name, int(number))
        assert made is not None
        return replace(made, can=can, said=said)

    return bar


async def _deed(cast: Cast, stop: Stop) -> tuple[str, Arrived | None]:
    if stop.deed == "tom":
        said = await deeds.tom_said(cast)
        return "tom-again" if said else "tom", said
    if stop.deed == "ines":
        return "ines", await deeds.ines_said(cast)
    return "", None


async def _signed_in(request: Request, response: Response, name: str) -> Response:
    try:
        token = await deeds.sign_in(request.scope["state"]["here"], name, request.headers.get("user-agent", ""))
    except NotFound as error:
        raise HTTPException(404) from error
    return sign_in_response(request, response, token)


def _progress_of(request: Request, name: str, number: int) -> Progress:
    found = _progress(request, _cast(request), name, number) if name in DOORS else None
    if found is None:
        raise HTTPException(404)
    return found


def _progress(request: Request, cast: Cast, name: str, number: int) -> Progress | None:
    through = door(request, cast, name)
    if not 1 <= number <= len(through.stops):
        return None
    stops = through.stops

    def address(which: int) -> str:
        return f"{cast.origin(stops[which - 1].place)}/demo/{name}/{which}"

    is_last = number == len(stops)
    return Progress(
        through,
        number,
        stops[number - 1],
        address(number - 1) if number > 1 else "",
        address(number),
        "" if is_last else address(number + 1),
        "" if is_last else stops[number].title,
    )


def _address(request: Request, name: str, number: int) -> str:
    return _progress_of(request, name, number).here


def _organisations(request: Request) -> list[Organisation]:
    cast = _cast(request)
    people = {
        deeds.HOME: (
            ("maya", gettext(request, "Maya, who teaches science")),
            ("ana", gettext(request, "Ana, the admin")),
        ),
        deeds.ABROAD: (("tom", gettext(request, "Tom, who runs learning circles")),),
        deeds.FAR: (("ines", gettext(request, "Inês, who teaches teachers")),),
    }
    return [Organisation(here.site.name, here.settings.origin, people[slug]) for slug, here in cast.opened.items()]


def _cast(request: Request) -> Cast:
    cast: Cast = request.app.state.cast
    return cast


def _place(request: Request) -> str:
    return str(request.app.state.place)


def _frame(request: Request) -> str:
    return "demo/viewer_frame.html" if _place(request) == "sofia" else "layout/plain.html"


def message_address(origin: str, letter: Delivery) -> str:
    """Where a message that came in at a server of the demo can be read."""
    return f"{origin}/demo/message?{urlencode({'id': letter.ids[0] if letter.ids else ''})}"


STOPS = [
    Route("/demo/{door}/{number:int}", stop_page),
    Route("/demo/{door}/{number:int}", go, methods=["POST"]),
    Route("/demo/leave", leave, methods=["POST"]),
]


async def with_bar(scope: Scope, cast: Cast, place: str) -> None:
    """Put the bar of the tour into the state of a request of somebody who is on one."""
    if scope["type"] == "http" and not scope["path"].startswith(("/static/", "/theme/", "/ap/", "/live")):
        bar = await bar_for(scope, cast, place)
        if bar is not None:
            scope.setdefault("state", {})["tour"] = bar


class _Split:
    """The tour under ``/demo``, everything else as always, with the bar of the tour for whoever is on one."""

    def __init__(self, pages: ASGIApp, app: ASGIApp, here: Instance, cast: Cast, place: str) -> None:
        self._pages = pages
        self._app = app
        self._here = here
        self._cast = cast
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (scope["path"] == "/demo" or scope["path"].startswith("/demo/")):
            scope.setdefault("state", {})["here"] = self._here
            with self._here.db.bind():
                await self._pages(scope, receive, send)
            return
        await with_bar(scope, self._cast, self._place)
        await self._app(scope, receive, send)


def with_demo_pages(app: ASGIApp, here: Instance, cast: Cast) -> ASGIApp:
    """An application with the tour in front."""
    pages = Starlette(
        routes=[
            Route("/demo", start),
            Route("/demo/be", be, methods=["POST"]),
            Route("/demo/door", doorstep),
            Route("/demo/mine", mine),
            Route("/demo/message", message),
            Route("/demo/deeds/{name}", deed, methods=["POST"]),
            *STOPS,
        ],
        exception_handlers=exception_handlers,
    )
    place = next(slug for slug, opened in cast.opened.items() if opened is here)
    pages.state.cast, pages.state.place = cast, place
    return _Split(wrap_pages(pages), app, here, cast, place)
