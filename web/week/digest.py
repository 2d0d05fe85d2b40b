"""What the weekly mail would say now, for oneself."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.digest import queries
from server.digest.letter import letter
from server.words import Words
from web.render import render
from web.request import here_of, signed_in


async def page(request: Request) -> Response:
    """`/week/digest`: the mail as a page; nothing is sent or noted."""
    here, viewer = here_of(request), signed_in(request)
    digest = await queries.preview(here, viewer)
    return render(
        request,
        "week/digest.html",
        nav="week",
        letter=letter(here, digest, Words(viewer.language, viewer.timezone), str(viewer.actor_id)) if digest else None,
        choice=await queries.choice(here, viewer),
    )


routes = [Route("/week/digest", page, methods=["GET"])]
