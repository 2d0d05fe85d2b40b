"""Add to and Remove from what a community features, both directions (FEP-1b12): conversations pinned at its top.

Authority: who looks after the community (S5). What people elsewhere feature on their profiles (Mastodon) changes
nothing here; what people here do is sent.
"""

from federation.errors import Forbidden, Ignored
from federation.inbox.dispatch import VerifiedActivity
from federation.vocab import activities
from federation.vocab.base import PUBLIC
from server.actors.models import Actor
from server.actors.sending import send
from server.communities.activities.authority import may_moderate
from server.instance import Instance
from server.posts import documents, places, policy, sending
from server.posts.activities.like import pass_on
from server.posts.activities.relevance import check_group
from server.posts.events import PostPinned, ProfilePinned
from server.posts.models import Post
from server.posts.moderating import change_pin


async def on_change(here: Instance, received: VerifiedActivity) -> bool:
    """Somebody pins or unpins a conversation of a community. False: it is about another collection."""
    activity = received.activity
    group = await Actor.filter(featured_url=activity.target, kind="Group").first() if activity.target else None
    if group is None or activity.object_id is None:
        return False
    await check_group(here, received.via, activity)
    post = await Post.get_or_none(uri=activity.object_id)
    if post is None or post.state != "visible" or post.community_id != group.id or post.parent_id is not None:
        raise Ignored("this is no conversation of the community")
    if not await may_moderate(here, received, group):
        raise Forbidden("only who looks after the community pins something there")
    by = await Actor.get_or_none(uri=activity.actor)
    async with here.db.transaction():
        if await change_pin(here, post, by_id=by.id if by else "", pinned=activity.type == "Add"):
            await pass_on(here, post, received)
    return True


async def send_pin(here: Instance, event: PostPinned) -> None:
    """Tell the community of a post, and everybody it passes things on to, that somebody here pinned or unpinned it."""
    actor = await Actor.get_or_none(id=event.by_id) if event.by_id else None
    post = await Post.get(id=event.post_id)
    if actor is None or not actor.is_local or not await places.leaves(here, post):
        return
    about = await documents.envelope(here, post)
    if about.community is None or about.community.featured_url is None:
        return
    verb, build = ("add", activities.add) if event.pinned else ("remove", activities.remove)
    document = build(
        id=sending.activity_id(here, verb),
        actor=actor.uri,
        object=post.uri,
        target=about.community.featured_url,
        to=[PUBLIC] if post.visibility in policy.OPEN else about.to,
        cc=[about.community.uri],
        audience=about.community.uri,
    )
    await sending.tell(here, actor, about, document)


async def send_profile_pin(here: Instance, event: ProfilePinned) -> None:
    """Tell the followers of somebody here what stands at the top of their profile, or does no more."""
    post = await Post.get(id=event.post_id)
    author = await Actor.get(id=post.author_id)
    if not author.is_local or not await places.leaves(here, post):
        return
    verb, build = ("add", activities.add) if event.pinned else ("remove", activities.remove)
    document = build(
        id=sending.activity_id(here, verb),
        actor=author.uri,
        object=post.uri,
        target=f"{author.uri}/featured",
        to=[PUBLIC],
        cc=[f"{author.uri}/followers"],
    )
    await send(here, author.uri, document, followers_of=author.uri, post_id=post.id, is_public=True)
