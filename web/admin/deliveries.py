"""How deliveries to other servers go: each with what waits for it, and what can be done about it."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.fediverse import deliveries
from web.render import render
from web.request import admin, here_of

PAGE = 50


async def page(request: Request) -> Response:
    """All servers that anything is for, or those that wait, fail or are paused."""
    admin(request)
    here = here_of(request)
    state = request.query_params.get("state", "")
    state = state if state in deliveries.STATES else ""
    found = await deliveries.hosts(here, state=state, after=request.query_params.get("after", "")[:255], limit=PAGE + 1)
    onward = {"state": state, "after": found[PAGE - 1].host} if len(found) > PAGE else {}
    return render(
        request,
        "admin/deliveries.html",
        nav="admin",
        tab="deliveries",
        hosts=found[:PAGE],
        chosen=state,
        totals=await deliveries.totals(here),
        most_counted=deliveries.MOST_COUNTED,
        now=here.clock.now(),
        older=f"/admin/deliveries?{urlencode({key: value for key, value in onward.items() if value})}"
        if onward
        else None,
    )


routes = [Route("/admin/deliveries", page)]
