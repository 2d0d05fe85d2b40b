"""What an authentic actor may do at all: FEP-fe34, as far as it follows from ids alone. Pure.

Every refusal here is one that no moderator's role could lift. Where a moderator of a community might be acting on
somebody else's object, the activity passes, and the handler decides with `is_own` and the community's moderators.
"""

from federation.errors import Forbidden, InvalidDocument
from federation.vocab.activities import Activity, parse_activity
from federation.vocab.actors import is_actor
from federation.vocab.base import PUBLIC, host_of, id_of, same_origin, types_of
from federation.vocab.objects import authors_of

_OWN_ONLY_INSIDE_UNDO = frozenset(
    {"Like", "Dislike", "Follow", "Join", "EmojiReact", "Create", "Update", "Accept", "Vote", "Flag"}
)


def check(activity: Activity, *, via: str | None) -> None:
    """Raise Forbidden for what this actor may never do, InvalidDocument where the object is missing."""
    check_id(activity)
    match activity.type:
        case "Create":
            _check_create(activity)
        case "Update":
            _check_update(activity, via)
        case "Delete":
            _check_delete(activity, via)
        case "Undo":
            _check_undo(activity, via)
        case "Accept" | "Reject" | "TentativeAccept" | "TentativeReject":
            _check_answer(activity)
        case "Move":
            _check_move(activity, via)
        case "LikeRequest" | "ReplyRequest" | "AnnounceRequest" | "QuoteRequest":
            _check_request(activity)
        case (
            "Follow"
            | "Like"
            | "Dislike"
            | "EmojiReact"
            | "Add"
            | "Remove"
            | "Join"
            | "Leave"
            | "Lock"
            | "Flag"
            | "TakeTurn"
        ):
            _object_of(activity)


def check_id(activity: Activity) -> None:
    """The id of an activity belongs to its actor's server; nobody else may occupy it (S7, S8)."""
    host_of(activity.actor)
    if activity.id and not same_origin(activity.id, activity.actor):
        raise Forbidden("The activity's id belongs to another server.", "origin")


def is_arrival(activity: Activity, *, via: str | None) -> bool:
    """Whether an account says that another one moved to it (FEP-7628, pull mode).

    By itself that proves nothing: the old account's own server has to say the same.
    """
    return (
        activity.type == "Move"
        and via is None
        and activity.object is None
        and activity.target == activity.actor
        and activity.object_id not in {None, activity.actor}
    )


def is_own(activity: Activity) -> bool:
    """Whether the object lives on the actor's own server; otherwise only a moderator may change it."""
    return activity.object_id is not None and same_origin(activity.object_id, activity.actor)


def may_be_moderation(activity: Activity, *, via: str | None) -> bool:
    """Whether a community is involved that could have made the actor its moderator."""
    if via is not None or activity.audience:
        return True
    return any(uri != PUBLIC and not uri.endswith("/followers") for uri in (*activity.to, *activity.cc))


def _object_of(activity: Activity) -> str:
    if activity.object_id is None and not activity.objects:
        raise InvalidDocument(f"{activity.type} has no object.")
    return activity.object_id or activity.objects[0]


def _check_create(activity: Activity) -> None:
    if activity.object is None:
        for uri in activity.objects or (_object_of(activity),):
            if not same_origin(uri, activity.actor):
                raise Forbidden("The created object belongs to another server.", "origin")
        return
    check_owned(activity.object, activity.actor)


def check_owned(document: dict[str, object], actor: str) -> None:
    """An object belongs to its author: same server, and the actor among its authors (S7)."""
    object_id = id_of(document.get("id"))
    # GoToSocial's votes have no id; they are the actor's by being in its activity.
    if object_id is not None and not same_origin(object_id, actor):
        raise Forbidden("The object belongs to another server.", "origin")
    authors = authors_of(document)
    if authors and actor not in authors:
        raise Forbidden("The object names another author.")
    if any(not same_origin(author, actor) for author in authors):
        raise Forbidden("The object names an author on another server.", "origin")


def _check_update(activity: Activity, via: str | None) -> None:
    uri = _object_of(activity)
    if uri == activity.actor:
        return
    document = activity.object
    if document is not None and is_actor(document):
        # A moderator changes the community itself: only the community's own server can vouch for that.
        vouched = same_origin(uri, activity.actor) or (via is not None and same_origin(uri, via))
        if vouched and "Group" in types_of(document):
            return
        raise Forbidden("Nobody may change another's profile.")
    if not same_origin(uri, activity.actor):
        raise Forbidden("The updated object belongs to another server.", "origin")
    if document is not None:
        check_owned(document, activity.actor)


def _check_delete(activity: Activity, via: str | None) -> None:
    uri = _object_of(activity)
    if is_actor(activity.object) and uri != activity.actor:
        raise Forbidden("Nobody may delete another actor.")
    if not is_own(activity) and not may_be_moderation(activity, via=via):
        raise Forbidden("The deleted object belongs to another server.", "origin")


def _check_undo(activity: Activity, via: str | None) -> None:
    uri = _object_of(activity)
    if activity.object is None:
        if not same_origin(uri, activity.actor):
            raise Forbidden("The undone activity belongs to another server.", "origin")
        return
    inner = _inner(activity.object)
    if inner is None:
        return
    if inner.id and not same_origin(inner.id, inner.actor):
        raise Forbidden("The undone activity's id belongs to another server.", "origin")
    if inner.actor == activity.actor:
        return
    if inner.type in _OWN_ONLY_INSIDE_UNDO or inner.type == "Announce" or not may_be_moderation(activity, via=via):
        raise Forbidden("Nobody may undo what another did.")


def _check_answer(activity: Activity) -> None:
    _object_of(activity)
    if activity.object is None:
        return
    inner = _inner(activity.object)
    if inner is None or inner.object_id is None:
        return
    if inner.type == "Follow" and inner.object_id != activity.actor:
        raise Forbidden("Only who was asked may answer.")
    if not same_origin(inner.object_id, activity.actor):
        raise Forbidden("Only who was asked may answer.")


def _check_request(activity: Activity) -> None:
    """Who asks to interact asks for something of their own (FEP-044f, GoToSocial)."""
    _object_of(activity)
    if activity.instrument is None:
        raise InvalidDocument(f"{activity.type} does not say what is asked for.")
    if not same_origin(activity.instrument, activity.actor):
        raise Forbidden("Nobody asks for another.")
    document = activity.raw.get("instrument")
    if isinstance(document, dict):
        check_owned(document, activity.actor)


def _check_move(activity: Activity, via: str | None) -> None:
    uri = _object_of(activity)
    if is_actor(activity.object) and uri != activity.actor:
        raise Forbidden("Only an account itself may move.")
    # A post is moved between communities by their moderators, and by nobody else; what is named by its id only could
    # just as well be an account, so a community has to pass it on.
    if uri != activity.actor and not is_own(activity) and via is None:
        raise Forbidden("The moved object belongs to another server.", "origin")


def _inner(document: dict[str, object]) -> Activity | None:
    try:
        return parse_activity(document)
    except InvalidDocument:
        return None
