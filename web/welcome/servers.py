"""With whom this server talks, for everybody who wants to know; beside it the same for programs."""

from collections import Counter

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from server.consortium.queries import networks
from server.instance import Instance
from server.peers import choices, policy
from server.peers import queries as peers
from server.serverlists import publishing
from web.render import render
from web.request import here_of

AS_JSON = "/about/servers.json"


async def page(request: Request) -> Response:
    """The mode, what was decided about how many servers, the networks, and whom to ask."""
    here = here_of(request)
    line = _of_strangers(here)
    return render(
        request,
        "welcome/servers.html",
        mode=peers.mode(here),
        window=peers.window(here),
        counts=_counts(here),
        strangers=line,
        networks=await networks(here),
        as_json=AS_JSON,
        list=publishing.address(here) if choices.published(here) else "",
        signed_only=here.settings.authorized_fetch,
    )


async def as_json(request: Request) -> Response:
    """The same as JSON (FEDERATION.md, whom we talk to)."""
    here = here_of(request)
    line = _of_strangers(here)
    answer = {
        "mode": peers.mode(here),
        "window": peers.window(here) or None,
        "firstPostsWait": line.holds == "first",
        "strangersWriteToOneAlone": line.letters,
        "signedFetchesOnly": here.settings.authorized_fetch,
        "decided": _counts(here),
        "list": publishing.address(here) if choices.published(here) else None,
        "networks": [here.url(f"/networks/{network.slug}") for network in await networks(here)],
        "contact": here.site.contact or None,
        "page": here.url("/about/servers"),
    }
    return JSONResponse(answer)


def _of_strangers(here: Instance) -> policy.Effects:
    """What holds for a server of which nobody has decided anything."""
    return policy.effects(peers.mode(here), policy.NORMAL, chosen=False, window=peers.window(here))


def _counts(here: Instance) -> dict[str, int]:
    """How many servers have which grade, by what an admin decided."""
    found = Counter(peers.grades(here).by_host.values())
    return {grade: found[grade] for grade in policy.GRADES if grade != policy.NORMAL}


routes = [Route("/about/servers", page), Route(AS_JSON, as_json)]
