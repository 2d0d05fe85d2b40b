"""The people of a community: who is in it, who looks after it, who asks for a place. In alphabetical order (A13)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.actors.queries import LABEL_COLUMNS, PersonLabel, label_of
from server.actors.queries import labels as person_labels
from server.actors.viewer import ANONYMOUS, Viewer
from server.db import Row, among, from_milliseconds
from server.instance import Instance
from server.peers.policy import HIDDEN, in_sql

SORTED = "lower(COALESCE(NULLIF(actor.name, ''), actor.username))"


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a community. `sort_key` of the last one is where the next page of a list begins."""

    person: PersonLabel
    role: str
    joined_at: datetime
    sort_key: str


_MEMBER = (
    f"SELECT {LABEL_COLUMNS}, {SORTED} AS sort_name, membership.role, membership.joined_at,"
    " membership.created_at AS asked_at FROM membership"
    " JOIN actor ON actor.id = membership.person_id WHERE membership.community_id = :id AND membership.state = 'active'"
    " AND actor.deleted_at IS NULL AND actor.suspended_at IS NULL AND NOT actor.hidden"
    f" AND actor.grade NOT IN {in_sql(HIDDEN)}"
)


async def members(here: Instance, community_id: str, *, after: str = "", limit: int = 100) -> list[Member]:
    """The people of a community in alphabetical order and no other (A13). `after`: a `sort_key`."""
    name, _, last = after.partition("\n")
    rows = await here.db.rows(
        f"{_MEMBER} AND ({SORTED} > :name OR ({SORTED} = :name AND actor.id > :last))"
        f" ORDER BY {SORTED}, actor.id LIMIT :limit",
        id=community_id,
        name=name,
        last=last,
        limit=limit,
    )
    return [_member(here, row) for row in rows]


async def leaders(here: Instance, community_id: str) -> list[Member]:
    """Stewards and facilitators, in alphabetical order."""
    rows = await here.db.rows(
        f"{_MEMBER} AND membership.role <> 'member' ORDER BY {SORTED}, actor.id LIMIT 50", id=community_id
    )
    return [_member(here, row) for row in rows]


def _member(here: Instance, row: Row) -> Member:
    return Member(
        person=label_of(here, row),
        role=row["role"],
        joined_at=from_milliseconds(row["joined_at"] or row["asked_at"]),
        sort_key=f"{row['sort_name']}\n{row['id']}",
    )


@dataclass(frozen=True, slots=True)
class Application:
    """Somebody who asks for a place, with what they answered: for those who decide, and nobody else."""

    id: str
    person: PersonLabel
    answers: tuple[tuple[str, str], ...]
    asked_at: datetime
    shortlisted: bool
    marks: tuple[str, ...]


async def applications(here: Instance, community_id: str, *, limit: int = 100) -> list[Application]:
    """Who waits for an answer, the longest first."""
    rows = await here.db.rows(
        "SELECT membership.id AS membership_id, membership.person_id, membership.answers, membership.updated_at,"
        " membership.shortlisted, membership.marks"
        " FROM membership JOIN actor ON actor.id = membership.person_id"
        " WHERE membership.community_id = :id AND membership.state = 'applied'"
        " AND actor.deleted_at IS NULL AND actor.suspended_at IS NULL"
        " ORDER BY membership.updated_at, membership.id LIMIT :limit",
        id=community_id,
        limit=limit,
    )
    people = await person_labels(here, [row["person_id"] for row in rows])
    return [
        Application(
            id=row["membership_id"],
            person=people[row["person_id"]],
            answers=tuple((str(question), str(answer)) for question, answer in json.loads(row["answers"] or "[]")),
            asked_at=from_milliseconds(row["updated_at"]),
            shortlisted=bool(row["shortlisted"]),
            marks=tuple(json.loads(row["marks"] or "[]")),
        )
        for row in rows
        if row["person_id"] in people
    ]


async def invited(here: Instance, community_id: str) -> list[PersonLabel]:
    """Who was offered a place and has not taken it yet."""
    rows = await here.db.rows(
        f"SELECT {LABEL_COLUMNS} FROM membership JOIN actor ON actor.id = membership.person_id"
        " WHERE membership.community_id = :id AND membership.state = 'invited' AND actor.deleted_at IS NULL"
        f" ORDER BY {SORTED}, actor.id LIMIT 100",
        id=community_id,
    )
    return [label_of(here, row) for row in rows]


@dataclass(frozen=True, slots=True)
class KeptOut:
    """Somebody who may not write or join, until a moment or for good, and why."""

    person: PersonLabel
    until: datetime | None
    reason: str


async def kept_out(here: Instance, community_id: str) -> list[KeptOut]:
    """Who is kept out, in alphabetical order: for those who may let them back."""
    rows = await here.db.rows(
        f"SELECT {LABEL_COLUMNS}, membership.removed_until, membership.note FROM membership"
        " JOIN actor ON actor.id = membership.person_id WHERE membership.community_id = :id"
        f" AND membership.state = 'removed' AND actor.deleted_at IS NULL ORDER BY {SORTED}, actor.id LIMIT 200",
        id=community_id,
    )
    return [
        KeptOut(
            person=label_of(here, row),
            until=None if row["removed_until"] is None else from_milliseconds(row["removed_until"]),
            reason=row["note"],
        )
        for row in rows
    ]


async def my_note(here: Instance, community_id: str, actor_id: str) -> str:
    """What a facilitator wrote to somebody with the answer to their application."""
    found = await here.db.value(
        "SELECT note FROM membership WHERE community_id = :id AND person_id = :person", id=community_id, person=actor_id
    )
    return str(found or "")


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much waits for those who look after a community."""

    applications: int
    held_posts: int
    reports: int = 0

    @property
    def total(self) -> int:
        """All of it."""
        return self.applications + self.held_posts + self.reports


async def waiting(here: Instance, community_id: str, viewer: Viewer = ANONYMOUS) -> Waiting:
    """Applications without an answer, posts that nobody has let through yet, and reports not about the viewer."""
    row = await here.db.row(
        "SELECT (SELECT count(*) FROM membership JOIN actor ON actor.id = membership.person_id"
        " WHERE membership.community_id = :id AND membership.state = 'applied'"
        " AND actor.deleted_at IS NULL AND actor.suspended_at IS NULL) AS applications,"
        " (SELECT count(*) FROM post WHERE post.community_id = :id AND post.state = 'held') AS held_posts,"
        " (SELECT count(*) FROM moderation_case WHERE moderation_case.community_id = :id"
        " AND moderation_case.desk = 'community' AND moderation_case.state <> 'closed'"
        " AND moderation_case.about_id <> :me) AS reports",
        id=community_id,
        me=viewer.actor_id or "",
    )
    return Waiting(row["applications"], row["held_posts"], row["reports"]) if row is not None else Waiting(0, 0)


async def states_among(here: Instance, person_id: str, community_ids: Sequence[str]) -> dict[str, str]:
    """The states of somebody's memberships in some communities, by their ids."""
    if not community_ids:
        return {}
    named, parameters = among(community_ids)
    rows = await here.db.rows(
        f"SELECT community_id, state FROM membership WHERE person_id = :person AND community_id IN ({named})",
        person=person_id,
        **parameters,
    )
    return {row["community_id"]: row["state"] for row in rows}
