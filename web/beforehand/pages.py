"""`/beforehand`: drafts that I am asked to read first, and one of them with what the two of us say (B11)."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.beforehand import actions, queries
from server.errors import Invalid
from web.i18n import gettext
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text


async def listed(request: Request) -> Response:
    """What others want me to read."""
    found = await queries.asked(here_of(request), signed_in(request))
    return render(request, "beforehand/list.html", nav="practices", asked=found)


async def page(request: Request) -> Response:
    """A draft, for its author and the one who reads it first."""
    return await _page(request)


async def show_to(request: Request) -> Response:
    """Ask somebody."""
    here, viewer, sent = here_of(request), signed_in(request), await form_of(request)
    found = await queries.reading(here, viewer, request.path_params["name"])
    handle, note = text(sent, "handle", 200), text(sent, "note", 2000)
    try:
        await actions.show_to(here, viewer, found.draft.id, handle, note)
    except Invalid as error:
        return await _page(request, errors=error.errors, handle=handle, typed_note=note, status_code=422)
    said = gettext(request, "They are asked. Nobody else sees it.")
    return redirect(request, f"/beforehand/{found.draft.short}", toast=said)


async def take_back(request: Request) -> Response:
    """Show it to nobody any more."""
    here, viewer = here_of(request), signed_in(request)
    found = await queries.reading(here, viewer, request.path_params["name"])
    await actions.take_back(here, viewer, found.draft.id)
    return redirect(request, f"/beforehand/{found.draft.short}", toast=gettext(request, "Only you see it again."))


async def remark(request: Request) -> Response:
    """Say something about it."""
    here, viewer, sent = here_of(request), signed_in(request), await form_of(request)
    found = await queries.reading(here, viewer, request.path_params["name"])
    said = text(sent, "text", 20_000)
    try:
        await actions.remark(here, viewer, found.draft.id, said)
    except Invalid as error:
        return await _page(request, errors=error.errors, typed=said, status_code=422)
    return redirect(
        request, f"/beforehand/{found.draft.short}#said", toast=gettext(request, "Said, to the two of you.")
    )


async def _page(request: Request, **more: Any) -> Response:
    found = await queries.reading(here_of(request), signed_in(request), request.path_params["name"])
    values: dict[str, Any] = {"errors": [], "handle": "", "typed_note": "", "typed": "", "status_code": 200, **more}
    return render(request, "beforehand/show.html", nav="practices", reading=found, **values)


routes = [
    Route("/beforehand", listed),
    Route("/beforehand/{name}", page),
    Route("/beforehand/{name}", show_to, methods=["POST"]),
    Route("/beforehand/{name}/back", take_back, methods=["POST"]),
    Route("/beforehand/{name}/remarks", remark, methods=["POST"]),
]
