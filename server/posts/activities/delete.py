"""Delete of posts, both directions (ActivityPub sections 6.4 and 7.4), and its Undo.

Authority: the author; or who looks after the community that the post is in. For a community here those are its stewards
and facilitators, for one elsewhere whoever it announces (S5).
"""

import json

from federation.errors import Forbidden, Ignored
from federation.inbox.dispatch import VerifiedActivity
from federation.vocab import activities
from federation.vocab.base import PUBLIC, id_of, same_origin, types_of
from server.actors.models import Actor
from server.actors.sending import send
from server.communities.activities.announce import announce, undo_announces
from server.instance import Instance
from server.posts import audience, counting, documents, places, policy, sending
from server.posts.activities.authority import may_moderate_from_afar
from server.posts.activities.relevance import check_group
from server.posts.events import PostDeleted, PostNarrowed, PostRemoved, PostRestored
from server.posts.holding import STANDING, hold
from server.posts.models import Post, Tombstone
from server.posts.receiving import find_or_fetch
from server.posts.removal import erase, forget_sent, leave_tombstone, let_through, take_out


async def on_delete(here: Instance, received: VerifiedActivity) -> None:
    """A remote author or moderator ends a post: embedded, as a Tombstone, or by id."""
    if not await delete_by_id(here, received):
        raise Ignored("there was nothing to delete")


async def delete_by_id(here: Instance, received: VerifiedActivity) -> bool:
    """End the post with this id; an unknown one of the actor's own server is remembered as ended (S8)."""
    activity = received.activity
    uri = activity.object_id
    if uri is None:
        return False
    post = await Post.get_or_none(uri=uri)
    if post is None:
        return await _remember(here, received, uri)
    author = await Actor.get(id=post.author_id)
    if author.uri == activity.actor and not author.is_local:
        await _by_author(here, received, post)
        return True
    await check_group(here, received.via, activity)
    if not await may_moderate_from_afar(here, received, post):
        raise Forbidden("only its author and the community's stewards delete a post")
    moderator = await Actor.get_or_none(uri=activity.actor)
    if post.state != "removed":
        async with here.db.transaction():
            await _pass_on(here, post, received)
            await take_out(here, post, by_id=moderator.id if moderator else "", reason=activity.summary)
    return True


async def on_undo_delete(here: Instance, received: VerifiedActivity) -> None:
    """A moderator, or the author, takes a Delete back (Lemmy)."""
    activity = received.activity
    inner = activity.object or {}
    uri = id_of(inner.get("object"))
    if uri is None:
        raise Ignored("it does not say what is restored")
    await check_group(here, received.via, activity)
    post = await Post.get_or_none(uri=uri)
    if post is not None and post.state == "removed":
        if not await may_moderate_from_afar(here, received, post):
            raise Forbidden("only the community's stewards restore a post")
        async with here.db.transaction():
            await let_through(here, post)
        return
    author_uri = (await Actor.get(id=post.author_id)).uri if post is not None else activity.actor
    if author_uri != activity.actor or not same_origin(uri, activity.actor):
        raise Ignored("there is nothing to restore")
    async with here.db.transaction():
        await Tombstone.filter(uri=uri, by=activity.actor).delete()
        if post is not None and post.state == "deleted":
            await post.delete()
            await counting.settle_thread(here, post.root_id or post.id)
    if await find_or_fetch(here, uri, via=received.via) is None:
        raise Ignored("the restored post cannot be had")


async def send_delete(here: Instance, event: PostDeleted) -> None:
    """Tell everybody who may have a post of ours that it is gone; its row is still whole."""
    post = await Post.get(id=event.post_id)
    author = await Actor.get(id=post.author_id)
    if not post.is_local:
        # Microblogs have it from a community here, and may never hear of its author.
        await undo_announces(here, post.id)
    if not post.is_local or author.deleted_at is not None or not await places.leaves(here, post):
        # An author who is gone is deleted with everything, in one activity.
        return
    if post.state == policy.PEERS:
        return  # nobody heard of it
    if post.state == "waiting":
        await _take_question_back(here, post)
        return
    await _send(here, post)


async def send_narrowed(here: Instance, event: PostNarrowed) -> None:
    """A post of ours has a smaller audience now: servers where nobody may read it any more are asked to forget it.

    Those that keep it get the Update of the edit. Nobody is sent both: a Delete would undo what they keep.
    """
    post = await Post.get(id=event.post_id)
    if not post.is_local or post.state != "visible":
        return
    lost = await audience.losing(here, post, event.before)
    before = await Post.get(id=event.post_id)
    before.visibility = event.before
    if not await places.leaves(here, before):
        return
    about = await documents.envelope(here, before)
    group = about.community if about.community is not None and about.community.is_local else None
    if group is not None and lost:
        await undo_announces(here, post.id, only=lost)
    await forget_sent(here, post)
    if not lost:
        return
    document = _document(here, about)
    sent = await send(
        here, about.author.uri, document, inboxes=sorted(lost), post_id=post.id, is_public=about.is_public
    )
    if group is not None:
        await announce(here, group.id, activity=sent, visibility=event.before, only=lost)


async def send_removal(here: Instance, event: PostRemoved) -> None:
    """Tell others that a moderator here took a post out."""
    post = await Post.get(id=event.post_id)
    moderator = await Actor.get_or_none(id=event.by_id) if event.by_id else None
    await undo_announces(here, post.id)
    if moderator is None or not moderator.is_local or not await places.leaves(here, post):
        return
    about = await documents.envelope(here, post)
    if about.community is not None:
        document = activities.delete(
            id=sending.activity_id(here, "delete"),
            actor=moderator.uri,
            object=post.uri,
            to=about.to if post.visibility == policy.MEMBERS else [PUBLIC],
            cc=[about.community.uri],
            audience=about.community.uri,
            summary=event.reason or None,
        )
        await sending.tell(here, moderator, about, document)
    if post.is_local:
        await _send(here, post, through_community=False)


async def send_restored(here: Instance, event: PostRestored) -> None:
    """Take every Delete that we sent of a post back, by who is allowed to: the moderator here, and its author here."""
    post = await Post.get(id=event.post_id)
    moderator = await Actor.get_or_none(id=event.by_id, is_local=True)
    if moderator is None or not await places.leaves(here, post):
        return
    rows = await here.db.rows(
        "SELECT body FROM sent_activity WHERE post_id = :id AND uri LIKE :ours ORDER BY uri DESC LIMIT 10",
        id=post.id,
        ours=here.url("/ap/a/delete/%"),
    )
    about = await documents.envelope(here, post)
    taken_back: set[bool] = set()
    for row in rows:
        sent = json.loads(row["body"])
        by_author = sent.get("actor") == about.author.uri
        if by_author in taken_back or (by_author and not post.is_local):
            continue
        taken_back.add(by_author)
        document = activities.undo(
            id=sending.activity_id(here, "undo"),
            actor=about.author.uri if by_author else moderator.uri,
            object=sent,
            to=sent.get("to") or [],
            cc=sent.get("cc") or [],
            audience=sent.get("audience"),
        )
        if by_author:
            await sending.publish(here, about, document, involved=True, through_community=False)
        elif about.community is not None:
            await sending.tell(here, moderator, about, document)
    await here.db.execute(
        "DELETE FROM sent_activity WHERE post_id = :id AND uri LIKE :ours",
        id=post.id,
        ours=here.url("/ap/a/delete/%"),
    )


async def _take_question_back(here: Instance, post: Post) -> None:
    """Nobody but whoever was asked about it has heard of it."""
    about = await documents.envelope(here, post)
    people = sending.inboxes_of([*about.mentioned, *([about.parent_author] if about.parent_author else [])])
    document = activities.delete(
        id=sending.activity_id(here, "delete"),
        actor=about.author.uri,
        object={"id": post.uri, "type": "Tombstone"},
        to=about.to,
        cc=[],
    )
    await send(here, about.author.uri, document, inboxes=sorted(people), post_id=post.id)


async def _send(here: Instance, post: Post, *, through_community: bool = True) -> None:
    about = await documents.envelope(here, post)
    await sending.publish(here, about, _document(here, about), involved=True, through_community=through_community)


def _document(here: Instance, about: documents.Envelope) -> dict[str, object]:
    """The Delete of a post by its author."""
    return activities.delete(
        id=sending.activity_id(here, "delete"),
        actor=about.author.uri,
        object={"id": about.post.uri, "type": "Tombstone"},
        to=about.to,
        cc=about.cc,
        audience=about.audience,
    )


async def _by_author(here: Instance, received: VerifiedActivity, post: Post) -> None:
    if post.state == "deleted":
        raise Ignored("it was deleted already")
    async with here.db.transaction():
        if not await hold(here, post, *STANDING):
            raise Ignored("it was deleted already")
        if post.state == "visible":
            await _pass_on(here, post, received)
        await erase(here, post, by=received.activity.actor)


async def _pass_on(here: Instance, post: Post, received: VerifiedActivity) -> None:
    """A community here announces the end to its own; microblogs get the end of each of its boosts."""
    if post.community_id is None or received.via is not None or not await places.leaves(here, post):
        return
    if await Actor.exists(id=post.community_id, is_local=True):
        await announce(here, post.community_id, activity=received.as_received, visibility=post.visibility)


async def _remember(here: Instance, received: VerifiedActivity, uri: str) -> bool:
    activity = received.activity
    if here.is_local_uri(uri) or not same_origin(uri, activity.actor):
        return False
    former = (activity.object or {}).get("formerType")
    kinds = types_of(activity.object or {})
    await leave_tombstone(
        here, uri, by=activity.actor, former_type=former if isinstance(former, str) else (kinds[0] if kinds else "")
    )
    return True
