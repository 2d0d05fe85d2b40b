"""Links out of mails: a page that asks, and a button that does the one thing. A GET never acts (S32).

Mail programs send the same POST by themselves when somebody presses their own button to unsubscribe (RFC 8058).
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.digest import answers
from web.render import render
from web.request import here_of


async def ask(request: Request) -> Response:
    """What the link would do, and a button."""
    return _page(request, await answers.asked(here_of(request), request.path_params["token"]), is_done=False)


async def do(request: Request) -> Response:
    """Do it, whoever is signed in: the link is what counts."""
    return _page(request, await answers.do(here_of(request), request.path_params["token"]), is_done=True)


def _page(request: Request, asked: answers.Asked, *, is_done: bool) -> Response:
    response = render(request, "notifications/answer.html", asked=asked, is_done=is_done)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


routes = [
    Route("/mail/{token}", ask, methods=["GET"]),
    Route("/mail/{token}", do, methods=["POST"]),
]
