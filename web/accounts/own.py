"""Settings: profile, looks, password, sessions and saved contexts."""

from typing import Any
from zoneinfo import available_timezones

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.accounts import actions as accounts
from server.accounts import queries
from server.accounts.actions import NewContext
from server.actors import actions as actors
from server.actors import queries as actor_queries
from server.actors.actions import ProfileChange
from server.actors.viewer import Viewer
from server.errors import Invalid, NotFound
from server.media import actions as media
from server.privacy import consents
from server.text import plain
from web.i18n import gettext, language_name, languages
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text

MAX_AVATAR_BYTES = 10 * 1024 * 1024
PROFILE_LINES = 4


async def settings(request: Request) -> Response:
    """Settings begin with the profile."""
    signed_in(request)
    return RedirectResponse("/settings/profile", status_code=303)


async def profile_page(request: Request) -> Response:
    """What others see of me."""
    here, viewer = here_of(request), signed_in(request)
    page = await actor_queries.actor_page(here, str(viewer.actor_id))
    if page is None:
        raise NotFound
    form = {
        "name": page.label.display_name,
        "summary": page.summary_source,
        "is_locked": page.is_locked,
        "discoverable": page.discoverable,
        "indexable": page.indexable,
    }
    lines = [(line.name, line.value_html) for line in page.fields]
    return _profile(request, page, form, [(name, _plain(value)) for name, value in lines])


async def save_profile(request: Request) -> Response:
    """Keep what I say of myself; followers elsewhere get it too."""
    here, viewer, form = here_of(request), signed_in(request), await form_of(request)
    names = [str(item) for item in form.getlist("field_name")][:PROFILE_LINES]
    values = [str(item) for item in form.getlist("field_value")][:PROFILE_LINES]
    lines = list(zip(names, values, strict=False))
    filled: dict[str, Any] = {
        "name": text(form, "name", 200),
        "summary": text(form, "summary", 6000),
        "is_locked": bool(text(form, "is_locked")),
        "discoverable": bool(text(form, "discoverable")),
        "indexable": bool(text(form, "indexable")),
    }
    try:
        avatar = await _avatar(request, viewer, form.get("avatar"))
        await actors.update_profile(
            here,
            str(viewer.actor_id),
            ProfileChange(
                name=filled["name"],
                summary_source=filled["summary"],
                fields=lines,
                is_locked=filled["is_locked"],
                discoverable=filled["discoverable"],
                indexable=filled["indexable"],
                avatar_url="" if text(form, "remove_avatar") else avatar,
            ),
        )
    except Invalid as error:
        page = await actor_queries.actor_page(here, str(viewer.actor_id))
        return _profile(request, page, filled, lines, errors=error.errors, status=422)
    await consents.note(here, viewer)
    return redirect(request, "/settings/profile", toast=gettext(request, "Your profile is saved."))


async def look_page(request: Request) -> Response:
    """Language, colours and time zone."""
    own = await queries.own(here_of(request), signed_in(request))
    form = {"language": own.language, "theme": own.theme, "timezone": own.timezone}
    return _look(request, form)


async def save_look(request: Request) -> Response:
    """Keep how pages look."""
    here, viewer, form = here_of(request), signed_in(request), await form_of(request)
    filled = {name: text(form, name, 64) for name in ("language", "theme", "timezone")}
    try:
        await accounts.set_preferences(here, viewer, **filled)
    except Invalid as error:
        return _look(request, filled, errors=error.errors, status=422)
    return redirect(request, "/settings/look", toast=gettext(request, "Saved."))


async def password_page(request: Request) -> Response:
    """Change the password."""
    signed_in(request)
    return render(request, "accounts/settings/password.html", nav="settings", tab="password")


async def save_password(request: Request) -> Response:
    """Set the new password; other browsers are signed out."""
    here, viewer, form = here_of(request), signed_in(request), await form_of(request)
    try:
        await accounts.change_password(here, viewer, _secret(form.get("current")), _secret(form.get("new")))
    except Invalid as error:
        return render(
            request,
            "accounts/settings/password.html",
            status_code=422,
            errors=error.errors,
            nav="settings",
            tab="password",
        )
    words = gettext(request, "Your password is changed. Other browsers were signed out.")
    return redirect(request, "/settings/password", toast=words)


async def sessions_page(request: Request) -> Response:
    """Where I am signed in."""
    found = await queries.sessions(here_of(request), signed_in(request))
    return render(
        request,
        "accounts/settings/sessions.html",
        nav="settings",
        tab="sessions",
        sessions=found,
        browser_name=browser_name,
    )


async def end_session(request: Request) -> Response:
    """Sign one browser out."""
    here, viewer = here_of(request), signed_in(request)
    await accounts.end_session(here, viewer, request.path_params["session_id"])
    return redirect(request, "/settings/sessions", toast=gettext(request, "That browser is signed out."))


async def end_other_sessions(request: Request) -> Response:
    """Sign all other browsers out."""
    viewer = signed_in(request)
    await accounts.end_sessions(here_of(request), str(viewer.account_id), but=viewer.session_id)
    return redirect(request, "/settings/sessions", toast=gettext(request, "All other browsers are signed out."))


async def contexts_page(request: Request) -> Response:
    """Teaching contexts to reuse."""
    found = await queries.contexts(here_of(request), signed_in(request))
    return render(request, "accounts/settings/contexts.html", nav="settings", tab="contexts", contexts=found, form={})


async def add_context(request: Request) -> Response:
    """Keep one more context."""
    here, viewer, form = here_of(request), signed_in(request), await form_of(request)
    filled = {name: text(form, name, 200) for name in ("label", "subject", "level", "group_size", "minutes", "setting")}
    try:
        new = NewContext(
            label=filled["label"],
            subject=filled["subject"],
            level=filled["level"],
            setting=filled["setting"],
            group_size=_number(request, filled, "group_size"),
            minutes=_number(request, filled, "minutes"),
        )
        await accounts.save_context(here, viewer, new)
    except Invalid as error:
        found = await queries.contexts(here, viewer)
        return render(
            request,
            "accounts/settings/contexts.html",
            status_code=422,
            nav="settings",
            tab="contexts",
            contexts=found,
            form=filled,
            errors=error.errors,
        )
    return redirect(request, "/settings/contexts", toast=gettext(request, "Saved. You can pick it when you share."))


async def delete_context(request: Request) -> Response:
    """Remove a context."""
    await accounts.delete_context(here_of(request), signed_in(request), request.path_params["context_id"])
    return redirect(request, "/settings/contexts", toast=gettext(request, "Removed."))


def _profile(
    request: Request,
    page: actor_queries.ActorPage | None,
    form: dict[str, Any],
    lines: list[tuple[str, str]],
    *,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
) -> Response:
    padded = [*lines, *[("", "")] * PROFILE_LINES][:PROFILE_LINES]
    return render(
        request,
        "accounts/settings/profile.html",
        status_code=status,
        nav="settings",
        tab="profile",
        page=page,
        form=form,
        lines=padded,
        errors=errors or [],
    )


def _look(
    request: Request, form: dict[str, str], *, errors: list[dict[str, str]] | None = None, status: int = 200
) -> Response:
    zones = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/")))
    return render(
        request,
        "accounts/settings/look.html",
        status_code=status,
        nav="settings",
        tab="look",
        form=form,
        errors=errors or [],
        language_options=[{"value": code, "label": language_name(code)} for code in languages()],
        zone_options=[{"value": zone, "label": zone.replace("_", " ")} for zone in ("UTC", *zones)],
    )


async def _avatar(request: Request, viewer: Viewer, upload: object) -> str | None:
    if not isinstance(upload, UploadFile) or not upload.filename:
        return None
    data = await upload.read(MAX_AVATAR_BYTES + 1)
    if len(data) > MAX_AVATAR_BYTES:
        raise Invalid(gettext(request, "Use a picture of at most 10 MB."), field="avatar")
    try:
        kept = await media.upload_avatar(here_of(request), str(viewer.actor_id), data)
        return kept.url
    except Invalid as error:
        raise Invalid(error.message, field="avatar") from error


def browser_name(user_agent: str) -> str:
    """What people call a browser and its machine, as far as it says; empty for others."""
    browsers = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrom", "Chrome"), ("Safari/", "Safari"))
    machines = (
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
    )
    browser = next((name for sign, name in browsers if sign in user_agent), "")
    machine = next((name for sign, name in (*machines, ("Linux", "Linux")) if sign in user_agent), "")
    return " · ".join(word for word in (browser, machine) if word)


def _number(request: Request, filled: dict[str, str], name: str) -> int | None:
    if not filled[name]:
        return None
    if not filled[name].isascii() or not filled[name].isdigit() or len(filled[name]) > 6:
        raise Invalid(gettext(request, "Write a number, such as 25."), field=name)
    return int(filled[name])


def _secret(value: object) -> str:
    return value[:1000] if isinstance(value, str) else ""


def _plain(html: str) -> str:
    """Profile lines are written as plain text or one link; show what was written."""
    return plain(html)


routes = [
    Route("/settings", settings),
    Route("/settings/profile", profile_page),
    Route("/settings/profile", save_profile, methods=["POST"]),
    Route("/settings/look", look_page),
    Route("/settings/look", save_look, methods=["POST"]),
    Route("/settings/password", password_page),
    Route("/settings/password", save_password, methods=["POST"]),
    Route("/settings/sessions", sessions_page),
    Route("/settings/sessions/end-others", end_other_sessions, methods=["POST"]),
    Route("/settings/sessions/{session_id}/end", end_session, methods=["POST"]),
    Route("/settings/contexts", contexts_page),
    Route("/settings/contexts", add_context, methods=["POST"]),
    Route("/settings/contexts/{context_id}/delete", delete_context, methods=["POST"]),
]
