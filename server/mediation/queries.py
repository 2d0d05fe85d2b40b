"""Reading mediations: the two and the mediator, and nobody else."""

from dataclasses import dataclass
from datetime import datetime

from server.actors.queries import PersonLabel, labels
from server.actors.viewer import Viewer
from server.db import Row, from_milliseconds
from server.instance import Instance
from server.mediation import policy
from server.mediation.policy import SEEN_BY, Standing


@dataclass(frozen=True, slots=True)
class Word:
    """What one of the three said."""

    by: PersonLabel | None
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MediationView:
    """A mediation as one of the three sees it. `part` is the viewer's own, `waits_for` whose answer is awaited."""

    id: str
    state: str
    part: str
    waits_for: str
    asker: PersonLabel
    other: PersonLabel
    mediator: PersonLabel
    wish: str
    outcome: str
    result: str
    post_url: str
    created_at: datetime
    ended_at: datetime | None
    words: tuple[Word, ...] = ()

    @property
    def is_asked(self) -> bool:
        """Whether the viewer has to say whether they take part."""
        return self.waits_for == self.part


_SELECT = (
    "SELECT mediation.id, mediation.state, mediation.asker_id, mediation.other_id, mediation.mediator_id,"
    " mediation.wish, mediation.asker_at, mediation.other_at, mediation.mediator_at, mediation.outcome,"
    " mediation.result, mediation.created_at, mediation.ended_at, post.short FROM mediation"
    " LEFT JOIN post ON post.id = mediation.post_id AND post.state <> 'deleted'"
)


async def mine(here: Instance, viewer: Viewer, *, limit: int = 50) -> list[MediationView]:
    """The viewer's own, the newest first."""
    rows = await here.db.rows(
        f"{_SELECT} WHERE {SEEN_BY} ORDER BY mediation.id DESC LIMIT :limit", me=viewer.actor_id or "", limit=limit
    )
    return await _views(here, viewer, rows)


async def one(here: Instance, viewer: Viewer, mediation_id: str) -> MediationView | None:
    """One of them with what was said; None for everybody else."""
    rows = await here.db.rows(
        f"{_SELECT} WHERE mediation.id = :id AND {SEEN_BY}", id=mediation_id, me=viewer.actor_id or ""
    )
    said = await here.db.rows(
        "SELECT by_id, text, at FROM mediation_word WHERE mediation_id = :id ORDER BY id LIMIT 500", id=mediation_id
    )
    found = await _views(here, viewer, rows, said)
    return found[0] if found else None


async def _views(here: Instance, viewer: Viewer, rows: list[Row], said: list[Row] | None = None) -> list[MediationView]:
    people = await labels(here, sorted({row[f"{part}_id"] for row in rows for part in policy.PARTS}))
    return [
        MediationView(
            id=row["id"],
            state=row["state"],
            part=next(part for part in policy.PARTS if row[f"{part}_id"] == viewer.actor_id),
            waits_for=Standing(row["state"], *(row[f"{part}_at"] is not None for part in policy.PARTS)).waits_for,
            asker=people[row["asker_id"]],
            other=people[row["other_id"]],
            mediator=people[row["mediator_id"]],
            wish=row["wish"],
            outcome=row["outcome"],
            result=row["result"],
            post_url=f"/p/{row['short']}" if row["short"] else "",
            created_at=from_milliseconds(row["created_at"]),
            ended_at=None if row["ended_at"] is None else from_milliseconds(row["ended_at"]),
            words=tuple(
                Word(people.get(word["by_id"]), word["text"], from_milliseconds(word["at"])) for word in said or ()
            ),
        )
        for row in rows
        if all(row[f"{part}_id"] in people for part in policy.PARTS)
    ]
