"""A community's guidelines: versions with why they changed, what changed, and who accepted which (B1)."""

import asyncio
import difflib
from dataclasses import dataclass
from datetime import datetime

from server.actors.queries import PersonLabel
from server.actors.queries import labels as person_labels
from server.actors.viewer import Viewer
from server.communities import memberships, policy, queries
from server.communities.events import GuidelinesChanged
from server.communities.models import Community, GuidelinesVersion
from server.communities.policy import Denied, MembershipFacts
from server.db import from_milliseconds
from server.errors import Invalid, NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance
from server.text import clean_text, render_markdown

MAX_SOURCE = 20_000
MAX_WHY = 500

TEMPLATE = """## Taking part
1. Talk about your work, never about an identifiable pupil.
2. Say so when something did not work: that helps as much.

## Feedback
3. Ask before you advise. Speak about the practice, not the person.

## Confidentiality
4. What is said here stays here unless the person who said it agrees.

## When there is a conflict
5. Talk to each other first. If that does not help, ask a facilitator.
"""
"""A start for people who write guidelines for the first time."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version, with who wrote it and why."""

    version: int
    source: str
    html: str
    why: str
    by: PersonLabel | None
    at: datetime


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a comparison. `kind`: ``same``, ``added`` or ``removed``."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Who accepted which version, and when."""

    person: PersonLabel
    version: int
    at: datetime


async def set_guidelines(here: Instance, acting: Viewer, community_id: str, source: str, why: str = "") -> int:
    """Write a new version; who wrote it has accepted it. Returns its number, the present one where nothing changed.

    Raises Invalid with `field` ``guidelines`` or ``why``: after the first version people want to know why it changed.
    """
    facts = await _facts(here, acting, community_id)
    _refuse_unless(policy.may_set_guidelines(facts))
    source, why = clean_text(source).strip(), clean_text(why).strip()
    if not source:
        raise Invalid("Write the guidelines.", field="guidelines")
    if len(source) > MAX_SOURCE:
        raise Invalid(f"Use at most {MAX_SOURCE} characters.", field="guidelines")
    if len(why) > MAX_WHY:
        raise Invalid(f"Use at most {MAX_WHY} characters.", field="why")
    community = await Community.get(id=community_id)
    if community.guidelines_source == source:
        return community.guidelines_version
    if community.guidelines_version and not why:
        raise Invalid("Say in a sentence why they change.", field="why")
    async with here.db.transaction():
        return await write_version(here, community_id, str(acting.actor_id), source, why)


async def write_version(here: Instance, community_id: str, by_id: str, source: str, why: str) -> int:
    """Store a new version, in the present transaction."""
    html = (await asyncio.to_thread(render_markdown, source, base_url=here.settings.origin)).html
    now = here.clock.now()
    community = await Community.get(id=community_id)
    version = community.guidelines_version + 1
    await GuidelinesVersion.create(
        id=new_id(now), community_id=community_id, version=version, source=source, why=why, by_id=by_id, created_at=now
    )
    community.guidelines_source, community.guidelines_html, community.guidelines_version = source, html, version
    await community.save(update_fields=["guidelines_source", "guidelines_html", "guidelines_version"])
    membership = await memberships.find(community_id, by_id)
    if membership is not None and membership.state == "active":
        await memberships.accept_version(here, membership, version)
    await here.events.emit(GuidelinesChanged(community_id, version, by_id))
    return version


async def accept_guidelines(here: Instance, acting: Viewer, community_id: str, version: int) -> None:
    """Accept the version that was read; raises Invalid where there is a newer one by now."""
    facts = await _facts(here, acting, community_id)
    _refuse_unless(policy.may_accept_guidelines(facts))
    if version != facts.guidelines_version:
        raise Invalid("The guidelines have just changed. Please read them once more.")
    membership = await memberships.find(community_id, str(acting.actor_id))
    if membership is None:
        raise NotFound
    async with here.db.transaction():
        await memberships.accept_version(here, membership, version)


async def versions(here: Instance, community_id: str) -> list[Version]:
    """All versions, the newest first."""
    rows = await here.db.rows(
        "SELECT version, source, why, by_id, created_at FROM guidelines_version WHERE community_id = :id"
        " ORDER BY version DESC LIMIT 100",
        id=community_id,
    )
    people = await person_labels(here, [row["by_id"] for row in rows])
    return [
        Version(
            version=row["version"],
            source=row["source"],
            html=render_markdown(row["source"], base_url=here.settings.origin).html,
            why=row["why"],
            by=people.get(row["by_id"]),
            at=from_milliseconds(row["created_at"]),
        )
        for row in rows
    ]


async def acceptances(here: Instance, community_id: str, *, limit: int = 500) -> list[Acceptance]:
    """Who accepted which version when, the latest first: for those who look after the community."""
    rows = await here.db.rows(
        "SELECT person_id, version, accepted_at FROM guidelines_acceptance WHERE community_id = :id"
        " ORDER BY accepted_at DESC, id DESC LIMIT :limit",
        id=community_id,
        limit=limit,
    )
    people = await person_labels(here, [row["person_id"] for row in rows])
    return [
        Acceptance(people[row["person_id"]], row["version"], from_milliseconds(row["accepted_at"]))
        for row in rows
        if row["person_id"] in people
    ]


def differences(before: str, after: str) -> list[DiffLine]:
    """What changed, line by line."""
    kinds = {" ": "same", "+": "added", "-": "removed"}
    lines = difflib.ndiff(before.splitlines(), after.splitlines(), linejunk=None, charjunk=None)
    return [DiffLine(kinds[line[0]], line[2:]) for line in lines if line[0] in kinds]


async def _facts(here: Instance, acting: Viewer, community_id: str) -> MembershipFacts:
    facts = await queries.facts_of(here, community_id, acting)
    if facts is None or not facts.is_local or policy.view(facts) == policy.CLOSED:
        raise NotFound
    return facts


def _refuse_unless(verdict: policy.Verdict) -> None:
    if isinstance(verdict, Denied):
        raise NotAllowed(verdict.reason)
