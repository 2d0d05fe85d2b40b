"""The shapes that apps read besides accounts and statuses: what endpoints answer with, each field as documented.

Source: docs.joinmastodon.org/entities, Mastodon 4.2 to 4.3.
"""

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from server.mastodon.entities import Account, CustomEmoji, MediaAttachment, Status


class Context(Struct):
    """What stands above and below a status, the oldest first."""

    ancestors: list[Status]
    descendants: list[Status]


class StatusSource(Struct):
    """What the author of a status typed."""

    id: str
    text: str
    spoiler_text: str


class StatusEdit(Struct):
    """What a status said at some time."""

    content: str
    spoiler_text: str
    sensitive: bool
    created_at: str
    account: Account
    media_attachments: list[MediaAttachment]
    emojis: list[CustomEmoji]
    poll: dict[str, Any] | UnsetType = UNSET


class ScheduledStatus(Struct):
    """A status that is published later; `peerhall` says why it could not be, where that is so."""

    id: str
    scheduled_at: str
    params: dict[str, Any]
    media_attachments: list[MediaAttachment]
    peerhall: dict[str, str] | UnsetType = UNSET


class Relationship(Struct):
    """What stands between whoever asks and somebody else."""

    id: str
    following: bool
    showing_reblogs: bool
    notifying: bool
    languages: list[str] | None
    followed_by: bool
    blocking: bool
    blocked_by: bool
    muting: bool
    muting_notifications: bool
    requested: bool
    requested_by: bool
    domain_blocking: bool
    endorsed: bool
    note: str


class FamiliarFollowers(Struct):
    """Who of those that one follows follows somebody."""

    id: str
    accounts: list[Account]


class Notification(Struct):
    """Something happened. `type` is one that apps know."""

    id: str
    type: str
    created_at: str
    account: Account
    group_key: str
    status: Status | UnsetType | None = UNSET
    report: Any | UnsetType = UNSET


class NotificationGroup(Struct):
    """Several things of one sort that happened to one status."""

    group_key: str
    notifications_count: int
    type: str
    most_recent_notification_id: int
    sample_account_ids: list[str]
    page_min_id: str | UnsetType = UNSET
    page_max_id: str | UnsetType = UNSET
    latest_page_notification_at: str | UnsetType = UNSET
    status_id: str | UnsetType | None = UNSET
    report: Any | UnsetType = UNSET


class GroupedNotifications(Struct):
    """A page of groups, with what they speak of once each."""

    accounts: list[Account]
    statuses: list[Status]
    notification_groups: list[NotificationGroup]
    partial_accounts: list[Any] | UnsetType = UNSET


class Conversation(Struct):
    """A conversation among those who are named in it."""

    id: str
    unread: bool
    accounts: list[Account]
    last_status: Status | None


class Marker(Struct):
    """How far somebody has read."""

    last_read_id: str
    version: int
    updated_at: str


class Tag(Struct):
    """A hashtag, and how it was used on the last days."""

    name: str
    url: str
    history: list[dict[str, str]]
    following: bool | UnsetType = UNSET
    featuring: bool | UnsetType = UNSET
    id: str | UnsetType = UNSET


class FeaturedTag(Struct):
    """A hashtag on somebody's profile."""

    id: str
    name: str
    url: str
    statuses_count: str
    last_status_at: str | None


class UserList(Struct):
    """A list of people that somebody made."""

    id: str
    title: str
    replies_policy: Literal["followed", "list", "none"]
    exclusive: bool


class Search(Struct):
    """What was found."""

    accounts: list[Account]
    statuses: list[Status]
    hashtags: list[Tag]


class Report(Struct):
    """A report that somebody made."""

    id: str
    action_taken: bool
    action_taken_at: str | None
    category: str
    comment: str
    forwarded: bool
    created_at: str
    status_ids: list[str] | None
    rule_ids: list[str] | None
    target_account: Account
