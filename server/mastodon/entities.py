"""The shapes that apps read, with every field that the documentation of Mastodon names and what may be null in them.

Source: docs.joinmastodon.org/entities, Mastodon 4.2; `client-api.md` where apps are stricter. Ids are digits as text,
times are ``2026-11-22T01:02:03.456Z``. `UNSET` leaves a field out: it is there for people who are signed in only.
"""

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

Visibility = Literal["public", "unlisted", "private", "direct"]


class CustomEmoji(Struct):
    """A picture for a ``:shortcode:``."""

    shortcode: str
    url: str
    static_url: str
    visible_in_picker: bool = False
    category: str | None = None


class Field(Struct):
    """One line of a profile; `value` is HTML."""

    name: str
    value: str
    verified_at: str | None = None


class Source(Struct):
    """What the owner of an account set; `note` is plain text. `privacy`: how wide their posts usually are."""

    note: str
    fields: list[Field]
    privacy: Visibility
    sensitive: bool
    language: str | None
    follow_requests_count: int
    hide_collections: bool | None = None
    discoverable: bool | None = None
    indexable: bool = False
    attribution_domains: list[str] = []


class Role(Struct):
    """What somebody may do on this server."""

    id: str
    name: str
    color: str
    permissions: str
    highlighted: bool


class Account(Struct):
    """A person, or with `group` a community. `note` is HTML; `acct` has no domain for those here."""

    id: str
    username: str
    acct: str
    display_name: str
    locked: bool
    bot: bool
    discoverable: bool | None
    indexable: bool
    group: bool
    created_at: str
    note: str
    url: str
    uri: str
    avatar: str
    avatar_static: str
    header: str
    header_static: str
    followers_count: int
    following_count: int
    statuses_count: int
    last_status_at: str | None
    emojis: list[CustomEmoji]
    fields: list[Field]
    hide_collections: bool | None = None
    noindex: bool | None = None
    roles: list[Role] = []
    suspended: bool | UnsetType = UNSET
    limited: bool | UnsetType = UNSET
    moved: "Account | None" = None
    source: Source | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    mute_expires_at: str | UnsetType | None = UNSET


class Size(Struct):
    """Pixels of a picture."""

    width: int
    height: int
    size: str
    aspect: float


class Focus(Struct):
    """What of a picture matters, from -1 to 1."""

    x: float
    y: float


class Meta(Struct, omit_defaults=True):
    """What is known of a file."""

    original: Size | None = None
    small: Size | None = None
    focus: Focus | None = None


class MediaAttachment(Struct):
    """A file of a status; `url` is null while it is processed."""

    id: str
    type: Literal["image", "video", "gifv", "audio", "unknown"]
    url: str | None
    preview_url: str | None
    remote_url: str | None
    meta: Meta | None
    description: str | None
    blurhash: str | None
    text_url: str | None = None
    preview_remote_url: str | None = None


class Mention(Struct):
    """Somebody a status names."""

    id: str
    username: str
    url: str
    acct: str


class StatusTag(Struct):
    """A hashtag of a status."""

    name: str
    url: str


class PollOption(Struct):
    """One answer; `votes_count` is null where nobody may know yet."""

    title: str
    votes_count: int | None


class Poll(Struct):
    """A poll; `own_votes` are positions."""

    id: str
    expires_at: str | None
    expired: bool
    multiple: bool
    votes_count: int
    voters_count: int | None
    options: list[PollOption]
    emojis: list[CustomEmoji]
    voted: bool | UnsetType = UNSET
    own_votes: list[int] | UnsetType = UNSET


class PreviewCard(Struct):
    """A link of a status."""

    url: str
    title: str
    description: str
    type: Literal["link", "photo", "video", "rich"] = "link"
    author_name: str = ""
    author_url: str = ""
    provider_name: str = ""
    provider_url: str = ""
    html: str = ""
    width: int = 0
    height: int = 0
    image: str | None = None
    embed_url: str = ""
    blurhash: str | None = None
    language: str | None = None
    published_at: str | None = None
    image_description: str = ""
    authors: list[Any] = []


class Application(Struct):
    """What a status was written with."""

    name: str
    website: str | None = None


class FilterKeyword(Struct):
    """A word or words that a filter looks for."""

    id: str
    keyword: str
    whole_word: bool


class FilterStatus(Struct):
    """One status that a filter is about."""

    id: str
    status_id: str


class Filter(Struct):
    """Words that somebody does not want to meet, and where."""

    id: str
    title: str
    context: list[str]
    expires_at: str | None
    filter_action: Literal["warn", "hide", "blur"]
    keywords: list[FilterKeyword] | UnsetType = UNSET
    statuses: list[FilterStatus] | UnsetType = UNSET


class FilterResult(Struct):
    """Why a status was filtered."""

    filter: Filter
    keyword_matches: list[str] | None
    status_matches: list[str] | None


class Community(Struct):
    """The community of a status, which Mastodon has no word for."""

    id: str
    acct: str
    name: str
    url: str


class Ours(Struct):
    """What only a Peerhall says of a status. `audience` in our words: ``members``, ``network``, and so on."""

    kind: str
    audience: str
    title: str
    licence: str | None
    community: Community | None
    page: str


class Status(Struct):
    """A post as one reader sees it, or with `reblog` a boost of one."""

    id: str
    uri: str
    created_at: str
    account: Account
    content: str
    visibility: Visibility
    sensitive: bool
    spoiler_text: str
    media_attachments: list[MediaAttachment]
    mentions: list[Mention]
    tags: list[StatusTag]
    emojis: list[CustomEmoji]
    reblogs_count: int
    favourites_count: int
    replies_count: int
    url: str | None
    in_reply_to_id: str | None
    in_reply_to_account_id: str | None
    reblog: "Status | None"
    poll: Poll | None
    card: PreviewCard | None
    language: str | None
    edited_at: str | None
    application: Application | None = None
    text: str | UnsetType = UNSET
    favourited: bool | UnsetType = UNSET
    reblogged: bool | UnsetType = UNSET
    muted: bool | UnsetType = UNSET
    bookmarked: bool | UnsetType = UNSET
    pinned: bool | UnsetType = UNSET
    filtered: list[FilterResult] | UnsetType = UNSET
    peerhall: Ours | UnsetType = UNSET
