"""Sending to many hosts at once: each host's activities one after the other, and no host waits for another.

`Sender.step` leases as many hosts as there is room for. What each of them takes is settled in groups, as they finish.
"""

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Sequence
from time import monotonic

from federation.engine import Outcome
from federation.vocab.base import PUBLIC, ids_of, origin_of
from server.actors.removal import recount
from server.db import to_milliseconds
from server.fediverse import leases, receipts
from server.fediverse.leases import Turn
from server.fediverse.loading import Item, Load, load
from server.instance import Instance
from server.peers import queries as peer_queries
from server.trouble import trouble_of

log = logging.getLogger("peerhall.outbox")

CACHE = "fediverse.sender"
HOSTS_AT_ONCE = 100
PROBES_AT_ONCE = 25
"""Of these, so many may be hosts that have failed: they mostly wait for an answer that does not come."""
SLOW_SECONDS = 2.0
"""Whoever has its turn for so long does not count any more, up to as many hosts again."""
TURN_SECONDS = 20.0
GATHER_SECONDS = 0.02
GROUP = 200


class Sender:
    """The hosts of this process that are being sent to, and what came of it since the start."""

    def __init__(self, here: Instance) -> None:
        """Send for this instance."""
        self._here = here
        self.hosts_at_once = HOSTS_AT_ONCE
        self.counts: Counter[str] = Counter()
        """How many deliveries ended in which way: ``delivered``, ``refused``, ``retry``, ``gone``, ``gave_up``."""
        self._begun: dict[int, float] = {}
        self._probes = 0
        self._free = asyncio.Event()
        self._finished: list[Turn] = []
        self._is_settling = False

    @property
    def under_way(self) -> int:
        """How many hosts are being sent to now."""
        return len(self._begun)

    async def step(self) -> bool:
        """Lease the hosts that there is room for, and begin to send to them. Returns whether there were any."""
        here = self._here
        if self._finished and not self._is_settling:
            await self._settle()
        room = await self._room()
        if room <= 0:
            return True
        turns = await leases.take(here, room, min(room, self._most_probes() - self._probes))
        if not turns:
            return False
        number = id(turns)
        await here.worker.beside(self._send_all(turns, number), after=0)
        return True

    def _most_probes(self) -> int:
        return max(1, self.hosts_at_once * PROBES_AT_ONCE // HOSTS_AT_ONCE)

    async def _room(self) -> int:
        """How many hosts may be begun; after a short wait where it is none or hardly any, so that rounds are large."""
        if self._count_room() < max(1, self.hosts_at_once // 4):
            self._free.clear()
            try:
                async with asyncio.timeout(0.05):
                    await self._free.wait()
            except TimeoutError:
                pass
        return self._count_room()

    def _count_room(self) -> int:
        now = monotonic()
        slow = sum(now - begun > SLOW_SECONDS for begun in self._begun.values())
        quick = len(self._begun) - slow
        return self.hosts_at_once - quick - max(0, slow - self.hosts_at_once)

    async def _send_all(self, turns: Sequence[Turn], number: int) -> None:
        """Send to some hosts, all at once."""
        now = monotonic()
        self._begun |= {id(turn): now for turn in turns}
        self._probes += sum(turn.is_probe for turn in turns)
        try:
            loads = await load(self._here, turns)
        except BaseException as error:
            for turn in turns:
                self._end(turn)
            if not isinstance(error, Exception):
                raise
            log.exception("what waits for %d servers could not be read", len(turns))
            return
        async with asyncio.TaskGroup() as group:
            for turn in turns:
                group.create_task(self._take_turn(turn, loads[turn.host]))

    def _end(self, turn: Turn) -> None:
        del self._begun[id(turn)]
        self._probes -= turn.is_probe
        if not self._begun or self.hosts_at_once - len(self._begun) >= max(1, self.hosts_at_once // 4):
            self._free.set()

    async def _take_turn(self, turn: Turn, what: Load) -> None:
        try:
            await self._send(turn, what)
        except asyncio.CancelledError:
            # The worker ends (R7): another one may go on with this host at once, after what it has got.
            await leases.settle(self._here, [turn])
            raise
        except Exception as error:  # an error of ours must not end the worker, nor be met again at once
            log.exception("sending to %s stumbled", turn.host)
            if trouble_of(error) is None:
                turn.failure = f"an error here: {type(error).__name__}", None
            else:
                turn.is_stopped = True
        finally:
            self._end(turn)
        if turn.failure is not None:
            log.info("%s: %s did not take a delivery (%s)", self._here.settings.domain, turn.host, turn.failure[0])
        self._finished.append(turn)
        if not self._is_settling:
            await self._settle()

    async def _settle(self) -> None:
        """Settle what has finished, and what finishes meanwhile; where the database is away it is tried again later."""
        self._is_settling = True
        try:
            while self._finished:
                if self._begun and len(self._finished) < GROUP:
                    self._free.clear()
                    try:
                        async with asyncio.timeout(GATHER_SECONDS):
                            while self._begun:
                                await self._free.wait()
                                self._free.clear()
                    except TimeoutError:
                        pass
                group = self._finished[:GROUP]
                await leases.settle(self._here, group)
                del self._finished[: len(group)]
        except Exception:  # as above; whoever has lost its lease until then does not move
            log.exception("how far %d servers have got could not be written down", len(self._finished))
        finally:
            self._is_settling = False
            self._free.set()
        self._here.worker.wake("outbox")

    async def _send(self, turn: Turn, what: Load) -> None:
        here = self._here
        if not peer_queries.may_send(here, turn.host):
            await receipts.withhold(here, [turn.host], turn.wanted)
            turn.reached, turn.note = turn.wanted, "deliveries are blocked by policy"
            turn.seen.update(item.seq for item in what.items)
            return
        begun = monotonic()
        sent = 0
        only_looks = not peer_queries.may_reach(here, turn.host)
        for item in what.items:
            if only_looks and item.inboxes and not _is_for_lookers(item.body):
                turn.seen.add(item.seq)
                turn.reached = item.seq
                continue
            if item.inboxes:
                # What was read at the start may have changed: somebody else has the host, or it is not to get any more.
                if sent and not await leases.still_ours(here, turn):
                    return
                if monotonic() - begun > TURN_SECONDS or (sent and turn.is_probe):
                    return
                sent += 1
            turn.seen.add(item.seq)
            if not item.inboxes:
                turn.noted.append(receipts.Noted(item.seq, turn.host, item.subject))
            elif item.expires_at <= to_milliseconds(here.clock.now()):
                self.counts["gave_up"] += 1
                turn.note = f"gave up: {turn.last_error or 'no answer'}"[:500]
                turn.noted.append(
                    receipts.Noted(item.seq, turn.host, item.subject, receipts.UNREACHABLE, turn.last_error)
                )
            elif not await self._send_one(turn, item):
                return
            turn.reached = item.seq
        if what.is_all:
            turn.reached = turn.wanted

    async def _send_one(self, turn: Turn, item: Item) -> bool:
        """Send one activity to a host's inboxes; returns whether it is done with, and the next one may follow."""
        refusal = ""
        for inbox in item.inboxes:
            outcome = await self._deliver(turn, item, inbox)
            self.counts[outcome.kind] += 1
            if outcome.kind == "retry":
                turn.failure = outcome.detail, outcome.retry_after
                return False
            if outcome.kind == "gone":
                await _forget_inbox(self._here, inbox)
            if outcome.kind != "delivered":
                refusal = outcome.detail
            elif outcome.scheme != turn.scheme:
                turn.scheme = turn.new_scheme = outcome.scheme
        turn.has_sent = True
        if refusal:
            turn.note = f"refused {item.activity_id}: {refusal}"[:500]
        state = receipts.REFUSED if refusal else receipts.ACCEPTED
        turn.noted.append(receipts.Noted(item.seq, turn.host, item.subject, state, refusal))
        return True

    async def _deliver(self, turn: Turn, item: Item, inbox: str) -> Outcome:
        """One delivery. News of new keys is signed with the old one first: some do not know the new one yet."""
        courier = self._here.engine.courier
        headers = item.headers.get(origin_of(inbox), {}) if item.headers else {}
        outcome = await courier.deliver(
            sender=item.sender, inbox=inbox, body=item.body, headers=headers, scheme=turn.scheme
        )
        if outcome.status == 401 and "#" in item.sender:
            return await courier.deliver(
                sender=item.sender.partition("#")[0], inbox=inbox, body=item.body, scheme=turn.scheme
            )
        return outcome


def _is_for_lookers(body: bytes) -> bool:
    """Whether an activity goes to servers that only look on: it is public, or it is an answer or an end."""
    activity = json.loads(body)
    addressed = {*ids_of(activity.get("to")), *ids_of(activity.get("cc"))}
    return PUBLIC in addressed or activity.get("type") in {"Accept", "Reject", "Delete", "Undo"}


def sender_of(here: Instance) -> Sender:
    """The sender of this instance in this process."""
    found: Sender | None = here.caches.get(CACHE)
    if found is None:
        found = here.caches[CACHE] = Sender(here)
    return found


async def step(here: Instance) -> bool:
    """Begin to send what is due; returns whether there was any."""
    return await sender_of(here).step()


async def _forget_inbox(here: Instance, inbox: str) -> None:
    """410 from an inbox: its owner is gone, and follows nobody any more."""
    async with here.db.transaction():
        rows = await here.db.rows(
            "SELECT follower_id, target_id FROM follow WHERE follower_id IN"
            " (SELECT id FROM actor WHERE inbox_url = :inbox AND NOT is_local) ORDER BY id LIMIT 5000",
            inbox=inbox,
        )
        await here.db.execute(
            "DELETE FROM follow WHERE follower_id IN (SELECT id FROM actor WHERE inbox_url = :inbox AND NOT is_local)",
            inbox=inbox,
        )
        await recount(here, sorted({actor_id for row in rows for actor_id in row.values()}))
