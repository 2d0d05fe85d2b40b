"""Fetching lists of others, and taking over what they say as drafts.

Nothing is believed that does not stand at its own address, carry the proof of that server's instance actor, be newer
than what we know, and be good today. What is refused changes nothing, and is told to the admins.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from federation.errors import FederationError, InvalidDocument, word_of
from federation.transport.documents import ACCEPT, is_activitypub_type
from federation.vocab.base import is_web_uri, origin_of, parse_json, same_origin
from federation.vocab.serverlists import PATH, Entry, ServerList, parse_serverlist
from server.actors.policy import clean_name
from server.db import insert_many
from server.errors import Invalid, NotFound
from server.ids import new_id
from server.instance import Instance
from server.peers import policy as peer_policy
from server.peers import queries as peers
from server.serverlists import formats, models, policy, taking

log = logging.getLogger("peerhall.serverlists")

FETCH = "serverlists.fetch"
MAX_BYTES = 1024 * 1024


def find(here: Instance, text: str) -> models.ServerList:
    """The list at an address that somebody typed, not read and not kept yet.

    A host alone stands for the list that this server publishes. Raises Invalid for what is no address.
    """
    text = text.strip()
    host = peer_policy.host_named(text)
    if here.is_local_uri(text) or host == here.settings.origin.split("://", 1)[1]:
        raise Invalid("That is this server.", field="address")
    if not peers.may_send(here, host):
        raise Invalid(f"This server does not talk with {host}. Grade it first.", field="address")
    is_address = "://" in text and urlsplit(text).path.strip("/") != ""
    origin = origin_of(text) if "://" in text else f"{here.settings.origin.split('://')[0]}://{host}"
    address = text if is_address else origin + PATH
    if not is_web_uri(address) or len(address) > 500:
        raise Invalid("Write an address that begins with https://", field="address")
    return models.ServerList(
        id=new_id(here.clock.now()), address=address, host=host, name=host, created_at=here.clock.now()
    )


async def read(here: Instance, known: models.ServerList) -> tuple[Entry, ...]:
    """What a list says now, once it proved itself; `known` gets kind and version. A FederationError otherwise."""
    address = str(known.address)
    answer = await here.engine.raw_get(address, accept=f"{ACCEPT}, text/csv, text/plain;q=0.5", max_bytes=MAX_BYTES)
    if not same_origin(answer.final_url, address):
        raise InvalidDocument("It leads to another server.", "origin")
    now = here.clock.now()
    if not is_activitypub_type(answer.content_type):
        if known.kind == policy.SIGNED:
            raise InvalidDocument("What was signed is not signed any more.", "proof")
        return _as_file(known, answer.body, now)
    document = parse_json(answer.body)
    listed = parse_serverlist(document)
    if listed.id != address:
        raise InvalidDocument("The list does not stand at its own address.", "origin")
    if not await here.engine.proof_valid(document):
        raise InvalidDocument("The list is not signed by its server.", "proof")
    trouble = policy.trouble_with(listed, version=known.version, digest=known.digest, now=now)
    if trouble:
        raise InvalidDocument(_SAID[trouble], trouble)
    _note(known, listed, now)
    return listed.entries


_SAID = {
    policy.OLDER: "The list is older than the one that we know.",
    policy.EXPIRED: "The list is not good any more.",
    policy.TWO: "The list says something else under the same version.",
}


def _note(known: models.ServerList, listed: ServerList, now: datetime) -> None:
    known.kind, known.version, known.digest = policy.SIGNED, listed.version, policy.digest_of(listed.entries)
    known.name = clean_name(listed.name) or known.host
    known.valid_until, known.fetched_at, known.left_out = listed.valid_until, now, 0


def _as_file(known: models.ServerList, body: bytes, now: datetime) -> tuple[Entry, ...]:
    """A file that nobody signed: it is read, and never has an effect by itself."""
    try:
        found = formats.read(body.decode("utf-8", "replace"), formats.BLOCKS)
    except Invalid as error:
        raise InvalidDocument(error.message) from error
    known.kind, known.applies, known.version = policy.CSV, False, 0
    known.digest, known.left_out, known.fetched_at = policy.digest_of(found.entries), len(found.left_out), now
    return found.entries


async def subscribe(here: Instance, text: str, *, applies: bool, by: str) -> models.ServerList:
    """Subscribe to the list at an address; what it says waits as drafts. Raises Invalid and NotFound."""
    known = find(here, text)
    if await models.ServerList.exists(address=known.address):
        raise Invalid("You have subscribed to this list already.", field="address")
    if await models.ServerList.all().count() >= policy.MAX_LISTS:
        raise Invalid("These are too many lists. Drop one first.", field="address")
    try:
        entries = await read(here, known)
    except FederationError as error:
        why = str(error) if isinstance(error, InvalidDocument) else "It does not answer, or publishes none."
        raise NotFound(f"{known.host} shows us no list. {why}") from error
    known.applies = applies and known.kind == policy.SIGNED
    async with here.db.transaction():
        await known.save(force_create=True)
        await take_over(here, known, entries)
        await taking.note(here, by, "peer.list.subscribe", str(known.address))
    return known


async def fetch(here: Instance, list_id: str) -> None:
    """The job: read a list again. What is refused changes nothing but what admins are told."""
    known = await models.ServerList.get_or_none(id=list_id)
    if known is None or known.address is None:
        return
    try:
        if not peers.may_send(here, known.host):
            raise InvalidDocument("This server does not talk with it.", "blocked")
        entries = await read(here, known)
    except FederationError as error:
        word = word_of(error)
        log.warning("the list at %s was not taken over: %s", known.address, error)
        await models.ServerList.filter(id=list_id).update(trouble=word[:12])
        return
    async with here.db.transaction():
        known.trouble = ""
        await known.save()
        await take_over(here, known, entries)


async def fetch_all(here: Instance, _: object = None) -> None:
    """Every few hours: read all of them again."""
    rows = await here.db.rows("SELECT id FROM server_list WHERE address IS NOT NULL ORDER BY id LIMIT 100")
    for row in rows:
        await here.jobs.enqueue(FETCH, row["id"], unique=f"{FETCH}:{row['id']}")


async def take_over(here: Instance, known: models.ServerList, entries: Sequence[Entry]) -> None:
    """Note what a list says now beside what it said, in the caller's transaction. Nothing of it has an effect yet."""
    rows = {item.host: item for item in await models.ServerListItem.filter(list_id=known.id)}
    there = {entry.host: entry for entry in entries}
    now = here.clock.now()
    added = [
        {
            "id": new_id(now),
            "list_id": known.id,
            "host": entry.host,
            "grade": entry.grade,
            "before": "",
            "reason": formats.reason_of(entry.reason),
            "state": policy.NEW,
        }
        for entry in entries
        if entry.host not in rows
    ]
    for start in range(0, len(added), 200):
        await insert_many(here.db, "server_list_item", added[start : start + 200])
    for host, item in rows.items():
        entry = there.get(host)
        if entry is None:
            if item.state == policy.TAKEN:
                item.state = policy.GONE
                await item.save()
            elif item.state != policy.GONE:
                await item.delete()
            continue
        reason = formats.reason_of(entry.reason)
        if item.grade != entry.grade:
            item.before, item.grade, item.state = item.grade, entry.grade, policy.NEW
        elif item.state == policy.GONE:
            item.state = policy.TAKEN
        elif item.reason == reason:
            continue
        item.reason = reason
        await item.save()
    if known.applies:
        await here.jobs.enqueue(taking.TAKE_ALL, {"list": known.id, "by": taking.BY_LIST})
