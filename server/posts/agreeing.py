"""What authors here say about quotes and answers: who may quote, whose quote goes, and which answer is not wanted."""

from dataclasses import dataclass
from datetime import datetime

from federation.vocab.interaction import QUOTE, SubPolicy
from server.actors.models import Actor
from server.actors.queries import PersonLabel, labels
from server.actors.viewer import Viewer
from server.db import from_milliseconds
from server.errors import NotAllowed, NotFound
from server.instance import Instance
from server.posts import agreements, consent
from server.posts.addresses import page_path
from server.posts.composing import keep_moment, own, readable_post
from server.posts.events import PostEdited, QuoteRevoked
from server.posts.models import Post, Stamp

MAX_LISTED = 200


@dataclass(frozen=True, slots=True)
class GivenQuote:
    """A quote that an author here agreed to. `url` is its page here if we have it, else its address."""

    id: str
    by: PersonLabel
    url: str
    at: datetime
    is_here: bool


async def allow_quotes(here: Instance, acting: Viewer, post_id: str, *, allowed: bool) -> None:
    """Say whether a post of one's own may be quoted from now on; quotes that were agreed to stay."""
    post = await own(acting, post_id)
    said = consent.policy_from(post.interaction)
    said.pop(QUOTE, None)
    if not allowed:
        author = await Actor.get(id=post.author_id)
        said[QUOTE] = SubPolicy((author.uri,), ())
    if consent.kept(said) == post.interaction:
        return
    async with here.db.transaction():
        post.interaction = consent.kept(said)
        if post.state == "visible":
            keep_moment(here, post)
        await post.save(update_fields=["interaction", "edited_at"])
        if post.state == "visible":
            await here.events.emit(PostEdited(post.id))


async def revoke_quote(here: Instance, acting: Viewer, post_id: str, stamp_id: str) -> None:
    """Take back that somebody may quote a post of one's own; everybody who may have seen the quote is told."""
    post = await own(acting, post_id)
    stamp = await Stamp.get_or_none(id=stamp_id, post_id=post.id, kind=QUOTE)
    if stamp is None:
        raise NotFound
    if stamp.revoked_at is not None:
        return
    async with here.db.transaction():
        stamp.revoked_at = here.clock.now()
        await stamp.save(update_fields=["revoked_at"])
        await here.events.emit(QuoteRevoked(stamp.id))


async def refuse_reply(here: Instance, acting: Viewer, reply_id: str) -> None:
    """Say that an answer is not wanted under a post or in a conversation of one's own; its author is told.

    Raises NotAllowed where neither what it answers nor the conversation is the viewer's.
    """
    reply = await readable_post(here, acting, reply_id)
    parent = await Post.get_or_none(id=reply.parent_id) if reply.parent_id else None
    if parent is None:
        raise NotFound
    mine = parent
    if parent.author_id != acting.actor_id:
        root = await Post.get_or_none(id=reply.root_id)
        if root is None or root.author_id != acting.actor_id or not root.is_local:
            raise NotAllowed("Only who is answered can say that.")
        mine = root
    if reply.author_id == acting.actor_id:
        raise NotAllowed("This is your own. You can delete it.")
    await agreements.refuse(here, reply, mine, reason="", by_id=acting.actor_id)


async def quotes_given(here: Instance, acting: Viewer, post_id: str) -> list[GivenQuote]:
    """Who quotes a post of one's own, the newest first."""
    await own(acting, post_id)
    rows = await here.db.rows(
        "SELECT stamp.id, stamp.actor_id, stamp.interacting_uri, stamp.created_at, quoting.short, quoting.title,"
        " quoting.kind FROM stamp LEFT JOIN post AS quoting ON quoting.uri = stamp.interacting_uri"
        " AND quoting.state = 'visible' AND quoting.visibility IN ('public', 'unlisted')"
        " WHERE stamp.post_id = :post AND stamp.kind = 'quote' AND stamp.revoked_at IS NULL"
        " ORDER BY stamp.created_at DESC, stamp.id DESC LIMIT :limit",
        post=post_id,
        limit=MAX_LISTED,
    )
    people = await labels(here, {row["actor_id"] for row in rows})
    return [
        GivenQuote(
            id=row["id"],
            by=people[row["actor_id"]],
            url=page_path(row["short"], row["title"], row["kind"]) if row["short"] else row["interacting_uri"],
            at=from_milliseconds(row["created_at"]),
            is_here=row["short"] is not None,
        )
        for row in rows
    ]


async def may_be_quoted(post_id: str) -> bool:
    """Whether a post of ours may be quoted, as its author chose."""
    post = await Post.get(id=post_id)
    return QUOTE not in consent.policy_from(post.interaction)
