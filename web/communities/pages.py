"""Communities: finding one, its home, coming and going."""

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.accounts import throttle
from server.actors import actions as actors
from server.actors import queries as actor_queries
from server.communities import actions, directory, policy, queries, roster
from server.communities.queries import CommunityPage
from server.errors import Invalid, NotFound, Refused
from server.posts import queries as posts
from server.topics.queries import topics_of
from web.communities import charter, feed, guidelines, people, settings, slowly, words
from web.communities.common import community_of, show
from web.i18n import gettext
from web.live.line import line
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text, viewer_of

LATEST = 20
NEW_FOR = timedelta(days=3)
"""So long a newcomer is asked on the page of the community to say who they are."""
LISTED = 60
LOOK_UPS_PER_QUARTER = 60


async def communities_page(
    request: Request, *, errors: list[dict[str, str]] | None = None, typed: str = "", status: int = 200
) -> Response:
    """Mine, those here, and those we know on other servers."""
    here, viewer = here_of(request), viewer_of(request)
    after = request.query_params.get("after", "")[:300]
    elsewhere = request.query_params.get("where") == "elsewhere" and viewer.is_signed_in
    found = await directory.directory(here, viewer, elsewhere=elsewhere, after=after, limit=LISTED + 1)
    mine = await queries.my_communities(here, viewer) if not after and not elsewhere else []
    return render(
        request,
        "communities/list.html",
        status_code=status,
        nav="communities",
        mine=mine,
        cards=found[:LISTED],
        after=found[LISTED - 1].sort_key if len(found) > LISTED else None,
        elsewhere=elsewhere,
        kinds={option["value"]: option["label"] for option in words.kinds(request)},
        typed=typed,
        errors=errors or [],
    )


async def find(request: Request) -> Response:
    """Look up a community by its handle or address, at its own server if need be."""
    here, viewer = here_of(request), signed_in(request)
    typed = text(await form_of(request), "handle", 500)
    try:
        throttle.limit(here, "look-up", str(viewer.account_id), LOOK_UPS_PER_QUARTER)
        found = await actors.resolve(here, typed)
        if found.kind != "Group":
            raise Invalid(gettext(request, "This is a person, not a community."), field="handle")
    except Refused as refusal:
        errors = [{"field": "handle", "message": refusal.message}]
        return await communities_page(request, errors=errors, typed=typed, status=422)
    labels = await queries.labels(here, [found.id])
    return redirect(request, labels[found.id].url)


async def home(request: Request) -> Response:
    """`/c/SLUG`: what it is for, what is new, and how to take part."""
    here, viewer = here_of(request), viewer_of(request)
    slug = request.path_params["slug"]
    page = await queries.community_by_slug(here, slug, viewer)
    if page is None:
        return await _unknown(request, slug)
    if f"/c/{slug}" != page.url:
        return RedirectResponse(page.url, status_code=301 if page.is_local else 302)
    if not policy.may_see(page.facts):
        return show(request, "doorway.html", page, "latest", questions_count=3 + len(page.questions))
    shows_practices = request.query_params.get("show") == "practices"
    is_first = not request.query_params.get("before")
    live = line(here, f"c/{slug}", "main .post-list") if is_first else None
    latest = await posts.listing(
        here,
        viewer,
        community_id=page.id,
        kinds=("practice", "tip") if shows_practices else None,
        before=request.query_params.get("before"),
        limit=LATEST,
        order="newest" if shows_practices else "active",
        top_level=True,
    )
    decides = policy.may_decide(page.facts) or policy.may_moderate(page.facts)
    return show(
        request,
        "home.html",
        page,
        "practices" if shows_practices else "latest",
        posts=latest.items,
        older=latest.next,
        shows_practices=shows_practices,
        leaders=await roster.leaders(here, page.id) if page.is_local else [],
        waiting=await roster.waiting(here, page.id, viewer) if decides else None,
        pinned=await posts.pinned(here, viewer, page.id) if is_first else [],
        topics=None if shows_practices else await topics_of(here, viewer, page.id, page.url),
        live=live,
        term_until=charter.day(page.term_until),
        is_new=_is_new(request, page),
    )


async def join(request: Request) -> Response:
    """One click, where that is enough."""
    here, viewer, page = here_of(request), signed_in(request), await community_of(request)
    if page.is_local and not policy.may_join(page.facts) and policy.may_apply(page.facts):
        return redirect(request, f"{page.url}/apply")
    form = await form_of(request)
    state = await actions.join(here, viewer, page.id, accepts_guidelines=bool(text(form, "accepts_guidelines")))
    name = page.label.name
    if state == "active":
        return redirect(request, page.url, toast=gettext(request, "Welcome to %(name)s.", name=name))
    return redirect(request, page.url, toast=gettext(request, "You asked to join. %(name)s will answer.", name=name))


async def leave(request: Request) -> Response:
    """One click as well."""
    here, viewer, page = here_of(request), signed_in(request), await community_of(request)
    await actions.leave(here, viewer, page.id)
    still_there = await queries.community_by_slug(here, page.slug, viewer)
    toast = gettext(request, "You left %(name)s.", name=page.label.name)
    return redirect(request, page.url if still_there else "/communities", toast=toast)


async def follow(request: Request) -> Response:
    """Get what it shares, without being a member."""
    here, viewer, page = here_of(request), signed_in(request), await community_of(request)
    state = await actors.request_follow(here, str(viewer.actor_id), page.id)
    words_ = gettext(request, "You follow %(name)s.", name=page.label.name)
    if state == "requested":
        words_ = gettext(request, "Asked. %(name)s will answer.", name=page.label.name)
    return redirect(request, page.url, toast=words_)


async def unfollow(request: Request) -> Response:
    """Stop following, or take the request back."""
    here, viewer, page = here_of(request), signed_in(request), await community_of(request)
    await actors.unfollow(here, str(viewer.actor_id), page.id)
    toast = gettext(request, "You no longer follow %(name)s.", name=page.label.name)
    return redirect(request, page.url, toast=toast)


def _is_new(request: Request, page: CommunityPage) -> bool:
    """Whether somebody joined in the last days, and is asked to say who they are."""
    if not page.facts.is_member or not page.is_local or page.kind == policy.SUPPORT or page.joined_at is None:
        return False
    return (
        bool(policy.may_post(page.facts))
        and page.joined_at + NEW_FOR > here_of(request).clock.now()
        and (page.members_count > 1)
    )


async def _unknown(request: Request, slug: str) -> Response:
    """Not here. One of another server that nobody met yet can be looked up."""
    here = here_of(request)
    name, domain = actor_queries.split_handle(here, slug)
    if not viewer_of(request).is_signed_in or domain == here.settings.domain or not name:
        raise NotFound
    return render(
        request,
        "communities/unknown.html",
        status_code=404,
        nav="communities",
        handle=f"!{name}@{domain}",
        domain=domain,
    )


routes = [
    Route("/communities", communities_page),
    Route("/communities/find", find, methods=["POST"]),
    *settings.routes,
    Route("/c/{slug}", home),
    Route("/c/{slug}/join", join, methods=["POST"]),
    Route("/c/{slug}/leave", leave, methods=["POST"]),
    Route("/c/{slug}/follow", follow, methods=["POST"]),
    Route("/c/{slug}/unfollow", unfollow, methods=["POST"]),
    *people.routes,
    *guidelines.routes,
    *charter.routes,
    *feed.routes,
    *slowly.routes,
]
