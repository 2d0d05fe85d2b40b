"""With whom this server talks at all: the choice, and what it would change, before it is made."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.errors import Invalid
from server.peers import choices, modes, policy, queries
from web.i18n import gettext
from web.render import redirect, render
from web.request import admin, form_of, here_of, text

PAGE = "/admin/servers/mode"


async def mode_page(request: Request) -> Response:
    """The four modes, and which of them holds."""
    admin(request)
    return _page(request, {"mode": queries.mode(here_of(request)), "window": queries.window(here_of(request))})


async def choose(request: Request) -> Response:
    """Choose one. What it would change is shown first, always: it concerns everybody here."""
    by, here, form = admin(request), here_of(request), await form_of(request)
    filled = {"mode": text(form, "mode", 20), "window": text(form, "window", 20)}
    if filled["mode"] != policy.CONSORTIUM:
        filled["window"] = policy.SHUT
    try:
        if filled["mode"] not in policy.MODES:
            raise Invalid(gettext(request, "Choose with whom this server talks."), field="mode")
        if filled["window"] not in policy.WINDOWS:
            raise Invalid(gettext(request, "Choose what everybody else may do."), field="window")
        if text(form, "confirmed", 60) != f"{filled['mode']}:{filled['window']}":
            change = await modes.consequences(here, filled["mode"], filled["window"])
            return _page(request, filled, change=change)
        await choices.set_mode(here, filled["mode"], filled["window"], by.handle)
    except Invalid as error:
        return _page(request, filled, errors=error.errors, status=422)
    return redirect(
        request, "/admin/servers", toast=gettext(request, "Saved. It counts from now on."), undo=f"{PAGE}/undo"
    )


async def undo(request: Request) -> Response:
    """Go back to what was before."""
    by = admin(request)
    await choices.undo_mode(here_of(request), by.handle)
    return redirect(request, "/admin/servers", toast=gettext(request, "It is as it was before."))


def _page(
    request: Request,
    filled: dict[str, str],
    *,
    change: modes.ModeConsequences | None = None,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
) -> Response:
    here = here_of(request)
    return render(
        request,
        "admin/mode.html",
        status_code=status,
        nav="admin",
        tab="servers",
        form=filled,
        change=change,
        errors=errors or [],
        now=queries.mode(here),
        set_to=here.settings.federation,
        chosen=queries.MODE in queries.grades(here).choices,
    )


routes = [
    Route(PAGE, mode_page),
    Route(PAGE, choose, methods=["POST"]),
    Route(f"{PAGE}/undo", undo, methods=["POST"]),
]
