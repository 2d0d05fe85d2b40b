"""What may become of a list of servers: pure functions."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from federation.vocab.serverlists import Entry, ServerList
from server.peers import policy as peers

GOOD_FOR = timedelta(days=7)
"""So long a list that we publish is good."""
FETCH_EVERY = timedelta(hours=6)
MAX_LISTS = 40

FILE, SIGNED, CSV = KINDS = ("file", "signed", "csv")
NEW, TAKEN, SKIPPED, GONE = STATES = ("new", "taken", "skipped", "gone")
OLDER, EXPIRED, TWO = TROUBLES = ("older", "expired", "two")
"""Why a list is not taken over, besides what may be wrong with any document."""

OWN, OTHER_LIST, NETWORK, OURSELVES, CUTS_OFF = REASONS = ("own", "list", "network", "us", "cuts_off")
"""Why something of a list waits for an admin: they decided otherwise themselves, another list says something else, the
server is in a network with us, it is this server, or somebody here would be cut off."""
NEVER = frozenset({OWN, NETWORK, OURSELVES})
"""Of these, what is not done from the page of a list at all: whoever wants it decides about that server itself."""


def digest_of(entries: Iterable[Entry]) -> str:
    """What a list says, as a short number: one version says one thing."""
    said = sorted([entry.host, entry.grade, entry.reason] for entry in entries)
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")).hexdigest()


def trouble_with(listed: ServerList, *, version: int, digest: str, now: datetime) -> str:
    """Why an authentic list is not taken over, in one word; nothing where it may be."""
    if listed.valid_until < now:
        return EXPIRED
    if listed.version < version:
        return OLDER
    return TWO if listed.version == version and digest and digest_of(listed.entries) != digest else ""


def decided_otherwise(host: str, grade: str, own: Mapping[str, str]) -> bool:
    """Whether admins decided otherwise: about this very host, or about one inside of it that a block would cover."""
    if host in own:
        return own[host] != grade
    if grade in {peers.TRUSTED, peers.NORMAL}:
        return False
    return any(host in peers.candidates(inside)[1:] and own[inside] != grade for inside in own)
