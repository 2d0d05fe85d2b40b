"""How a practice travelled, as a picture: a lane for each organisation, the versions in the order of time, and who took
them from whom. The nested list says the same in words; a picture that would not fit is not drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from server.remixes.lineage import Place

LANE, TOP, ROW = 190, 56, 62
MOST_LANES, MOST_STOPS = 5, 12
LETTERS = 24


@dataclass(frozen=True, slots=True)
class Stop:
    """One version at its place."""

    x: int
    y: int
    title: str
    author: str
    is_here: bool
    is_current: bool


@dataclass(frozen=True, slots=True)
class Leg:
    """The way from a version to one that was made of it."""

    x1: int
    y1: int
    x2: int
    y2: int


@dataclass(frozen=True, slots=True)
class Picture:
    """All of it, in units of its own."""

    width: int
    height: int
    lanes: tuple[tuple[int, str], ...]
    stops: tuple[Stop, ...]
    legs: tuple[Leg, ...]


def picture(trees: Sequence[Place]) -> Picture | None:
    """The picture of a tree; None where nothing travelled, or too much did. Pure."""
    pairs = list(_pairs(trees))
    lanes = list(dict.fromkeys(place.organisation for place, _ in pairs))
    if not 2 <= len(lanes) <= MOST_LANES or len(pairs) > MOST_STOPS:
        return None
    at: dict[str, tuple[int, int]] = {}
    stops, legs = [], []
    for row, (place, parent) in enumerate(pairs):
        x, y = lanes.index(place.organisation) * LANE + LANE // 2, TOP + row * ROW
        at[place.uri] = (x, y)
        stops.append(Stop(x, y, _short(place.title), _short(place.author), place.is_here, place.is_current))
        if parent is not None:
            legs.append(Leg(*at[parent.uri], x, y))
    return Picture(
        width=len(lanes) * LANE,
        height=TOP + len(pairs) * ROW,
        lanes=tuple((number * LANE + LANE // 2, _short(name)) for number, name in enumerate(lanes)),
        stops=tuple(stops),
        legs=tuple(legs),
    )


def _pairs(trees: Sequence[Place]) -> list[tuple[Place, Place | None]]:
    """Every place with the one above it; none stands before what it was made from."""
    found: list[tuple[Place, Place | None]] = []
    waiting: list[tuple[Place, Place | None]] = [(place, None) for place in trees]
    while waiting:
        place, parent = waiting.pop(0)
        found.append((place, parent))
        waiting += [(child, place) for child in place.children]
    return found


def _short(text: str) -> str:
    return text if len(text) <= LETTERS else f"{text[: LETTERS - 1].rstrip()}…"
