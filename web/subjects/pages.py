"""The subjects that this server offers to follow, one with its practices, and choosing them."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.actors import relations
from server.errors import Invalid
from server.practices import queries as practices
from server.practices.queries import Facets
from server.subjects import actions, queries
from web.i18n import gettext
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text, viewer_of


async def subjects(request: Request) -> Response:
    """All of them; stewards choose here."""
    return await _list(request)


async def subject(request: Request) -> Response:
    """One subject: how to follow it, and the practices."""
    here, viewer = here_of(request), viewer_of(request)
    found = await queries.subject(here, request.path_params["handle"])
    facets = Facets(subject=found.subject, level=found.level)
    listed = await practices.find(here, viewer, facets, request.query_params.get("before"))
    older = listed.page.next
    return render(
        request,
        "subjects/show.html",
        nav="practices",
        subject=found,
        posts=listed.page.items,
        older=f"{found.url}?before={older}" if older else None,
        relation=await relations.relationship(here, viewer.actor_id, found.id),
    )


async def offer(request: Request) -> Response:
    """Offer one more."""
    here, viewer, form = here_of(request), signed_in(request), await form_of(request)
    typed = {name: text(form, name, 200) for name in ("subject", "level", "handle")}
    try:
        await actions.offer(here, viewer, **typed)
    except Invalid as error:
        errors = [item | {"field": {"username": "handle"}.get(item["field"], item["field"])} for item in error.errors]
        return await _list(request, typed=typed, errors=errors, status=422)
    return redirect(request, "/subjects", toast=gettext(request, "It can be followed now, from any server."))


async def turn(request: Request) -> Response:
    """Turn one off, or on again."""
    here, viewer = here_of(request), signed_in(request)
    on = request.path_params["way"] == "on"
    await actions.turn(here, viewer, request.path_params["handle"], on=on)
    words = (
        gettext(request, "It is on, and passes on the latest practices.")
        if on
        else gettext(request, "It is off. What it passed on is taken back everywhere.")
    )
    return redirect(request, "/subjects", toast=words)


async def _list(
    request: Request,
    *,
    typed: dict[str, str] | None = None,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
) -> Response:
    here, viewer = here_of(request), viewer_of(request)
    found = await queries.subjects(here, everything=viewer.is_steward)
    return render(
        request,
        "subjects/list.html",
        status_code=status,
        nav="practices",
        subjects=found,
        domain=here.settings.domain,
        form=typed or {},
        errors=errors or [],
    )


routes = [
    Route("/subjects", subjects),
    Route("/subjects", offer, methods=["POST"]),
    Route("/subjects/{handle}", subject),
    Route("/subjects/{handle}/{way:str}", turn, methods=["POST"]),
]
