"""The topics of a community to choose from where something is written."""

from starlette.requests import Request

from server.communities.queries import CommunityLabel
from server.topics.queries import topics_of
from web.request import here_of, viewer_of


async def options(request: Request, community: CommunityLabel | None) -> list[dict[str, str]]:
    """For a select; nothing where there are none. One query."""
    if community is None:
        return []
    found = await topics_of(here_of(request), viewer_of(request), community.id, community.url)
    return [{"value": topic.id, "label": topic.full_name, "short": topic.short} for topic in found.to_choose]
