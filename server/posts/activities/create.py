"""Create, both directions (ActivityPub sections 6.2 and 7.2), and passing on what comes for a community of ours.

Authority: who creates is the author, and the object is on the author's own server (S7); the engine checks both.
"""

from dataclasses import replace

from federation.errors import FetchError, Forbidden, Ignored, InvalidDocument, TryLater, Unreachable
from federation.inbox.dispatch import VerifiedActivity
from federation.vocab import activities
from federation.vocab.objects import RemotePost, authors_of, parse_post
from federation.vocab.polls import RemoteVote, vote_of
from server.actors.models import Actor
from server.communities.activities.announce import announce
from server.instance import Instance
from server.posts import documents, places, sending
from server.posts.activities import ask
from server.posts.activities.relevance import check_group
from server.posts.admission import may_answer
from server.posts.details import extras_of
from server.posts.events import PostPublished, PostVouched
from server.posts.models import Post
from server.posts.receiving import receive_post


async def on_create(here: Instance, received: VerifiedActivity) -> None:
    """A remote actor wrote a post, or a community passes on that somebody did."""
    activity = received.activity
    await check_group(here, received.via, activity)
    vote = vote_of(activity.object)
    if vote is not None:
        await _vote(here, received, vote)
        return
    remote = await _object(here, received)
    remote = by_actor(remote, activity.actor)
    try:
        post = await receive_post(here, remote, raw=received.as_received, via=received.via)
    except Forbidden:
        await _say_no(here, received, remote)
        raise
    if post is None:
        raise Ignored("this post is not kept")


async def _say_no(here: Instance, received: VerifiedActivity, remote: RemotePost) -> None:
    """Tell who answered a post of somebody here, which they could read, that their answer was not taken."""
    parent = await Post.get_or_none(uri=remote.in_reply_to, is_local=True) if remote.in_reply_to else None
    actor = await Actor.get_or_none(uri=received.activity.actor, is_local=False)
    if parent is None or actor is None or received.via is not None or not await places.leaves(here, parent):
        return
    if actor.suspended_at is None and await may_answer(here, actor, parent):
        async with here.db.transaction():
            await ask.say_no(here, parent, actor, remote.id)


def by_actor(remote: RemotePost, actor: str) -> RemotePost:
    """The post as written by the actor, who is among its authors; Forbidden otherwise.

    Mobilizon names the group as its author, and the person as its actor: the person is who signed.
    """
    if remote.attributed_to == actor:
        return remote
    if actor in authors_of(remote.raw):
        return replace(remote, attributed_to=actor, audience=remote.audience or remote.attributed_to)
    raise Forbidden("only its author creates or changes a post")


async def distribute(here: Instance, event: PostPublished | PostVouched) -> None:
    """Send a post from here to its audience; pass on one that came for a community here (section 2.4)."""
    post = await Post.get(id=event.post_id)
    if not await places.leaves(here, post):
        return
    about = await documents.envelope(here, post)
    top_level = post.parent_id is None and post.in_reply_to_uri is None
    if post.is_local:
        await sending.publish(here, about, await create_document(here, about), top_level=top_level)
    elif about.community is not None and about.community.is_local and post.raw_create:
        await announce(
            here,
            about.community.id,
            activity=post.raw_create,
            post_uri=post.uri,
            post_id=post.id,
            top_level=top_level,
            is_new=True,
            visibility=post.visibility,
        )


async def create_document(here: Instance, about: documents.Envelope) -> dict[str, object]:
    """The Create of a local post; its id follows from the post's."""
    return activities.create(
        id=sending.activity_id(here, "create", about.post.id),
        actor=about.author.uri,
        object=await documents.build(here, about.post, about=about),
        to=about.to,
        cc=about.cc,
        audience=about.audience,
        published=about.post.published_at,
    )


async def _vote(here: Instance, received: VerifiedActivity, vote: RemoteVote) -> None:
    """Somebody chose something in a poll of ours; that is no post, and is never kept as one."""
    take = extras_of(here, "poll").vote
    if take is None:
        raise Ignored("a vote in a poll is no post")
    await take(here, received, vote)


async def _object(here: Instance, received: VerifiedActivity) -> RemotePost:
    activity = received.activity
    if activity.object is not None:
        return parse_post(activity.object, inherit=activity)
    if activity.object_id is None:
        raise InvalidDocument("the Create has no object")
    try:
        return await here.engine.fetch_post(activity.object_id)
    except Unreachable as error:
        raise TryLater(str(error)) from error
    except FetchError as error:
        raise Ignored(str(error)) from error
