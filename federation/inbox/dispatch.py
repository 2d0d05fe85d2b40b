"""Authentic activities and the handlers that want them.

The only way to a handler is a VerifiedActivity, and only `federation.inbox.authenticate` makes those.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from federation.errors import Ignored
from federation.vocab.activities import Activity, is_activity
from federation.vocab.base import items_of, types_of

MAX_ANNOUNCED = 50


@dataclass(frozen=True, slots=True)
class VerifiedActivity:
    """An activity that its actor really did.

    `raw` is its JSON as received, `text` the same letter by letter where it came by itself (to be announced unchanged,
    FEP-1b12); `signer` whose word we took for it; `via` the Group that announced it, where one did. What the actor may
    do to objects of others is still to be decided by the handler: moderators' actions arrive here too (see
    `federation.inbox.authority.is_own`).
    """

    activity: Activity
    raw: dict[str, object]
    signer: str
    via: str | None
    received_at: datetime
    text: bytes | None = None

    @property
    def as_received(self) -> bytes | dict[str, object]:
        """What to pass on: the letters that came where we have them, else the JSON."""
        return self.raw if self.text is None else self.text


Handler = Callable[[VerifiedActivity], Awaitable[None]]


class Dispatcher:
    """Handlers by activity type and object type."""

    def __init__(self) -> None:
        """Empty."""
        self._handlers: dict[tuple[str, str | None], Handler] = {}

    def on(self, activity_type: str, object_type: str | None, handler: Handler) -> None:
        """Register a handler; None (or ``*``) takes every object, also one given by id. ValueError for a second."""
        key = (activity_type, None if object_type == "*" else object_type)
        if key in self._handlers:
            raise ValueError(f"{activity_type} of {object_type or 'anything'} has a handler already.")
        self._handlers[key] = handler

    @property
    def registered(self) -> tuple[tuple[str, str | None], ...]:
        """All registered pairs; the project's tests compare them with FEDERATION.md."""
        return tuple(self._handlers)

    async def dispatch(self, verified: VerifiedActivity) -> None:
        """Hand it to the most specific handler; Ignored where there is none."""
        activity = verified.activity
        wanted: list[str | None] = [*types_of(activity.object), None] if activity.object is not None else [None]
        for object_type in wanted:
            handler = self._handlers.get((activity.type, object_type))
            if handler is not None:
                await handler(verified)
                return
        raise Ignored(f"Nobody here handles {activity.type}.")


def announced(activity: Activity) -> list[object]:
    """What an Announce announces, at most fifty: one thing, a list, or the items of a collection (PieFed batches)."""
    found: list[object] = []
    for item in items_of(activity.raw.get("object"), limit=MAX_ANNOUNCED):
        if isinstance(item, dict) and {"Collection", "OrderedCollection"} & set(types_of(item)):
            found += items_of(item.get("orderedItems", item.get("items")), limit=MAX_ANNOUNCED)
        else:
            found.append(item)
    return found[:MAX_ANNOUNCED]


def wraps_activities(items: list[object]) -> bool:
    """Whether whole activities are announced (threadiverse) rather than posts (microblog)."""
    return any(is_activity(item) for item in items)
