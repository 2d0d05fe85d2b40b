"""Accept and Reject of replies, quotes, likes and boosts (FEP-044f, GoToSocial's interaction policies).

Authority: whoever wrote the answered, quoted, liked or passed-on post, and nobody else (S5).
"""

from federation.errors import Forbidden, Ignored
from federation.inbox.dispatch import VerifiedActivity
from federation.vocab.base import id_of, is_web_uri, same_origin
from server.actors.models import Actor
from server.instance import Instance
from server.posts import agreements
from server.posts.models import Boost, Like, Post
from server.text import clean_text, plain


async def on_answer(here: Instance, received: VerifiedActivity) -> None:
    """An Accept or Reject that embeds what was asked, or what it is about."""
    if not await answer_by_id(here, received):
        raise Ignored("nobody here asked")


async def answer_by_id(here: Instance, received: VerifiedActivity) -> bool:
    """An Accept or Reject that names by its id what it is about; False for what is no post, like or boost."""
    activity = received.activity
    inner = activity.object or {}
    names = [uri for uri in (activity.object_id, id_of(inner.get("instrument"))) if uri is not None]
    accepted = activity.type == "Accept"
    post = await _post(here, names)
    if post is not None:
        await _answer_post(here, received, post, accepted=accepted)
        return True
    for table in (Like, Boost):
        row = await table.filter(uri__in=names).first()
        if row is not None:
            await _check_author(received, row.post_id)
            await agreements.settle_reaction(here, row, accepted=accepted, stamp=_stamp(received))
            return True
    return False


async def _post(here: Instance, names: list[str]) -> Post | None:
    prefix = here.url("/ap/a/quote/")
    asked = [here.url(f"/ap/p/{name.removeprefix(prefix)}") for name in names if name.startswith(prefix)]
    return await Post.filter(uri__in=[*names, *asked]).exclude(state="deleted").first() if names else None


async def _answer_post(here: Instance, received: VerifiedActivity, post: Post, *, accepted: bool) -> None:
    actor = received.activity.actor
    quoted = await Post.get_or_none(uri=post.quote_uri) if post.quote_uri else None
    reason = clean_text(plain(received.activity.summary or received.activity.content))[:500]
    if quoted is not None and await _wrote(quoted, actor):
        if post.is_local:
            await agreements.settle_quote(here, post, quoted, accepted=accepted, stamp=_stamp(received), reason=reason)
        return
    parent = await Post.get_or_none(id=post.parent_id) if post.parent_id else None
    if parent is None or not await _wrote(parent, actor):
        raise Forbidden("only who wrote a post agrees to what is done with it")
    if not accepted:
        await agreements.refuse(here, post, parent, reason=reason)
    elif post.is_local:
        await agreements.accept_reply(here, post, stamp=_stamp(received) or received.activity.id)


def _stamp(received: VerifiedActivity) -> str | None:
    """The proof that an Accept names, on the server of who accepts (S7)."""
    uri = id_of(received.raw.get("result"))
    right = uri is not None and is_web_uri(uri) and same_origin(uri, received.activity.actor) and len(uri) <= 500
    return uri if right else None


async def _wrote(post: Post, actor: str) -> bool:
    return (await Actor.get(id=post.author_id)).uri == actor


async def _check_author(received: VerifiedActivity, post_id: str) -> None:
    if not await _wrote(await Post.get(id=post_id), received.activity.actor):
        raise Forbidden("only who wrote a post agrees to what is done with it")
