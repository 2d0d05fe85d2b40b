"""What I deleted, and what other servers answered when they were asked to delete their copies."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.posts.deleted import deleted_posts
from web.render import render
from web.request import here_of, signed_in

PAGE = 20


async def deletions_page(request: Request) -> Response:
    """The latest first."""
    found = await deleted_posts(here_of(request), signed_in(request), before=before(request), limit=PAGE + 1)
    older = int(found[PAGE - 1].deleted_at.timestamp() * 1000) if len(found) > PAGE else None
    return render(
        request,
        "accounts/settings/deletions.html",
        nav="settings",
        tab="data",
        posts=found[:PAGE],
        older=f"/settings/deletions?before={older}" if older else None,
    )


def before(request: Request) -> datetime | None:
    """The moment in `?before=`, in milliseconds; None for anything else."""
    given = request.query_params.get("before", "")
    if not (given.isascii() and given.isdigit() and len(given) <= 14):
        return None
    return datetime.fromtimestamp(int(given) / 1000, UTC)


routes = [Route("/settings/deletions", deletions_page)]
