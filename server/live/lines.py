"""Open lines of apps: how many, what each of them subscribed to, and what waits to be told to it.

A line holds ids of what may be news for it, bounded; whether it is, is asked when it is told. One that reads too
slowly, and every one where something may have been missed, is ended: apps connect anew and look at everything.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from server.instance import Instance

CACHE = "live.lines"
CHANNEL = "apps"
MAX_LINES = 1000
MAX_OF_ONE_PERSON = 16
MAX_SUBSCRIPTIONS = 50
MAX_WAITING = 500
GATHER_SECONDS = 0.1
"""What comes within this is told together."""

USER, NEWS_ONLY, LIST, DIRECT, TAG, TAG_HERE = "user", "user:notification", "list", "direct", "hashtag", "hashtag:local"
PUBLIC = frozenset(f"public{where}{media}" for where in ("", ":local", ":remote") for media in ("", ":media"))
STREAMS = PUBLIC | {USER, NEWS_ONLY, LIST, DIRECT, TAG, TAG_HERE}
WITH_NAME = frozenset({LIST, TAG, TAG_HERE})


class TooManyLines(Exception):
    """No more lines can be kept open here at the moment."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One stream: its name, and for a hashtag or list which (`number` is how an app named it)."""

    stream: str
    name: str = ""
    number: str = ""

    @property
    def spelled(self) -> list[str]:
        """As apps compare it: with its parameter."""
        return [self.stream, self.number or self.name] if self.stream in WITH_NAME else [self.stream]


@dataclass(frozen=True, slots=True)
class Heard:
    """Something happened: ``post``, ``boost``, ``edit``, ``gone``, ``news``, ``filters`` or ``talk``.

    `id` is what it happened to, `who` the actors that it names: who passed on, whom a deleted post named, who is told.
    """

    kind: str
    id: str
    who: tuple[str, ...] = ()


class Line:
    """One open connection of somebody's app."""

    def __init__(self, actor_id: str, account_id: str) -> None:
        """Nothing is subscribed to yet."""
        self.actor_id = actor_id
        self.account_id = account_id
        self.subscriptions: dict[Subscription, None] = {}
        self.is_over = False
        self.looks_again = True
        self._waiting: dict[Heard, None] = {}
        self._called = asyncio.Event()

    def subscribe(self, wanted: Subscription) -> bool:
        """Whether there was room for it."""
        if wanted not in self.subscriptions and len(self.subscriptions) >= MAX_SUBSCRIPTIONS:
            return False
        self.subscriptions[wanted] = None
        return True

    def unsubscribe(self, unwanted: Subscription) -> None:
        """Hear no more of this."""
        self.subscriptions.pop(unwanted, None)

    def call(self, heard: Heard) -> None:
        """This may be news here. What is for one person only is kept from others at once."""
        if heard.kind in _PERSONAL and self.actor_id not in heard.who:
            return
        if len(self._waiting) >= MAX_WAITING:
            self.end()
            return
        self._waiting[heard] = None
        self._called.set()

    def look_again(self) -> None:
        """Whom it stands for may have changed."""
        self.looks_again = True
        self._called.set()

    def end(self) -> None:
        """Nothing more is told."""
        self.is_over = True
        self._called.set()

    async def wait(self, seconds: float) -> list[Heard]:
        """What may be news since the last time; after this long, nothing is."""
        try:
            async with asyncio.timeout(seconds):
                await self._called.wait()
        except TimeoutError:
            return []
        if not self.is_over and not self.looks_again:
            await asyncio.sleep(GATHER_SECONDS)
        self._called.clear()
        taken, self._waiting = list(self._waiting), {}
        return taken


_PERSONAL = frozenset({"news", "filters", "talk"})


class Switchboard:
    """The open lines of one process."""

    def __init__(self) -> None:
        """Start with none."""
        self._lines: dict[Line, None] = {}
        self._of_person: Counter[str] = Counter()
        self.generation = 0
        """Changes when somebody listens to something more."""

    def open(self, actor_id: str, account_id: str) -> Line:
        """One more; raises TooManyLines. `close` it in the end."""
        if len(self._lines) >= MAX_LINES or self._of_person[actor_id] >= MAX_OF_ONE_PERSON:
            raise TooManyLines
        line = Line(actor_id, account_id)
        self._lines[line] = None
        self._of_person[actor_id] += 1
        return line

    def close(self, line: Line) -> None:
        """One less."""
        if self._lines.pop(line, line) is None:
            self._of_person[line.actor_id] -= 1
            self._of_person += Counter()  # keeps only those who have one

    def subscribe(self, line: Line, wanted: Subscription) -> bool:
        """Let a line hear of something; whether there was room for it."""
        self.generation += 1
        return line.subscribe(wanted)

    def listening(self, streams: Iterable[str]) -> set[str]:
        """The people who listen to one of these streams."""
        wanted = set(streams)
        return {line.actor_id for line in self._lines if any(each.stream in wanted for each in line.subscriptions)}

    def heard(self, payload: Any) -> None:
        """Something happened in some process; None: perhaps much did, and nobody knows what."""
        if payload is None:
            self.end_all()
            return
        kind, id_, *who = payload
        told = Heard(kind, id_, tuple(who))
        for line in self._lines:
            line.call(told)

    def look_again(self, account_id: Any) -> None:
        """What somebody's apps may do changed; None: anybody's may have."""
        for line in self._lines:
            if account_id is None or account_id == line.account_id:
                line.look_again()

    def end_all(self) -> None:
        """Apps connect anew."""
        for line in self._lines:
            line.end()


def switchboard(here: Instance) -> Switchboard:
    """The open lines of this process."""
    found: Switchboard = here.caches.setdefault(CACHE, Switchboard())
    return found
