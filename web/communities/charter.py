"""A community's charter, its versions and what changed; its working agreement; and its goals, with what is there."""

from datetime import date

from babel.dates import format_date
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.communities import charter, goals, policy
from server.communities.queries import CommunityPage
from server.errors import Invalid, NotFound
from server.proposals import queries as proposals
from server.proposals.policy import CHARTER
from web.communities.common import community_of, local, show
from web.i18n import current_language, gettext
from web.render import redirect
from web.request import form_of, here_of, signed_in, text, viewer_of


def part_names(request: Request) -> dict[str, str]:
    """What the parts of a charter are called, and the one part of guidelines."""
    return {
        "objectives": gettext(request, "Objectives"),
        "outcomes": gettext(request, "Outcomes"),
        "term_from": gettext(request, "First day"),
        "term_until": gettext(request, "Last day"),
        "cadence": gettext(request, "Rhythm"),
        "channels": gettext(request, "Where we talk"),
        "feedback": gettext(request, "How we give feedback"),
        "guidelines": gettext(request, "Guidelines"),
    }


def shown_parts(parts: dict[str, str]) -> dict[str, str]:
    """The parts as they are read: days in words of the reader's language."""
    return {name: day(text) if name.startswith("term_") else text for name, text in parts.items()}


def day(text: str) -> str:
    """A day such as ``2026-09-01`` in words; other text as it is."""
    try:
        return str(format_date(date.fromisoformat(text), "long", locale=current_language()))
    except ValueError:
        return text


async def charter_page(request: Request) -> Response:
    """What the community wants to reach, until when and how; what changed; and what is proposed."""
    here, page = here_of(request), await community_of(request)
    if not page.is_local or not policy.may_see(page.facts):
        raise NotFound
    found = await charter.versions(here, page.id)
    newer = next((one for one in found if str(one.version) == request.query_params.get("version", "")), None)
    older = next((one for one in found if newer is not None and one.version == newer.version - 1), None)
    read_older = 0 < page.facts.read_version < page.facts.charter_version
    mine = next((one for one in found if one.version == page.facts.read_version), None) if read_older else None
    present = charter.parts_of(page)
    return show(
        request,
        "charter.html",
        page,
        "charter",
        versions=found,
        compared=newer if older else None,
        changes=charter.changes(older.parts, newer.parts) if older and newer else [],
        since_read=charter.changes(mine.parts, present) if mine else [],
        parts=shown_parts(present),
        part_names=part_names(request),
        shown_parts=shown_parts,
        may_propose=bool(page.has_charter and policy.may_propose(page.facts)),
        proposals=await proposals.listed(here, viewer_of(request), page.id, CHARTER),
        readers=await charter.readers(here, page.id, page.facts.charter_version) if page.facts.is_member else None,
    )


async def acknowledge(request: Request) -> Response:
    """Say that one has read the version that was shown."""
    here, viewer, page = here_of(request), signed_in(request), await local(request)
    version = text(await form_of(request), "version", 9)
    try:
        await charter.acknowledge(here, viewer, page.id, int(version) if version.isdecimal() else 0)
    except Invalid as error:
        return redirect(request, f"{page.url}/charter", toast=error.message)
    return redirect(request, f"{page.url}/charter", toast=gettext(request, "Noted: you have read it."))


async def goals_page(request: Request) -> Response:
    """The shared goals, and what is to be there for each."""
    page = await local(request)
    return _goals(request, page)


async def add(request: Request) -> Response:
    """Name something that brings a goal nearer."""
    here, viewer, page, sent = here_of(request), signed_in(request), await local(request), await form_of(request)
    number = text(sent, "goal", 3)
    typed = {"goal": number, "text": text(sent, "text", 500), "url": text(sent, "url", 600)}
    goal = page.goals[int(number)] if number.isdecimal() and int(number) < len(page.goals) else ""
    try:
        await goals.add_deliverable(here, viewer, page.id, goal=goal, text=typed["text"], url=typed["url"])
    except Invalid as error:
        return _goals(request, page, typed=typed, errors=error.errors, status=422)
    return redirect(request, f"{page.url}/goals", toast=gettext(request, "Added."))


async def tick(request: Request) -> Response:
    """Say that it is there, is not, or take it away."""
    here, viewer, page = here_of(request), signed_in(request), await local(request)
    item_id, now = request.path_params["item_id"], text(await form_of(request), "now", 10)
    if now == "away":
        await goals.remove_deliverable(here, viewer, page.id, item_id)
    else:
        await goals.tick(here, viewer, page.id, item_id, done=now == "there")
    return redirect(request, f"{page.url}/goals", toast=gettext(request, "Saved."))


def _goals(
    request: Request,
    page: CommunityPage,
    *,
    typed: dict[str, str] | None = None,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
) -> Response:
    return show(
        request,
        "goals.html",
        page,
        "charter",
        status_code=status,
        may_tick=bool(policy.may_tick(page.facts)),
        typed=typed or {},
        errors=errors or [],
    )


routes = [
    Route("/c/{slug}/charter", charter_page),
    Route("/c/{slug}/charter/read", acknowledge, methods=["POST"]),
    Route("/c/{slug}/goals", goals_page),
    Route("/c/{slug}/goals", add, methods=["POST"]),
    Route("/c/{slug}/goals/{item_id}", tick, methods=["POST"]),
]
