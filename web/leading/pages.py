"""Sums of this server, for those who lead its organisation; and who those are, for admins."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.actors.viewer import Viewer
from server.consortium.numbers import quarter_before, read_quarter
from server.errors import Invalid, NotFound
from server.leading import actions, queries
from web.admin.words import numbers
from web.i18n import gettext
from web.render import redirect, render
from web.request import admin, form_of, here_of, signed_in, text

PAGE = "/sums"


async def sums(request: Request) -> Response:
    """The numbers of a quarter."""
    await _reader(request)
    return await _page(request)


async def brief(request: Request) -> Response:
    """The same on one page, to print and take along."""
    await _reader(request)
    return await _page(request, template="leading/brief.html")


async def change(request: Request) -> Response:
    """Name somebody, or take that back; for admins."""
    by, form = admin(request), await form_of(request)
    here, account_id, handle = here_of(request), text(form, "account", 40), text(form, "handle", 200)
    try:
        if account_id:
            await actions.end_leader(here, by, account_id)
        else:
            await actions.name_leader(here, by, handle)
    except Invalid as error:
        return await _page(request, handle=handle, errors=error.errors, status=422)
    return redirect(request, PAGE, toast=gettext(request, "Saved."))


async def _reader(request: Request) -> Viewer:
    viewer = signed_in(request)
    if not await queries.may_read(here_of(request), viewer):
        raise NotFound
    return viewer


async def _page(
    request: Request,
    *,
    template: str = "leading/sums.html",
    handle: str = "",
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
) -> Response:
    here, viewer = here_of(request), signed_in(request)
    last = quarter_before(here.clock.now())
    asked = read_quarter(request.query_params.get("quarter", "")) or last
    wanted = asked if asked.until <= here.clock.now() else last
    earlier = quarter_before(wanted.since)
    found = await queries.sums(here, wanted)
    return render(
        request,
        template,
        status_code=status,
        nav="sums",
        sums=found,
        rows=[(word, number) for word, number in zip(numbers(request), found.numbers, strict=True)],
        earlier=f"{PAGE}?quarter={earlier}",
        latest=None if wanted == last else PAGE,
        leaders=await queries.leaders(here) if viewer.is_admin and template == "leading/sums.html" else None,
        handle=handle,
        errors=errors or [],
    )


routes = [
    Route(PAGE, sums),
    Route(PAGE, change, methods=["POST"]),
    Route(f"{PAGE}/brief", brief),
]
