"""What people note on posts for themselves: kept for later, no more news of it, at the top of one's own profile."""

from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.errors import Invalid, NotAllowed
from server.ids import new_id
from server.instance import Instance
from server.posts.composing import own, readable_post
from server.posts.events import PostSaved, ProfilePinned
from server.posts.models import Post
from server.posts.policy import OPEN

MAX_PINNED = 5
MAX_COUNTED_ANEW = 500


async def bookmark_post(here: Instance, acting: Viewer, post_id: str) -> None:
    """Keep a post for later; twice is once."""
    post = await readable_post(here, acting, post_id)
    async with here.db.transaction():
        if await _mark(here, "bookmark", "post_id", acting, post.id):
            await here.events.emit(PostSaved(post.id))


async def unbookmark_post(here: Instance, acting: Viewer, post_id: str) -> None:
    """Keep it no longer; also what cannot be read any more."""
    async with here.db.transaction():
        if await _unmark(here, "bookmark", "post_id", acting, post_id):
            await here.events.emit(PostSaved(post_id))


async def mute_thread(here: Instance, acting: Viewer, post_id: str) -> None:
    """Hear no more of the conversation that a post is in."""
    post = await readable_post(here, acting, post_id)
    await _mark(here, "thread_mute", "root_id", acting, post.root_id or post.id)


async def unmute_thread(here: Instance, acting: Viewer, post_id: str) -> None:
    """Hear of it again."""
    post = await readable_post(here, acting, post_id)
    await _unmark(here, "thread_mute", "root_id", acting, post.root_id or post.id)


async def pin_to_profile(here: Instance, acting: Viewer, post_id: str) -> None:
    """Put a post of one's own at the top of one's profile. Raises NotAllowed for others', Invalid for too many."""
    post = await readable_post(here, acting, post_id)
    if post.author_id != acting.actor_id:
        raise NotAllowed("Only posts of your own go to the top of your profile.")
    if post.visibility not in OPEN:
        raise Invalid("Only what everybody may read goes to the top of a profile.")
    async with here.db.transaction():
        # The lock of the person makes two at once one after the other.
        await here.db.execute("UPDATE actor SET id = id WHERE id = :id", id=acting.actor_id)
        pinned = await here.db.rows(
            "SELECT post_id FROM profile_pin WHERE actor_id = :me ORDER BY id LIMIT 100", me=acting.actor_id
        )
        if any(row["post_id"] == post.id for row in pinned):
            return
        if len(pinned) >= MAX_PINNED:
            raise Invalid(f"At most {MAX_PINNED} posts are at the top of a profile. Take one down first.")
        await _mark(here, "profile_pin", "post_id", acting, post.id)
        await here.events.emit(ProfilePinned(post.id, True))


async def unpin_from_profile(here: Instance, acting: Viewer, post_id: str) -> None:
    """Take it down again."""
    post = await own(acting, post_id)
    async with here.db.transaction():
        if await here.db.execute("DELETE FROM profile_pin WHERE post_id = :post", post=post.id):
            await here.events.emit(ProfilePinned(post.id, False))


async def move_mutes(here: Instance, old: str, root_id: str) -> None:
    """A conversation turned out to be part of another: whoever wanted no news of it wants none of that."""
    await here.db.execute(
        "UPDATE thread_mute SET root_id = :root WHERE root_id = :old AND NOT EXISTS (SELECT 1 FROM thread_mute"
        " AS known WHERE known.root_id = :root AND known.actor_id = thread_mute.actor_id)",
        root=root_id,
        old=old,
    )


async def forget_marks(here: Instance, post: Post) -> None:
    """Forget what was noted on a post that ends, in the caller's transaction; its conversation may go on."""
    for table in ("bookmark", "profile_pin"):
        await here.db.execute(f"DELETE FROM {table} WHERE post_id = :post", post=post.id)


async def forget_marks_of(here: Instance, actor: Actor) -> None:
    """Forget what somebody noted whose account is deleted, in the caller's transaction."""
    saved = await here.db.rows(
        "SELECT bookmark.post_id FROM bookmark JOIN post ON post.id = bookmark.post_id"
        " WHERE bookmark.actor_id = :actor AND post.kind IN ('practice', 'tip') ORDER BY bookmark.id DESC LIMIT :most",
        actor=actor.id,
        most=MAX_COUNTED_ANEW,
    )
    for table in ("bookmark", "thread_mute", "profile_pin"):
        await here.db.execute(f"DELETE FROM {table} WHERE actor_id = :actor", actor=actor.id)
    for row in saved:
        await here.events.emit(PostSaved(row["post_id"]))


async def _mark(here: Instance, table: str, column: str, acting: Viewer, value: str) -> int:
    return await here.db.execute(
        f"INSERT INTO {table} (id, actor_id, {column}, created_at) VALUES (:id, :actor, :value, :now)"
        " ON CONFLICT DO NOTHING",
        id=new_id(here.clock.now()),
        actor=acting.actor_id,
        value=value,
        now=here.clock.now(),
    )


async def _unmark(here: Instance, table: str, column: str, acting: Viewer, value: str) -> int:
    return await here.db.execute(
        f"DELETE FROM {table} WHERE actor_id = :actor AND {column} = :value", actor=acting.actor_id, value=value
    )
