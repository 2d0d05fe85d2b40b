"""The documents of local actors: Person, Group, Application and Service, and their collections."""

import hashlib
import json
import mimetypes
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from federation.ports import Reader, Served
from federation.vocab.actors import actor_document, actor_tombstone
from federation.vocab.collections import ordered_collection
from server.actors import keys, synchronising
from server.actors.models import Actor
from server.instance import Instance
from server.peers import queries as peers
from server.shelf import MadeFrom, Shelf

OUTBOX = "actors.outbox"
FEATURED = "actors.featured"
MODERATORS = "actors.moderators"
GROUP_FACTS = "actors.group_facts"
SHELF = "actors.documents"

_MADE_FROM = (
    MadeFrom("actor_key", "t.actor_id = actor.id", ("id", "kind", "generation", "public_text")),
    MadeFrom("retired_key", "t.actor_id = actor.id", ("key_id", "kind", "public_text", "retired_at"), order="t.key_id"),
    MadeFrom("community", "t.id = actor.id"),
    MadeFrom("topic", "t.community_id = actor.id"),
)
"""What `build_actor_document` and GROUP_FACTS look at."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A collection, or one page of it; `modified` is when it last changed, where that is known."""

    document: dict[str, object]
    modified: datetime | None = None


CollectionHook = Callable[[Actor, str | None, Reader], Awaitable[Listed | None]]
"""``hook(actor, page, reader)``: the collection, or one page of it; None for a page that does not exist.

Features above put theirs into `here.caches` under OUTBOX, FEATURED or MODERATORS.
"""
GroupHook = Callable[[Actor], Awaitable[dict[str, object]]]
"""Under GROUP_FACTS: further keywords of `actor_document` for a Group (posting_restricted, language, …)."""


async def build_actor_document(here: Instance, actor: Actor) -> dict[str, object]:
    """The document of a local actor as it is now."""
    known = await keys.public_keys(here, actor)
    (key_id, multikey), *former = known.multikeys
    options: dict[str, object] = {}
    if actor.kind == "Group":
        options["moderators"] = f"{actor.uri}/moderators"
        options["source_md"] = actor.summary_source
        hook: GroupHook | None = here.caches.get(GROUP_FACTS)
        if hook is not None:
            options |= await hook(actor)
    if actor.kind == "Application":
        options["extra"] = {"communities": here.url("/ap/communities")}
    else:
        options["featured"] = f"{actor.uri}/featured"
    return actor_document(
        id=actor.uri,
        kind=actor.kind,
        username=actor.username,
        domain=here.settings.domain,
        name=here.site.name if actor.kind == "Application" else actor.name,
        summary_html=actor.summary_html,
        url=actor.url,
        inbox=actor.inbox_url,
        outbox=f"{actor.uri}/outbox",
        followers=f"{actor.uri}/followers",
        following=f"{actor.uri}/following",
        shared_inbox=here.url("/ap/inbox"),
        published=actor.created_at,
        updated=max(actor.updated_at, actor.created_at),
        rsa_public_pem=known.rsa_pem,
        ed25519_multikey=multikey,
        ed25519_key_id=key_id,
        former_keys=former,
        manually_approves=actor.is_locked,
        discoverable=actor.discoverable,
        indexable=actor.indexable,
        icon=_picture(here, actor.avatar_url),
        image=_picture(here, actor.header_url),
        fields=[(item["name"], item["value"]) for item in actor.fields_json or ()],
        also_known_as=actor.also_known_as or (),
        moved_to=actor.moved_to,
        **options,  # type: ignore[arg-type]  # keywords that features above choose by name
    )


async def provide(here: Instance, uri: str, page: str | None, reader: Reader) -> Served | None:
    """Serve an actor or one of its collections; the registered provider of ``/ap/u``, ``/ap/c`` and ``/ap/actor``."""
    if reader.host is not None and not peers.may_receive(here, reader.host):
        return None
    actor_uri, part = _split(here, uri)
    if part:
        return await _provide(here, actor_uri, part, page, reader)
    # The instance actor has the name of the site, which is kept in memory.
    return await _shelf(here).get(
        actor_uri, partial(_provide, here, actor_uri, part, page, reader), besides=here.site.name
    )


def _shelf(here: Instance) -> Shelf:
    shelf: Shelf | None = here.caches.get(SHELF)
    if shelf is None:
        shelf = here.caches[SHELF] = Shelf(here.db, "actor", _MADE_FROM)
    return shelf


async def _provide(here: Instance, actor_uri: str, part: str, page: str | None, reader: Reader) -> Served | None:
    actor = await Actor.get_or_none(uri=actor_uri, is_local=True)
    if actor is None or actor.hidden:
        return None
    if actor.deleted_at is not None:
        return None if part else _served(await _gravestone(here, actor), status=410)
    if actor.suspended_at is not None:
        return None
    exempt = actor.kind == "Application"
    if not part:
        return _served(await build_actor_document(here, actor), exempt=exempt)
    found = await _collection(here, actor, part, page, reader)
    if found is None:
        return None
    return _served(found.document, exempt=exempt, public=reader.actor is None, modified=found.modified)


async def _gravestone(here: Instance, actor: Actor) -> dict[str, object]:
    known = await keys.public_keys(here, actor)
    return actor_tombstone(
        actor.uri,
        former_type=actor.kind,
        deleted=actor.deleted_at or actor.updated_at,
        rsa_public_pem=known.rsa_pem,
        multikeys=known.multikeys,
    )


async def _collection(here: Instance, actor: Actor, part: str, page: str | None, reader: Reader) -> Listed | None:
    address = f"{actor.uri}/{part}"
    if part in {"followers", "following"}:
        # Only the count: who follows whom is not for everybody (product/safety.md).
        total = actor.followers_count if part == "followers" else actor.following_count
        return None if page else Listed(ordered_collection(address, total, attributed_to=actor.uri))
    if part == synchronising.PART:
        part_there = None if page else await synchronising.collection_for(here, actor, reader.actor)
        return None if part_there is None else Listed(part_there)
    hook: CollectionHook | None = here.caches.get(
        {"outbox": OUTBOX, "featured": FEATURED, "moderators": MODERATORS}.get(part, "")
    )
    if hook is not None:
        return await hook(actor, page, reader)
    if part in {"outbox", "featured"} and not page:
        return Listed(ordered_collection(address, 0, items=[], attributed_to=actor.uri))
    return None


def _split(here: Instance, uri: str) -> tuple[str, str]:
    """The actor's id and what follows it."""
    parts = uri.removeprefix(here.url("/ap/")).split("/")
    count = 1 if parts[0] == "actor" else 2
    return here.url("/ap/" + "/".join(parts[:count])), "/".join(parts[count:])


def _picture(here: Instance, path: str | None) -> tuple[str, str] | None:
    if not path:
        return None
    address = here.url(path) if path.startswith("/") else path
    return address, mimetypes.guess_type(address)[0] or "image/webp"


def _served(
    document: dict[str, object],
    *,
    status: int = 200,
    exempt: bool = False,
    public: bool = True,
    modified: datetime | None = None,
) -> Served:
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return Served(
        body=body,
        status=status,
        etag=f'"{hashlib.sha256(body).hexdigest()[:32]}"',
        public=public,
        exempt_from_authorized_fetch=exempt,
        modified=modified,
    )
