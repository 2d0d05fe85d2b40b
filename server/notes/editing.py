"""Changing short posts as apps do, and what they said before."""

from collections.abc import Mapping
from dataclasses import dataclass

from server.actors.viewer import Viewer
from server.errors import Invalid
from server.instance import Instance
from server.media import actions as media
from server.media.queries import files
from server.notes.form import MAX_FILES, NotePoll, as_typed, tidy_options, with_breaks
from server.polls.actions import replacing
from server.posts import actions as posts
from server.posts.actions import NewAttachment, PostChange
from server.posts.composing import own
from server.posts.models import Post, PostAttachment
from server.text import clean_text, plain

EDITABLE = frozenset({"note", "reply", "poll", "discussion", "ask", "challenge", "idea", "win", "round"})
"""What is a text. What is made of fields is changed on its page."""


@dataclass(frozen=True, slots=True)
class Source:
    """What somebody typed."""

    text: str
    content_warning: str


@dataclass(frozen=True, slots=True)
class FileWords:
    """What is said of a file that goes with a post; None leaves a part as it is."""

    alt: str | None = None
    focus: str | None = None


@dataclass(frozen=True, slots=True)
class NoteChange:
    """What an app changes; None leaves a part as it is. `words` are those of files, by our ids."""

    text: str | None = None
    content_warning: str | None = None
    sensitive: bool | None = None
    language: str | None = None
    media_ids: tuple[str, ...] | None = None
    words: Mapping[str, FileWords] | None = None
    poll: NotePoll | None = None


async def source(post_id: str) -> Source:
    """What the author of a post typed that its reader was shown already; its words, where its server does not say."""
    post = await Post.get(id=post_id)
    return Source(text=as_typed(post.source_md) or plain(post.content_html), content_warning=post.content_warning)


async def check_own(acting: Viewer, post_id: str) -> None:
    """Raise NotFound for posts of others."""
    await own(acting, post_id)


async def edit(here: Instance, acting: Viewer, post_id: str, change: NoteChange) -> None:
    """Change a post of one's own. Raises NotFound for those of others, Invalid for what cannot be changed so."""
    post = await own(acting, post_id)
    if post.kind not in EDITABLE:
        raise Invalid(f"This is made of fields. Change it on its page: {post.url}")
    text = None if change.text is None else with_breaks(clean_text(change.text).strip())
    attachments = await _attachments(here, post, change)
    if text == "" and not attachments:
        raise Invalid("Validation failed: Text can't be blank", field="status")
    await _describe(here, acting, change, attachments)
    poll = None
    if change.poll is not None:
        if post.kind != "poll":
            raise Invalid("A poll is there from the beginning. Write the post anew.", field="poll")
        poll = replacing(
            here,
            tidy_options(change.poll.options),
            is_multiple=change.poll.is_multiple,
            seconds=change.poll.seconds,
            hides_totals=change.poll.hides_totals,
        )
    await posts.edit_post(
        here,
        acting,
        post.id,
        PostChange(
            source_md=text,
            content_warning=change.content_warning,
            sensitive=change.sensitive,
            language=change.language,
            attachments=attachments,
        ),
        detail=poll,
    )


async def _attachments(here: Instance, post: Post, change: NoteChange) -> list[str | NewAttachment] | None:
    """All that goes with it from now on; links stay. None where nothing of that changes."""
    if change.media_ids is None and not change.words and change.text != "":
        return None
    rows = await PostAttachment.filter(post_id=post.id).order_by("position")
    links = [NewAttachment(url=row.url, name=row.name, media_type=row.media_type) for row in rows if not row.media_id]
    before = [row.media_id for row in rows if row.media_id is not None]
    if change.media_ids is not None and len(change.media_ids) > max(MAX_FILES, len(before)):
        raise Invalid(f"Attach at most {MAX_FILES} files.", field="media_ids")
    added = await files(here, [one for one in change.media_ids or () if one not in before], owner_id=post.author_id)
    if any(file.attached for file in added):
        # What goes with another post would end with either of the two.
        raise Invalid("Validation failed: one of the files goes with another post", field="media_ids")
    return [*(before if change.media_ids is None else change.media_ids), *links]


async def _describe(
    here: Instance, acting: Viewer, change: NoteChange, attachments: list[str | NewAttachment] | None
) -> None:
    for media_id, words in (change.words or {}).items():
        if attachments is None or media_id not in attachments:
            raise Invalid("Validation failed: one of the files does not go with this post", field="media_attributes")
        await media.amend(here, str(acting.actor_id), media_id, alt=words.alt, focus=words.focus)
