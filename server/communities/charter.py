"""A community's charter: versions with what changed and why, and who has read the present one (A7)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from server.actors.queries import PersonLabel
from server.actors.queries import labels as person_labels
from server.actors.viewer import Viewer
from server.communities import memberships, policy, queries
from server.communities.guidelines import DiffLine, differences
from server.communities.models import CharterVersion, Community
from server.communities.policy import Denied
from server.db import from_milliseconds
from server.errors import Invalid, NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance

PARTS = ("objectives", "outcomes", "term_from", "term_until", "cadence", "channels", "feedback")
"""The parts of a charter, in the order in which they are read. Who looks after the community are its facilitators."""

Parts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Version:
    """One version, with who wrote it and why. `from_proposal` is the id of the proposal that it came of, or empty."""

    version: int
    parts: dict[str, str]
    why: str
    by: PersonLabel | None
    at: datetime
    from_proposal: str


@dataclass(frozen=True, slots=True)
class PartDiff:
    """What changed in one part, line by line."""

    part: str
    lines: list[DiffLine]


@dataclass(frozen=True, slots=True)
class Readers:
    """How many of those who are in it have said that they read the present version."""

    read: int
    members: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """How people of a community work together (B3)."""

    cadence: str
    channels: str
    feedback: str


def parts_of(source: object) -> dict[str, str]:
    """The charter in whatever has its parts as attributes: a form, a row, a page."""
    return {part: str(getattr(source, part) or "") for part in PARTS}


def changes(before: Parts, after: Parts) -> list[PartDiff]:
    """What changed, by part; parts that stayed are left out."""
    return [
        PartDiff(part, differences(before.get(part, ""), after.get(part, "")))
        for part in PARTS
        if before.get(part, "") != after.get(part, "")
    ]


async def write_version(
    here: Instance, community: Community, after: Parts, *, by_id: str, why: str, proposal_id: str | None = None
) -> int:
    """Store a version where something changed, in the present transaction; returns the number of the present one.

    What stood there before anybody counted versions becomes the first one. The caller saves the community.
    """
    before = parts_of(community)
    after = {part: after.get(part, before[part]) for part in PARTS}
    if after == before and (community.charter_version or not any(after.values())):
        return community.charter_version
    if not community.charter_version and any(before.values()) and after != before:
        await _keep(here, community.id, 1, before, at=community.created_at)
        community.charter_version = 1
    community.charter_version += 1
    for part, text in after.items():
        setattr(community, part, text)
    await _keep(here, community.id, community.charter_version, after, by_id=by_id, why=why, proposal_id=proposal_id)
    membership = await memberships.find(community.id, by_id)
    if membership is not None and membership.state == "active":
        membership.charter_version = community.charter_version
        await membership.save(update_fields=["charter_version"])
    return community.charter_version


async def acknowledge(here: Instance, acting: Viewer, community_id: str, version: int) -> None:
    """Say that one has read the version that was shown; raises Invalid where there is a newer one by now."""
    facts = await queries.facts_of(here, community_id, acting)
    if facts is None or not facts.is_local or policy.view(facts) == policy.CLOSED:
        raise NotFound
    verdict = policy.may_acknowledge(facts)
    if isinstance(verdict, Denied):
        raise NotAllowed(verdict.reason)
    if version != facts.charter_version:
        raise Invalid("The charter has just changed. Please read it once more.")
    membership = await memberships.find(community_id, str(acting.actor_id))
    if membership is None:
        raise NotFound
    async with here.db.transaction():
        membership.charter_version = max(membership.charter_version, version)
        await membership.save(update_fields=["charter_version"])


async def versions(here: Instance, community_id: str) -> list[Version]:
    """All versions, the newest first."""
    rows = await here.db.rows(
        "SELECT version, parts, why, by_id, proposal_id, created_at FROM charter_version WHERE community_id = :id"
        " ORDER BY version DESC LIMIT 100",
        id=community_id,
    )
    people = await person_labels(here, [row["by_id"] for row in rows if row["by_id"]])
    return [
        Version(
            version=row["version"],
            parts=dict.fromkeys(PARTS, "") | json.loads(row["parts"]),
            why=row["why"],
            by=people.get(row["by_id"]),
            at=from_milliseconds(row["created_at"]),
            from_proposal=row["proposal_id"] or "",
        )
        for row in rows
    ]


async def readers(here: Instance, community_id: str, version: int) -> Readers:
    """How many have read a version, and how many members there are."""
    row = await here.db.row(
        "SELECT count(*) AS members, sum(CASE WHEN charter_version >= :version THEN 1 ELSE 0 END) AS those"
        " FROM membership WHERE community_id = :id AND state = 'active'",
        id=community_id,
        version=version,
    )
    return Readers(int(row["those"] or 0), row["members"]) if row is not None else Readers(0, 0)


async def _keep(
    here: Instance,
    community_id: str,
    version: int,
    parts: dict[str, str],
    *,
    by_id: str = "",
    why: str = "",
    proposal_id: str | None = None,
    at: datetime | None = None,
) -> None:
    now = at or here.clock.now()
    await CharterVersion.create(
        id=new_id(here.clock.now()),
        community_id=community_id,
        version=version,
        parts=parts,
        why=why,
        by_id=by_id,
        proposal_id=proposal_id,
        created_at=now,
    )
