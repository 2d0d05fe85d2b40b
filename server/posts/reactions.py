"""What people here do with a post: find it useful, pass it on, say that it helped."""

from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.communities.activities.authority import looks_after
from server.errors import Invalid, NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance
from server.posts import counting, nameless
from server.posts.composing import check_present, readable_post
from server.posts.consent import ANNOUNCE, ASK, LIKE, NEVER, said_of
from server.posts.events import (
    PostBoosted,
    PostEchoed,
    PostLiked,
    PostUnboosted,
    PostUnechoed,
    PostUnliked,
    ReactionWaits,
    ReplyHelped,
    ReplyUnhelped,
    ThreadLocked,
)
from server.posts.holding import hold
from server.posts.models import Boost, Like, Post
from server.posts.policy import ECHO, ECHOES, OPEN


async def like_post(here: Instance, acting: Viewer, post_id: str) -> None:
    """Say that a post is useful; twice is once."""
    post = await readable_post(here, acting, post_id)
    waits = await _asks_first(here, acting, post, LIKE)
    uri = here.url(f"/ap/a/like/{new_id(here.clock.now())}")
    async with here.db.transaction():
        await add_like(here, post, str(acting.actor_id), uri=uri, waits=waits)


async def unlike_post(here: Instance, acting: Viewer, post_id: str) -> None:
    """Take that back."""
    await readable_post(here, acting, post_id)
    async with here.db.transaction():
        await end_like(here, post_id, str(acting.actor_id))


async def echo_post(here: Instance, acting: Viewer, post_id: str) -> None:
    """Say that one has the same question, or would try the same; twice is once. Raises NotAllowed for one's own."""
    post = await readable_post(here, acting, post_id)
    if post.kind not in ECHOES:
        raise NotFound
    if post.author_id == acting.actor_id:
        raise NotAllowed("This is yours already.")
    if await _asks_first(here, acting, post, LIKE):
        raise NotAllowed("Its author wants to be asked before anybody does that. Write an answer instead.")
    uri = here.url(f"/ap/a/like/{new_id(here.clock.now())}")
    async with here.db.transaction():
        await add_like(here, post, str(acting.actor_id), uri=uri, kind=ECHO)


async def unecho_post(here: Instance, acting: Viewer, post_id: str) -> None:
    """Take that back."""
    await readable_post(here, acting, post_id)
    async with here.db.transaction():
        await end_like(here, post_id, str(acting.actor_id), kind=ECHO)


async def boost_post(here: Instance, acting: Viewer, post_id: str) -> None:
    """Pass a post on to one's followers; only what everybody may read."""
    post = await readable_post(here, acting, post_id)
    if post.visibility not in OPEN:
        raise NotAllowed("This was shared with some people only, so it is not passed on.")
    check_present(await Actor.get(id=acting.actor_id))
    waits = await _asks_first(here, acting, post, ANNOUNCE)
    uri = here.url(f"/ap/a/announce/{new_id(here.clock.now())}")
    async with here.db.transaction():
        if not await hold(here, post, "visible"):  # and twice at once is once
            raise NotFound
        await add_boost(here, post, str(acting.actor_id), uri=uri, waits=waits)


async def unboost_post(here: Instance, acting: Viewer, post_id: str) -> None:
    """Take that back."""
    post = await readable_post(here, acting, post_id)
    async with here.db.transaction():
        await hold(here, post, "visible")
        await end_boost(here, post_id, str(acting.actor_id))


async def mark_helped(here: Instance, acting: Viewer, reply_id: str) -> None:
    """Who asked says that a reply helped; several may. Raises NotAllowed for anybody but them and the stewards."""
    reply, ask, acting = await _answer(here, acting, reply_id)
    async with here.db.transaction():
        await add_helped(here, reply, ask, str(acting.actor_id))


async def unmark_helped(here: Instance, acting: Viewer, reply_id: str) -> None:
    """Take that back."""
    reply, ask, acting = await _answer(here, acting, reply_id)
    async with here.db.transaction():
        await end_helped(here, reply, ask, str(acting.actor_id))


async def set_locked(here: Instance, acting: Viewer, post_id: str, *, locked: bool, reason: str = "") -> None:
    """Close or reopen a conversation of one's own, or as its steward."""
    post = await readable_post(here, acting, post_id)
    if post.root_id not in {None, post.id}:
        raise Invalid("Only a whole conversation can be closed.")
    acting = await nameless.speaking(acting, post)
    is_steward = acting.is_steward or await looks_after(here, str(acting.actor_id), post.community_id)
    if post.author_id != acting.actor_id and not is_steward:
        raise NotAllowed("Only who began a conversation, and the stewards, can close it.")
    if not post.is_local and post.community_id is None:
        raise NotAllowed("This conversation lives on another server; it can only be closed there.")
    async with here.db.transaction():
        await change_lock(here, post, by_id=str(acting.actor_id), locked=locked, reason=reason)


async def add_like(
    here: Instance, post: Post, actor_id: str, *, uri: str, waits: bool = False, kind: str = "like"
) -> bool:
    """Record a like, in the caller's transaction; False where there was one. `waits`: its author is asked first.

    `kind`: ``like``, or ``echo`` (`policy.ECHOES`).
    """
    added = await here.db.execute(
        "INSERT INTO post_like (id, uri, actor_id, post_id, kind, state, created_at)"
        " VALUES (:id, :uri, :actor, :post, :kind, :state, :now) ON CONFLICT DO NOTHING",
        kind=kind,
        id=new_id(here.clock.now()),
        uri=uri[:500],
        actor=actor_id,
        post=post.id,
        state="waiting" if waits else "done",
        now=here.clock.now(),
    )
    if added and waits:
        await here.events.emit(ReactionWaits(LIKE, post.id, actor_id))
    elif added and kind == ECHO:
        await counting.echoed(here, post.id, +1)
        await here.events.emit(PostEchoed(post.id, actor_id))
    elif added:
        await counting.liked(here, post.id, +1)
        await here.events.emit(PostLiked(post.id, actor_id))
    return bool(added)


async def end_like(
    here: Instance, post_id: str, actor_id: str, *, uri: str | None = None, kind: str = "like"
) -> Like | None:
    """Forget a like (the one with this id), in the caller's transaction; what it was, if there was one."""
    like = await Like.get_or_none(post_id=post_id, actor_id=actor_id, kind=kind)
    if like is not None and uri not in {None, like.uri}:
        return None
    if like is not None:
        # Whoever tells others needs the row, so it goes last.
        await here.events.emit((PostUnechoed if kind == ECHO else PostUnliked)(post_id, actor_id))
        if await Like.filter(id=like.id).delete() and like.state == "done":
            await (counting.echoed if kind == ECHO else counting.liked)(here, post_id, -1)
    return like


async def add_boost(here: Instance, post: Post, actor_id: str, *, uri: str, waits: bool = False) -> bool:
    """Record a boost, in the caller's transaction. An actor's second one is kept, to be undone, and counts nothing."""
    before = await Boost.filter(post_id=post.id, actor_id=actor_id, undone_at=None).exists()
    counted = before and await _is_counted(post.id, actor_id)
    if before and (post.is_local or waits) and here.is_local_uri(uri):
        return False
    added = await here.db.execute(
        "INSERT INTO boost (id, uri, actor_id, post_id, state, created_at)"
        " VALUES (:id, :uri, :actor, :post, :state, :now) ON CONFLICT (uri) DO NOTHING",
        id=new_id(here.clock.now()),
        uri=uri[:500],
        actor=actor_id,
        post=post.id,
        state="waiting" if waits else "done",
        now=here.clock.now(),
    )
    if added and not waits and not counted:
        await counting.boosted(here, post.id, actor_id, +1)
    if added and waits:
        await here.events.emit(ReactionWaits(ANNOUNCE, post.id, actor_id))
    elif added and not before:
        await here.events.emit(PostBoosted(post.id, actor_id))
    return bool(added) and not before


async def end_boost(here: Instance, post_id: str, actor_id: str, *, uri: str | None = None) -> bool:
    """Undo an actor's boosts of a post (or the one with this id), in the caller's transaction."""
    wanted = {"post_id": post_id, "actor_id": actor_id, "undone_at": None} | ({"uri": uri} if uri else {})
    if not await Boost.filter(**wanted).exists():
        return False
    remaining = Boost.filter(post_id=post_id, actor_id=actor_id, undone_at=None)
    if uri is None or await remaining.count() == 1:
        await here.events.emit(PostUnboosted(post_id, actor_id))
    counted = await _is_counted(post_id, actor_id)
    await Boost.filter(**wanted).update(undone_at=here.clock.now())
    if counted and not await _is_counted(post_id, actor_id):
        await counting.boosted(here, post_id, actor_id, -1)
    return True


async def _is_counted(post_id: str, actor_id: str) -> bool:
    return await Boost.filter(post_id=post_id, actor_id=actor_id, undone_at=None, state="done").exists()


async def add_helped(here: Instance, reply: Post, ask: Post, actor_id: str, *, uri: str | None = None) -> bool:
    """Record that a reply helped, in the caller's transaction."""
    made = uri or here.url(f"/ap/a/answer/{new_id(here.clock.now())}")
    added = await here.db.execute(
        "INSERT INTO post_like (id, uri, actor_id, post_id, kind, created_at)"
        " VALUES (:id, :uri, :actor, :post, 'helped', :now) ON CONFLICT DO NOTHING",
        id=new_id(here.clock.now()),
        uri=made[:500],
        actor=actor_id,
        post=reply.id,
        now=here.clock.now(),
    )
    if added:
        await counting.helped(here, reply.id, ask.id)
        await here.events.emit(ReplyHelped(reply.id, ask.id, actor_id))
    return bool(added)


async def end_helped(here: Instance, reply: Post, ask: Post, actor_id: str) -> bool:
    """Forget that a reply helped, in the caller's transaction."""
    mark = await Like.get_or_none(post_id=reply.id, actor_id=actor_id, kind="helped")
    if mark is None:
        return False
    await mark.delete()
    await counting.helped(here, reply.id, ask.id)
    await here.events.emit(ReplyUnhelped(reply.id, ask.id, actor_id))
    return True


async def change_lock(here: Instance, post: Post, *, by_id: str, locked: bool, reason: str = "") -> bool:
    """Close or reopen a conversation, in the caller's transaction; False where it was so already."""
    if post.locked == locked:
        return False
    post.locked = locked
    await post.save(update_fields=["locked"])
    await here.events.emit(ThreadLocked(post.id, by_id, locked, reason.strip()[:2000]))
    return True


async def _asks_first(here: Instance, acting: Viewer, post: Post, kind: str) -> bool:
    """Whether the author of a post is asked first; NotAllowed where they do not want it at all."""
    author = await Actor.get(id=post.author_id)
    said = said_of(post, author.uri, acting.actor_uri)
    if getattr(said, kind) == NEVER:
        raise NotAllowed(
            f"{author.name or author.username} does not want this post to be "
            + ("marked as useful." if kind == LIKE else "passed on.")
        )
    return bool(getattr(said, kind) == ASK) and not post.is_local


async def _answer(here: Instance, acting: Viewer, reply_id: str) -> tuple[Post, Post, Viewer]:
    reply = await readable_post(here, acting, reply_id)
    if reply.root_id in {None, reply.id}:
        raise Invalid("Only an answer can be marked as helpful.")
    ask = await Post.get_or_none(id=reply.root_id)
    if ask is None or ask.kind != "ask":
        raise NotFound
    if reply.author_id == ask.author_id:
        raise Invalid("Mark an answer of somebody else.")
    is_steward = await looks_after(here, str(acting.actor_id), ask.community_id)
    acting = await nameless.speaking(acting, ask)
    if ask.author_id != acting.actor_id and not is_steward:
        raise NotAllowed("Only who asked can say that an answer helped.")
    return reply, ask, acting
