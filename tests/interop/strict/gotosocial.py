"""What GoToSocial refuses: types that it does not know, posts to nobody, edits before the beginning, foreign keys."""

from datetime import datetime
from typing import Any

from tests.interop.strict.shapes import (
    Check,
    Ignored,
    Rejected,
    any_of,
    id_in,
    ids,
    kind_of,
    moment,
    one_or_many,
    shape,
    text,
    url,
)
from tests.interop.strict.world import World

NAME = "gotosocial"

_activities = frozenset(
    [
        "Accept",
        "Add",
        "Announce",
        "Arrive",
        "Block",
        "Create",
        "Delete",
        "Dislike",
        "Flag",
        "Follow",
        "Ignore",
        "Invite",
        "Join",
        "Leave",
        "Like",
        "Listen",
        "Move",
        "Offer",
        "Question",
        "Read",
        "Reject",
        "Remove",
        "TentativeAccept",
        "TentativeReject",
        "Travel",
        "Undo",
        "Update",
        "View",
    ]
)
_actors = frozenset({"Person", "Group", "Application", "Service", "Organization"})
_posts = frozenset(["Article", "Document", "Image", "Video", "Note", "Page", "Event", "Place", "Profile", "Question"])
_times: dict[str, Check] = {"published": moment, "updated": moment, "endTime": moment, "startTime": moment}
_iri = any_of(url, shape({"id": url}))


def receive(activity: dict[str, Any], world: World) -> None:
    """What arrives at an inbox."""
    kind = kind_of(activity)
    if kind not in _activities:
        raise Ignored(kind)
    shape({"id": url, "actor": one_or_many(_iri), "object": one_or_many(_iri)}, _times)(activity)
    inner = activity["object"]
    if kind == "Announce":
        if isinstance(inner, dict):
            raise Ignored("an activity inside an Announce")
        _addressed(activity)
    if kind in {"Create", "Update"} and isinstance(inner, dict):
        if kind_of(inner) in _posts:
            _post(inner)
        elif kind_of(inner) in _actors:
            _actor(inner)
        else:
            raise Ignored(kind_of(inner))


def read(document: dict[str, Any], world: World) -> None:
    """What is fetched by its id."""
    kind = kind_of(document)
    if kind in _actors:
        _actor(document)
    elif kind in _posts:
        _post(document)
    elif kind in {"Collection", "OrderedCollection", "CollectionPage", "OrderedCollectionPage", "Tombstone"}:
        shape({"id": url}, {"first": _iri, "next": _iri, "prev": _iri, "partOf": _iri})(document)
    else:
        raise Ignored(kind)


def _post(document: dict[str, Any]) -> None:
    shape({"id": url, "attributedTo": one_or_many(_iri)}, _times)(document)
    _addressed(document)
    begun, edited = document.get("published"), document.get("updated")
    if begun and edited and _parsed(edited) < _parsed(begun):
        raise Rejected("edited before it was published")
    for tag in document.get("tag") or []:
        if kind_of(tag) == "Mention" and not (tag.get("name") or tag.get("href")):
            raise Rejected("a mention of nobody")
        if kind_of(tag) == "Hashtag" and not tag.get("name"):
            raise Rejected("a hashtag without a name")
    for item in document.get("attachment") or []:
        # A link has no `url`; it is noted in the log and left out.
        if kind_of(item) != "Link" and not item.get("url"):
            raise Rejected("an attachment without an address")


def _actor(document: dict[str, Any]) -> None:
    shape(
        {
            "id": url,
            "inbox": url,
            "preferredUsername": text,
            "publicKey": shape({"id": url, "owner": url, "publicKeyPem": text}),
        },
        _times,
    )(document)
    if not document["preferredUsername"]:
        raise Rejected("no user name")
    if document["publicKey"]["owner"] != id_in(document):
        raise Rejected("a key of somebody else")


def _addressed(document: dict[str, Any]) -> None:
    if not ids(document.get("to")) and not ids(document.get("cc")):
        raise Rejected("addressed to nobody")


def _parsed(value: str) -> datetime:
    return datetime.fromisoformat(value.replace("Z", "+00:00"))
