"""Guests: coming in with one's own server, and a few pages of their own. Nothing else here knows a guest (S28)."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.accounts import throttle
from server.errors import Invalid, NotFound
from server.guests import actions, queries
from server.guests.errors import NoGuest, NotTheirs
from server.guests.queries import Guest
from web.i18n import gettext
from web.render import redirect, render
from web.request import address_of, form_of, here_of, text
from web.sessions import short_cookie

COOKIE = "peerhall_guest_way"
GUEST_COOKIE = "peerhall_guest"
BEGUN_PER_QUARTER = 10
ANSWERS_PER_QUARTER = 30


async def door(request: Request) -> Response:
    """Where a guest comes in, or what they find."""
    here, key = here_of(request), _key(request)
    if not key:
        return _door(request)
    try:
        guest = await queries.whose(here, key)
    except NotFound as over:
        return short_cookie(request, _door(request, message=over.message), GUEST_COOKIE, "", 0)
    return render(request, "guests/within.html", guest=guest, places=await queries.places(here, guest))


async def begin(request: Request) -> Response:
    """Look whose server it is, and show the way there."""
    here, handle = here_of(request), text(await form_of(request), "handle", 300)
    try:
        throttle.limit(here, "guest", address_of(request), BEGUN_PER_QUARTER)
        address, server, cookie = await actions.begin(here, handle)
    except (Invalid, NotFound, NoGuest, throttle.TooMany) as error:
        return _door(request, handle=handle, message=error.message, status=422)
    response = render(request, "guests/door.html", address=address, server=server, handle=handle, errors=[])
    return short_cookie(request, response, COOKIE, cookie, int(actions.LIFE.total_seconds()))


async def back(request: Request) -> Response:
    """Who comes back from their server."""
    here, pairs = here_of(request), request.query_params.multi_items()
    given = dict(pairs) if len(dict(pairs)) == len(pairs) else {}
    try:
        throttle.limit(here, "guest-back", address_of(request), BEGUN_PER_QUARTER * 2)
        key = await actions.enter(here, request.cookies.get(COOKIE, "")[:4000], given)
    except (NoGuest, throttle.TooMany) as error:
        if isinstance(error, NotTheirs):
            here.log.warning("nobody was let in as a guest: %s", error.detail)
        return short_cookie(request, _door(request, message=error.message, status=403), COOKIE, "", 0)
    response = short_cookie(request, redirect(request, "/guest"), COOKIE, "", 0)
    return short_cookie(request, response, GUEST_COOKIE, key, int(actions.STAY.total_seconds()))


async def community(request: Request) -> Response:
    """What is said in one community."""
    here, guest = here_of(request), await _guest(request)
    before = request.query_params.get("before", "")[:60] or None
    place, page = await queries.talk(here, guest, request.path_params["slug"], before=before)
    older = f"?before={page.next}" if page.next else None
    return render(request, "guests/community.html", guest=guest, place=place, posts=page.items, older=older)


async def post(request: Request) -> Response:
    """One conversation, with a form to answer."""
    return await _post(request)


async def answer(request: Request) -> Response:
    """Answer, through the guest's own server."""
    here, guest, form = here_of(request), await _guest(request), await form_of(request)
    words = text(form, "text", actions.MAX_ANSWER + 1)
    try:
        throttle.limit(here, f"guest-answer {guest.person_id}", "", ANSWERS_PER_QUARTER)
        await actions.answer(here, _key(request), request.path_params["post_id"], words)
    except (Invalid, NoGuest, throttle.TooMany) as error:
        errors = [{"field": "text", "message": error.message}]
        return await _post(request, words=words, errors=errors, status=422)
    said = gettext(request, "Your server has your answer. It comes here from there, in a moment.")
    return redirect(request, request.url.path, toast=said)


async def leave(request: Request) -> Response:
    """Be no guest any more."""
    await actions.leave(here_of(request), _key(request))
    response = redirect(request, "/guest", toast=gettext(request, "You are signed out."))
    return short_cookie(request, response, GUEST_COOKIE, "", 0)


async def _post(
    request: Request, *, words: str = "", errors: list[dict[str, str]] | None = None, status: int = 200
) -> Response:
    here, guest = here_of(request), await _guest(request)
    found, replies = await queries.conversation(here, guest, request.path_params["post_id"])
    return render(
        request,
        "guests/post.html",
        status_code=status,
        guest=guest,
        post=found,
        replies=replies,
        words=words,
        errors=errors or [],
    )


def _door(request: Request, *, handle: str = "", message: str = "", status: int = 200) -> Response:
    errors = [{"field": "handle", "message": message}] if message else []
    return render(request, "guests/door.html", status_code=status, address="", handle=handle, errors=errors)


async def _guest(request: Request) -> Guest:
    return await queries.whose(here_of(request), _key(request))


def _key(request: Request) -> str:
    return request.cookies.get(GUEST_COOKIE, "")[:200]


routes = [
    Route("/guest", door),
    Route("/guest", begin, methods=["POST"]),
    Route("/guest/back", back),
    Route("/guest/leave", leave, methods=["POST"]),
    Route("/guest/c/{slug}", community),
    Route("/guest/p/{post_id}", post),
    Route("/guest/p/{post_id}", answer, methods=["POST"]),
]
