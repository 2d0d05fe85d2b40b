"""Stamps: proofs that an author here agreed to a quote, reply, like or boost, which anybody can look up (FEP-044f)."""

from federation.ports import Reader, Served
from federation.vocab import objects
from federation.vocab.interaction import Stamp as WireStamp
from federation.vocab.interaction import stamp_document
from server.actors import keys
from server.actors.models import Actor
from server.ids import new_id
from server.instance import Instance
from server.peers import queries as peers
from server.posts import documents
from server.posts.models import Post, Stamp
from server.posts.policy import OPEN

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


async def document_of(here: Instance, stamp: Stamp) -> dict[str, object]:
    """The stamp as others read it, without a proof."""
    post = await Post.get(id=stamp.post_id)
    author = await Actor.get(id=post.author_id)
    return stamp_document(
        WireStamp(id=stamp.uri, kind=stamp.kind, author=author.uri, interacting=stamp.interacting_uri, target=post.uri)
    )


async def provide(here: Instance, uri: str, page: str | None, reader: Reader) -> Served | None:
    """Serve ``/ap/s/ID`` to whoever may have the post it is about; what was taken back is gone (410)."""
    if page is not None or (reader.host is not None and not peers.may_receive(here, reader.host)):
        return None
    stamp = await Stamp.get_or_none(uri=uri)
    post = None if stamp is None else await Post.get(id=stamp.post_id)
    if stamp is None or post is None or not await documents.may_fetch(here, post, reader):
        return None
    public = post.visibility in OPEN
    if stamp.revoked_at is not None:
        gone = objects.tombstone(stamp.uri, former_type=TYPES[stamp.kind], deleted=stamp.revoked_at)
        return documents.served(gone, public=public, status=410)
    document = await document_of(here, stamp)
    signer = await keys.signer(here, str(document["attributedTo"]))
    return documents.served(document if signer is None else here.engine.proof(signer, document), public=public)
