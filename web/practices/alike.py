"""Practices that were tried in a context like the reader's, and how it went, in lists of practices."""

from collections.abc import Sequence
from dataclasses import replace

from starlette.requests import Request

from server.posts.queries import PostView
from server.practices.narrowing import Facets
from server.tries import queries
from server.tries.standing import tried_like
from web.i18n import gettext, ngettext
from web.request import here_of, viewer_of

MINE = "mine"


async def like_mine(request: Request, facets: Facets) -> Facets:
    """The facets with what the reader's saved contexts ask for, if they want that; one query then, else none.

    Where they have no context yet, `like` is set without `further`: pages say what to do.
    """
    viewer = viewer_of(request)
    if request.query_params.get("like") != MINE or not viewer.is_signed_in:
        return facets
    return replace(facets, like=MINE, further=tried_like(await queries.contexts_of(here_of(request), viewer)))


async def say_how_it_went(request: Request, posts: Sequence[PostView]) -> None:
    """Have the cards of practices say how often they were tried, and worked; one query."""
    found = await queries.worked(here_of(request), [post.id for post in posts])
    for post in posts:
        if post.id in found:
            tried, worked = found[post.id]
            words = ngettext(request, "Tried once", "Tried %(count)s times", tried)
            well = gettext(request, "worked %(count)s", count=worked)
            post.facts = [*post.facts, f"{words}, {well}"]
