"""Lock and its Undo, both directions (Lemmy, PieFed, FEP-1b12): a conversation takes no more replies.

Authority: who began it, and who looks after its community (S5).
"""

from federation.errors import Forbidden, Ignored
from federation.inbox.dispatch import VerifiedActivity
from federation.vocab import activities
from federation.vocab.base import PUBLIC, id_of, text_of
from server.actors.models import Actor
from server.instance import Instance
from server.posts import documents, places, policy, sending
from server.posts.activities.authority import may_moderate_from_afar
from server.posts.activities.like import pass_on
from server.posts.activities.relevance import check_group
from server.posts.events import ThreadLocked
from server.posts.models import Post
from server.posts.reactions import change_lock


async def on_lock(here: Instance, received: VerifiedActivity) -> None:
    """A remote author or moderator closes a conversation."""
    reason = received.activity.summary
    await _change(here, received, received.activity.object_id, locked=True, reason=reason)


async def on_unlock(here: Instance, received: VerifiedActivity) -> None:
    """They open it again."""
    lock = received.activity.object or {}
    await _change(here, received, id_of(lock.get("object")), locked=False, reason=text_of(lock.get("summary")))


async def send_lock(here: Instance, event: ThreadLocked) -> None:
    """Tell the community and its servers; an author's own server also says it in the post."""
    actor = await Actor.get_or_none(id=event.by_id) if event.by_id else None
    post = await Post.get(id=event.post_id)
    if actor is None or not actor.is_local or not await places.leaves(here, post):
        return
    about = await documents.envelope(here, post)
    if about.community is None:
        return
    to = [PUBLIC] if post.visibility in policy.OPEN else about.to
    lock = activities.lock(
        id=sending.activity_id(here, "lock"), actor=actor.uri, object=post.uri, to=to, cc=[about.community.uri],
        audience=about.community.uri, summary=event.reason or None,
    )  # fmt: skip
    if not event.locked:
        lock = activities.undo(
            id=sending.activity_id(here, "undo"), actor=actor.uri, object=lock, to=to, cc=[about.community.uri],
            audience=about.community.uri,
        )  # fmt: skip
    await sending.tell(here, actor, about, lock)


async def _change(here: Instance, received: VerifiedActivity, uri: str | None, *, locked: bool, reason: str) -> None:
    await check_group(here, received.via, received.activity)
    post = await Post.get_or_none(uri=uri) if uri else None
    if post is None or post.state not in {"visible", "held"}:
        raise Ignored("this conversation is not known here")
    author = await Actor.get(id=post.author_id)
    if author.uri != received.activity.actor and not await may_moderate_from_afar(here, received, post):
        raise Forbidden("only who began it and the community's stewards close a conversation")
    actor = await Actor.get_or_none(uri=received.activity.actor)
    async with here.db.transaction():
        if await change_lock(here, post, by_id=actor.id if actor else "", locked=locked, reason=reason):
            await pass_on(here, post, received)
