"""Who may read, reply and change what: pure rules of visibility, and the words for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

PUBLIC, UNLISTED, NETWORK, INSTANCE, MEMBERS, FOLLOWERS, DIRECT, PRIVATE = VISIBILITIES = (
    "public",
    "unlisted",
    "network",
    "instance",
    "members",
    "followers",
    "direct",
    "private",
)
OPEN = frozenset({PUBLIC, UNLISTED})
"""Readable by everybody."""
ON_THE_WIRE = frozenset({PUBLIC, UNLISTED, NETWORK, MEMBERS, FOLLOWERS, DIRECT})
"""Only these are ever sent or served to other servers; for the others no path to the wire exists."""
IS_NO_PLACE = "(actor.kind <> 'Group' AND NOT (actor.is_local AND actor.kind = 'Service'))"
"""Whoever passes a post on as a person would: neither a community, nor one of our own subjects."""
IN_COMMUNITIES = OPEN | {MEMBERS}
"""Only these reach the server of a community; a post for other readers is not the community's on the wire."""
COUNTED = frozenset({PUBLIC, UNLISTED, NETWORK, INSTANCE, MEMBERS})
"""Replies that may show in a count: the existence of others is nobody's business (S15)."""

KINDS = (
    "practice", "resource", "collection", "discussion", "ask", "challenge", "idea", "win", "thanks", "celebration",
    "proposal", "round", "vent", "tip", "poll", "session", "reply", "tried", "note",
)  # fmt: skip
STATES = ("draft", "visible", "held", "removed", "deleted")

# Which audiences lie inside which, whoever the people are. Members, followers and those named may be anywhere, so they
# are no part of the people here; who is named need be neither member nor of the network.
_INSIDE = {
    PUBLIC: frozenset(VISIBILITIES),
    UNLISTED: frozenset(VISIBILITIES) - {PUBLIC},
    NETWORK: frozenset({NETWORK, INSTANCE, PRIVATE}),
    INSTANCE: frozenset({INSTANCE, PRIVATE}),
    MEMBERS: frozenset({MEMBERS, PRIVATE}),
    FOLLOWERS: frozenset({FOLLOWERS, DIRECT, PRIVATE}),
    DIRECT: frozenset({DIRECT, PRIVATE}),
    PRIVATE: frozenset({PRIVATE}),
}

VISIBILITY_LABELS = {
    PUBLIC: "Everyone",
    UNLISTED: "Everyone with the link",
    NETWORK: "People of the network",
    INSTANCE: "People here",
    MEMBERS: "Members",
    FOLLOWERS: "Followers",
    DIRECT: "People named",
    PRIVATE: "Only me",
}
VISIBILITY_ICONS = {
    PUBLIC: "globe",
    UNLISTED: "globe",
    NETWORK: "people",
    INSTANCE: "people",
    MEMBERS: "communities",
    FOLLOWERS: "people",
    DIRECT: "people",
    PRIVATE: "lock",
}
KIND_LABELS = {
    "practice": "Practice",
    "resource": "Resource",
    "collection": "Collection",
    "discussion": "Discussion",
    "ask": "Question",
    "challenge": "Challenge",
    "idea": "Idea",
    "round": "Round",
    "proposal": "Proposal",
    "win": "Went well",
    "vent": "Off my chest",
    "thanks": "Thanks",
    "celebration": "Celebration",
    "tip": "Tip",
    "poll": "Poll",
    "session": "Event",
    "reply": "Reply",
    "tried": "Tried it",
    "note": "Post",
}
VENT, VENT_LASTS = "vent", timedelta(days=3)
"""What somebody gets off their chest, for members of a community here; no other server has it, and it is gone soon."""
PEERS = "peers"
"""The state of an answer that waits until peers had their time, or a round is closed; only its author sees it."""
ANOTHER_WAY = "another"
"""The manner of an answer that shows another way of doing what is asked."""
ANOTHER_WAY_TAG = "anotherway"
"""How people whose app has no box to tick say the same."""
ECHO = "echo"
"""The kind of a `Like` that says more than that a post was useful."""
ECHOES = {"ask": "meToo", "practice": "wouldTry", "tip": "wouldTry"}
"""What it says, by the kind of post, as it is called on the wire: that they have the same question, or would try it."""
OBJECT_TYPES = {"poll": "Question", "session": "Event"}
"""What is neither an Article nor a Note on the wire."""


@dataclass(frozen=True, slots=True)
class PostFacts:
    """What decides what somebody may do with a post."""

    is_local: bool
    is_own: bool
    moderates: bool
    state: str
    visibility: str
    locked: bool


def object_type(kind: str, title: str) -> str:
    """The ActivityStreams type of a post of ours: what has a title is an Article, everything else a Note."""
    return OBJECT_TYPES.get(kind) or ("Article" if title else "Note")


def narrower(a: str, b: str) -> str:
    """The narrower of two visibilities; of two that are not comparable the one that only names people."""
    if b in _INSIDE[a]:
        return b
    return a if a in _INSIDE[b] else DIRECT


def narrows(now: str, wanted: str) -> bool:
    """Whether everybody of `wanted` could read what is `now`, whoever they are: only then may it be changed so."""
    return wanted in _INSIDE.get(now, ())


def narrower_choices(now: str, *, in_community: bool) -> tuple[str, ...]:
    """What an author may narrow a post to, the widest first. People are named when writing, not afterwards."""
    circle = MEMBERS if in_community else FOLLOWERS
    offered = (UNLISTED, NETWORK, circle, INSTANCE, PRIVATE)
    return tuple(name for name in offered if name != now and narrows(now, name))


def reply_visibility(wanted: str, parent: str, *, same_author: bool) -> str:
    """The audience of a reply: as wanted, but never wider than that of what it answers (S15)."""
    if parent == FOLLOWERS and not same_author:
        # The followers of who replies are other people than those who could read what is answered.
        return DIRECT if wanted != PRIVATE else PRIVATE
    return narrower(wanted, parent)


def fitting(wanted: str, community: str) -> str:
    """The audience of a post in a community: never wider than the community's; its members are always inside."""
    if wanted in {DIRECT, PRIVATE, MEMBERS}:
        return wanted
    return narrower(wanted, community) if community != MEMBERS else MEMBERS


def may_edit(facts: PostFacts) -> bool:
    """Only who wrote it, here, and as long as it is there."""
    return facts.is_local and facts.is_own and facts.state in {"draft", "visible", "held", PEERS}


def may_delete(facts: PostFacts) -> bool:
    """Only who wrote it, here."""
    return facts.is_local and facts.is_own and facts.state != "deleted"


def may_moderate(facts: PostFacts) -> bool:
    """Stewards, for what others can see."""
    return (
        facts.moderates and facts.state in {"visible", "held", "removed"} and facts.visibility not in {DIRECT, PRIVATE}
    )


def may_reply(facts: PostFacts) -> bool:
    """Whoever can read it, unless the thread is closed."""
    return facts.state == "visible" and facts.visibility != PRIVATE and not facts.locked


def may_share(facts: PostFacts) -> bool:
    """Only what everybody may read is passed on."""
    return facts.state == "visible" and facts.visibility in OPEN


def addressing(
    visibility: str,
    *,
    public: str,
    followers: str,
    network: str = "",
    community: str | None = None,
    community_followers: str | None = None,
    parent_author: str | None = None,
    mentioned: Sequence[str] = (),
) -> tuple[list[str], list[str]]:
    """`to` and `cc` of a post (rules E3 and E4, and section 2.3 of FEDERATION.md).

    `public` is the id of the Public, `network` that of the author's server's network.

    Raises ValueError for a visibility that never leaves this server.
    """
    if visibility not in ON_THE_WIRE:
        raise ValueError(f"what is {visibility} has no address")
    to: list[str | None]
    cc: list[str | None]
    if visibility == MEMBERS:
        to, cc = [community, community_followers, parent_author], [*mentioned]
    elif visibility == NETWORK:
        to, cc = [network, parent_author], [*mentioned]
    elif visibility == DIRECT:
        to, cc = [parent_author, *mentioned], []
    elif visibility == FOLLOWERS:
        to, cc = [followers, parent_author], [*mentioned]
    elif visibility == UNLISTED:
        to, cc = (
            [community if parent_author is None else None, followers, parent_author],
            [public, community, *mentioned],
        )
    elif parent_author is None:
        to, cc = [community, public], [followers, *mentioned]
    else:
        to, cc = [public, parent_author], [community, followers, *mentioned]
    first = list(dict.fromkeys(item for item in to if item))
    return first, [item for item in dict.fromkeys(item for item in cc if item) if item not in first]
