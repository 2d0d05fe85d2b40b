"""Stamps at their ids, and Delete of them, both directions (FEP-044f): somebody takes back that they agreed to a quote.

Authority: only who gave a stamp takes it back, and it is on their own server (S5).
"""

from federation.inbox.dispatch import VerifiedActivity
from federation.ports import Reader, Served
from federation.vocab import activities, objects
from federation.vocab.base import PUBLIC, same_origin
from federation.vocab.interaction import QUOTE
from server.actors import keys
from server.actors.models import Actor
from server.actors.sending import send
from server.instance import Instance
from server.peers import queries as peers
from server.posts import audience, documents, sending, stamps
from server.posts.events import PostEdited, QuoteRevoked
from server.posts.models import Post, Stamp
from server.posts.policy import OPEN
from server.posts.quoting import REVOKED, settle


async def provide(here: Instance, uri: str, page: str | None, reader: Reader) -> Served | None:
    """Serve ``/ap/s/ID`` to whoever may have the post it is about; what was taken back is gone (410)."""
    if page is not None or (reader.host is not None and not peers.may_receive(here, reader.host)):
        return None
    stamp = await Stamp.get_or_none(uri=uri)
    post = None if stamp is None else await Post.get(id=stamp.post_id)
    if stamp is None or post is None or not await audience.may_have(here, post, reader):
        return None
    public = post.visibility in OPEN
    if stamp.revoked_at is not None:
        gone = objects.tombstone(stamp.uri, former_type=stamps.TYPES[stamp.kind], deleted=stamp.revoked_at)
        return documents.served(gone, public=public, status=410)
    document = await stamps.document_of(here, stamp)
    signer = await keys.signer(here, str(document["attributedTo"]))
    return documents.served(document if signer is None else here.engine.proof(signer, document), public=public)


async def on_revoked(here: Instance, received: VerifiedActivity) -> None:
    """A stamp is deleted, embedded as Mastodon does it; unknown ones concern nobody here."""
    await revoked_by_id(here, received)


async def revoked_by_id(here: Instance, received: VerifiedActivity) -> bool:
    """A stamp is deleted, named by its id: quotes that it proved become links."""
    uri = received.activity.object_id
    if uri is None or not same_origin(uri, received.activity.actor):
        return False
    found = await Post.filter(quote_stamp=uri).order_by("id").limit(50)
    for post in found:
        quoted = await Post.get_or_none(uri=post.quote_uri)
        author = None if quoted is None else await Actor.get(id=quoted.author_id)
        if author is not None and author.uri == received.activity.actor:
            await _take_back(here, post)
    return bool(found)


async def send_revoked(here: Instance, event: QuoteRevoked) -> None:
    """Tell who quoted, and everybody who may have seen the quote, that it is not agreed to any more."""
    stamp = await Stamp.get(id=event.stamp_id)
    post, who = await Post.get(id=stamp.post_id), await Actor.get(id=stamp.actor_id)
    author = await Actor.get(id=post.author_id)
    inner = await stamps.document_of(here, stamp)
    document = activities.delete(
        id=sending.activity_id(here, "delete"),
        actor=author.uri,
        object={key: value for key, value in inner.items() if key != "@context"},
        to=[PUBLIC],
        cc=[who.uri],
    )
    inboxes = sending.inboxes_of([who]) | await sending.involved_inboxes(here, post.id)
    await send(
        here, author.uri, document, inboxes=sorted(inboxes), followers_of=author.uri, post_id=post.id, is_public=True
    )
    quoting = await Post.get_or_none(uri=stamp.interacting_uri)
    if quoting is not None and stamp.kind == QUOTE:
        await _take_back(here, quoting)


async def _take_back(here: Instance, quoting: Post) -> None:
    async with here.db.transaction():
        await settle(here, quoting, REVOKED)
        if quoting.is_local and quoting.quote_stamp is not None:
            # Everybody who has the quote hears of it (FEP-044f: the Delete reaches its audience).
            await here.db.execute(
                "UPDATE post SET quote_stamp = NULL, edited_at = :now WHERE id = :id",
                id=quoting.id,
                now=here.clock.now(),
            )
            await here.events.emit(PostEdited(quoting.id))
