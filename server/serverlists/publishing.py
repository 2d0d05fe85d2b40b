"""The list that this server publishes of what it decided about others, where an admin chose that; as a file, always."""

import hashlib
import json
from datetime import datetime

from federation.ports import Reader, Served
from federation.vocab.serverlists import MAX_SERVERS, PATH, Entry, ServerList, serverlist_document
from server.actors import keys
from server.db import from_milliseconds
from server.instance import Instance
from server.peers import choices
from server.peers.policy import NORMAL, TRUSTED
from server.serverlists import formats, policy

_MADE = "serverlists.made"


def address(here: Instance) -> str:
    """Where the list of this server stands, once it is published."""
    return here.url(PATH)


async def entries(here: Instance, *, trusted: bool) -> list[Entry]:
    """What admins decided, by host: restrictions, and with `trusted` whom they trust; with reasons for everybody."""
    rows = await here.db.rows(
        "SELECT host, grade, public_note FROM peer WHERE graded_at IS NOT NULL AND grade <> :normal ORDER BY host"
        " LIMIT :limit",
        normal=NORMAL,
        limit=MAX_SERVERS,
    )
    return [
        Entry(row["host"], row["grade"], formats.reason_of(row["public_note"]))
        for row in rows
        if trusted or row["grade"] != TRUSTED
    ]


async def provide(here: Instance, uri: str, page: str | None, reader: Reader) -> Served | None:
    """Serve ``/ap/servers`` to anybody, where admins chose to publish it; signed anew every hour and after changes."""
    published = choices.published(here)
    if uri != address(here) or page is not None or not published:
        return None
    now = here.clock.now()
    version = choices.list_version(here)
    stamp = (version, published, here.site.name, int(now.timestamp()) // 3600)
    made: tuple[object, Served] | None = here.caches.get(_MADE)
    if made is not None and made[0] == stamp:
        return made[1]
    signer = await keys.signer(here, here.url("/ap/actor"))
    if signer is None:
        return None
    served = _served(here.engine.proof(signer, await _document(here, version, now)))
    here.caches[_MADE] = (stamp, served)
    return served


async def _document(here: Instance, version: int, now: datetime) -> dict[str, object]:
    listed = ServerList(
        id=address(here),
        actor=here.url("/ap/actor"),
        name=here.site.name,
        version=version,
        valid_until=now + policy.GOOD_FOR,
        entries=tuple(await entries(here, trusted=choices.published(here) == choices.EVERYTHING)),
    )
    return serverlist_document(listed, updated=from_milliseconds(version))


def _served(document: dict[str, object]) -> Served:
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return Served(body=body, etag=f'"{hashlib.sha256(body).hexdigest()[:32]}"', exempt_from_authorized_fetch=True)
