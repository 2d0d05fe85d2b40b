"""Saying that a question is needed today."""

from starlette.requests import Request
from starlette.responses import Response

from server.errors import Invalid, NotFound
from server.needs import asking
from server.posts import queries as posts
from web.i18n import gettext
from web.render import redirect
from web.request import here_of, signed_in


async def ask(request: Request, post_id: str, address: str) -> Response:
    """Put a question to people who offered it; the question stands there whatever becomes of that."""
    try:
        await asking.need_today(here_of(request), signed_in(request), post_id)
    except Invalid as error:
        return redirect(request, address, toast=error.message)
    return redirect(request, address, toast=gettext(request, "People who offered to be asked about it are told now."))


async def button(request: Request) -> Response:
    """`/p/NAME/today`: the same for a question that is there."""
    post = await posts.show(here_of(request), signed_in(request), request.path_params["name"])
    if post is None:
        raise NotFound
    return await ask(request, post.id, post.url)
