"""What leaves this server: worked out from its rules, its settings and what was really sent, not kept by hand."""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.consortium import queries as consortium
from server.fediverse import leaving as sent
from server.instance import Instance
from server.peers import queries as peers
from server.posts import leaving
from server.posts.policy import KIND_LABELS, VISIBILITY_LABELS
from server.subjects.queries import subjects
from server.webhooks.queries import hosts as chats
from web.i18n import gettext
from web.labels import said
from web.render import render
from web.request import admin, here_of


async def page(request: Request) -> Response:
    """By audience, by kind, and by what left lately; then the ways out that settings open."""
    admin(request)
    here = here_of(request)
    goes_to = _goes_to(request, here)
    return render(
        request,
        "admin/leaving.html",
        nav="admin",
        tab="servers",
        mode=peers.mode(here),
        audiences=[
            (
                said(VISIBILITY_LABELS[line.visibility]),
                goes_to[line.goes_to],
                line.goes_to != leaving.NOBODY,
                line.lookers,
            )
            for line in leaving.audiences(here)
        ],
        kinds=[(said(KIND_LABELS[line.kind]), line.object_type, line.beside) for line in leaving.kinds(here)],
        left=await sent.lately(here),
        looked_at=sent.LOOKED_AT,
        whom={
            sent.EVERYBODY: gettext(request, "everybody"),
            sent.NETWORK: gettext(request, "the network"),
            sent.FOLLOWERS: gettext(request, "followers or members"),
            sent.SINGLE: gettext(request, "single people or servers"),
        },
        signed_only=here.settings.authorized_fetch,
        mail_host=urlsplit(here.settings.smtp_url).hostname if here.settings.smtp_url else "",
        files_host=urlsplit(_endpoint(here.settings.media_url)).hostname or "",
        rooms=await chats(here),
        sign_in_host=urlsplit(here.settings.oidc_issuer).hostname or "",
        subjects=await subjects(here),
        networks=[line for line in await consortium.networks(here)],
    )


def _goes_to(request: Request, here: Instance) -> dict[str, str]:
    hosts = peers.network_hosts(here)
    return {
        leaving.ANYBODY: gettext(
            request, "Servers of followers, of who is named or answered, and of the community. Anybody may ask for it."
        ),
        leaving.CHOSEN: gettext(request, "The same, where they are servers that you chose. Anybody may ask for it."),
        leaving.NETWORK: gettext(request, "The servers of the network alone: %(hosts)s.", hosts=", ".join(hosts))
        if hosts
        else gettext(request, "The servers of the network alone; there are none at the moment."),
        leaving.MEMBERS: gettext(request, "Servers where the community has a member."),
        leaving.FOLLOWERS: gettext(request, "Servers where the author has a follower, and of who is named."),
        leaving.NAMED: gettext(request, "Servers of the people who are named."),
        leaving.NOBODY: gettext(request, "Nobody. It has no form in which it could be sent."),
    }


def _endpoint(media_url: str) -> str:
    """The server that files lie on, where they lie on another one."""
    if not media_url.startswith("s3://"):
        return ""
    return next(
        (part.removeprefix("endpoint=") for part in urlsplit(media_url).query.split("&") if "endpoint=" in part),
        media_url,
    )


routes = [Route("/admin/leaving", page)]
