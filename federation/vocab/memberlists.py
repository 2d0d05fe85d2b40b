"""Lists of servers that trust each other: written by the server that hosts one, read by its members.

A list is a Collection of actors of servers, by id and name, with an integrity proof by the actor of its host. Nothing
in it is believed for having been parsed: whose proof it carries is for the caller to check.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from federation.errors import InvalidDocument
from federation.vocab.base import (
    dicts_of,
    host_of,
    id_of,
    is_web_uri,
    non_negative,
    origin_of,
    same_origin,
    text_of,
    timestamp,
    timestamp_of,
    types_of,
)
from federation.vocab.collections import Item, collection

KIND = "consortium"
MAX_MEMBERS = 500
MAX_VERSION = 2**53
MAX_URI = 500
SERVER_ACTOR = "/ap/actor"


@dataclass(frozen=True, slots=True)
class Listed:
    """One server of a list: the id of its actor, and how it is called."""

    actor: str
    name: str

    @property
    def host(self) -> str:
        """Its host, with the port where there is one."""
        return host_of(self.actor)


@dataclass(frozen=True, slots=True)
class MemberList:
    """A list as its host published it. `guidelines` is Markdown; it is good until `valid_until`."""

    id: str
    host_actor: str
    name: str
    purpose: str
    guidelines: str
    version: int
    url: str
    valid_until: datetime
    members: tuple[Listed, ...]


def server_actor_of(uri: str) -> str:
    """The only id that the actor of a server with member lists has: nobody there can occupy it."""
    return origin_of(uri) + SERVER_ACTOR


def is_memberlist(document: Mapping[str, object]) -> bool:
    """Whether a document says that it is such a list."""
    return "Collection" in types_of(dict(document)) and document.get("kind") == KIND


def memberlist_document(listed: MemberList, *, guidelines_html: str, updated: datetime) -> dict[str, object]:
    """The list as its host serves it, still without its proof."""
    members: list[Item] = [{"id": item.actor, "type": "Application", "name": item.name} for item in listed.members]
    return collection(
        listed.id,
        len(listed.members),
        items=members,
        attributed_to=listed.host_actor,
        name=listed.name,
        url=listed.url,
        extra={
            "kind": KIND,
            "summary": listed.purpose,
            "content": guidelines_html,
            "source": {"content": listed.guidelines, "mediaType": "text/markdown"},
            "listVersion": listed.version,
            "validUntil": timestamp(listed.valid_until),
            "updated": timestamp(updated),
        },
    )


def parse_memberlist(document: Mapping[str, object]) -> MemberList:
    """A list from JSON; InvalidDocument for what is none, or says something that no list says."""
    uri, host_actor = id_of(document.get("id")), id_of(document.get("attributedTo"))
    if not is_memberlist(document) or uri is None or not is_web_uri(uri) or len(uri) > MAX_URI:
        raise InvalidDocument("This is no list of a network.")
    if host_actor is None or host_actor != server_actor_of(uri):
        raise InvalidDocument("A list belongs to the server where it stands.", "origin")
    version = non_negative(document.get("listVersion"))
    until = timestamp_of(document.get("validUntil"))
    if version is None or not 0 < version < MAX_VERSION or until is None:
        raise InvalidDocument("The list has no version, or no date until when it is good.")
    source = document.get("source")
    url = id_of(document.get("url"))
    name = text_of(document.get("name")).strip()
    if not name:
        raise InvalidDocument("The list has no name.")
    return MemberList(
        id=uri,
        host_actor=host_actor,
        name=name,
        purpose=text_of(document.get("summary")),
        guidelines=text_of(source.get("content")) if isinstance(source, dict) else "",
        version=version,
        url=url if url is not None and same_origin(url, uri) else uri,
        valid_until=until,
        members=_members(document.get("items")),
    )


def _members(items: object) -> tuple[Listed, ...]:
    if not isinstance(items, list) or len(items) > MAX_MEMBERS:
        raise InvalidDocument("The list has no members, or too many.")
    found: dict[str, Listed] = {}
    for item in dicts_of(items, limit=MAX_MEMBERS):
        actor = id_of(item)
        if actor is None or not is_web_uri(actor) or len(actor) > MAX_URI or actor != server_actor_of(actor):
            raise InvalidDocument("A member is no server.")
        found.setdefault(actor, Listed(actor, text_of(item.get("name")).strip() or host_of(actor)))
    if len(found) != len(items):
        raise InvalidDocument("A member is named twice, or not as a server.")
    return tuple(found.values())
