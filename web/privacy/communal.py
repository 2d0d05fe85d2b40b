"""The archive of a community, for its stewards."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.communities.queries import CommunityPage
from server.errors import Invalid
from server.privacy import actions
from web.communities.common import local, show
from web.i18n import gettext
from web.render import redirect
from web.request import here_of, proven, signed_in


async def page(request: Request) -> Response:
    """What is in it."""
    viewer, place = signed_in(request), await local(request)
    await actions.check_steward(here_of(request), viewer, place.id)
    return _page(request, place)


async def ask(request: Request) -> Response:
    """Have it made."""
    viewer, place = signed_in(request), await local(request)
    await actions.check_steward(here_of(request), viewer, place.id)
    viewer = proven(request)
    try:
        await actions.ask_for_community(here_of(request), viewer, place.id)
    except Invalid as error:
        return _page(request, place, errors=error.errors, status=422)
    said = gettext(request, "The archive is being made. It stands here when it is ready.")
    return redirect(request, "/settings/data#archives", toast=said)


def _page(
    request: Request, place: CommunityPage, *, errors: Sequence[dict[str, str]] = (), status: int = 200
) -> Response:
    return show(request, "privacy/community.html", place, "home", status_code=status, errors=list(errors))


routes = [Route("/c/{slug}/take-along", page), Route("/c/{slug}/take-along", ask, methods=["POST"])]
