"""Posts of others as we show them: title, text, warning. The fields of polls and events are kept by their features."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from federation.vocab.objects import Attachment, RemotePost
from server.posts import shapes
from server.posts.policy import ANOTHER_WAY, ANOTHER_WAY_TAG
from server.text import clean_text, language_code, licence_by_url, name_of, plain, sanitise
from server.text.pages import to_our_pages

TITLED = frozenset({"Article", "Page", "Event", "Video", "Audio"})
TITLE_LIMIT = 300
KINDS = {
    "practice": "practice",
    "tip": "tip",
    "resource": "resource",
    "collection": "collection",
    "question": "ask",
    "challenge": "challenge",
    "idea": "idea",
    "round": "round",
    "proposal": "proposal",
    "win": "win",
    "thanks": "thanks",
    "celebration": "celebration",
    "discussion": "discussion",
    "review": "reply",
}
ALTERNATIVE = "alternative"
"""`kind` on the wire of an answer that shows another way."""
MAX_ATTACHMENTS = 20

_WHEN_AND_WHERE = re.compile(r"<p><strong>When:</strong>(?:(?!</?p\b).)*</p>\s*\Z", re.DOTALL)
"""How events of ours say it once more in their text; those who read the fields do not need it twice."""
_TO_PREPARE = re.compile(
    r"<p><strong>(?:To prepare|Zur Vorbereitung):</strong></p><ol>(?:(?!</?ol\b).)*</ol>\s*\Z", re.DOTALL
)
"""How they say what to read before."""
_SEMINAR = re.compile(r"<p><strong>Seminar:</strong>(?:(?!</?p\b).)*</p>\s*\Z", re.DOTALL)
_RECAP = re.compile(r"\A<p><strong>(?:What came of it|Was dabei herauskam):</strong>(?:(?!</?p\b).)*</p>", re.DOTALL)
"""How they say how a seminar goes, and above all what came of it."""
ROUND_BEGINS = "<p><strong>Everybody is heard.</strong>"
"""Begins what stands under a round for those who know no rounds."""
_UNDER_ROUND = re.compile(rf"{re.escape(ROUND_BEGINS)}(?:(?!</?p\b).)*</p>\s*\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Shown:
    """What is stored of a remote post's words."""

    kind: str
    title: str
    summary: str
    content_html: str
    content_warning: str
    sensitive: bool
    language: str
    licence: str
    translations: list[dict[str, str]]
    emoji: dict[str, str]
    particulars: list[list[str]]
    manner: str = ""


def shown(remote: RemotePost, *, in_community: bool = False, people: Mapping[str, str] | None = None) -> Shown:
    """Safe HTML of a remote post; takes milliseconds, so use a thread for large ones.

    `people` are pages and ids of those it names, with their pages here.
    """
    known, tags = people or {}, {tag.lower() for tag in remote.hashtags}
    content = sanitise(shapes.text_html(remote, _without_fields(remote)), images=True, base=remote.id)
    content = to_our_pages(content, known, tags)
    if remote.content_html and not content.lstrip().startswith("<"):
        content = f"<p>{content}</p>"
    summary = sanitise(remote.summary, base=remote.id) if remote.summary else ""
    titled = remote.type in TITLED or bool(remote.name)
    is_reply = remote.in_reply_to is not None
    # On a Note the summary is a warning; on what has a title it is a teaser, unless the author marked it as sensitive.
    is_note = (remote.type == "Note" and not remote.name) or remote.type == "Question"
    warning = plain(summary)[:500] if summary and (remote.sensitive or is_note) else ""
    title = (
        ""
        if is_reply and remote.type in {"Note", "Question"}
        else _title(remote, content, in_community=in_community and not is_reply)
    )
    if not content and summary and not warning:
        content, summary = _paragraph(summary), ""
    language = language_code(remote.language, fallback="und")
    kind = _kind(remote, titled=titled or bool(title))
    return Shown(
        kind=kind,
        title=title,
        summary=summary if titled and not warning else "",
        content_html=content or _paragraph(escape(clean_text(remote.name), quote=False)),
        content_warning=clean_text(warning),
        sensitive=remote.sensitive,
        language=language,
        licence=licence_by_url(remote.license),
        translations=shapes.translations(remote, language, known),
        emoji=shapes.emoji(remote),
        particulars=shapes.particulars(remote, kind),
        manner=ANOTHER_WAY if kind == "reply" and remote.kind == ALTERNATIVE else manner(kind, remote.hashtags),
    )


def manner(kind: str, hashtags: Sequence[str]) -> str:
    """Whether an answer shows another way, by its hashtags: apps and other servers have no box to tick."""
    return ANOTHER_WAY if kind == "reply" and ANOTHER_WAY_TAG in {tag.lower() for tag in hashtags} else ""


def files(remote: RemotePost) -> list[Attachment]:
    """Attachments, and the cover picture if it is not among them."""
    found = [item for item in remote.attachments if len(item.url) <= 1000][:MAX_ATTACHMENTS]
    cover = remote.image_url
    if cover and len(cover) <= 1000 and not any(item.url == cover for item in found):
        found.insert(0, Attachment(cover, "", "", "Image", None, None, None))
    return found


def attachment_kind(item: Attachment) -> str:
    """Our word for what an attachment is."""
    media_type = item.media_type.lower()
    for prefix, kind in (("image/", "image"), ("video/", "video"), ("audio/", "audio")):
        if media_type.startswith(prefix):
            return kind
    if item.kind in {"Image", "Video", "Audio"} and not media_type:
        return item.kind.lower()
    if item.kind == "Link" or media_type.startswith("text/html"):
        return "link"
    return "file"


def attachment_columns(item: Attachment, position: int) -> dict[str, Any]:
    """A file of a post elsewhere, as its row."""
    return {
        "kind": attachment_kind(item),
        "url": item.url,
        "media_type": item.media_type,
        "name": clean_text(item.name)[:255],
        "alt": clean_text(item.name)[:1500],
        "width": item.width,
        "height": item.height,
        "position": position,
    }


def options_list(options: Sequence[str]) -> str:
    """The options of a poll as text, for those who cannot read them in fields."""
    return f"<ul>{''.join(f'<li>{escape(clean_text(option), quote=False)}</li>' for option in options)}</ul>"


def question_line(question: str) -> str:
    """The question of a poll above its text, for those who do not show a name."""
    return _paragraph(escape(clean_text(question), quote=False))


def _without_fields(remote: RemotePost) -> str:
    """The text of a Peerhall's poll, event or round without what its fields say again."""
    content = remote.content_html
    if remote.kind == "poll" and remote.options:
        content = content.rstrip().removesuffix(options_list([option.name for option in remote.options]))
        content = content.removeprefix(question_line(remote.name)) or content
    elif remote.kind == "session" and remote.start_time is not None:
        if "ph:recap" in remote.raw:
            content = _RECAP.sub("", content)
        content = _TO_PREPARE.sub("", _SEMINAR.sub("", content))
        said = _WHEN_AND_WHERE.search(content)
        content = content[: said.start()].rstrip() if said else content
    elif remote.kind == "round":
        content = _UNDER_ROUND.sub("", content)
    return content


def _kind(remote: RemotePost, *, titled: bool) -> str:
    if remote.type == "Question" and remote.options:
        return "poll"
    if remote.type == "Event":
        return "session"
    if remote.in_reply_to is not None:
        return "tried" if isinstance(remote.raw.get("triedIt"), dict) else "reply"
    known = KINDS.get(remote.kind or "")
    if known and known != "reply":
        return known
    return "discussion" if titled else "note"


def _title(remote: RemotePost, content: str, *, in_community: bool) -> str:
    if name := name_of(remote.name):
        return name[:TITLE_LIMIT]
    if not in_community:
        return ""
    # A Mastodon post to a community: its first line without the people it names (Lemmy's rule).
    first = content.partition("</p>")[0].partition("<br>")[0]
    words = [word for word in plain(first).split(" ") if not word.startswith(("@", "!"))]
    text = clean_text(" ".join(words)).strip()
    return text if len(text) <= 100 else text[:99].rsplit(" ", 1)[0] + "…"


def _paragraph(html: str) -> str:
    return html if html.startswith("<p") or not html else f"<p>{html}</p>"
