"""Counts that lists show, set to what the tables say: doing it twice changes nothing."""

from server.instance import Instance
from server.posts.models import Post
from server.posts.policy import COUNTED

_COUNTED = ", ".join(f"'{name}'" for name in sorted(COUNTED))


async def after_publishing(here: Instance, post: Post) -> None:
    """Count a post that has just become visible; in the caller's transaction."""
    await replies(here, post)
    if post.root_id and post.visibility in COUNTED:
        await here.db.execute(
            "UPDATE post SET last_activity_at = :at WHERE id = :root AND last_activity_at < :at",
            at=min(post.published_at, here.clock.now()),
            root=post.root_id,
        )
    await _actor(here, post.author_id)
    await _community(here, post.community_id)


async def after_ending(here: Instance, post: Post) -> None:
    """Count what is left after a post was deleted, removed or held; in the caller's transaction."""
    await replies(here, post)
    await _actor(here, post.author_id)
    await _community(here, post.community_id)


async def replies(here: Instance, post: Post) -> None:
    """Replies of the thread at its root, direct answers elsewhere; without those that only some may know of."""
    if post.parent_id:
        await here.db.execute(
            "UPDATE post SET replies_count = (SELECT count(*) FROM post AS child WHERE child.parent_id = post.id"
            f" AND child.state = 'visible' AND child.visibility IN ({_COUNTED})) WHERE id = :id",
            id=post.parent_id,
        )
    root_id = post.root_id or post.id
    await here.db.execute(
        "UPDATE post SET replies_count = (SELECT count(*) FROM post AS child WHERE child.root_id = post.id"
        f" AND child.id <> post.id AND child.state = 'visible' AND child.visibility IN ({_COUNTED})) WHERE id = :id",
        id=root_id,
    )


async def reactions(here: Instance, post_id: str) -> None:
    """Likes, boosts by people, and helpful marks of one post."""
    await here.db.execute(
        "UPDATE post SET"
        " likes_count = (SELECT count(*) FROM post_like WHERE post_like.post_id = post.id AND post_like.kind = 'like'"
        " AND post_like.state = 'done'),"
        " boosts_count = (SELECT count(DISTINCT boost.actor_id) FROM boost JOIN actor ON actor.id = boost.actor_id"
        " WHERE boost.post_id = post.id AND boost.undone_at IS NULL AND boost.state = 'done' AND actor.kind <> 'Group')"
        " WHERE id = :id",
        id=post_id,
    )


async def helped(here: Instance, reply_id: str, root_id: str) -> None:
    """How many marked a reply as helpful, and how many replies of the thread helped."""
    await here.db.execute(
        "UPDATE post SET helped_count = (SELECT count(*) FROM post_like WHERE post_like.post_id = post.id"
        " AND post_like.kind = 'helped') WHERE id = :id",
        id=reply_id,
    )
    count = await here.db.value(
        "SELECT count(*) AS n FROM post WHERE root_id = :root AND id <> :root AND helped_count > 0"
        " AND state = 'visible'",
        root=root_id,
    )
    await here.db.execute(
        "UPDATE post SET helped_count = :count, answered = :answered WHERE id = :root",
        count=count or 0,
        answered=bool(count),
        root=root_id,
    )


async def _actor(here: Instance, actor_id: str) -> None:
    await here.db.execute(
        "UPDATE actor SET posts_count = (SELECT count(*) FROM post WHERE post.author_id = actor.id"
        f" AND post.state = 'visible' AND post.visibility IN ({_COUNTED})) WHERE id = :id",
        id=actor_id,
    )


async def _community(here: Instance, community_id: str | None) -> None:
    if community_id is None:
        return
    await here.db.execute(
        "UPDATE community SET"
        " posts_count = (SELECT count(*) FROM post WHERE post.community_id = community.id AND post.state = 'visible'"
        f" AND post.parent_id IS NULL AND post.visibility IN ({_COUNTED})),"
        " last_post_at = (SELECT max(post.published_at) FROM post WHERE post.community_id = community.id"
        f" AND post.state = 'visible' AND post.visibility IN ({_COUNTED})) WHERE id = :id",
        id=community_id,
    )
