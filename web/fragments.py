"""Pieces of pages that are rendered once for everybody who sees the same.

A piece is kept under everything it is made from, so it can neither be stale nor shown to somebody who must not see it:
whatever changes, a word, an audience, who may do what, the minute in "5 minutes ago", is another key. What nobody asks
for any more is dropped when the room is needed.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import fields
from operator import attrgetter
from typing import Any

from markupsafe import Markup

from server.posts.queries import PostView
from web.components.when import When

ROOM_BYTES = 8 * 1024 * 1024
KEY_BYTES = 1500
"""About what a key takes besides the texts in it, which are about as long as what is made of them."""

_UNSHOWN = {"replies", "attachments", "facts", "last_activity_at", "source_md", "saved_by_me"}
_facts_of = attrgetter(*(field.name for field in fields(PostView) if field.name not in _UNSHOWN))


class Fragments:
    """Rendered pieces by what they are made from; the longest unused go first."""

    def __init__(self, room: int = ROOM_BYTES) -> None:
        """Keep at most about so many bytes."""
        self.room = room
        self.taken = 0
        self.verifying = False
        """Render again what is there, and fail where it differs: tests find keys that leave something out."""
        self._kept: OrderedDict[Hashable, Markup] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Markup]) -> Markup:
        """What is kept under `key`; made where there is nothing, or where the key cannot be one."""
        try:
            found = self._kept.get(key)
        except TypeError:
            return make()
        if found is not None:
            self._kept.move_to_end(key)
            if self.verifying and found != make():
                raise AssertionError(f"a kept piece is not what would be made now: {key!r}")
            return found
        made = make()
        self._kept[key] = made
        self.taken += _size(made)
        while self.taken > self.room:
            _, dropped = self._kept.popitem(last=False)
            self.taken -= _size(dropped)
        return made

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()
        self.taken = 0


def _size(piece: Markup) -> int:
    return 2 * len(piece) + KEY_BYTES


def facts_of(post: Any, when: Callable[[Any], When]) -> Hashable | None:
    """All that a piece about a post can show of it, in words of now; None for what is no post (examples)."""
    if type(post) is not PostView:
        return None
    quote = post.quote
    return (
        _facts_of(post),
        tuple(post.attachments),
        tuple(post.facts),
        when(post.published_at),
        None if post.edited_at is None else when(post.edited_at),
        None if quote is None or quote.published_at is None else when(quote.published_at),
    )


fragments = Fragments()
