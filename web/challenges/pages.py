"""The challenges board of a community, and which challenges a practice or resource answers."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.challenges import actions, queries
from server.challenges.policy import ANSWERING
from server.communities import queries as communities
from server.errors import Invalid, NotAllowed, NotFound
from server.posts import queries as posts
from server.posts.queries import PostView
from web.communities.common import inside, show
from web.i18n import gettext
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text, viewer_of


async def board(request: Request) -> Response:
    """What is hard in a community: what nobody has answered first."""
    here, viewer, page = here_of(request), viewer_of(request), await inside(request)
    closed, before = request.query_params.get("show") == "closed", request.query_params.get("before")
    found = await queries.board(here, viewer, page.id, closed=closed, before=before)
    return show(
        request, "challenges/board.html", page, "challenges", posts=found.items, older=found.next, closed=closed
    )


async def answers_page(request: Request) -> Response:
    """The challenges that a practice or resource of one's own answers, to add some and take some off."""
    return await _page(request, await _own(request))


async def change_answers(request: Request) -> Response:
    """Add one, or take one off."""
    here, viewer, post, sent = here_of(request), signed_in(request), await _own(request), await form_of(request)
    try:
        if gone := text(sent, "remove", 40):
            await actions.take_answer_off(here, viewer, post.id, await _chosen(request, gone))
            return redirect(request, post.url, toast=gettext(request, "It answers that challenge no more."))
        await actions.add_answer(here, viewer, post.id, await _chosen(request, text(sent, "challenge", 40)))
    except Invalid as error:
        return await _page(request, post, errors=error.errors, status=422)
    return redirect(
        request, post.url, toast=gettext(request, "Both name each other now. Everybody who has it is told.")
    )


async def _chosen(request: Request, short: str) -> str:
    found = await queries.challenge_id(here_of(request), signed_in(request), short)
    if found is None:
        raise Invalid("Choose one of the challenges.", field="challenge")
    return found


async def _own(request: Request) -> PostView:
    viewer = signed_in(request)
    post = await posts.show(here_of(request), viewer, request.path_params["name"])
    if post is None or post.kind not in ANSWERING:
        raise NotFound
    if not post.can_edit:
        raise NotAllowed("Only who wrote this can say what it answers.")
    return post


async def _page(
    request: Request, post: PostView, *, errors: list[dict[str, str]] | None = None, status: int = 200
) -> Response:
    here, viewer = here_of(request), signed_in(request)
    answered = await queries.answers_to(here, viewer, post.id)
    places = [post.community] if post.community else await communities.my_communities(here, viewer)
    known = {item.id for item in answered}
    found = await queries.choices(here, viewer, [place.id for place in places])
    return render(
        request,
        "challenges/answers.html",
        status,
        nav="practices",
        post=post,
        answered=answered,
        challenges=[{"value": item.short, "label": item.title} for item in found if item.id not in known],
        errors=errors or [],
    )


routes = [
    Route("/c/{slug}/challenges", board),
    Route("/p/{name}/challenges", answers_page),
    Route("/p/{name}/challenges", change_answers, methods=["POST"]),
]
