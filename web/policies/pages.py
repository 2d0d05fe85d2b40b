"""The policies of this server: what the organisation wrote, over what is true of every Peerhall."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.accounts import policies
from web.render import render
from web.request import here_of


async def privacy(request: Request) -> Response:
    """Who answers for data, what is kept, what leaves, and what people can do."""
    return render(request, "policies/privacy.html", policy=await policies.policy(here_of(request), "privacy"))


async def acceptable_use(request: Request) -> Response:
    """What this server is for, and what it is not for."""
    here = here_of(request)
    return render(request, "policies/acceptable_use.html", policy=await policies.policy(here, "acceptable_use"))


async def accessibility(request: Request) -> Response:
    """What is true, what is not yet, and whom to tell."""
    here = here_of(request)
    return render(request, "policies/accessibility.html", policy=await policies.policy(here, "accessibility"))


routes = [
    Route("/privacy", privacy),
    Route("/acceptable-use", acceptable_use),
    Route("/accessibility", accessibility),
]
