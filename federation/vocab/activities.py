"""Activities: one tolerant reader, and a strict writer per type we send."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Required, TypedDict, Unpack

from federation.errors import InvalidDocument
from federation.vocab.base import id_of, ids_of, items_of, text_of, timestamp, timestamp_of, type_of, types_of
from federation.vocab.contexts import with_context

# The last three lines are of Lemmy, PieFed, GoToSocial, Mastodon, PeerTube and FEPs.
ACTIVITY_TYPES = frozenset(
    {
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
    }
    | {"Join", "Leave", "Like", "Listen", "Move", "Offer", "Read", "Reject", "Remove", "TentativeAccept"}
    | {"TentativeReject", "Travel", "Undo", "Update", "View"}
    | {"Lock", "Warn", "Resolve", "ChooseAnswer", "TakeTurn", "PollVote", "EmojiReact", "WatchAction", "Rate"}
    | {"LikeRequest", "ReplyRequest", "AnnounceRequest", "QuoteRequest"}
)
"""Types of activity we can tell from objects. `Question` counts as an object: everybody uses it for polls."""

MAX_OBJECTS = 100

Json = dict[str, object]

Object = str | Json
JsonMap = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Activity:
    """An activity as somebody sent it; nothing in it is believed because it is here.

    `object` is the embedded object, if it is one and is embedded; `objects` are the ids of all objects.
    """

    id: str
    type: str
    actor: str
    object_id: str | None
    object: Json | None
    objects: tuple[str, ...]
    target: str | None
    origin: str | None
    to: tuple[str, ...]
    cc: tuple[str, ...]
    audience: tuple[str, ...]
    summary: str
    content: str
    published: datetime | None
    instrument: str | None
    raw: Json

    @property
    def object_type(self) -> str | None:
        """Type of the embedded object; None for an object that is given by id."""
        if self.object is None:
            return None
        types = types_of(self.object)
        return types[0] if types else None

    @property
    def recipients(self) -> tuple[str, ...]:
        """Everybody addressed: to, cc and audience, each once."""
        return tuple(dict.fromkeys((*self.to, *self.cc, *self.audience)))


def is_activity(document: object) -> bool:
    """Whether this is an activity rather than an object or an actor."""
    return isinstance(document, dict) and not ACTIVITY_TYPES.isdisjoint(types_of(document))


def parse_activity(document: JsonMap) -> Activity:
    """An Activity from JSON; InvalidDocument where it has no type or no actor.

    `id` is empty where there is none: GoToSocial's and old Pleroma's Deletes have none.
    """
    raw = dict(document)
    activity_type = type_of(raw, ACTIVITY_TYPES)
    actor = _first_id(raw.get("actor"))
    if actor is None:
        actor = _first_id(raw.get("attributedTo"))
    if actor is None:
        raise InvalidDocument("The activity has no actor.")
    found = raw.get("object")
    embedded = found[0] if isinstance(found, list) and len(found) == 1 else found
    return Activity(
        id=id_of(raw.get("id")) or "",
        type=activity_type,
        actor=actor,
        object_id=_first_id(found),
        object=embedded if isinstance(embedded, dict) else None,
        objects=ids_of(found, limit=MAX_OBJECTS),
        target=_first_id(raw.get("target")),
        origin=_first_id(raw.get("origin")),
        to=ids_of(raw.get("to")),
        cc=ids_of(raw.get("cc")),
        audience=ids_of(raw.get("audience")),
        summary=text_of(raw.get("summary")),
        content=text_of(raw.get("content")),
        published=timestamp_of(raw.get("published")),
        instrument=_first_id(raw.get("instrument")),
        raw=raw,
    )


def _first_id(value: object) -> str | None:
    return next((uri for item in items_of(value, limit=10) if (uri := id_of(item)) is not None), None)


class Parts(TypedDict, total=False):
    """What most activities are made of. `cc=None` leaves the key out."""

    id: Required[str]
    actor: Required[str]
    object: Required[Object | Sequence[str]]
    to: Sequence[str]
    cc: Sequence[str] | None
    audience: str | None
    published: datetime | None
    target: str | None
    origin: str | None
    summary: str | None
    content: str | None
    extra: JsonMap | None


def activity(type: str, **parts: Unpack[Parts]) -> Json:
    """Any activity, with its `@context`.

    An embedded object of ours gives its `@context` up to the activity's. An embedded activity is kept exactly as given,
    keys, order and `@context` included (FEP-1b12), and so is whatever carries a proof.
    """
    document: Json = {"id": parts["id"], "type": type, "actor": parts["actor"], "to": list(parts.get("to", ()))}
    cc, published = parts.get("cc", ()), parts.get("published")
    if cc is not None:
        document["cc"] = list(cc)
    _put(document, "audience", parts.get("audience"))
    _put(document, "published", timestamp(published) if published else None)
    document["object"] = _embedded(type, parts["object"])
    _put(document, "target", parts.get("target"))
    _put(document, "origin", parts.get("origin"))
    _put(document, "summary", parts.get("summary"))
    _put(document, "content", parts.get("content"))
    document.update(parts.get("extra") or {})
    return with_context(document)


def _embedded(type: str, value: Object | Sequence[str]) -> Object | list[str]:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        if type in ("Create", "Update", "Undo") and "proof" not in value:
            return {key: inner for key, inner in value.items() if key != "@context"}
        return value
    return list(value)


def create(**parts: Unpack[Parts]) -> Json:
    """Create: a new post or reply, embedded."""
    return activity("Create", **parts)


def update(**parts: Unpack[Parts]) -> Json:
    """Update: a changed post, or the actor itself, embedded."""
    return activity("Update", **parts)


def delete(**parts: Unpack[Parts]) -> Json:
    """Delete: by the author with a Tombstone, by a moderator with the id and a reason in `summary`."""
    return activity("Delete", **parts)


def follow(**parts: Unpack[Parts]) -> Json:
    """Follow an actor; addressed to it unless `to` says otherwise."""
    asked = parts["object"]
    parts.setdefault("to", [asked] if isinstance(asked, str) else ())
    parts.setdefault("cc", None)
    return activity("Follow", **parts)


def accept(**parts: Unpack[Parts]) -> Json:
    """Accept a Follow or a Join, embedded."""
    parts.setdefault("cc", None)
    return activity("Accept", **parts)


def reject(**parts: Unpack[Parts]) -> Json:
    """Reject a Follow, a Join, or a post to a community."""
    parts.setdefault("cc", None)
    return activity("Reject", **parts)


def undo(**parts: Unpack[Parts]) -> Json:
    """Undo an activity, embedded."""
    return activity("Undo", **parts)


def like(**parts: Unpack[Parts]) -> Json:
    """Like a post; `content` makes it an emoji reaction."""
    return activity("Like", **parts)


def announce(**parts: Unpack[Parts]) -> Json:
    """Announce: a post by its id, or (threadiverse) a whole activity exactly as it was received."""
    return activity("Announce", **parts)


def add(**parts: Unpack[Parts]) -> Json:
    """Add to a collection (`target`): a moderator, a pinned post."""
    return activity("Add", **parts)


def remove(**parts: Unpack[Parts]) -> Json:
    """Remove from a collection (`target`)."""
    return activity("Remove", **parts)


def move(**parts: Unpack[Parts]) -> Json:
    """Tell followers that an account moved to `target` (FEP-7628)."""
    return activity("Move", **parts)


def flag(**parts: Unpack[Parts]) -> Json:
    """Flag: a report. A list of ids for microblogs; one id, `audience` and `summary` for a threadiverse community."""
    parts.setdefault("cc", None)
    return activity("Flag", **parts)


def resolve(**parts: Unpack[Parts]) -> Json:
    """Resolve: the report `object` was decided upon (Lemmy's activity)."""
    parts.setdefault("cc", None)
    return activity("Resolve", **parts)


def block(*, remove_data: bool = False, end_time: datetime | None = None, **parts: Unpack[Parts]) -> Json:
    """Block: a ban from a community (`target`), until `end_time` if that is given."""
    extra: Json = {} if parts.get("target") is None else {"removeData": remove_data}
    if end_time is not None:
        extra["endTime"] = timestamp(end_time)
    parts["extra"] = {**extra, **(parts.get("extra") or {})}
    return activity("Block", **parts)


def lock(**parts: Unpack[Parts]) -> Json:
    """Lock a thread against replies."""
    return activity("Lock", **parts)


def choose_answer(**parts: Unpack[Parts]) -> Json:
    """ChooseAnswer: the reply `object` answers the question `target` (PieFed's activity, with our `target`)."""
    return activity("ChooseAnswer", **parts)


def take_turn(**parts: Unpack[Parts]) -> Json:
    """TakeTurn: the actor answered or passed in the round `object`; what they said is no part of it."""
    return activity("TakeTurn", **parts)


def offer(**parts: Unpack[Parts]) -> Json:
    """Offer what somebody made out of `target` to whoever wrote that; `content` says more."""
    return activity("Offer", **parts)


def quote_request(**parts: Unpack[Parts]) -> Json:
    """QuoteRequest (FEP-044f): may the post in `instrument` (in `extra`) quote `object`?"""
    parts.setdefault("cc", None)
    return activity("QuoteRequest", **parts)


def _put(document: Json, key: str, value: object) -> None:
    if value is not None:
        document[key] = value
