"""Reading who writes a practice together, and what became of changes."""

import json
from dataclasses import dataclass
from datetime import datetime

from server.actors.queries import LABEL_COLUMNS, PersonLabel, label_of
from server.actors.viewer import Viewer
from server.coauthors.actions import ACTIVE, INVITED
from server.db import from_milliseconds
from server.instance import Instance
from server.posts.queries import PostView

SHOWN_EDITS = 20


@dataclass(frozen=True, slots=True)
class CoauthorView:
    """Somebody who writes a practice with its author, or was asked to."""

    person: PersonLabel
    state: str

    @property
    def is_asked(self) -> bool:
        """Whether they have not answered yet."""
        return self.state == INVITED


@dataclass(frozen=True, slots=True)
class EditView:
    """A change of the viewer's. `has_words`: what they wrote is kept here."""

    id: str
    state: str
    reason: str
    note: str
    at: datetime
    has_words: bool


@dataclass(frozen=True, slots=True)
class Together:
    """What the page of the authors of a practice shows to one viewer; nobody but author and co-authors sees it.

    `mine` is the viewer's own state: ``author``, ``invited``, ``active``, or empty.
    """

    mine: str
    people: tuple[CoauthorView, ...]
    edits: tuple[EditView, ...]


async def together(here: Instance, viewer: Viewer, post: PostView) -> Together:
    """Who writes a practice that the viewer was shown; two queries."""
    rows = await here.db.rows(
        f"SELECT coauthor.state, coauthor.person_id, {LABEL_COLUMNS} FROM coauthor"
        " JOIN actor ON actor.id = coauthor.person_id WHERE coauthor.post_id = :id"
        " AND coauthor.state IN ('invited', 'active') AND actor.deleted_at IS NULL ORDER BY coauthor.id LIMIT 50",
        id=post.id,
    )
    mine = next((row["state"] for row in rows if row["person_id"] == viewer.actor_id), "")
    if post.is_mine and post.is_local:
        mine = "author"
    people = [
        CoauthorView(label_of(here, row), row["state"])
        for row in rows
        if row["state"] == ACTIVE or mine == "author" or row["person_id"] == viewer.actor_id
    ]
    return Together(mine, tuple(people), await _edits(here, viewer, post))


async def _edits(here: Instance, viewer: Viewer, post: PostView) -> tuple[EditView, ...]:
    if post.is_local:
        return ()
    rows = await here.db.rows(
        "SELECT id, state, reason, note, created_at, form FROM coauthor_edit WHERE post_id = :post"
        " AND person_id = :person ORDER BY id DESC LIMIT :limit",
        post=post.id,
        person=viewer.actor_id or "",
        limit=SHOWN_EDITS,
    )
    return tuple(
        EditView(
            row["id"],
            row["state"],
            row["reason"],
            row["note"],
            from_milliseconds(row["created_at"]),
            isinstance(json.loads(row["form"] or "null"), dict) and row["state"] != "taken",
        )
        for row in rows
    )
