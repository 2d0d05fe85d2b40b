"""What requests to inboxes hold in memory until they are answered: bounded all together (R11)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

MAX_BYTES_IN_HAND = 64 * 1024 * 1024
"""Bodies of requests to inboxes that are being read, checked and stored, all together (R11)."""
MAX_IN_HAND = 2_000
"""As many requests to inboxes at once: about as many as are answered in a second."""


class NoRoom(Exception):
    """More bytes of bodies are in hand than we hold."""


@dataclass(slots=True)
class Taken:
    """What one request has taken of the room."""

    room: "InHand"
    bytes: int = 0
    verified: str | None = None
    """The site whose signature it was found to have."""

    def more(self, bytes: int) -> None:
        """Hold more bytes; NoRoom where there is none."""
        self.bytes += bytes
        self.room.bytes += bytes
        if self.room.bytes > MAX_BYTES_IN_HAND:
            raise NoRoom


@dataclass(slots=True)
class InHand:
    """Requests to inboxes that are not answered yet, and the bytes of their bodies that have come."""

    requests: int = 0
    bytes: int = 0

    @contextmanager
    def one(self) -> Iterator[Taken | None]:
        """One request more, until it is answered; None where there is no room for it."""
        if self.requests >= MAX_IN_HAND or self.bytes >= MAX_BYTES_IN_HAND:
            yield None
            return
        taken = Taken(self)
        self.requests += 1
        try:
            yield taken
        finally:
            self.requests -= 1
            self.bytes -= taken.bytes
