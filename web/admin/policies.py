"""Writing what this organisation says about privacy, acceptable use and accessibility."""

from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.accounts import policies
from server.errors import Invalid
from web.i18n import gettext, language_of
from web.render import redirect, render
from web.request import admin, form_of, here_of, text

DRAFTS = Path(__file__).parents[1] / "policies" / "drafts"
PAGE = "/admin/policies"


def names(request: Request) -> dict[str, str]:
    """The kinds of texts."""
    return {
        "privacy": gettext(request, "Privacy"),
        "acceptable_use": gettext(request, "Acceptable use"),
        "accessibility": gettext(request, "Accessibility"),
    }


async def listing(request: Request) -> Response:
    """All texts, for admins."""
    admin(request)
    return render(
        request,
        "admin/policies.html",
        nav="admin",
        tab="policies",
        kinds=policies.KINDS,
        names=names(request),
        changed=await policies.changed(here_of(request)),
    )


async def edit(request: Request) -> Response:
    """One text to write; an empty one begins with a draft where that is asked for."""
    admin(request)
    kind = _kind(request)
    found = await policies.policy(here_of(request), kind)
    drafted = not found.source and request.query_params.get("draft") == "yes"
    return _form(request, kind, draft(language_of(request), kind) if drafted else found.source)


async def save(request: Request) -> Response:
    """Keep it."""
    by, kind, form = admin(request), _kind(request), await form_of(request)
    written = text(form, "text", policies.MOST_LETTERS + 1)
    try:
        await policies.save_policy(here_of(request), by, kind, written)
    except Invalid as error:
        return _form(request, kind, written, errors=error.errors, status=422)
    return redirect(request, PAGE, toast=gettext(request, "Saved. Everybody can read it now."))


@cache
def draft(language: str, kind: str) -> str:
    """A text to begin from, in one of the languages that there are."""
    path = DRAFTS / language / f"{kind}.md"
    return (path if path.is_file() else DRAFTS / "en" / f"{kind}.md").read_text(encoding="utf-8")


def _form(
    request: Request, kind: str, written: str, *, errors: list[dict[str, str]] | None = None, status: int = 200
) -> Response:
    return render(
        request,
        "admin/policy.html",
        status_code=status,
        nav="admin",
        tab="policies",
        kind=kind,
        name=names(request)[kind],
        written=written,
        errors=errors or [],
    )


def _kind(request: Request) -> str:
    return request.url.path.rpartition("/")[2].replace("-", "_")


routes = [
    Route(PAGE, listing),
    *(Route(f"{PAGE}/{kind.replace('_', '-')}", edit) for kind in policies.KINDS),
    *(Route(f"{PAGE}/{kind.replace('_', '-')}", save, methods=["POST"]) for kind in policies.KINDS),
]
