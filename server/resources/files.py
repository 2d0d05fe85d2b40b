"""Files that a resource had before: they can still be had, until its author or a steward takes them away."""

from dataclasses import dataclass
from datetime import datetime

from server.actors.viewer import Viewer
from server.audit import actions as audit
from server.db import from_milliseconds
from server.errors import NotFound
from server.ids import new_id
from server.instance import Instance
from server.media import actions as media
from server.media.queries import files, media_path
from server.posts.events import FilesReplaced
from server.posts.models import Post
from server.posts.queries import PostView
from server.posts.removal import moderated
from server.resources.models import EarlierFile

MOST_KEPT = 20


@dataclass(frozen=True, slots=True)
class Earlier:
    """A file as it was up to `version`: of when it is, and when another took its place."""

    id: str
    version: int
    name: str
    url: str
    media_type: str
    size_bytes: int
    added_at: datetime
    replaced_at: datetime


async def keep(here: Instance, event: FilesReplaced) -> None:
    """Keep the documents that an edit took off a resource, in its transaction; the oldest go where there are many.

    Pictures and recordings are not kept: who takes one off may have seen or heard somebody in it.
    """
    post = await Post.get_or_none(id=event.post_id)
    if post is None or post.kind != "resource" or not post.is_local:
        return
    gone = [file for file in await files(here, event.media_ids, owner_id=post.author_id) if file.kind == "document"]
    for file in await media.attach(here, post.author_id, [file.id for file in gone]):
        now = here.clock.now()
        await EarlierFile.get_or_create(
            defaults={"id": new_id(now), "version": post.version - 1, "replaced_at": now},
            post_id=post.id,
            media_id=file.id,
        )
    await _let_go(here, await EarlierFile.filter(post_id=post.id).order_by("-id").offset(MOST_KEPT).limit(MOST_KEPT))


async def put_back(here: Instance, post: Post, media_ids: tuple[str, ...]) -> None:
    """A file that is on a resource again is not an earlier one; in the caller's transaction."""
    await EarlierFile.filter(post_id=post.id, media_id__in=list(media_ids)).delete()


async def take_away(here: Instance, acting: Viewer, post_id: str, file_id: str) -> None:
    """The author of a resource, or a steward, takes an earlier file away for good."""
    post = await Post.get_or_none(id=post_id, is_local=True, kind="resource")
    if post is None or acting.actor_id is None:
        raise NotFound
    is_own = post.author_id == acting.actor_id and post.state != "deleted"
    if not is_own:
        await moderated(here, acting, post_id)
    async with here.db.transaction():
        found = await EarlierFile.filter(id=file_id, post_id=post.id)
        if not found:
            raise NotFound("This file is gone already.")
        await _let_go(here, found)
        if not is_own:
            by = acting.handle or acting.actor_uri
            await audit.record(here, by=by, action="resource.take_file_away", subject=post.uri)


async def earlier_files(here: Instance, post: PostView) -> list[Earlier]:
    """The files that a resource which the viewer was shown had before, the latest first. One query."""
    if post.version < 2:
        return []
    rows = await here.db.rows(
        "SELECT earlier.id, earlier.version, earlier.replaced_at, media.key, media.original_name, media.media_type,"
        " media.size_bytes, media.created_at"
        " FROM resource_file AS earlier JOIN media ON media.id = earlier.media_id"
        " WHERE earlier.post_id = :post ORDER BY earlier.version DESC, earlier.id DESC LIMIT :limit",
        post=post.id,
        limit=MOST_KEPT,
    )
    return [
        Earlier(
            id=row["id"],
            version=row["version"],
            name=row["original_name"],
            url=media_path(row["key"]),
            media_type=row["media_type"],
            size_bytes=row["size_bytes"],
            added_at=from_milliseconds(row["created_at"]),
            replaced_at=from_milliseconds(row["replaced_at"]),
        )
        for row in rows
    ]


async def forget_all(here: Instance, post_id: str) -> None:
    """Everything that was kept goes with the resource, in the caller's transaction (S27)."""
    await _let_go(here, await EarlierFile.filter(post_id=post_id).order_by("id"))


async def _let_go(here: Instance, found: list[EarlierFile]) -> None:
    for file in found:
        await file.delete()
    await media.discard(here, [file.media_id for file in found])
