"""Whom we talk to: pure functions of the federation mode and a server's grade (product/safety.md 5.7)."""

import re

from federation.errors import InvalidDocument
from federation.vocab.base import host_of
from server.errors import Invalid

TRUSTED, NORMAL, HELD, LIMITED, NO_MEDIA, BLOCKED = GRADES = (
    "trusted",
    "normal",
    "held",
    "limited",
    "no_media",
    "blocked",
)

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9_\-.]*[a-z0-9_])?)(:[0-9]{1,5})?")


def host_named(text: str) -> str:
    """The host in what a person typed: a domain, an address or a handle. Raises Invalid."""
    text = text.strip()
    if "://" not in text:
        text = "https://" + text.lstrip("@").rpartition("@")[2].rstrip(".")
    try:
        host = canonical(host_of(text))
    except InvalidDocument:
        host = ""
    if not _HOST.fullmatch(host) or ("." not in host and ":" not in host and host != "localhost"):
        raise Invalid("Write a domain, such as riverside.example.", field="host")
    return host


def canonical(host: str) -> str:
    """One spelling per host: lower-case, without a final dot."""
    name, colon, port = host.lower().partition(":") if not host.startswith("[") else (host.lower(), "", "")
    return name.rstrip(".") + colon + port


def candidates(host: str) -> list[str]:
    """The names under which a grade may stand for this host: itself, without its port, and its parent domains."""
    host = canonical(host)
    found = [host]
    bare = host if host.startswith("[") else host.partition(":")[0]
    if bare != host:
        found.append(bare)
    labels = bare.split(".")
    if not bare.startswith("[") and not labels[-1].isdigit():
        found.extend(".".join(labels[start:]) for start in range(1, len(labels) - 1))
    return found


def talks(mode: str, grade: str, *, chosen: bool) -> bool:
    """Whether anything passes between us and a server. `chosen`: an admin graded it; consortium mode asks for that."""
    if mode == "closed" or grade == BLOCKED:
        return False
    return mode != "consortium" or chosen


def holds_first_posts(mode: str, grade: str) -> bool:
    """Whether a stranger's first post from there waits for a steward."""
    if grade == TRUSTED:
        return False
    return grade in {HELD, LIMITED} or mode == "careful"
