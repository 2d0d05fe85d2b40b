"""What a server decided about others, as a list that it publishes: written by that server, read by whoever subscribes.

A list is a Collection of servers, each with a grade and a reason, with an integrity proof by the actor of the server
where it stands. Nothing in it is believed for having been parsed: whose proof it carries is for the caller to check.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from federation.errors import InvalidDocument
from federation.vocab.base import (
    dicts_of,
    id_of,
    is_web_uri,
    non_negative,
    text_of,
    timestamp,
    timestamp_of,
    types_of,
)
from federation.vocab.collections import Item, collection
from federation.vocab.memberlists import MAX_URI, MAX_VERSION, server_actor_of

KIND = "serverList"
PATH = "/ap/servers"
MAX_SERVERS = 3000
MAX_REASON = 200
GRADES = {"trusted": "trusted", "held": "held", "limited": "limited", "noMedia": "no_media", "blocked": "blocked"}
"""Grades by the words that stand for them on the wire."""
_WORDS = {grade: word for word, grade in GRADES.items()}
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,255}}\Z){_LABEL}(?:\.{_LABEL})+(?::[0-9]{{1,5}})?\Z")


@dataclass(frozen=True, slots=True)
class Entry:
    """What a list says of one server: its host, the grade, and why."""

    host: str
    grade: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ServerList:
    """A list as its server published it; it is good until `valid_until`."""

    id: str
    actor: str
    name: str
    version: int
    valid_until: datetime
    entries: tuple[Entry, ...]


def serverlist_document(listed: ServerList, *, updated: datetime) -> dict[str, object]:
    """The list as its server gives it out, still without its proof."""
    items: list[Item] = [_item(listed.id, entry) for entry in listed.entries]
    return collection(
        listed.id,
        len(items),
        items=items,
        attributed_to=listed.actor,
        name=listed.name,
        extra={
            "kind": KIND,
            "listVersion": listed.version,
            "validUntil": timestamp(listed.valid_until),
            "updated": timestamp(updated),
        },
    )


def _item(uri: str, entry: Entry) -> dict[str, object]:
    said: dict[str, object] = {
        "id": f"{uri}#{entry.host}",
        "type": "ph:Server",
        "name": entry.host,
        "ph:grade": _WORDS[entry.grade],
    }
    return said | {"summary": entry.reason} if entry.reason else said


def is_host(text: str) -> bool:
    """Whether a text is a plain host that something can be decided about: no pattern, no address of a page."""
    return _HOST.match(text) is not None


def parse_serverlist(document: Mapping[str, object]) -> ServerList:
    """A list from JSON; InvalidDocument for what is none, or says something that no list says.

    What is none of our grades is left out: another version may know more. A server that is named twice is an error.
    """
    uri, actor = id_of(document.get("id")), id_of(document.get("attributedTo"))
    is_list = "Collection" in types_of(dict(document)) and document.get("kind") == KIND
    if not is_list or uri is None or not is_web_uri(uri) or len(uri) > MAX_URI:
        raise InvalidDocument("This is no list of servers.")
    if actor is None or actor != server_actor_of(uri):
        raise InvalidDocument("A list belongs to the server where it stands.", "origin")
    version, until = non_negative(document.get("listVersion")), timestamp_of(document.get("validUntil"))
    if version is None or not 0 < version < MAX_VERSION or until is None:
        raise InvalidDocument("The list has no version, or no date until when it is good.")
    return ServerList(
        id=uri,
        actor=actor,
        name=text_of(document.get("name")).strip(),
        version=version,
        valid_until=until,
        entries=_entries(document.get("items")),
    )


def _entries(items: object) -> tuple[Entry, ...]:
    if not isinstance(items, list) or len(items) > MAX_SERVERS:
        raise InvalidDocument("The list has no servers, or too many.")
    found: dict[str, Entry] = {}
    for item in dicts_of(items, limit=MAX_SERVERS):
        host, grade = text_of(item.get("name")).strip().lower().rstrip("."), GRADES.get(text_of(item.get("ph:grade")))
        if not is_host(host):
            raise InvalidDocument("It names something that is no server.")
        if host in found:
            raise InvalidDocument("It names a server twice.")
        if grade is not None:
            found[host] = Entry(host, grade, text_of(item.get("summary")).strip()[:MAX_REASON])
    return tuple(found.values())
