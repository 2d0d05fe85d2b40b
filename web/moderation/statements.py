"""What was decided about somebody: the statement of reasons, for them alone, and the way to object."""

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from server.db import from_milliseconds
from server.errors import Invalid, NotFound
from server.moderation import actions, queries
from server.moderation.views import RulingView
from web.i18n import gettext
from web.moderation import words
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text


async def page(request: Request) -> Response:
    """What was decided, and why."""
    return _page(request, await _ruling(request))


async def object_to(request: Request) -> Response:
    """Object."""
    here, viewer, ruling, sent = here_of(request), signed_in(request), await _ruling(request), await form_of(request)
    said = text(sent, "text", 6000)
    try:
        await actions.object_to(here, viewer, ruling.id, said)
    except Invalid as error:
        return _page(request, ruling, said, errors=error.errors, status=422)
    return redirect(request, f"/me/decisions/{ruling.id}", toast=gettext(request, "Sent. Somebody else looks at it."))


async def _ruling(request: Request) -> RulingView:
    found = await queries.ruling(here_of(request), signed_in(request), request.path_params["ruling_id"])
    if found is None:
        raise NotFound
    return found


def _page(
    request: Request,
    ruling: RulingView,
    filled: str = "",
    *,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
) -> Response:
    until = [
        measure | {"until_at": from_milliseconds(measure["until"]) if measure.get("until") else None}
        for measure in ruling.measures
    ]
    return render(
        request,
        "moderation/statement.html",
        status_code=status,
        nav="me",
        ruling=replace(ruling, measures=tuple(until)),
        measures=words.measures(request),
        can_object=not ruling.appeal_state and here_of(request).clock.now() <= ruling.appeal_until,
        filled=filled,
        errors=errors or [],
    )
