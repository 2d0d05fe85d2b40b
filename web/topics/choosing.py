"""The topics of a community to choose from where something is written."""

from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request

from server.communities.queries import CommunityLabel
from server.posts.composing import Detail
from server.posts.queries import PostView
from server.posts.sorting import goes_into
from server.topics.queries import topics_of
from web.request import here_of, text, viewer_of


async def options(request: Request, community: CommunityLabel | None) -> list[dict[str, str]]:
    """For a select; nothing where there are none. One query."""
    if community is None:
        return []
    found = await topics_of(here_of(request), viewer_of(request), community.id, community.url)
    return [{"value": topic.id, "label": topic.full_name, "short": topic.short} for topic in found.to_choose]


async def offered(
    request: Request,
    community: CommunityLabel | None,
    chosen: str = "",
    *,
    draft: PostView | None = None,
    wanted: bool = True,
) -> dict[str, Any]:
    """What the form shows: the topics, and the chosen one: what was sent, else that of the draft or in the address."""
    topics = await options(request, community) if wanted else []
    if not chosen and draft is not None and draft.topic is not None:
        chosen = draft.topic.id
    if not chosen:
        asked = request.query_params.get("topic", "")[:8]
        chosen = next((option["value"] for option in topics if option["short"] == asked), "")
    return {"topics": topics, "topic": chosen}


def sent_with(request: Request, sent: FormData, also: Detail) -> Detail:
    """What puts a post into the topic that was chosen for it, after `also`."""
    return goes_into(here_of(request), text(sent, "topic", 40), also)
