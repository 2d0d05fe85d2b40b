"""What waits for the stewards of this server: posts, and everything else from servers where all is looked at first."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.actors.viewer import Viewer
from server.errors import NotFound
from server.fediverse import actions
from server.fediverse import waiting as queue
from server.posts import actions as post_actions
from server.posts import queries as posts
from web.i18n import gettext
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text

PAGE = 50


async def waiting(request: Request) -> Response:
    """The queue."""
    here, viewer = here_of(request), _steward(request)
    after = request.query_params.get("after", "")
    found = await queue.held_items(
        here,
        viewer,
        after=int(after) if after.isascii() and after.isdecimal() and len(after) < 16 else 0,
        limit=PAGE + 1,
    )
    return render(
        request,
        "admin/held.html",
        nav="admin",
        posts=await posts.held(here, viewer),
        items=found[:PAGE],
        older=f"/held?after={found[PAGE - 1].seq}" if len(found) > PAGE else None,
    )


async def decide_item(request: Request) -> Response:
    """Let an activity in, or turn it away."""
    here, viewer, form = here_of(request), _steward(request), await form_of(request)
    number = request.path_params["seq"]
    if text(form, "decision", 10) == "accept":
        await actions.let_in(here, viewer, number)
        return redirect(request, "/held", toast=gettext(request, "It is let in."))
    await actions.discard(here, viewer, number)
    return redirect(request, "/held", toast=gettext(request, "Turned away. Nobody is told."))


async def decide_post(request: Request) -> Response:
    """Let a held post through, or take it away with a reason."""
    here, viewer, form = here_of(request), _steward(request), await form_of(request)
    post_id = request.path_params["post_id"]
    if post_id not in {post.id for post in await posts.held(here, viewer)}:
        raise NotFound
    if text(form, "decision", 10) == "accept":
        await post_actions.approve_post(here, viewer, post_id)
        return redirect(request, "/held", toast=gettext(request, "It can be read now."))
    await post_actions.remove_post(here, viewer, post_id, text(form, "reason", 2000))
    return redirect(request, "/held", toast=gettext(request, "Taken away."))


def _steward(request: Request) -> Viewer:
    """A steward of this server, or a refusal that does not tell whether the page exists."""
    viewer = signed_in(request)
    if not viewer.is_steward:
        raise HTTPException(404)
    return viewer


routes = [
    Route("/held", waiting),
    Route("/held/items/{seq:int}", decide_item, methods=["POST"]),
    Route("/held/posts/{post_id}", decide_post, methods=["POST"]),
]
