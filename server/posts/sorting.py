"""Putting a conversation into a topic of its community, or into another one."""

from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.audit import actions as audit
from server.errors import NotFound
from server.instance import Instance
from server.posts.composing import Detail, readable_post
from server.posts.events import PostSorted
from server.posts.models import Post
from server.posts.policy import OPEN
from server.posts.removal import moderated
from server.topics.actions import in_use
from server.topics.models import Topic


async def put_into_topic(here: Instance, acting: Viewer, post_id: str, topic_id: str) -> None:
    """Put what begins a conversation into a topic of its community, or with an empty id into none.

    For its author, and for those who look after the community. Raises Invalid.
    """
    post = await readable_post(here, acting, post_id)
    is_own = post.author_id == acting.actor_id
    if not is_own:
        post = await moderated(here, acting, post_id)
    if post.community_id is None or post.parent_id is not None or post.in_reply_to_uri is not None:
        raise NotFound
    topic = await in_use(post.community_id, topic_id)
    async with here.db.transaction():
        if await change_topic(here, post, topic, by_id=str(acting.actor_id)) and not is_own:
            await audit.record(here, by=acting.handle or acting.actor_uri, action="post.topic", subject=post.uri)


def goes_into(here: Instance, topic_id: str, also: Detail) -> Detail:
    """What puts a post that is being written into a topic, after `also`; for features that write it in parts.

    Raises Invalid for a topic of another community. A community elsewhere hears only of what everybody may read.
    """

    async def store(post: Post) -> None:
        await also(post)
        if post.community_id is None:
            return
        group = await Actor.get(id=post.community_id)
        topic = await in_use(group.id, topic_id)
        says = group.is_local or post.state == "draft" or post.visibility in OPEN
        post.topic_id = topic.id if topic is not None and says else None
        await post.save(update_fields=["topic_id"])

    return store


async def change_topic(here: Instance, post: Post, topic: Topic | None, *, by_id: str) -> bool:
    """Put a post into a topic, in the caller's transaction; False where it is in it already."""
    before, after = post.topic_id, None if topic is None else topic.id
    if before == after:
        return False
    post.topic_id = after
    await post.save(update_fields=["topic_id"])
    await here.events.emit(PostSorted(post.id, by_id, before))
    return True
