"""Which posts leave this server, and to whom: what the rules of visibility come to, in this mode and at this moment."""

from dataclasses import dataclass

from server.instance import Instance
from server.peers import policy as peer_policy
from server.peers import queries as peers
from server.posts import policy
from server.posts.details import extras_of

ANYBODY, CHOSEN, NETWORK, MEMBERS, FOLLOWERS, NAMED, NOBODY = (
    "anybody",
    "chosen",
    "network",
    "members",
    "followers",
    "named",
    "nobody",
)
"""Whom something goes to, in one word each; `web` says it in sentences."""
_GOES_TO = {
    policy.PUBLIC: ANYBODY,
    policy.UNLISTED: ANYBODY,
    policy.NETWORK: NETWORK,
    policy.MEMBERS: MEMBERS,
    policy.FOLLOWERS: FOLLOWERS,
    policy.DIRECT: NAMED,
}


@dataclass(frozen=True, slots=True)
class AudienceLine:
    """An audience, and to whom it goes in this mode. `lookers`: those too whom a consortium only lets look on."""

    visibility: str
    goes_to: str
    lookers: bool


@dataclass(frozen=True, slots=True)
class KindLine:
    """A kind of post: the type that others read, and what is served beside it, by name."""

    kind: str
    object_type: str
    beside: tuple[str, ...]


def audiences(here: Instance) -> list[AudienceLine]:
    """Every audience, the widest first."""
    mode, window = peers.mode(here), peers.window(here)
    lines = []
    for visibility in policy.VISIBILITIES:
        goes_to = _GOES_TO[visibility] if visibility in policy.ON_THE_WIRE else NOBODY
        if mode == peer_policy.CLOSED:
            goes_to = NOBODY
        elif mode == peer_policy.CONSORTIUM and goes_to == ANYBODY and not window:
            goes_to = CHOSEN
        lines.append(AudienceLine(visibility, goes_to, bool(window) and visibility in policy.OPEN))
    return lines


def kinds(here: Instance) -> list[KindLine]:
    """Every kind of post with its type on the wire."""
    return [
        KindLine(
            kind, policy.object_type(kind, "" if kind in {"reply", "note", "tried"} else kind), _beside(here, kind)
        )
        for kind in policy.KINDS
    ]


def _beside(here: Instance, kind: str) -> tuple[str, ...]:
    return ("replies", "likes", "shares", *sorted(extras_of(here, kind).collections))
