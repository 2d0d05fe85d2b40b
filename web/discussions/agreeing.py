"""What an author says about who quotes a post, and which answer is not wanted under it."""

from starlette.requests import Request
from starlette.responses import Response

from server.errors import NotAllowed
from server.posts import agreeing
from server.posts import queries as posts
from server.posts.queries import PostView
from web.discussions.showing import post_of
from web.i18n import gettext
from web.render import redirect, render
from web.request import form_of, here_of, signed_in, text


async def quotes_page(request: Request) -> Response:
    """Who quotes a post of one's own, and whether anybody may."""
    here, viewer, post = here_of(request), signed_in(request), await _own(request)
    return render(
        request,
        "discussions/quotes.html",
        post=post,
        quotes=await agreeing.quotes_given(here, viewer, post.id),
        allowed=await agreeing.may_be_quoted(post.id),
    )


async def quotes(request: Request) -> Response:
    """Take one quote back, or say whether the post may be quoted."""
    here, viewer, post, sent = here_of(request), signed_in(request), await _own(request), await form_of(request)
    revoked = text(sent, "revoke", 40)
    if revoked:
        await agreeing.revoke_quote(here, viewer, post.id, revoked)
        words = gettext(request, "Taken back. Servers that have the quote are told.")
    else:
        await agreeing.allow_quotes(here, viewer, post.id, allowed=text(sent, "allowed", 5) == "yes")
        words = gettext(request, "Saved.")
    return redirect(request, f"{post.action_base}/quotes", toast=words)


async def refuse(request: Request) -> Response:
    """An answer is not wanted under a post of one's own."""
    here, viewer, reply = here_of(request), signed_in(request), await post_of(request)
    root = await posts.show(here, viewer, reply.root_id)
    await agreeing.refuse_reply(here, viewer, reply.id)
    words = gettext(request, "Taken out. Who wrote it is told.")
    return redirect(request, root.url if root is not None else "/week", toast=words)


async def _own(request: Request) -> PostView:
    signed_in(request)
    post = await post_of(request)
    if not (post.is_mine and post.is_local):
        raise NotAllowed("Only who wrote this can say who quotes it.")
    return post
