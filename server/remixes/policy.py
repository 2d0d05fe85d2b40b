"""Who may make what out of a practice: the licence gate and the audience, as pure functions.

The licence gate follows what the licences of Creative Commons 4.0 say about adapted material. ND lets nobody share what
they changed; SA wants the same licence again; NC stays; attribution stays, so that only what is free of it may become
CC0. Without a licence that we know, nothing was allowed. To change something for oneself is always possible.
"""

from dataclasses import dataclass
from typing import Literal

from server.posts.policy import DIRECT, FOLLOWERS, INSTANCE, MEMBERS, NETWORK, OPEN, PRIVATE, PUBLIC, UNLISTED
from server.text import LICENCES

Wish = Literal["publish", "keep"]

NO_DERIVATIVES = frozenset({"CC-BY-ND-4.0", "CC-BY-NC-ND-4.0"})
SHARE_ALIKE = frozenset({"CC-BY-SA-4.0", "CC-BY-NC-SA-4.0"})
NON_COMMERCIAL = frozenset({"CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", "CC-BY-NC-ND-4.0"})
RESERVED = "ARR"
NO_RIGHTS = "CC0-1.0"


@dataclass(frozen=True, slots=True)
class Allowed:
    """It may be done."""


@dataclass(frozen=True, slots=True)
class Denied:
    """It may not; `reason` is a sentence that says what is possible instead."""

    reason: str


Verdict = Allowed | Denied

_NOT_THERE = Denied("Its licence lets nobody share a changed version. Try it, or keep yours as a draft for yourself.")
_NOTHING_SAID = Denied(
    "Its author allows no changed versions: all rights are reserved, or no licence is given that we know. Ask them, or"
    " keep yours as a draft for yourself."
)
_SAME = Denied("Its licence wants the same licence for what is made from it. Choose that one.")
_KEEP_NC = Denied("Its author allows no business with it, and that has to stay so. Choose a licence with NC.")
_KEEP_BY = Denied("Its author has to be named, and CC0 asks nobody to do so. Choose another licence.")
_UNKNOWN = Denied("Choose one of the licences.")


def licence_gate(source: str, wanted: str, wish: Wish, *, is_own: bool = False) -> Verdict:
    """Whether a remix of something under the licence `source` may be published under `wanted`, or kept for oneself.

    `is_own`: whoever remixes wrote the source too, and has the rights to it.
    """
    if wish == "keep":
        return Allowed()
    if wanted not in LICENCES:
        return _UNKNOWN
    if is_own or source == NO_RIGHTS:
        return Allowed()
    if source not in LICENCES or source == RESERVED:
        return _NOTHING_SAID
    if source in NO_DERIVATIVES:
        return _NOT_THERE
    if source in SHARE_ALIKE:
        return Allowed() if wanted == source else _SAME
    if source in NON_COMMERCIAL:
        return Allowed() if wanted in NON_COMMERCIAL else _KEEP_NC
    return Allowed() if wanted != NO_RIGHTS else _KEEP_BY


def licence_choices(source: str, *, is_own: bool = False) -> tuple[str, ...]:
    """The licences that a remix may be published under, that of the source first; none where it may not be."""
    found = [name for name in LICENCES if licence_gate(source, name, "publish", is_own=is_own) == Allowed()]
    return tuple(sorted(found, key=lambda name: name != source))


def may_publish(source: str, *, is_own: bool = False) -> Verdict:
    """Whether a remix may be published at all."""
    if licence_choices(source, is_own=is_own):
        return Allowed()
    return licence_gate(source, NO_RIGHTS, "publish", is_own=is_own)


def fits(source: str, wanted: str, *, same_community: bool, is_own: bool = False) -> bool:
    """Whether a remix for the audience `wanted` reaches nobody who could not read a source for the audience `source`.

    Members are those of one community (`same_community`), followers those of one person (`is_own`).
    """
    if wanted == PRIVATE or source == PUBLIC:
        return True
    if source == UNLISTED:
        return wanted != PUBLIC
    if source == NETWORK:
        return wanted in {NETWORK, INSTANCE}
    if source == INSTANCE:
        return wanted == INSTANCE
    if source == MEMBERS:
        return wanted == MEMBERS and same_community
    return source == FOLLOWERS and wanted == FOLLOWERS and is_own


def is_open(visibility: str) -> bool:
    """Whether everybody may read what has this audience."""
    return visibility in OPEN


def may_offer(*, is_mine: bool, source_is_mine: bool, visibility: str) -> Verdict:
    """Whether a change may be offered back: one's own, to somebody else, who can read it."""
    if not is_mine:
        return Denied("Only who made the remix offers it.")
    if source_is_mine:
        return Denied("Both are yours: edit the first one.")
    if visibility in {INSTANCE, PRIVATE, DIRECT, FOLLOWERS}:
        return Denied("Its author cannot read your remix. Share it with more people first.")
    return Allowed()
