"""A small group of those who have the same question (A16)."""

from contextlib import suppress

from server.actors.viewer import Viewer
from server.communities import members
from server.errors import NotAllowed, NotFound, Refused
from server.instance import Instance
from server.posts.models import Post
from server.posts.policy import ECHO

ENOUGH = 3
MOST = 30


async def invite_same_boat(here: Instance, acting: Viewer, community_id: str, ask_id: str) -> int:
    """Invite everybody who said that they have the same question as one's own; returns how many could be invited.

    Raises NotFound for anything but a question of one's own, NotAllowed where too few said so.
    """
    ask = await Post.get_or_none(id=ask_id, author_id=acting.actor_id, kind="ask", state="visible")
    if ask is None:
        raise NotFound
    rows = await here.db.rows(
        "SELECT actor.username, actor.domain FROM post_like JOIN actor ON actor.id = post_like.actor_id"
        " AND actor.kind = 'Person' AND actor.deleted_at IS NULL AND actor.suspended_at IS NULL"
        " WHERE post_like.post_id = :ask AND post_like.kind = :kind AND actor.id <> :me"
        " ORDER BY post_like.id LIMIT :limit",
        ask=ask.id,
        kind=ECHO,
        me=acting.actor_id,
        limit=MOST,
    )
    if len(rows) < ENOUGH:
        raise NotAllowed(f"A group is suggested once {ENOUGH} people ask the same.")
    invited = 0
    for row in rows:
        # Who cannot be invited, for example across a block, is left out, and nobody learns who that is.
        with suppress(Refused):
            await members.invite_member(here, acting, community_id, f"@{row['username']}@{row['domain']}")
            invited += 1
    return invited
