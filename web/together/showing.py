"""The page of a time of trying together: an event with how it went."""

from typing import Any

from starlette.requests import Request

from server.actors.viewer import Viewer
from server.posts.queries import PostView
from server.sessions.queries import EventView
from server.together import queries
from server.tries.bands import SYMBOLS
from web.request import here_of
from web.tries.words import band_words, outcome_words, size_words


async def trying_facts(
    request: Request, viewer: Viewer, post: PostView, event: EventView | None
) -> tuple[str, dict[str, Any]] | None:
    """The page of an event that is one of these; None for other events."""
    trying = await queries.trying(here_of(request), viewer, post, event)
    if trying is None:
        return None
    facts = {
        "trying": trying,
        "event": event,
        "outcomes": outcome_words(request),
        "symbols": SYMBOLS,
        "bands": band_words(request),
        "sizes": size_words(request),
        "outcome_rows": [
            {"label": outcome_words(request)[outcome], "value": count, "pattern": number}
            for number, (outcome, count) in enumerate(trying.counts.by_outcome().items())
        ],
    }
    return "together/show.html", facts
