"""Posts of all kinds: the tolerant reader. The strict writer is in `federation.vocab.writing`, named here too."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from federation.errors import InvalidDocument
from federation.vocab.activities import ACTIVITY_TYPES, Activity
from federation.vocab.actors import ACTOR_TYPES, emoji_of, language_of, media_url
from federation.vocab.attachments import Attachment, attachments_of
from federation.vocab.base import (
    PUBLIC,
    dicts_of,
    host_of,
    id_of,
    ids_of,
    is_web_uri,
    items_of,
    same_origin,
    text_of,
    timestamp_of,
    type_of,
    types_of,
)
from federation.vocab.interaction import Policy, policy_of, quote_of, stamp_on
from federation.vocab.polls import PollOption, options_of
from federation.vocab.translations import Translation, translations_of
from federation.vocab.writing import attachment, hashtag, mention, object_document, tombstone

__all__ = [
    "Attachment",
    "Mention",
    "PollOption",
    "RemotePost",
    "attachment",
    "author_of",
    "authors_of",
    "hashtag",
    "is_post_type",
    "mention",
    "object_document",
    "parse_post",
    "tombstone",
]

# The last line is of BookWyrm and other lineages.
POST_TYPES = frozenset(
    {"Note", "Article", "Page", "Question", "Event", "Video", "Audio", "Image", "Document", "ChatMessage"}
    | {"Comment", "Quotation", "Review", "Rating", "Recipe"}
)

MAX_TAGS = 100
MAX_RECIPIENTS = 500
MAX_CONTENT_CHARACTERS = 500_000


@dataclass(frozen=True, slots=True)
class Mention:
    """Somebody named in a post."""

    href: str
    name: str


@dataclass(frozen=True, slots=True)
class RemotePost:
    """Something a remote actor wrote. `content_html` is as received: sanitise it before anybody sees it."""

    id: str
    type: str
    kind: str | None
    attributed_to: str
    name: str
    content_html: str
    summary: str
    source_md: str | None
    sensitive: bool
    in_reply_to: str | None
    to: tuple[str, ...]
    cc: tuple[str, ...]
    audience: str | None
    context: str | None
    conversation: str | None
    published: datetime | None
    updated: datetime | None
    url: str | None
    mentions: tuple[Mention, ...]
    hashtags: tuple[str, ...]
    emoji: tuple[tuple[str, str], ...]
    attachments: tuple[Attachment, ...]
    language: str | None
    image_url: str | None
    license: str | None
    learning: dict[str, object] | None
    quote: str | None
    quote_stamp: str | None
    policy: Policy
    approved_by: str | None
    translations: tuple[Translation, ...]
    media_type: str
    comments_enabled: bool
    options: tuple[PollOption, ...]
    end_time: datetime | None
    start_time: datetime | None
    location: str
    closed: bool
    accepted_answer: str | None
    replies: str | None
    raw: dict[str, object]

    @property
    def visibility_public(self) -> bool:
        """Whether everybody may read it."""
        return PUBLIC in self.to or PUBLIC in self.cc


def is_post_type(type: str) -> bool:
    """Whether objects of this type are posts."""
    return type in POST_TYPES


def parse_post(
    document: Mapping[str, object], *, inherit: Activity | None = None, owner: str | None = None
) -> RemotePost:
    """A RemotePost from JSON; recipients and an author that are missing are those of the activity `inherit`.

    `owner`: whose it is where it names nobody at all and was fetched at its own id (FEP-d556).

    InvalidDocument where it has no http(s) id, no author on its own origin, or is an activity, actor or tombstone.
    """
    doc = dict(document)
    post_id = id_of(doc.get("id"))
    if post_id is None:
        raise InvalidDocument("The object has no id.")
    host_of(post_id)
    post_type = type_of(doc, POST_TYPES)
    if post_type not in POST_TYPES and (
        post_type in ACTIVITY_TYPES or post_type in ACTOR_TYPES or post_type in _NEVER_POSTS or not _has_content(doc)
    ):
        raise InvalidDocument("This is not a post.")
    author = author_of(doc)
    if author is None and not doc.get("attributedTo") and not doc.get("actor"):
        author = inherit.actor if inherit is not None else owner
    if author is None or not same_origin(author, post_id):
        raise InvalidDocument("The object has no author on its own server.", "origin")
    to, cc = ids_of(doc.get("to"), limit=MAX_RECIPIENTS), ids_of(doc.get("cc"), limit=MAX_RECIPIENTS)
    if not to and not cc and inherit is not None:
        to, cc = inherit.to[:MAX_RECIPIENTS], inherit.cc[:MAX_RECIPIENTS]
    audience = id_of(_first(doc.get("audience")))
    if audience is None and inherit is not None and inherit.audience:
        audience = inherit.audience[0]
    mentions, hashtags, emoji = _tags(doc.get("tag"))
    options = options_of(doc)
    end_time = timestamp_of(doc.get("endTime"))
    return RemotePost(
        id=post_id,
        type=post_type,
        kind=text_of(doc.get("kind"))[:50] or None,
        attributed_to=author,
        name=_text(doc, "name").strip()[:1000],
        content_html=_content(doc),
        summary=_text(doc, "summary")[:20_000],
        source_md=_source(doc),
        sensitive=doc.get("sensitive") is True,
        in_reply_to=_web(_first(doc.get("inReplyTo"))),
        to=to,
        cc=cc,
        audience=audience,
        context=id_of(doc.get("context")),
        conversation=id_of(doc.get("conversation")),
        published=timestamp_of(doc.get("published")),
        updated=timestamp_of(doc.get("updated")),
        url=_page(doc.get("url"), post_id),
        mentions=mentions,
        hashtags=hashtags,
        emoji=emoji,
        attachments=attachments_of(doc),
        language=language_of(doc),
        image_url=media_url(doc.get("image")) or media_url(doc.get("icon")) if post_type != "Image" else None,
        license=_license(doc.get("license")),
        learning=_object_or_none(doc.get("learning")),
        quote=quote_of(doc),
        quote_stamp=stamp_on(doc, "quoteAuthorization"),
        policy=policy_of(doc),
        approved_by=stamp_on(doc, "approvedBy") or stamp_on(doc, "replyAuthorization"),
        translations=translations_of(doc),
        media_type=text_of(doc.get("mediaType")).partition(";")[0].strip().lower(),
        comments_enabled=doc.get("commentsEnabled") is not False,
        options=options,
        end_time=end_time,
        start_time=timestamp_of(doc.get("startTime")),
        location=_location(doc.get("location")),
        closed=timestamp_of(doc.get("closed")) is not None or doc.get("closed") is True,
        accepted_answer=_web(doc.get("acceptedAnswer")),
        replies=_own(doc.get("replies"), post_id),
        raw=doc,
    )


_NEVER_POSTS = frozenset(
    {
        "Tombstone",
        "Collection",
        "OrderedCollection",
        "CollectionPage",
        "OrderedCollectionPage",
        "Link",
        "Mention",
        "Hashtag",
        "Emoji",
        "Place",
        "Edition",
        "Work",
        "Relationship",
        "Profile",
        "Feed",
        "Key",
        "Multikey",
    }
)


def author_of(document: Mapping[str, object]) -> str | None:
    """The author: `attributedTo` (the person, where PeerTube names a person and a channel), else `actor`."""
    for key in ("attributedTo", "actor"):
        items = items_of(document.get(key), limit=10)
        people = [item for item in items if isinstance(item, dict) and "Person" in types_of(item)]
        for item in (*people, *items):
            uri = id_of(item)
            if uri is not None and is_web_uri(uri):
                return uri
    return None


def authors_of(document: Mapping[str, object]) -> tuple[str, ...]:
    """Everybody whom the object names as its author, `actor` (Mobilizon) included."""
    return tuple(
        dict.fromkeys((*ids_of(document.get("attributedTo"), limit=10), *ids_of(document.get("actor"), limit=10)))
    )


def _has_content(doc: dict[str, object]) -> bool:
    return any(key in doc for key in ("content", "contentMap", "name", "summary", "attachment"))


def _first(value: object) -> object:
    return value[0] if isinstance(value, list) and value else value


def _web(value: object) -> str | None:
    uri = id_of(value)
    return uri if uri is not None and is_web_uri(uri) else None


def _own(value: object, post_id: str) -> str | None:
    uri = id_of(value)
    return uri if uri is not None and same_origin(uri, post_id) else None


def _object_or_none(value: object) -> dict[str, object] | None:
    return value if isinstance(value, dict) else None


def _text(doc: dict[str, object], key: str) -> str:
    found = doc.get(key)
    return text_of(found if found is not None else doc.get(f"{key}Map"))


def _content(doc: dict[str, object]) -> str:
    content = _text(doc, "content")
    # BookWyrm's Quotation keeps the quoted words in `quote`, which elsewhere names a quoted post.
    quote = doc.get("quote")
    if isinstance(quote, str) and quote.lstrip().startswith("<"):
        content = f"<blockquote>{quote}</blockquote>{content}"
    return content[:MAX_CONTENT_CHARACTERS]


def _source(doc: dict[str, object]) -> str | None:
    source = doc.get("source")
    if isinstance(source, dict) and str(source.get("mediaType", "")).startswith("text/markdown"):
        return text_of(source.get("content"))[:MAX_CONTENT_CHARACTERS] or None
    # PeerTube sends Markdown as content.
    if doc.get("mediaType") == "text/markdown":
        return _text(doc, "content")[:MAX_CONTENT_CHARACTERS] or None
    return None


def _page(value: object, post_id: str) -> str | None:
    """The page for people, on the post's own origin: nobody's link may pretend to be another server's (S10)."""
    pages: list[str] = []
    for item in items_of(value, limit=20):
        href = item.get("href") if isinstance(item, dict) else item
        if isinstance(href, str) and same_origin(href, post_id):
            media_type = str(item.get("mediaType", "")) if isinstance(item, dict) else "text/html"
            if media_type.startswith("text/html"):
                return href
            if not media_type:
                pages.append(href)
    return pages[0] if pages else None


def _license(value: object) -> str | None:
    if isinstance(value, dict):
        value = value.get("id") or value.get("identifier") or value.get("name")
    text = text_of(value).strip()
    return text[:500] or None


def _tags(value: object) -> tuple[tuple[Mention, ...], tuple[str, ...], tuple[tuple[str, str], ...]]:
    mentions: dict[str, Mention] = {}
    hashtags: dict[str, None] = {}
    for tag in dicts_of(value, limit=MAX_TAGS):
        kinds, name = types_of(tag), text_of(tag.get("name")).strip()[:300]
        if "Mention" in kinds:
            href = id_of(tag.get("href"))
            if href is not None and is_web_uri(href):
                mentions.setdefault(href, Mention(href=href, name=name))
        elif "Hashtag" in kinds:
            word = name.lstrip("#＃").strip()
            if word and not any(character.isspace() for character in word):
                hashtags[word] = None
    return tuple(mentions.values()), tuple(hashtags), emoji_of(value)


def _location(value: object) -> str:
    place = _first(value)
    if isinstance(place, str):
        return place.strip()[:500]
    if not isinstance(place, dict):
        return ""
    parts = [text_of(place.get("name")).strip()]
    address = place.get("address")
    if isinstance(address, dict):
        keys = ("name", "streetAddress", "postalCode", "addressLocality", "addressRegion", "addressCountry")
        parts += [text_of(address.get(key)).strip() for key in keys]
    else:
        parts.append(text_of(address).strip())
    return ", ".join(dict.fromkeys(part for part in parts if part))[:500]
