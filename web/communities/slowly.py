"""`/c/SLUG/slow`: taking it slowly for some days, for who looks after a community (B9)."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.communities import policy, slowly
from server.communities.queries import CommunityPage
from server.errors import Invalid
from web.communities.common import insist, local, show
from web.i18n import gettext, ngettext
from web.render import redirect
from web.request import form_of, here_of, signed_in, text


async def page(request: Request) -> Response:
    """What it means, and for how long."""
    return _page(request, await _looked_after(request))


async def save(request: Request) -> Response:
    """Take it slowly, or no longer."""
    here, viewer, page = here_of(request), signed_in(request), await _looked_after(request)
    typed = text(await form_of(request), "days", 2)
    try:
        await slowly.set_slow(here, viewer, page.id, int(typed) if typed in {"0", "1", "3", "7"} else -1)
    except Invalid as error:
        return _page(request, page, errors=error.errors, status=422)
    said = gettext(request, "As before: everybody writes as they like.")
    if typed != "0":
        said = gettext(request, "Slowly for now: everybody reads why on the page of the community.")
    return redirect(request, page.url, toast=said)


async def _looked_after(request: Request) -> CommunityPage:
    signed_in(request)
    page = await local(request)
    insist(policy.may_decide(page.facts))
    return page


def _page(
    request: Request, page: CommunityPage, *, errors: list[dict[str, str]] | None = None, status: int = 200
) -> Response:
    days = [
        {
            "value": str(count),
            "label": ngettext(request, "For one day", "For %(count)s days", count)
            if count
            else gettext(request, "No longer"),
        }
        for count in (1, 3, 7, 0)
    ]
    return show(
        request,
        "slow.html",
        page,
        "",
        status_code=status,
        days=days,
        errors=errors or [],
        is_slow=bool(page.slow_until and page.slow_until > here_of(request).clock.now()),
    )


routes = [Route("/c/{slug}/slow", page), Route("/c/{slug}/slow", save, methods=["POST"])]
