"""A community's guidelines: the present ones, earlier versions, what changed, accepting and editing them."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.communities import actions, guidelines, policy
from server.communities.queries import CommunityPage
from server.errors import Invalid, NotFound
from server.proposals import queries as proposals
from server.proposals.policy import GUIDELINES
from web.communities.common import community_of, insist, local, show
from web.i18n import gettext
from web.render import redirect
from web.request import form_of, here_of, signed_in, text, viewer_of


async def guidelines_page(request: Request) -> Response:
    """What members agreed on. People at the doorway read it too: they are asked to accept it."""
    here, page = here_of(request), await community_of(request)
    if not page.is_local:
        raise NotFound
    inside = bool(policy.may_see(page.facts))
    found = await guidelines.versions(here, page.id) if inside else []
    newer = _version(found, request.query_params.get("version", ""))
    older = next((one for one in found if newer is not None and one.version == newer.version - 1), None)
    accepted_older = 0 < page.facts.accepted_version < page.guidelines_version
    mine = next((one for one in found if one.version == page.facts.accepted_version), None) if accepted_older else None
    return show(
        request,
        "guidelines.html",
        page,
        "guidelines",
        versions=found,
        compared=newer if older else None,
        changes=guidelines.differences(older.source, newer.source) if older and newer else [],
        since_accepted=guidelines.differences(mine.source, page.guidelines_source) if mine else [],
        why=found[0].why if found else "",
        needs_acceptance=page.facts.needs_acceptance,
        proposals=await proposals.listed(here, viewer_of(request), page.id, GUIDELINES) if inside else [],
        may_propose=bool(page.guidelines_version and policy.may_propose(page.facts)),
    )


async def accept(request: Request) -> Response:
    """Accept the version that was shown."""
    here, viewer, page = here_of(request), signed_in(request), await local(request)
    version = text(await form_of(request), "version", 9)
    try:
        await actions.accept_guidelines(here, viewer, page.id, int(version) if version.isdecimal() else 0)
    except Invalid as error:
        return redirect(request, f"{page.url}/guidelines", toast=error.message)
    return redirect(request, page.url, toast=gettext(request, "Thank you. You can write here now."))


async def edit_page(request: Request) -> Response:
    """The editor, with a start for the first time."""
    page, _ = await local(request), signed_in(request)
    insist(policy.may_set_guidelines(page.facts))
    return _editor(request, page, page.guidelines_source or guidelines.TEMPLATE, "")


async def save(request: Request) -> Response:
    """A new version."""
    here, viewer, page = here_of(request), signed_in(request), await local(request)
    form = await form_of(request)
    source, why = text(form, "guidelines", guidelines.MAX_SOURCE + 1), text(form, "why", guidelines.MAX_WHY + 1)
    try:
        await actions.set_guidelines(here, viewer, page.id, source, why)
    except Invalid as error:
        return _editor(request, page, source, why, errors=error.errors, status=422)
    toast = gettext(request, "Saved. Members accept them before they write again.")
    return redirect(request, f"{page.url}/guidelines", toast=toast)


def _editor(
    request: Request,
    page: CommunityPage,
    source: str,
    why: str,
    *,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
) -> Response:
    return show(
        request,
        "guidelines_edit.html",
        page,
        "guidelines",
        status_code=status,
        source=source,
        why=why,
        is_first=not page.guidelines_version,
        errors=errors or [],
    )


def _version(found: list[guidelines.Version], asked: str) -> guidelines.Version | None:
    return next((one for one in found if str(one.version) == asked), None)


routes = [
    Route("/c/{slug}/guidelines", guidelines_page),
    Route("/c/{slug}/guidelines", save, methods=["POST"]),
    Route("/c/{slug}/guidelines/edit", edit_page),
    Route("/c/{slug}/guidelines/accept", accept, methods=["POST"]),
]
