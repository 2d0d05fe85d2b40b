"""Comparing with other servers who follows whom, so that a lost message does not leak posts for good (FEP-8fcf).

Deliveries to followers carry a digest of those on the receiving server. Where ours differs, the list is fetched from
the sender's own server, in a job (`correcting`), at most once an hour for each sender. It holds our own people only,
and nobody but a signature of that server gets to see such a list (S15).
"""

from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from federation.outbox.synchronization import HEADER, Synchronization, digest_of, header
from federation.vocab.base import host_of, origin_of, same_origin
from federation.vocab.collections import ordered_collection
from server.actors.models import Actor
from server.db.given import NUMBER, TEXT, given, hosts_given, rows_given
from server.instance import Instance

JOB = "actors.synchronise"
PART = "followers_synchronization"
MOST = 5_000
"""Longer lists are not compared: a part of one would cost the others their follows."""
PAUSE = timedelta(hours=1)
PER_HOST = 60
KEPT = 10_000
CACHE = "actors.synchronised"


@dataclass(frozen=True, slots=True)
class Part:
    """An actor's followers on one server: their digest, and how many."""

    digest: str
    total: int


@dataclass(slots=True)
class Heard:
    """What senders said lately, and how many jobs each of their hosts has caused in this hour; bounded in memory."""

    senders: OrderedDict[str, tuple[str, datetime]] = field(default_factory=OrderedDict)
    hosts: OrderedDict[str, tuple[datetime, int]] = field(default_factory=OrderedDict)


async def headers_for(here: Instance, sender: str, origins: Collection[str]) -> dict[str, dict[str, str]]:
    """The header for deliveries to a local actor's followers, by origin; none where there is nothing to compare."""
    row = await here.db.row("SELECT id FROM actor WHERE uri = :uri AND is_local", uri=sender)
    if row is None or not origins:
        return {}
    parts = await _parts_of(here, row["id"], origins)
    return {
        origin: {HEADER: header(Synchronization(f"{sender}/followers", f"{sender}/{PART}", part.digest))}
        for origin, part in parts.items()
        if 0 < part.total <= MOST
    }


async def _parts_of(here: Instance, actor_id: str, origins: Collection[str]) -> dict[str, Part]:
    """An actor's followers on some servers: what is known, and the rest worked out together."""
    found = await _known_parts(here, actor_id, origins)
    missing = sorted(set(origins) - found.keys())
    if not missing:
        return found
    lock = " FOR UPDATE" if here.db.dialect == "postgres" else ""
    async with here.db.transaction():
        # Whoever changes follows changes the counts in this row, so nobody can in between.
        await here.db.row(f"SELECT id FROM actor WHERE id = :id{lock}", id=actor_id)
        rows = await here.db.rows(
            f"SELECT follower.host AS host, follower.uri AS uri FROM {given(here.db.dialect, host=TEXT)}"
            " CROSS JOIN actor AS follower CROSS JOIN follow"
            " WHERE follower.host = given.host AND follower.deleted_at IS NULL AND follow.follower_id = follower.id"
            " AND follow.target_id = :id AND follow.state = 'accepted' ORDER BY follow.id",
            id=actor_id,
            given=hosts_given(sorted({host_of(origin) for origin in missing})),
        )
        ids: dict[str, list[str]] = {origin: [] for origin in missing}
        for row in rows:
            origin = origin_of(row["uri"])
            if origin in ids and len(ids[origin]) <= MOST:
                ids[origin].append(row["uri"])
        worked_out = {origin: Part(digest_of(uris[:MOST]), len(uris)) for origin, uris in ids.items()}
        await here.db.execute(
            "INSERT INTO followers_digest (key, actor_id, digest, total)"
            " SELECT key, CAST(:actor_id AS TEXT), digest, total FROM "
            + given(here.db.dialect, key=TEXT, digest=TEXT, total=NUMBER)
            + " WHERE TRUE ORDER BY key"
            " ON CONFLICT (key) DO UPDATE SET digest = excluded.digest, total = excluded.total",
            actor_id=actor_id,
            given=rows_given(
                {"key": f"{actor_id}:{origin}", "digest": part.digest, "total": part.total}
                for origin, part in worked_out.items()
            ),
        )
    return found | worked_out


async def _known_parts(here: Instance, actor_id: str, origins: Collection[str]) -> dict[str, Part]:
    keys = {f"{actor_id}:{origin}": origin for origin in origins}
    rows = await here.db.rows(
        "SELECT followers_digest.key, followers_digest.digest, followers_digest.total FROM followers_digest"
        f" JOIN {given(here.db.dialect, key=TEXT)} ON given.key = followers_digest.key",
        given=rows_given({"key": key} for key in keys),
    )
    return {keys[row["key"]]: Part(row["digest"], row["total"]) for row in rows}


async def part_of(here: Instance, actor_id: str, origin: str) -> Part:
    """An actor's followers on one server, computed once until they change (`removal.recount` forgets it)."""
    return (await _parts_of(here, actor_id, [origin]))[origin]


async def followers_at(here: Instance, actor_id: str, origin: str) -> list[str]:
    """Ids of an actor's followers with this scheme and host; one more than are compared, at most."""
    rows = await here.db.rows(
        "SELECT follower.uri AS uri FROM follow JOIN actor follower ON follower.id = follow.follower_id"
        " WHERE follow.target_id = :id AND follow.state = 'accepted' AND follower.host = :host"
        " AND follower.deleted_at IS NULL ORDER BY follow.id LIMIT :limit",
        id=actor_id,
        host=host_of(origin),
        limit=MOST + 1,
    )
    return [row["uri"] for row in rows if same_origin(row["uri"], origin)]


async def collection_for(here: Instance, actor: Actor, reader: str | None) -> dict[str, object] | None:
    """The part of the followers that lives where this reader does; for a reader we cannot name, there is none."""
    if reader is None:
        return None
    ids = await followers_at(here, actor.id, origin_of(reader))
    if len(ids) > MOST:
        return None
    items: list[dict[str, object] | str] = [*ids]
    return ordered_collection(f"{actor.uri}/{PART}", len(ids), items=items, attributed_to=actor.uri)


async def heard(here: Instance, sender: str, said: Synchronization) -> None:
    """A sender told us the digest of its followers here: compare it later, unless that was done just now."""
    now = here.clock.now()
    memory: Heard = here.caches.setdefault(CACHE, Heard())
    last = memory.senders.get(sender)
    if last is not None and last[0] == said.digest and now - last[1] < PAUSE:
        return
    host = host_of(sender)
    since, count = memory.hosts.get(host, (now, 0))
    since, count = (now, 0) if now - since >= PAUSE else (since, count)
    if count >= PER_HOST:
        return
    _keep(memory.senders, sender, (said.digest, now))
    _keep(memory.hosts, host, (since, count + 1))
    payload = {"sender": sender, "collection": said.collection, "url": said.url, "digest": said.digest}
    await here.jobs.enqueue(JOB, payload, unique=f"{JOB}:{sender}"[:200])


def _keep(memory: OrderedDict[str, Any], key: str, value: object) -> None:
    memory[key] = value
    memory.move_to_end(key)
    if len(memory) > KEPT:
        memory.popitem(last=False)
