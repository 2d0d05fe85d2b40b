"""Ending a term of a community, and beginning the next one (N18, A2)."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.communities import charter, policy
from server.communities.queries import CommunityPage
from server.errors import Invalid
from server.hosting import terms
from server.hosting.terms import TermForm
from web.communities.charter import day, part_names
from web.communities.common import insist, local, show
from web.i18n import gettext
from web.render import redirect
from web.request import form_of, here_of, signed_in, text


async def term_page(request: Request) -> Response:
    """The terms that are over, with what was reached; and ending this one."""
    signed_in(request)
    page = await local(request)
    if not page.facts.is_member:
        insist(policy.Denied("Join this community first."))
    return await _term(request, page, {}, "", ask_again=True)


async def end_term(request: Request) -> Response:
    """End the term, and begin the next one."""
    here, viewer, page, sent = here_of(request), signed_in(request), await local(request), await form_of(request)
    parts = {part: text(sent, part, 5_000) for part in charter.PARTS if part in sent}
    reached, ask_again = text(sent, "reached", 5_000), bool(text(sent, "ask_again", 5))
    form = TermForm(
        reached=reached,
        parts=parts,
        ask_again=ask_again,
        post_title=gettext(request, "A new term"),
        post_text=gettext(
            request, "**What we reached:** {reached}\n\nWe go on until {until}. Whoever does not want to can leave."
        ),
        language=viewer.language,
    )
    try:
        await terms.roll_over(here, viewer, page.id, form)
    except Invalid as error:
        return await _term(request, page, parts, reached, ask_again=ask_again, errors=error.errors, status=422)
    return redirect(request, f"{page.url}/term", toast=gettext(request, "The new term has begun. Everybody is told."))


async def go_on(request: Request) -> Response:
    """Say that one goes on."""
    here, viewer, page = here_of(request), signed_in(request), await local(request)
    await terms.go_on(here, viewer, page.id)
    return redirect(request, page.url, toast=gettext(request, "Good: you are in."))


async def _term(
    request: Request,
    page: CommunityPage,
    parts: dict[str, str],
    reached: str,
    *,
    ask_again: bool,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
) -> Response:
    here = here_of(request)
    present = charter.parts_of(page) | {"term_from": "", "term_until": ""}
    return show(
        request,
        "hosting/term.html",
        page,
        "charter",
        status_code=status,
        past=await terms.past(here, page.id),
        parts=present | parts,
        part_names=part_names(request),
        day=day,
        reached=reached,
        ask_again=ask_again,
        unanswered=await terms.unanswered(here, page.id) if policy.may_edit(page.facts) else 0,
        errors=errors or [],
    )


routes = [
    Route("/c/{slug}/term", term_page),
    Route("/c/{slug}/term", end_term, methods=["POST"]),
    Route("/c/{slug}/term/on", go_on, methods=["POST"]),
]
