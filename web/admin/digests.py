"""How preparing and sending the weekly mails goes, and term breaks without them."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.accounts import site
from server.digest import queries
from server.errors import Invalid
from web.i18n import gettext
from web.render import redirect, render
from web.request import admin, form_of, here_of, text

PAGE = "/admin/mail"


async def page(request: Request) -> Response:
    """The last runs, how far each is, and the term break."""
    admin(request)
    chosen = here_of(request).site
    days = {"break_from": chosen.break_from, "break_until": chosen.break_until}
    return await _page(request, {name: day.isoformat() if day else "" for name, day in days.items()})


async def set_break(request: Request) -> Response:
    """Choose, change or end a term break."""
    by, form = admin(request), await form_of(request)
    filled = {name: text(form, name, 20) for name in ("break_from", "break_until")}
    try:
        await site.save(here_of(request), by.handle, dict(filled))
    except Invalid as error:
        return await _page(request, filled, errors=error.errors, status=422)
    return redirect(request, PAGE, toast=gettext(request, "Saved."))


async def _page(
    request: Request, form: dict[str, str], *, errors: list[dict[str, str]] | None = None, status: int = 200
) -> Response:
    return render(
        request,
        "admin/digests.html",
        status_code=status,
        nav="admin",
        tab="digests",
        runs=await queries.runs(here_of(request)),
        form=form,
        errors=errors or [],
    )


routes = [Route(PAGE, page), Route(PAGE, set_break, methods=["POST"])]
