"""Letting an app in, and ending that again. A GET never lets anybody in (S31, S32)."""

from collections.abc import Sequence
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.accounts import actions as accounts
from server.errors import Invalid
from server.oauth import actions, queries
from server.oauth.queries import Asked, AskedWrongly, BadRequest
from web.i18n import gettext
from web.oauth.wording import in_words
from web.render import redirect, render
from web.request import form_of, here_of, proven, signed_in, text, viewer_of
from web.sessions import SESSION_COOKIE, sign_out_response

NAMES = (
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
)
LIMIT = 3000


async def authorize_page(request: Request) -> Response:
    """Ask whether an app may come in."""
    given = {name: request.query_params.get(name, "")[:LIMIT] for name in NAMES}
    asked = await _asked(request, given)
    if isinstance(asked, Response):
        return asked
    if not viewer_of(request).is_signed_in:
        return RedirectResponse("/sign-in?" + urlencode({"next": _again(given)}), status_code=303)
    if not viewer_of(request).onboarded:
        # The app would get nothing before, and has no way to say why.
        return RedirectResponse("/welcome?" + urlencode({"next": _again(given)}), status_code=303)
    return render(
        request,
        "oauth/authorize.html",
        asked=asked,
        given=given,
        words=in_words(request, asked.scopes),
        goes_to=_goes_to(asked),
        csp_form_action=_form_action(asked.redirect_uri),
        keeps_opener=True,
    )


async def authorize(request: Request) -> Response:
    """The person has decided."""
    here, viewer, form = here_of(request), signed_in(request), await form_of(request)
    given = {name: text(form, name, LIMIT) for name in NAMES}
    asked = await _asked(request, given)
    if isinstance(asked, Response):
        return asked
    if text(form, "decision") != "yes":
        if asked.is_out_of_band:
            return redirect(request, "/week", toast=gettext(request, "The app was not let in."))
        return _back(asked.redirect_uri, {"error": "access_denied"}, given["state"])
    code = await actions.let_in(
        here, viewer, asked.app.id, redirect_uri=asked.redirect_uri, wanted=asked.scopes, challenge=asked.challenge
    )
    if asked.is_out_of_band:
        return render(request, "oauth/code.html", code=code, asked=asked, keeps_opener=True)
    return _back(asked.redirect_uri, {"code": code}, given["state"])


async def switch(request: Request) -> Response:
    """Somebody else sits here: sign out, and come back to the same question."""
    form = await form_of(request)
    given = {name: text(form, name, LIMIT) for name in NAMES}
    token = request.cookies.get(SESSION_COOKIE, "")
    if token:
        await accounts.sign_out(here_of(request), token)
    response = RedirectResponse("/sign-in?" + urlencode({"next": _again(given)}), status_code=303)
    return sign_out_response(request, response)


async def apps_page(request: Request) -> Response:
    """The apps that I have let in."""
    return await _apps(request)


async def make_token(request: Request) -> Response:
    """A token for a script of mine, shown once. It outlives the session: it takes a proof that it is me."""
    here, viewer, form = here_of(request), proven(request), await form_of(request)
    name = text(form, "name", 100).strip()
    wanted = "read write" if text(form, "may_write") else "read"
    try:
        token = await actions.create_token(here, str(viewer.account_id), scopes_text=wanted, app_name=name)
    except Invalid as refusal:
        errors = [{"field": "name", "message": refusal.message}]
        return await _apps(request, errors=errors, status_code=422)
    return await _apps(request, token=token, token_name=name)


async def _apps(request: Request, *, status_code: int = 200, **more: object) -> Response:
    found = await queries.connected(here_of(request), signed_in(request))
    apps = [(app, in_words(request, app.scopes)) for app in found]
    return render(request, "oauth/apps.html", status_code=status_code, nav="settings", tab="apps", apps=apps, **more)


async def disconnect(request: Request) -> Response:
    """End what an app may do for me."""
    await actions.disconnect(here_of(request), signed_in(request), request.path_params["app_id"])
    return redirect(request, "/settings/apps", toast=gettext(request, "The app is disconnected."))


async def _asked(request: Request, given: dict[str, str]) -> Asked | Response:
    """What is asked for, or the answer where that cannot be: to the app if it is known, else to the person."""
    try:
        return await queries.asked(
            here_of(request),
            client_id=given["client_id"],
            redirect_uri=given["redirect_uri"],
            response_type=given["response_type"],
            scope=given["scope"],
            challenge=given["code_challenge"],
            challenge_method=given["code_challenge_method"],
        )
    except BadRequest as refusal:
        return _told(request, refusal.message)
    except AskedWrongly as refusal:
        if refusal.redirect_uri == actions.OUT_OF_BAND:
            return _told(request, gettext(request, "The app asks for something that there is not."))
        if not viewer_of(request).is_signed_in:
            # Anybody can register an app: a stranger's link leads nobody on who is not known here (RFC 9700, 4.11.2).
            return RedirectResponse("/sign-in?" + urlencode({"next": _again(given)}), status_code=303)
        return _back(refusal.redirect_uri, {"error": refusal.code}, given["state"])


def _told(request: Request, message: str) -> Response:
    title = gettext(request, "This app cannot be let in")
    return render(request, "layout/error.html", status_code=400, title=title, message=message, keeps_opener=True)


def _back(redirect_uri: str, parameters: dict[str, str], state: str) -> Response:
    """To the app, with our parameters behind its own; its address stays as it is, letter by letter."""
    more = urlencode(parameters | ({"state": state} if state else {}))
    target = f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{more}"
    # Not by RedirectResponse, which would quote what apps have in their addresses once more.
    return Response(status_code=303, headers={"Location": target, "Cache-Control": "no-store"})


def _again(given: dict[str, str]) -> str:
    return "/oauth/authorize?" + urlencode({name: value for name, value in given.items() if value})


def _form_action(redirect_uri: str) -> str:
    """Where the answer to the form may lead: here, and to the app, which browsers want to be told."""
    parts = urlsplit(redirect_uri)
    if redirect_uri == actions.OUT_OF_BAND:
        return "'self'"
    return f"'self' {parts.scheme}://{parts.netloc}" if parts.scheme in {"http", "https"} else f"'self' {parts.scheme}:"


def _goes_to(asked: Asked) -> str:
    """The host that gets the code, as far as people can judge by it; empty for apps on the same device."""
    parts = urlsplit(asked.redirect_uri)
    return parts.netloc if parts.scheme in {"http", "https"} else ""


routes: Sequence[Route] = [
    Route("/oauth/authorize", authorize_page),
    Route("/oauth/authorize", authorize, methods=["POST"]),
    Route("/oauth/authorize/switch", switch, methods=["POST"]),
    Route("/settings/apps", apps_page),
    Route("/settings/apps/token", make_token, methods=["POST"]),
    Route("/settings/apps/{app_id}/disconnect", disconnect, methods=["POST"]),
]
