"""What somebody deleted, or shares with fewer people now, and what other servers said to it (S27)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from server.actors.viewer import Viewer
from server.db import from_milliseconds
from server.fediverse import receipts
from server.fediverse.receipts import DeletionState
from server.instance import Instance
from server.posts import policy


@dataclass(frozen=True, slots=True)
class DeletedView:
    """A post that other servers were asked to delete. `title` and `url` are empty once it is gone here too."""

    id: str
    kind_label: str
    title: str
    url: str
    published_at: datetime
    deleted_at: datetime
    state: DeletionState


async def deleted_posts(
    here: Instance, viewer: Viewer, *, before: datetime | None = None, limit: int = 20
) -> list[DeletedView]:
    """One's own, the latest first, in two queries; for as long as receipts are kept."""
    rows = await here.db.rows(
        "SELECT post.id, post.uri, post.url, post.kind, post.title, post.state, post.published_at,"
        " COALESCE(tombstone.at, post.updated_at) AS deleted_at FROM post"
        " LEFT JOIN tombstone ON tombstone.uri = post.uri"
        " WHERE post.author_id = :me AND post.is_local AND COALESCE(tombstone.at, post.updated_at) < :before"
        " AND EXISTS (SELECT 1 FROM delivery_receipt WHERE delivery_receipt.subject = post.uri)"
        " ORDER BY COALESCE(tombstone.at, post.updated_at) DESC, post.id DESC LIMIT :limit",
        me=viewer.actor_id,
        before=before or here.clock.now() + timedelta(days=1),
        limit=limit,
    )
    found = await receipts.states(here, [row["uri"] for row in rows])
    return [
        DeletedView(
            id=row["id"],
            kind_label=policy.KIND_LABELS.get(row["kind"], "Post"),
            title=row["title"],
            url="" if row["state"] == "deleted" else row["url"],
            published_at=from_milliseconds(row["published_at"]),
            deleted_at=from_milliseconds(row["deleted_at"]),
            state=found.get(row["uri"], DeletionState()),
        )
        for row in rows
    ]
