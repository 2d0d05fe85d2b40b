"""Who may do what with a post, and the stamps that prove it: FEP-044f and GoToSocial's interaction policies."""

from collections.abc import Mapping
from dataclasses import dataclass

from federation.errors import InvalidDocument
from federation.vocab.base import PUBLIC, dicts_of, id_of, ids_of, is_web_uri, same_origin, text_of, types_of
from federation.vocab.contexts import with_context

LIKE, REPLY, ANNOUNCE, QUOTE = INTERACTIONS = ("like", "reply", "announce", "quote")

AUTOMATIC, ASK, NEVER = "automatic", "ask", "never"
"""What a policy says to somebody: go on, ask first and wait, or do not."""

MAX_NAMED = 100

REQUESTS = {"LikeRequest": LIKE, "ReplyRequest": REPLY, "AnnounceRequest": ANNOUNCE, "QuoteRequest": QUOTE}
_POLICIES = {LIKE: "canLike", REPLY: "canReply", ANNOUNCE: "canAnnounce", QUOTE: "canQuote"}
_STAMPS = {
    LIKE: "LikeAuthorization",
    REPLY: "ReplyAuthorization",
    ANNOUNCE: "AnnounceAuthorization",
    QUOTE: "QuoteAuthorization",
}
# GoToSocial 0.19 calls them approvals, with `object` and `target`.
_OLD_STAMPS = {LIKE: "LikeApproval", REPLY: "ReplyApproval", ANNOUNCE: "AnnounceApproval"}
_QUOTE_KEYS = ("quote", "quoteUrl", "quoteUri", "_misskey_quote")
_QUOTE_LINK = "_misskey_quote"


@dataclass(frozen=True, slots=True)
class SubPolicy:
    """Actors and collections that may do one thing at once (`automatic`), and those that ask first (`manual`)."""

    automatic: tuple[str, ...]
    manual: tuple[str, ...]


Policy = Mapping[str, SubPolicy]
"""What a post says of each interaction; what it does not mention follows from the defaults."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """An approval that can be looked up: `author` agreed that `interacting` does `kind` to `target`."""

    id: str
    kind: str
    author: str
    interacting: str
    target: str | None


def policy_of(document: Mapping[str, object]) -> dict[str, SubPolicy]:
    """What a post says about interactions, also in the words of GoToSocial before 0.20; empty where nothing."""
    said = document.get("interactionPolicy")
    found: dict[str, SubPolicy] = {}
    if isinstance(said, dict):
        for kind, key in _POLICIES.items():
            part = said.get(key)
            if isinstance(part, dict):
                automatic = _named(part, "automaticApproval", "always")
                manual = _named(part, "manualApproval", "approvalRequired")
                if automatic or manual:
                    found[kind] = SubPolicy(automatic, manual)
    return found


def verdict(policy: Policy, kind: str, actor: str, *, author: str, mentioned: bool = False) -> str:
    """What a policy says to an actor: AUTOMATIC, ASK or NEVER.

    Who is in a collection of the author's is for the author's server to say, so its members ask too.
    """
    part = policy.get(kind)
    if actor == author or (mentioned and kind == REPLY):
        return AUTOMATIC
    if part is None:
        return NEVER if kind == QUOTE else AUTOMATIC
    if actor in part.automatic:
        return AUTOMATIC
    if actor in part.manual:
        return ASK
    if PUBLIC in part.automatic:
        return AUTOMATIC
    others = {uri for uri in (*part.automatic, *part.manual) if uri != author}
    collections = {uri for uri in others if uri == PUBLIC or uri.rstrip("/").endswith(("/followers", "/following"))}
    return ASK if collections else NEVER


def policy_document(policy: Policy) -> dict[str, object]:
    """A policy of ours, as posts carry it."""
    document: dict[str, object] = {}
    for kind, part in policy.items():
        document[_POLICIES[kind]] = {"automaticApproval": list(part.automatic), "manualApproval": list(part.manual)}
    return document


def quote_of(document: Mapping[str, object]) -> str | None:
    """The id of the post that a post quotes, under whatever name; BookWyrm's `quote` is a text and never one."""
    if "Quotation" in types_of(dict(document)):
        return None
    candidates = [id_of(document.get(key)) for key in _QUOTE_KEYS]
    # FEP-e232: a link among the tags.
    for tag in dicts_of(document.get("tag"), limit=MAX_NAMED):
        if "Link" in types_of(tag) and text_of(tag.get("rel")).endswith(_QUOTE_LINK):
            candidates.append(id_of(tag.get("href")))
    own = id_of(document.get("id"))
    return next((uri for uri in candidates if uri is not None and uri != own and is_web_uri(uri)), None)


def stamp_on(document: Mapping[str, object], key: str) -> str | None:
    """The id of the stamp that a post or activity names under `key`."""
    uri = id_of(document.get(key))
    return uri if uri is not None and is_web_uri(uri) else None


def stamp_document(stamp: Stamp) -> dict[str, object]:
    """A stamp of ours; it names what it is about by id only (FEP-044f)."""
    return with_context(
        {
            "id": stamp.id,
            "type": _STAMPS[stamp.kind],
            "attributedTo": stamp.author,
            "interactingObject": stamp.interacting,
            "interactionTarget": stamp.target,
        }
    )


def parse_stamp(document: Mapping[str, object]) -> Stamp:
    """A Stamp from JSON, in the words of FEP-044f or of GoToSocial; InvalidDocument for anything else."""
    types = set(types_of(dict(document)))
    kind = next((kind for kind in INTERACTIONS if types & {_STAMPS[kind], _OLD_STAMPS.get(kind, "")}), None)
    uri, author = id_of(document.get("id")), id_of(document.get("attributedTo"))
    interacting = id_of(document.get("interactingObject") or document.get("object"))
    target = id_of(document.get("interactionTarget") or document.get("target"))
    if kind is None or uri is None or author is None or interacting is None or not same_origin(uri, author):
        raise InvalidDocument("This is not an approval.")
    return Stamp(id=uri, kind=kind, author=author, interacting=interacting, target=target)


def _named(part: Mapping[str, object], *keys: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for key in keys:
        for uri in ids_of(part.get(key), limit=MAX_NAMED):
            found[uri] = None
    return tuple(found)[:MAX_NAMED]
