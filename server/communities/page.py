"""A community as pages show it: its name wherever it is named, its header, and how far its goals are (A6)."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.communities import policy
from server.communities.policy import MembershipFacts

_AGREED = ("channels", "feedback")


@dataclass(frozen=True, slots=True)
class Deliverable:
    """Something that brings a goal nearer, which is there or is not. `url` leads to it, where there is a page."""

    id: str
    text: str
    url: str
    done: bool


@dataclass(frozen=True, slots=True)
class Goal:
    """A shared goal, and what is to be there for it."""

    text: str
    deliverables: tuple[Deliverable, ...]

    @property
    def done(self) -> int:
        """How much of it is there."""
        return sum(item.done for item in self.deliverables)


@dataclass(frozen=True, slots=True)
class CommunityLabel:
    """How a community is shown wherever it is named. `handle`: ``@science``, or with a domain for one elsewhere."""

    id: str
    uri: str
    name: str
    handle: str
    organisation: str
    url: str
    is_local: bool
    visibility: str


@dataclass(frozen=True, slots=True)
class CommunityPage:
    """Everything the header of a community's page shows. `following` is the state of the viewer's follow, or empty;
    `joined_at` when they became a member, if they ever did.

    `original_url` and `host` say where it lives. For one elsewhere the facts of a community are empty: we know its
    profile (`summary_html`) and what it shares.
    """

    label: CommunityLabel
    facts: MembershipFacts
    slug: str
    full_handle: str
    host: str
    original_url: str
    summary_html: str
    avatar_url: str | None
    header_url: str | None
    kind: str
    visibility: str
    join_policy: str
    posting: str
    guests: bool
    confidential: bool
    purpose: str
    goals: tuple[str, ...]
    progress: tuple[Goal, ...]
    gives: str
    gets: str
    time_per_week: str
    objectives: str
    outcomes: str
    cadence: str
    term_from: str
    term_until: str
    channels: str
    feedback: str
    digest_day: int | None
    language: str
    questions: tuple[str, ...]
    guidelines_source: str
    guidelines_html: str
    guidelines_version: int
    members_count: int
    followers_count: int
    posts_count: int
    created_at: datetime
    archived_at: datetime | None
    slow_until: datetime | None
    following: str
    joined_at: datetime | None
    asked_again: bool
    knows_joining: bool

    @property
    def id(self) -> str:
        """The id of the community's actor."""
        return self.label.id

    @property
    def is_local(self) -> bool:
        """Whether it lives here."""
        return self.label.is_local

    @property
    def url(self) -> str:
        """Its page here."""
        return self.label.url

    @property
    def has_charter(self) -> bool:
        """Whether something of a charter is written down."""
        return any(getattr(self, name) for name in ("objectives", "outcomes", "term_until", "cadence", *_AGREED))

    @property
    def agreement(self) -> bool:
        """Whether it is written down how people here work together (B3)."""
        return any(getattr(self, name) for name in _AGREED)

    @property
    def missing(self) -> tuple[str, ...]:
        """The parts of a formal community's charter that are empty."""
        if self.kind != policy.FORMAL:
            return ()
        return tuple(name for name in ("objectives", "outcomes", "term_until", "cadence") if not getattr(self, name))


def goals_of(goals: tuple[str, ...], stored: Any) -> tuple[Goal, ...]:
    """The goals with their deliverables, from the column that keeps them; what belongs to no goal any more is left."""
    rows = json.loads(stored) if isinstance(stored, str) and stored else stored or []
    return tuple(
        Goal(
            goal,
            tuple(
                Deliverable(str(row["id"]), str(row["text"]), str(row.get("url") or ""), bool(row["done"]))
                for row in rows
                if row["goal"] == goal
            ),
        )
        for goal in goals
    )
