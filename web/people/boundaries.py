"""`/settings/boundaries`: who may write to me, who may name me, and whether I want quiet (B18, B20)."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.actors import boundaries
from server.errors import Invalid
from web.i18n import gettext
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text

PAGE = "/settings/boundaries"


async def page(request: Request) -> Response:
    """What I chose."""
    chosen = await boundaries.boundary_of(signed_in(request))
    return _page(request, {"direct": chosen.direct, "mention": chosen.mention, "quiet": chosen.quiet})


async def save(request: Request) -> Response:
    """Keep it; nobody is told."""
    here, viewer, form = here_of(request), signed_in(request), await form_of(request)
    direct, mention = text(form, "direct", 10), text(form, "mention", 10)
    quiet = bool(text(form, "quiet", 5))
    try:
        await boundaries.set_boundary(here, viewer, direct=direct, mention=mention, quiet=quiet)
    except Invalid as error:
        typed: dict[str, str | bool] = {"direct": direct, "mention": mention, "quiet": quiet}
        return _page(request, typed, errors=error.errors, status=422)
    return redirect(request, PAGE, toast=gettext(request, "Saved. Nobody is told."))


def _page(
    request: Request, chosen: dict[str, str | bool], *, errors: list[dict[str, str]] | None = None, status: int = 200
) -> Response:
    who = [
        {"value": "everyone", "label": gettext(request, "Everyone")},
        {
            "value": "known",
            "label": gettext(request, "Whom I know"),
            "hint": gettext(request, "Whom I follow, and who is in a community with me."),
        },
        {"value": "nobody", "label": gettext(request, "Nobody")},
    ]
    return render(
        request,
        "people/boundaries.html",
        status,
        nav="settings",
        tab="boundaries",
        chosen=chosen,
        who=who,
        errors=errors or [],
    )


routes = [Route(PAGE, page), Route(PAGE, save, methods=["POST"])]
