"""Notifications: what happened, by the thing it happened to."""

from datetime import UTC, datetime
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.notifications import actions, queries
from server.notifications.servers import cut_off
from web.i18n import gettext
from web.notifications import answering, settings
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text

PAGE = "/notifications"


async def notifications_page(request: Request) -> Response:
    """`/notifications`: what is new; with `show=all` what was seen too."""
    viewer = signed_in(request)
    here = here_of(request)
    show_all = request.query_params.get("show") == "all"
    found = await queries.page(here, viewer, only_new=not show_all, before=_before(request))
    tabs = [
        {"label": gettext(request, "New"), "href": PAGE, "current": not show_all},
        {"label": gettext(request, "All"), "href": f"{PAGE}?show=all", "current": show_all},
    ]
    return render(
        request,
        "notifications/notifications.html",
        nav="notifications",
        groups=found.groups,
        tabs=tabs,
        show_all=show_all,
        older=_older(found.before, show_all=show_all),
        is_first=_before(request) is None,
        mail_now=await queries.mail_now(here, viewer.actor_id or ""),
    )


async def servers(request: Request) -> Response:
    """`/me/servers`: servers that an admin blocked, and what somebody has there."""
    viewer = signed_in(request)
    found = await cut_off(here_of(request), viewer)
    return render(request, "notifications/servers.html", nav="notifications", servers=found)


async def done(request: Request) -> Response:
    """Mark what happened to one thing as seen, or everything."""
    viewer = signed_in(request)
    here = here_of(request)
    form = await form_of(request)
    thing = text(form, "thing", 40)
    back = f"{PAGE}?show=all" if text(form, "show") == "all" else PAGE
    if thing:
        await actions.mark_done(here, viewer, thing)
        return redirect(request, back)
    await actions.mark_all_done(here, viewer)
    return redirect(request, back, toast=gettext(request, "Everything is marked as seen."))


async def mail(request: Request) -> Response:
    """Choose whether what cannot wait comes by mail."""
    viewer = signed_in(request)
    form = await form_of(request)
    wanted = text(form, "mail_now") == "yes"
    await actions.set_mail_now(here_of(request), viewer, wanted)
    yes, no = (
        gettext(request, "You will get a mail when somebody answers you."),
        gettext(request, "No more mails about answers."),
    )
    said = yes if wanted else no
    return redirect(request, f"{PAGE}#mail", toast=said)


def _before(request: Request) -> datetime | None:
    given = request.query_params.get("before", "")
    if not (given.isascii() and given.isdigit() and len(given) <= 14):
        return None
    return datetime.fromtimestamp(int(given) / 1000, UTC)


def _older(before: datetime | None, *, show_all: bool) -> str | None:
    if before is None:
        return None
    values = {"before": str(round(before.timestamp() * 1000))} | ({"show": "all"} if show_all else {})
    return f"{PAGE}?{urlencode(values)}"


routes = [
    Route("/me/servers", servers),
    Route(PAGE, notifications_page, methods=["GET"]),
    Route(f"{PAGE}/done", done, methods=["POST"]),
    Route(f"{PAGE}/mail", mail, methods=["POST"]),
    *settings.routes,
    *answering.routes,
]
