"""Announce of posts, both directions (ActivityPub section 7.11).

Whole activities that communities announce are unwrapped by the engine; our own communities announce through
`communities.activities.announce`.

Authority: people pass on for themselves only, and only what everybody may read (S15).
"""

from federation.errors import Forbidden, Gone, Ignored
from federation.inbox.dispatch import VerifiedActivity
from federation.vocab import activities
from federation.vocab.base import PUBLIC
from server.actors.models import Actor
from server.actors.relations import is_blocked
from server.actors.remote import ensure_remote
from server.actors.sending import send
from server.instance import Instance
from server.posts import places, policy, sending
from server.posts.activities.relevance import is_wanted
from server.posts.consent import ANNOUNCE
from server.posts.events import PostBoosted, PostUnboosted, ReactionWaits
from server.posts.models import Boost, Post
from server.posts.reactions import add_boost
from server.posts.receiving import find_or_fetch
from server.posts.removal import was_ended


async def on_announce(here: Instance, received: VerifiedActivity) -> None:
    """A remote person passes a post on, or a community shares what was posted to it."""
    activity = received.activity
    uri = activity.object_id
    if uri is None:
        raise Ignored("it does not say what is passed on")
    try:
        actor = await ensure_remote(here, activity.actor)
    except Gone as error:
        raise Ignored("who passed it on is gone") from error
    if actor.suspended_at is not None or actor.deleted_at is not None:
        raise Forbidden("nothing is taken from this actor")
    wanted = await is_wanted(here, actor.uri)
    if actor.kind == "Group" and not wanted and not here.is_local_uri(uri):
        raise Ignored("nobody here follows this community")
    # An embedded object is no more than a hint: what it says is read from its own server.
    post = await find_or_fetch(here, uri, via=actor.uri if actor.kind == "Group" else None, asked=wanted)
    if post is None or post.state not in {"visible", "held"}:
        raise Ignored("the post is not to be had")
    if post.visibility not in policy.OPEN and post.author_id != actor.id:
        raise Forbidden("only what everybody may read is passed on")
    if await is_blocked(here, actor.id, post.author_id):
        raise Forbidden("one of the two blocked the other")
    announce_uri = activity.id or f"{actor.uri}#shares/{post.id}"
    async with here.db.transaction():
        if await was_ended(here, announce_uri, by=actor.uri):
            raise Ignored("it was taken back already")
        await add_boost(here, post, actor.id, uri=announce_uri)


async def send_boost(here: Instance, event: PostBoosted) -> None:
    """Tell the followers of somebody here, and the post's author."""
    await _send(here, event, undo=False)


async def ask(here: Instance, event: ReactionWaits) -> None:
    """Send an Announce to the author of a post alone, who agrees to it or does not (GoToSocial's policies)."""
    if event.kind == ANNOUNCE:
        await _send(here, event, undo=False)


async def send_unboost(here: Instance, event: PostUnboosted) -> None:
    """Take every Announce of theirs back."""
    await _send(here, event, undo=True)


async def _send(here: Instance, event: PostBoosted | PostUnboosted | ReactionWaits, *, undo: bool) -> None:
    actor = await Actor.get(id=event.actor_id)
    if not actor.is_local or actor.kind == "Group" or actor.deleted_at is not None:
        return
    post = await Post.get(id=event.post_id)
    if post.visibility not in policy.OPEN or not await places.leaves(here, post):
        return
    author = await Actor.get(id=post.author_id)
    for boost in await Boost.filter(actor_id=actor.id, post_id=post.id, undone_at=None).order_by("id"):
        document = activities.announce(
            id=boost.uri,
            actor=actor.uri,
            object=post.uri,
            to=[PUBLIC],
            cc=[f"{actor.uri}/followers", author.uri],
            published=boost.created_at,
            extra={"approvedBy": boost.approved_by} if boost.approved_by else None,
        )
        if undo:
            document = activities.undo(
                id=sending.activity_id(here, "undo"),
                actor=actor.uri,
                object=document,
                to=[PUBLIC],
                cc=[f"{actor.uri}/followers", author.uri],
            )
        await send(
            here,
            actor.uri,
            document,
            inboxes=sorted(sending.inboxes_of([author])),
            followers_of=actor.uri if boost.state == "done" else None,
            post_id=post.id,
            is_public=True,
        )
