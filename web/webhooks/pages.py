"""The chat rooms of a community: for those who look after it."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.communities import policy
from server.communities.queries import CommunityPage
from server.errors import Invalid, NotFound
from server.webhooks import actions, queries
from web.communities.common import insist, local, show
from web.i18n import gettext
from web.render import redirect
from web.request import form_of, here_of, signed_in, text, texts


async def page(request: Request) -> Response:
    """Which rooms are told what."""
    signed_in(request)
    found = await local(request)
    insist(policy.may_edit(found.facts))
    return await _page(request, found, {"url": "", "form": "text", "wants": ["practices", "events"]})


async def change(request: Request) -> Response:
    """Add a room, try one, or tell one no more."""
    here, viewer, found, sent = here_of(request), signed_in(request), await local(request), await form_of(request)
    room_id = text(sent, "room", 40)
    match text(sent, "act", 20):
        case "add":
            url, form, wants = text(sent, "url", 3_000), text(sent, "form", 20), texts(sent, "wants", 20)
            try:
                await actions.add(here, viewer, found.id, url=url, form=form, wants=wants)
            except Invalid as error:
                return await _page(
                    request, found, {"url": url, "form": form, "wants": wants}, errors=error.errors, status=422
                )
            said = gettext(request, "Added. A message that says hello is on its way to the room.")
        case "try":
            await actions.try_again(here, viewer, room_id)
            said = gettext(request, "A message that says hello is on its way to the room.")
        case "remove":
            await actions.remove(here, viewer, room_id)
            said = gettext(request, "This room is told nothing any more.")
        case _:
            raise NotFound
    return redirect(request, f"{found.url}/rooms", toast=said)


async def _page(
    request: Request,
    found: CommunityPage,
    form: dict[str, object],
    *,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
) -> Response:
    wants = [
        {"value": "practices", "label": gettext(request, "New practices and tips")},
        {"value": "events", "label": gettext(request, "Events that were announced")},
        {"value": "soon", "label": gettext(request, "Events that begin within the hour")},
    ]
    return show(
        request,
        "webhooks/rooms.html",
        found,
        "",
        status_code=status,
        rooms=await queries.rooms(here_of(request), found.id),
        is_open=found.visibility == policy.PUBLIC,
        wants=wants,
        want_labels={want["value"]: want["label"] for want in wants},
        form=form,
        errors=errors or [],
    )


routes = [Route("/c/{slug}/rooms", page), Route("/c/{slug}/rooms", change, methods=["POST"])]
