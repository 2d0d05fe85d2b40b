"""How it feels, as it may be shown: of what is closed, and never of fewer than five answers."""

from dataclasses import dataclass, field
from datetime import datetime

from server.actors.viewer import Viewer
from server.db import among, from_milliseconds
from server.instance import Instance
from server.pulse.models import PulseAnswered
from server.pulse.policy import CHOICES, ENOUGH, ITEMS, LOW, is_shown, mean

MOST_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Point:
    """One time: `overall` and the `means` of the sentences, or neither where too few have answered."""

    at: datetime
    answered: int = 0
    overall: float | None = None
    means: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trend:
    """All times, the latest first, and what is asked now: until when, and whether the viewer has answered.

    `is_low`: the latest that may be shown is below what needs attention.
    """

    points: list[Point]
    open_until: datetime | None
    has_answered: bool

    @property
    def is_low(self) -> bool:
        """Whether whoever looks after the community should be told what can help."""
        overall = self.points[0].overall if self.points else None
        return overall is not None and overall < LOW


async def trend(here: Instance, viewer: Viewer, community_id: str) -> Trend:
    """What a community shows of this; the caller has checked that the viewer is a member. Three queries at most."""
    now = here.clock.now()
    rows = await here.db.rows(
        "SELECT id, answered, closes_at FROM pulse WHERE community_id = :id ORDER BY closes_at DESC LIMIT :most",
        id=community_id,
        most=MOST_SHOWN,
    )
    running = next((row for row in rows if from_milliseconds(row["closes_at"]) > now), None)
    closed = [row for row in rows if row is not running]
    wanted = [row["id"] for row in closed if is_shown(row["answered"])]
    counts: dict[str, list[list[int]]] = {pulse_id: [[0] * len(CHOICES) for _ in ITEMS] for pulse_id in wanted}
    if wanted:
        places, parameters = among(wanted)
        for row in await here.db.rows(
            f"SELECT pulse_id, item, choice, times FROM pulse_count WHERE pulse_id IN ({places})"
            " ORDER BY pulse_id, item, choice",
            **parameters,
        ):
            counts[row["pulse_id"]][row["item"]][row["choice"] - 1] = row["times"]
    has_answered = running is not None and await PulseAnswered.exists(pulse_id=running["id"], person_id=viewer.actor_id)
    return Trend(
        points=[_point(from_milliseconds(row["closes_at"]), row["answered"], counts.get(row["id"])) for row in closed],
        open_until=None if running is None else from_milliseconds(running["closes_at"]),
        has_answered=has_answered,
    )


def _point(at: datetime, answered: int, counts: list[list[int]] | None) -> Point:
    if counts is None or answered < ENOUGH:
        return Point(at)  # not even how many there were: with who is a member, that would say too much
    together = [sum(column) for column in zip(*counts, strict=True)]
    return Point(at, answered, mean(together), {item: mean(each) for item, each in zip(ITEMS, counts, strict=True)})
