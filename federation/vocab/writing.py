"""Writing posts of ours: strict, because strict parsers on the other side drop what they do not expect (E1 to E12)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from federation.vocab.actors import image_object
from federation.vocab.base import timestamp
from federation.vocab.contexts import with_context


def object_document(
    *,
    id: str,
    type: str,
    attributed_to: str,
    to: Sequence[str],
    cc: Sequence[str],
    content: str,
    audience: str | None = None,
    context: str | None = None,
    name: str | None = None,
    summary: str | None = None,
    language: str | None = None,
    language_name: str | None = None,
    source_md: str | None = None,
    url: str | None = None,
    published: datetime,
    updated: datetime | None = None,
    sensitive: bool | None = None,
    in_reply_to: str | None = None,
    tags: Sequence[Mapping[str, object]] = (),
    attachments: Sequence[Mapping[str, object]] = (),
    kind: str | None = None,
    license: str | None = None,
    learning: Mapping[str, object] | None = None,
    image: tuple[str, ...] | Mapping[str, object] | None = None,
    replies_count: int | None = 0,
    replies: Sequence[str] = (),
    likes_count: int | None = None,
    shares_count: int | None = None,
    comments_enabled: bool | None = None,
    stickied: bool | None = None,
    distinguished: bool | None = None,
    searchable_by: str | None = None,
    accepted_answer: str | None = None,
    extra: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """An Article (anything with a title) or a Note (a reply) of ours.

    Every key with None is left out. `replies` are the ids on the first page of the answers.
    Attachments are `attachment()` documents; tags are `mention()` and `hashtag()`.
    """
    document: dict[str, object] = {"id": id, "type": type, "attributedTo": attributed_to}
    _put(document, "inReplyTo", in_reply_to)
    document["to"], document["cc"] = list(to), list(cc)
    _put(document, "audience", audience)
    _put(document, "context", context)
    _put(document, "name", name)
    if name is not None and language is not None:
        document["nameMap"] = {language: name}
    _put(document, "summary", summary)
    document["content"] = content
    if language is not None:
        document["contentMap"] = {language: content}
    document["mediaType"] = "text/html"
    _put(document, "source", {"content": source_md, "mediaType": "text/markdown"} if source_md is not None else None)
    _put(document, "url", url)
    document["published"] = timestamp(published)
    if language is not None:
        document["language"] = {"identifier": language, "name": language_name or language}
    _put(document, "sensitive", sensitive)
    _put(document, "commentsEnabled", comments_enabled)
    _put(document, "stickied", stickied)
    _put(document, "distinguished", distinguished)
    _put(document, "searchableBy", searchable_by)
    document["tag"] = [dict(tag) for tag in tags]
    document["attachment"] = [dict(item) for item in attachments]
    if replies_count is not None:
        document["replies"] = {
            "id": f"{id}/replies",
            "type": "Collection",
            "totalItems": replies_count,
            "first": _first_replies(f"{id}/replies", replies, replies_count),
        }
    for key, count in (("likes", likes_count), ("shares", shares_count)):
        if count is not None:
            document[key] = {"id": f"{id}/{key}", "type": "Collection", "totalItems": count}
    _put(document, "kind", kind)
    _put(document, "license", license)
    _put(document, "image", dict(image) if isinstance(image, Mapping) else image_object(image))
    _put(document, "learning", dict(learning) if learning is not None else None)
    _put(document, "acceptedAnswer", accepted_answer)
    if updated is not None and updated > published:
        document["updated"] = timestamp(updated)
    document.update(extra or {})
    return with_context(document)


def _first_replies(address: str, replies: Sequence[str], total: int) -> str | dict[str, object]:
    """The first page whole where it has anything, for GoToSocial asks for no other; else its address."""
    first = f"{address}?page=1"
    if not replies:
        return first
    page: dict[str, object] = {"id": first, "type": "CollectionPage", "partOf": address}
    _put(page, "next", f"{address}?page=2" if total > len(replies) else None)
    return page | {"items": list(replies)}


def mention(href: str, name: str) -> dict[str, object]:
    """A Mention tag; `name` is the handle, ``@user@host``."""
    return {"type": "Mention", "href": href, "name": name}


def hashtag(href: str, word: str) -> dict[str, object]:
    """A Hashtag tag."""
    return {"type": "Hashtag", "href": href, "name": f"#{word.lstrip('#')}"}


def attachment(
    url: str,
    media_type: str,
    name: str = "",
    *,
    kind: str | None = None,
    width: int | None = None,
    height: int | None = None,
    blurhash: str | None = None,
) -> dict[str, object]:
    """An attachment in one of the three shapes that Lemmy can read: Image, Document, or Link (rule E5)."""
    kind = kind or ("Image" if media_type.startswith("image/") else "Document")
    found: dict[str, object] = {"type": kind, "mediaType": media_type, "href" if kind == "Link" else "url": url}
    _put(found, "name", name or None)
    _put(found, "width", width)
    _put(found, "height", height)
    _put(found, "blurhash", blurhash)
    return found


def tombstone(id: str, *, former_type: str, deleted: datetime) -> dict[str, object]:
    """What is left of a deleted object."""
    return with_context({"id": id, "type": "Tombstone", "formerType": former_type, "deleted": timestamp(deleted)})


def _put(document: dict[str, object], key: str, value: object) -> None:
    if value is not None:
        document[key] = value
