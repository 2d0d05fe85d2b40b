"""The ideas board of a community, and volunteering to host one."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.actors.viewer import Viewer
from server.errors import NotFound
from server.ideas import actions, queries
from server.instance import Instance
from server.posts import queries as posts
from web.communities.common import inside, show
from web.i18n import gettext
from web.render import redirect
from web.request import here_of, signed_in, viewer_of

Act = Callable[[Instance, Viewer, str], Awaitable[None]]


async def board(request: Request) -> Response:
    """What people would like to do together, the newest first."""
    here, viewer, page = here_of(request), viewer_of(request), await inside(request)
    found = await queries.board(here, viewer, page.id, request.query_params.get("before"))
    return show(request, "ideas/board.html", page, "ideas", posts=found.items, older=found.next)


def does(act: Act, said: Callable[[Request], str]) -> Callable[[Request], Awaitable[Response]]:
    """A handler that does something with an idea and says so."""

    async def handler(request: Request) -> Response:
        here, viewer = here_of(request), signed_in(request)
        post = await posts.show(here, viewer, request.path_params["name"])
        if post is None:
            raise NotFound
        await act(here, viewer, post.id)
        return redirect(request, post.url, toast=said(request))

    return handler


def _hosts(request: Request) -> str:
    return gettext(request, "Thank you. Everybody sees that you would host it.")


def _hosts_not(request: Request) -> str:
    return gettext(request, "Nobody hosts it now. Somebody else can.")


routes = [
    Route("/c/{slug}/ideas", board),
    Route("/p/{name}/host", does(actions.volunteer, _hosts), methods=["POST"]),
    Route("/p/{name}/unhost", does(actions.step_back, _hosts_not), methods=["POST"]),
]
