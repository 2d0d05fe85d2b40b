"""What stewards do with posts besides removing them: pinning, and everything at once that somebody wrote in a place."""

from server.actors.viewer import Viewer
from server.audit import actions as audit
from server.communities.events import PersonBanned, PersonUnbanned
from server.errors import Invalid, NotAllowed
from server.instance import Instance
from server.posts import counting
from server.posts.composing import keep_version
from server.posts.events import PostEdited, PostPinned
from server.posts.models import Post
from server.posts.policy import DIRECT, PRIVATE
from server.posts.removal import let_through, moderated, take_out

MAX_PINNED = 10
AT_ONCE = 500


async def set_pinned(here: Instance, acting: Viewer, post_id: str, *, pinned: bool) -> None:
    """Put a conversation at the top of its community, or take it down again. For those who look after it."""
    post = await moderated(here, acting, post_id)
    if post.community_id is None or post.parent_id is not None or post.in_reply_to_uri is not None:
        raise Invalid("Only what begins a conversation in a community can be pinned.")
    if pinned and post.state != "visible":
        raise NotAllowed("Only what everybody there can read is pinned.")
    if (
        pinned
        and not post.pinned
        and await Post.filter(community_id=post.community_id, pinned=True).count() >= (MAX_PINNED)
    ):
        raise Invalid(f"At most {MAX_PINNED} posts are pinned. Take one down first.")
    async with here.db.transaction():
        if await change_pin(here, post, by_id=str(acting.actor_id), pinned=pinned):
            action = "post.pin" if pinned else "post.unpin"
            await audit.record(here, by=acting.handle or acting.actor_uri, action=action, subject=post.uri)


async def change_pin(here: Instance, post: Post, *, by_id: str, pinned: bool) -> bool:
    """Pin or unpin, in the caller's transaction; False where it was so already."""
    if post.pinned == pinned:
        return False
    post.pinned = pinned
    await post.save(update_fields=["pinned"])
    await here.events.emit(PostPinned(post.id, by_id, pinned))
    return True


async def set_warning(here: Instance, post: Post, text: str, why: str = "") -> str:
    """Put a content note on a post of ours, in the caller's transaction, as an edit; returns the one that was there."""
    before = post.content_warning
    if before != text:
        await keep_version(here, post, why)
        post.content_warning, post.sensitive = text, bool(text)
        await post.save()
        await counting.settle(here, post.id)
        if post.state == "visible":
            await here.events.emit(PostEdited(post.id))
    return before


async def give_back(here: Instance, post: Post, *, by_id: str, reason: str) -> None:
    """Take a practice of ours out of sight and make it its author's draft again, in the caller's transaction."""
    await take_out(here, post, by_id=by_id, reason=reason)
    if post.state == "removed":
        post.state = "draft"
        await post.save(update_fields=["state"])


async def on_banned(here: Instance, event: PersonBanned) -> None:
    """Whoever keeps somebody out may take what they wrote there with them."""
    if not event.remove_posts:
        return
    for post in await _written_there(here, event, ["visible", "held"]):
        await take_out(here, post, by_id=event.by_id, reason=event.reason)


async def on_unbanned(here: Instance, event: PersonUnbanned) -> None:
    """And bring it back when they let them in again."""
    if not event.restore_posts:
        return
    for post in await _written_there(here, event, ["removed"]):
        await let_through(here, post)


async def _written_there(here: Instance, event: PersonBanned | PersonUnbanned, states: list[str]) -> list[Post]:
    """Their posts in the community; for a whole server those in its communities, or all where it is their own."""
    wanted = Post.filter(author_id=event.person_id, state__in=states).exclude(visibility__in=[DIRECT, PRIVATE])
    if event.community_id is not None:
        return await wanted.filter(community_id=event.community_id).order_by("-id").limit(AT_ONCE)
    home = await here.db.value("SELECT host FROM actor WHERE id = :id AND NOT is_local", id=event.person_id)
    if home != event.host:
        wanted = wanted.filter(community__host=event.host)
    return await wanted.order_by("-id").limit(AT_ONCE)
