"""Open pages that hear of what is new: how many, for how long, and what each of them hears.

A stream holds ids of posts that may be news, bounded; whether they are, is asked when it is told. One that reads too
slowly, or has missed something, looks at everything since the last that it was told.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from server.actors.viewer import Viewer
from server.instance import Instance
from server.live.queries import MOST, Place, news

CACHE = CHANNEL = "live"
MAX_STREAMS = 500
MAX_OF_ONE_PERSON = 6
GATHER_SECONDS = 0.15
"""What comes within this is told together."""
HEARTBEAT_SECONDS = 20.0
LIFE_SECONDS = 30 * 60.0
"""Then a browser connects anew, which it does by itself."""


class TooManyStreams(Exception):
    """No more pages can be kept up to date here at the moment."""


class Stream:
    """One open page; `topic` is the end of the address of shared notes, and empty for pages of posts."""

    def __init__(self, topic: str = "") -> None:
        """Begin with everything since the page was made."""
        self.topic = topic
        self._ids: dict[str, None] = {}
        self._looks_at_all = True
        self._called = asyncio.Event()

    def call(self, post_id: str | None) -> None:
        """This post may be news here; None: any may be."""
        if post_id is None or len(self._ids) >= MOST:
            self._looks_at_all = True
            self._ids.clear()
        elif not self._looks_at_all:
            self._ids[post_id] = None
        self._called.set()

    def take(self) -> list[str] | None:
        """What may be news since the last time; None: any post may be."""
        taken = None if self._looks_at_all else list(self._ids)
        self._ids, self._looks_at_all = {}, False
        self._called.clear()
        return taken

    async def wait(self) -> None:
        """Until there may be news, or it is time for a sign of life."""
        try:
            async with asyncio.timeout(HEARTBEAT_SECONDS):
                await self._called.wait()
        except TimeoutError:
            return
        await asyncio.sleep(GATHER_SECONDS)


class Desk:
    """The open pages of one process."""

    def __init__(self) -> None:
        """Start with none."""
        self._streams: dict[Stream, str] = {}
        self._of_person: Counter[str] = Counter()

    def open(self, actor_id: str, topic: str = "") -> Stream:
        """One more; raises TooManyStreams. `close` it in the end."""
        if len(self._streams) >= MAX_STREAMS or self._of_person[actor_id] >= MAX_OF_ONE_PERSON:
            raise TooManyStreams
        stream = Stream(topic)
        self._streams[stream] = actor_id
        self._of_person[actor_id] += 1
        return stream

    def close(self, stream: Stream) -> None:
        """One less."""
        actor_id = self._streams.pop(stream)
        self._of_person[actor_id] -= 1
        self._of_person += Counter()  # keeps only those who have one

    def heard(self, payload: Any) -> None:
        """A post came, or (a pair) shared notes changed, somewhere in some process; None: perhaps some did."""
        topic, told = payload if isinstance(payload, list) else ("", payload)
        for stream in self._streams:
            if payload is None or stream.topic == topic:
                stream.call(told)


def desk(here: Instance) -> Desk:
    """The open pages of this process."""
    found: Desk = here.caches.setdefault(CACHE, Desk())
    return found


async def follow(
    here: Instance, stream: Stream, look: Callable[[], Awaitable[Viewer | None]], place: Place, since: str
) -> AsyncIterator[tuple[list[str], str]]:
    """Ids of posts as they come to a page, with the mark to go on from; empty lists are signs of life.

    Ends when the page is closed to its reader, who `look` finds anew each time: a session may have ended, or a
    membership. Ends at once when this process is about to.
    """
    until = asyncio.get_running_loop().time() + LIFE_SECONDS
    cursor = since
    while not here.leaving.is_set() and asyncio.get_running_loop().time() < until:
        viewer = await look()
        if viewer is None:
            return
        ids = stream.take()
        if here.leaving.is_set():
            return  # the call that said so may have come while we looked, and has just been taken
        found = await news(here, viewer, place, ids=ids, after=cursor)
        if found is None:
            return
        if len(found) == MOST:
            stream.call(None)
        cursor = max([cursor, *found])
        yield found, cursor
        await stream.wait()
