"""People: profiles of ours and of others, following, requests, and the directory."""

import re
from collections.abc import Sequence
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from server.accounts import queries as accounts
from server.accounts import throttle
from server.actors import actions, queries, relations
from server.errors import Invalid, NotFound, Refused
from server.instance import Instance
from server.posts import queries as posts
from server.privacy import leaving
from server.search.queries import search_actors
from server.workcards import queries as workcards
from web.i18n import gettext
from web.people import blocking, boundaries
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text, viewer_of
from web.sessions import safe_next

PAGE = 40
POSTS = 20
LOOK_UPS_PER_QUARTER = 60
_NUMBER = re.compile(r"-?[0-9]{1,18}", re.ASCII)


async def profile(request: Request) -> Response:
    """Somebody's page. One of another server that nobody here met yet can be looked up from it."""
    here, viewer = here_of(request), viewer_of(request)
    handle = request.path_params["handle"]
    page = await queries.person_by_handle(here, handle)
    if page is None:
        name, domain = queries.split_handle(here, handle)
        if not viewer.is_signed_in or domain == here.settings.domain or not name:
            raise NotFound
        return render(request, "people/unknown.html", status_code=404, handle=f"@{name}@{domain}", domain=domain)
    if page.is_deleted:
        return render(request, "people/gone.html", status_code=410)
    if page.label.kind == "Service" and page.label.is_local and await leaving.is_former_member(here, page.id):
        return render(request, "privacy/former.html", nav="people")
    if page.label.kind == "Service" and page.label.is_local:
        return RedirectResponse(f"/subjects/{page.username}", status_code=302)
    if page.label.kind == "Group" or f"/@{handle}" != page.label.url:
        return RedirectResponse(page.label.url, status_code=301 if page.label.is_local else 302)
    before = request.query_params.get("before") or None
    found = await posts.listing(here, viewer, author_id=page.id, before=before, limit=POSTS)
    return render(
        request,
        "people/profile.html",
        nav="me" if page.id == viewer.actor_id else "people",
        person=page,
        relation=await relations.relationship(here, viewer.actor_id, page.id),
        ask_me_about=await accounts.ask_me_about(here, page.id) if page.label.is_local else "",
        posts=found.items,
        together=await workcards.together(here, viewer, page.id),
        older=found.next,
        is_me=page.id == viewer.actor_id,
    )


async def follow(request: Request) -> Response:
    """Follow, or ask to."""
    here, viewer = here_of(request), signed_in(request)
    page = await _person(request)
    state = await actions.request_follow(here, str(viewer.actor_id), page.id)
    if state == "accepted":
        words = gettext(request, "You follow %(name)s.", name=page.label.display_name)
    elif page.label.is_local:
        words = gettext(request, "%(name)s was asked, and decides.", name=page.label.display_name)
    else:
        words = gettext(request, "Asked. Waiting for %(host)s.", host=page.domain)
    return redirect(request, page.label.url, toast=words, undo=f"{page.label.url}/unfollow")


async def unfollow(request: Request) -> Response:
    """Stop following, or take back the request."""
    here, viewer = here_of(request), signed_in(request)
    page = await _person(request)
    await actions.unfollow(here, str(viewer.actor_id), page.id)
    words = gettext(request, "You do not follow %(name)s any more.", name=page.label.display_name)
    return redirect(request, page.label.url, toast=words, undo=f"{page.label.url}/follow")


async def remove_follower(request: Request) -> Response:
    """Take somebody off my list of followers."""
    here, viewer = here_of(request), signed_in(request)
    page = await _person(request)
    await actions.remove_follower(here, str(viewer.actor_id), page.id)
    words = gettext(request, "%(name)s does not follow you any more.", name=page.label.display_name)
    return redirect(request, page.label.url, toast=words)


async def followers(request: Request) -> Response:
    """Who follows this person: names for themselves, a number for others."""
    return await _follow_list(request, "followers")


async def following(request: Request) -> Response:
    """Whom this person follows: names for themselves, a number for others."""
    return await _follow_list(request, "following")


async def me(request: Request) -> Response:
    """My own page."""
    return RedirectResponse("/" + signed_in(request).handle, status_code=303)


async def requests_page(request: Request) -> Response:
    """Who asks to follow me."""
    here, viewer = here_of(request), signed_in(request)
    before = request.query_params.get("before")
    found = await queries.followers(here, str(viewer.actor_id), state="requested", before=before, limit=PAGE + 1)
    return render(
        request,
        "people/requests.html",
        nav="me",
        people=[label for _, label in found[:PAGE]],
        older=f"/me/requests?before={found[PAGE - 1][0]}" if len(found) > PAGE else None,
    )


async def answer_request(request: Request) -> Response:
    """Say yes or no to somebody who asks to follow me."""
    here, viewer = here_of(request), signed_in(request)
    follower_id = request.path_params["actor_id"]
    if request.path_params["answer"] == "accept":
        await actions.accept_follow(here, str(viewer.actor_id), follower_id)
        words = gettext(request, "They follow you now.")
    else:
        await actions.reject_follow(here, str(viewer.actor_id), follower_id)
        words = gettext(request, "Declined. They are not told why.")
    return redirect(request, "/me/requests", toast=words)


async def directory(request: Request) -> Response:
    """People of this server and, when searching, those of others that we know."""
    here, asked = here_of(request), request.query_params.get("q", "").strip()[:300]
    return await _directory(request, asked, look_up=_is_address(asked) and viewer_of(request).is_signed_in, here=here)


async def look_up(request: Request) -> Response:
    """Find any handle or address, at its own server if need be."""
    here, viewer, form = here_of(request), signed_in(request), await form_of(request)
    asked = text(form, "q", 500)
    try:
        throttle.limit(here, f"look-up {viewer.account_id}", "", LOOK_UPS_PER_QUARTER)
        actor = await actions.resolve(here, asked)
    except Refused as error:
        if "://" in asked and isinstance(error, NotFound):
            return redirect(request, f"/search?{_query(q=asked)}")
        errors = [{"field": "q", "message": error.message}]
        status = 429 if isinstance(error, throttle.TooMany) else 422 if isinstance(error, Invalid) else 404
        return await _directory(request, asked, look_up=True, here=here, errors=errors, status=status)
    labels = await queries.labels(here, [actor.id])
    return redirect(request, labels[actor.id].url)


async def authorize_interaction(request: Request) -> Response:
    """Where other servers send people of ours who want to follow somebody there; nothing is done before they say so."""
    signed_in(request)
    asked = request.query_params.get("uri") or request.query_params.get("object") or ""
    return redirect(request, safe_next(f"/people?{_query(q=asked.removeprefix('acct:')[:300])}", "/people"))


async def _directory(
    request: Request,
    asked: str,
    *,
    look_up: bool,
    here: Instance,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
) -> Response:
    people, older = await (_found(request, here, asked) if asked else _all(request, here))
    return render(
        request,
        "people/directory.html",
        status_code=status,
        nav="people",
        people=people,
        asked=asked,
        look_up=look_up,
        errors=errors or [],
        older=older,
    )


async def _all(request: Request, here: Instance) -> tuple[Sequence[queries.PersonLabel], str | None]:
    after = request.query_params.get("after", "")[:400]
    found = await queries.directory(here, after=after, limit=PAGE + 1)
    if len(found) <= PAGE:
        return found, None
    last = f"{found[PAGE - 1].handle.lstrip('@')}@{here.settings.domain}"
    return found[:PAGE], f"/people?{_query(after=last)}"


async def _found(request: Request, here: Instance, asked: str) -> tuple[Sequence[queries.PersonLabel], str | None]:
    """Those whose name, handle or words about themselves have these words; those of an address are words, too."""
    number, until = (_whole(request.query_params.get(name, "")) for name in ("page", "until"))
    page = max(1, number or 1)
    found = await search_actors(here, asked.replace("@", " "), kind="Person", page=page, until=until, limit=PAGE)
    if found.has_more:
        return found.actors, f"/people?{_query(q=asked, page=str(page + 1), until=str(until or ''))}"
    if found.older is not None:
        return found.actors, f"/people?{_query(q=asked, until=str(found.older))}"
    return found.actors, None


def _whole(text: str) -> int | None:
    return int(text) if _NUMBER.fullmatch(text) else None


async def _follow_list(request: Request, which: str) -> Response:
    here, viewer = here_of(request), viewer_of(request)
    page = await _person(request)
    is_me = page.id == viewer.actor_id
    found: list[tuple[str, queries.PersonLabel]] = []
    if is_me:
        listing = queries.followers if which == "followers" else queries.following
        found = await listing(here, page.id, before=request.query_params.get("before"), limit=PAGE + 1)
    return render(
        request,
        "people/follows.html",
        nav="me" if is_me else "people",
        person=page,
        which=which,
        is_me=is_me,
        people=[label for _, label in found[:PAGE]],
        older=f"{page.label.url}/{which}?{_query(before=found[PAGE - 1][0])}" if len(found) > PAGE else None,
    )


async def _person(request: Request) -> queries.ActorPage:
    page = await queries.person_by_handle(here_of(request), request.path_params["handle"])
    if page is None or page.is_deleted:
        raise NotFound
    return page


def _is_address(asked: str) -> bool:
    return "@" in asked.lstrip("@") or "://" in asked


def _query(**values: str) -> str:
    return urlencode({key: value for key, value in values.items() if value})


routes = [
    Route("/people", directory),
    Route("/people/look-up", look_up, methods=["POST"]),
    Route("/authorize_interaction", authorize_interaction),
    Route("/intent/follow", authorize_interaction),
    Route("/me", me),
    Route("/me/requests", requests_page),
    Route("/me/requests/{actor_id}/{answer}", answer_request, methods=["POST"]),
    Route("/@{handle}", profile),
    Route("/@{handle}/follow", follow, methods=["POST"]),
    Route("/@{handle}/unfollow", unfollow, methods=["POST"]),
    Route("/@{handle}/remove-follower", remove_follower, methods=["POST"]),
    Route("/@{handle}/followers", followers),
    Route("/@{handle}/following", following),
    *blocking.routes,
    *boundaries.routes,
]
