"""Which challenge a practice or resource answers, in the form where it is written."""

from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request

from server.actors.viewer import Viewer
from server.challenges import actions, queries
from server.communities import queries as communities
from server.communities.queries import CommunityLabel
from server.errors import Invalid
from server.posts.composing import Detail
from server.posts.queries import PostView
from web.request import here_of, text, viewer_of


async def asked(request: Request, draft: PostView | None) -> str:
    """The challenge that a new form begins with, by its short id: the one in the address, or that of the draft."""
    wanted = request.query_params.get("answers", "")[:200]
    if wanted or draft is None:
        return wanted
    found = await queries.answers_to(here_of(request), viewer_of(request), draft.id)
    return found[0].short if found else ""


async def offered(
    request: Request,
    viewer: Viewer,
    community: CommunityLabel | None,
    sent: FormData | None,
    began_with: str,
    *,
    wanted: bool,
) -> dict[str, Any]:
    """What the form shows: the open challenges to choose from, and the chosen one. Nothing where it is not `wanted`."""
    if not wanted:
        return {"challenges": [], "challenge": ""}
    here = here_of(request)
    chosen = text(sent, "challenge", 40) if sent is not None else began_with
    places = [community] if community is not None else await communities.my_communities(here, viewer)
    found = await queries.choices(here, viewer, [place.id for place in places], [chosen] if chosen else [])
    several = len({item.community for item in found}) > 1
    options = [
        {"value": item.short, "label": f"{item.title} ({item.community})" if several and item.community else item.title}
        for item in found
    ]
    current = next((item.short for item in found if chosen and chosen.endswith(item.short)), "")
    return {"challenges": options, "challenge": current}


async def answering(request: Request, viewer: Viewer, sent: FormData) -> Detail:
    """What makes the post answer the chosen challenge. Raises Invalid for one that is not open to them."""
    here, short = here_of(request), text(sent, "challenge", 40)
    found = await queries.challenge_id(here, viewer, short)
    if short and found is None:
        raise Invalid("This challenge is not there any more. Choose another, or none.", field="challenge")
    return await actions.chosen(here, viewer, found)
