"""What was taken away and who is kept out, and what other servers said to it."""

from starlette.requests import Request
from starlette.responses import Response

from server.errors import NotFound
from server.moderation import queries
from server.moderation.outcomes import outcomes
from web.accounts.deletions import before
from web.moderation import words
from web.render import render
from web.request import here_of, signed_in

PAGE = 20


async def receipts(request: Request) -> Response:
    """The latest first, for those who look after some place."""
    here, viewer = here_of(request), signed_in(request)
    if not await queries.looks_after_something(here, viewer):
        raise NotFound
    found = await outcomes(here, viewer, before=before(request), limit=PAGE + 1)
    older = int(found[PAGE - 1].at.timestamp() * 1000) if len(found) > PAGE else None
    return render(
        request,
        "moderation/receipts.html",
        nav="moderation",
        outcomes=found[:PAGE],
        older=f"/moderation/receipts?before={older}" if older else None,
        tabs=words.tabs(request, "receipts"),
    )
