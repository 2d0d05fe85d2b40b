"""Telling the other processes of one instance what happened: PostgreSQL's LISTEN and NOTIFY.

With SQLite one process does everything, so that only listeners in this one are called; what a command changes beside it
is noticed by looking again (`Kept`). Nothing here is needed for anything to be right in the end: every listener also
looks by itself now and then, because a message is lost where a process was away (docs/adr/0014-processes.md).
"""

import asyncio
import contextlib
import json
import logging
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from federation.ports import Clock
from server.db.database import Database, connection_config
from server.db.holding import hold

log = logging.getLogger("peerhall.bus")

Listener = Callable[[Any], None]

CHANNEL = "peerhall"
MAX_BYTES = 7_800
"""PostgreSQL takes 8,000 bytes in one message."""
BATCH_SECONDS = 0.02
MAX_WAITING = 1_000
HEARTBEAT_SECONDS = 20.0
TIMEOUT_SECONDS = 10.0
REST_SECONDS = 1.0
AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


class Bus:
    """Messages between the processes of one instance: ids only, never what they stand for.

    A listener is called with the payload, or with None where it may have missed some: then it looks at everything.
    """

    def __init__(self, db: Database) -> None:
        """Speak and listen through this database; nothing is heard from others until `run`."""
        self._db = db
        self._name = os.urandom(6).hex()
        self._listeners: defaultdict[str, list[Listener]] = defaultdict(list)
        self._waiting: dict[object, str] = {}
        self._to_say = asyncio.Event()
        self._neighbours: list[Bus] = []
        self._number: int | None = None
        self._has_tried = asyncio.Event()
        self.hears = False

    def on(self, channel: str, listener: Listener) -> Callable[[], None]:
        """Call `listener` for each message on a channel, our own ones too; returns what ends that."""
        self._listeners[channel].append(listener)
        return lambda: self._listeners[channel].remove(listener)

    async def publish(self, channel: str, payload: Any = None) -> None:
        """Tell everybody, if and when the present transaction commits: it cannot be lost between the two.

        PostgreSQL lets transactions with messages commit one after the other: for what is rare. See `tell`.
        """
        if self._db.dialect == "postgres":
            text = self._letter([json.dumps([channel, payload])])
            await self._db.rows("SELECT pg_notify(:channel, :text)", channel=CHANNEL, text=text)

        def say() -> None:
            for bus in (self, *self._neighbours):
                bus._call(channel, payload)

        self._db.after_commit(say)

    def tell(self, channel: str, payload: Any = None) -> None:
        """Tell everybody soon after the present transaction committed, together with what else there is to say.

        Lost where this process ends in between: for what is looked for anyway, and for what is frequent.
        """

        def say() -> None:
            self._call(channel, payload)
            self.tell_others(channel, payload)

        self._db.after_commit(say)

    def tell_others(self, channel: str, payload: Any = None) -> None:
        """As `tell`, but only the other processes, and whatever becomes of the present transaction."""
        for bus in self._neighbours:
            bus._call(channel, payload)
        if self._db.dialect == "postgres":
            # The same need not be said twice in one breath.
            text = json.dumps([channel, payload])
            self._waiting[text] = text
            if len(self._waiting) > MAX_WAITING:
                del self._waiting[next(iter(self._waiting))]
            self._to_say.set()

    def join(self, other: "Bus") -> None:
        """Hear another instance in this process on the same database, and be heard by it, without a connection."""
        everybody = [other, *other._neighbours]
        for neighbour in everybody:
            neighbour._neighbours.append(self)
        self._neighbours += everybody

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Hear what others say for the length of a block; what is still to be said is said at its end.

        Others see for as long that this process lives, and leave to it what it leases.
        """
        task = asyncio.create_task(self.run())
        if self._db.dialect == "postgres":
            await self._has_tried.wait()
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def run(self) -> None:
        """Hear what others say, until cancelled; a connection that is lost is made anew."""
        if self._db.dialect == "sqlite":
            return
        trouble = False
        while True:
            try:
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    connection = await self._connected()
                trouble = False
                await self._converse(connection)
            except AWAY as error:
                if not trouble:
                    log.warning("not in touch with the other processes: %s", error or type(error).__name__)
                trouble = True
            self._has_tried.set()
            await asyncio.sleep(REST_SECONDS)

    async def _connected(self) -> "asyncpg.Connection[Any]":
        wanted = connection_config(self._db.url)["credentials"]
        return await asyncpg.connect(
            **{name: wanted[name] for name in ("host", "port", "user", "password", "database")},
            timeout=TIMEOUT_SECONDS,
            command_timeout=TIMEOUT_SECONDS,
            statement_cache_size=0,
            # The server is to notice within half a minute when this machine is gone: what it leased is free then.
            server_settings={
                "application_name": "peerhall bus",
                "tcp_keepalives_idle": "10",
                "tcp_keepalives_interval": "5",
                "tcp_keepalives_count": "3",
            },
        )

    async def _converse(self, connection: "asyncpg.Connection[Any]") -> None:
        try:
            connection.add_termination_listener(lambda _: self._to_say.set())
            await connection.add_listener(CHANNEL, self._heard)
            self._number = self._db.holder = await hold(connection, self._number)
            self.hears = True
            self._has_tried.set()
            self._missed_some()
            while not connection.is_closed():
                # Not `wait_for`: Python 3.11's forgets that it was cancelled where there is something to say just then.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(HEARTBEAT_SECONDS):
                        await self._to_say.wait()
                self._to_say.clear()
                await self._say(connection)
                await asyncio.sleep(BATCH_SECONDS)
        except asyncio.CancelledError:
            with contextlib.suppress(*AWAY):
                await self._say(connection)
            raise
        finally:
            self.hears, self._db.holder = False, None
            with contextlib.suppress(*AWAY):
                await connection.close(timeout=1)

    async def _say(self, connection: "asyncpg.Connection[Any]") -> None:
        """Send what waits; with nothing to say, see that the other end is still there."""
        said, self._waiting = self._waiting, {}
        if not said:
            await connection.execute("SELECT 1")
            return
        letters, bundle = [], list[str]()
        for message in said.values():
            if bundle and sum(map(len, bundle)) + len(message) > MAX_BYTES // 2:
                letters.append(self._letter(bundle))
                bundle = []
            bundle.append(message)
        letters.append(self._letter(bundle))
        try:
            await connection.execute("SELECT pg_notify($1, said) FROM unnest($2::text[]) AS said", CHANNEL, letters)
        except BaseException:
            self._waiting = said | self._waiting
            raise

    def _letter(self, messages: list[str]) -> str:
        """Messages as they travel. One that is too long says only that there is something to look at."""
        text = f'["{self._name}",{",".join(messages)}]'
        if len(text) > MAX_BYTES:
            text = json.dumps([self._name, *([json.loads(message)[0], None] for message in messages)])
        return text

    def _heard(self, _connection: Any, _process: int, _channel: str, text: str) -> None:
        sender, *messages = json.loads(text)
        if sender != self._name:
            for channel, payload in messages:
                self._call(channel, payload)

    def _missed_some(self) -> None:
        for channel in list(self._listeners):
            self._call(channel, None)

    def _call(self, channel: str, payload: Any) -> None:
        for listener in tuple(self._listeners[channel]):
            try:
                listener(payload)
            except Exception:  # the bus's edge: one listener that trips must not keep others from hearing
                log.exception("a listener on %s stumbled", channel)


class Kept:
    """What is read from the database into memory and asked for on every request, such as the grades of servers.

    Read again when somebody says on its channel that it changed, and else after a minute; after five seconds where
    nobody would tell us.
    """

    HEARING = timedelta(minutes=1)
    DEAF = timedelta(seconds=5)

    def __init__(
        self, bus: Bus, clock: Clock, channel: str, read: Callable[[], Awaitable[None]], *, stale: Callable[[], None]
    ) -> None:
        """`read` puts it into memory; `stale` is called when that is due."""
        self._bus = bus
        self._clock = clock
        self._read = read
        self._stale = stale
        self._changes = 0
        self._read_for: timedelta | None = None
        self._read_at = clock.now()
        bus.on(channel, self._changed)

    def is_fresh(self, now: datetime) -> bool:
        """Whether what is in memory need not be read again."""
        return self._read_for is not None and timedelta(0) <= now - self._read_at <= self._read_for

    async def refresh(self) -> None:
        """Read it, if it may be out of date."""
        now = self._clock.now()
        if self.is_fresh(now):
            return
        changes = self._changes
        await self._read()
        self._read_at = now
        # What changed while we read may or may not be in what we have.
        self._read_for = (self.HEARING if self._bus.hears else self.DEAF) if changes == self._changes else None

    def _changed(self, _payload: Any) -> None:
        self._changes += 1
        self._read_for = None
        self._stale()
