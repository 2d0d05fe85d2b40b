"""The worker: runs every source of background work of one instance until told to stop."""

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Collection, Coroutine
from typing import Any

log = logging.getLogger("peerhall.worker")

Step = Callable[[], Awaitable[bool]]

IDLE_SECONDS = 2.0
TROUBLE_SECONDS = 5.0
LAST_SECONDS = 6.0


def _nobody(_name: str | None) -> None:
    pass


async def _nothing() -> None:
    pass


class Worker:
    """Repeats the `step` of each source; a step does one piece of work and says whether there was any."""

    def __init__(
        self, call_others: Callable[[str | None], None] = _nobody, refresh: Callable[[], Awaitable[None]] = _nothing
    ) -> None:
        """Start without sources; `call_others` wakes the workers of other processes, for one source or for all.

        `refresh` is awaited before each step: what is kept in memory is then as other processes left it.
        """
        self._call_others = call_others
        self._refresh = refresh
        self._sources: list[tuple[str, Step, int]] = []
        self._stopping = asyncio.Event()
        self._calls = Counter[str]()
        self._resting: dict[str, list[asyncio.Future[None]]] = defaultdict(list)
        self._group: asyncio.TaskGroup | None = None
        self._beside: set[asyncio.Task[None]] = set()

    def add(self, name: str, step: Step, concurrency: int = 1) -> None:
        """Add a source, stepped by so many tasks at once."""
        self._sources.append((name, step, concurrency))

    def limit(self, name: str, concurrency: int) -> None:
        """Step one source by another number of tasks than it was added with."""
        self._sources = [(known, step, concurrency if known == name else n) for known, step, n in self._sources]

    def wake(self, name: str | None = None) -> None:
        """Something may be due: look now instead of after the idle pause, here and in every other process.

        With a name only that source looks: what comes often need not make all of them ask the database.
        """
        self.look(name)
        self._call_others(name)

    def look(self, name: str | None = None) -> None:
        """Look now for what is due, in this process."""
        for source in (name,) if name is not None else {known for known, _, _ in self._sources}:
            self._calls[source] += 1
            for waiter in self._resting.pop(source, ()):
                if not waiter.done():
                    waiter.set_result(None)

    def stop(self) -> None:
        """Finish what is under way, as far as that takes a few seconds, and end."""
        self._stopping.set()
        self.look()

    async def run(self, only: Collection[str] | None = None) -> None:
        """Work until stopped; `only` names the sources to step, where not all."""
        self._stopping.clear()
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                repeating = [
                    group.create_task(self._repeat(name, step))
                    for name, step, concurrency in self._sources
                    if only is None or name in only
                    for _ in range(concurrency)
                ]
                group.create_task(self._end(repeating))
        finally:
            self._group = None

    async def beside(self, work: Coroutine[Any, Any, None], *, after: float) -> None:
        """Do a piece of work, and go on without it once it has taken `after` seconds: it ends in its own time.

        What waits for slow servers so holds up nobody else. The work handles its own errors. When the worker stops, it
        gets a few seconds to end.
        """
        if self._group is None:
            await work
            return
        task = self._group.create_task(self._guarded(work))
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)
        await asyncio.wait({task}, timeout=after)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        """See an error that the work itself could not even write down."""
        try:
            await work
        except Exception:  # the worker's edge: a full disk, say, must not end everything else with it
            log.exception("a piece of work stumbled")

    async def run_until_idle(self, only: Collection[str] | None = None) -> bool:
        """Step every source, or those named, until none has work; returns whether there was any.

        For tests and `demo` seeding.
        """
        worked = False
        progress = True
        while progress:
            progress = False
            await self._refresh()
            for name, step, _ in self._sources:
                while (only is None or name in only) and await step():
                    progress = worked = True
        return worked

    async def _repeat(self, name: str, step: Step) -> None:
        while not self._stopping.is_set():
            calls = self._calls[name]
            try:
                await self._refresh()
                worked = await step()
            except Exception:  # the worker's edge: a database that is away must not end it
                log.exception("the source %s stumbled", name)
                await self._pause(name, TROUBLE_SECONDS)
                continue
            # What came while the step looked elsewhere is not left lying for the length of a pause.
            if not worked and calls == self._calls[name]:
                await self._pause(name, IDLE_SECONDS)

    async def _pause(self, name: str, seconds: float) -> None:
        if self._stopping.is_set():
            return
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        self._resting[name].append(waiter)
        timer = loop.call_later(seconds, self.look, name)
        try:
            await waiter
        finally:
            timer.cancel()

    async def _end(self, repeating: list[asyncio.Task[None]]) -> None:
        await self._stopping.wait()
        # A step that is cancelled gives back what it leased: the next worker need not wait for the end of the lease.
        _, late = await asyncio.wait({*self._beside, *repeating}, timeout=LAST_SECONDS)
        for straggler in late:
            straggler.cancel()
