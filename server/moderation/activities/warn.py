"""Warn (Lemmy 1.0): a moderator says something to the author of a post. Received only; it is shown to that person.

Authority: who looks after the community that the post is in (S5).
"""

from federation.errors import Forbidden, Ignored
from federation.inbox.dispatch import VerifiedActivity
from server.actors.models import Actor
from server.instance import Instance
from server.moderation.notices import give
from server.posts.activities.authority import may_moderate_from_afar
from server.posts.models import Post
from server.text import clean_text, plain


async def on_warn(here: Instance, received: VerifiedActivity) -> None:
    """Somebody who looks after a community warns a person here about a post."""
    activity = received.activity
    post = await Post.get_or_none(uri=activity.object_id) if activity.object_id else None
    if post is None or post.state == "deleted":
        raise Ignored("this post is not known here")
    author = await Actor.get(id=post.author_id)
    if not author.is_local:
        raise Ignored("the author is not one of ours")
    if not await may_moderate_from_afar(here, received, post):
        raise Forbidden("only who looks after the community warns the people in it")
    community = await Actor.get(id=post.community_id)
    async with here.db.transaction():
        await give(
            here,
            person_id=author.id,
            kind="warning",
            uri=activity.id or f"{activity.actor}#warn-{post.id}",
            by_uri=activity.actor,
            place=community.name or community.username,
            post_id=post.id,
            text=clean_text(plain(activity.summary or activity.content)).strip(),
        )
