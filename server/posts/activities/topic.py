"""Add to and Remove from a topic of a community, both directions: where a conversation belongs.

Authority: the community alone says what is in which topic of it, and other servers believe nobody else (S5). It is
asked by the author of a post, and by those who look after it; it tells the Peerhalls of its members and followers.
"""

from federation.errors import Forbidden, Ignored
from federation.inbox.dispatch import VerifiedActivity
from federation.vocab import activities
from federation.vocab.base import PUBLIC
from server.actors.models import Actor
from server.actors.sending import send
from server.communities.activities.authority import looks_after
from server.errors import NotAllowed, NotFound
from server.instance import Instance
from server.posts import places, policy, sending
from server.posts.events import PostSorted
from server.posts.models import Post
from server.posts.sorting import change_topic
from server.topics.models import Topic
from server.topics.queries import servers_of


async def on_change(here: Instance, received: VerifiedActivity) -> bool:
    """Somebody puts a post into a topic, or takes it out. False: it is about no topic that is known."""
    activity = received.activity
    topic = await Topic.get_or_none(uri=activity.target) if activity.target else None
    if topic is None or activity.object_id is None:
        return False
    group = await Actor.get(id=topic.community_id)
    by = await Actor.get_or_none(uri=activity.actor)
    post = await Post.get_or_none(uri=activity.object_id, community_id=group.id, state="visible", parent_id=None)
    if by is None or post is None or post.visibility not in policy.OPEN:
        raise Ignored("this is no conversation of the community")
    if group.is_local:
        await _check_asker(here, received, group, post, by)
    elif by.id != group.id:
        raise Forbidden("only a community says what is in its topics")
    is_added = activity.type == "Add"
    if topic.retired_at is not None if is_added else post.topic_id != topic.id:
        raise Ignored("nothing changes")
    async with here.db.transaction():
        if not await change_topic(here, post, topic if is_added else None, by_id=by.id):
            raise Ignored("nothing changes")
    return True


async def _check_asker(here: Instance, received: VerifiedActivity, group: Actor, post: Post, by: Actor) -> None:
    if received.via is not None or group.hidden or group.deleted_at is not None:
        raise Ignored("not a community that others change")
    if await looks_after(here, by.id, group.id):
        return
    if by.id != post.author_id:
        raise Forbidden("only its author, and who looks after the community, puts something into a topic")
    try:
        await places.may_write(here, group, by, reply=True)
    except (NotAllowed, NotFound) as error:
        raise Forbidden("they may not write in this community") from error


async def send_sorted(here: Instance, event: PostSorted) -> None:
    """Tell the servers of a community here what moved; ask a community elsewhere where somebody here moved it."""
    post = await Post.get(id=event.post_id)
    group = await Actor.get_or_none(id=post.community_id) if post.community_id else None
    by = await Actor.get_or_none(id=event.by_id)
    topic = await Topic.get_or_none(id=post.topic_id or event.before_id)
    if group is None or topic is None or by is None or post.state != "visible" or post.visibility not in policy.OPEN:
        return
    if not await places.leaves(here, post) or not (group.is_local or by.is_local):
        return
    speaker = group if group.is_local else by
    verb, build = ("add", activities.add) if post.topic_id else ("remove", activities.remove)
    document = build(
        id=sending.activity_id(here, verb),
        actor=speaker.uri,
        object=post.uri,
        target=topic.uri,
        to=[PUBLIC],
        cc=[f"{group.uri}/followers" if group.is_local else group.uri],
        audience=group.uri,
    )
    inboxes = await servers_of(here, group.id) if group.is_local else [group.shared_inbox_url or group.inbox_url]
    if inboxes:
        await send(here, speaker.uri, document, inboxes=inboxes, post_id=post.id, is_public=True)
