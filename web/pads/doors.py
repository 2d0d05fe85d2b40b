"""How members who live on other servers come to shared notes: asking for a link, and opening it."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.accounts import throttle
from server.actors.viewer import ANONYMOUS
from server.pads import doors, queries
from server.pads.access import stand
from server.pads.policy import STAY
from web.i18n import gettext
from web.render import redirect, render
from web.request import address_of, form_of, here_of, text, viewer_of
from web.sessions import KEY_COOKIE, key_response

ASKED_PER_QUARTER = 10


async def ask_page(request: Request) -> Response:
    """The form to ask for a link: the same for every name, so that it tells nobody which communities there are."""
    handle = request.query_params.get("handle", "")[:300]
    return render(request, "pads/door.html", nav="communities", handle=handle, sent=False, errors=[])


async def ask(request: Request) -> Response:
    """Have a link sent; the answer is the same whether there is such a member or not."""
    here, handle = here_of(request), text(await form_of(request), "handle", 300)
    if "@" not in handle.strip("@"):
        message = gettext(request, "Write your whole address, for example @tom@riverside.example.")
        errors = [{"field": "handle", "message": message}]
        return render(request, "pads/door.html", 422, nav="communities", handle=handle, sent=False, errors=errors)
    throttle.limit(here, "notes-door", address_of(request), ASKED_PER_QUARTER)
    await doors.ask(here, request.path_params["slug"], handle)
    return render(request, "pads/door.html", nav="communities", handle=handle, sent=True, errors=[])


async def look(request: Request) -> Response:
    """What a link asks; opening it does nothing yet: servers and apps look at links by themselves."""
    guest = await doors.look(here_of(request), request.path_params["token"])
    return render(request, "pads/enter.html", nav="communities", guest=guest)


async def enter(request: Request) -> Response:
    """Go in; the link works no more afterwards."""
    _, key = await doors.enter(here_of(request), request.path_params["token"])
    response = redirect(request, "/notes")
    return key_response(request, response, key, int(STAY.total_seconds()))


async def within(request: Request) -> Response:
    """The notes that a member from elsewhere may open who came by a link."""
    here, key = here_of(request), request.cookies.get(KEY_COOKIE, "")
    if viewer_of(request).is_signed_in or not key:
        return redirect(request, "/communities")
    guest = await doors.whose(here, key)
    standing = await stand(here, ANONYMOUS, guest.community_id, None, key)
    before = request.query_params.get("before", "")[:26]
    cards, older = await queries.pads_of(here, guest.community_id, None, before=before, all_of_it=True)
    return render(
        request,
        "pads/guest.html",
        nav="communities",
        guest=guest,
        cards=cards,
        older=f"?before={older}" if older else None,
        why_not=standing.why_not,
    )


async def close(request: Request) -> Response:
    """End it in this browser, for whoever comes next."""
    await doors.close(here_of(request), request.cookies.get(KEY_COOKIE, ""))
    said = gettext(request, "The notes are closed in this browser.")
    return key_response(request, redirect(request, "/communities", toast=said), "", 0)


routes = [
    Route("/c/{slug}/notes/door", ask_page),
    Route("/c/{slug}/notes/door", ask, methods=["POST"]),
    Route("/notes/door/{token}", look),
    Route("/notes/door/{token}", enter, methods=["POST"]),
    Route("/notes", within),
    Route("/notes", close, methods=["POST"]),
]
