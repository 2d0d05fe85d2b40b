"""Create, both directions (ActivityPub sections 6.2 and 7.2), and passing on what comes for a community of ours.

Authority: who creates is the author, and the object is on the author's own server (S7); the engine checks both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from federation.errors import FetchError, Forbidden, Ignored, InvalidDocument, TryLater, Unreachable
from federation.inbox.dispatch import VerifiedActivity
from federation.vocab import activities
from federation.vocab.base import ids_of
from federation.vocab.objects import RemotePost, authors_of, parse_post
from federation.vocab.polls import RemoteVote, vote_of
from server.actors.models import Actor
from server.communities.activities.announce import Circle, announce, circle_of
from server.db import among, gathered
from server.instance import Instance
from server.posts import documents, places, policy, sending
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


async def distribute_all(here: Instance, events: Sequence[PostPublished]) -> None:
    """Send posts from here to their audience; pass on those that came for communities here."""
    places_of, parameters = among(event.post_id for event in events)
    rows = await here.db.rows(
        "SELECT post.id FROM post LEFT JOIN actor AS place ON place.id = post.community_id"
        f" WHERE post.id IN ({places_of}) AND (post.is_local OR (place.is_local AND post.raw_create IS NOT NULL))",
        **parameters,
    )
    ids = [row["id"] for row in rows]
    found = {post.id: post for post in await Post.filter(id__in=ids)} if ids else {}
    communities = await places.kinds_of(here, found.values())
    circles: dict[str, Circle] = {}
    async with gathered(here.db):
        for event in events:
            post = found.get(event.post_id)
            if post is not None and places.leaves_from(post, communities):
                await _distribute(here, post, circles)


async def distribute(here: Instance, event: PostVouched) -> None:
    """Pass on a post that came for a community here, once somebody vouches for it."""
    post = await Post.get(id=event.post_id)
    if await places.leaves(here, post):
        await _distribute(here, post, {})


async def _distribute(here: Instance, post: Post, circles: dict[str, Circle]) -> None:
    """Send a post from here to its audience; pass on one that came for a community here (section 2.4)."""
    top_level = post.parent_id is None and post.in_reply_to_uri is None
    if post.is_local:
        about = await documents.envelope(here, post)
        await sending.publish(here, about, await create_document(here, about), top_level=top_level)
    elif post.raw_create and post.community_id is not None and post.visibility in policy.IN_COMMUNITIES:
        if post.community_id not in circles:
            circles[post.community_id] = await circle_of(here, post.community_id)
        await announce(
            here,
            post.community_id,
            circle=circles[post.community_id],
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


def create_around(
    here: Instance, post_id: str, published: datetime, document: Mapping[str, object]
) -> dict[str, object]:
    """The same around a document that was made already."""
    audience = document.get("audience")
    return activities.create(
        id=sending.activity_id(here, "create", post_id),
        actor=str(document["attributedTo"]),
        object=dict(document),
        to=ids_of(document.get("to")),
        cc=ids_of(document.get("cc")),
        audience=audience if isinstance(audience, str) else None,
        published=published,
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
