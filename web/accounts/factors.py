"""Settings: the second step of signing in. An app with codes, passkeys, and recovery codes, which are shown once."""

from importlib import import_module

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.errors import Invalid, NotFound
from server.factors import actions, queries
from web.accounts.entering import SECOND_STEP
from web.i18n import gettext
from web.render import redirect, render
from web.request import form_of, here_of, proven, signed_in, text

APP = f"{SECOND_STEP}/app"


async def page(request: Request) -> Response:
    """What I sign in with besides my password."""
    return await _page(request)


async def begin_app(request: Request) -> Response:
    """Begin to set up an app."""
    viewer = proven(request)
    try:
        await actions.begin_app(here_of(request), viewer)
    except Invalid as error:
        return redirect(request, SECOND_STEP, toast=error.message)
    return redirect(request, APP)


async def app_page(request: Request) -> Response:
    """What the app is to know: as a picture, and to type. Only for whoever is known to sit there."""
    return await _app(request)


async def confirm_app(request: Request) -> Response:
    """The app works: its code is asked for from now on."""
    viewer, form = proven(request), await form_of(request)
    try:
        made = await actions.confirm_app(here_of(request), viewer, text(form, "code", 40))
    except Invalid as error:
        return await _app(request, errors=error.errors, status=422)
    words = gettext(request, "Your app is set up.")
    return _codes(request, made, words) if made else redirect(request, SECOND_STEP, toast=words)


async def remove_app(request: Request) -> Response:
    """Ask for no codes any more."""
    viewer = proven(request)
    try:
        await actions.remove_app(here_of(request), viewer)
    except Invalid as error:
        return redirect(request, SECOND_STEP, toast=error.message)
    return redirect(request, SECOND_STEP, toast=gettext(request, "Your app is removed. You get a mail that says so."))


async def passkey_page(request: Request) -> Response:
    """Make a passkey on this device."""
    return await _passkey(request)


async def add_passkey(request: Request) -> Response:
    """Keep the passkey that this browser made."""
    viewer, form = proven(request), await form_of(request)
    name = text(form, "name", 200)
    try:
        made = await actions.add_passkey(here_of(request), viewer, text(form, "passkey", 30_000), name)
    except Invalid as error:
        errors = [
            {"field": "name" if each["field"] == "name" else "", "message": each["message"]} for each in error.errors
        ]
        return await _passkey(request, name=name, errors=errors, status=422)
    words = gettext(request, "Your passkey is kept.")
    return _codes(request, made, words) if made else redirect(request, SECOND_STEP, toast=words)


async def rename_passkey(request: Request) -> Response:
    """Call a passkey something else."""
    here, viewer, form = here_of(request), signed_in(request), await form_of(request)
    try:
        await actions.rename_passkey(here, viewer, request.path_params["passkey_id"], text(form, "name", 200))
    except Invalid as error:
        return redirect(request, SECOND_STEP, toast=error.message)
    return redirect(request, SECOND_STEP, toast=gettext(request, "Renamed."))


async def remove_passkey(request: Request) -> Response:
    """Take a passkey no more."""
    viewer = proven(request)
    try:
        await actions.remove_passkey(here_of(request), viewer, request.path_params["passkey_id"])
    except Invalid as error:
        return redirect(request, SECOND_STEP, toast=error.message)
    words = gettext(request, "This passkey is not taken any more. Remove it from your device, too.")
    return redirect(request, SECOND_STEP, toast=words)


async def renew_codes(request: Request) -> Response:
    """New recovery codes, in place of the old ones."""
    viewer = proven(request)
    try:
        made = await actions.renew_recovery_codes(here_of(request), viewer)
    except Invalid as error:
        return redirect(request, SECOND_STEP, toast=error.message)
    return _codes(request, made, "")


async def _page(request: Request) -> Response:
    here, viewer = here_of(request), signed_in(request)
    return render(
        request,
        "accounts/settings/second_step.html",
        nav="settings",
        tab="second-step",
        own=await queries.factors(here, viewer),
        waiting_role=viewer.waiting_role,
    )


async def _app(request: Request, *, errors: list[dict[str, str]] | None = None, status: int = 200) -> Response:
    viewer = proven(request)
    try:
        new = await queries.new_app(here_of(request), viewer)
    except NotFound:
        return redirect(request, SECOND_STEP)
    return render(
        request,
        "accounts/settings/code_app.html",
        status_code=status,
        nav="settings",
        tab="second-step",
        new=new,
        picture=_picture(new.address, gettext(request, "A picture for the camera of your app")),
        errors=errors or [],
    )


async def _passkey(
    request: Request, *, name: str = "", errors: list[dict[str, str]] | None = None, status: int = 200
) -> Response:
    viewer = proven(request)
    return render(
        request,
        "accounts/settings/passkey.html",
        status_code=status,
        nav="settings",
        tab="second-step",
        asked=await queries.to_make(here_of(request), viewer),
        name=name,
        errors=errors or [],
    )


def _codes(request: Request, made: list[str], done: str) -> Response:
    signed_in(request)
    return render(
        request, "accounts/settings/recovery_codes.html", nav="settings", tab="second-step", codes=made, done=done
    )


def _picture(address: str, words: str) -> Markup:
    """A QR code as SVG, black on white in every theme, for cameras; what draws it is loaded with the first."""
    made = import_module("segno").make_qr(address, error="m")
    drawn: str = made.svg_inline(scale=5, border=4, dark="#000", light="#fff", title=words)
    return Markup(drawn.replace("<svg ", '<svg role="img" ', 1))  # noqa: S704  # drawn from an address, and a title that segno escapes


routes = [
    Route(SECOND_STEP, page),
    Route(APP, begin_app, methods=["POST"]),
    Route(APP, app_page),
    Route(f"{APP}/confirm", confirm_app, methods=["POST"]),
    Route(f"{APP}/remove", remove_app, methods=["POST"]),
    Route(f"{SECOND_STEP}/passkeys", passkey_page),
    Route(f"{SECOND_STEP}/passkeys", add_passkey, methods=["POST"]),
    Route(f"{SECOND_STEP}/passkeys/{{passkey_id}}", rename_passkey, methods=["POST"]),
    Route(f"{SECOND_STEP}/passkeys/{{passkey_id}}/remove", remove_passkey, methods=["POST"]),
    Route(f"{SECOND_STEP}/codes", renew_codes, methods=["POST"]),
]
