"""Whether somebody elsewhere looks after the community that a post is in (S5)."""

from federation.errors import FederationError
from federation.inbox.dispatch import VerifiedActivity
from server.actors.models import Actor
from server.instance import Instance
from server.posts.models import Post
from server.posts.removal import is_moderator

MAX_MODERATORS = 100


async def may_moderate_from_afar(here: Instance, received: VerifiedActivity, post: Post) -> bool:
    """Whether the activity's actor may moderate this post. Uses the network where no community announced it."""
    if post.community_id is None:
        return False
    community = await Actor.get(id=post.community_id)
    return await may_moderate(here, received, community)


async def may_moderate(here: Instance, received: VerifiedActivity, community: Actor) -> bool:
    """Whether the actor looks after this community: its steward here; elsewhere one whom it announces or lists."""
    actor_uri = received.activity.actor
    if community.is_local:
        actor = await Actor.get_or_none(uri=actor_uri)
        return actor is not None and await is_moderator(here, actor.id, community.id)
    if received.via is not None:
        return received.via == community.uri
    if actor_uri == community.uri:
        return True
    if community.moderators_url is None:
        return False
    try:
        moderators = await here.engine.fetch_collection(community.moderators_url, limit=MAX_MODERATORS)
    except FederationError:
        return False
    return actor_uri in [item if isinstance(item, str) else item.get("id") for item in moderators]
