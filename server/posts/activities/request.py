"""Requests to interact, from other servers: QuoteRequest (FEP-044f), LikeRequest, ReplyRequest, AnnounceRequest.

The answer is automatic, by the rules that hold anyway: Accept with a stamp, or Reject, at once.

Authority: people ask for themselves, about things of their own server; the engine checks both.
"""

from federation.errors import Forbidden, Gone, Ignored, InvalidDocument
from federation.inbox.dispatch import VerifiedActivity
from federation.vocab import activities
from federation.vocab.activities import parse_activity
from federation.vocab.interaction import AUTOMATIC, QUOTE, REPLY, REQUESTS, quote_of
from federation.vocab.objects import parse_post
from server.actors.models import Actor
from server.actors.remote import ensure_remote
from server.actors.sending import send
from server.instance import Instance
from server.posts import admission, places, sending, stamps
from server.posts.activities.create import by_actor
from server.posts.consent import said_of
from server.posts.events import QuoteAllowed
from server.posts.models import Post, Stamp
from server.posts.policy import OPEN
from server.posts.quoting import APPROVED, settle
from server.posts.reactions import add_like
from server.posts.receiving import receive_post


async def on_request(here: Instance, received: VerifiedActivity) -> None:
    """A remote actor asks whether they may do something with a post of somebody here."""
    activity = received.activity
    kind = REQUESTS[activity.type]
    post = await Post.get_or_none(uri=activity.object_id, is_local=True) if activity.object_id else None
    if post is None or activity.instrument is None or received.via is not None:
        raise Ignored("nothing of ours is asked about")
    try:
        actor = await ensure_remote(here, activity.actor)
    except Gone as error:
        raise Ignored("who asks is gone") from error
    if actor.suspended_at is not None or actor.deleted_at is not None:
        raise Forbidden("nothing is taken from this actor")
    if not await places.leaves(here, post) or not await admission.may_answer(here, actor, post):
        # Whoever cannot know a post learns nothing about it (S15).
        raise Forbidden("they cannot know this post")
    author = await Actor.get(id=post.author_id)
    try:
        allowed = _policy_allows(post, author, actor, kind)
        if allowed:
            await _take_in(here, received, kind, actor, post)
    except Forbidden:
        allowed = False
    async with here.db.transaction():
        stamp = await stamps.give(here, post, kind, actor.id, activity.instrument, activity.id) if allowed else None
        if stamp is not None and stamp.revoked_at is not None:
            stamp = None
        await _answer(here, received, author, actor, post, stamp)
        if stamp is not None and kind == QUOTE:
            await here.events.emit(QuoteAllowed(post.id, actor.id, stamp.id))
    quoting = await Post.get_or_none(uri=activity.instrument, quote_uri=post.uri, author_id=actor.id)
    if stamp is not None and quoting is not None:
        await settle(here, quoting, APPROVED)


def _policy_allows(post: Post, author: Actor, actor: Actor, kind: str) -> bool:
    if post.locked and kind == REPLY:
        return False
    if kind != REPLY and post.visibility not in OPEN and kind != "like":
        return False
    return bool(getattr(said_of(post, author.uri, actor.uri), kind) == AUTOMATIC)


async def _take_in(here: Instance, received: VerifiedActivity, kind: str, actor: Actor, post: Post) -> None:
    """A reply or like that comes with its request is taken in as if it had come by itself; Forbidden where it may not.

    A quote is not shown before its author publishes it, so that it is only looked at.
    """
    document = received.activity.raw.get("instrument")
    if not isinstance(document, dict):
        return
    if kind == QUOTE:
        if quote_of(document) != post.uri:
            raise Forbidden("the post does not quote this one")
    elif kind == REPLY:
        remote = by_actor(parse_post(document, inherit=received.activity), actor.uri)
        if remote.in_reply_to != post.uri:
            raise Forbidden("the post does not answer this one")
        await receive_post(here, remote)
    elif kind == "like":
        inner = parse_activity({"actor": actor.uri, **document})
        if inner.object_id != post.uri or inner.actor != actor.uri or not inner.id:
            raise InvalidDocument("This is no Like of theirs of this post.")
        async with here.db.transaction():
            await add_like(here, post, actor.id, uri=inner.id)


async def _answer(
    here: Instance, received: VerifiedActivity, author: Actor, actor: Actor, post: Post, stamp: Stamp | None
) -> None:
    asked = received.activity
    # Asked for by reference: what is inside may be for few (FEP-044f, information leaks).
    request: dict[str, object] = {
        "type": asked.type,
        "id": asked.id,
        "actor": asked.actor,
        "object": post.uri,
        "instrument": asked.instrument,
    }
    if stamp is None:
        document = activities.reject(
            id=sending.activity_id(here, "reject"), actor=author.uri, object=request, to=[actor.uri]
        )
    else:
        document = activities.accept(
            id=sending.activity_id(here, "accept", stamp.id),
            actor=author.uri,
            object=request,
            to=[actor.uri],
            extra={"result": stamp.uri},
        )
    await send(here, author.uri, document, inboxes=[actor.inbox_url], post_id=post.id)
