"""Ends of posts: by their authors, by moderators, with their author's account; and letting held ones through."""

from server.actors.events import ActorDeleted
from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.audit import actions as audit
from server.communities.activities.authority import looks_after
from server.errors import NotAllowed, NotFound
from server.instance import Instance
from server.media import actions as media
from server.peers import queries as peers
from server.peers.policy import BLOCKED
from server.posts import counting, nameless
from server.posts.composing import own
from server.posts.details import detail_of
from server.posts.events import PostDeleted, PostPublished, PostRemoved, PostRestored
from server.posts.holding import STANDING, hold
from server.posts.marks import forget_marks, forget_marks_of
from server.posts.models import Boost, Like, Post, PostAttachment, PostMention, PostTag, PostVersion, Tombstone
from server.posts.policy import DIRECT, ECHO, PEERS, PRIVATE
from server.posts.readable import readable

AT_ONCE = 200
PURGED_AT_ONCE = 500


async def delete_post(here: Instance, acting: Viewer, post_id: str, *, keep_files: bool = False) -> None:
    """Delete a post of one's own for good; every server that has it is told (S27).

    With `keep_files` its uploads wait for a day, as new ones do: for who writes it anew.
    """
    post = await own(acting, post_id)
    async with here.db.transaction():
        if keep_files:
            await _set_free(here, post)
        await erase(here, post, by=(await nameless.speaking(acting, post)).actor_uri)


async def remove_post(here: Instance, acting: Viewer, post_id: str, reason: str) -> None:
    """A moderator takes a post out of sight, with a reason that its author sees."""
    post = await moderated(here, acting, post_id)
    if post.state == "removed":
        return
    async with here.db.transaction():
        await take_out(here, post, by_id=str(acting.actor_id), reason=reason)
        await audit.record(
            here,
            by=acting.handle or acting.actor_uri,
            action="post.remove",
            subject=post.uri,
            detail={"reason": reason[:2000]},
        )


async def restore_post(here: Instance, acting: Viewer, post_id: str) -> None:
    """A moderator takes a removal back."""
    post = await moderated(here, acting, post_id)
    if post.state != "removed":
        return
    async with here.db.transaction():
        await let_through(here, post)
        await here.events.emit(PostRestored(post.id, str(acting.actor_id)))
        await audit.record(here, by=acting.handle or acting.actor_uri, action="post.restore", subject=post.uri)


async def approve_post(here: Instance, acting: Viewer, post_id: str) -> None:
    """Let a held post through, and its author's posts from now on."""
    post = await moderated(here, acting, post_id)
    if post.state != "held":
        return
    async with here.db.transaction():
        await here.db.execute("UPDATE actor SET approved = TRUE WHERE id = :id", id=post.author_id)
        await let_through(here, post)
        await audit.record(here, by=acting.handle or acting.actor_uri, action="post.approve", subject=post.uri)


async def moderated(here: Instance, acting: Viewer, post_id: str) -> Post:
    """A post that the viewer may moderate: NotFound where they cannot see it, NotAllowed where they can."""
    may_read, parameters = readable(acting)
    row = await here.db.row(
        f"SELECT post.id, post.community_id, post.visibility FROM post WHERE post.id = :wanted AND {may_read}",
        wanted=post_id,
        **parameters,
    )
    if row is None or acting.actor_id is None or row["visibility"] in {DIRECT, PRIVATE}:
        raise NotFound
    if not acting.is_steward and not await looks_after(here, acting.actor_id, row["community_id"]):
        raise NotAllowed("Only the stewards of this community can do that.")
    return await Post.get(id=post_id)


async def let_through(here: Instance, post: Post) -> None:
    """Make a held or removed post visible, in the caller's transaction, unless somebody else decided meanwhile."""
    if not await hold(here, post, post.state):
        return
    post.state, post.state_reason, post.updated_at = "visible", "", here.clock.now()
    await post.save(update_fields=["state", "state_reason", "updated_at"])
    await counting.after_publishing(here, post)
    await here.events.emit(
        PostPublished(
            post.id,
            post.author_id,
            post.community_id,
            post.parent_id,
            post.kind,
            post.is_local,
            is_direct=post.visibility == DIRECT,
        )
    )


async def take_out(here: Instance, post: Post, *, by_id: str, reason: str) -> None:
    """Hide a post, in the caller's transaction. Its author still sees it, with the reason.

    Nothing happens where somebody else decided about it meanwhile.
    """
    if post.state == "deleted" or not await hold(here, post, post.state):
        return
    post.state, post.state_reason, post.updated_at = "removed", reason.strip()[:2000], here.clock.now()
    await post.save(update_fields=["state", "state_reason", "updated_at"])
    await counting.after_ending(here, post)
    # Taking announcements back needs to find them, so they go last.
    await here.events.emit(PostRemoved(post.id, by_id, post.state_reason))
    await forget_marks(here, post)
    await forget_sent(here, post)


async def erase(here: Instance, post: Post, *, by: str) -> None:
    """Delete a post for good, in the caller's transaction: text, files, versions, reactions. Its place stays (410).

    Nothing happens where somebody else did that meanwhile.
    """
    if not await hold(here, post, *STANDING):
        return
    was_shared = post.state in {"visible", "removed", "waiting", PEERS}
    await leave_tombstone(here, post.uri, by=by, former_type=post.object_type)
    if was_shared:
        # Subscribers that tell others need to know who was reached, so they are asked before that is gone.
        await here.events.emit(PostDeleted(post.id, post.uri))
    files = await PostAttachment.filter(post_id=post.id).exclude(media_id=None).values_list("media_id", flat=True)
    await media.discard(here, [str(media_id) for media_id in files])
    for table in (PostAttachment, PostMention, PostTag, PostVersion, Like, Boost):
        await table.filter(post_id=post.id).delete()
    await forget_sent(here, post)
    detail = detail_of(here, post.kind)
    if detail is not None:
        await detail.forget(here, post.id)
    post.state = "deleted"
    post.title = post.summary = post.content_html = post.source_md = post.content_warning = post.state_reason = ""
    post.raw_create = post.particulars = None
    post.likes_count = post.boosts_count = post.helped_count = post.echo_count = 0
    post.edited_at = post.updated_at = here.clock.now()
    await post.save()
    await counting.after_ending(here, post)
    if not was_shared:
        await here.events.emit(PostDeleted(post.id, post.uri))


async def _set_free(here: Instance, post: Post) -> None:
    files = await PostAttachment.filter(post_id=post.id).exclude(media_id=None).values_list("media_id", flat=True)
    await media.set_free(here, [str(media_id) for media_id in files])
    await PostAttachment.filter(post_id=post.id).delete()


async def forget_sent(here: Instance, post: Post) -> None:
    """What we sent of a post is no longer served; that it ended still is."""
    await here.db.execute(
        "DELETE FROM sent_activity WHERE post_id = :id AND uri NOT LIKE '%/ap/a/delete/%'"
        " AND uri NOT LIKE '%/ap/a/undo/%'",
        id=post.id,
    )


async def purge_blocked(here: Instance, _: object) -> None:
    """Erase copies of what came from servers that have been blocked for thirty days; a job, so many a time (S17, S27).

    Nothing says that they ended: after the block they may come again. What people here answered keeps its place.
    """
    for host in await peers.blocked_for_good(here):
        rows = await here.db.rows(
            "SELECT post.id FROM post JOIN actor ON actor.id = post.author_id WHERE NOT post.is_local"
            " AND post.state <> 'deleted' AND (actor.host = :host OR actor.host LIKE :inside OR actor.host LIKE :ports"
            f" OR actor.host LIKE :inside_ports) AND actor.grade = '{BLOCKED}' ORDER BY post.id LIMIT :limit",
            limit=PURGED_AT_ONCE,
            **peers.spellings(host),
        )
        for row in rows:
            async with here.db.transaction():
                post = await Post.get(id=row["id"])
                await erase(here, post, by=BLOCKED)
                await Tombstone.filter(uri=post.uri, by=BLOCKED).delete()
                if not await Post.exists(parent_id=post.id):
                    await post.delete()


async def leave_tombstone(here: Instance, uri: str, *, by: str, former_type: str = "") -> None:
    """Remember that an id ended, also before we ever saw what it named."""
    await here.db.execute(
        "INSERT INTO tombstone (uri, by, former_type, at) VALUES (:uri, :by, :type, :now) ON CONFLICT (uri) DO NOTHING",
        uri=uri[:500],
        by=by[:500],
        type=former_type[:20],
        now=here.clock.now(),
    )


async def was_ended(here: Instance, uri: str, *, by: str) -> bool:
    """Whether this id was ended by the one who may: its owner, or nobody remembers whom."""
    found = await Tombstone.get_or_none(uri=uri)
    return found is not None and found.by in {"", by}


async def erase_all_of(here: Instance, event: ActorDeleted) -> None:
    """Everything that a deleted actor wrote and did goes with it; a community leaves its members' posts to them."""
    actor = await Actor.get(id=event.actor_id)
    last = ""
    while True:
        posts = (
            await Post.filter(author_id=actor.id, id__gt=last).exclude(state="deleted").order_by("id").limit(AT_ONCE)
        )
        for post in posts:
            await erase(here, post, by=actor.uri)
            last = post.id
        if len(posts) < AT_ONCE:
            break
    for post_id in await nameless.ids_of(event):
        said = await Post.get(id=post_id)
        await erase(here, said, by=(await Actor.get(id=said.author_id)).uri)
    await forget_marks_of(here, actor)
    liked = await Like.filter(actor_id=actor.id, state="done").values_list("post_id", "kind")
    boosted = await Boost.filter(actor_id=actor.id, undone_at=None, state="done").values_list("post_id", flat=True)
    for table in (Like, Boost):
        await table.filter(actor_id=actor.id).delete()
    for post_id, kind in liked:
        if kind == "like":
            await counting.liked(here, str(post_id), -1)
        elif kind == ECHO:
            await counting.echoed(here, str(post_id), -1)
    for boosted_id in dict.fromkeys(str(item) for item in boosted):
        await counting.boosted(here, boosted_id, actor.id, -1)
