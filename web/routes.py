"""Every page of this server, and what happens when one is refused."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from server.accounts.proofs import ProofNeeded
from server.accounts.throttle import TooMany
from server.errors import Full, NotAllowed, NotFound, Refused, Unavailable
from web.accounts import proving
from web.accounts.entering import SECOND_STEP
from web.accounts.pages import routes as accounts
from web.admin.held import routes as held
from web.admin.pages import routes as admin
from web.beforehand.pages import routes as beforehand
from web.challenges.pages import routes as challenges
from web.coauthors.pages import routes as coauthors
from web.collections.pages import routes as collections
from web.communities.pages import routes as communities
from web.components.pages import components_page
from web.discussions.pages import routes as discussions
from web.events.pages import routes as events
from web.events.preparing import routes as preparing
from web.events.seminars import routes as seminars
from web.guests.pages import routes as guests
from web.help.pages import routes as help_pages
from web.hosting.pages import routes as hosting
from web.hosting.terms import routes as terms
from web.i18n import gettext
from web.ideas.pages import routes as ideas
from web.invitations.pages import routes as invitations
from web.leading.pages import routes as leading
from web.live.pages import routes as live
from web.media.pages import routes as media
from web.mediation.pages import routes as mediation
from web.moderation.pages import routes as moderation
from web.needs.pages import routes as needs
from web.networks.pages import routes as networks
from web.notifications.pages import routes as notifications
from web.oauth.pages import routes as oauth
from web.oidc.pages import routes as oidc
from web.pads.pages import routes as pads
from web.people.pages import routes as people
from web.policies.pages import routes as policies
from web.polls.pages import routes as polls
from web.practices.pages import routes as practices
from web.privacy.communal import routes as community_archives
from web.privacy.desk import routes as desk
from web.privacy.keeping import routes as keeping
from web.privacy.pages import routes as privacy
from web.proposals.pages import routes as proposals
from web.pulse.pages import routes as pulse
from web.remixes.pages import routes as remixes
from web.render import render, shell_routes
from web.request import SecondStepMissing, SignInNeeded
from web.resources.pages import routes as resources
from web.rounds.pages import routes as rounds
from web.search.pages import routes as search
from web.sessions import Sessions
from web.subjects.pages import routes as subjects
from web.tags.pages import routes as tags
from web.thanks.pages import routes as thanks
from web.together.pages import routes as together
from web.topics.pages import routes as topics
from web.tries.pages import routes as tries
from web.webhooks.pages import routes as webhooks
from web.week.pages import routes as week
from web.welcome.pages import routes as welcome
from web.workcards.pages import routes as workcards

log = logging.getLogger("peerhall.pages")

ExceptionHandler = Callable[[Request, Any], Awaitable[Response]]


def page_routes() -> list[BaseRoute]:
    """All pages; what is asked for most comes first."""
    return [
        *shell_routes(),
        *media,
        *webhooks,
        *week,
        *practices,
        *remixes,
        *coauthors,
        *community_archives,
        *communities,
        *topics,
        *pulse,
        *beforehand,
        *workcards,
        *discussions,
        *challenges,
        *ideas,
        *collections,
        *mediation,
        *moderation,
        *resources,
        *policies,
        *polls,
        *rounds,
        *proposals,
        *tries,
        *together,
        *thanks,
        *needs,
        *events,
        *preparing,
        *pads,
        *seminars,
        *hosting,
        *terms,
        *people,
        *networks,
        *subjects,
        *notifications,
        *leading,
        *live,
        *search,
        *tags,
        *accounts,
        *privacy,
        *keeping,
        *desk,
        *oauth,
        *guests,
        *oidc,
        *help_pages,
        *invitations,
        *admin,
        *held,
        Route("/components", components_page),
        *welcome,
    ]


def wrap_pages(app: ASGIApp) -> ASGIApp:
    """Sessions and protection against forged forms around the pages."""
    return Sessions(app)


async def _sign_in_needed(request: Request, _: SignInNeeded) -> Response:
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    back = path if request.method in {"GET", "HEAD"} else "/week"
    return RedirectResponse(f"/sign-in?next={quote(back, safe='/')}", status_code=303)


async def _second_step_missing(request: Request, _: SecondStepMissing) -> Response:
    return RedirectResponse(SECOND_STEP, status_code=303)


async def _refused(request: Request, refusal: Refused) -> Response:
    if isinstance(refusal, NotFound):
        return _error(request, 404, gettext(request, "Nothing here"), refusal.message)
    if isinstance(refusal, NotAllowed):
        return _error(request, 403, gettext(request, "Not for you to change"), refusal.message)
    if isinstance(refusal, TooMany):
        response = _error(request, 429, gettext(request, "Too many attempts"), refusal.message)
        response.headers["Retry-After"] = str(refusal.retry_after)
        return response
    if isinstance(refusal, Unavailable):
        status = 507 if isinstance(refusal, Full) else 503
        response = _error(request, status, gettext(request, "Not at this moment"), refusal.message)
        response.headers["Retry-After"] = str(refusal.retry_after_seconds)
        return response
    return _error(request, 422, gettext(request, "That did not work"), refusal.message)


async def _http(request: Request, error: HTTPException) -> Response:
    titles = {
        404: (
            gettext(request, "Nothing here"),
            gettext(request, "There is nothing here, or it is not shared with you."),
        ),
        405: (gettext(request, "Not like this"), gettext(request, "This address cannot be used in this way.")),
        413: (gettext(request, "Too large"), gettext(request, "What you sent is larger than this server takes.")),
    }
    title, message = titles.get(
        error.status_code, (gettext(request, "That did not work"), gettext(request, "Go back and try it another way."))
    )
    response = _error(request, error.status_code, title, message)
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    return response


async def _broken(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _error(
        request,
        500,
        gettext(request, "Something broke here"),
        gettext(
            request, "It is our fault, not yours, and it is written down. Drafts are kept in this browser: try again."
        ),
    )


def _error(request: Request, status: int, title: str, message: str) -> Response:
    return render(request, "layout/error.html", status_code=status, title=title, message=message)


exception_handlers: Mapping[Any, ExceptionHandler] = {
    SignInNeeded: _sign_in_needed,
    SecondStepMissing: _second_step_missing,
    ProofNeeded: proving.ask,
    Refused: _refused,
    HTTPException: _http,
    Exception: _broken,
}
