"""The way in after a password, or without one: the second step, a passkey alone, and then on to where people wanted."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.accounts import actions as accounts
from server.accounts import throttle
from server.accounts.actions import SignInRefused
from server.actors.viewer import Viewer
from server.errors import Invalid, Refused
from server.factors import proving, queries
from server.factors.proving import Given
from web.accounts.proving import origin_of
from web.i18n import gettext
from web.render import redirect, render
from web.request import form_of, here_of, proven, text
from web.sessions import SESSION_COOKIE, is_for_app, safe_next, sign_in_response

SECOND_STEP = "/settings/second-step"


async def second_step(request: Request) -> Response:
    """Take a code, a recovery code or a passkey of whoever gave the right password."""
    form = await form_of(request)
    opening, onward = text(form, "opening", 400), safe_next(text(form, "next"), "")
    given = Given(
        code=text(form, "code", 40),
        recovery=text(form, "recovery", 80),
        passkey=text(form, "passkey", 30_000),
        **origin_of(request),
    )
    try:
        token, viewer = await proving.take_second_step(here_of(request), opening, given)
    except SignInRefused:
        return _from_the_start(request, onward)
    except (Invalid, throttle.TooMany) as error:
        field = "" if given.passkey else "recovery" if given.recovery else "code"
        return await ask_second_step(request, opening, onward, refused=error, field=field)
    return await entered(request, token, viewer, onward)


async def with_passkey(request: Request) -> Response:
    """Sign in with a passkey, which is both steps."""
    form = await form_of(request)
    onward = safe_next(text(form, "next"), "")
    given = Given(passkey=text(form, "passkey", 30_000), **origin_of(request))
    try:
        token, viewer = await proving.sign_in_with_passkey(here_of(request), given)
    except (Invalid, throttle.TooMany) as error:
        return sign_in_form(request, {"next": onward}, refused=error)
    return await entered(request, token, viewer, onward)


async def prove(request: Request) -> Response:
    """The proof was good: on to the page that asked for it."""
    proven(request)
    return redirect(request, safe_next(text(await form_of(request), "next")))


async def ask_second_step(
    request: Request, opening: str, onward: str, *, refused: Refused | None = None, field: str = ""
) -> Response:
    """The page of the second step."""
    try:
        ways = await queries.second_steps(here_of(request), opening)
    except SignInRefused:
        return _from_the_start(request, onward)
    return _answered(
        render(
            request,
            "accounts/second_step.html",
            status_code=_status(refused),
            ways=ways,
            opening=opening,
            form={"next": onward},
            errors=[{"field": field, "message": refused.message}] if refused else [],
            keeps_opener=is_for_app(onward),
        ),
        refused,
    )


def sign_in_form(
    request: Request, form: dict[str, str], *, refused: Refused | None = None, field: str = ""
) -> Response:
    """The form to sign in, with name and password or with a passkey."""
    return _answered(
        render(
            request,
            "accounts/sign_in.html",
            status_code=_status(refused),
            errors=[{"field": field, "message": refused.message}] if refused else [],
            form=form,
            passkey=queries.passkey_of_anybody(here_of(request)),
            keeps_opener=is_for_app(form["next"]),
        ),
        refused,
    )


async def entered(request: Request, token: str, viewer: Viewer, onward: str) -> Response:
    """Somebody is in: the session before ends, and they go on to where they wanted."""
    old = request.cookies.get(SESSION_COOKIE, "")
    if old:
        await accounts.sign_out(here_of(request), old)
    target = onward or "/week"
    if not is_for_app(target):
        target = "/welcome" if not viewer.onboarded else SECOND_STEP if viewer.waiting_role else target
    return sign_in_response(request, redirect(request, target), token, viewer)


def _from_the_start(request: Request, onward: str) -> Response:
    late = Invalid(gettext(request, "That took longer than ten minutes. Please sign in once more."))
    return sign_in_form(request, {"next": onward}, refused=late)


def _status(refused: Refused | None) -> int:
    if refused is None:
        return 200
    return 429 if isinstance(refused, throttle.TooMany) else 422


def _answered(response: Response, refused: Refused | None) -> Response:
    if isinstance(refused, throttle.TooMany):
        response.headers["Retry-After"] = str(refused.retry_after)
    return response


routes = [
    Route("/sign-in/second-step", second_step, methods=["POST"]),
    Route("/sign-in/passkey", with_passkey, methods=["POST"]),
    Route("/prove", prove, methods=["POST"]),
]
