"""Deleted accounts, and which servers confirmed that they deleted their copies."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.errors import NotFound
from server.fediverse import erasure
from web.accounts.deletions import before
from web.render import render
from web.request import admin, here_of

PAGE = 40


async def deletions(request: Request) -> Response:
    """All of them, the latest first."""
    admin(request)
    found = await erasure.erasures(here_of(request), before=before(request), limit=PAGE + 1)
    older = int(found[PAGE - 1].requested_at.timestamp() * 1000) if len(found) > PAGE else None
    return render(
        request,
        "admin/deletions.html",
        nav="admin",
        tab="people",
        erasures=found[:PAGE],
        older=f"/admin/deletions?before={older}" if older else None,
    )


async def deletion(request: Request) -> Response:
    """One of them, server by server."""
    admin(request)
    found = await erasure.erasure(here_of(request), request.path_params["handle"])
    if found is None:
        raise NotFound
    return render(request, "admin/deletion.html", nav="admin", tab="people", erasure=found)


routes = [
    Route("/admin/deletions", deletions),
    Route("/admin/deletions/{handle}", deletion),
]
