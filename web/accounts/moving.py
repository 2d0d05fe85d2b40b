"""Moving to another account, and getting ready to move here from one."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.accounts import actions as accounts
from server.accounts import throttle
from server.actors import actions as actors
from server.actors import queries
from server.errors import Invalid, NotAllowed, NotFound, Refused
from web.i18n import gettext
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text

PAGE = "/settings/move"
TRIES_PER_QUARTER = 20


async def move_page(request: Request) -> Response:
    """Where I could go, where I went, and which other accounts are mine."""
    return await _page(request)


async def move(request: Request) -> Response:
    """Move away, with my followers."""
    here, viewer, form = here_of(request), signed_in(request), await form_of(request)
    filled = {"target": text(form, "target", 500)}
    try:
        throttle.limit(here, f"move {viewer.account_id}", "", TRIES_PER_QUARTER)
        if not text(form, "understood"):
            raise Invalid(gettext(request, "Tick that you understand what moving does."), field="understood")
        await accounts.move_own_account(here, viewer, filled["target"])
    except (Invalid, NotAllowed) as error:
        return await _page(request, form=filled, errors=_errors(error, "target"), status=422)
    words = gettext(request, "You have moved. Your followers are being told.")
    return redirect(request, PAGE, toast=words)


async def undo(request: Request) -> Response:
    """Be here again."""
    here, viewer = here_of(request), signed_in(request)
    await actors.undo_move(here, str(viewer.actor_id))
    return redirect(request, PAGE, toast=gettext(request, "You are here again. Followers who went along stay there."))


async def add_alias(request: Request) -> Response:
    """Say that another account is mine."""
    here, viewer, form = here_of(request), signed_in(request), await form_of(request)
    filled = {"alias": text(form, "alias", 500)}
    try:
        throttle.limit(here, f"alias {viewer.account_id}", "", TRIES_PER_QUARTER)
        await actors.add_alias(here, str(viewer.actor_id), filled["alias"])
    except (Invalid, NotAllowed, NotFound) as error:
        return await _page(request, form=filled, errors=_errors(error, "alias"), status=422)
    return redirect(request, PAGE, toast=gettext(request, "Added. Now start the move on the other server."))


async def remove_alias(request: Request) -> Response:
    """Take that back."""
    here, viewer, form = here_of(request), signed_in(request), await form_of(request)
    await actors.remove_alias(here, str(viewer.actor_id), text(form, "uri", 500))
    return redirect(request, PAGE, toast=gettext(request, "Removed."))


async def _page(
    request: Request,
    *,
    form: dict[str, str] | None = None,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
) -> Response:
    here, viewer = here_of(request), signed_in(request)
    page = await queries.actor_page(here, str(viewer.actor_id))
    values: dict[str, Any] = {"form": form or {}, "errors": errors or []}
    return render(
        request,
        "accounts/settings/move.html",
        status_code=status,
        nav="settings",
        tab="move",
        page=page,
        aliases=await queries.aliases(here, str(viewer.actor_id)),
        free_from=await queries.may_move_from(here, str(viewer.actor_id)),
        **values,
    )


def _errors(refusal: Refused, field: str) -> list[dict[str, str]]:
    """What names no field of its own is about the account that was written."""
    named = {"q": field, "": field}
    name = refusal.field or ""
    return [{"field": named.get(name, name), "message": refusal.message}]


routes = [
    Route(PAGE, move_page),
    Route(PAGE, move, methods=["POST"]),
    Route(f"{PAGE}/undo", undo, methods=["POST"]),
    Route(f"{PAGE}/aliases", add_alias, methods=["POST"]),
    Route(f"{PAGE}/aliases/remove", remove_alias, methods=["POST"]),
]
