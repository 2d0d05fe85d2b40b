"""What PieFed reads of an activity, key by key: it indexes what it expects, and loses all where that is not there."""

from typing import Any

from tests.interop.strict.shapes import (
    Check,
    Ignored,
    Rejected,
    any_of,
    anything,
    each,
    host,
    id_in,
    kind_of,
    maybe,
    one_of,
    shape,
    text,
    url,
)
from tests.interop.strict.world import World

NAME = "piefed"

_named = any_of(text, shape({"id": text}))
_posts = frozenset({"Page", "Article", "Link", "Note", "Question", "Event"})
_event_keys = [
    "startTime",
    "endTime",
    "timezone",
    "maximumAttendeeCapacity",
    "participantCount",
    "onlineLink",
    "joinMode",
    "externalParticipationUrl",
    "anonymousParticipation",
    "isOnline",
    "buyTicketsLink",
    "feeCurrency",
    "feeAmount",
]
_attachment = any_of(
    shape({"type": one_of("Link"), "href": text}),
    shape({"type": one_of("Document", "Image", "Audio"), "url": text}),
)
_tag = any_of(
    shape({"type": one_of("Hashtag"), "name": text}),
    shape({"type": one_of("Mention"), "href": text}),
    shape({"type": text}),
)
_picture = any_of(text, shape({"url": text}))


def _some(value: Any) -> None:
    if not isinstance(value, dict) or not value:
        raise Rejected("no language in it")


_content = shape(
    {"id": url, "type": text, "attributedTo": text},
    {
        "content": text,
        "source": shape({"mediaType": text, "content": text}),
        "attachment": each(_attachment),
        "image": shape({"url": text}),
        "language": shape({"identifier": text, "name": text}),
        "contentMap": _some,
        "tag": each(_tag),
        "inReplyTo": maybe(text),
        "audience": maybe(text),
        "to": each(text),
        "cc": each(text),
    },
)
_actor: dict[str, Check] = {
    "id": url,
    "preferredUsername": text,
    "inbox": url,
    "publicKey": shape({"publicKeyPem": text}),
}
_actor_may: dict[str, Check] = {
    "name": maybe(text),
    "summary": maybe(text),
    "endpoints": shape({"sharedInbox": url}),
    "source": shape({"content": text}),
    "icon": maybe(_picture),
    "image": maybe(_picture),
    "attachment": each(
        any_of(shape({"type": one_of("PropertyValue"), "name": text, "value": text}), shape({"type": text}))
    ),
}


def receive(activity: dict[str, Any], world: World) -> None:
    """What arrives at the inbox. Raises Rejected, or Ignored where PieFed does nothing with such a thing."""
    shape({"id": text, "type": text, "actor": _named, "object": anything})(activity)
    if kind_of(activity) != "Announce":
        _activity(activity)
        return
    inner = activity["object"]
    if isinstance(inner, str):
        raise Ignored("Announce of an id: taken if it is of the community's own server")
    if kind_of(inner) in {"Page", "Note"}:
        raise Ignored("meant for Mastodon")
    shape({"id": text, "type": text, "actor": text, "object": anything})(inner)
    if world.is_ours(inner["actor"]):
        _activity(inner)


def read(document: dict[str, Any], world: World) -> None:
    """What is fetched by its id."""
    kind = kind_of(document)
    if kind in {"Person", "Service"}:
        shape(_actor, _actor_may)(document)
        _lower(document)
    elif kind == "Group":
        shape(_actor | {"name": text, "outbox": url}, _actor_may)(document)
        if not isinstance(document.get("attributedTo", document.get("moderators")), str):
            raise Rejected("no address of the moderators")
        _lower(document)
    elif kind in _posts:
        _post(document)
    elif "Collection" in kind:
        _collection(document, world)
    else:
        raise Ignored(kind)


def _activity(activity: dict[str, Any]) -> None:
    kind, inner = kind_of(activity), activity["object"]
    match kind:
        case "Create" | "Update":
            _written(inner)
        case "Follow":
            text(inner)
        case "Accept":
            any_of(text, shape({"type": text, "actor": text}))(inner)
        case "Reject":
            if isinstance(inner, str):
                raise Ignored("the form that GoToSocial reads; PieFed's kind of server is sent another one")
            shape({"type": text, "actor": text})(inner)
        case "Delete":
            any_of(text, shape({"id": text, "type": text}))(inner)
        case "Like" | "EmojiReact" | "Dislike" | "ChooseAnswer" | "Flag":
            any_of(text, shape({"id": text}), each(text))(inner)
        case "Lock":
            text(inner)
        case "Block" if "target" not in activity:
            raise Ignored("a person's own, which PieFed's kind of server is not sent")
        case "Add" | "Remove" | "Block":
            shape({"object": text, "target": text})(activity)
        case "Undo":
            _undo(inner)
        case _:
            raise Ignored(kind)


def _undo(inner: Any) -> None:
    shape({"type": text})(inner)
    if inner["type"] == "Delete":
        shape({"object": _named})(inner)
    elif inner["type"] == "Block" and "target" in inner:
        shape({"object": text, "target": text})(inner)
    elif inner["type"] in {"Follow", "Like", "Dislike", "Lock", "ChooseAnswer"}:
        shape({"object": text})(inner)
    else:
        raise Ignored(f"Undo of {inner['type']}")


def _written(inner: Any) -> None:
    if isinstance(inner, str):
        return
    shape({"type": text})(inner)
    if inner["type"] == "Group":
        shape({"name": text, "publicKey": shape({"publicKeyPem": text})}, {"source": shape({"content": text})})(inner)
    elif inner["type"] in _posts:
        _post(inner)
    else:
        raise Ignored(inner["type"])


def _post(document: dict[str, Any]) -> None:
    _content(document)
    if host(document["id"]) != host(document["attributedTo"]):
        raise Rejected("the author is on another server")
    if not document.get("inReplyTo") and "name" not in document and document.get("content") is None:
        raise Rejected("neither a title nor a text")
    if document.get("type") == "Event":
        shape(dict.fromkeys(_event_keys, anything))(document)
    if document.get("type") == "Question":
        shape({"endTime": text})(document)
        each(shape({"name": text}))(document.get("anyOf", document.get("oneOf")))
    _lower(document)


def _lower(document: dict[str, Any]) -> None:
    # Everything is looked up by the lower-case form of its id.
    if document["id"] != document["id"].lower():
        raise Rejected("an id with capitals")


def _collection(document: dict[str, Any], world: World) -> None:
    owner, _, part = id_in(document).partition("?")[0].rpartition("/")
    if part == "moderators":
        shape({"type": one_of("OrderedCollection"), "orderedItems": each(text)})(document)
    elif part == "featured" and world.is_group(owner):
        shape({"type": one_of("OrderedCollection"), "orderedItems": each(shape({"id": text}))})(document)
    elif part == "outbox" and world.is_group(owner):
        if "first" in document:
            text(document["first"])
            return
        item = shape({"id": text, "object": shape({"id": text, "object": shape({"attributedTo": text})})})
        shape({"orderedItems": each(item)})(document)
    else:
        raise Ignored(part)
