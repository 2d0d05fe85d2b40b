"""Saying that something is wrong, and seeing what became of it."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server.actors import actions as actors
from server.actors import queries as people
from server.actors.queries import PersonLabel
from server.communities import queries as communities
from server.errors import Invalid, NotFound
from server.moderation import access, actions, queries
from server.moderation.actions import NewReport
from server.moderation.clauses import clauses_for
from server.posts import queries as posts
from server.posts.queries import PostView
from web.i18n import gettext
from web.moderation import words
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text

PAGE = 30
EMPTY = {"category": "", "clause": "", "text": "", "forward": False, "block": False}


async def post_page(request: Request) -> Response:
    """The form to report a post."""
    return await _page(request, EMPTY, post=await _post(request))


async def report_post(request: Request) -> Response:
    """Report a post."""
    return await _report(request, post=await _post(request))


async def person_page(request: Request) -> Response:
    """The form to report a person."""
    return await _page(request, EMPTY, person=await _person(request))


async def report_person(request: Request) -> Response:
    """Report a person."""
    return await _report(request, person=await _person(request))


async def mine(request: Request) -> Response:
    """What I reported, and what was said to me."""
    here, viewer = here_of(request), signed_in(request)
    found = await queries.mine(here, viewer, before=request.query_params.get("before"), limit=PAGE + 1)
    return render(
        request,
        "moderation/mine.html",
        nav="me",
        reports=found[:PAGE],
        older=f"/me/reports?before={found[PAGE - 1].id}" if len(found) > PAGE else None,
        notices=await queries.notices(here, viewer),
        is_lead=await access.is_lead(here, viewer),
        rulings=await queries.rulings(here, viewer),
        measures=words.measures(request),
        categories=words.category_labels(request),
        outcomes=words.outcomes(request),
    )


async def withdraw(request: Request) -> Response:
    """Take a report of mine back."""
    here, viewer = here_of(request), signed_in(request)
    await actions.withdraw_report(here, viewer, request.path_params["report_id"])
    return redirect(request, "/me/reports", toast=gettext(request, "Taken back. Nobody looks at it any more."))


async def _report(request: Request, *, post: PostView | None = None, person: PersonLabel | None = None) -> Response:
    here, viewer, sent = here_of(request), signed_in(request), await form_of(request)
    filled: dict[str, Any] = {
        "category": text(sent, "category", 20),
        "clause": text(sent, "clause", 20),
        "text": text(sent, "text", 6000),
        "forward": bool(text(sent, "forward")),
        "block": bool(text(sent, "block")),
    }
    about = post.author if post is not None else person
    try:
        await actions.report(
            here,
            viewer,
            NewReport(
                category=filled["category"],
                text=filled["text"],
                post_id=post.id if post is not None else None,
                person_id=person.id if person is not None else None,
                forward=filled["forward"],
                clause=filled["clause"],
            ),
        )
    except Invalid as error:
        return await _page(request, filled, post=post, person=person, errors=error.errors, status=422)
    if filled["block"] and about is not None and about.kind == "Person":
        await actors.block(here, str(viewer.actor_id), about.id)
        toast = gettext(request, "Thank you. Somebody will look at it, and you see nothing more of them.")
    else:
        toast = gettext(request, "Thank you. Somebody will look at it.")
    return redirect(request, "/me/reports", toast=toast)


async def _page(
    request: Request,
    filled: dict[str, Any],
    *,
    post: PostView | None = None,
    person: PersonLabel | None = None,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
) -> Response:
    here, viewer = here_of(request), signed_in(request)
    about = post.author if post is not None else person
    if about is None or about.id == viewer.actor_id:
        raise NotFound
    community = post.community if post is not None else None
    leaders = await communities.leaders(here, community.id) if community is not None and community.is_local else []
    return render(
        request,
        "moderation/report.html",
        status_code=status,
        post=post,
        about=about,
        leaders=[member for member in leaders if member.person.id != about.id],
        community=community,
        hosts=await queries.other_hosts(here, about.id, post.id if post is not None else None),
        categories=words.categories(request),
        clauses=words.clause_options(request, await clauses_for(here, community.id if leaders and community else None)),
        filled=filled,
        errors=errors or [],
        back=post.url if post is not None else about.url,
        action=f"{post.action_base if post is not None else about.url}/report",
        contact=here.site.contact,
    )


async def _post(request: Request) -> PostView:
    post = await posts.show(here_of(request), signed_in(request), request.path_params["name"])
    if post is None or post.state != "visible":
        raise NotFound
    return post


async def _person(request: Request) -> PersonLabel:
    signed_in(request)
    page = await people.person_by_handle(here_of(request), request.path_params["handle"])
    if page is None or page.is_deleted or page.label.kind in {"Application", "Service"}:
        raise NotFound
    return page.label
