"""Who is asking, and whether they asked themselves: the session cookie, and protection of every form (S32).

A plain ASGI middleware around the pages. The protocol, the APIs and static files have their own ways and pass through;
so do links out of mails, where whoever has one may do the one thing it is for.
"""

from dataclasses import replace
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from server.accounts import actions as accounts
from server.accounts import throttle
from server.actors.viewer import Viewer
from server.instance import Instance
from server.notifications import queries as notifications
from web.accounts import proving
from web.i18n import gettext
from web.render import render
from web.request import DEVICE_COOKIE, SAFE_METHODS

SESSION_COOKIE = "peerhall_session"
KEY_COOKIE = "peerhall_notes"
"""Stands for a member who lives elsewhere, in shared notes alone (`server.pads.doors`)."""
SESSION_SECONDS = 60 * 24 * 3600
DEVICE_SECONDS = 365 * 24 * 3600

SKIPPED = (
    "/ap",
    "/api",
    "/oauth/token",
    "/oauth/revoke",
    "/.well-known",
    "/nodeinfo",
    "/static",
    "/theme",
    "/health",
    "/metrics",
    "/mail",
)
BARE = ("/media",)
MAX_NEXT = 6000
"""Apps have long addresses to go back to."""


class Sessions:
    """Puts the viewer of a page into ``scope["state"]["viewer"]`` (None for nobody), and refuses forged forms."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the pages."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or _under(scope["path"], SKIPPED):
            await self._app(scope, receive, send)
            return
        here: Instance = scope["state"]["here"]
        request = Request(scope, receive)
        scope["state"]["viewer"] = None
        token = request.cookies.get(SESSION_COOKIE, "")
        viewer = await accounts.viewer_for_token(here, token) if 20 <= len(token) <= 200 else None
        if scope["method"] not in SAFE_METHODS and not is_own_request(request.headers, here.settings.origin):
            scope["state"]["viewer"] = viewer
            await _forged(request)(scope, receive, send)
            return
        if viewer is not None and proving.is_given(request):
            scope["state"]["viewer"] = viewer
            refused = await proving.take(request, viewer)
            if refused is not None:
                await refused(scope, receive, send)
                return
            viewer = await accounts.viewer_for_token(here, token)
        if viewer is not None:
            bare = scope["method"] not in SAFE_METHODS or _under(scope["path"], BARE)
            scope["state"]["viewer"] = viewer if bare else await _with_surroundings(here, viewer)
        await self._app(scope, receive, send)


def is_own_request(headers: Headers, origin: str) -> bool:
    """Whether the browser says that a page of ours sent this: fetch metadata, else the Origin header.

    A request with neither is refused: every browser of the last years sends one of them with a form.
    """
    site = headers.getlist("sec-fetch-site")
    if site:
        return site in (["same-origin"], ["none"])
    return headers.getlist("origin") == [origin]


def sign_in_response(request: Request, response: Response, token: str, viewer: Viewer | None = None) -> Response:
    """Put a session into the browser that gets this response; with a viewer, also remember the browser as theirs."""
    here: Instance = request.scope["state"]["here"]
    _set(here, response, SESSION_COOKIE, token, SESSION_SECONDS)
    if viewer is not None and viewer.account_id is not None:
        _set(here, response, DEVICE_COOKIE, throttle.device_cookie(here, viewer.account_id), DEVICE_SECONDS)
    return response


def key_response(request: Request, response: Response, key: str, seconds: int) -> Response:
    """Put the key of a member who lives elsewhere into the browser that gets this response."""
    _set(request.scope["state"]["here"], response, KEY_COOKIE, key, seconds)
    return response


def short_cookie(request: Request, response: Response, name: str, value: str, seconds: int) -> Response:
    """Have the browser keep something for a few minutes, closed to scripts; an empty value takes it away."""
    _set(request.scope["state"]["here"], response, name, value, seconds if value else 0)
    return response


def sign_out_response(request: Request, response: Response) -> Response:
    """Take the session out of the browser, and everything that was kept there: drafts, and pages of this week."""
    here: Instance = request.scope["state"]["here"]
    response.delete_cookie(SESSION_COOKIE, secure=here.settings.is_https, httponly=True, samesite="lax")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def safe_next(text: str | None, default: str = "/week") -> str:
    """A path of ours to go on to; anything that could lead elsewhere gives the default (S31: no open redirect)."""
    if not text or not text.startswith("/") or len(text) > MAX_NEXT:
        return default
    if text.startswith("//") or "\\" in text or any(not 33 <= ord(character) != 127 for character in text):
        return default
    parts = urlsplit(text)
    return default if parts.scheme or parts.netloc else text


def is_for_app(onward: str) -> bool:
    """Whether somebody is here only because an app asks to be let in."""
    return onward.partition("?")[0] == "/oauth/authorize"


async def _with_surroundings(here: Instance, viewer: Viewer) -> Viewer:
    mine, unread = await notifications.surroundings(here, str(viewer.actor_id))
    return replace(viewer, communities=tuple(mine), unread_count=unread)


def _forged(request: Request) -> Response:
    return render(
        request,
        "layout/error.html",
        status_code=403,
        title=gettext(request, "This form came from another place"),
        message=gettext(
            request, "For your safety nothing was done. Open the page here, on this server, and send the form again."
        ),
    )


def _set(here: Instance, response: Response, name: str, value: str, seconds: int) -> None:
    response.set_cookie(name, value, max_age=seconds, secure=here.settings.is_https, httponly=True, samesite="lax")


def _under(path: str, roots: tuple[str, ...]) -> bool:
    return any(path == root or path.startswith(root + "/") for root in roots)
