"""Stamps: proofs that an author here agreed to a quote, reply, like or boost, which anybody can look up (FEP-044f)."""

from federation.vocab.base import id_of, same_origin, types_of
from federation.vocab.interaction import QUOTE, parse_stamp, stamp_document
from federation.vocab.interaction import Stamp as WireStamp
from server.actors.models import Actor
from server.ids import new_id
from server.instance import Instance
from server.posts.models import Post, Stamp

TYPES = {
    "quote": "QuoteAuthorization",
    "reply": "ReplyAuthorization",
    "like": "LikeAuthorization",
    "announce": "AnnounceAuthorization",
}


async def give(here: Instance, post: Post, kind: str, actor_id: str, interacting_uri: str, request_uri: str) -> Stamp:
    """Agree to something, in the caller's transaction. Asked again, it is the same, also if revoked."""
    found = await Stamp.get_or_none(post_id=post.id, kind=kind, interacting_uri=interacting_uri)
    if found is None:
        made = new_id(here.clock.now())
        return await Stamp.create(
            id=made,
            uri=here.url(f"/ap/s/{made}"),
            kind=kind,
            post_id=post.id,
            actor_id=actor_id,
            interacting_uri=interacting_uri,
            request_uri=request_uri[:500],
            created_at=here.clock.now(),
        )
    return found


async def is_given(post_id: str, kind: str, interacting_uri: str) -> bool:
    """Whether the author of a post here agreed to this, and has not taken it back."""
    return await Stamp.exists(post_id=post_id, kind=kind, interacting_uri=interacting_uri, revoked_at=None)


async def is_valid(here: Instance, uri: str, kind: str, author: str, interacting: str, target: str) -> bool:
    """Whether a stamp elsewhere says that `author` agreed to just this; fetched from the author's own server (S7)."""
    if not same_origin(uri, author):
        return False
    document = await here.engine.fetch(uri)
    if kind != QUOTE and "Accept" in types_of(document):
        # GoToSocial before 0.19 names the Accept itself.
        return id_of(document.get("actor")) == author and id_of(document.get("object")) == interacting
    stamp = parse_stamp(document)
    return (
        stamp.id == uri
        and stamp.kind == kind
        and stamp.author == author
        and stamp.interacting == interacting
        and stamp.target in ({target} if kind == QUOTE else {target, None})
    )


async def document_of(here: Instance, stamp: Stamp) -> dict[str, object]:
    """The stamp as others read it, without a proof."""
    post = await Post.get(id=stamp.post_id)
    author = await Actor.get(id=post.author_id)
    return stamp_document(
        WireStamp(id=stamp.uri, kind=stamp.kind, author=author.uri, interacting=stamp.interacting_uri, target=post.uri)
    )
