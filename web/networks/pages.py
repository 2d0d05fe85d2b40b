"""The networks that this server is in: who they are, what they agreed on, and what goes between them. For everybody."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.communities import neighbours
from server.consortium import queries
from web.networks.drawing import drawn
from web.render import render
from web.request import here_of


async def networks(request: Request) -> Response:
    """All of them."""
    return render(request, "networks/list.html", nav="networks", networks=await queries.networks(here_of(request)))


async def network(request: Request) -> Response:
    """One network: members with their communities, guidelines, and the map."""
    here = here_of(request)
    view = await queries.network(here, request.path_params["slug"])
    ties = await queries.ties(here, view)
    return render(
        request,
        "networks/show.html",
        nav="networks",
        network=view,
        communities=await neighbours.of_servers(here, [member.host for member in view.members]),
        ties=ties,
        picture=drawn(view.members, ties),
    )


routes = [
    Route("/networks", networks),
    Route("/networks/{slug}", network),
]
