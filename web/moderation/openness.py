"""What was decided, for those whom it may concern: a community's members, and everybody in numbers."""

from starlette.requests import Request
from starlette.responses import Response

from server.communities import policy, queries
from server.errors import NotFound
from server.moderation import openness
from web.moderation import words
from web.render import render
from web.request import here_of, signed_in, viewer_of

PAGE = 30


async def community(request: Request) -> Response:
    """What was decided in a community, without names; for those inside."""
    here, viewer = here_of(request), signed_in(request)
    found = await queries.community_by_slug(here, request.path_params["slug"], viewer)
    if found is None or not found.is_local or not found.facts.is_member or policy.view(found.facts) != policy.INSIDE:
        raise NotFound
    return render(
        request,
        "moderation/decided.html",
        nav="communities",
        community=found,
        lines=await openness.decided_in(here, found.id, limit=PAGE),
        measures=words.done(request),
    )


async def numbers(request: Request) -> Response:
    """How much was reported and decided here, by quarter; for everybody."""
    viewer_of(request)
    found = await openness.quarters(here_of(request))
    return render(request, "moderation/numbers.html", quarters=found, fewest=openness.FEWEST)
