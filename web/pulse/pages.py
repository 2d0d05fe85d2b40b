"""`/c/SLUG/pulse`: four sentences, answered without a name, and what came of the times before (A20, B5)."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.communities.policy import SUPPORT, may_decide
from server.communities.queries import CommunityPage
from server.errors import Invalid, NotFound
from server.pulse import actions, policy, queries
from web.communities.common import local, show
from web.i18n import gettext
from web.render import redirect
from web.request import form_of, here_of, signed_in, text


async def pulse_page(request: Request) -> Response:
    """What is asked, and how it felt before."""
    return await _page(request, await _of_members(request))


async def answer(request: Request) -> Response:
    """Answer, once."""
    here, viewer, page = here_of(request), signed_in(request), await _of_members(request)
    form = await form_of(request)
    typed = {item: text(form, item, 1) for item in policy.ITEMS}
    chosen = {item: int(value) for item, value in typed.items() if value in {"1", "2", "3", "4", "5"}}
    try:
        await actions.answer(here, viewer, page.id, chosen)
    except Invalid as error:
        return await _page(request, page, chosen=chosen, errors=error.errors, status=422)
    return redirect(request, f"{page.url}/pulse", toast=gettext(request, "Thank you. Your answers are in the sum now."))


async def open_pulse(request: Request) -> Response:
    """Ask all members."""
    here, viewer, page = here_of(request), signed_in(request), await _of_members(request)
    await actions.open_pulse(here, viewer, page.id)
    return redirect(request, f"{page.url}/pulse", toast=gettext(request, "All members are asked, for a week."))


async def _of_members(request: Request) -> CommunityPage:
    """For members alone, and not where nothing is counted: others are not told that there is such a page."""
    page = await local(request)
    if not page.facts.is_member or page.kind == SUPPORT:
        raise NotFound
    return page


async def _page(
    request: Request,
    page: CommunityPage,
    *,
    chosen: dict[str, int] | None = None,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
) -> Response:
    sentences = {
        "fail": gettext(request, "I can say here that something did not work."),
        "ask": gettext(request, "I can ask here for help."),
        "differ": gettext(request, "I can disagree here, and am still welcome."),
        "stays": gettext(request, "What I say here is treated with care."),
    }
    levels = [
        {"value": "1", "label": gettext(request, "Not at all")},
        {"value": "2", "label": gettext(request, "Hardly")},
        {"value": "3", "label": gettext(request, "Partly")},
        {"value": "4", "label": gettext(request, "Mostly")},
        {"value": "5", "label": gettext(request, "Fully")},
    ]
    return show(
        request,
        "pulse/show.html",
        page,
        "",
        status_code=status,
        trend=await queries.trend(here_of(request), signed_in(request), page.id),
        looks_after=bool(may_decide(page.facts)),
        can_open=bool(policy.may_open(page.facts)),
        items=[{"name": item, "label": sentences[item]} for item in policy.ITEMS],
        levels=levels,
        chosen=chosen or {},
        errors=errors or [],
        enough=policy.ENOUGH,
    )


routes = [
    Route("/c/{slug}/pulse", pulse_page),
    Route("/c/{slug}/pulse", answer, methods=["POST"]),
    Route("/c/{slug}/pulse/open", open_pulse, methods=["POST"]),
]
