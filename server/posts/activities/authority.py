"""Whether somebody elsewhere looks after the community that a post is in (S5)."""

from federation.inbox.dispatch import VerifiedActivity
from server.actors.models import Actor
from server.communities.activities.authority import may_moderate
from server.instance import Instance
from server.posts.models import Post


async def may_moderate_from_afar(here: Instance, received: VerifiedActivity, post: Post) -> bool:
    """Whether the activity's actor may moderate this post. May use the network where no community announced it."""
    if post.community_id is None:
        return False
    community = await Actor.get(id=post.community_id)
    return await may_moderate(here, received, community, about=post.uri)
