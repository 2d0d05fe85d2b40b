"""Events: how a lower feature tells higher ones what happened, inside the same transaction."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

Event = TypeVar("Event")
Handler = Callable[[Event], Awaitable[None]]


class Events:
    """Subscriptions of one instance, by class of event. Handlers run in the order in which features are installed."""

    def __init__(self) -> None:
        """Start without subscribers."""
        self._handlers: defaultdict[type[Any], list[Callable[[Any], Awaitable[None]]]] = defaultdict(list)

    def on(self, kind: type[Event], handler: Handler[Event]) -> None:
        """Call `handler` for each event of this class."""
        self._handlers[kind].append(handler)

    async def emit(self, event: object) -> None:
        """Tell every subscriber, in this task and transaction. An error in one undoes all."""
        for handler in self._handlers[type(event)]:
            await handler(event)
