"""Whom a token stands for, and the communities that they may know of."""

from starlette.responses import Response

from server.api import text_of
from server.automation.calls import Call, answer
from server.automation.shapes import Communities, Community, Me
from server.communities.directory import CommunityCard, directory
from server.communities.queries import my_communities

PAGE = 60


async def me(call: Call) -> Response:
    """Whom a token stands for."""
    here, viewer = call.here, call.viewer
    mine = [
        Community(label.handle.lstrip("@"), label.name, here.url(label.url), "", 0, None)
        for label in await my_communities(here, viewer)
    ]
    by_slug = {card.slug: card for card in [_shown(call, card) for card in await directory(here, viewer)]}
    return answer(
        Me(
            handle=viewer.full_handle,
            name=viewer.display_name,
            url=here.url(f"/{viewer.handle}"),
            role=viewer.role,
            language=viewer.language,
            communities=[by_slug.get(community.slug, community) for community in mine],
        )
    )


async def find(call: Call) -> Response:
    """Communities here, by name."""
    after = text_of(call.found, "after", 400)
    cards = await directory(call.here, call.viewer, after=after, limit=PAGE)
    more = cards[-1].sort_key if len(cards) == PAGE else None
    return answer(Communities([_shown(call, card) for card in cards], more))


def _shown(call: Call, card: CommunityCard) -> Community:
    return Community(
        slug=card.label.handle.lstrip("@"),
        name=card.label.name,
        url=call.here.url(card.label.url),
        purpose=card.purpose,
        members=card.members_count,
        role=card.role or None if card.state == "active" else None,
    )
