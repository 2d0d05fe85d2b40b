"""Asking one person to read a draft, and talking about it, until it is shared or deleted."""

from collections.abc import Sequence

from server.actors.boundaries import closed_among
from server.actors.events import ActorBlocked, ActorDeleted
from server.actors.queries import actor_by_handle
from server.actors.relations import is_blocked
from server.actors.viewer import Viewer
from server.beforehand.events import FirstReaderAsked, FirstRemarkMade
from server.beforehand.models import FirstReader, FirstRemark
from server.errors import Invalid, NotFound
from server.ids import new_id
from server.instance import Instance
from server.posts.composing import own
from server.posts.events import PostDeleted, PostPublished
from server.posts.models import Post
from server.text import clean_text

MAX_NOTE = 500
MAX_REMARK = 4_000
MOST_REMARKS = 200


async def show_to(here: Instance, acting: Viewer, post_id: str, handle: str, note: str = "") -> None:
    """Let one person of this server read a draft of one's own; another one takes their place. Raises Invalid."""
    draft = await own(acting, post_id)
    note = clean_text(note).strip()
    if draft.state != "draft":
        raise Invalid("This is shared already: answer it there.", field="handle")
    if len(note) > MAX_NOTE:
        raise Invalid(f"Use at most {MAX_NOTE} characters.", field="note")
    person = await actor_by_handle(here, handle)
    if person is None or person.kind != "Person" or not person.is_local or person.deleted_at or person.suspended_at:
        raise Invalid("Write the name of one person of this server, such as @maya.", field="handle")
    if person.id == acting.actor_id:
        raise Invalid("You have read it. Choose somebody else.", field="handle")
    shut = await closed_among(here, str(acting.actor_id), [person.id], direct=True)
    if shut or await is_blocked(here, str(acting.actor_id), person.id):
        raise Invalid("They cannot be asked this way. Choose somebody else.", field="handle")
    async with here.db.transaction():
        before = await FirstReader.get_or_none(id=draft.id)
        if before is not None and before.reader_id != person.id:
            await forget(draft.id)
        await FirstReader.update_or_create(
            defaults={"reader_id": person.id, "note": note, "asked_at": here.clock.now()}, id=draft.id
        )
        await here.events.emit(FirstReaderAsked(draft.id, str(acting.actor_id), person.id))


async def take_back(here: Instance, acting: Viewer, post_id: str) -> None:
    """Show it to nobody any more; what was said about it is gone, too."""
    draft = await own(acting, post_id)
    async with here.db.transaction():
        await forget(draft.id)


async def remark(here: Instance, acting: Viewer, post_id: str, text: str) -> None:
    """Say something about a draft to the other of the two. NotFound for everybody else."""
    draft, reader_id = await between(acting, post_id)
    text = clean_text(text).strip()
    if not text:
        raise Invalid("Write something first.", field="text")
    if len(text) > MAX_REMARK:
        raise Invalid(f"Use at most {MAX_REMARK} characters.", field="text")
    if await FirstRemark.filter(post_id=draft.id).count() >= MOST_REMARKS:
        raise Invalid("This has become a long talk. Share the draft, or write to each other.", field="text")
    now = here.clock.now()
    other = reader_id if acting.actor_id == draft.author_id else draft.author_id
    async with here.db.transaction():
        await FirstRemark.create(id=new_id(now), post_id=draft.id, author_id=str(acting.actor_id), text=text, at=now)
        await here.events.emit(FirstRemarkMade(draft.id, str(acting.actor_id), other))


async def between(acting: Viewer, post_id: str) -> tuple[Post, str]:
    """A draft and its first reader, for these two alone; NotFound for others, and when it is no draft any more."""
    draft = await Post.get_or_none(id=post_id, state="draft")
    found = await FirstReader.get_or_none(id=post_id)
    if draft is None or found is None or acting.actor_id not in {draft.author_id, found.reader_id}:
        raise NotFound
    return draft, found.reader_id


async def forget(post_id: str) -> None:
    """Nothing is left of who read a draft and what was said; in the caller's transaction."""
    await FirstReader.filter(id=post_id).delete()
    await FirstRemark.filter(post_id=post_id).delete()


async def on_published(here: Instance, events: Sequence[PostPublished]) -> None:
    """A draft of somebody here is shared: from now on it is answered where everybody reads it."""
    for event in events:
        if event.is_local:
            await forget(event.post_id)


async def on_deleted(here: Instance, event: PostDeleted) -> None:
    """It is gone."""
    await forget(event.post_id)


async def on_actor_deleted(here: Instance, event: ActorDeleted) -> None:
    """Somebody is gone: they read nothing, and said nothing."""
    await FirstReader.filter(reader_id=event.actor_id).delete()
    await FirstRemark.filter(author_id=event.actor_id).delete()


async def on_blocked(here: Instance, event: ActorBlocked) -> None:
    """Neither of two shows the other anything after a block."""
    for author_id, reader_id in ((event.blocker_id, event.blocked_id), (event.blocked_id, event.blocker_id)):
        for found in await FirstReader.filter(reader_id=reader_id).order_by("id").limit(100):
            if await Post.exists(id=found.id, author_id=author_id):
                await forget(found.id)
