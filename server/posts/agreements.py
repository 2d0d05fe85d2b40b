"""What becomes of our replies, quotes, likes and boosts when whoever was asked agrees or does not."""

from server.actors.models import Actor
from server.instance import Instance
from server.posts import counting
from server.posts.composing import announce_new, keep_moment
from server.posts.events import PostBoosted, PostEdited, PostLiked, PostRefused, PostUnboosted
from server.posts.holding import hold
from server.posts.models import Boost, Like, Post


async def accept_reply(here: Instance, post: Post, *, stamp: str) -> None:
    """Whoever is answered agrees: a waiting reply is shown, and goes to everybody it is for, with the proof."""
    async with here.db.transaction():
        if not await hold(here, fresh := post, "waiting", "visible"):
            return
        await _note(here, "post", fresh.id, stamp)
        fresh.approved_by = stamp
        if fresh.state == "waiting":
            await _publish(here, fresh)


async def show(here: Instance, post: Post, state: str) -> None:
    """Show a post that waited in this state, in the caller's transaction; nothing where it is gone."""
    if await hold(here, post, state):
        await _publish(here, post)


async def settle_quote(
    here: Instance, post: Post, quoted: Post, *, accepted: bool, stamp: str | None, reason: str
) -> None:
    """Whoever is quoted agrees, with a stamp, or does not."""
    async with here.db.transaction():
        if not await hold(here, fresh := post, "waiting", "visible"):
            return
        if fresh.quote_state not in {"waiting", "approved"}:
            return
        if not accepted or stamp is None:
            fresh.quote_state, fresh.quote_stamp = "refused", None
            await fresh.save(update_fields=["quote_state", "quote_stamp"])
            if fresh.state == "waiting":
                await _refuse(here, fresh, by_id=quoted.author_id, reason=reason)
            elif fresh.state == "visible":
                keep_moment(here, fresh)
                await fresh.save(update_fields=["edited_at"])
                await here.events.emit(PostEdited(fresh.id))
            return
        fresh.quote_state, fresh.quote_stamp = "approved", stamp
        await fresh.save(update_fields=["quote_state", "quote_stamp"])
        if fresh.state == "waiting":
            await _publish(here, fresh)


async def refuse(here: Instance, post: Post, parent: Post, *, reason: str, by_id: str | None = None) -> None:
    """Whoever is answered does not want a reply: it goes out of sight, and its author, if from here, sees why."""
    async with here.db.transaction():
        if await hold(here, post, "waiting", "visible", "held"):
            await _refuse(here, post, by_id=by_id or parent.author_id, reason=reason)


async def settle_reaction(here: Instance, row: Like | Boost, *, accepted: bool, stamp: str | None) -> None:
    """Whoever wrote the post agrees to a like or boost of somebody here, or does not."""
    actor = await Actor.get(id=row.actor_id)
    table, kind = ("post_like", "like") if isinstance(row, Like) else ("boost", "boost")
    async with here.db.transaction():
        fresh = await type(row).get_or_none(id=row.id)
        if fresh is None:
            return
        waited = fresh.state == "waiting"
        if not accepted:
            if kind == "boost" and not waited and actor.is_local:
                await here.events.emit(PostUnboosted(row.post_id, actor.id))
            await _forget(here, fresh)
            await counting.reactions(here, row.post_id)
            return
        if stamp is not None:
            await _note(here, table, row.id, stamp)
        if not waited or not actor.is_local:
            return
        await here.db.execute(f"UPDATE {table} SET state = 'done' WHERE id = :id", id=row.id)
        # What was kept at its id was the question; from now on it is the thing itself, with the proof.
        await here.db.execute("DELETE FROM sent_activity WHERE uri = :uri", uri=row.uri)
        await counting.reactions(here, row.post_id)
        event = PostLiked if kind == "like" else PostBoosted
        await here.events.emit(event(row.post_id, actor.id))


async def _forget(here: Instance, row: Like | Boost) -> None:
    if isinstance(row, Like):
        await row.delete()
    else:
        row.undone_at = here.clock.now()
        await row.save(update_fields=["undone_at"])


async def _note(here: Instance, table: str, row_id: str, stamp: str) -> None:
    await here.db.execute(f"UPDATE {table} SET approved_by = :stamp WHERE id = :id", stamp=stamp, id=row_id)


async def _publish(here: Instance, post: Post) -> None:
    now = here.clock.now()
    post.state, post.last_activity_at, post.updated_at = "visible", now, now
    if post.is_local:
        post.published_at = now
    await post.save()
    await here.db.execute("UPDATE post_tag SET at = :now WHERE post_id = :id", now=post.published_at, id=post.id)
    # The question is no longer to be had at its id; the Create is.
    await here.db.execute("DELETE FROM sent_activity WHERE post_id = :id", id=post.id)
    await announce_new(here, post)


async def _refuse(here: Instance, post: Post, *, by_id: str, reason: str) -> None:
    # What came from elsewhere stays in the reach of stewards, who may have to look at it.
    post.state, post.state_reason = "refused" if post.is_local else "removed", reason
    await post.save(update_fields=["state", "state_reason"])
    await counting.after_ending(here, post)
    await here.events.emit(PostRefused(post.id, by_id, reason))
