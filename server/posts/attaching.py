"""Files and links that go with a post."""

from collections.abc import Sequence

from server.ids import new_id
from server.instance import Instance
from server.media import actions as media
from server.posts.events import FilesReplaced
from server.posts.form import NewAttachment
from server.posts.models import Post, PostAttachment
from server.text import clean_text


async def add(here: Instance, post: Post, attachments: Sequence[str | NewAttachment]) -> None:
    """Put files of its author's, and links, on a post; in the caller's transaction."""
    items = [NewAttachment(media_id=item) if isinstance(item, str) else item for item in attachments]
    uploads = [item.media_id for item in items if item.media_id is not None]
    files = {file.id: file for file in await media.attach(here, post.author_id, uploads)} if uploads else {}
    now = here.clock.now()
    for position, item in enumerate(items):
        file = files.get(item.media_id or "")
        await PostAttachment.create(
            id=new_id(now),
            post_id=post.id,
            media_id=file.id if file else None,
            kind=(file.kind if file.kind in {"image", "audio", "video"} else "file") if file else "link",
            url=file.url if file else item.url,
            media_type=file.media_type if file else item.media_type[:100],
            name=clean_text(item.name or (file.name if file and file.kind != "image" else ""))[:255],
            alt=file.alt if file else "",
            width=file.width if file else None,
            height=file.height if file else None,
            position=position,
        )


async def replace(here: Instance, post: Post, attachments: Sequence[str | NewAttachment]) -> None:
    """Put these on a post instead of what it had; in the caller's transaction."""
    wanted = {item if isinstance(item, str) else item.media_id for item in attachments}
    before = await PostAttachment.filter(post_id=post.id)
    await PostAttachment.filter(post_id=post.id).delete()
    await add(here, post, attachments)
    gone = [item.media_id for item in before if item.media_id is not None and item.media_id not in wanted]
    await media.discard(here, gone)
    if gone and post.state != "draft":
        await here.events.emit(FilesReplaced(post.id, tuple(gone)))
