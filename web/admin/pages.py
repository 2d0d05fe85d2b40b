"""Running this server: health, what needs somebody, people, and how it presents itself."""

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.accounts import actions as accounts
from server.accounts import queries, site
from server.audit import queries as audit
from server.checkup.queries import state as installation_state
from server.communities import dialects
from server.consortium.queries import needs_admin
from server.errors import Invalid
from server.fediverse.queries import queue_state
from server.fediverse.waiting import held_count
from server.peers import queries as peers
from server.posts import queries as posts
from server.privacy import desk
from server.serverlists.queries import waiting_count
from server.text import LICENCES
from web.admin import audit_export, checkup, deletions, deliveries, digests, leaving, networks, others, policies, words
from web.i18n import gettext
from web.render import redirect, render
from web.request import admin, form_of, here_of, text

NEW_SERVERS_SHOWN = timedelta(days=14)
PAGE = 50
ABOUT_POSTS = ("post.", "answer.", "resource.")
SITE_FIELDS = (
    *("name", "description", "accent", "registration", "guidelines", "contact", "default_licence"),
    *("threadiverse_software", "helplines", "second_step_for"),
)


async def home(request: Request) -> Response:
    """Health, and the list of what needs somebody."""
    admin(request)
    here = here_of(request)
    return render(
        request,
        "admin/home.html",
        nav="admin",
        tab="home",
        queue=await queue_state(here),
        waiting=await queries.waiting_count(here),
        held=await held_count(here),
        networks=await needs_admin(here),
        urgent=await desk.urgent(here),
        listed=await waiting_count(here),
        failing=await peers.failing_peers(here),
        new_servers=await peers.new_peers(here, here.clock.now() - NEW_SERVERS_SHOWN),
        mail_works=bool(here.settings.smtp_url),
        mode=peers.mode(here),
        installation=await installation_state(here),
        first_day=await checkup.first_day(request),
        has_guidelines=bool(here.site.guidelines_version),
    )


async def people(request: Request) -> Response:
    """Who waits, and who is in."""
    admin(request)
    here = here_of(request)
    asked, after = request.query_params.get("q", "")[:100], request.query_params.get("after", "")[:60]
    found = await queries.people(here, text=asked, after=after, limit=PAGE + 1)
    return render(
        request,
        "admin/people.html",
        nav="admin",
        tab="people",
        waiting=await queries.waiting(here),
        people=found[:PAGE],
        asked=asked,
        older=f"/admin/people?after={found[PAGE - 1].person.handle[1:]}" if len(found) > PAGE else None,
    )


async def approve(request: Request) -> Response:
    """Let somebody in."""
    by = admin(request)
    await accounts.approve(here_of(request), by, request.path_params["account_id"])
    return redirect(request, "/admin/people", toast=gettext(request, "They are in, and get a mail."))


async def decline(request: Request) -> Response:
    """Do not let somebody in."""
    by, form = admin(request), await form_of(request)
    await accounts.decline(here_of(request), by, request.path_params["account_id"], text(form, "reason", 1000))
    return redirect(request, "/admin/people", toast=gettext(request, "Declined. What they sent is deleted."))


async def suspend(request: Request) -> Response:
    """Lock somebody out."""
    by, form = admin(request), await form_of(request)
    account_id = request.path_params["account_id"]
    try:
        await accounts.suspend_account(here_of(request), account_id, by=by.handle, reason=text(form, "reason", 2000))
    except Invalid as error:
        return redirect(request, "/admin/people", toast=error.message)
    words = gettext(request, "Suspended: signed out everywhere, and hidden.")
    return redirect(request, "/admin/people", toast=words, undo=f"/admin/people/{account_id}/unsuspend")


async def unsuspend(request: Request) -> Response:
    """Let somebody back in."""
    by = admin(request)
    await accounts.unsuspend_account(here_of(request), request.path_params["account_id"], by=by.handle)
    return redirect(request, "/admin/people", toast=gettext(request, "They are back."))


async def set_role(request: Request) -> Response:
    """Make somebody member, steward or admin."""
    by, form = admin(request), await form_of(request)
    try:
        await accounts.set_role(here_of(request), by, request.path_params["account_id"], text(form, "role", 20))
    except Invalid as error:
        return redirect(request, "/admin/people", toast=error.message)
    return redirect(request, "/admin/people", toast=gettext(request, "The role is changed."))


async def invitations(request: Request) -> Response:
    """Links that let people in."""
    admin(request)
    return await _invitations(request, {})


async def invite(request: Request) -> Response:
    """Make a link; it is shown once, because only its hash is kept."""
    by, form = admin(request), await form_of(request)
    here = here_of(request)
    filled = {name: text(form, name, 200) for name in ("note", "role", "max_uses", "days")}
    try:
        token = await accounts.invite(
            here,
            by,
            note=filled["note"],
            role=filled["role"] or "member",
            max_uses=_number(filled["max_uses"] or "1"),
            days=_number(filled["days"] or "14"),
        )
    except Invalid as error:
        return await _invitations(request, filled, errors=error.errors, status=422)
    return await _invitations(request, {}, link=here.url(f"/join/{token}"))


async def revoke_invitation(request: Request) -> Response:
    """Make a link useless."""
    by = admin(request)
    await accounts.revoke_invitation(here_of(request), by, request.path_params["invitation_id"])
    return redirect(request, "/admin/invitations", toast=gettext(request, "This link works no more."))


async def site_page(request: Request) -> Response:
    """How this organisation presents itself, and who may join."""
    admin(request)
    now = here_of(request).site
    form = {
        "name": now.name,
        "description": now.description,
        "accent": now.accent,
        "registration": now.registration,
        "guidelines": now.guidelines_source,
        "contact": now.contact,
        "default_licence": now.default_licence,
        "helplines": now.helplines_source,
        "second_step_for": now.second_step_for,
        "threadiverse_software": "\n".join(sorted(now.threadiverse_software)),
    }
    return _site(request, form)


async def save_site(request: Request) -> Response:
    """Keep the choices."""
    by, form = admin(request), await form_of(request)
    filled = {name: text(form, name, 25_000) for name in SITE_FIELDS}
    try:
        if filled["second_step_for"] and not by.has_second_step:
            raise Invalid(gettext(request, "Set up your own second step first."), field="second_step_for")
        await site.save(here_of(request), by.handle, dict(filled))
        await dialects.reclassify_all(here_of(request))
    except Invalid as error:
        return _site(request, filled, errors=error.errors, status=422)
    return redirect(request, "/admin/site", toast=gettext(request, "Saved."))


async def audit_page(request: Request) -> Response:
    """Who did what."""
    by, here = admin(request), here_of(request)
    found = await audit.entries(here, before=request.query_params.get("before"), limit=PAGE + 1)
    named = {entry.subject for entry in found if entry.action.startswith(ABOUT_POSTS)}
    return render(
        request,
        "admin/audit.html",
        nav="admin",
        tab="audit",
        words=words.log(request),
        entries=found[:PAGE],
        named=named,
        pages=await posts.pages(here, by, named),
        older=f"/admin/audit?before={found[PAGE - 1].id}" if len(found) > PAGE else None,
    )


async def _invitations(
    request: Request,
    form: dict[str, str],
    *,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
    link: str = "",
) -> Response:
    return render(
        request,
        "admin/invitations.html",
        status_code=status,
        nav="admin",
        tab="invitations",
        form=form,
        errors=errors or [],
        link=link,
        invitations=await queries.invitations(here_of(request)),
    )


def _site(
    request: Request, form: dict[str, str], *, errors: list[dict[str, str]] | None = None, status: int = 200
) -> Response:
    return render(
        request,
        "admin/site.html",
        status_code=status,
        nav="admin",
        tab="site",
        form=form,
        errors=errors or [],
        licence_options=[{"value": code, "label": licence.label} for code, licence in LICENCES.items()],
    )


def _number(words: str) -> int:
    return int(words) if words.isascii() and words.isdigit() and len(words) < 6 else 0


routes = [
    Route("/admin", home),
    Route("/admin/people", people),
    Route("/admin/people/{account_id}/approve", approve, methods=["POST"]),
    Route("/admin/people/{account_id}/decline", decline, methods=["POST"]),
    Route("/admin/people/{account_id}/suspend", suspend, methods=["POST"]),
    Route("/admin/people/{account_id}/unsuspend", unsuspend, methods=["POST"]),
    Route("/admin/people/{account_id}/role", set_role, methods=["POST"]),
    Route("/admin/invitations", invitations),
    Route("/admin/invitations", invite, methods=["POST"]),
    Route("/admin/invitations/{invitation_id}/revoke", revoke_invitation, methods=["POST"]),
    Route("/admin/site", site_page),
    Route("/admin/site", save_site, methods=["POST"]),
    Route("/admin/audit", audit_page),
    Route("/admin/audit/export", audit_export.export),
    *others.routes,
    *checkup.routes,
    *policies.routes,
    *networks.routes,
    *deliveries.routes,
    *digests.routes,
    *deletions.routes,
    *leaving.routes,
]
