"""Events: how a lower feature tells higher ones what happened, inside the same transaction."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

Event = TypeVar("Event")
Handler = Callable[[Event], Awaitable[None]]
HandlerOfAll = Callable[[Sequence[Event]], Awaitable[None]]


class Events:
    """Subscriptions of one instance, by class of event. Handlers run in the order in which features are installed."""

    def __init__(self) -> None:
        """Start without subscribers."""
        self._handlers: defaultdict[type[Any], list[Callable[[Sequence[Any]], Awaitable[None]]]] = defaultdict(list)

    def on(self, kind: type[Event], handler: Handler[Event]) -> None:
        """Call `handler` for each event of this class."""

        async def each(events: Sequence[Event]) -> None:
            for event in events:
                await handler(event)

        self.on_all(kind, each)

    def on_all(self, kind: type[Event], handler: HandlerOfAll[Event]) -> None:
        """Call `handler` with all events of this class that happened together, most often one."""
        self._handlers[kind].append(handler)

    async def emit(self, event: object) -> None:
        """Tell every subscriber, in this task and transaction. An error in one undoes all."""
        await self.emit_all([event])

    async def emit_all(self, events: Sequence[object]) -> None:
        """Tell every subscriber of events of one class that happened together."""
        for handler in self._handlers[type(events[0])] if events else ():
            await handler(events)
