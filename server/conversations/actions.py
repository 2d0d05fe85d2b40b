"""Keeping conversations, from events; and what their owners do with them."""

from collections.abc import Sequence

from server.actors.viewer import Viewer
from server.conversations.events import ConversationChanged
from server.conversations.models import Conversation
from server.db import among
from server.instance import Instance
from server.posts.policy import DIRECT

MAX_NAMED = 60


async def add_posts(here: Instance, post_ids: Sequence[str]) -> None:
    """Put new direct posts into the conversations of those here who wrote them or are named; joins a transaction."""
    posts, which = among(post_ids)
    rows = await here.db.rows(
        "SELECT post.id, COALESCE(post.root_id, post.id) AS root_id, reader.id AS reader_id,"
        " CASE WHEN reader.id = post.author_id THEN 0 ELSE 1 END AS is_news FROM"
        f" (SELECT id AS post_id, author_id AS reader_id FROM post WHERE id IN ({posts})"
        f" UNION SELECT post_id, actor_id FROM post_mention WHERE post_id IN ({posts})) AS concerned"
        " JOIN post ON post.id = concerned.post_id JOIN actor AS reader ON reader.id = concerned.reader_id"
        f" WHERE post.visibility = '{DIRECT}' AND post.state = 'visible'"
        " AND reader.is_local AND reader.kind = 'Person' AND reader.deleted_at IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM actor_block WHERE (blocker_id = reader.id AND blocked_id = post.author_id)"
        " OR (blocker_id = post.author_id AND blocked_id = reader.id)) ORDER BY post.id, reader.id LIMIT :limit",
        limit=MAX_NAMED * len(post_ids),
        **which,
    )
    for row in rows:
        await here.db.execute(
            "INSERT INTO conversation (owner_id, root_id, last_id, is_unread, changed_at)"
            " VALUES (:owner, :root, :last, :unread, CAST(:now AS BIGINT)) ON CONFLICT (owner_id, root_id) DO UPDATE"
            " SET last_id = excluded.last_id, is_unread = excluded.is_unread, changed_at = excluded.changed_at",
            owner=row["reader_id"],
            root=row["root_id"],
            last=row["id"],
            unread=bool(row["is_news"]),
            now=here.clock.now(),
        )
        await here.events.emit(ConversationChanged(row["reader_id"], row["root_id"]))


async def remove_post(here: Instance, post_id: str) -> None:
    """What is gone is nobody's newest any more: the one before it is, if its reader is in it; joins a transaction."""
    for kept in await Conversation.filter(last_id=post_id):
        before = await here.db.value(
            "SELECT post.id FROM post WHERE COALESCE(post.root_id, post.id) = :root AND post.id <> :gone"
            f" AND post.visibility = '{DIRECT}' AND post.state = 'visible' AND (post.author_id = :owner OR EXISTS"
            " (SELECT 1 FROM post_mention AS naming WHERE naming.post_id = post.id AND naming.actor_id = :owner))"
            " ORDER BY post.id DESC LIMIT 1",
            root=kept.root_id,
            gone=post_id,
            owner=kept.owner_id,
        )
        if before is None:
            await kept.delete()
        else:
            kept.last_id = str(before)
            await kept.save(update_fields=["last_id"])


async def mark_read(here: Instance, acting: Viewer, root_id: str) -> None:
    """One's own conversation is read."""
    async with here.db.transaction():
        await Conversation.filter(owner_id=acting.actor_id, root_id=root_id).update(is_unread=False)


async def delete(here: Instance, acting: Viewer, root_id: str) -> None:
    """Put one's own conversation away, until something new is in it. The posts stay."""
    async with here.db.transaction():
        await Conversation.filter(owner_id=acting.actor_id, root_id=root_id).delete()


async def forget_owner(here: Instance, owner_id: str) -> None:
    """Forget the conversations of somebody who is gone; joins a transaction."""
    await Conversation.filter(owner_id=owner_id).delete()
