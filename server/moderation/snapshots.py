"""What reported posts said, kept as it was; and whether a server elsewhere can know of them at all (S15)."""

from collections.abc import Sequence

from server.communities import queries as communities
from server.instance import Instance
from server.posts import policy
from server.posts.models import Post
from server.text import excerpt

MAX_TEXT = 4_000


def snapshot(post: Post) -> dict[str, object]:
    """A post as it is now, in words."""
    return {
        "id": post.id,
        "uri": post.uri,
        "short": post.short,
        "kind": post.kind,
        "title": post.title,
        "text": excerpt(post.content_html, MAX_TEXT),
        "warning": post.content_warning,
        "visibility": post.visibility,
        "is_local": post.is_local,
        "at": int(post.published_at.timestamp() * 1000),
    }


async def known_to(here: Instance, host: str, posts: Sequence[Post]) -> list[Post]:
    """Those of the posts that people on this server could read: nobody learns of the others by reporting a guess."""
    return [post for post in posts if post.state in {"visible", "removed"} and await _may_know(here, host, post)]


async def _may_know(here: Instance, host: str, post: Post) -> bool:
    if post.visibility in policy.OPEN:
        return True
    if post.visibility == policy.MEMBERS:
        return post.community_id is not None and await communities.host_has_member(here, post.community_id, host)
    if post.visibility not in {policy.FOLLOWERS, policy.DIRECT}:
        return False
    return bool(
        await here.db.value(
            "SELECT actor.id FROM actor WHERE actor.host = :host AND NOT actor.is_local AND (actor.id IN"
            " (SELECT actor_id FROM post_mention WHERE post_id = :post) OR (:followers AND actor.id IN"
            " (SELECT follower_id FROM follow WHERE target_id = :author AND state = 'accepted'))) LIMIT 1",
            host=host,
            post=post.id,
            author=post.author_id,
            followers=post.visibility == policy.FOLLOWERS,
        )
    )
