"""What happens to communities and the people in them. Every event is emitted inside the transaction of its fact."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class CommunityCreated:
    """Somebody made a community here."""

    community_id: str
    by_id: str


@dataclass(frozen=True, slots=True)
class CommunityChanged:
    """What a community says of itself changed, or it was archived or reopened."""

    community_id: str


@dataclass(frozen=True, slots=True)
class GuidelinesChanged:
    """A community has new guidelines: its members accept them before they write again."""

    community_id: str
    version: int
    by_id: str


@dataclass(frozen=True, slots=True)
class MemberJoined:
    """Somebody is a member from now on: here, or one of ours elsewhere."""

    community_id: str
    person_id: str


@dataclass(frozen=True, slots=True)
class MemberApplied:
    """Somebody asks to become a member."""

    community_id: str
    person_id: str


@dataclass(frozen=True, slots=True)
class MemberInvited:
    """Somebody may join without asking."""

    community_id: str
    person_id: str
    by_id: str


@dataclass(frozen=True, slots=True)
class MemberDecided:
    """An application was answered."""

    community_id: str
    person_id: str
    accepted: bool


@dataclass(frozen=True, slots=True)
class MemberLeft:
    """Somebody is no member any more, or took an application back."""

    community_id: str
    person_id: str


@dataclass(frozen=True, slots=True)
class RoleChanged:
    """A member got another role."""

    community_id: str
    person_id: str
    role: str


@dataclass(frozen=True, slots=True)
class PersonBanned:
    """A person is kept out of a community, or (without one) of everything on another server, here or elsewhere.

    `place` is its name, `until` None for good; `remove_posts`: what they wrote there goes out of sight.
    """

    person_id: str
    community_id: str | None
    host: str
    uri: str
    by_id: str
    by_uri: str
    place: str
    reason: str
    until: datetime | None
    remove_posts: bool


@dataclass(frozen=True, slots=True)
class PersonUnbanned:
    """They may take part again; `restore_posts`: what had gone out of sight with it comes back."""

    person_id: str
    community_id: str | None
    host: str
    restore_posts: bool
