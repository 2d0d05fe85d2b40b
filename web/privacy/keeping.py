"""How long things are kept: choosing it, with a look at what would go, and what went lately."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.errors import Invalid
from server.privacy import retention
from web.i18n import gettext
from web.privacy import words
from web.render import redirect, render
from web.request import admin, form_of, here_of, text

PAGE = "/admin/retention"


async def retention_page(request: Request) -> Response:
    """For each kind, how long."""
    admin(request)
    kept = await retention.days_kept(here_of(request))
    return await _page(request, {key: str(days) for key, days in kept.items()})


async def save(request: Request) -> Response:
    """Look what these choices would delete, or make them."""
    by, here, form = admin(request), here_of(request), await form_of(request)
    filled = {key: text(form, key, 8) for key in retention.USUAL}
    try:
        wanted = {key: _number(request, key, value) for key, value in filled.items()}
        seen = await retention.preview(here, wanted)
        if text(form, "do", 10) != "save":
            return await _page(request, filled, previews=seen)
        await retention.choose(here, by, wanted)
    except Invalid as error:
        return await _page(request, filled, errors=error.errors, status=422)
    return redirect(request, PAGE, toast=gettext(request, "Saved. What is older goes within a day."))


async def _page(
    request: Request,
    filled: dict[str, str],
    *,
    previews: Sequence[retention.Preview] | None = None,
    errors: Sequence[dict[str, str]] = (),
    status: int = 200,
) -> Response:
    return render(
        request,
        "privacy/retention.html",
        status_code=status,
        nav="admin",
        tab="retention",
        filled=filled,
        words=words.retention(request),
        least=retention.LEAST,
        usual=retention.USUAL,
        previews=previews,
        runs=await retention.runs(here_of(request)),
        errors=list(errors),
    )


def _number(request: Request, key: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 5):
        raise Invalid(gettext(request, "Write a number of days, such as 90."), field=key)
    return int(value)


routes = [Route(PAGE, retention_page), Route(PAGE, save, methods=["POST"])]
