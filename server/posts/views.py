"""Posts ready to show: one row each, with everything that a page says about it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from server.actors.queries import PersonLabel
from server.actors.viewer import Viewer
from server.communities.queries import CommunityLabel
from server.db import Row, from_milliseconds
from server.instance import Instance
from server.peers.queries import shows_media
from server.posts import nameless, policy, topics
from server.posts.addresses import page_path
from server.posts.anchors import Anchor, Spot
from server.posts.around import Around, around
from server.posts.bylines import Named
from server.posts.consent import NEVER, Consent, consent
from server.posts.details import facts_of
from server.posts.files import AttachmentView
from server.posts.formats import NONE, Formed
from server.posts.quoted import QuoteView, quoted
from server.posts.shapes import LABELS
from server.posts.topics import TopicLabel
from server.posts.wording import Translation, words
from server.text import LICENCES, excerpt

T = TypeVar("T")

COLUMNS = ", ".join(
    f"post.{name}"
    for name in [
        "id",
        "short",
        "uri",
        "url",
        "kind",
        "object_type",
        "is_local",
        "author_id",
        "community_id",
        "parent_id",
        "root_id",
        "title",
        "summary",
        "content_html",
        "source_md",
        "content_warning",
        "sensitive",
        "language",
        "licence",
        "visibility",
        "state",
        "state_reason",
        "confidential",
        "locked",
        "pinned",
        "answered",
        "version",
        "replies_count",
        "likes_count",
        "boosts_count",
        "helped_count",
        "echo_count",
        "manner",
        "published_at",
        "edited_at",
        "last_activity_at",
        "quote_uri",
        "quote_state",
        "interaction",
        "translations",
        "emoji",
        "particulars",
    ]
)
COLUMNS += f", {topics.COLUMNS}"


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list. `next` is what to pass as `before` for the one after it; None at the end."""

    items: list[T]
    next: str | None = None


@dataclass(slots=True)
class PostView:
    """A post as one viewer sees it. `url` and `page_url` are its page here, `original_url` its page at home."""

    id: str
    short: str
    uri: str
    url: str
    page_url: str
    title: str
    kind: str
    kind_label: str
    author: PersonLabel
    community: CommunityLabel | None
    published_at: datetime
    edited_at: datetime | None
    last_activity_at: datetime
    content_html: str
    source_md: str
    summary: str
    content_warning: str
    sensitive: bool
    visibility: str
    visibility_label: str
    visibility_icon: str
    is_local: bool
    home_host: str | None
    original_url: str | None
    attachments: list[AttachmentView]
    replies_count: int
    likes_count: int
    boosts_count: int
    helped_count: int
    liked_by_me: bool
    shared_by_me: bool
    saved_by_me: bool
    helped: bool
    is_mine: bool
    can_edit: bool
    can_delete: bool
    can_reply: bool
    can_share: bool
    can_moderate: bool
    state: str
    state_reason: str
    locked: bool
    pinned: bool
    answered: bool
    language: str
    licence: str
    licence_label: str
    licence_url: str
    version: int
    parent_id: str | None
    root_id: str
    via: PersonLabel | None = None
    replies: list["PostView"] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)
    action_base: str = ""
    quote: QuoteView | None = None
    consent: Consent = field(default_factory=Consent)
    can_refuse: bool = False
    title_html: str = ""
    warning_html: str = ""
    translations: tuple[Translation, ...] = ()
    particulars: tuple[tuple[str, str], ...] = ()
    lead: str = ""
    manner: str = ""
    echo_count: int = 0
    echoed_by_me: bool = False
    anchor: Anchor | None = None
    spot: Spot | None = None
    coauthors: tuple[Named, ...] = ()
    is_coauthor: bool = False
    formed: Formed = NONE
    topic: TopicLabel | None = None
    can_sort: bool = False
    confidential: bool = False
    nameless: bool = False

    @property
    def excerpt(self) -> str:
        """The first words under a title, without the title once more; a poll begins with its question.

        `lead` instead, for what is not written as a text yet.
        """
        if self.lead:
            return self.lead
        # The summary of an event says when and where, as its chips do.
        summary = self.summary if self.title and self.kind != "session" else ""
        said = excerpt(summary or self.content_html)
        if said == self.title or (self.title and self.kind == "poll"):
            return said.removeprefix(self.title).lstrip()
        return said

    @property
    def held(self) -> bool:
        """Whether it waits for somebody to look at it."""
        return self.state == "held"

    @property
    def waiting(self) -> bool:
        """Whether only its author sees it until whoever it answers or quotes agrees."""
        return self.state == "waiting"

    @property
    def early(self) -> bool:
        """Whether only its author sees it until peers had their time."""
        return self.state == policy.PEERS

    @property
    def can_quote(self) -> bool:
        """Whether whoever looks may quote it, or ask to."""
        return self.can_share and self.consent.quote != NEVER

    @property
    def deleted(self) -> bool:
        """Whether only its place in the thread is left."""
        return self.state == "deleted"

    @property
    def edited(self) -> bool:
        """Whether it was changed after it was published."""
        return self.edited_at is not None

    @property
    def boosted_by_me(self) -> bool:
        """Whether the viewer passed it on."""
        return self.shared_by_me


async def views(here: Instance, viewer: Viewer, rows: Sequence[Row]) -> list[PostView]:
    """Views of rows with COLUMNS, in their order; in two queries however many they are. `via_id` may come with them.

    One more for each kind among them that says more than its text on a card.
    """
    if not rows:
        return []
    about = await around(here, viewer, rows)
    mine = await nameless.mine_among(here, viewer, list(rows))
    facts = await facts_of(here, {row["id"]: row["kind"] for row in rows if row["state"] != "deleted"})
    quotes = await quoted(here, viewer, rows)
    found = []
    for row in rows:
        author = about.people.get(row["author_id"])
        if author is not None:
            view = _view(here, viewer, row, author, about, is_own=row["id"] in mine)
            view.quote = quotes.get(row["id"])
            view.via = about.people.get(row.get("via_id") or "")
            view.facts = facts.get(row["id"], [])
            found.append(view)
    return found


def _view(
    here: Instance,
    viewer: Viewer,
    row: Row,
    author: PersonLabel,
    about: Around,
    *,
    is_own: bool,
) -> PostView:
    community = about.communities.get(row["community_id"] or "")
    moderates = viewer.is_steward or (community is not None and community.id in about.moderated)
    is_local, state, visibility = bool(row["is_local"]), row["state"], row["visibility"]
    deleted = state == "deleted"
    facts = policy.PostFacts(
        is_local=is_local,
        is_own=is_own or (viewer.actor_id is not None and viewer.actor_id == row["author_id"]),
        moderates=moderates and viewer.is_signed_in,
        state=state,
        visibility=visibility,
        locked=bool(row["locked"]),
    )
    said = consent(
        is_local=is_local,
        visibility=visibility,
        locked=facts.locked,
        author_uri=author.uri,
        stored=row["interaction"],
        actor_uri=viewer.actor_uri,
    )
    licence = LICENCES.get(row["licence"])
    host = None if is_local else author.uri.split("/")[2]
    shows = is_local or (host is not None and shows_media(here, host))
    spoken = words(here, row, language=viewer.language, shown=shows)
    content = "" if deleted else spoken.content_html
    path = page_path(row["short"], row["title"], row["kind"])
    return PostView(
        id=row["id"],
        short=row["short"],
        uri=row["uri"],
        url=path,
        page_url=path,
        title="" if deleted else spoken.title,
        title_html="" if deleted else spoken.title_html,
        warning_html=spoken.warning_html,
        translations=() if deleted else spoken.others,
        particulars=() if deleted else spoken.particulars,
        anchor=None if deleted else spoken.anchor,
        coauthors=() if deleted else spoken.coauthors,
        is_coauthor=bool(viewer.actor_uri) and any(item.uri == viewer.actor_uri for item in spoken.coauthors),
        formed=NONE if deleted else spoken.formed,
        kind=row["kind"],
        kind_label=_kind_label(row),
        author=author,
        community=community,
        published_at=from_milliseconds(row["published_at"]),
        edited_at=None if row["edited_at"] is None else from_milliseconds(row["edited_at"]),
        last_activity_at=from_milliseconds(row["last_activity_at"]),
        content_html=content,
        source_md=row["source_md"] if facts.is_own else "",
        summary=row["summary"],
        content_warning=row["content_warning"],
        sensitive=bool(row["sensitive"]),
        visibility=visibility,
        visibility_label=_visibility_label(here, visibility, community),
        visibility_icon=policy.VISIBILITY_ICONS[visibility],
        is_local=is_local,
        home_host=host,
        original_url=None if is_local else row["url"] or row["uri"],
        attachments=about.files.get(row["id"], []) if shows and not deleted else [],
        replies_count=row["replies_count"],
        likes_count=row["likes_count"],
        boosts_count=row["boosts_count"],
        helped_count=row["helped_count"],
        liked_by_me=(row["id"], "like") in about.mine,
        shared_by_me=(row["id"], "boost") in about.mine,
        saved_by_me=(row["id"], "save") in about.mine,
        helped=row["parent_id"] is not None and row["helped_count"] > 0,
        is_mine=facts.is_own,
        can_edit=policy.may_edit(facts),
        can_delete=policy.may_delete(facts),
        can_reply=viewer.is_signed_in and policy.may_reply(facts) and said.reply != NEVER,
        can_share=viewer.is_signed_in and policy.may_share(facts) and said.announce != NEVER,
        can_moderate=policy.may_moderate(facts),
        state=state,
        state_reason=row["state_reason"],
        locked=facts.locked,
        pinned=bool(row["pinned"]),
        answered=bool(row["answered"]),
        language=spoken.language,
        licence=row["licence"],
        licence_label=licence.label if licence else row["licence"],
        licence_url=licence.url if licence else "",
        version=row["version"],
        parent_id=row["parent_id"],
        root_id=row["root_id"] or row["id"],
        action_base=f"/p/{row['short']}",
        consent=said,
        manner=row["manner"],
        confidential=bool(row["confidential"]),
        nameless=nameless.is_nameless(row) and row["kind"] in nameless.KINDS,
        echo_count=row["echo_count"],
        echoed_by_me=(row["id"], policy.ECHO) in about.mine,
        topic=None if deleted else topics.label_of(row, community.url if community is not None else None),
        can_sort=_begins(row, about) and state == "visible" and (facts.is_own or facts.moderates),
    )


def _begins(row: Row, about: Around) -> bool:
    """Whether it begins a conversation in a community that has topics."""
    return (row["root_id"] or row["id"]) == row["id"] and row["community_id"] in about.sorted


def _kind_label(row: Row) -> str:
    """What it is called: by our kinds, or where they say too little by its own type."""
    if row["manner"] == policy.ANOTHER_WAY:
        return "Another way"
    label = policy.KIND_LABELS.get(row["kind"], "Post")
    vague = not row["is_local"] and row["kind"] in {"discussion", "note"}
    return LABELS.get(row["object_type"], label) if vague else label


def _visibility_label(here: Instance, visibility: str, community: CommunityLabel | None) -> str:
    if visibility == policy.MEMBERS and community is not None:
        return f"Members of {community.name}"
    if visibility == policy.INSTANCE:
        return f"People at {here.site.name}"
    return policy.VISIBILITY_LABELS[visibility]
