"""What an app hands in to write a short post, and what is wrong with it; and its text as Markdown."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from server.errors import Invalid
from server.polls.form import check_options
from server.posts.form import MAX_SOURCE, MAX_WARNING
from server.text import clean_text

MAX_FILES = 4
MIN_POLL_SECONDS, MAX_POLL_SECONDS = 300, 31 * 86_400
VISIBILITIES = ("public", "unlisted", "private", "direct")
"""The words that apps have for audiences (docs.joinmastodon.org/entities/Status)."""

_FENCE = re.compile(r" {0,3}(```|~~~)")
_SPACES = re.compile(r"[ \t]+(?=\n)")


@dataclass(frozen=True, slots=True)
class NotePoll:
    """What people may choose; open for so many seconds."""

    options: tuple[str, ...]
    seconds: int
    is_multiple: bool = False
    hides_totals: bool = False


@dataclass(frozen=True, slots=True)
class NoteForm:
    """A short post as an app hands it in. `visibility` is one of VISIBILITIES; `parent_id` is what it answers."""

    text: str = ""
    visibility: str = "public"
    content_warning: str = ""
    sensitive: bool = False
    language: str = ""
    parent_id: str | None = None
    media_ids: tuple[str, ...] = ()
    poll: NotePoll | None = None


def tidy(form: NoteForm) -> NoteForm:
    """The form without spare space. A warning without a text is the text (as Mastodon has it)."""
    text, warning = clean_text(form.text).strip(), clean_text(form.content_warning).strip()
    if warning and not text and not form.media_ids:
        text, warning = warning, ""
    poll = form.poll
    if poll is not None:
        poll = replace(poll, options=tidy_options(poll.options))
    return replace(form, text=text, content_warning=warning, poll=poll)


def tidy_options(options: Iterable[str]) -> tuple[str, ...]:
    """Answers without spare space, and without empty ones."""
    return tuple(name for name in (" ".join(clean_text(option).split()) for option in options) if name)


def check(form: NoteForm) -> None:
    """Raise Invalid with every error of a tidy form."""
    errors = []
    if not form.text and not form.media_ids:
        errors.append(Invalid("Validation failed: Text can't be blank", field="status"))
    if len(form.text) > MAX_SOURCE or len(form.content_warning) > MAX_WARNING:
        errors.append(Invalid(f"Use at most {MAX_SOURCE} characters, and {MAX_WARNING} for a warning.", field="status"))
    if form.visibility not in VISIBILITIES:
        errors.append(Invalid(f"Who can see it is one of {', '.join(VISIBILITIES)}.", field="visibility"))
    if len(form.media_ids) > MAX_FILES:
        errors.append(Invalid(f"Attach at most {MAX_FILES} files.", field="media_ids"))
    if form.poll is not None:
        errors += check_options(form.poll.options)
        if form.media_ids:
            errors.append(Invalid("A post has files or a poll, not both.", field="media_ids"))
        if not MIN_POLL_SECONDS <= form.poll.seconds <= MAX_POLL_SECONDS:
            errors.append(Invalid("A poll is open for five minutes at least and a month at most.", field="poll"))
    if errors:
        raise Invalid(errors[0].message, field=errors[0].field, others=tuple(errors[1:]))


def with_breaks(text: str) -> str:
    """A text as somebody typed it, in Markdown: what they put on a new line stays on a new line."""
    lines = text.replace("\r\n", "\n").split("\n")
    found, fence = [], ""
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        opened = _FENCE.match(line)
        if opened and fence in {"", opened[1]}:
            fence = "" if fence else opened[1]
        breaks = not fence and not opened and line.strip() and following.strip()
        found.append(f"{line.rstrip()}  " if breaks else line)
    return "\n".join(found)


def as_typed(source: str) -> str:
    """The text of a Markdown source, as somebody would type it: the inverse of `with_breaks`."""
    return _SPACES.sub("", source)
