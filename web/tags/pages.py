"""The page of a hashtag: what everybody may see here that bears it, the newest first."""

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.errors import NotFound
from server.posts import queries as posts
from server.text import clean_text
from web.render import render
from web.request import here_of, viewer_of

PAGE = 20
LONGEST = 100


async def tag_page(request: Request) -> Response:
    """Posts with one hashtag that the reader may see, drafts and replies in closed circles left where they are."""
    here, viewer = here_of(request), viewer_of(request)
    tag = clean_text(request.path_params["tag"]).lstrip("#").lower()
    if not tag or len(tag) > LONGEST or any(character.isspace() for character in tag):
        raise NotFound
    before = request.query_params.get("before", "")
    found = await posts.listing(here, viewer, tag=tag, before=before or None, limit=PAGE)
    address = f"/tags/{quote(tag)}"
    return render(
        request,
        "tags/tag.html",
        nav="search",
        tag=tag,
        posts=found.items,
        older=f"{address}?before={found.next}" if found.next else None,
        newest=address if before else None,
    )


routes = [Route("/tags/{tag}", tag_page)]
