"""What a community elsewhere passes on counts only where somebody here wants to hear of it (section 2.4)."""

from federation.errors import Ignored
from federation.vocab.activities import Activity
from federation.vocab.base import id_of
from server.instance import Instance


async def check_group(here: Instance, group: str | None, activity: Activity) -> None:
    """Raise Ignored unless the group is followed from here, or the activity is about something of ours.

    None is a direct delivery, which concerns us by being made.
    """
    if group is None or await is_wanted(here, group):
        return
    inner = activity.object or {}
    for uri in (activity.object_id, id_of(inner.get("object")), id_of(inner.get("inReplyTo"))):
        if uri is not None and here.is_local_uri(uri):
            return
    raise Ignored("nobody here follows this community")


async def is_wanted(here: Instance, actor_uri: str) -> bool:
    """Whether somebody here follows this actor, or is a member of it."""
    return bool(
        await here.db.value(
            "SELECT actor.id FROM actor WHERE actor.uri = :uri AND (EXISTS (SELECT 1 FROM follow"
            " JOIN actor AS follower ON follower.id = follow.follower_id AND follower.is_local"
            " WHERE follow.target_id = actor.id AND follow.state = 'accepted')"
            " OR EXISTS (SELECT 1 FROM membership JOIN actor AS member ON member.id = membership.person_id"
            " AND member.is_local WHERE membership.community_id = actor.id AND membership.state = 'active'))",
            uri=actor_uri,
        )
    )
