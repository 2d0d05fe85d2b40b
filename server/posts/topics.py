"""The topic that a post is in, on pages and in documents; `sorting` puts it there.

A topic is said to other servers of what everybody may read, and of nothing else.
"""

from dataclasses import dataclass

from server.db import Row
from server.posts import policy
from server.posts.models import Post
from server.topics.models import Topic
from server.topics.queries import path_of

TOPIC = "ph:topic"
COLUMNS = "post.topic_id, (SELECT topic.name FROM topic WHERE topic.id = post.topic_id) AS topic_name"


@dataclass(frozen=True, slots=True)
class TopicLabel:
    """The topic of a post, and its page."""

    id: str
    name: str
    url: str


def label_of(row: Row, community_url: str | None) -> TopicLabel | None:
    """The topic in a row with `COLUMNS`."""
    if row["topic_name"] is None or community_url is None:
        return None
    return TopicLabel(row["topic_id"], row["topic_name"], path_of(community_url, row["topic_id"]))


async def wire(post: Post) -> dict[str, object]:
    """The term of a document of ours."""
    if post.topic_id is None or post.parent_id is not None or post.visibility not in policy.OPEN:
        return {}
    topic = await Topic.get_or_none(id=post.topic_id)
    return {} if topic is None else {TOPIC: topic.uri}
