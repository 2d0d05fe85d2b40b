"""My mediations, and one of them: for its three people, and a page that does not exist for everybody else."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.errors import Invalid, NotFound
from server.mediation import actions, policy, queries
from server.mediation.queries import MediationView
from web.i18n import gettext
from web.mediation import doors
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text


async def mine(request: Request) -> Response:
    """Those in which I have a part."""
    found = await queries.mine(here_of(request), signed_in(request))
    return render(request, "mediation/mine.html", nav="me", mediations=found, states=_states(request))


async def one(request: Request) -> Response:
    """One of them, with what was said."""
    return _page(request, await _found(request), {})


async def agree(request: Request) -> Response:
    """Take part."""
    found = await _found(request)
    await actions.agree(here_of(request), signed_in(request), found.id)
    return redirect(request, f"/mediation/{found.id}", toast=gettext(request, "Thank you. The others are told."))


async def decline(request: Request) -> Response:
    """Not take part."""
    found = await _found(request)
    await actions.decline(here_of(request), signed_in(request), found.id)
    return redirect(request, "/mediation", toast=gettext(request, "That is all right. Nobody is told who said no."))


async def leave(request: Request) -> Response:
    """Not go on."""
    found = await _found(request)
    await actions.leave(here_of(request), signed_in(request), found.id)
    return redirect(request, "/mediation", toast=gettext(request, "It is over."))


async def say(request: Request) -> Response:
    """Say something."""
    found, sent = await _found(request), await form_of(request)
    said = text(sent, "text", 6000)
    try:
        await actions.say(here_of(request), signed_in(request), found.id, said)
    except Invalid as error:
        return _page(request, found, {"text": said}, errors=error.errors, status=422)
    return redirect(request, f"/mediation/{found.id}")


async def end(request: Request) -> Response:
    """The mediator writes down what came of it."""
    found, sent = await _found(request), await form_of(request)
    filled = {"outcome": text(sent, "outcome", 10), "result": text(sent, "result", 6000)}
    try:
        await actions.end(here_of(request), signed_in(request), found.id, filled["outcome"], filled["result"])
    except Invalid as error:
        return _page(request, found, filled, errors=error.errors, status=422)
    return redirect(request, f"/mediation/{found.id}", toast=gettext(request, "Written down, for the two to read."))


async def _found(request: Request) -> MediationView:
    found = await queries.one(here_of(request), signed_in(request), request.path_params["mediation_id"])
    if found is None:
        raise NotFound
    return found


def _page(
    request: Request,
    found: MediationView,
    filled: dict[str, Any],
    *,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
) -> Response:
    return render(
        request,
        "mediation/one.html",
        status_code=status,
        nav="me",
        mediation=found,
        states=_states(request),
        outcomes=[{"value": value, "label": label} for value, label in _outcomes(request).items()],
        outcome_words=_outcomes(request),
        filled=filled,
        errors=errors or [],
    )


def _states(request: Request) -> dict[str, str]:
    return {
        policy.ASKED: gettext(request, "Waits until everybody agrees"),
        policy.RUNNING: gettext(request, "Under way"),
        policy.DECLINED: gettext(request, "Did not come about"),
        policy.LEFT: gettext(request, "Ended by one of the two"),
        policy.ENDED: gettext(request, "Ended"),
    }


def _outcomes(request: Request) -> dict[str, str]:
    return {
        policy.AGREED: gettext(request, "The two agreed on something"),
        policy.PARTLY: gettext(request, "They agreed in part"),
        policy.NONE: gettext(request, "They did not agree; that is an outcome, too"),
    }


routes = [
    Route("/p/{name}/wrong", doors.page),
    Route("/p/{name}/wrong/talk", doors.talk, methods=["POST"]),
    Route("/p/{name}/wrong/mediation", doors.mediation, methods=["POST"]),
    Route("/mediation", mine),
    Route("/mediation/{mediation_id}", one),
    Route("/mediation/{mediation_id}/agree", agree, methods=["POST"]),
    Route("/mediation/{mediation_id}/decline", decline, methods=["POST"]),
    Route("/mediation/{mediation_id}/leave", leave, methods=["POST"]),
    Route("/mediation/{mediation_id}/say", say, methods=["POST"]),
    Route("/mediation/{mediation_id}/end", end, methods=["POST"]),
]
