"""What every page of one community begins with."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server.communities import policy, queries
from server.communities.policy import Denied
from server.communities.queries import CommunityLabel, CommunityPage
from server.errors import NotAllowed, NotFound
from web.communities import words
from web.render import render
from web.request import here_of, viewer_of


async def community_of(request: Request) -> CommunityPage:
    """The community that the address names; NotFound where there is none for this viewer: both look the same (S15)."""
    page = await queries.community_by_slug(here_of(request), request.path_params["slug"], viewer_of(request))
    if page is None:
        raise NotFound
    return page


async def inside(request: Request) -> CommunityPage:
    """The same, for what only those see who can read what is said in it."""
    page = await community_of(request)
    if not policy.may_see(page.facts):
        raise NotFound
    return page


async def local(request: Request) -> CommunityPage:
    """One that lives here, whose inside they can see."""
    page = await inside(request)
    if not page.is_local:
        raise NotFound
    return page


async def way_in(request: Request, community: CommunityLabel | None) -> str:
    """What leads whoever looks to adding something to a community (`policy.way_in`); ``add`` where there is none."""
    viewer = viewer_of(request)
    if community is None or not viewer.is_signed_in:
        return "add" if community is None else ""
    facts = await queries.facts_of(here_of(request), community.id, viewer)
    return "" if facts is None else policy.way_in(facts)


def insist(verdict: policy.Verdict) -> None:
    """Refuse with the reason."""
    if isinstance(verdict, Denied):
        raise NotAllowed(verdict.reason)


def show(
    request: Request, template: str, page: CommunityPage, tab: str, *, status_code: int = 200, **context: Any
) -> Response:
    """A page of a community under its header; `template` with its folder, where that is another."""
    facts = page.facts
    return render(
        request,
        template if "/" in template else f"communities/{template}",
        status_code=status_code,
        nav="communities",
        community=page,
        facts=facts,
        tabs=words.tabs(request, page, tab),
        kind_label=words.kind_label(request, page.kind),
        audience=words.audience(request, page),
        slow_until=page.slow_until if page.slow_until and page.slow_until > here_of(request).clock.now() else None,
        role_label=words.roles(request).get(facts.role, ""),
        can={
            "join": bool(policy.may_join(facts)),
            "apply": bool(policy.may_apply(facts)),
            "leave": bool(policy.may_leave(facts)),
            "post": bool(policy.may_post(facts)),
            "decide": bool(policy.may_decide(facts)),
            "invite": bool(policy.may_invite(facts)),
            "edit": bool(policy.may_edit(facts)),
            "guidelines": bool(policy.may_set_guidelines(facts)),
            "roles": bool(policy.may_set_roles(facts)),
            "see_members": page.is_local and bool(policy.may_see_members(facts)),
        },
        **context,
    )
