"""“Something’s wrong”: three doors at every post. Talk, somebody neutral, or a case (B7)."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server.accounts import throttle
from server.communities import queries as communities
from server.errors import Invalid, NotAllowed, NotFound
from server.mediation import actions
from server.posts import actions as posts
from server.posts import queries
from server.posts.form import NewPost
from server.posts.policy import DIRECT, OPEN
from server.posts.queries import PostView
from web.i18n import gettext
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text

MOST_TALKS = 10


async def page(request: Request) -> Response:
    """The three doors."""
    return await _page(request, await _post(request), {})


async def talk(request: Request) -> Response:
    """The first: a message to whoever wrote it, and to nobody else."""
    here, viewer, post, sent = here_of(request), signed_in(request), await _post(request), await form_of(request)
    said = text(sent, "text", 6000)
    try:
        if not said:
            raise Invalid(gettext(request, "Write what you would like to say."), field="text")
        throttle.limit(here, f"talk {viewer.account_id}", "", MOST_TALKS)
        # In the conversation where everybody may read that; else by itself, with the address of what it is about.
        inside = post.visibility in OPEN
        about = "" if inside else f"\n\n{here.url(post.url)}"
        new = NewPost(
            kind="reply" if inside else "note",
            title="",
            source_md=f"{post.author.handle} {said}{about}",
            visibility=DIRECT,
            parent_id=post.id if inside else None,
            to_named=True,
        )
        await posts.create_post(here, str(viewer.actor_id), new)
    except Invalid as error:
        return await _page(request, post, {"text": said}, errors=error.errors, status=422)
    except NotAllowed as error:  # they cannot be written to: the other doors are on the same page
        errors = [{"field": "text", "message": error.message}]
        return await _page(request, post, {"text": said}, errors=errors, status=422)
    return redirect(request, post.url, toast=gettext(request, "Sent. Only the two of you read it."))


async def mediation(request: Request) -> Response:
    """The second: ask for somebody neutral."""
    here, viewer, post, sent = here_of(request), signed_in(request), await _post(request), await form_of(request)
    filled = {name: text(sent, name, 3000) for name in ("mediator", "named", "wish")}
    try:
        made = await actions.ask(here, viewer, post.id, filled["named"] or filled["mediator"], filled["wish"])
    except Invalid as error:
        return await _page(request, post, filled, errors=error.errors, status=422)
    words = gettext(request, "Asked. It begins when the others agree.")
    return redirect(request, f"/mediation/{made.id}", toast=words)


async def _post(request: Request) -> PostView:
    viewer = signed_in(request)
    post = await queries.show(here_of(request), viewer, request.path_params["name"])
    if post is None or post.state != "visible" or post.author.id == viewer.actor_id or post.visibility == DIRECT:
        raise NotFound
    return post


async def _page(
    request: Request,
    post: PostView,
    filled: dict[str, Any],
    *,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
) -> Response:
    here, viewer = here_of(request), signed_in(request)
    community = post.community
    leaders = await communities.leaders(here, community.id) if community is not None and community.is_local else []
    neutral = [
        member.person
        for member in leaders
        if member.person.id not in {viewer.actor_id, post.author.id} and member.person.is_local
    ]
    template = gettext(
        request,
        "Hello %(name)s, something in what you wrote sits badly with me: …\nI think that you meant it differently. "
        "Could we talk about it?",
        name=post.author.display_name,
    )
    return render(
        request,
        "mediation/doors.html",
        status_code=status,
        post=post,
        suggested=template,
        neutral=[{"value": person.handle, "label": person.display_name} for person in neutral],
        can_mediate=post.author.is_local and post.author.kind == "Person",
        filled=filled,
        errors=errors or [],
    )
