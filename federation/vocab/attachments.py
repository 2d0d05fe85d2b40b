"""Files and links that go with posts: the tolerant reader."""

from collections.abc import Mapping
from dataclasses import dataclass

from federation.vocab.base import is_web_uri, items_of, non_negative, text_of, types_of

MAX_ATTACHMENTS = 50
_FILES = ("video/", "audio/", "image/", "application/pdf", "application/x-mpegurl")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file or link that goes with a post; `kind` is the type on the wire (Image, Document, Link, Video, …)."""

    url: str
    media_type: str
    name: str
    kind: str
    width: int | None
    height: int | None
    blurhash: str | None


def attachments_of(doc: Mapping[str, object]) -> tuple[Attachment, ...]:
    """Files and links of a post, each address once."""
    found: dict[str, Attachment] = {}
    sources = [*items_of(doc.get("attachment"), limit=MAX_ATTACHMENTS)]
    # PeerTube, Funkwhale and Pixelfed put the file into `url`, in every size, beside the page and torrents.
    if {"Video", "Audio", "Image", "Document"} & set(types_of(dict(doc))):
        links = [item for item in items_of(doc.get("url"), limit=MAX_ATTACHMENTS) if isinstance(item, dict)]
        sources += next(
            ([link] for kind in _FILES for link in links if text_of(link.get("mediaType")).lower().startswith(kind)), []
        )
    for item in sources[:MAX_ATTACHMENTS]:
        attachment = _attachment(item)
        if attachment is not None:
            found.setdefault(attachment.url, attachment)
    return tuple(found.values())


def _attachment(item: object) -> Attachment | None:
    if isinstance(item, str):
        item = {"type": "Link", "href": item}
    if not isinstance(item, dict):
        return None
    link: dict[str, object] = item
    url = item.get("url", item.get("href"))
    if isinstance(url, list):
        url = next((part for part in url[:10] if isinstance(part, str | dict)), None)
    if isinstance(url, dict):
        link, url = {**item, **{key: value for key, value in url.items() if key != "type"}}, url.get("href")
    if not isinstance(url, str) or not is_web_uri(url):
        return None
    types = types_of(item)
    return Attachment(
        url=url,
        media_type=text_of(link.get("mediaType"))[:100],
        name=text_of(item.get("name")).strip()[:2000] or text_of(item.get("summary")).strip()[:2000],
        kind=types[0][:50] if types else "Document",
        width=non_negative(link.get("width")),
        height=non_negative(link.get("height")),
        blurhash=text_of(item.get("blurhash"))[:200] or None,
    )
