"""Help: what is what, the keys, other servers, how to follow from elsewhere, and scripts."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from web.render import render
from web.request import here_of, viewer_of


async def help_page(request: Request) -> Response:
    """`/help`, for everybody."""
    viewer, domain = viewer_of(request), here_of(request).settings.domain
    my_handle = viewer.full_handle if viewer.is_signed_in else f"@name@{domain}"
    return render(request, "help/help.html", nav="help", domain=domain, my_handle=my_handle)


async def scripts(request: Request) -> Response:
    """`/help/scripts`: how a script reads and posts here."""
    return render(request, "help/scripts.html", nav="help", origin=here_of(request).settings.origin)


routes = [
    Route("/help", help_page, methods=["GET"]),
    Route("/help/scripts", scripts, methods=["GET"]),
]
