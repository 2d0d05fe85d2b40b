"""ActivityPub documents of posts here; golden shapes in FEDERATION.md."""

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from federation.ports import Reader, Served
from federation.vocab import objects
from federation.vocab.base import PUBLIC
from server.actors import keys
from server.actors.models import Actor
from server.instance import Instance
from server.peers import queries as peers
from server.posts import anchors, audience, bylines, confidence, consent, details, formats, places, policy, topics
from server.posts.composing import summary_of
from server.posts.models import Like, Post, PostAttachment, PostMention, PostTag
from server.posts.places import members_among
from server.posts.rendering import ALTERNATIVE
from server.shelf import MadeFrom, Shelf
from server.text import LANGUAGES, LICENCES, plain
from server.text.markdown import hashtag_url, mention_html

WIRE_KINDS = {"ask": "question", "reply": None, "note": None}
"""`kind` on the wire where it is not our own word; None leaves it out."""

ANSWERS = 100
"""How many answers stand on a page of `replies`; the first page is inside the post."""

SHELF = "posts.documents"
_OPEN = ", ".join(f"'{name}'" for name in sorted(policy.OPEN))
_SHOWN = f"post.state = 'visible' AND post.visibility IN ({_OPEN})"

_MADE_FROM = (
    MadeFrom(
        "actor",
        "t.id IN (SELECT post.author_id UNION SELECT post.community_id"
        " UNION SELECT parent.author_id FROM post AS parent WHERE parent.id = post.parent_id"
        " UNION SELECT naming.actor_id FROM post_mention AS naming WHERE naming.post_id = post.id)",
    ),
    MadeFrom("actor_key", "t.actor_id = post.author_id", ("id", "kind", "generation", "public_text")),
    MadeFrom("community", "t.id = post.community_id"),
    MadeFrom("post_mention", "t.post_id = post.id"),
    MadeFrom("post_tag", "t.post_id = post.id"),
    MadeFrom("topic", "t.id = post.topic_id"),
    MadeFrom("post_attachment", "t.post_id = post.id"),
    MadeFrom(
        "post",
        f"t.parent_id = post.id AND t.state = 'visible' AND t.visibility IN ({_OPEN})",
        ("uri",),
        order="t.published_at, t.id",
    ),
    MadeFrom(
        "post_like",
        "t.kind = 'helped' AND t.post_id IN (SELECT answer.id FROM post AS answer"
        " WHERE answer.root_id = post.id AND answer.state = 'visible')",
        ("post_id",),
        order="t.created_at, t.id",
        limit=1,
        only_if="post.answered",
    ),
)
"""All that `build` and `audience.may_have` look at for what anybody may have."""


@dataclass(slots=True)
class Envelope:
    """Who is concerned by a post, and how it is addressed."""

    post: Post
    author: Actor
    community: Actor | None
    parent: Post | None
    parent_author: Actor | None
    mentioned: list[Actor]
    to: list[str] = field(default_factory=list)
    cc: list[str] = field(default_factory=list)

    @property
    def is_public(self) -> bool:
        """Whether anybody may read it."""
        return self.post.visibility in policy.OPEN

    @property
    def audience(self) -> str | None:
        """The community's id."""
        return self.community.uri if self.community else None


async def envelope(here: Instance, post: Post) -> Envelope:
    """Author, community and addresses of a post. ValueError for one that never leaves this server."""
    parent = await Post.get_or_none(id=post.parent_id) if post.parent_id else None
    mentioned = await _mentioned(post)
    answered = await Actor.get_or_none(id=parent.author_id) if parent else None
    if post.visibility == policy.NETWORK:
        mentioned = audience.in_network(here, mentioned)
        answered = answered if answered is not None and audience.in_network(here, [answered]) else None
    if post.visibility == policy.MEMBERS:
        # Naming somebody does not make them a member: what members share goes to members alone (S15).
        members = await members_among(here, post.community_id, [*mentioned, *([answered] if answered else [])])
        mentioned = [actor for actor in mentioned if actor.id in members]
        answered = answered if answered is not None and answered.id in members else None
    found = Envelope(
        post=post,
        author=await Actor.get(id=post.author_id),
        community=await _community(post),
        parent=parent,
        parent_author=answered,
        mentioned=mentioned,
    )
    answers = found.parent_author if found.parent_author and found.parent_author.id != post.author_id else None
    found.to, found.cc = policy.addressing(
        post.visibility,
        public=PUBLIC,
        followers=found.author.followers_url or f"{found.author.uri}/followers",
        network=audience.network_of(found.author.uri),
        community=found.audience,
        community_followers=(found.community.followers_url or None) if found.community else None,
        # What answers a post has another shape than what begins a thread, also when people answer themselves.
        parent_author=answers.uri if answers else (found.author.uri if parent else None),
        mentioned=[actor.uri for actor in mentioned if answers is None or actor.id != answers.id],
    )
    return found


async def _community(post: Post) -> Actor | None:
    """The community, unless the post is for others than its readers: then it gets nothing of it (S15)."""
    if not post.community_id or post.visibility not in policy.IN_COMMUNITIES:
        return None
    return await Actor.get_or_none(id=post.community_id)


async def build(here: Instance, post: Post, *, about: Envelope | None = None) -> dict[str, object]:
    """The object of a local post, without a proof."""
    about = about or await envelope(here, post)
    titled = bool(post.title)
    detail = details.detail_of(here, post.kind)
    extra = await detail.document(here, post.id) if detail is not None else {}
    content, source = _with_mention(here, about)
    written_by = bylines.under(post.particulars, bylines.named(about.author))
    before, after = formats.around(post.particulars, post.language)
    content = f"{extra.pop('before', '')}{before}{content}{extra.pop('after', '')}{after}{written_by}"
    files = await PostAttachment.filter(post_id=post.id).order_by("position", "id")
    image = extra.pop("image", None) or (_image(here, files) if titled else None)
    learning = extra.pop("learning", None)
    licence = LICENCES.get(post.licence)
    language = post.language or "en"
    count = await count_answers(here, post)
    return objects.object_document(
        id=post.uri,
        type=policy.object_type(post.kind, post.title),
        attributed_to=about.author.uri,
        to=about.to,
        cc=about.cc,
        audience=about.audience,
        context=post.context_uri,
        name=post.title or None,
        summary=_summary(post),
        # Lemmy and PieFed take nothing without a text: a picture alone has an empty one.
        content=consent.with_quote(content, post) or "<p></p>",
        language=language,
        language_name=LANGUAGES.get(language.partition("-")[0], language),
        source_md=source,
        url=post.url,
        published=post.published_at,
        updated=post.edited_at,
        sensitive=post.sensitive if titled or post.sensitive else None,
        in_reply_to=post.in_reply_to_uri,
        tags=await _tags(here, about),
        attachments=[_attachment(here, item) for item in files],
        kind=_wire_kind(post),
        license=(licence.url or None) if licence else None,
        learning=learning if isinstance(learning, dict) else None,
        image=image if isinstance(image, dict) else None,
        replies_count=count,
        replies=await answers(here, post, 0) if count else (),
        likes_count=post.likes_count if titled else None,
        shares_count=post.boosts_count if titled else None,
        comments_enabled=not post.locked if titled else None,
        stickied=post.pinned if titled else None,
        distinguished=False if not titled else None,
        searchable_by=consent.searchable_by(post, about.author.uri) if titled else None,
        accepted_answer=await _accepted(post),
        extra={
            **consent.wire(post, about.author.uri),
            **anchors.wire(post.particulars, post.in_reply_to_uri),
            **bylines.wire(post.particulars),
            **formats.wire(post.particulars),
            **confidence.wire(post),
            **await topics.wire(post),
            **extra,
        },
    )


def _wire_kind(post: Post) -> str | None:
    if post.manner == policy.ANOTHER_WAY:
        return ALTERNATIVE
    return WIRE_KINDS.get(post.kind, post.kind) if post.title or post.kind in {"tip", "poll"} else None


async def signed(here: Instance, post: Post, *, about: Envelope | None = None) -> dict[str, object]:
    """The object with its author's proof (rule E11)."""
    about = about or await envelope(here, post)
    document = await build(here, post, about=about)
    signer = await keys.signer(here, about.author.uri)
    return document if signer is None else here.engine.proof(signer, document)


PartsOf = Callable[[Instance, Post, str, str | None], Awaitable[Served | None]]


def _shelf(here: Instance) -> Shelf:
    shelf: Shelf | None = here.caches.get(SHELF)
    if shelf is None:
        shelf = here.caches[SHELF] = Shelf(here.db, "post", [*_MADE_FROM, *details.made_from(here)])
    return shelf


async def provide_post(here: Instance, parts_of: PartsOf, uri: str, page: str | None, reader: Reader) -> Served | None:
    """Serve ``/ap/p/ID``, and through `parts_of` its collections, to whoever may read them."""
    if reader.host is not None and not peers.may_receive(here, reader.host):
        return None
    base, _, part = uri.removeprefix(here.url("/ap/p/")).partition("/")
    if not part and not page:
        return await _shelf(here).get(uri, partial(_provide, here, parts_of, uri, base, part, page, reader))
    return await _provide(here, parts_of, uri, base, part, page, reader)


async def _provide(
    here: Instance, parts_of: PartsOf, uri: str, base: str, part: str, page: str | None, reader: Reader
) -> Served | None:
    post = await Post.get_or_none(uri=here.url(f"/ap/p/{base}"), is_local=True)
    if post is None:
        return None
    if post.state == "deleted":
        return await _gone(here, post, reader) if not part and await places.leaves(here, post) else None
    if not await audience.may_have(here, post, reader):
        return None
    if part:
        return await parts_of(here, post, part, page)
    return None if page else served(await signed(here, post), public=post.visibility in policy.OPEN)


def served(
    document: dict[str, object],
    *,
    public: bool,
    status: int = 200,
    etag: str | None = None,
    modified: datetime | None = None,
) -> Served:
    """A document as it is answered with."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    # A proof has the time of its making, so it says nothing about a change.
    bare = json.dumps({key: value for key, value in document.items() if key != "proof"}, separators=(",", ":"))
    return Served(
        body=body,
        status=status,
        etag=etag or f'"{hashlib.sha256(bare.encode()).hexdigest()[:32]}"',
        public=public,
        modified=modified,
    )


def shown_rule(about: Post) -> str:
    """Which posts may be listed to whoever may have this one (S15).

    Of a public thread what is public; of one among members what its members see; of one for people named nothing else,
    because every answer has readers of its own.
    """
    if about.visibility in policy.OPEN:
        return _SHOWN
    if about.visibility == policy.NETWORK:
        return f"post.state = 'visible' AND post.visibility = '{policy.NETWORK}'"
    if about.visibility == policy.MEMBERS:
        return (
            f"post.state = 'visible' AND post.visibility = '{policy.MEMBERS}'"
            f" AND post.community_id = '{about.community_id}'"
        )
    return f"post.id = '{about.id}'"


async def _gone(here: Instance, post: Post, reader: Reader) -> Served | None:
    """A Tombstone; of what was not public only for servers that may have known it, else it is as if never there."""
    public = post.visibility in policy.OPEN
    if not public and not await audience.may_have_known(here, post, reader):
        return None
    document = objects.tombstone(post.uri, former_type=post.object_type, deleted=post.updated_at)
    return served(document, public=public, status=410)


async def _mentioned(post: Post) -> list[Actor]:
    ids = await PostMention.filter(post_id=post.id).order_by("id").limit(100).values_list("actor_id", flat=True)
    return await Actor.filter(id__in=[str(item) for item in ids], deleted_at=None).order_by("id")


def _summary(post: Post) -> str | None:
    if post.content_warning:
        return post.content_warning
    # A Question is shown like a Note: its summary would be a warning.
    return summary_of(post) if post.title and post.kind != "poll" else None


def _with_mention(here: Instance, about: Envelope) -> tuple[str, str | None]:
    """Content and source; a reply names whom it answers, so that microblogs notify them and answers come back."""
    post, answered = about.post, about.parent_author
    source = post.source_md or None
    if answered is None or answered.id == about.author.id:
        return post.content_html, source
    address = answered.url or answered.uri
    if f'href="{address}"' in post.content_html:
        return post.content_html, source
    mention = mention_html(address, answered.username)
    content = (
        post.content_html.replace("<p>", f"<p>{mention} ", 1)
        if post.content_html.startswith("<p>")
        else f"<p>{mention}</p>{post.content_html}"
    )
    handle = f"@{answered.username}" + ("" if answered.is_local else f"@{answered.domain}")
    return content, f"{handle} {source}" if source else None


async def _tags(here: Instance, about: Envelope) -> list[dict[str, object]]:
    answered = about.parent_author
    people = [] if answered is None or answered.id == about.author.id else [answered]
    people += [actor for actor in about.mentioned if not any(actor.id == person.id for person in people)]
    if about.community is not None:
        people.append(about.community)
    tags = [objects.mention(actor.uri, f"@{actor.username}@{actor.domain}") for actor in people]
    words = await PostTag.filter(post_id=about.post.id).order_by("id").values_list("tag", flat=True)
    tags += [objects.hashtag(hashtag_url(here.settings.origin, str(word)), str(word)) for word in words]
    return tags


def _attachment(here: Instance, item: PostAttachment) -> dict[str, object]:
    address = here.url(item.url) if item.url.startswith("/") else item.url
    kind = {"image": "Image", "link": "Link"}.get(item.kind, "Document")
    return objects.attachment(
        address,
        item.media_type or ("text/html" if kind == "Link" else "application/octet-stream"),
        item.alt or item.name,
        kind=kind,
        width=item.width,
        height=item.height,
    )


def _image(here: Instance, files: list[PostAttachment]) -> dict[str, object] | None:
    first = next((item for item in files if item.kind == "image" and item.url.startswith("/")), None)
    if first is None:
        return None
    alt: dict[str, object] = {"name": plain(first.alt)} if first.alt else {}
    return {"type": "Image", "mediaType": first.media_type, "url": here.url(first.url)} | alt


async def _accepted(post: Post) -> str | None:
    if post.kind != "ask" or not post.answered:
        return None
    marks = Like.filter(kind="helped", post__root_id=post.id, post__state="visible").order_by("created_at", "id")
    mark = await marks.first().values("post__uri")
    return str(mark["post__uri"]) if mark else None


async def count_answers(here: Instance, post: Post) -> int:
    """How many answers may be listed to whoever may have the post."""
    which = f"post.parent_id = :id AND {shown_rule(post)}"
    return int(await here.db.value(f"SELECT count(*) AS n FROM post WHERE {which}", id=post.id) or 0)


async def answers(here: Instance, post: Post, skip: int) -> list[str]:
    """The ids of one page of these answers, oldest first."""
    rows = await here.db.rows(
        f"SELECT post.uri FROM post WHERE post.parent_id = :id AND {shown_rule(post)}"
        " ORDER BY post.published_at, post.id LIMIT :limit OFFSET :skip",
        id=post.id,
        limit=ANSWERS,
        skip=skip,
    )
    return [row["uri"] for row in rows]
