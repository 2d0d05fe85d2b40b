"""What was reported, for those who look at it: the list, one report, and what is done about it."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server.errors import Invalid, NotFound
from server.moderation import actions, policy, queries
from server.moderation.actions import Decision
from server.moderation.queries import ReportView
from web.i18n import gettext
from web.moderation import words
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text, texts

PAGE = 30


async def queue(request: Request) -> Response:
    """Reports that wait, or with `show=closed` those that were decided; for those who look after some place."""
    here, viewer = here_of(request), signed_in(request)
    if not await queries.looks_after_something(here, viewer):
        raise NotFound
    closed = request.query_params.get("show") == "closed"
    state = policy.CLOSED if closed else policy.OPEN
    found = await queries.queue(here, viewer, state=state, before=request.query_params.get("before"), limit=PAGE + 1)
    older = f"/moderation?{'show=closed&' if closed else ''}before={found[PAGE - 1].id}" if len(found) > PAGE else None
    return render(
        request,
        "moderation/queue.html",
        nav="moderation",
        reports=found[:PAGE],
        older=older,
        closed=closed,
        tabs=words.tabs(request, "closed" if closed else "waiting"),
        categories=words.category_labels(request),
        outcomes=words.outcomes(request),
    )


async def one(request: Request) -> Response:
    """One report, with what it is about as it was then."""
    return await _page(request, await _report(request), {})


async def decide(request: Request) -> Response:
    """Do something about it, or nothing."""
    here, viewer, report = here_of(request), signed_in(request), await _report(request)
    sent = await form_of(request)
    length = text(sent, "length", 4)
    filled = {
        "action": text(sent, "action", 20),
        "reason": text(sent, "reason", 3000),
        "length": length,
        "posts": texts(sent, "post_id"),
    }
    decision = Decision(
        action=str(filled["action"]),
        reason=str(filled["reason"]),
        post_ids=tuple(filled["posts"]),
        length=policy.BAN_LENGTHS.get(length),
    )
    try:
        if length not in policy.BAN_LENGTHS:
            raise Invalid(gettext(request, "Choose for how long."), field="length")
        await actions.decide(here, viewer, report.id, decision)
    except Invalid as error:
        return await _page(request, report, filled, errors=error.errors, status=422)
    toast = gettext(request, "Decided. Whoever reported it is told what became of it, and nothing more.")
    return redirect(request, "/moderation", toast=toast)


async def _report(request: Request) -> ReportView:
    report = await queries.one(here_of(request), signed_in(request), request.path_params["report_id"])
    if report is None:
        raise NotFound
    return report


async def _page(
    request: Request,
    report: ReportView,
    filled: dict[str, Any],
    *,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
) -> Response:
    viewer = signed_in(request)
    choices = [
        {
            "value": policy.NOTHING,
            "label": gettext(request, "Nothing has to be done"),
            "hint": gettext(request, "The report is closed. A word to the author is often enough."),
        }
    ]
    if any(post.state in {"visible", "held"} for post in report.posts):
        choices.append(
            {
                "value": policy.REMOVE,
                "label": gettext(request, "Take the post away"),
                "hint": gettext(request, "Its author still sees it, with the reason. Other servers are asked as well."),
            }
        )
    if report.community is not None and report.community.is_local and report.about.kind == "Person":
        choices.append(
            {
                "value": policy.BAN,
                "label": gettext(request, "Keep the person out of %(name)s", name=report.community.name),
                "hint": gettext(request, "For a time or for good. They are told why."),
            }
        )
    if viewer.is_steward and not report.about.is_local and report.about.kind == "Person":
        choices.append(
            {
                "value": policy.SUSPEND,
                "label": gettext(request, "Take nothing more from this person"),
                "hint": gettext(request, "For the whole server. An admin can undo it."),
            }
        )
    return render(
        request,
        "moderation/one.html",
        status_code=status,
        nav="moderation",
        report=report,
        filled=filled,
        choices=choices,
        lengths=words.lengths(request),
        category=words.category_labels(request).get(report.category, report.category),
        outcomes=words.outcomes(request),
        errors=errors or [],
    )
