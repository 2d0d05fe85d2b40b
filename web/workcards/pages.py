"""`/settings/working`: my card (B16)."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.errors import Invalid
from server.workcards import actions, queries
from server.workcards.actions import CardForm
from web.i18n import gettext
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text

PAGE = "/settings/working"
NAMES = ("pronouns", "languages", "title", "pace", "answers", "access_needs", "manager")


async def page(request: Request) -> Response:
    """What I said."""
    return _page(request, await queries.own(here_of(request), signed_in(request)))


async def save(request: Request) -> Response:
    """Keep it."""
    here, viewer, sent = here_of(request), signed_in(request), await form_of(request)
    form = CardForm(**{name: text(sent, name, 3000) for name in NAMES})
    try:
        await actions.save(here, viewer, form)
    except Invalid as error:
        return _page(request, form, errors=error.errors, status=422)
    return redirect(request, PAGE, toast=gettext(request, "Saved."))


def _page(
    request: Request, form: CardForm, *, errors: list[dict[str, str]] | None = None, status: int = 200
) -> Response:
    return render(
        request,
        "workcards/settings.html",
        status,
        nav="settings",
        tab="working",
        form=form,
        paces=[
            {"value": "", "label": gettext(request, "Not said")},
            {"value": "live", "label": gettext(request, "Rather at the same time")},
            {"value": "later", "label": gettext(request, "Rather each in their own time")},
            {"value": "either", "label": gettext(request, "Both are fine")},
        ],
        answer_times=[
            {"value": "", "label": gettext(request, "Not said")},
            {"value": "day", "label": gettext(request, "Within a day")},
            {"value": "days", "label": gettext(request, "Within a few days")},
            {"value": "week", "label": gettext(request, "Within a week")},
        ],
        errors=errors or [],
    )


routes = [Route(PAGE, page), Route(PAGE, save, methods=["POST"])]
