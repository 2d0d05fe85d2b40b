"""To the provider and back, the name of a newcomer, and what somebody connects (S31, S32)."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.accounts import actions as accounts
from server.accounts import throttle
from server.errors import Invalid
from server.instance import Instance
from server.oidc import actions, flow, queries
from server.oidc.errors import Away, NotVerified, SignInFailed
from web.i18n import gettext, language_of
from web.oidc import admin
from web.render import redirect, render
from web.request import address_of, form_of, here_of, signed_in, text, viewer_of
from web.sessions import (
    SESSION_COOKIE,
    is_for_app,
    safe_next,
    short_cookie,
    sign_in_response,
)

COOKIE = "peerhall_oidc"
NEWCOMER_COOKIE = "peerhall_newcomer"
BEGUN_PER_QUARTER = 600
"""So many may begin from one address: a whole school has one, and begins at eight."""


async def begin(request: Request) -> Response:
    """Off to the provider. Nothing is kept here for it, and it signs in nobody by itself."""
    here = _here(request)
    throttle.limit(here, "oidc", address_of(request), BEGUN_PER_QUARTER)
    viewer, word = viewer_of(request), request.query_params.get("connect", "")[:1000]
    connects = bool(word) and actions.may_connect(here, viewer, word)
    onward = "/settings/provider" if connects else safe_next(request.query_params.get("next"), "")
    if viewer.is_signed_in and not connects:
        return RedirectResponse(onward or "/week", status_code=303)
    try:
        address, cookie = await flow.begin(here, onward=onward, session_id=str(viewer.session_id) if connects else "")
    except SignInFailed as error:
        return _failed(request, error)
    response = RedirectResponse(address, status_code=303)
    response.headers["Cache-Control"] = "no-store"
    return short_cookie(request, response, COOKIE, cookie, int(flow.LIFE.total_seconds()))


async def back(request: Request) -> Response:
    """What the provider says of whoever comes back. It counts in the browser that began, and once."""
    here = _here(request)
    pairs = request.query_params.multi_items()
    given = dict(pairs) if len(dict(pairs)) == len(pairs) else {}
    try:
        arrival = await flow.finish(here, request.cookies.get(COOKIE, "")[:9000], given)
        if arrival.session_id:
            await actions.connect(here, viewer_of(request), arrival)
            done = gettext(request, "Connected. You can sign in that way from now on.")
            return short_cookie(request, redirect(request, "/settings/provider", toast=done), COOKIE, "", 0)
        came = await actions.arrive(here, arrival, user_agent=request.headers.get("user-agent", ""))
    except SignInFailed as error:
        return _failed(request, error)
    if isinstance(came, actions.Newcomer):
        response = redirect(request, "/sign-in/with/name")
        short_cookie(request, response, NEWCOMER_COOKIE, came.ticket, int(actions.NEWCOMER_LIFE.total_seconds()))
        return short_cookie(request, response, COOKIE, "", 0)
    return short_cookie(request, await _in(request, came, arrival.onward), COOKIE, "", 0)


async def name_page(request: Request) -> Response:
    """A newcomer chooses a name."""
    try:
        known = await actions.look(_here(request), _ticket(request))
    except SignInFailed as error:
        return _failed(request, error)
    return _name(request, known, {"display_name": known.name, "username": actions.proposed_name(known)})


async def name(request: Request) -> Response:
    """Open the account."""
    here, form = _here(request), await form_of(request)
    filled = {"display_name": text(form, "display_name", 200), "username": text(form, "username", 60)}
    try:
        known = await actions.look(here, _ticket(request))
    except SignInFailed as error:
        return _failed(request, error)
    try:
        came = await actions.join(
            here,
            _ticket(request),
            name=filled["username"],
            display_name=filled["display_name"],
            language=language_of(request),
            user_agent=request.headers.get("user-agent", ""),
        )
    except Invalid as error:
        return _name(request, known, filled, errors=error.errors, status=422)
    except SignInFailed as error:
        return _failed(request, error)
    if came is None:
        return short_cookie(request, render(request, "accounts/sent.html", kind="pending"), NEWCOMER_COOKIE, "", 0)
    return short_cookie(request, await _in(request, came, known.onward), NEWCOMER_COOKIE, "", 0)


async def settings_page(request: Request) -> Response:
    """Whether my account is connected."""
    signed_in(request)
    return await _settings(request)


async def connect(request: Request) -> Response:
    """With the password, a way to the provider that connects this account."""
    here, viewer, form = _here(request), signed_in(request), await form_of(request)
    try:
        throttle.limit(here, f"oidc-connect {viewer.account_id}", "", 10)
        word = await actions.ask_to_connect(here, viewer, _secret(form.get("password")))
    except (Invalid, throttle.TooMany) as error:
        return await _settings(request, errors=[{"field": "password", "message": error.message}], status=422)
    return await _settings(request, word=word)


async def disconnect(request: Request) -> Response:
    """Undo it, with the password."""
    here, viewer, form = _here(request), signed_in(request), await form_of(request)
    try:
        throttle.limit(here, f"oidc-connect {viewer.account_id}", "", 10)
        await actions.disconnect(here, viewer, _secret(form.get("password")))
    except (Invalid, throttle.TooMany) as error:
        return await _settings(request, errors=[{"field": "password", "message": error.message}], status=422)
    return redirect(request, "/settings/provider", toast=gettext(request, "Disconnected."))


async def _in(request: Request, came: actions.SignedIn, onward: str) -> Response:
    old = request.cookies.get(SESSION_COOKIE, "")
    if old:
        await accounts.sign_out(here_of(request), old)
    target = safe_next(onward)
    goes_on = came.viewer.onboarded or is_for_app(target)
    return sign_in_response(request, redirect(request, target if goes_on else "/welcome"), came.token, came.viewer)


def _name(
    request: Request,
    known: actions.Known,
    form: dict[str, str],
    *,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
) -> Response:
    return render(
        request,
        "oidc/name.html",
        status_code=status,
        form=form,
        errors=errors or [],
        waits=known.waits,
    )


async def _settings(
    request: Request, *, word: str = "", errors: list[dict[str, str]] | None = None, status: int = 200
) -> Response:
    return render(
        request,
        "oidc/settings.html",
        status_code=status,
        nav="settings",
        tab="provider",
        own=await queries.own(_here(request), signed_in(request)),
        word=word,
        errors=errors or [],
    )


def _failed(request: Request, error: SignInFailed) -> Response:
    if isinstance(error, NotVerified | Away):
        here_of(request).log.warning("nobody was signed in by the provider: %s", error.detail)
    status = 503 if isinstance(error, Away) else 403
    response = render(request, "oidc/failed.html", status_code=status, message=error.message)
    return short_cookie(request, response, COOKIE, "", 0)


def _here(request: Request) -> Instance:
    """The instance, if there is a provider; else there is nothing here."""
    here = here_of(request)
    if not here.settings.oidc_issuer:
        raise HTTPException(404)
    return here


def _ticket(request: Request) -> str:
    return request.cookies.get(NEWCOMER_COOKIE, "")[:200]


def _secret(value: object) -> str:
    return value[:1000] if isinstance(value, str) else ""


routes = [
    Route("/sign-in/with", begin),
    Route("/sign-in/with/back", back),
    Route("/sign-in/with/name", name_page),
    Route("/sign-in/with/name", name, methods=["POST"]),
    Route("/settings/provider", settings_page),
    Route("/settings/provider/connect", connect, methods=["POST"]),
    Route("/settings/provider/disconnect", disconnect, methods=["POST"]),
    *admin.routes,
]
