"""What NodeBB refuses: activities without an object, authors that are lists, contexts that are not collections."""

from typing import Any

from tests.interop.strict.shapes import (
    Check,
    Ignored,
    Rejected,
    any_of,
    each,
    host,
    id_in,
    kind_of,
    maybe,
    shape,
    text,
    url,
)
from tests.interop.strict.world import World

NAME = "nodebb"

_activities = frozenset(
    [
        "Create",
        "Add",
        "Remove",
        "Move",
        "Update",
        "Delete",
        "Like",
        "Dislike",
        "Announce",
        "Follow",
        "Accept",
        "Undo",
        "Flag",
        "Reject",
    ]
)
_posts = frozenset({"Note", "Page", "Article", "Question", "Video"})
_lists: dict[str, Check] = {"to": each(text), "cc": each(text)}


def receive(activity: dict[str, Any], world: World) -> None:
    """What arrives at the inbox."""
    shape({"id": url, "type": text, "actor": url, "object": any_of(url, shape({}), each(url))})(activity)
    kind = kind_of(activity)
    if kind not in _activities:
        raise Ignored(kind)
    inner = activity["object"]
    if kind == "Announce" and isinstance(inner, dict):
        shape({"id": url, "type": text})(inner)
        if kind_of(inner) in {"Like", "Update", "Delete", "Create"} and world.is_ours(id_in(inner.get("actor"))):
            _inner(inner)
        return
    _inner(activity)


def read(document: dict[str, Any], world: World) -> None:
    """What is fetched by its id."""
    kind = kind_of(document)
    if kind in {"Person", "Group", "Service", "Application"}:
        shape({"id": url, "inbox": url, "preferredUsername": text}, {"endpoints": shape({"sharedInbox": maybe(url)})})(
            document
        )
    elif kind in _posts:
        _post(document)
    elif "Collection" in kind:
        _collection(document)
    else:
        raise Ignored(kind)


def _inner(activity: dict[str, Any]) -> None:
    kind, inner = kind_of(activity), activity.get("object")
    actor = id_in(activity.get("actor"))
    if kind in {"Create", "Update"} and isinstance(inner, dict):
        shape({"id": url, "type": text})(inner)
        if kind_of(inner) in _posts:
            _post(inner)
        if host(id_in(inner)) != host(actor):
            raise Rejected("an object of another server")
    elif kind == "Delete" or kind in {"Like", "Dislike", "Follow"}:
        any_of(url, shape({"id": url}))(inner)
    elif kind == "Undo":
        shape({"type": text, "object": any_of(url, shape({"id": url}))})(inner)


def _post(document: dict[str, Any]) -> None:
    shape({"id": url, "type": text, "attributedTo": text}, _lists)(document)
    if host(document["attributedTo"]) != host(document["id"]):
        raise Rejected("the author is on another server")


def _collection(document: dict[str, Any]) -> None:
    items = document.get("orderedItems", document.get("items"))
    if items is not None:
        each(any_of(url, shape({"id": url, "type": text})))(items)
    shape({}, {"first": maybe(any_of(url, shape({}))), "next": maybe(any_of(url, shape({})))})(document)
