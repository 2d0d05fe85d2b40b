"""Answers that arrived before what they answer, and join it when it comes."""

from server.instance import Instance
from server.posts import counting, marks, places, policy
from server.posts.details import hides_answers
from server.posts.models import Post


async def adopt(here: Instance, post: Post) -> None:
    """Join the answers that arrived before what they answer."""
    orphans = await Post.filter(in_reply_to_uri=post.uri, parent_id=None).exclude(id=post.id).limit(500)
    root_id = post.root_id or post.id
    for orphan in orphans:
        if orphan.id == root_id:
            continue
        visibility = policy.reply_visibility(
            orphan.visibility, post.visibility, same_author=orphan.author_id == post.author_id
        )
        await here.db.execute(
            "UPDATE post SET parent_id = :parent, visibility = :visibility WHERE id = :id",
            parent=post.id,
            visibility=visibility,
            id=orphan.id,
        )
        await here.db.execute(
            "UPDATE post SET root_id = :root, community_id = COALESCE(community_id, :community) WHERE root_id = :old",
            root=root_id,
            community=post.community_id,
            old=orphan.id,
        )
    if orphans and await hides_answers(here, await places.root_of(post)):
        await here.db.execute(
            "UPDATE post SET state = :peers WHERE root_id = :root AND id <> :root AND state = 'visible'",
            peers=policy.PEERS,
            root=root_id,
        )
    if orphans:
        await marks.move_mutes(here, orphan.id, root_id)
        await counting.settle_thread(here, root_id)
