"""Looking after one post: taking it away and bringing it back, closing and opening, pinning."""

from starlette.requests import Request
from starlette.responses import Response

from server.errors import Invalid, NotFound
from server.moderation import actions as moderation
from server.moderation import policy
from server.moderation.actions import Decision
from server.moderation.clauses import clauses_for
from server.moderation.outcomes import of_post
from server.posts import actions as posts
from server.posts import queries
from server.posts.queries import PostView
from web.i18n import gettext
from web.moderation import words
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text


async def page(request: Request) -> Response:
    """What a steward can do with this post."""
    return await _page(request, await _post(request))


async def act(request: Request) -> Response:
    """Do it."""
    here, viewer, post, sent = here_of(request), signed_in(request), await _post(request), await form_of(request)
    reason = text(sent, "reason", 2000)
    try:
        match text(sent, "act", 20):
            case "remove":
                if not reason:
                    raise Invalid(gettext(request, "Say why: its author is told."), field="reason")
                await _do(request, post, policy.REMOVE, reason, text(sent, "clause", 20))
                toast = gettext(request, "Taken away. The author sees why.")
            case "restore":
                await posts.restore_post(here, viewer, post.id)
                toast = gettext(request, "It can be read again.")
            case "close":
                if reason:
                    await _do(request, post, policy.LOCK, reason, text(sent, "clause", 20))
                else:
                    await posts.set_locked(here, viewer, post.id, locked=True)
                toast = gettext(request, "Closed. You can open it again at any time.")
            case "reopen":
                await posts.set_locked(here, viewer, post.id, locked=False, reason=reason)
                toast = gettext(request, "It is open again.")
            case "pin":
                await posts.set_pinned(here, viewer, post.id, pinned=True)
                toast = gettext(request, "It stands at the top of the community now.")
            case "unpin":
                await posts.set_pinned(here, viewer, post.id, pinned=False)
                toast = gettext(request, "It stands among the others again.")
            case _:
                raise NotFound
    except Invalid as error:
        return await _page(
            request, post, errors=error.errors, reason=reason, clause=text(sent, "clause", 20), status=422
        )
    return redirect(request, post.url, toast=toast)


async def _do(request: Request, post: PostView, kind: str, reason: str, clause: str) -> None:
    """Decide about a post that nobody reported: its author is told why, and can object. One's own is no case."""
    here, viewer = here_of(request), signed_in(request)
    if post.author.id != viewer.actor_id:
        await moderation.decide_at_once(here, viewer, post.id, Decision(kind, reason, clause=clause))
    elif kind == policy.REMOVE:
        await posts.remove_post(here, viewer, post.id, reason)
    else:
        await posts.set_locked(here, viewer, post.id, locked=True, reason=reason)


async def _post(request: Request) -> PostView:
    """A post that the viewer looks after; for everybody else this page does not exist."""
    post = await queries.show(here_of(request), signed_in(request), request.path_params["name"])
    if post is None or not post.can_moderate:
        raise NotFound
    return post


async def _page(
    request: Request,
    post: PostView,
    *,
    errors: list[dict[str, str]] | None = None,
    reason: str = "",
    clause: str = "",
    status: int = 200,
) -> Response:
    here = here_of(request)
    rules = await clauses_for(here, post.community.id if post.community is not None else None)
    return render(
        request,
        "moderation/post.html",
        clauses=words.clause_options(request, rules),
        clause=clause,
        status_code=status,
        post=post,
        begins=post.root_id == post.id and post.parent_id is None,
        reason=reason,
        told=await of_post(here_of(request), post.uri) if post.state == "removed" else None,
        errors=errors or [],
    )
