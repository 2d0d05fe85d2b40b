"""How preparing and sending the weekly mails goes."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.digest import queries
from web.render import render
from web.request import admin, here_of


async def page(request: Request) -> Response:
    """The last runs, and how far each is."""
    admin(request)
    return render(request, "admin/digests.html", nav="admin", tab="digests", runs=await queries.runs(here_of(request)))


routes = [Route("/admin/mail", page)]
