"""The desk for requests about data, and confirming that the glass is broken: both for admins alone."""

from collections.abc import Sequence
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.errors import Invalid
from server.privacy import desk, glass
from web.i18n import gettext
from web.privacy import words
from web.render import redirect, render
from web.request import admin, form_of, here_of, text

DESK, GLASS = "/admin/requests", "/admin/break-glass"
FIELDS = ("kind", "who", "came_by", "note", "received")


async def desk_page(request: Request) -> Response:
    """What was asked, and how many days are left."""
    return await _desk(request)


async def note(request: Request) -> Response:
    """Write a request down."""
    by, form = admin(request), await form_of(request)
    filled = {name: text(form, name, 5000) for name in FIELDS}
    try:
        await desk.note(
            here_of(request),
            by,
            kind=filled["kind"],
            who=filled["who"],
            came_by=filled["came_by"],
            note=filled["note"],
            received=_day(request, filled["received"]),
        )
    except Invalid as error:
        return await _desk(request, filled, errors=error.errors, status=422)
    return redirect(request, DESK, toast=gettext(request, "Written down. The answer is due within thirty days."))


async def close(request: Request) -> Response:
    """Say how it ended."""
    by, form = admin(request), await form_of(request)
    try:
        await desk.close(
            here_of(request),
            by,
            request.path_params["request_id"],
            text(form, "outcome", 20),
            text(form, "reason", 5000),
        )
    except Invalid as error:
        return await _desk(request, errors=_named(request, error), status=422)
    return redirect(request, DESK, toast=gettext(request, "Closed, and noted in the log."))


async def archive(request: Request) -> Response:
    """Have somebody's archive made, for them to fetch."""
    by, form = admin(request), await form_of(request)
    try:
        await desk.make_archive(here_of(request), by, request.path_params["request_id"], text(form, "handle", 200))
    except Invalid as error:
        return await _desk(request, errors=_named(request, error), status=422)
    said = gettext(request, "Their archive is being made. They get a mail, and fetch it themselves.")
    return redirect(request, DESK, toast=said)


async def glass_page(request: Request) -> Response:
    """Who asked to read what is private, and what came of it."""
    by, here = admin(request), here_of(request)
    now = here.clock.now()
    return render(
        request,
        "privacy/glass.html",
        nav="admin",
        tab="audit",
        requests=[
            (item, item.state == "asked" and item.expires_at > now and by.actor_id not in {item.by_id, item.person_id})
            for item in await glass.asked(here)
        ],
        states=words.glass_states(request),
    )


async def decide(request: Request) -> Response:
    """Confirm or refuse it, once it is known that it is them."""
    by, here, form = admin(request), here_of(request), await form_of(request)
    agreed = text(form, "answer", 10) == "confirm"
    await glass.decide(here, by, request.path_params["request_id"], agreed=agreed)
    said = gettext(request, "Confirmed. It can be read once within a day.") if agreed else gettext(request, "Refused.")
    return redirect(request, GLASS, toast=said)


async def _desk(
    request: Request,
    filled: dict[str, str] | None = None,
    *,
    errors: Sequence[dict[str, str]] = (),
    status: int = 200,
) -> Response:
    admin(request)
    here = here_of(request)
    today = here.clock.now().date().isoformat()
    return render(
        request,
        "privacy/desk.html",
        status_code=status,
        nav="admin",
        tab="requests",
        requests=await desk.requests(here),
        form=filled or {"kind": "access", "who": "", "came_by": "", "note": "", "received": today},
        kinds=words.requests(request),
        outcomes=words.outcomes(request),
        kind_options=[{"value": key, "label": label} for key, label in words.requests(request).items()],
        outcome_options=[{"value": key, "label": label} for key, label in words.outcomes(request).items()],
        errors=list(errors),
    )


def _named(request: Request, error: Invalid) -> list[dict[str, str]]:
    """Which of the forms of the page is meant."""
    return [{**each, "field": f"{each['field']}-{request.path_params['request_id']}"} for each in error.errors]


def _day(request: Request, written: str) -> datetime:
    try:
        return datetime.strptime(written, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        message = gettext(request, "Write the day it came, such as 2026-11-28.")
        raise Invalid(message, field="received") from None


routes = [
    Route(DESK, desk_page),
    Route(DESK, note, methods=["POST"]),
    Route(f"{DESK}/{{request_id}}/close", close, methods=["POST"]),
    Route(f"{DESK}/{{request_id}}/archive", archive, methods=["POST"]),
    Route(GLASS, glass_page),
    Route(f"{GLASS}/{{request_id}}", decide, methods=["POST"]),
]
