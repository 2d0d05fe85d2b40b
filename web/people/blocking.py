"""Blocking people, and the list of whom one blocked."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.actors import actions, queries, relations
from server.errors import NotFound
from web.i18n import gettext
from web.render import redirect, render
from web.request import here_of, signed_in

PAGE = 40
LIST = "/settings/blocked"


async def block(request: Request) -> Response:
    """Have nothing to do with somebody any more."""
    here, viewer, page = here_of(request), signed_in(request), await _person(request)
    await actions.block(here, str(viewer.actor_id), page.id)
    words = gettext(request, "Blocked. Neither of you sees anything of the other.")
    return redirect(request, page.label.url, toast=words, undo=f"{page.label.url}/unblock")


async def unblock(request: Request) -> Response:
    """Take it back."""
    here, viewer, page = here_of(request), signed_in(request), await _person(request)
    await actions.unblock(here, str(viewer.actor_id), page.id)
    words = gettext(request, "%(name)s is not blocked any more.", name=page.label.display_name)
    return redirect(request, page.label.url, toast=words)


async def unblock_listed(request: Request) -> Response:
    """Take it back from the list: also for those whose page is not there any more."""
    here, viewer = here_of(request), signed_in(request)
    await actions.unblock(here, str(viewer.actor_id), request.path_params["actor_id"])
    return redirect(request, LIST, toast=gettext(request, "Not blocked any more."))


async def blocked(request: Request) -> Response:
    """People I blocked."""
    here, viewer = here_of(request), signed_in(request)
    before = request.query_params.get("before")
    found = await relations.blocked_people(here, str(viewer.actor_id), before=before, limit=PAGE + 1)
    return render(
        request,
        "people/blocked.html",
        nav="settings",
        tab="blocked",
        people=[label for _, label in found[:PAGE]],
        older=f"{LIST}?before={found[PAGE - 1][0]}" if len(found) > PAGE else None,
    )


async def _person(request: Request) -> queries.ActorPage:
    signed_in(request)
    page = await queries.person_by_handle(here_of(request), request.path_params["handle"])
    if page is None or page.is_deleted:
        raise NotFound
    return page


routes = [
    Route(LIST, blocked),
    Route("/settings/blocked/{actor_id}/unblock", unblock_listed, methods=["POST"]),
    Route("/@{handle}/block", block, methods=["POST"]),
    Route("/@{handle}/unblock", unblock, methods=["POST"]),
]
