"""Writing, publishing and editing posts here."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from federation.errors import FederationError
from server.actors.boundaries import UNREACHABLE, closed_among
from server.actors.models import Actor
from server.actors.relations import blocked_among
from server.actors.remote import resolve
from server.actors.viewer import Viewer
from server.db import from_milliseconds, to_milliseconds
from server.errors import Invalid, NotAllowed, NotFound, Refused
from server.ids import new_id
from server.instance import Instance
from server.posts import admission, asking, attaching, confidence, counting, nameless, places, policy, rendering, turns
from server.posts.addresses import page_path
from server.posts.details import detail_of
from server.posts.events import (
    AnswerEarly,
    PostEdited,
    PostNarrowed,
    PostPublished,
    PostQueued,
    PostWaits,
)
from server.posts.form import NewPost, PostChange, check_change, check_new
from server.posts.holding import hold
from server.posts.models import Post, PostMention, PostTag, PostVersion
from server.posts.places import Place
from server.posts.queries import readable
from server.text import clean_text, excerpt, language_code, render_markdown, sanitise

MAX_RESOLVED = 20
MAX_REMOTE_VERSIONS = 30

Detail = Callable[[Post], Awaitable[None]]
"""Writes the structured part of a post, in its transaction: after the row, before anybody is told."""


@dataclass(frozen=True, slots=True)
class _Written:
    """A text ready to be stored: rendered, with the people it names."""

    html: str
    mentioned: tuple[Actor, ...]
    tags: tuple[str, ...]


async def create_post(here: Instance, author_id: str, new: NewPost, *, detail: Detail | None = None) -> Post:
    """Write a post, or a draft. May use the network to find people who are named, before anything is written.

    Raises Invalid with the field to blame, NotFound for a community or post that the author cannot see, NotAllowed
    where they may not write. `detail` writes the structured part of the kind.
    """
    author = await Actor.get_or_none(id=author_id, is_local=True, deleted_at=None, suspended_at=None)
    if author is None:
        raise NotAllowed("This account cannot write here.")
    check_present(author)
    check_new(new)
    place = await places.of_new(here, author, new)
    through = await nameless.voice(here, author, new, place)
    writer, author = author, through or author
    turn = None if new.draft else await turns.turn_of(here, writer, place)
    new = replace(new, draft=True) if turn is not None else new
    asked = await asking.find(here, author, place, new.quote_id, at_once=new.at_once)
    written = await _write(here, new.source_md, new.content_html, tuple(new.tags))
    async with here.db.transaction():
        post = await _insert(here, author, new, place, written, asked)
        if through is not None:
            await nameless.remember(here, post, writer)
        if turn is not None:
            await here.events.emit(PostQueued(post.id, writer.id, turn))
        if detail is not None:
            await detail(post)
        if asked.waits:
            await here.events.emit(PostWaits(post.id))
        elif post.state == policy.PEERS and place.root is not None:
            await here.events.emit(AnswerEarly(post.id, place.root.id))
        elif post.state == "visible" and post.visibility != policy.PRIVATE:
            await announce_new(here, post)
    return post


async def publish_post(here: Instance, acting: Viewer, post_id: str, *, visibility: str | None = None) -> Post:
    """Show a draft to its audience; `visibility` may be set a last time."""
    post = await own(acting, post_id)
    if post.state != "draft":
        raise Invalid("This is published already.")
    author = await Actor.get(id=post.author_id)
    check_present(author)
    # Who wrote it without their name has to be allowed to, not the community that says it.
    writer = await Actor.get(id=acting.actor_id)
    place = await places.find(here, writer, post.community_id, post.parent_id, visibility or post.visibility)
    now = here.clock.now()
    async with here.db.transaction():
        if not await hold(here, post, "draft"):
            raise Invalid("This is published already.")
        post.state, post.visibility = "visible", place.visibility
        post.published_at = post.last_activity_at = post.updated_at = now
        post.url = here.url(page_path(post.short, post.title, post.kind))
        await post.save()
        await PostTag.filter(post_id=post.id).update(at=to_milliseconds(now))
        if post.visibility != policy.PRIVATE:
            await announce_new(here, post)
    return post


async def edit_post(
    here: Instance,
    acting: Viewer,
    post_id: str,
    change: PostChange,
    change_note: str = "",
    *,
    detail: Detail | None = None,
) -> Post:
    """Change a post of one's own. What it said is kept as a version; everybody who has it gets the new one.

    `detail` changes the structured part, after the old one was kept and before anybody is told.
    """
    post = await own(acting, post_id)
    if post.state not in {"draft", "visible", "held", policy.PEERS}:
        raise NotAllowed("This post was removed; it cannot be changed.")
    check_change(post, change)
    written = None
    if change.source_md is not None or change.content_html is not None:
        source = post.source_md if change.source_md is None else change.source_md
        written = await _write(here, source, change.content_html, tuple(change.tags or ()))
    async with here.db.transaction():
        if not await hold(here, post, "draft", "visible", "held", policy.PEERS):
            raise NotFound
        if post.state != "draft":
            await keep_version(here, post, change_note)
        before = post.visibility
        _apply(here, post, change, written)
        await post.save()
        if written is not None:
            await _name(here, post, written)
        if change.attachments is not None:
            await attaching.replace(here, post, change.attachments)
        if detail is not None:
            await detail(post)
        await counting.settle(here, post.id)
        if post.visibility != before and post.state == "visible":
            await here.events.emit(PostNarrowed(post.id, before))
        if post.state == "visible":
            await here.events.emit(PostEdited(post.id))
    return post


def check_present(author: Actor) -> None:
    """Raise NotAllowed for somebody who has moved away (FEP-7628)."""
    if author.moved_to is not None:
        raise NotAllowed("You have moved to another account. Write there, or take the move back in your settings.")


async def keep_version(here: Instance, post: Post, change_note: str = "") -> None:
    """Keep what a post says now, and move its version and time of edit forward; in the caller's transaction."""
    now = here.clock.now()
    kept = detail_of(here, post.kind)
    await PostVersion.create(
        id=new_id(now),
        post_id=post.id,
        version=post.version,
        title=post.title,
        content_html=post.content_html,
        source_md=post.source_md,
        content_warning=post.content_warning,
        sensitive=post.sensitive,
        detail=None if kept is None else await kept.snapshot(here, post.id),
        change_note=change_note.strip()[:1000],
        created_at=post.edited_at or post.published_at,
    )
    post.version += 1
    keep_moment(here, post)


async def forget_old_versions(here: Instance, post: Post) -> None:
    """Keep the first and the latest versions of a post from elsewhere: another server could send edits without end."""
    await here.db.execute(
        "DELETE FROM post_version WHERE post_id = :post AND version > 1 AND version < :oldest",
        post=post.id,
        oldest=post.version - MAX_REMOTE_VERSIONS,
    )


def keep_moment(here: Instance, post: Post) -> None:
    """Move the time of edit forward: whole seconds are what the wire carries, and others take only what is newer."""
    earlier = post.edited_at or post.published_at
    post.edited_at = max(here.clock.now(), from_milliseconds((int(earlier.timestamp()) + 1) * 1000))


async def own(acting: Viewer, post_id: str) -> Post:
    """A post of the viewer's; NotFound for all others, whether they exist or not (S30)."""
    post = await Post.get_or_none(id=post_id)
    if post is None or post.state == "deleted" or not await nameless.is_by(post, acting.actor_id):
        raise NotFound
    if not post.is_local:
        raise NotFound
    return post


async def fresh_id(here: Instance) -> str:
    """A new id whose short form no other post has."""
    while True:
        made = new_id(here.clock.now())
        if await here.db.value("SELECT id FROM post WHERE short = :short", short=made[-8:]) is None:
            return made


async def readable_post(here: Instance, acting: Viewer, post_id: str) -> Post:
    """A visible post that the viewer may read; NotFound otherwise."""
    may_read, parameters = readable(acting)
    found = await here.db.value(
        f"SELECT post.id FROM post WHERE post.id = :wanted AND post.state = 'visible' AND {may_read}",
        wanted=post_id,
        **parameters,
    )
    if found is None:
        raise NotFound
    return await Post.get(id=post_id)


async def announce_new(here: Instance, post: Post) -> None:
    """Count a post that can be read from now on, and tell everybody; in the caller's transaction."""
    await counting.after_publishing(here, post)
    await here.events.emit(
        PostPublished(
            post.id,
            post.author_id,
            post.community_id,
            post.parent_id,
            post.kind,
            post.is_local,
            is_direct=post.visibility == policy.DIRECT,
        )
    )


async def _insert(
    here: Instance, author: Actor, new: NewPost, place: Place, written: _Written, asked: asking.Asked
) -> Post:
    now = here.clock.now()
    post_id = await fresh_id(here)
    title = clean_text(new.title).strip()
    uri = here.url(f"/ap/p/{post_id}")
    warning = clean_text(new.content_warning).strip()
    root_id = place.root.id if place.root else post_id
    post = await Post.create(
        id=post_id,
        short=post_id[-8:],
        uri=uri,
        url=here.url(page_path(post_id[-8:], title, new.kind)),
        kind=policy.VENT if place.root is not None and place.root.kind == policy.VENT else new.kind,
        object_type=policy.object_type(new.kind, title),
        is_local=True,
        author_id=author.id,
        community_id=place.community.id if place.community else None,
        parent_id=place.parent.id if place.parent else None,
        root_id=root_id,
        in_reply_to_uri=place.parent.uri if place.parent else None,
        context_uri=_context(here, place, root_id),
        title=title,
        summary=sanitise(new.summary) if "<" in new.summary else _paragraph(new.summary),
        content_html=written.html,
        source_md=new.source_md,
        content_warning=warning,
        sensitive=bool(warning) or new.sensitive,
        language=language_code(new.language),
        licence=new.licence,
        manner=new.manner or rendering.manner(new.kind, written.tags),
        visibility=place.visibility,
        confidential=await confidence.is_kept(here, place, wanted=new.confidential),
        topic_id=place.topic_id,
        state="draft" if new.draft else asked.state,
        quote_uri=asked.quoted.uri if asked.quoted else None,
        quote_state=asked.quote_state,
        published_at=now,
        created_at=now,
        updated_at=now,
        last_activity_at=now,
    )
    quoted = (asked.quoted.author_id,) if asked.quoted else ()
    await _name(here, post, written, also=(*place.named, *quoted))
    await asking.agree(here, post, asked)
    await attaching.add(here, post, new.attachments)
    return post


def _context(here: Instance, place: Place, root_id: str) -> str | None:
    if place.root is None or place.root.is_local:
        return here.url(f"/ap/t/{root_id}")
    return place.parent.context_uri if place.parent else None


async def _write(here: Instance, source: str, content_html: str | None, tags: tuple[str, ...]) -> _Written:
    """Render, and find the people who are named; a handle that leads nowhere stays a word."""
    first = await asyncio.to_thread(render_markdown, source, base_url=here.settings.origin)
    people: dict[str, Actor] = {}
    for handle in first.mentions[:MAX_RESOLVED]:
        try:
            people[handle] = await resolve(here, f"@{handle}")
        except (Refused, FederationError):
            continue
    if content_html is not None:
        html = await asyncio.to_thread(sanitise, content_html, images=True)
    elif people:
        urls = {handle: person.url or person.uri for handle, person in people.items()}
        again = await asyncio.to_thread(render_markdown, source, base_url=here.settings.origin, mention_urls=urls)
        html = again.html
    else:
        html = first.html
    named = tuple({person.id: person for person in people.values()}.values())
    words = dict.fromkeys(word.lstrip("#").lower()[:100] for word in (*first.hashtags, *tags))
    return _Written(html=html, mentioned=named, tags=tuple(word for word in words if word))


async def _name(here: Instance, post: Post, written: _Written, *, also: Sequence[str] = ()) -> None:
    """Set hashtags, and add who is named, but for who is blocked; nobody named is forgotten: they could read it.

    Naming somebody in an answer lets nobody in who could not read what is answered (S15).
    """
    await PostTag.filter(post_id=post.id).delete()
    await PostTag.bulk_create(
        [PostTag(post_id=post.id, tag=tag, at=to_milliseconds(post.published_at)) for tag in written.tags]
    )
    if post.visibility == policy.PRIVATE:
        return
    named = [person for person in written.mentioned if person.kind != "Group"]
    is_direct = post.visibility == policy.DIRECT
    closed = await closed_among(here, post.author_id, [person.id for person in named], direct=is_direct) - {*also}
    if closed and is_direct:
        raise NotAllowed(UNREACHABLE)
    named = [person for person in named if person.id not in closed]
    parent = await Post.get_or_none(id=post.parent_id) if post.parent_id else None
    if parent is not None and parent.visibility not in policy.OPEN:
        named = [person for person in named if await admission.may_know(here, person, parent)]
    people = [*(person.id for person in named), *also]
    people = [actor_id for actor_id in dict.fromkeys(people) if actor_id != post.author_id]
    blocked = await blocked_among(here, post.author_id, people)
    for actor_id in people:
        if actor_id not in blocked:
            await PostMention.get_or_create(post_id=post.id, actor_id=actor_id)


def _paragraph(text: str) -> str:
    return render_plain(text) if text.strip() else ""


def render_plain(text: str) -> str:
    """Plain words as one paragraph of HTML."""
    words = clean_text(text).strip().replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<p>{words}</p>"


def summary_of(post: Post) -> str:
    """The teaser of a post with a title: what its author wrote, else its first words (at most 300 characters)."""
    return post.summary or render_plain(excerpt(post.content_html, 290))


def _apply(here: Instance, post: Post, change: PostChange, written: _Written | None) -> None:
    if change.title is not None:
        post.title = clean_text(change.title).strip()
    if change.source_md is not None:
        post.source_md = change.source_md
    if written is not None:
        post.content_html = written.html
    if change.summary is not None:
        post.summary = sanitise(change.summary) if "<" in change.summary else _paragraph(change.summary)
    if change.content_warning is not None:
        post.content_warning = clean_text(change.content_warning).strip()
        post.sensitive = bool(post.content_warning)
    if change.sensitive is not None:
        post.sensitive = change.sensitive or bool(post.content_warning)
    if change.language is not None:
        post.language = language_code(change.language)
    if change.manner is not None and post.kind == "reply":
        post.manner = change.manner
    if change.licence is not None:
        post.licence = change.licence
    if change.visibility is not None:
        post.visibility = change.visibility
    post.updated_at = here.clock.now()
