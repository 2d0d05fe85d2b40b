"""Lists of collections, adding to one, ticking off steps, and what somebody saved for later."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.actors.viewer import Viewer
from server.collections import actions, queries
from server.collections.policy import KINDS
from server.errors import Invalid, NotFound
from server.instance import Instance
from server.posts import marks
from server.posts import queries as posts
from server.posts.queries import PostView
from web.collections import composing
from web.collections.feed import atom
from web.communities.common import inside
from web.communities.common import show as show_in_community
from web.i18n import gettext
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text, viewer_of


async def everything(request: Request) -> Response:
    """The collections that the viewer may read, or their own."""
    here, viewer = here_of(request), viewer_of(request)
    mine = viewer.is_signed_in and request.query_params.get("mine") == "1"
    found = await queries.listing(here, viewer, mine=mine, before=request.query_params.get("before"))
    query = {"mine": "1"} if mine else {}
    older = f"?{urlencode({**query, 'before': found.next})}" if found.next else None
    return render(request, "collections/list.html", nav="practices", posts=found.items, mine=mine, older=older)


async def of_community(request: Request) -> Response:
    """The collections of a community, what newcomers begin with on top."""
    here, viewer, page = here_of(request), viewer_of(request), await inside(request)
    found = await queries.listing(here, viewer, community_id=page.id, before=request.query_params.get("before"))
    first = [post for post in found.items if post.pinned]
    rest = [post for post in found.items if not post.pinned]
    return show_in_community(
        request, "collections/board.html", page, "collections", posts=[*first, *rest], older=found.next
    )


async def saved(request: Request) -> Response:
    """What somebody saved for later."""
    here, viewer = here_of(request), signed_in(request)
    found = await queries.saved(here, viewer, request.query_params.get("before"))
    older = f"?{urlencode({'before': found.next})}" if found.next else None
    return render(request, "collections/saved.html", nav="practices", posts=found.items, older=older)


async def collect_page(request: Request) -> Response:
    """Into which collection does this go?"""
    return await _collect(request, await _thing(request))


async def collect(request: Request) -> Response:
    """Put something into a collection."""
    here, viewer, thing, sent = here_of(request), signed_in(request), await _thing(request), await form_of(request)
    try:
        chosen = await posts.show(here, viewer, text(sent, "collection", 40)) if text(sent, "collection", 40) else None
        if chosen is None or chosen.kind != "collection":
            raise Invalid(gettext(request, "Choose a collection."), field="collection")
        await actions.add(here, viewer, chosen.id, thing.id, text(sent, "why", 1000))
    except Invalid as error:
        typed = {"why": text(sent, "why", 1000), "collection": text(sent, "collection", 40)}
        return await _collect(request, thing, 422, errors=error.errors, **typed)
    said = gettext(request, "It is in “%(title)s” now.", title=chosen.title)
    undo = f"{chosen.action_base}/take-out?{urlencode({'uri': thing.uri})}"
    return redirect(request, thing.url, toast=said, undo=undo)


async def take_out(request: Request) -> Response:
    """Take something out of a collection; one button puts it back."""
    here, viewer, post, sent = here_of(request), signed_in(request), await _collection(request), await form_of(request)
    uri = text(sent, "uri", 500) or request.query_params.get("uri", "")[:500]
    taken, at = await actions.take_out(here, viewer, post.id, uri)
    back = urlencode({"uri": taken.uri, "why": taken.why, "at": at})
    return redirect(request, post.url, toast=gettext(request, "Taken out."), undo=f"{post.action_base}/put-back?{back}")


async def put_back(request: Request) -> Response:
    """Put back what was just taken out, where it stood."""
    here, viewer, post, asked = here_of(request), signed_in(request), await _collection(request), request.query_params
    thing = (await queries.things(here, viewer, [asked.get("uri", "")[:500]])).get(asked.get("uri", "")[:500])
    at = asked.get("at", "")[:3]
    if thing is None:
        raise NotFound
    place = int(at) if at.isdecimal() and at.isascii() else None
    await actions.add(here, viewer, post.id, thing.id, asked.get("why", "")[:1000], place)
    return redirect(request, post.url, toast=gettext(request, "It is back."))


async def tick(request: Request) -> Response:
    """Tick a step off, or take the tick back: for oneself alone."""
    here, viewer, post, sent = here_of(request), signed_in(request), await _collection(request), await form_of(request)
    await actions.tick(here, viewer, post.id, text(sent, "uri", 500), done=bool(text(sent, "done", 5)))
    return redirect(request, f"{post.url}#things")


def starts(here_on: bool) -> Callable[[Request], Awaitable[Response]]:
    """A handler that has newcomers of a community begin with a collection, or not any more."""

    async def handler(request: Request) -> Response:
        here, viewer, post = here_of(request), signed_in(request), await _collection(request)
        await actions.start_here(here, viewer, post.id, starts=here_on)
        words = (
            gettext(request, "Newcomers begin here now: it stands at the top of the community.")
            if here_on
            else gettext(request, "It stands among the others again.")
        )
        return redirect(request, post.url, toast=words)

    return handler


def saves(act: Callable[[Instance, Viewer, str], Awaitable[None]]) -> Callable[[Request], Awaitable[Response]]:
    """A handler that saves a post for later, or does not keep it any more, and says so."""

    async def handler(request: Request) -> Response:
        here, viewer = here_of(request), signed_in(request)
        post = await _shown(request)
        await act(here, viewer, post.id)
        if act is marks.bookmark_post:
            words = gettext(request, "Saved for later. Only you see that.")
            return redirect(request, post.url, toast=words, undo=f"{post.action_base}/unsave")
        back = "/saved" if request.query_params.get("from") == "saved" else post.url
        words = gettext(request, "Not saved any more.")
        return redirect(request, back, toast=words, undo=f"{post.action_base}/save")

    return handler


async def _collect(request: Request, thing: PostView, status: int = 200, **typed: object) -> Response:
    here, viewer = here_of(request), signed_in(request)
    values: dict[str, object] = {"errors": [], "why": "", "collection": "", **typed}
    return render(
        request,
        "collections/collect.html",
        status,
        nav="practices",
        post=thing,
        choices=await queries.choices(here, viewer, thing.uri),
        holding=await queries.holding(here, viewer, thing.uri),
        **values,
    )


async def _shown(request: Request) -> PostView:
    post = await posts.show(here_of(request), viewer_of(request), request.path_params["name"])
    if post is None:
        raise NotFound
    return post


async def _thing(request: Request) -> PostView:
    signed_in(request)
    post = await _shown(request)
    if post.kind not in KINDS or post.state != "visible":
        raise NotFound
    return post


async def _collection(request: Request) -> PostView:
    post = await _shown(request)
    if post.kind != "collection":
        raise NotFound
    return post


routes = [
    Route("/collections", everything),
    Route("/collections/new", composing.compose),
    Route("/collections/new", composing.send, methods=["POST"]),
    Route("/saved", saved),
    Route("/c/{slug}/collections", of_community),
    Route("/p/{name}/collect", collect_page),
    Route("/p/{name}/collect", collect, methods=["POST"]),
    Route("/p/{name}/take-out", take_out, methods=["POST"]),
    Route("/p/{name}/put-back", put_back, methods=["POST"]),
    Route("/p/{name}/tick", tick, methods=["POST"]),
    Route("/p/{name}/start", starts(True), methods=["POST"]),
    Route("/p/{name}/start-not", starts(False), methods=["POST"]),
    Route("/p/{name}/save", saves(marks.bookmark_post), methods=["POST"]),
    Route("/p/{name}/unsave", saves(marks.unbookmark_post), methods=["POST"]),
    Route("/p/{name}/feed.atom", atom),
]
