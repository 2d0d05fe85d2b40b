"""Questions that are needed today, across the network: the seats that our own people left free go to other servers.

Each is offered some seats, once for each question, and answers with how many people it told. What a server has not
answered stays taken, so that there are never more than five people in all; what it leaves free goes to the next.
"""

import hashlib
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from federation.errors import FederationError, TryLater
from federation.ports import Reader
from federation.vocab.base import host_of
from federation.vocab.memberlists import MAX_MEMBERS, SERVER_ACTOR, server_actor_of
from server.actors.models import Actor
from server.db import among
from server.ids import new_id
from server.instance import Instance
from server.needs.activities import telling
from server.needs.asking import A_DAY, MOST, OFFER, fitting, tell
from server.needs.models import NeedOffer, NeedToday
from server.peers.queries import is_of_network, network_hosts
from server.posts.audience import PROFILE, may_have
from server.posts.models import Post
from server.posts.policy import NETWORK, OPEN
from server.posts.receiving import find_or_fetch

TAKE = "needs.take"
LATE = timedelta(hours=1)
"""After this time nobody is asked any more: what was needed today has waited too long."""
SERVERS = 50
"""So many servers are asked about one question at most."""
OF_ONE_SERVER = 50
"""So many questions of one server are taken on a day."""


async def offer(here: Instance, payload: Any) -> None:
    """The job that offers the free seats of a question to servers that were not asked yet. One runs at a time."""
    now = here.clock.now()
    async with here.db.transaction():
        need = await NeedToday.get_or_none(id=str(payload["ask"]))
        ask = await Post.get_or_none(id=str(payload["ask"]), is_local=True)
        if need is None or need.asked is None or ask is None or not _is_open(ask) or now - need.at > LATE:
            return
        before = await NeedOffer.filter(ask_id=ask.id)
        free = MOST - need.asked - sum(one.seats if one.told is None else one.told for one in before)
        room = min(free, SERVERS - len(before))
        if room <= 0:
            return
        servers = await _servers(here, ask, {one.host for one in before}, room)
        for server, seats in zip(servers, shares(free, len(servers)), strict=True):
            row = await NeedOffer.create(id=new_id(now), ask_id=ask.id, host=server.host, seats=seats, at=now)
            await telling.send_invite(here, ask.uri, server, row)


async def receive_answer(here: Instance, row: NeedOffer, said: int) -> bool:
    """A server says how many it told: never more than its seats. False where it said so before."""
    async with here.db.transaction():
        told = max(0, min(said, row.seats))
        if not await NeedOffer.filter(id=row.id, told=None).update(told=told):
            return False
        if told < row.seats:
            await here.jobs.enqueue(OFFER, {"ask": row.ask_id}, unique=f"{OFFER}:{row.ask_id}")
    return True


async def take(here: Instance, payload: Any) -> None:
    """The job of a server that was asked: tell people of ours, and answer with their number. Once for each question."""
    invite, uri, seats = str(payload["invite"]), str(payload["ask"]), int(payload["seats"])
    host, now = host_of(uri), here.clock.now()
    if not is_of_network(here, host):
        return
    asker = await Actor.get_or_none(uri=server_actor_of(uri), is_local=False)
    if asker is None:
        return
    ask = await _question(here, uri) if now.timestamp() - int(payload["at"]) <= LATE.total_seconds() else None
    chosen = await fitting(here, ask, min(seats, MOST)) if ask is not None else []
    told = 0
    async with here.db.transaction():
        if ask is not None:
            is_first = await here.db.execute(
                "INSERT INTO need_today (id, author_id, at, asked) VALUES (:id, :author, :now, 0)"
                " ON CONFLICT (id) DO NOTHING",
                id=ask.id,
                author=ask.author_id,
                now=now,
            )
            if not is_first:
                return
            told = await tell(here, ask, chosen)
        await telling.send_answer(here, invite, asker, told)


def shares(free: int, servers: int) -> list[int]:
    """So many seats for each of some servers: all of them are given, and to each about as many. Pure."""
    return [free // servers + (number < free % servers) for number in range(servers)]


def _is_open(ask: Post) -> bool:
    """Whether a question goes to the network, and waits for an answer still."""
    is_for_them = ask.visibility in OPEN or ask.visibility == NETWORK
    return ask.kind == "ask" and is_for_them and ask.state == "visible" and not ask.locked and not ask.answered


async def _servers(here: Instance, ask: Post, before: Collection[str], most: int) -> list[Actor]:
    """The Peerhalls of the network that may have a question, in an order that is another one for each question."""
    scheme = here.settings.origin.split("://", 1)[0]
    known = [f"{scheme}://{host}{SERVER_ACTOR}" for host in network_hosts(here) if host not in before]
    if not known:
        return []
    uris, parameters = among(known)
    rows = await here.db.rows(
        "SELECT actor.id FROM actor WHERE NOT actor.is_local AND actor.suspended_at IS NULL"
        f" AND actor.deleted_at IS NULL AND actor.implements LIKE :profile AND actor.uri IN ({uris})"
        " AND NOT EXISTS (SELECT 1 FROM host_block WHERE host_block.blocker_id = :author"
        " AND host_block.host IN (actor.host, actor.domain)) ORDER BY actor.id LIMIT :most",
        profile=f"%{PROFILE}%",
        author=ask.author_id,
        most=MAX_MEMBERS,
        **parameters,
    )
    servers = await Actor.filter(id__in=[row["id"] for row in rows])
    servers.sort(key=lambda server: hashlib.sha256(f"{ask.id} {server.host}".encode()).digest())
    found: list[Actor] = []
    for server in servers:
        if len(found) < most and await may_have(here, ask, Reader(server.uri)):
            found.append(server)
    return found


async def _question(here: Instance, uri: str) -> Post | None:
    """The question of another server, where people here can be asked it. Nothing is fetched for who asks too often."""
    yesterday = here.clock.now() - A_DAY
    taken = await here.db.value(
        "SELECT count(*) FROM need_today JOIN actor ON actor.id = need_today.author_id"
        " WHERE need_today.at > :yesterday AND actor.host = :host",
        yesterday=yesterday,
        host=host_of(uri),
    )
    if int(taken or 0) >= OF_ONE_SERVER:
        return None
    try:
        ask = await find_or_fetch(here, uri)
    except TryLater:
        raise
    except FederationError:
        return None
    if ask is None or ask.is_local or not _is_open(ask):
        return None
    # At home it is one a day; clocks differ, and messages take their time.
    lately = NeedToday.filter(author_id=ask.author_id, at__gt=yesterday + LATE, asked__gt=0).exclude(id=ask.id)
    return None if await lately.exists() else ask
