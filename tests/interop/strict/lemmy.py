"""What Lemmy 1.0 parses: which fields it requires, in which types, and what it verifies before it takes something in.

Lemmy tries the shapes of all activities that it knows, one after the other. What fits none is refused, which costs the
whole activity; a type that it does not know is refused as well, and nobody misses anything.
"""

from typing import Any

from tests.interop.strict.shapes import (
    PUBLIC,
    Check,
    Ignored,
    Rejected,
    any_of,
    anything,
    boolean,
    each,
    exactly_one,
    host,
    id_in,
    ids,
    kind_of,
    last,
    maybe,
    moment,
    number,
    one_of,
    one_or_many,
    shape,
    text,
    url,
)
from tests.interop.strict.world import World

NAME = "lemmy"

_urls = one_or_many(url)
_base: dict[str, Check] = {"id": url, "actor": url}
_addressed = _base | {"to": _urls, "cc": _urls}
_audience: dict[str, Check] = {"audience": maybe(url)}

_image = shape({"type": one_of("Image"), "url": url})
_language = shape({"identifier": text, "name": text})
_key = shape({"id": text, "owner": url, "publicKeyPem": text})
_attachment = any_of(
    shape({"type": one_of("Link"), "href": url}, {"mediaType": maybe(text)}),
    shape({"type": one_of("Image"), "url": url}, {"name": maybe(text)}),
    shape({"type": one_of("Document"), "url": url}, {"mediaType": maybe(text), "name": maybe(text)}),
)
_markdown_or_html = maybe(one_of("text/markdown", "text/html"))
_times: dict[str, Check] = {"published": maybe(moment), "updated": maybe(moment)}


def _absent(value: Any) -> None:
    if value is not None:
        raise Rejected("a post must not answer anything")


_page = shape(
    {
        "type": one_of("Page", "Article", "Note", "Video", "Event"),
        "id": url,
        "attributedTo": any_of(url, each(anything)),
    },
    {
        "to": _urls,
        "cc": _urls,
        "inReplyTo": _absent,
        "name": maybe(text),
        "content": maybe(text),
        "mediaType": _markdown_or_html,
        "attachment": each(_attachment),
        "image": maybe(_image),
        "sensitive": maybe(boolean),
        "language": maybe(_language),
        "context": maybe(text),
    }
    | _times
    | _audience,
)
_note = shape(
    {"type": one_of("Note"), "id": url, "attributedTo": url, "to": _urls, "content": text, "inReplyTo": url},
    {
        "cc": _urls,
        "mediaType": _markdown_or_html,
        "tag": each(anything),
        "distinguished": maybe(boolean),
        "language": maybe(_language),
        "attachment": each(_attachment),
        "context": maybe(text),
    }
    | _times
    | _audience,
)
_message = shape(
    {
        "type": one_of("Note", "ChatMessage"),
        "id": url,
        "attributedTo": url,
        "to": exactly_one(url),
        "content": text,
    },
    {"mediaType": maybe(one_of("text/html"))} | _times,
)
_person = shape(
    {
        "type": one_of("Person", "Service", "Organization"),
        "id": url,
        "preferredUsername": text,
        "inbox": url,
        "outbox": url,
        "publicKey": _key,
    },
    {
        "name": maybe(text),
        "summary": maybe(text),
        "icon": last(_image),
        "image": last(_image),
        "endpoints": maybe(shape({"sharedInbox": url})),
    }
    | _times,
)
_group = shape(
    {
        "type": one_of("Group"),
        "id": url,
        "preferredUsername": text,
        "inbox": url,
        "outbox": url,
        "publicKey": _key,
    },
    {
        "followers": maybe(url),
        "name": maybe(text),
        "description": maybe(text),
        "mediaType": maybe(one_of("text/html")),
        "summary": maybe(text),
        "icon": last(_image),
        "image": last(_image),
        "sensitive": maybe(boolean),
        "postingRestrictedToMods": maybe(boolean),
        "endpoints": maybe(shape({"sharedInbox": url})),
        "featured": maybe(url),
        "language": each(_language),
        "manuallyApprovesFollowers": maybe(boolean),
        "discoverable": maybe(boolean),
    }
    | _times,
)
_site = shape(
    {"type": one_of("Application"), "id": url, "name": text, "inbox": url, "outbox": url, "publicKey": _key},
    {
        "preferredUsername": maybe(text),
        "content": maybe(text),
        "mediaType": maybe(one_of("text/html")),
        "icon": maybe(_image),
        "image": maybe(_image),
        "language": each(_language),
    }
    | _times,
)

_follow = shape(_base | {"type": one_of("Follow"), "object": url})
_answer = shape(_base | {"object": any_of(url, _follow)})
_undo_follow = shape(_base | {"object": any_of(url, _follow)})
_vote = shape(_base | {"type": one_of("Like", "Dislike"), "object": url}, _audience)
_delete = shape(
    _base | {"type": one_of("Delete"), "to": _urls, "object": any_of(url, shape({"id": url}))},
    {"cc": _urls, "summary": maybe(text), "removeData": maybe(boolean), "withReplies": maybe(boolean)} | _audience,
)
_lock = shape(_addressed | {"type": one_of("Lock"), "object": url}, {"summary": maybe(text)} | _audience)
_block = shape(
    _addressed | {"type": one_of("Block"), "object": url, "target": url},
    {"removeData": maybe(boolean), "summary": maybe(text), "endTime": maybe(moment)} | _audience,
)
_change = shape(_addressed | {"object": url, "target": url}, _audience)
_flag = shape(
    _base | {"to": exactly_one(url), "object": any_of(url, each(url))},
    {"summary": maybe(text), "content": maybe(text)} | _audience,
)
_resolve = shape(_base | {"to": exactly_one(url), "object": any_of(url, shape({"id": url}))}, _audience)
_warn = shape(_base | {"to": exactly_one(url), "object": url, "summary": text, "audience": url})
_undoable = {
    "Follow": _undo_follow,
    "Like": shape(_base | {"object": _vote}, _audience),
    "Dislike": shape(_base | {"object": _vote}, _audience),
    "Delete": shape(_base | {"to": _urls, "object": _delete}, {"cc": _urls} | _audience),
    "Lock": shape(_addressed | {"object": _lock}, {"summary": maybe(text)} | _audience),
    "Block": shape(_addressed | {"object": _block}, {"restoreData": maybe(boolean)} | _audience),
}
_simple = {
    "Follow": _follow,
    "Like": _vote,
    "Dislike": _vote,
    "Delete": _delete,
    "Lock": _lock,
    "Block": _block,
    "Add": _change,
    "Remove": _change,
    "Flag": _flag,
    "Resolve": _resolve,
    "Warn": _warn,
}
_posts = frozenset({"Page", "Article", "Note", "Video", "Event"})


def receive(activity: dict[str, Any], world: World) -> None:
    """What arrives at the shared inbox. Raises Rejected, or Ignored where there was nothing for Lemmy in it."""
    if kind_of(activity) == "Announce":
        _announce(activity, world)
    else:
        _activity(activity, world)


def read(document: dict[str, Any], world: World) -> None:
    """What is fetched by its id."""
    kind = kind_of(document)
    if kind in {"Person", "Service", "Organization"}:
        _person(document)
    elif kind == "Group":
        _group(document)
    elif kind == "Application":
        _site(document)
    elif kind in _posts and document.get("inReplyTo") is None:
        _post(document, world)
    elif kind == "Note":
        _comment(document, world)
    elif kind in {"OrderedCollection", "Collection"}:
        _collection(document, world)
    else:
        raise Ignored(kind)


def _announce(activity: dict[str, Any], world: World) -> None:
    shape(_addressed | {"object": any_of(url, shape({"id": url, "actor": url}))})(activity)
    inner = activity["object"]
    if not isinstance(inner, dict):
        # Meant for microblogs: an id that leads to a post, where Lemmy looks for an activity.
        raise Ignored("Announce of an id")
    if not world.is_group(activity["actor"]):
        raise Rejected("only a Group announces activities")
    _visible(activity, activity["actor"], world)
    if world.is_ours(inner["actor"]):
        _activity(inner, world, community=activity["actor"])


def _activity(activity: dict[str, Any], world: World, *, community: str | None = None) -> None:
    kind, inner = kind_of(activity), activity.get("object")
    if kind in {"Accept", "Reject"}:
        if isinstance(inner, dict) and kind_of(inner) != "Follow":
            raise Ignored(f"{kind} of {kind_of(inner)}")
        _answer(activity)
    elif kind == "Undo":
        if not isinstance(inner, dict):
            raise Rejected("Undo by id only is read as the end of a follow")
        if kind_of(inner) not in _undoable or (kind_of(inner) == "Block" and "target" not in inner):
            raise Ignored(f"Undo of {kind_of(inner)}")
        _undoable[kind_of(inner)](activity)
    elif kind in {"Create", "Update"}:
        _written(activity, world, community)
    elif kind == "Block" and "target" not in activity:
        raise Ignored("a person's own, which Lemmy's kind of server is not sent")
    elif kind in _simple:
        _simple[kind](activity)
    else:
        raise Ignored(kind)
    if community is not None and activity.get("audience") not in (None, community):
        raise Rejected("the audience is another community than the one that announced it")


def _written(activity: dict[str, Any], world: World, community: str | None) -> None:
    inner = activity.get("object")
    kind = kind_of(inner)
    if kind == "Group":
        shape(_addressed | {"object": _group}, _audience)(activity)
        return
    if kind not in _posts | {"ChatMessage"}:
        raise Ignored(f"{kind_of(activity)} of {kind}")
    assert isinstance(inner, dict)
    addresses = [*ids(inner.get("to")), *ids(inner.get("cc"))]
    if PUBLIC not in addresses and not any(world.is_group(address) for address in addresses):
        _private(activity, inner, world)
        return
    shape(_addressed, _audience)(activity)
    if kind == "Note":
        # The wrapper that tells comments, posts and messages apart takes lists only.
        shape({"to": each(url), "cc": each(url)})(activity)
    if inner.get("inReplyTo") is None:
        _post(inner, world)
    else:
        _comment(inner, world)
    if community is not None and inner.get("audience") not in (None, community):
        raise Rejected("the post is of another community than the one that announced it")


def _private(activity: dict[str, Any], inner: dict[str, Any], world: World) -> None:
    """For people named only: a message to one of them. To several, or to followers, is nothing that Lemmy knows."""
    people = ids(inner.get("to"))
    if "content" not in inner and "name" in inner:
        raise Ignored("a vote in a poll")
    if len(people) != 1 or people[0].endswith("/followers"):
        raise Ignored("no message to one person")
    shape(_base | {"to": exactly_one(url), "object": _message})(activity)


def _post(document: dict[str, Any], world: World) -> None:
    _page(document)
    author = document["attributedTo"]
    if isinstance(author, str) and host(author) != host(document["id"]):
        raise Rejected("author and post are on different servers")
    if not document.get("name") and not document.get("content"):
        raise Rejected("neither a title nor a text")
    found = _first_group(document, world)
    if found is not None:
        _of_community(document, found, world)


def _comment(document: dict[str, Any], world: World) -> None:
    _note(document)
    if host(document["attributedTo"]) != host(document["id"]):
        raise Rejected("author and comment are on different servers")
    audience = document.get("audience")
    if audience is not None:
        _visible(document, audience, world)


def _of_community(document: dict[str, Any], found: str, world: World) -> None:
    audience = document.get("audience")
    if audience is not None and audience != found:
        raise Rejected(f"the first community addressed is {found}, the audience {audience}")
    _visible(document, found, world)


def _first_group(document: dict[str, Any], world: World) -> str | None:
    """The first of `to` and `cc`, merged as if both were sorted, that turns out to be a Group."""
    left, right = ids(document.get("to")), ids(document.get("cc"))
    while left or right:
        address = left.pop(0) if left and (not right or left[0] <= right[0]) else right.pop(0)
        if address != PUBLIC and world.is_group(address):
            return address
    return None


def _visible(document: dict[str, Any], community: str, world: World) -> None:
    is_public = PUBLIC in [*ids(document.get("to")), *ids(document.get("cc"))]
    private = world.is_private(community)
    if private is True and is_public:
        raise Rejected("public, in a private community")
    if private is False and not is_public:
        raise Rejected("not public, in a public community")


def _collection(document: dict[str, Any], world: World) -> None:
    owner, _, part = id_in(document).rpartition("/")
    if part == "moderators":
        shape({"type": one_of("OrderedCollection"), "id": url, "orderedItems": each(url)})(document)
    elif part == "featured" and world.is_group(owner):
        _ordered(document, _page)
    elif part == "outbox" and world.is_group(owner):
        # Items that it cannot read are passed over one by one; they have to be announcements all the same.
        _ordered(document, shape(_addressed | {"object": any_of(url, shape({"id": url, "actor": url}))}))
    else:
        # The number of followers is not necessary for Lemmy, and it takes no notice of another shape.
        raise Ignored(part)


def _ordered(document: dict[str, Any], item: Check) -> None:
    shape({"type": one_of("OrderedCollection"), "id": url, "totalItems": number, "orderedItems": each(item)})(document)
