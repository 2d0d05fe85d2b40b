"""Sharing a post with fewer people than before."""

from starlette.requests import Request
from starlette.responses import Response

from server.errors import Invalid, NotAllowed
from server.fediverse import receipts
from server.posts import actions as posts
from server.posts import policy, widening
from server.posts.actions import PostChange
from server.posts.queries import PostView
from web.discussions.showing import post_of
from web.i18n import gettext
from web.practices.composing import audiences
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text


async def audience_page(request: Request) -> Response:
    """To whom a post of one's own could be narrowed, and what other servers answered when it was."""
    return await _page(request, await _own(request))


async def narrow(request: Request) -> Response:
    """Narrow it: servers where nobody may read it any more are asked to delete it, the others get it anew."""
    post, form = await _own(request), await form_of(request)
    wanted = text(form, "audience", 20)
    try:
        if wanted not in _choices(post):
            raise Invalid("Choose who can see this from now on.", field="audience")
        await posts.edit_post(
            here_of(request),
            signed_in(request),
            post.id,
            PostChange(visibility=wanted),
            gettext(request, "Shared with fewer people"),
        )
    except Invalid as error:
        return await _page(request, post, errors=error.errors, chosen=wanted, status=422)
    words = gettext(request, "Fewer people can see it now. Other servers are asked to delete their copies.")
    return redirect(request, f"{post.action_base}/audience", toast=words)


async def widen(request: Request) -> Response:
    """Share it with more people; those it reaches anew get it as something new."""
    post, form = await _own(request), await form_of(request)
    wanted = text(form, "wider", 20)
    try:
        await widening.widen(here_of(request), signed_in(request), post.id, wanted)
    except Invalid as error:
        return await _page(request, post, errors=error.errors, wider=wanted, status=422)
    return redirect(request, f"{post.action_base}/audience", toast=gettext(request, "More people can see it now."))


async def _page(
    request: Request,
    post: PostView,
    *,
    errors: list[dict[str, str]] | None = None,
    chosen: str = "",
    wider: str = "",
    status: int = 200,
) -> Response:
    words = {
        policy.UNLISTED: gettext(request, "Everyone with the link"),
        policy.NETWORK: gettext(request, "People of the network"),
        policy.MEMBERS: gettext(request, "Members of the community"),
        policy.FOLLOWERS: gettext(request, "My followers"),
        policy.INSTANCE: gettext(request, "People on this server"),
        policy.PRIVATE: gettext(request, "Only me"),
    }
    asked = await receipts.states(here_of(request), [post.uri])
    return render(
        request,
        "discussions/audience.html",
        status_code=status,
        post=post,
        options=[{"value": name, "label": words[name]} for name in _choices(post)],
        chosen=chosen,
        wider=wider,
        wider_options=await _wider(request, post),
        errors=errors or [],
        asked=asked.get(post.uri),
    )


async def _wider(request: Request, post: PostView) -> list[dict[str, str]]:
    """To whom it may be widened, each with how many people that is."""
    here, viewer = here_of(request), signed_in(request)
    allowed = await widening.choices(here, viewer, post.id)
    reach = {option["value"]: option for option in await audiences(request, viewer, post.community)} if allowed else {}
    return [
        {"value": name, "label": reach[name]["summary"], "hint": reach[name]["detail"]}
        for name in allowed
        if name in reach
    ]


def _choices(post: PostView) -> tuple[str, ...]:
    return policy.narrower_choices(post.visibility, in_community=post.community is not None)


async def _own(request: Request) -> PostView:
    signed_in(request)
    post = await post_of(request)
    if not (post.is_mine and post.is_local and post.can_edit) or post.state == "draft":
        raise NotAllowed("Only who wrote this can say who sees it.")
    return post
