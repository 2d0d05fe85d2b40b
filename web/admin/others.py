"""Other servers: which we know, how deliveries to them go, and what passes between us."""

from collections.abc import Awaitable, Callable, Sequence
from itertools import groupby
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.actors.viewer import Viewer
from server.errors import Invalid, NotFound
from server.fediverse import actions as deliveries
from server.fediverse.dossier import dossier
from server.fediverse.queries import RefusalView
from server.instance import Instance
from server.peers import actions, policy, queries
from web.admin import lists, modes, words
from web.i18n import gettext
from web.render import redirect, render
from web.request import admin, form_of, here_of, text

Handler = Callable[[Request], Awaitable[Response]]

PAGE = 50


async def servers(request: Request) -> Response:
    """All servers that we know."""
    admin(request)
    return await _servers(request)


async def find(request: Request) -> Response:
    """Go to the page of a domain, also of one that we never met: it can be graded before."""
    admin(request)
    form = await form_of(request)
    try:
        host = policy.host_named(text(form, "host", 300))
    except Invalid as error:
        return await _servers(request, typed=text(form, "host", 300), errors=error.errors, status=422)
    return RedirectResponse(_page(host), status_code=303)


async def server(request: Request) -> Response:
    """One server: what we know, and what the grades would do."""
    admin(request)
    return await _server(request)


async def grade(request: Request) -> Response:
    """Grade a server. What would change is shown first: when asked for, and where it would cut somebody off."""
    by, form = admin(request), await form_of(request)
    here, host = here_of(request), _host(request)
    chosen, note, tells = text(form, "grade", 20), text(form, "note", 2000), bool(text(form, "tells", 10))
    said = text(form, "public_note", 300)
    filled: dict[str, object] = {"grade": chosen, "note": note, "tells": tells, "public_note": said}
    if chosen in policy.GRADES and text(form, "confirmed", 20) != chosen:
        change = await queries.consequences(here, host, chosen)
        if change.hurts or text(form, "dry_run", 10):
            return await _server(request, form=filled, change=change)
    try:
        await actions.set_grade(here, host, chosen, by.handle, note, public_note=said, tells=tells)
    except Invalid as error:
        return await _server(request, form=filled, errors=error.errors, status=422)
    return redirect(request, _page(host), toast=gettext(request, "Saved."), undo=_page(host) + "/undo")


async def undo(request: Request) -> Response:
    """Take the last change back."""
    by, host = admin(request), _host(request)
    await actions.undo_grade(here_of(request), host, by.handle)
    return redirect(request, _page(host), toast=gettext(request, "It is as it was before."))


async def forget(request: Request) -> Response:
    """Treat a server like any other again."""
    by, host = admin(request), _host(request)
    await actions.forget(here_of(request), host, by.handle)
    return redirect(request, _page(host), toast=gettext(request, "It is treated like any other now."))


def _does(act: Callable[[Instance, Viewer, str], Awaitable[None]], words: Callable[[Request], str]) -> Handler:
    """A handler that does something about deliveries to a server, and goes back to its page."""

    async def handler(request: Request) -> Response:
        by, host, form = admin(request), _host(request), await form_of(request)
        await act(here_of(request), by, host)
        back = "/admin/deliveries" if text(form, "back", 20) == "deliveries" else _page(host)
        return redirect(request, back, toast=words(request))

    return handler


async def drop(request: Request) -> Response:
    """Drop what waits for a server, after a second look."""
    by, host, form = admin(request), _host(request), await form_of(request)
    if text(form, "confirmed", 5) != "yes":
        return await _server(request, drop_asked=True)
    await deliveries.drop_queue(here_of(request), by, host)
    return redirect(request, _page(host), toast=gettext(request, "Dropped. It is never delivered."))


async def _servers(
    request: Request, *, typed: str = "", errors: list[dict[str, str]] | None = None, status: int = 200
) -> Response:
    asked = request.query_params.get("q", "")[:200]
    chosen = request.query_params.get("grade", "")
    chosen = chosen if chosen in policy.GRADES else ""
    found = await queries.peers(
        here_of(request),
        grade=chosen or None,
        text=asked,
        after=request.query_params.get("after", "")[:255],
        limit=PAGE + 1,
    )
    onward = {"q": asked, "grade": chosen, "after": found[PAGE - 1].host} if len(found) > PAGE else {}
    return render(
        request,
        "admin/servers.html",
        status_code=status,
        nav="admin",
        tab="servers",
        servers=found[:PAGE],
        chosen=chosen,
        typed=typed,
        errors=errors or [],
        mode=queries.mode(here_of(request)),
        window=queries.window(here_of(request)),
        older=f"/admin/servers?{urlencode({key: value for key, value in onward.items() if value})}" if onward else None,
    )


async def _server(
    request: Request,
    *,
    form: dict[str, object] | None = None,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
    change: queries.Consequences | None = None,
    drop_asked: bool = False,
) -> Response:
    here, host = here_of(request), _host(request)
    found = await dossier(here, host)
    known = found.peer if found is not None else None
    present: dict[str, object] = {
        "grade": known.grade if known else queries.grade_of(here, host),
        "note": known.note if known else "",
    }
    return render(
        request,
        "admin/server.html",
        status_code=status,
        nav="admin",
        tab="servers",
        host=host,
        known=known,
        dossier=found,
        received=[(words.activity(request, each.kind), each.times, each.refused) for each in found.received]
        if found
        else [],
        sent=[(words.activity(request, kind), times) for kind, times in found.sent] if found else [],
        refused=_runs(found.refusals) if found else [],
        refusal_words=words.refusals(request),
        log_words=words.log(request),
        drop_asked=drop_asked,
        form=form or present,
        errors=errors or [],
        change=change,
        too_late=known is not None and known.undone_until is not None and known.undone_until < here.clock.now(),
        talks=queries.may_receive(here, host),
        mode=queries.mode(here),
    )


def _runs(refusals: Sequence[RefusalView]) -> list[tuple[RefusalView, int]]:
    """What was refused for the same reason several times in a row, once: the latest, and how often."""
    runs = groupby(refusals, key=lambda each: (each.place, each.word, each.reason, each.activity_type))
    return [(same[0], len(same)) for same in (list(run) for _, run in runs)]


def _host(request: Request) -> str:
    try:
        return policy.host_named(request.path_params["host"])
    except Invalid as error:
        raise NotFound(error.message) from error


def _page(host: str) -> str:
    return f"/admin/servers/{quote(host, safe=':[]')}"


pause = _does(deliveries.pause, lambda request: gettext(request, "Paused. Nothing is sent there until you resume."))
resume = _does(deliveries.resume, lambda request: gettext(request, "What waits is sent now."))
retry = _does(deliveries.retry_now, lambda request: gettext(request, "It is tried again now."))

routes = [
    *modes.routes,
    *lists.routes,
    Route("/admin/servers", servers),
    Route("/admin/servers", find, methods=["POST"]),
    Route("/admin/servers/{host}", server),
    Route("/admin/servers/{host}", grade, methods=["POST"]),
    Route("/admin/servers/{host}/undo", undo, methods=["POST"]),
    Route("/admin/servers/{host}/forget", forget, methods=["POST"]),
    Route("/admin/servers/{host}/pause", pause, methods=["POST"]),
    Route("/admin/servers/{host}/resume", resume, methods=["POST"]),
    Route("/admin/servers/{host}/retry", retry, methods=["POST"]),
    Route("/admin/servers/{host}/drop", drop, methods=["POST"]),
]
