"""Whom a community could invite, each with the reason in words; somebody sends the invitation by hand."""

from starlette.requests import Request
from starlette.responses import Response

from server.communities import policy
from server.communities.queries import CommunityPage
from server.needs.inviting import Reason, whom_to_invite
from web.communities.common import insist, local, show
from web.i18n import gettext
from web.request import here_of, signed_in


async def page(request: Request) -> Response:
    """`/c/NAME/invite`: for those who may invite."""
    signed_in(request)
    place = await local(request)
    insist(policy.may_invite(place.facts))
    return await shown(request, place)


async def shown(
    request: Request,
    place: CommunityPage,
    *,
    errors: list[dict[str, str]] | None = None,
    typed: str = "",
    status: int = 200,
) -> Response:
    """The page, also with what was typed and refused."""
    found = await whom_to_invite(here_of(request), signed_in(request), place)
    return show(
        request,
        "needs/invite.html",
        place,
        "members",
        status_code=status,
        suggested=[(one.person, [_words(request, reason) for reason in one.reasons]) for one in found],
        typed=typed,
        errors=errors or [],
    )


def _words(request: Request, reason: Reason) -> str:
    return {
        "subject": gettext(request, "Shares practices about %(what)s; nobody here does.", what=reason.what),
        "level": gettext(request, "Shares practices for %(what)s; nobody here does.", what=reason.what),
        "organisation": gettext(request, "Is at %(what)s; nobody here is.", what=reason.what),
        "question": gettext(request, "May be asked about what “%(what)s” asks.", what=reason.what),
    }[reason.kind]
