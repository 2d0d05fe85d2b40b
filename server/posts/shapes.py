"""What posts of other kinds of software say beyond a text: durations, ratings, books, and further languages."""

import re
from collections.abc import Mapping
from html import escape

from federation.vocab.base import id_of, is_web_uri, text_of
from federation.vocab.objects import RemotePost
from server.posts import anchors, bylines, formats
from server.text import clean_text, language_code, name_of, plain, render_markdown, sanitise
from server.text.pages import to_our_pages

LABELS = {
    "Video": "Video",
    "Audio": "Recording",
    "Track": "Recording",
    "Image": "Picture",
    "Album": "Album",
    "Article": "Article",
    "Page": "Article",
    "Review": "Review",
    "Rating": "Review",
    "Quotation": "Quotation",
    "Comment": "Comment",
    "Recipe": "Recipe",
    "Document": "Document",
}
"""What posts from elsewhere are called here, where our own kinds say too little."""

_DURATION = re.compile(r"P(?:(\d{1,3})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,8})(?:\.\d+)?S)?)?")
MAX_EMOJI = 50


def text_html(remote: RemotePost, content: str) -> str:
    """The text of a post as HTML, not sanitised yet: Markdown (PeerTube) and plain words are made into it."""
    if remote.media_type == "text/markdown":
        content = render_markdown(content, base_url="").html
    elif remote.media_type == "text/plain":
        content = "<p>" + escape(content, quote=False).replace("\n", "<br>") + "</p>"
    quote = remote.raw.get("quote")
    # BookWyrm keeps the quoted words of a book beside what is said about them; `vocab.objects` adds those in HTML.
    if remote.type == "Quotation" and isinstance(quote, str) and not quote.lstrip().startswith("<"):
        content = f"<blockquote><p>{escape(quote, quote=False)}</p></blockquote>{content}"
    return content


def particulars(remote: RemotePost, kind: str) -> list[list[str]]:
    """Facts of a post of some kind, as pairs of what and value; pages put them in words."""
    found = []
    seconds = duration_seconds(remote.raw.get("duration"))
    if seconds:
        found.append(["duration", str(seconds)])
    rating = remote.raw.get("rating")
    if isinstance(rating, int | float) and not isinstance(rating, bool) and 0 < rating <= 5:
        found.append(["rating", f"{rating:g}"])
    book = id_of(remote.raw.get("inReplyToBook"))
    if book is not None and is_web_uri(book) and len(book) <= 500:
        found.append(["book", book])
    if remote.location and remote.type != "Event":
        found.append(["place", clean_text(remote.location)])
    category = remote.raw.get("category")
    if isinstance(category, dict) and text_of(category.get("name")):
        found.append(["category", name_of(text_of(category.get("name")))[:100]])
    return found + anchors.read(remote) + bylines.read(remote) + formats.read(remote, kind)


def duration_seconds(value: object) -> int | None:
    """Seconds of an ISO 8601 duration such as ``PT385S``; None for what is none, or is longer than a month."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) and len(value) < 40 else None
    if match is None:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return total if 0 < total <= 31 * 86_400 else None


def translations(remote: RemotePost, language: str, people: Mapping[str, str]) -> list[dict[str, str]]:
    """The texts in other languages than the main one, safe to show."""
    tags = {tag.lower() for tag in remote.hashtags}
    found = []
    for item in remote.translations:
        code = language_code(item.language, fallback="")
        if code and code != language:
            safe = sanitise(text_html(remote, item.content_html), images=True, base=remote.id)
            html = to_our_pages(safe, people, tags)
            found.append(
                {"language": code, "title": name_of(item.name)[:300], "content_html": html}
                | ({"summary": clean_text(plain(item.summary))[:500]} if item.summary else {})
            )
    return found


def emoji(remote: RemotePost) -> dict[str, str]:
    """The pictures for names in the text; those that are not named are left out (S19)."""
    said = f"{remote.name} {remote.summary} {remote.content_html}"
    named = [(name, url) for name, url in remote.emoji if len(name) <= 50 and len(url) <= 1000 and f":{name}:" in said]
    return dict(named[:MAX_EMOJI])
