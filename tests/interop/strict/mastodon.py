"""What Mastodon refuses outright: documents without the ActivityStreams context, ids that are not their author's."""

import re
from typing import Any

from tests.interop.strict.shapes import Ignored, Rejected, any_of, host, id_in, ids, kind_of, shape, text, url
from tests.interop.strict.world import World

NAME = "mastodon"

AS2 = "https://www.w3.org/ns/activitystreams"
_USERNAME = re.compile(r"[a-z0-9_]+([a-z0-9_.-]+[a-z0-9_]+)?\Z", re.IGNORECASE)
_actors = frozenset({"Person", "Group", "Application", "Service", "Organization"})
_posts = frozenset({"Note", "Question", "Image", "Audio", "Video", "Article", "Page", "Event"})
_named = any_of(text, shape({"id": text}))


def receive(activity: dict[str, Any], world: World) -> None:
    """What arrives at the inbox."""
    _context(activity)
    shape({"id": url, "type": text, "actor": _named})(activity)
    if host(activity["id"]) != host(id_in(activity["actor"])):
        raise Rejected("the activity's id is on another server than its actor")
    kind, inner = kind_of(activity), activity.get("object")
    if kind in {"Create", "Update"} and isinstance(inner, dict):
        if kind_of(inner) in _posts:
            _post(inner)
            if host(inner["id"]) != host(id_in(activity["actor"])):
                raise Rejected("the object is on another server than its author")
    elif kind in {"Follow", "Like", "Announce", "Add", "Remove", "Accept", "Reject", "Undo", "Delete"}:
        if not (isinstance(inner, str) or id_in(inner)):
            raise Rejected("no object that could be named")
    else:
        raise Ignored(kind)


def read(document: dict[str, Any], world: World) -> None:
    """What is fetched by its id."""
    _context(document)
    kind = kind_of(document)
    if kind in _actors:
        shape({"id": url, "inbox": url, "preferredUsername": text})(document)
        # The instance actor is named after its host, and never looked up by name.
        if kind != "Application" and not _USERNAME.match(document["preferredUsername"]):
            raise Rejected("a user name that it does not take")
    elif kind in _posts:
        _post(document)
    elif "Collection" in kind:
        shape({"id": url})(document)
    else:
        raise Ignored(kind)


def _context(document: dict[str, Any]) -> None:
    found = document.get("@context")
    if AS2 not in (found if isinstance(found, list) else [found]):
        raise Rejected("the ActivityStreams context is not named as text")


def _post(document: dict[str, Any]) -> None:
    shape({"id": url, "attributedTo": any_of(_named)})(document)
    if host(document["id"]) != host(id_in(document["attributedTo"])):
        raise Rejected("the author is on another server")
    content, by_language = document.get("content"), document.get("contentMap")
    if content is None and not (isinstance(by_language, dict) and by_language) and not document.get("name"):
        raise Rejected("nothing to show")
    if not ids(document.get("to")) and not ids(document.get("cc")):
        raise Rejected("addressed to nobody, so a message to nobody")
