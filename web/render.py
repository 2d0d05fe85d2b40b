"""From a template and what a page knows to an answer: the Jinja2 environment, page context, toasts and redirects."""

import json
import secrets
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import BaseRoute, Mount, Route

from server.text import LANGUAGES
from web import accent, i18n
from web.assets import asset, static_app
from web.components.drawing import icon, initials_picture
from web.components.when import When, describe_moment
from web.fragments import facts_of, fragments
from web.headers import secure
from web.labels import said

if TYPE_CHECKING:
    from server.instance import Instance

__all__ = ["asset", "redirect", "render", "render_fragment", "shell_routes", "static_app"]

TOAST_SECONDS = 60

_now: ContextVar[datetime | None] = ContextVar("peerhall_page_now", default=None)
_zone: ContextVar[str] = ContextVar("peerhall_page_zone", default="UTC")


def render(request: Request, template: str, status_code: int = 200, **context: Any) -> HTMLResponse:
    """A whole page. `template` is named from `web/`, for example `practices/show.html`.

    Pass `nav="practices"` to mark the current place, and `errors` (a list of field and message) after a refused form.
    `csp_form_action` widens one directive for the OAuth consent page, and `keeps_opener` leaves a header out on the
    pages before and after it; nobody else needs them. `csp_frame` is the origin of what somebody asked to see here.
    """
    form_action, keeps_opener = context.pop("csp_form_action", "'self'"), context.pop("keeps_opener", False)
    frame = context.get("csp_frame", "")
    values = _page_context(request, context)
    response = HTMLResponse(environment().get_template(template).render(values), status_code=status_code)
    https = _is_https(request)
    secure(
        response,
        https=https,
        nonce=values["csp_nonce"],
        form_action=form_action,
        frame=frame,
        keeps_opener=keeps_opener,
    )
    response.headers["Cache-Control"] = "private, no-store" if values["viewer"] else "no-cache"
    response.headers["Vary"] = "Accept, Accept-Language, Cookie"
    response.headers["Content-Language"] = values["language"]
    if values["toast"]:
        response.delete_cookie(_toast_cookie(https), secure=https, httponly=True, samesite="lax")
    return response


def render_fragment(request: Request, template: str, **context: Any) -> str:
    """A piece of a page, for scripts that put it in its place."""
    return environment().get_template(template).render(_page_context(request, context))


def redirect(request: Request, url: str, toast: str | None = None, undo: str | None = None) -> RedirectResponse:
    """Send the person to `url` (303), with a message the next page shows once.

    `undo` is an address of ours that takes the change back when it receives a POST; the message then has a button.
    """
    response = RedirectResponse(url, status_code=303)
    response.headers["Cache-Control"] = "no-store"
    here = _here(request)
    if toast and here is not None:
        https = _is_https(request)
        response.set_cookie(
            _toast_cookie(https),
            here.signatures.sign(
                "toast",
                json.dumps({"message": toast, "undo": undo}),
                until=here.clock.now() + timedelta(seconds=TOAST_SECONDS),
            ),
            max_age=TOAST_SECONDS,
            secure=https,
            httponly=True,
            samesite="lax",
        )
    return response


def shell_routes() -> list[BaseRoute]:
    """What every page needs to look right: static files and the organisation's accent."""
    return [Mount("/static", static_app(), name="static"), Route("/theme/{colour}.css", accent.theme, name="theme")]


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The one template environment: everything escaped, every string translatable."""
    created = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    created.globals.update(
        asset=asset,
        language_choices=[{"value": code, "label": name} for code, name in LANGUAGES.items()],
        icon=icon,
        initials_picture=initials_picture,
        kept=_kept,
        kept_post=_kept_post,
        language_name=i18n.language_name,
        when=_when,
    )
    created.filters["error_for"] = _error_for
    created.filters["said"] = said
    created.filters["upper_first"] = _upper_first
    created.policies["ext.i18n.trimmed"] = True
    created.install_gettext_callables(  # type: ignore[attr-defined]  # added by jinja2.ext.i18n
        i18n.template_gettext, i18n.template_ngettext, newstyle=True
    )
    # As those of the extension, but without looking everything up again for each of a few hundred words on a page.
    created.globals.update(gettext=_gettext, _=_gettext)
    return created


def _page_context(request: Request, context: Mapping[str, Any]) -> dict[str, Any]:
    state = request.scope.get("state", {})
    viewer = _signed_in(state.get("viewer"))
    here = _here(request)
    site = here.site if here else None
    language = i18n.language_of(request)
    i18n.use_language(language)
    now = context.get("now") or (here.clock.now() if here else datetime.now(UTC))
    _now.set(now)
    _zone.set(getattr(viewer, "time_zone", None) or getattr(site, "time_zone", None) or "UTC")
    return {
        "nav": "",
        "errors": [],
        "toast": _open_toast(request),
        "tour": state["tour"](request) if "tour" in state else None,
        **context,
        "request": request,
        "viewer": viewer,
        "site": site,
        "accent": accent.clean_hex(getattr(site, "accent", None)),
        "theme": getattr(viewer, "theme", None),
        "language": language,
        "csp_nonce": state.get("csp_nonce") or secrets.token_urlsafe(16),
        "now": now,
    }


def _gettext(message: str, **values: Any) -> Markup:
    said = _said(i18n.current_language(), message)
    return said[0] % values if values else said[1]


@lru_cache(maxsize=8192)
def _said(language: str, message: str) -> tuple[Markup, Markup]:
    """A message with its places, and as it is where it has none: catalogues are ours and hold safe HTML."""
    translated = Markup(i18n.translations_for(language).gettext(message))  # noqa: S704
    return translated, translated % {} if "%(" not in translated else translated


def _kept(name: str, *facts: Any, caller: Callable[[], Markup]) -> Markup:
    """A piece of a page that is made from `facts` alone; they must be all that its body looks at."""
    return fragments.get((name, i18n.current_language(), *facts), caller)


def _kept_post(name: str, post: Any, *facts: Any, caller: Callable[[], Markup]) -> Markup:
    """A piece that is made from a post and from further `facts` alone."""
    about = facts_of(post, _when)
    if about is None:
        return caller()
    return fragments.get((name, i18n.current_language(), about, facts), caller)


def _when(moment: datetime) -> When:
    return describe_moment(moment, _now.get() or datetime.now(UTC), i18n.current_language(), _zone.get())


def _here(request: Request) -> "Instance | None":
    """The instance that answers; None for the error page of a server that is not up yet."""
    here: Instance | None = request.scope.get("state", {}).get("here")
    return here


def _signed_in(viewer: Any) -> Any:
    """The viewer, or None for a stranger (the anonymous viewer has no actor)."""
    return viewer if getattr(viewer, "actor_id", None) is not None else None


def _upper_first(text: str) -> str:
    """A text as the beginning of a sentence; nouns stay as they are, unlike with `capitalize`."""
    return text[:1].upper() + text[1:]


def _error_for(errors: Any, name: str) -> str | None:
    for error in errors or ():
        field, message = (
            (error["field"], error["message"]) if isinstance(error, Mapping) else (error.field, error.message)
        )
        if field == name:
            return str(message)
    return None


def _is_https(request: Request) -> bool:
    here = _here(request)
    return here.site.origin.startswith("https:") if here else request.url.scheme == "https"


def _toast_cookie(https: bool) -> str:
    return "__Host-toast" if https else "toast"


def _open_toast(request: Request) -> dict[str, Any] | None:
    here = _here(request)
    signed = request.cookies.get(_toast_cookie(_is_https(request)))
    if here is None or not signed:
        return None
    text = here.signatures.verify("toast", signed, now=here.clock.now())
    return json.loads(text) if text else None
