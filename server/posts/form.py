"""What people hand in to write or change a post, and what is wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.errors import Invalid
from server.posts import policy
from server.posts.models import Post
from server.text import LICENCES, plain

MAX_TITLE = 300
MAX_SOURCE = 60_000
MAX_WARNING = 500
MAX_SUMMARY = 2_000
MAX_ATTACHMENTS = 20
UNTITLED = frozenset({"reply", "tried", "note", "tip", "poll", "vent"})
"""Kinds that need no title."""
MAY_BE_PICTURES = frozenset({"reply", "note"})
"""Kinds that need no text where files go with them."""


@dataclass(frozen=True, slots=True)
class NewAttachment:
    """Something that goes with a post: an upload of the author's (`media_id`), or a link elsewhere (`url`)."""

    media_id: str | None = None
    url: str = ""
    name: str = ""
    media_type: str = "text/html"


@dataclass(frozen=True, slots=True)
class NewPost:
    """What somebody writes. `content_html` replaces what `source_md` would give, for posts made of fields.

    `attachments` are ids of uploads, or NewAttachment. Replies take community and audience from what they answer.
    `quote_id` is a post that it quotes, `topic_id` the topic of its community that it goes into. With `to_named` a
    direct post goes to those whom its text names, and to whom it answers, never to everybody in the conversation.
    `manner` is that of an answer; `at_once`: it does not wait until peers had their time. `sensitive` covers its
    pictures, also without a `content_warning`. `confidential`: none of its words leaves by mail and the like, and
    nobody but its readers has it. `nameless`: its community says it (`posts.nameless`).
    """

    kind: str
    title: str = ""
    source_md: str = ""
    content_html: str | None = None
    summary: str = ""
    content_warning: str = ""
    language: str = "en"
    visibility: str = policy.PUBLIC
    licence: str = ""
    community_id: str | None = None
    parent_id: str | None = None
    quote_id: str | None = None
    attachments: Sequence[str | NewAttachment] = ()
    tags: Sequence[str] = ()
    draft: bool = False
    to_named: bool = False
    sensitive: bool = False
    manner: str = ""
    at_once: bool = False
    topic_id: str = ""
    confidential: bool = False
    nameless: bool = False


@dataclass(frozen=True, slots=True)
class PostChange:
    """What an author changes; None leaves a part as it is. An audience can only be narrowed."""

    title: str | None = None
    source_md: str | None = None
    content_html: str | None = None
    summary: str | None = None
    content_warning: str | None = None
    language: str | None = None
    licence: str | None = None
    visibility: str | None = None
    attachments: Sequence[str | NewAttachment] | None = None
    tags: Sequence[str] | None = None
    sensitive: bool | None = None
    manner: str | None = None


def check_new(new: NewPost) -> None:
    """Raise Invalid with every error of a new post."""
    errors = []
    if new.kind not in policy.KINDS:
        errors.append(Invalid("There is no such kind of post.", field="kind"))
    if new.manner not in {"", policy.ANOTHER_WAY} or (new.manner and new.kind != "reply"):
        errors.append(Invalid("Only an answer shows another way.", field="another_way"))
    if new.visibility not in policy.VISIBILITIES:
        errors.append(Invalid("Choose who can see this.", field="visibility"))
    is_picture = new.kind in MAY_BE_PICTURES and bool(new.attachments)
    if not new.draft and not is_picture and not new.source_md.strip() and not plain(new.content_html or ""):
        errors.append(Invalid("Write something first.", field="content"))
    if new.kind not in UNTITLED and not new.title.strip() and not new.draft:
        errors.append(Invalid("Give it a title, so that people can find it.", field="title"))
    errors += _bounds(new.title, new.source_md, new.summary, new.content_warning, new.licence, new.attachments)
    _raise(errors)


def check_change(post: Post, change: PostChange) -> None:
    """Raise Invalid with every error of a change."""
    errors = _bounds(
        change.title or "",
        change.source_md or "",
        change.summary or "",
        change.content_warning or "",
        change.licence or "",
        change.attachments or (),
    )
    if change.title is not None and post.title and not change.title.strip() and post.state != "draft":
        errors.append(Invalid("Give it a title, so that people can find it.", field="title"))
    is_picture = post.kind in MAY_BE_PICTURES and bool(change.attachments)
    if change.source_md is not None and not is_picture and not change.source_md.strip() and not change.content_html:
        errors.append(Invalid("Write something first.", field="content"))
    if change.visibility is not None and post.state != "draft":
        wanted = change.visibility
        if wanted not in policy.VISIBILITIES or not policy.narrows(post.visibility, wanted):
            errors.append(
                Invalid(
                    "An edit can narrow this, not widen it. Its page “Who can see this” does that.", field="visibility"
                )
            )
    _raise(errors)


def _bounds(
    title: str, source: str, summary: str, warning: str, licence: str, attachments: Sequence[str | NewAttachment]
) -> list[Invalid]:
    errors = []
    for text, limit, name in (
        (title, MAX_TITLE, "title"),
        (source, MAX_SOURCE, "content"),
        (summary, MAX_SUMMARY, "summary"),
        (warning, MAX_WARNING, "content_warning"),
    ):
        if len(text) > limit:
            errors.append(Invalid(f"Use at most {limit} characters.", field=name))
    if licence and licence not in LICENCES:
        errors.append(Invalid("Choose one of the licences.", field="licence"))
    if len(attachments) > MAX_ATTACHMENTS:
        errors.append(Invalid(f"Attach at most {MAX_ATTACHMENTS} files and links.", field="files"))
    for item in attachments:
        if (
            isinstance(item, NewAttachment)
            and item.media_id is None
            and not item.url.startswith(("https://", "http://"))
        ):
            errors.append(Invalid("Links start with https://", field="link"))
    return errors


def _raise(errors: list[Invalid]) -> None:
    if errors:
        first, *others = errors
        raise Invalid(first.message, field=first.field, others=tuple(others))
