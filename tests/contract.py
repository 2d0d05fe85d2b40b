"""What the documentation of Mastodon promises of each entity, written down by hand: nothing here comes from our code.

Source: docs.joinmastodon.org/entities (4.2 and 4.3), and the parsers of apps where they are stricter. A type with a
``?`` after it may be null; a name followed by ``?`` may be left out. ``[Name]`` is a list of entities.
"""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

_ID = re.compile(r"[0-9]{17,19}\Z")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\Z")
_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z")
_BLOCK = re.compile(r"<(p|ul|ol|blockquote|pre)[\s>]")


def _is_url(value: Any) -> bool:
    parts = urlsplit(value) if isinstance(value, str) else None
    return parts is not None and parts.scheme in {"https", "http", "wss"} and bool(parts.netloc) and " " not in value


KINDS: dict[str, Callable[[Any], bool]] = {
    "id": lambda value: isinstance(value, str) and bool(_ID.match(value)),
    "text": lambda value: isinstance(value, str),
    "word": lambda value: isinstance(value, str) and bool(value),
    "url": _is_url,
    "time": lambda value: isinstance(value, str) and bool(_TIME.match(value)),
    "day": lambda value: isinstance(value, str) and bool(_DAY.match(value)),
    "html": lambda value: isinstance(value, str) and (not value or bool(_BLOCK.match(value))),
    "flag": lambda value: isinstance(value, bool),
    "count": lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 0,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "texts": lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
    "counts": lambda value: isinstance(value, list) and all(isinstance(item, int) for item in value),
    "visibility": lambda value: value in {"public", "unlisted", "private", "direct"},
    "object": lambda value: isinstance(value, dict),
    "list": lambda value: isinstance(value, list),
}

ENTITIES: dict[str, dict[str, str]] = {
    "Account": {
        "id": "id", "username": "word", "acct": "word", "url": "url", "uri": "url", "display_name": "text",
        "note": "text", "avatar": "url", "avatar_static": "url", "header": "url", "header_static": "url",
        "locked": "flag", "fields": "[Field]", "emojis": "[CustomEmoji]", "bot": "flag", "group": "flag",
        "discoverable": "flag?", "noindex?": "flag?", "indexable?": "flag", "hide_collections?": "flag?",
        "moved?": "Account?", "suspended?": "flag", "limited?": "flag", "created_at": "time", "last_status_at": "day?",
        "statuses_count": "count", "followers_count": "count", "following_count": "count", "roles?": "[Role]",
        "source?": "Source", "role?": "Role", "mute_expires_at?": "time?",
    },
    "Field": {"name": "word", "value": "text", "verified_at": "time?"},
    "CustomEmoji": {
        "shortcode": "word", "url": "url", "static_url": "url", "visible_in_picker": "flag", "category?": "text?",
    },
    "Role": {"id": "text", "name": "text", "color": "text", "permissions?": "text", "highlighted?": "flag"},
    "Source": {
        "note": "text", "fields": "[Field]", "privacy": "visibility", "sensitive": "flag", "language": "word?",
        "follow_requests_count": "count", "hide_collections?": "flag?", "discoverable?": "flag?", "indexable?": "flag",
        "attribution_domains?": "texts",
    },
    "Status": {
        "id": "id", "uri": "url", "created_at": "time", "account": "Account", "content": "html",
        "visibility": "visibility", "sensitive": "flag", "spoiler_text": "text",
        "media_attachments": "[MediaAttachment]", "application?": "object?", "mentions": "[Mention]", "tags": "[Tag]",
        "emojis": "[CustomEmoji]", "reblogs_count": "count", "favourites_count": "count", "replies_count": "count",
        "url": "url?", "in_reply_to_id": "id?", "in_reply_to_account_id": "id?", "reblog": "Status?", "poll": "Poll?",
        "card": "PreviewCard?", "language": "word?", "text?": "text", "edited_at": "time?", "favourited?": "flag",
        "reblogged?": "flag", "muted?": "flag", "bookmarked?": "flag", "pinned?": "flag", "filtered?": "list",
        "peerhall?": "object", "quote?": "object?", "quotes_count?": "count", "quote_approval?": "object",
    },
    "MediaAttachment": {
        "id": "id", "type": "word", "url": "url?", "preview_url": "url?", "remote_url": "url?", "meta": "object?",
        "description": "text?", "blurhash": "text?", "text_url?": "url?", "preview_remote_url?": "url?",
    },
    "Mention": {"id": "id", "username": "word", "url": "url", "acct": "word"},
    "Tag": {"name": "word", "url": "url"},
    "Poll": {
        "id": "id", "expires_at": "time?", "expired": "flag", "multiple": "flag", "votes_count": "count",
        "voters_count": "count?", "options": "[PollOption]", "emojis": "[CustomEmoji]", "voted?": "flag",
        "own_votes?": "counts",
    },
    "PollOption": {"title": "text", "votes_count": "count?"},
    "PreviewCard": {
        "url": "url", "title": "text", "description": "text", "type": "word", "author_name": "text",
        "author_url": "text", "provider_name": "text", "provider_url": "text", "html": "text", "width": "count",
        "height": "count", "image": "url?", "embed_url": "text", "blurhash": "text?", "language?": "word?",
        "published_at?": "time?", "image_description?": "text", "authors?": "list",
    },
    "Context": {"ancestors": "[Status]", "descendants": "[Status]"},
    "Relationship": {
        "id": "id", "following": "flag", "showing_reblogs": "flag", "notifying": "flag", "languages": "texts?",
        "followed_by": "flag", "blocking": "flag", "blocked_by": "flag", "muting": "flag",
        "muting_notifications": "flag", "muting_expires_at?": "time?", "requested": "flag", "requested_by": "flag",
        "domain_blocking": "flag", "endorsed": "flag", "note": "text",
    },
    "Search": {"accounts": "[Account]", "statuses": "[Status]", "hashtags": "[Hashtag]"},
    "Hashtag": {
        "name": "word", "url": "url", "history": "list", "following?": "flag", "featuring?": "flag", "id?": "text",
    },
    "Notification": {
        "id": "id", "type": "word", "created_at": "time", "account": "Account", "group_key?": "word",
        "status?": "Status?", "report?": "object",
    },
    "StatusSource": {"id": "id", "text": "text", "spoiler_text": "text"},
    "StatusEdit": {
        "content": "html", "spoiler_text": "text", "sensitive": "flag", "created_at": "time", "account": "Account",
        "media_attachments": "[MediaAttachment]", "emojis": "[CustomEmoji]", "poll?": "object",
    },
    "ScheduledStatus": {
        "id": "id", "scheduled_at": "time", "params": "object", "media_attachments": "[MediaAttachment]",
        "peerhall?": "object",
    },
    "List": {"id": "id", "title": "word", "replies_policy": "word", "exclusive": "flag"},
    "Marker": {"last_read_id": "text", "version": "count", "updated_at": "time"},
    "Conversation": {"id": "id", "unread": "flag", "accounts": "[Account]", "last_status": "Status?"},
    "Filter": {
        "id": "id", "title": "word", "context": "texts", "expires_at": "time?", "filter_action": "word",
        "keywords?": "[FilterKeyword]", "statuses?": "[FilterStatus]",
    },
    "FilterKeyword": {"id": "id", "keyword": "word", "whole_word": "flag"},
    "FilterStatus": {"id": "id", "status_id": "id"},
    "FeaturedTag": {
        "id": "id", "name": "word", "url": "url", "statuses_count": "text", "last_status_at": "day?",
    },
    "Report": {
        "id": "id", "action_taken": "flag", "action_taken_at": "time?", "category": "word", "comment": "text",
        "forwarded": "flag", "created_at": "time", "status_ids": "texts?", "rule_ids": "texts?",
        "target_account": "Account",
    },
}  # fmt: skip


def broken(entity: str, value: Any, where: str = "") -> list[str]:
    """What is not as promised in an entity, or in a list of them (``[Status]``)."""
    where = where or entity
    if entity.startswith("["):
        if not isinstance(value, list):
            return [f"{where} is no list: {value!r:.80}"]
        return [
            fault for number, item in enumerate(value) for fault in broken(entity[1:-1], item, f"{where}[{number}]")
        ]
    if not isinstance(value, dict):
        return [f"{where} is no {entity}: {value!r:.80}"]
    faults, promised = [], {name.rstrip("?"): (name.endswith("?"), kind) for name, kind in ENTITIES[entity].items()}
    faults += [f"{where}.{name} is not documented" for name in value if name not in promised]
    for name, (may_be_missing, kind) in promised.items():
        if name not in value:
            faults += [] if may_be_missing else [f"{where}.{name} is missing"]
        else:
            faults += _wrong(kind, value[name], f"{where}.{name}")
    return faults


def _wrong(kind: str, value: Any, where: str) -> list[str]:
    may_be_null, kind = kind.endswith("?"), kind.rstrip("?")
    if value is None:
        return [] if may_be_null else [f"{where} is null"]
    if kind in KINDS:
        return [] if KINDS[kind](value) else [f"{where} is no {kind}: {value!r:.80}"]
    return broken(kind, value, where)


_STATUS_ACTIONS = (
    "favourite", "unfavourite", "reblog", "unreblog", "bookmark", "unbookmark", "pin", "unpin", "mute", "unmute",
)  # fmt: skip
_RELATIONS = (
    "follow", "unfollow", "block", "unblock", "mute", "unmute", "note", "pin", "unpin", "endorse", "unendorse",
    "remove_from_followers",
)  # fmt: skip
ANSWERS: dict[tuple[str, str], str] = {
    **{("GET", f"/api/v1/timelines/{name}"): "[Status]" for name in ("home", "public", "tag/{name}", "list/{id}")},
    **{("GET", f"/api/v1/{name}"): "[Status]" for name in ("bookmarks", "favourites", "statuses", "trends/statuses")},
    ("GET", "/api/v1/timelines/link"): "[Status]",
    ("GET", "/api/v1/accounts/{id}/statuses"): "[Status]",
    ("GET", "/api/v1/statuses/{id}"): "Status",
    ("PUT", "/api/v1/statuses/{id}"): "Status",
    ("DELETE", "/api/v1/statuses/{id}"): "Status",
    **{("POST", f"/api/v1/statuses/{{id}}/{name}"): "Status" for name in _STATUS_ACTIONS},
    ("GET", "/api/v1/statuses/{id}/context"): "Context",
    ("GET", "/api/v1/statuses/{id}/source"): "StatusSource",
    ("GET", "/api/v1/statuses/{id}/history"): "[StatusEdit]",
    ("GET", "/api/v1/statuses/{id}/favourited_by"): "[Account]",
    ("GET", "/api/v1/statuses/{id}/reblogged_by"): "[Account]",
    ("GET", "/api/v1/accounts"): "[Account]",
    ("GET", "/api/v1/accounts/verify_credentials"): "Account",
    ("PATCH", "/api/v1/accounts/update_credentials"): "Account",
    ("DELETE", "/api/v1/profile/avatar"): "Account",
    ("DELETE", "/api/v1/profile/header"): "Account",
    ("GET", "/api/v1/accounts/lookup"): "Account",
    ("GET", "/api/v1/accounts/search"): "[Account]",
    ("GET", "/api/v1/accounts/relationships"): "[Relationship]",
    ("GET", "/api/v1/accounts/{id}"): "Account",
    ("GET", "/api/v1/accounts/{id}/followers"): "[Account]",
    ("GET", "/api/v1/accounts/{id}/following"): "[Account]",
    ("GET", "/api/v1/accounts/{id}/featured_tags"): "[FeaturedTag]",
    ("GET", "/api/v1/accounts/{id}/lists"): "[List]",
    ("GET", "/api/v1/accounts/{id}/endorsements"): "[Account]",
    **{("POST", f"/api/v1/accounts/{{id}}/{name}"): "Relationship" for name in _RELATIONS},
    **{("GET", f"/api/v1/{name}"): "[Account]" for name in ("blocks", "mutes", "directory", "endorsements")},
    ("GET", "/api/v1/follow_requests"): "[Account]",
    ("POST", "/api/v1/follow_requests/{id}/authorize"): "Relationship",
    ("POST", "/api/v1/follow_requests/{id}/reject"): "Relationship",
    ("GET", "/api/v2/search"): "Search",
    ("GET", "/api/v1/tags/{name}"): "Hashtag",
    **{("POST", f"/api/v1/tags/{{name}}/{name}"): "Hashtag" for name in ("follow", "unfollow", "feature", "unfeature")},
    ("GET", "/api/v1/followed_tags"): "[Hashtag]",
    ("GET", "/api/v1/trends"): "[Hashtag]",
    ("GET", "/api/v1/trends/tags"): "[Hashtag]",
    ("GET", "/api/v1/featured_tags"): "[FeaturedTag]",
    ("POST", "/api/v1/featured_tags"): "FeaturedTag",
    ("GET", "/api/v1/featured_tags/suggestions"): "[Hashtag]",
    ("GET", "/api/v1/lists"): "[List]",
    ("POST", "/api/v1/lists"): "List",
    ("GET", "/api/v1/lists/{id}"): "List",
    ("PUT", "/api/v1/lists/{id}"): "List",
    ("GET", "/api/v1/lists/{id}/accounts"): "[Account]",
    ("GET", "/api/v1/notifications"): "[Notification]",
    ("GET", "/api/v1/notifications/{id}"): "Notification",
    ("GET", "/api/v1/conversations"): "[Conversation]",
    ("POST", "/api/v1/conversations/{id}/read"): "Conversation",
    ("POST", "/api/v1/media"): "MediaAttachment",
    ("POST", "/api/v2/media"): "MediaAttachment",
    ("GET", "/api/v1/media/{id}"): "MediaAttachment",
    ("PUT", "/api/v1/media/{id}"): "MediaAttachment",
    ("GET", "/api/v1/polls/{id}"): "Poll",
    ("POST", "/api/v1/polls/{id}/votes"): "Poll",
    ("GET", "/api/v1/scheduled_statuses"): "[ScheduledStatus]",
    ("GET", "/api/v1/scheduled_statuses/{id}"): "ScheduledStatus",
    ("PUT", "/api/v1/scheduled_statuses/{id}"): "ScheduledStatus",
    ("GET", "/api/v2/filters"): "[Filter]",
    ("POST", "/api/v2/filters"): "Filter",
    ("GET", "/api/v2/filters/{id}"): "Filter",
    ("PUT", "/api/v2/filters/{id}"): "Filter",
    ("GET", "/api/v2/filters/{id}/keywords"): "[FilterKeyword]",
    ("POST", "/api/v2/filters/{id}/keywords"): "FilterKeyword",
    ("GET", "/api/v2/filters/keywords/{id}"): "FilterKeyword",
    ("PUT", "/api/v2/filters/keywords/{id}"): "FilterKeyword",
    ("GET", "/api/v2/filters/{id}/statuses"): "[FilterStatus]",
    ("POST", "/api/v2/filters/{id}/statuses"): "FilterStatus",
    ("GET", "/api/v2/filters/statuses/{id}"): "FilterStatus",
    ("POST", "/api/v1/reports"): "Report",
}
"""What a method answers, by the address as it is registered."""

NO_ENTITY = {
    "/api/v1/notifications/policy",
    "/api/v1/notifications/requests",
    "/api/v1/notifications/requests/merged",
    "/api/v1/notifications/unread_count",
    "/api/v1/accounts/familiar_followers",
    "/api/v1/search",
}
"""What would be taken for the address of an entity."""

_PATTERNS = [
    (method, re.compile(re.sub(r"{\w+}", "[^/]+", path) + r"\Z"), entity)
    # What is more certain than a number or a name counts first.
    for (method, path), entity in sorted(ANSWERS.items(), key=lambda item: item[0][1].count("{"))
]


def faults_of(method: str, path: str, answer: Any) -> list[str]:
    """What is not as promised in the answer of a call; nothing where the documentation names no entity."""
    if path == "/api/v1/statuses" and method == "POST":
        return broken("ScheduledStatus" if "scheduled_at" in answer else "Status", answer)
    if path in NO_ENTITY:
        return []
    for known, pattern, entity in _PATTERNS:
        if known == method and pattern.match(path):
            return broken(entity, answer, f"{method} {path}")
    return []
