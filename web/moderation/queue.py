"""Cases, for those who look at them: the list, one case with its course, and what is done about it."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server.errors import Invalid, NotFound
from server.moderation import actions, policy, queries
from server.moderation.actions import Decision
from server.moderation.clauses import clauses_for
from server.moderation.queries import CaseView
from web.i18n import gettext
from web.moderation import words
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text, texts

PAGE = 30


async def queue(request: Request) -> Response:
    """Cases that wait, or with `show=closed` those that were decided; for those who look after some place."""
    here, viewer = here_of(request), signed_in(request)
    if not await queries.looks_after_something(here, viewer):
        raise NotFound
    return await listed(request, "/moderation", sealed=False)


async def listed(request: Request, path: str, *, sealed: bool) -> Response:
    """The list of cases on a kind of desk, at its address."""
    here, viewer = here_of(request), signed_in(request)
    closed = request.query_params.get("show") == "closed"
    found = await queries.queue(
        here,
        viewer,
        state=policy.CLOSED if closed else policy.OPEN,
        before=request.query_params.get("before"),
        limit=PAGE + 1,
        sealed=sealed,
    )
    older = f"{path}?{'show=closed&' if closed else ''}before={found[PAGE - 1].id}" if len(found) > PAGE else None
    return render(
        request,
        "moderation/queue.html",
        nav="moderation",
        path=path,
        sealed=sealed,
        cases=found[:PAGE],
        older=older,
        closed=closed,
        tabs=words.tabs(request, "closed" if closed else "waiting", path),
        categories=words.category_labels(request),
        outcomes=words.outcomes(request),
    )


async def one(request: Request) -> Response:
    """One case, with what it is about as it was then."""
    return await page_of(request, await _case(request), {})


async def decide(request: Request) -> Response:
    """Do something about it, or nothing."""
    return await decided(request, await _case(request), "/moderation")


async def decided(request: Request, case: CaseView, back: str) -> Response:
    """Decide as the form says; the page again with what was typed where it cannot be done."""
    here, viewer, sent = here_of(request), signed_in(request), await form_of(request)
    length, chosen = text(sent, "length", 4), texts(sent, "action")
    filled = {
        "action": chosen,
        "clause": text(sent, "clause", 20),
        "reason": text(sent, "reason", 3000),
        "warning": text(sent, "warning", 300),
        "length": length,
        "posts": texts(sent, "post_id"),
    }
    decision = Decision(
        action=chosen[0] if chosen else "",
        also=tuple(chosen[1:]),
        clause=str(filled["clause"]),
        reason=str(filled["reason"]),
        warning=str(filled["warning"]),
        post_ids=tuple(filled["posts"]),
        length=policy.BAN_LENGTHS.get(length),
    )
    try:
        if length not in policy.BAN_LENGTHS:
            raise Invalid(gettext(request, "Choose for how long."), field="length")
        await actions.decide(here, viewer, case.id, decision)
    except Invalid as error:
        return await page_of(request, case, filled, errors=error.errors, status=422)
    toast = gettext(request, "Decided. Whoever reported it is told what became of it, and nothing more.")
    return redirect(request, back, toast=toast)


async def act(request: Request) -> Response:
    """Take a case, or give it back, or pass it on."""
    here, viewer, found, sent = here_of(request), signed_in(request), await _case(request), await form_of(request)
    path = f"/moderation/{found.id}"
    try:
        match text(sent, "act", 10):
            case "take":
                await actions.take(here, viewer, found.id)
                return redirect(request, path, toast=gettext(request, "It is yours. Others see that."))
            case "release":
                await actions.release(here, viewer, found.id)
                return redirect(request, path, toast=gettext(request, "Others can take it now."))
            case "who":
                await actions.ask_who(here, viewer, found.id)
                return redirect(request, path)
            case "pass":
                await actions.pass_up(here, viewer, found.id)
                toast = gettext(request, "Those who look after this server have it now.")
                return redirect(request, "/moderation", toast=toast)
    except Invalid as error:
        return await page_of(request, found, {}, errors=error.errors, status=422)
    raise NotFound


async def answer(request: Request) -> Response:
    """Decide about an objection."""
    here, viewer, case, sent = here_of(request), signed_in(request), await _case(request), await form_of(request)
    filled = {"answer": text(sent, "answer", 10), "reason": text(sent, "reason", 3000)}
    try:
        if filled["answer"] not in {"upheld", "undone"}:
            raise Invalid(gettext(request, "Choose one of the two."), field="answer")
        await actions.answer(here, viewer, case.id, undo=filled["answer"] == "undone", reason=filled["reason"])
    except Invalid as error:
        return await page_of(request, case, filled, errors=error.errors, status=422)
    return redirect(request, "/moderation", toast=gettext(request, "Answered. They are told, with your reason."))


async def _case(request: Request) -> CaseView:
    case = await queries.one(here_of(request), signed_in(request), request.path_params["report_id"])
    if case is None:
        raise NotFound
    return case


async def page_of(
    request: Request,
    case: CaseView,
    filled: dict[str, Any],
    *,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
) -> Response:
    """The page of one case."""
    here, viewer = here_of(request), signed_in(request)
    rules = await clauses_for(here, case.community.id if case.community is not None else None)
    named = next((rule.value for rule in rules if rule.words == case.clause), "")
    objection = next((ruling for ruling in case.rulings if ruling.appeal_state == "open"), None)
    by_viewer = objection is not None and objection.by is not None and objection.by.id == viewer.actor_id
    return render(
        request,
        "moderation/one.html",
        status_code=status,
        nav="moderation",
        case=case,
        path="/safeguarding" if case.desk == policy.SEALED else "/moderation",
        filled={"clause": named} | filled,
        choices=words.choices(request, case, is_steward=viewer.is_steward, is_admin=viewer.is_admin),
        clauses=words.clause_options(request, rules),
        lengths=words.lengths(request),
        category=words.category_labels(request).get(case.category, case.category),
        categories=words.category_labels(request),
        outcomes=words.outcomes(request),
        measures=words.measures(request),
        entries=words.entries(request),
        objection=objection,
        by_viewer=by_viewer,
        errors=errors or [],
    )
