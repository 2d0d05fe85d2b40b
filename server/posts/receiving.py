"""Posts from other servers: taking them in, with the conversation they belong to."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from federation.errors import (
    BudgetExceeded,
    FederationError,
    FetchError,
    Forbidden,
    Ignored,
    InvalidDocument,
    TryLater,
    Unreachable,
)
from federation.vocab.base import PUBLIC, is_web_uri, same_origin
from federation.vocab.objects import RemotePost
from server.actors.boundaries import closed_among
from server.actors.models import Actor
from server.actors.relations import blocked_among
from server.actors.remote import ensure_remote
from server.communities import dialects
from server.db import to_milliseconds
from server.errors import Invalid, NotFound
from server.instance import Instance
from server.posts import admission, confidence, consent, counting, places, policy, rendering
from server.posts.composing import fresh_id
from server.posts.details import detail_of, hides_answers
from server.posts.events import AnswerEarly, PostHeld, PostPublished, PostVouched
from server.posts.models import Post, PostAttachment, PostMention, PostTag
from server.posts.orphans import adopt
from server.posts.removal import was_ended
from server.posts.rendering import Shown
from server.posts.topics import TOPIC
from server.topics.wire import named

MAX_URI = 500
MAX_ANCESTORS = 50
MAX_NAMED = 50
QUOTE_JOB = "posts.check_quote"
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A remote post with everything that had to be looked up before it can be written down.

    `hidden`: it waits until the round that it answers is closed.
    """

    remote: RemotePost
    author: Actor
    community: Actor | None
    parent: Post | None
    visibility: str
    shown: Shown
    named: tuple[str, ...]
    held: bool
    raw: bytes | dict[str, Any] | None
    hidden: bool = False
    topic_id: str | None = None


async def receive_post(
    here: Instance,
    remote: RemotePost,
    *,
    raw: bytes | dict[str, Any] | None = None,
    via: str | None = None,
    asked: bool = False,
    below: tuple[str, ...] = (),
) -> Post | None:
    """Take in a post whose authenticity is settled; None for one that is not kept. Uses the network, then writes.

    `raw` is the Create it came in, to be announced unchanged; `via` the community that announced it; `asked`: somebody
    here wanted it, so that it is not held; `below` are the answers that led up to it. Known posts are returned as they
    are, in their community if that is news.
    """
    if here.is_local_uri(remote.id):
        return await Post.get_or_none(uri=remote.id)
    known = await Post.get_or_none(uri=remote.id)
    if known is not None:
        return await _again(here, known, remote, via, raw)
    arrival = await prepare(here, remote, raw=raw, via=via, asked=asked, below=below)
    async with here.db.transaction():
        if await was_ended(here, remote.id, by=remote.attributed_to):
            raise Ignored("the post was deleted already")
        return await store(here, arrival)


async def fetch_post(here: Instance, address: str) -> Post:
    """The post at an id or page address of any server, looked up for somebody here. Raises Refused, FederationError."""
    address = address.strip()
    if not is_web_uri(address) or len(address) > MAX_URI:
        raise Invalid("Write an address that starts with https://", field="q")
    known = await Post.get_or_none(uri=address) or await Post.filter(url=address).first()
    if known is not None:
        if known.state == "deleted":
            raise NotFound
        return known
    if here.is_local_uri(address):
        found = await Post.get_or_none(short=address.partition("?")[0][-8:].lower(), is_local=True)
        if found is None or found.state == "deleted":
            raise NotFound
        return found
    post = await receive_post(here, await here.engine.fetch_post(address), asked=True)
    if post is None or post.state == "deleted":
        raise NotFound
    return post


async def prepare(
    here: Instance,
    remote: RemotePost,
    *,
    raw: bytes | dict[str, Any] | None,
    via: str | None,
    asked: bool,
    below: tuple[str, ...] = (),
) -> Arrival:
    """Look up author, community and parent, and decide who may see it. Raises what refuses it."""
    if len(remote.id) > MAX_URI:
        raise InvalidDocument("The id is too long.")
    if is_vote(remote) and not asked:
        raise Ignored("a vote in a poll is no post")
    author = await ensure_remote(here, remote.attributed_to)
    if author.suspended_at is not None or author.deleted_at is not None:
        raise Forbidden("nothing is taken from this author")
    if remote.type == "Page" or remote.audience is not None:
        # Only servers with communities send these (section 2.4).
        await dialects.heard(here, author.host)
    parent = await _parent(here, remote, asked=asked, below=below)
    community = await _community(here, remote, author, parent, via)
    visibility = await admission.visibility_of(here, remote, author, community, parent)
    pages = await pages_of(remote)
    words = await asyncio.to_thread(rendering.shown, remote, in_community=community is not None, people=pages)
    named = await _named(here, remote, author, visibility, parent)
    return Arrival(
        remote=remote,
        author=author,
        community=community,
        parent=parent,
        visibility=visibility,
        shown=words,
        named=named,
        held=not asked and await admission.is_held(here, author, community, via, remote.content_html),
        raw=raw,
        hidden=parent is not None and await hides_answers(here, await places.root_of(parent)),
        topic_id=await topic_in(here, remote, community, visibility) if parent is None else None,
    )


async def store(here: Instance, arrival: Arrival) -> Post:
    """Write a post down, in the caller's transaction; one that got here first wins."""
    remote = arrival.remote
    known = await Post.get_or_none(uri=remote.id)
    if known is not None:
        return known
    now = here.clock.now()
    post_id = await fresh_id(here)
    post = await Post.create(**columns(arrival, post_id, now))
    await store_quote(here, post, remote)
    await store_parts(here, post, remote, arrival.named)
    await adopt(here, post)
    if post.state == policy.PEERS:
        await here.events.emit(AnswerEarly(post.id, str(post.root_id)))
        return post
    if arrival.held:
        await here.events.emit(PostHeld(post.id))
        return post
    await counting.after_publishing(here, post)
    told = (post.id, post.author_id, post.community_id, post.parent_id, post.kind, post.is_local)
    parent_kind = arrival.parent.kind if arrival.parent else ""
    await here.events.emit(PostPublished(*told, is_direct=post.visibility == policy.DIRECT, parent_kind=parent_kind))
    return post


def columns(arrival: Arrival, post_id: str, now: datetime) -> dict[str, Any]:
    """A post as its row, with every column that has no default."""
    remote, parent, words = arrival.remote, arrival.parent, arrival.shown
    published = min(max(remote.published or now, EARLIEST), now)
    return {
        "id": post_id,
        "short": post_id[-8:],
        "uri": remote.id,
        "url": (remote.url if remote.url and len(remote.url) <= 1000 else remote.id),
        "kind": words.kind,
        "object_type": remote.type[:20],
        "is_local": False,
        "author_id": arrival.author.id,
        "community_id": arrival.community.id if arrival.community else None,
        "parent_id": parent.id if parent else None,
        "root_id": (parent.root_id or parent.id) if parent else post_id,
        "in_reply_to_uri": _short(remote.in_reply_to),
        "context_uri": _short(parent.context_uri if parent and parent.context_uri else remote.context),
        "title": words.title,
        "summary": words.summary,
        "content_html": words.content_html,
        "source_md": "",
        "content_warning": words.content_warning,
        "sensitive": words.sensitive,
        "language": words.language,
        "licence": words.licence,
        "manner": words.manner,
        "visibility": arrival.visibility,
        "confidential": confidence.is_said(remote, parent, arrival.visibility),
        "state": policy.PEERS if arrival.hidden else "held" if arrival.held else "visible",
        "locked": not remote.comments_enabled,
        "raw_create": _letters(arrival.raw),
        "interaction": consent.kept(remote.policy),
        "translations": words.translations or None,
        "emoji": words.emoji or None,
        "particulars": words.particulars or None,
        "approved_by": _short(remote.approved_by),
        "topic_id": arrival.topic_id,
        "replies_uri": _short(remote.replies),
        "published_at": published,
        "edited_at": _edited(remote, published, now),
        "created_at": now,
        "updated_at": now,
        "last_activity_at": published,
    }


async def store_quote(here: Instance, post: Post, remote: RemotePost) -> None:
    """What it quotes, and the proof it names; whether that is right is found out by a job."""
    uri, stamp = _short(remote.quote), _short(remote.quote_stamp)
    if (uri, stamp) == (post.quote_uri, post.quote_stamp):
        return
    post.quote_uri, post.quote_stamp, post.quote_state = uri, stamp if uri else None, "unproved" if uri else ""
    await post.save(update_fields=["quote_uri", "quote_stamp", "quote_state"])
    if uri is not None:
        await here.jobs.enqueue(QUOTE_JOB, {"post_id": post.id}, unique=f"{QUOTE_JOB}:{post.id}")


async def store_parts(here: Instance, post: Post, remote: RemotePost, named: Sequence[str]) -> None:
    """Hashtags, attachments, people named and the structured part, as they are now; in the caller's transaction."""
    await PostTag.filter(post_id=post.id).delete()
    tags = dict.fromkeys(tag.lower()[:100] for tag in remote.hashtags)
    await PostTag.bulk_create(
        [PostTag(post_id=post.id, tag=tag, at=to_milliseconds(post.published_at)) for tag in tags]
    )
    for actor_id in named:
        if actor_id != post.author_id:
            await PostMention.get_or_create(post_id=post.id, actor_id=actor_id)
    await PostAttachment.filter(post_id=post.id).delete()
    for position, item in enumerate(rendering.files(remote)):
        columns_of_file = rendering.attachment_columns(item, position)
        await PostAttachment.create(id=await fresh_id(here), post_id=post.id, **columns_of_file)
    detail = detail_of(here, post.kind)
    if detail is not None:
        await detail.received(here, post.id, remote)


async def topic_in(here: Instance, remote: RemotePost, community: Actor | None, visibility: str) -> str | None:
    """The topic of its community that a post names, where everybody may read it and it begins a conversation."""
    said = remote.raw.get(TOPIC)
    if said is None or remote.in_reply_to is not None or visibility not in policy.OPEN:
        return None
    return await named(here, community, said)


async def find_or_fetch(here: Instance, uri: str, *, via: str | None = None, asked: bool = False) -> Post | None:
    """The post with this id, fetched from its server if it is not known; None where it cannot be had."""
    known = await Post.get_or_none(uri=uri)
    if known is not None or here.is_local_uri(uri):
        return known
    try:
        return await receive_post(here, await here.engine.fetch_post(uri), via=via, asked=asked)
    except Unreachable as error:
        raise TryLater(str(error)) from error
    except (FetchError, InvalidDocument, Ignored, Forbidden, BudgetExceeded):
        return None


async def _again(
    here: Instance, known: Post, remote: RemotePost, via: str | None, raw: bytes | dict[str, Any] | None
) -> Post:
    """A known post comes again: through the community it was written for, or with the activity that made it."""
    if raw is not None and via is None and known.raw_create is None and known.state == "visible":
        # It was fetched before its Create came, for an answer to it, so that nobody was told of it yet.
        async with here.db.transaction():
            if await Post.filter(id=known.id, raw_create=None, is_local=False).update(raw_create=_letters(raw)):
                await here.events.emit(PostVouched(known.id))
        return known
    if via is None or known.community_id is not None or known.state != "visible" or known.parent_id is not None:
        return known
    community = await Actor.get_or_none(uri=via, kind="Group", is_local=False)
    if community is None or via not in {remote.audience, *remote.to, *remote.cc}:
        return known
    async with here.db.transaction():
        await here.db.execute(
            "UPDATE post SET community_id = :community WHERE (id = :id OR root_id = :id) AND community_id IS NULL",
            community=community.id,
            id=known.id,
        )
        await Post.filter(id=known.id).update(topic_id=await topic_in(here, remote, community, known.visibility))
        await counting.settle_thread(here, known.id)
    return await Post.get(id=known.id)


async def _parent(here: Instance, remote: RemotePost, *, asked: bool, below: tuple[str, ...]) -> Post | None:
    """What it answers: known, or fetched with what that answers; None leaves an orphan that is joined later."""
    uri = remote.in_reply_to
    if uri is None:
        return None
    known = await Post.get_or_none(uri=uri)
    if known is None and here.is_local_uri(uri):
        raise Ignored("it answers something that is not here")
    if known is not None or uri == remote.id or uri in below or len(below) >= MAX_ANCESTORS:
        # A thread that answers itself is not asked for round and round (S22).
        return known
    try:
        fetched = await here.engine.fetch_post(uri)
        return await receive_post(here, fetched, asked=asked, below=(*below, remote.id))
    except (FetchError, InvalidDocument, Ignored, Forbidden, TryLater, BudgetExceeded):
        return None


async def _community(
    here: Instance, remote: RemotePost, author: Actor, parent: Post | None, via: str | None
) -> Actor | None:
    """The community it belongs to. One elsewhere has to have announced it, or be of the author's own server."""
    named = [uri for uri in dict.fromkeys((remote.audience, *remote.to, *remote.cc)) if uri and uri != PUBLIC]
    if parent is not None and parent.community_id is not None:
        found = await Actor.get_or_none(id=parent.community_id)
        # Microblogs answer a thread without naming its community; it is there all the same, if the parent is in public.
        # One for the network never names it.
        if found is not None and (found.uri in named or parent.visibility in policy.OPEN | {policy.NETWORK}):
            return found
    groups = await Actor.filter(uri__in=[*named[:100], *([via] if via else [])], kind="Group", deleted_at=None)
    by_uri = {group.uri: group for group in groups if group.suspended_at is None}
    for uri in named:
        group = by_uri.get(uri)
        if group is not None and (group.is_local or via == uri or same_origin(author.uri, uri)):
            return group
    if via is not None and via in by_uri and parent is None:
        return by_uri[via]
    audience = remote.audience
    if audience is None or audience in by_uri or here.is_local_uri(audience) or not same_origin(author.uri, audience):
        return None
    try:
        group = await ensure_remote(here, audience)
    except FederationError:
        return None
    return group if group.kind == "Group" else None


async def pages_of(remote: RemotePost) -> dict[str, str]:
    """The pages here of those whom a post names and we know, by their ids and pages elsewhere."""
    uris = [mention.href for mention in remote.mentions][:MAX_NAMED]
    return pages_among(await Actor.filter(uri__in=uris) if uris else [])


def pages_among(actors: Iterable[Actor]) -> dict[str, str]:
    """The pages here of those actors whom people here may see, by their ids and pages elsewhere."""
    pages: dict[str, str] = {}
    for actor in actors:
        if actor.deleted_at is None and not actor.hidden:
            address = actor.username if actor.is_local else f"{actor.username}@{actor.domain}"
            path = f"/c/{address}" if actor.kind == "Group" else f"/@{address}"
            pages |= {actor.uri: path} | ({actor.url: path} if actor.url else {})
    return pages


async def _named(here: Instance, remote: RemotePost, author: Actor, seen: str, parent: Post | None) -> tuple[str, ...]:
    """Actors we know who are named or addressed; nobody is fetched for it (S19), and no block is got round (S17)."""
    uris = [mention.href for mention in remote.mentions]
    if seen in {policy.DIRECT, policy.FOLLOWERS}:
        uris += [*remote.to, *remote.cc]
    wanted = [uri for uri in dict.fromkeys(uris) if uri != PUBLIC][:MAX_NAMED]
    found = await Actor.filter(uri__in=wanted, deleted_at=None, hidden=False).exclude(kind="Group") if wanted else []
    ids = [actor.id for actor in found]
    shut = await closed_among(here, author.id, ids, direct=seen == policy.DIRECT)
    unwanted = await blocked_among(here, author.id, ids) | (shut - {parent.author_id if parent else ""})
    return tuple(actor_id for actor_id in ids if actor_id not in unwanted)


def is_vote(remote: RemotePost) -> bool:
    """Votes in polls are Notes with a name and nothing else."""
    return remote.type == "Note" and bool(remote.name) and remote.in_reply_to is not None and not remote.content_html


def _edited(remote: RemotePost, published: datetime, now: datetime) -> datetime | None:
    if remote.updated is None or remote.updated <= published:
        return None
    return min(remote.updated, now + timedelta(minutes=10))


def _letters(raw: bytes | dict[str, Any] | None) -> str | None:
    return raw.decode() if isinstance(raw, bytes) else json.dumps(raw, ensure_ascii=False) if raw else None


def _short(uri: str | None) -> str | None:
    return uri if uri is not None and len(uri) <= MAX_URI else None
