"""The map of a network as a picture: its members in a ring, and a line with a number between those who share.

The list and the table beside it say the same in words; what would be too crowded to read is not drawn.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from server.consortium.queries import MemberView, Tie

WIDTH, HEIGHT = 640, 430
_MIDDLE, _REACH = (320, 212), (205, 145)
MOST = 12
LETTERS = 24


@dataclass(frozen=True, slots=True)
class Node:
    """A member at its place; `label_y` is where its name stands, outside of the ring."""

    x: int
    y: int
    label_y: int
    name: str
    is_us: bool


@dataclass(frozen=True, slots=True)
class Line:
    """What goes between two members: how often, and where that number stands."""

    x1: int
    y1: int
    x2: int
    y2: int
    number: int

    @property
    def middle(self) -> tuple[int, int]:
        """Nearer to one end than to the other, so that numbers of lines that cross stand apart."""
        return round(self.x1 * 0.58 + self.x2 * 0.42), round(self.y1 * 0.58 + self.y2 * 0.42)


@dataclass(frozen=True, slots=True)
class Map:
    """All of it, in units of its own."""

    width: int
    height: int
    nodes: tuple[Node, ...]
    lines: tuple[Line, ...]


def drawn(members: Sequence[MemberView], ties: Sequence[Tie]) -> Map | None:
    """The picture; None where there is nothing to show, or too much. Pure."""
    if not 2 <= len(members) <= MOST or not ties:
        return None
    nodes: dict[str, Node] = {}
    for number, member in enumerate(members):
        turn = 2 * math.pi * number / len(members) - (math.pi / 2 if len(members) > 2 else math.pi)
        x, y = round(_MIDDLE[0] + _REACH[0] * math.cos(turn)), round(_MIDDLE[1] + _REACH[1] * math.sin(turn))
        label_y = y - 22 if math.sin(turn) < -0.2 else y + 34
        nodes[member.host] = Node(x, y, label_y, _short(member.name), member.is_us)
    lines = [
        Line(one.x, one.y, other.x, other.y, tie.tries + tie.remixes + tie.communities)
        for tie in ties
        if (one := nodes.get(tie.one_host)) is not None and (other := nodes.get(tie.other_host)) is not None
    ]
    return Map(WIDTH, HEIGHT, tuple(nodes.values()), tuple(lines))


def _short(text: str) -> str:
    return text if len(text) <= LETTERS else f"{text[: LETTERS - 1].rstrip()}…"
