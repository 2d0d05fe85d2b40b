"""The header that compares two servers' ideas of who follows somebody (FEP-8fcf). Pure."""

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from federation.vocab.base import is_web_uri, same_origin

HEADER = "Collection-Synchronization"
NOBODY = "0" * 64
MAX_CHARACTERS = 2000

_PARAMETER = re.compile(r'\s*([A-Za-z]+)\s*=\s*"([^"\\]*)"\s*(?:,|\Z)')
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Synchronization:
    """What a sender says of its followers on one server: the collection, where that part of it is, and its digest."""

    collection: str
    url: str
    digest: str


def digest_of(ids: Iterable[str]) -> str:
    """The SHA-256 digests of all ids, combined by exclusive or: the order does not matter."""
    total = 0
    for each in ids:
        total ^= int.from_bytes(hashlib.sha256(each.encode()).digest(), "big")
    return f"{total:064x}"


def header(found: Synchronization) -> str:
    """The value of the header."""
    return f'collectionId="{found.collection}", url="{found.url}", digest="{found.digest}"'


def said_by(signer: str, headers: Mapping[str, Sequence[str]], *, covered: Collection[str]) -> Synchronization | None:
    """What the signer of a request says of its followers: where its signature covers that, and about its own server."""
    name = HEADER.lower()
    values = headers.get(name, ())
    found = read(values[0]) if name in covered and len(values) == 1 else None
    if found is None or not same_origin(found.collection, signer) or not same_origin(found.url, signer):
        return None
    return found


def read(value: str) -> Synchronization | None:
    """The header as it came; None for anything that is not exactly one."""
    if len(value) > MAX_CHARACTERS:
        return None
    parameters: dict[str, str] = {}
    position = 0
    while position < len(value):
        match = _PARAMETER.match(value, position)
        if match is None or match[1].lower() in parameters:
            return None
        parameters[match[1].lower()] = match[2]
        position = match.end()
    collection, url = parameters.get("collectionid", ""), parameters.get("url", "")
    digest = parameters.get("digest", "").lower()
    if not is_web_uri(collection) or not is_web_uri(url) or _DIGEST.fullmatch(digest) is None:
        return None
    return Synchronization(collection, url, digest)
