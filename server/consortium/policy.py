"""What may become of a network and of those in it: pure functions, and the limits."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from federation.vocab.memberlists import MAX_MEMBERS, MemberList
from server.actors.policy import clean_name
from server.errors import Invalid
from server.peers.policy import MEMBER, MET, PARTED
from server.text import clean_text

MAX_NAME = 80
MAX_PURPOSE = 500
MAX_GUIDELINES = 10_000
MAX_MESSAGE = 1_000
MAX_REASON = 1_000
MAX_WAITING = 200
"""So many may ask at once: more are not written down (S24)."""
MAX_ROWS = MAX_MEMBERS + 1_500
"""So many are remembered of one network, those who left included."""
CHANGES_KEPT = 20

GOOD_FOR = timedelta(days=7)
"""So long a list is good; its host signs it anew whenever somebody reads it."""
FETCH_EVERY = timedelta(minutes=50)
"""What a host could not tell us has its effect within the hour."""
GOODBYE = timedelta(minutes=10)
"""So long those who part can still hear each other: to be told so."""

OLDER, EXPIRED, TWO = TROUBLES = ("older", "expired", "two")
"""Why a list is not taken over, besides what may be wrong with any document."""


def digest_of(listed: MemberList) -> str:
    """What a list says, as a short number: one version says one thing. Names of members may change without it."""
    said = [listed.name, listed.purpose, listed.guidelines, [item.actor for item in listed.members]]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")).hexdigest()


def trouble_with(listed: MemberList, *, version: int, digest: str, now: datetime) -> str:
    """Why an authentic list is not taken over, in one word; nothing where it may be."""
    if listed.valid_until < now:
        return EXPIRED
    if listed.version < version:
        return OLDER
    return TWO if listed.version == version and digest_of(listed) != digest else ""


def vouched(members: Mapping[str, tuple[str, bool, datetime]], now: datetime) -> dict[str, str]:
    """What a network says of hosts, from the state of each host, whether that is applied, and since when it is so."""
    found: dict[str, str] = {}
    for host, (state, applied, since) in members.items():
        if applied:
            found[host] = MEMBER
        elif state in {"expected", "asked"} or (state in {"refused", "removed", "left"} and now - since < GOODBYE):
            found[host] = MET
        elif state in {"removed", "left"}:
            found[host] = PARTED
    return found


def checked(name: str, purpose: str, guidelines: str) -> tuple[str, str, str]:
    """What a host says of a network, tidied; raises Invalid with all that is missing."""
    name, purpose, guidelines = (
        clean_name(name, MAX_NAME + 1),
        clean_text(purpose).strip(),
        clean_text(guidelines).strip(),
    )
    wrong: list[Invalid] = []
    if not name:
        wrong.append(Invalid("Give the network a name.", field="name"))
    if not purpose:
        wrong.append(Invalid("Say in a sentence what the network is for.", field="purpose"))
    for field, text, most in (
        ("name", name, MAX_NAME),
        ("purpose", purpose, MAX_PURPOSE),
        ("guidelines", guidelines, MAX_GUIDELINES),
    ):
        if len(text) > most:
            wrong.append(Invalid(f"Use at most {most} characters.", field=field))
    if wrong:
        first, *others = wrong
        raise Invalid(first.message, field=first.field, others=tuple(others))
    return name, purpose, guidelines
