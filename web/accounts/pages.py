"""Signing in and out, joining, and the links in our mails. A GET never acts (S32)."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.accounts import actions as accounts
from server.accounts import throttle
from server.accounts.actions import SecondStepNeeded, SignInRefused, SignUp
from server.errors import Invalid, NotAllowed, NotFound
from server.oidc.queries import sign_out_address
from web.accounts import carrying, deletions, entering, factors, moving, own
from web.accounts.entering import ask_second_step, entered, sign_in_form
from web.accounts.proving import origin_of
from web.i18n import gettext, language_of
from web.render import redirect, render
from web.request import address_of, form_of, here_of, text, viewer_of
from web.sessions import SESSION_COOKIE, safe_next, sign_in_response, sign_out_response

SIGN_UPS_PER_QUARTER = 10
MAILS_PER_QUARTER = 6


async def sign_in_page(request: Request) -> Response:
    """The form to sign in."""
    onward = safe_next(request.query_params.get("next"), "")
    if viewer_of(request).is_signed_in:
        return RedirectResponse(onward or "/week", status_code=303)
    return sign_in_form(request, {"next": onward})


async def sign_in(request: Request) -> Response:
    """Check name and password; go on to where the person wanted to go."""
    here, form = here_of(request), await form_of(request)
    onward = safe_next(text(form, "next"), "")
    password = form.get("password")
    try:
        token, viewer = await accounts.sign_in(
            here,
            text(form, "name", 254),
            password[:1000] if isinstance(password, str) else "",
            **origin_of(request),
        )
    except SecondStepNeeded as needed:
        return await ask_second_step(request, needed.opening, onward)
    except (SignInRefused, throttle.TooMany) as error:
        form_again = {"name": text(form, "name", 254), "next": onward}
        return sign_in_form(request, form_again, refused=error, field="name")
    return await entered(request, token, viewer, onward)


async def sign_out(request: Request) -> Response:
    """End this session."""
    token = request.cookies.get(SESSION_COOKIE, "")
    there = await sign_out_address(here_of(request), viewer_of(request))
    if token:
        await accounts.sign_out(here_of(request), token)
    if there:
        return sign_out_response(request, render(request, "oidc/signed_out.html", there=there))
    return sign_out_response(request, redirect(request, "/", toast=gettext(request, "You are signed out.")))


async def sign_up_page(request: Request) -> Response:
    """The form to join, or why one cannot."""
    if viewer_of(request).is_signed_in:
        return RedirectResponse("/week", status_code=303)
    return await _sign_up_form(request, {}, invitation=request.path_params.get("token", ""))


async def sign_up(request: Request) -> Response:
    """Join."""
    here, form = here_of(request), await form_of(request)
    password = form.get("password")
    filled = SignUp(
        name=text(form, "username", 60),
        password=password[:1000] if isinstance(password, str) else "",
        display_name=text(form, "display_name", 200),
        email=text(form, "email", 254),
        why_join=text(form, "why_join", 2000),
        accepts_guidelines=bool(text(form, "accepts_guidelines")),
        invitation=text(form, "invitation", 200),
        language=language_of(request),
    )
    try:
        throttle.limit(here, "sign-up", address_of(request), SIGN_UPS_PER_QUARTER)
        account = await accounts.sign_up(here, filled)
    except Invalid as error:
        return await _sign_up_form(request, dict(form), invitation=filled.invitation, errors=error.errors, status=422)
    except (NotAllowed, throttle.TooMany) as error:
        errors = [{"field": "", "message": error.message}]
        status = 429 if isinstance(error, throttle.TooMany) else 403
        return await _sign_up_form(request, dict(form), invitation=filled.invitation, errors=errors, status=status)
    if account is None or account.state == "unconfirmed":
        return render(request, "accounts/sent.html", kind="confirm")
    if account.state == "pending":
        return render(request, "accounts/sent.html", kind="pending")
    token, viewer = await accounts.sign_in(
        here,
        filled.name,
        filled.password,
        address=address_of(request),
        user_agent=request.headers.get("user-agent", ""),
    )
    return sign_in_response(request, redirect(request, "/welcome"), token, viewer)


async def confirm_page(request: Request) -> Response:
    """A button: link scanners in mail systems open this page too."""
    await accounts.peek(here_of(request), request.path_params["token"], "confirm")
    return render(request, "accounts/confirm.html", token=request.path_params["token"])


async def confirm(request: Request) -> Response:
    """The address is theirs."""
    account = await accounts.confirm_email(here_of(request), request.path_params["token"])
    if account.state == "pending":
        return render(request, "accounts/sent.html", kind="pending")
    return redirect(request, "/sign-in", toast=gettext(request, "Your address is confirmed. Sign in now."))


async def reset_page(request: Request) -> Response:
    """Ask for a mail with a link."""
    return render(request, "accounts/reset.html", form={})


async def request_reset(request: Request) -> Response:
    """Send the mail, if there is such an account; the answer is the same without one."""
    here, form = here_of(request), await form_of(request)
    name = text(form, "name", 254)
    try:
        throttle.limit(here, "reset", address_of(request), MAILS_PER_QUARTER)
    except throttle.TooMany as error:
        errors = [{"field": "name", "message": error.message}]
        return render(request, "accounts/reset.html", status_code=429, form={"name": name}, errors=errors)
    if not name:
        errors = [{"field": "name", "message": gettext(request, "Write your name here, or your mail address.")}]
        return render(request, "accounts/reset.html", status_code=422, form={}, errors=errors)
    await accounts.request_reset(here, name)
    return render(request, "accounts/sent.html", kind="reset")


async def new_password_page(request: Request) -> Response:
    """Choose a new password."""
    await accounts.peek(here_of(request), request.path_params["token"], "reset")
    return render(request, "accounts/new_password.html", token=request.path_params["token"])


async def new_password(request: Request) -> Response:
    """Set the new password; every session ends."""
    form, token = await form_of(request), request.path_params["token"]
    password = form.get("password")
    try:
        await accounts.reset_password(here_of(request), token, password[:1000] if isinstance(password, str) else "")
    except Invalid as error:
        return render(request, "accounts/new_password.html", status_code=422, token=token, errors=error.errors)
    response = redirect(request, "/sign-in", toast=gettext(request, "Your new password is set. Sign in with it."))
    return sign_out_response(request, response)


async def _sign_up_form(
    request: Request,
    form: dict[str, object],
    *,
    invitation: str,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
) -> Response:
    here = here_of(request)
    invited = bool(invitation) and await accounts.find_invitation(here, invitation) is not None
    if request.path_params.get("token") and not invited:
        raise NotFound(gettext(request, "This invitation was used already, or its time is over. Ask for a new one."))
    return render(
        request,
        "accounts/sign_up.html",
        status_code=status,
        form={key: value for key, value in form.items() if isinstance(value, str) and key != "password"},
        errors=errors or [],
        invitation=invitation,
        invited=invited,
        mode="invited" if invited else here.site.registration,
        needs_mail=bool(here.settings.smtp_url),
    )


routes = [
    Route("/sign-in", sign_in_page),
    Route("/sign-in", sign_in, methods=["POST"]),
    Route("/sign-out", sign_out, methods=["POST"]),
    Route("/sign-up", sign_up_page),
    Route("/sign-up", sign_up, methods=["POST"]),
    Route("/join/{token}", sign_up_page),
    Route("/confirm/{token}", confirm_page),
    Route("/confirm/{token}", confirm, methods=["POST"]),
    Route("/reset", reset_page),
    Route("/reset", request_reset, methods=["POST"]),
    Route("/reset/{token}", new_password_page),
    Route("/reset/{token}", new_password, methods=["POST"]),
    *entering.routes,
    *own.routes,
    *factors.routes,
    *carrying.routes,
    *deletions.routes,
    *moving.routes,
]
