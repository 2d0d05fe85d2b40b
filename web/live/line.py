"""The line on a page that says what came since it was made."""

from dataclasses import dataclass

from server.instance import Instance
from server.live.queries import mark


@dataclass(frozen=True, slots=True)
class LiveLine:
    """`place` as `/live` takes it, `since` where what is new begins, `list` the selector of what is exchanged."""

    place: str
    since: str
    list: str


def line(here: Instance, place: str, list_: str) -> LiveLine:
    """Ask for it before the page asks for its posts, so that nothing falls between the two."""
    return LiveLine(place, mark(here.clock.now()), list_)
