"""Invite to write a practice together, its answer by Accept or Reject, Leave, and Undo, both directions.

Authority: who wrote the practice invites and takes that back, whoever was invited answers and leaves (S5). Every answer
names the Invite by its id, so that an old answer says nothing to a new question.
"""

from federation.errors import Forbidden, Gone, Ignored
from federation.inbox.dispatch import VerifiedActivity
from federation.vocab import activities
from server.actors.models import Actor
from server.actors.remote import MAX_URI, ensure_remote
from server.actors.sending import send
from server.coauthors import actions
from server.coauthors.events import CoauthorEnded, CoauthorInvited, InvitationAnswered
from server.coauthors.models import Coauthor
from server.instance import Instance
from server.posts import sending
from server.posts.admission import may_know
from server.posts.holding import STANDING, hold
from server.posts.models import Post
from server.posts.receiving import find_or_fetch


async def send_invite(here: Instance, event: CoauthorInvited) -> None:
    """Ask somebody elsewhere."""
    row, post, author, person = await _about(event.coauthor_id)
    if post.is_local and not person.is_local:
        document = activities.activity(
            "Invite", id=row.uri, actor=author.uri, object=post.uri, target=person.uri, to=[person.uri], cc=None
        )
        await send(here, author.uri, document, inboxes=[person.inbox_url])


async def send_answer(here: Instance, event: InvitationAnswered) -> None:
    """Tell the author elsewhere what one of ours says."""
    row, post, author, person = await _about(event.coauthor_id)
    if person.is_local and not post.is_local:
        build, verb = (activities.accept, "accept") if event.accepted else (activities.reject, "reject")
        document = build(
            id=sending.activity_id(here, verb), actor=person.uri, object=row.uri, target=post.uri, to=[author.uri]
        )
        await send(here, person.uri, document, inboxes=[author.inbox_url])


async def send_end(here: Instance, event: CoauthorEnded) -> None:
    """Tell the other side that it is over: Leave by who was a co-author, Undo by the author."""
    row, post, author, person = await _about(event.coauthor_id)
    if person.is_local and not post.is_local:
        document = activities.activity(
            "Leave", id=sending.activity_id(here, "leave"), actor=person.uri, object=post.uri, to=[author.uri], cc=None
        )
        await send(here, person.uri, document, inboxes=[author.inbox_url])
    elif post.is_local and not person.is_local and not event.by_person:
        document = activities.undo(
            id=sending.activity_id(here, "undo"),
            actor=author.uri,
            object={"id": row.uri, "type": "Invite", "actor": author.uri, "object": post.uri, "target": person.uri},
            to=[person.uri],
            cc=None,
        )
        await send(here, author.uri, document, inboxes=[person.inbox_url])


async def on_invite(here: Instance, received: VerifiedActivity) -> bool:
    """The author of a practice elsewhere asks one of ours. False: a community invites, which does so for itself."""
    activity = received.activity
    if activity.object_id is None or activity.target is None or activity.object_id == activity.actor:
        return False
    person = await Actor.get_or_none(uri=activity.target, is_local=True, kind="Person", hidden=False, deleted_at=None)
    if person is None:
        return False
    if received.via is not None or not activity.id or len(activity.id) > MAX_URI:
        raise Forbidden("an invitation comes from the author alone")
    if here.is_local_uri(activity.object_id):
        raise Forbidden("the practice is not theirs")
    try:
        author = await ensure_remote(here, activity.actor)
        post = await find_or_fetch(here, activity.object_id)
    except Gone as error:
        raise Ignored("it is gone") from error
    if post is None or post.kind != "practice" or post.author_id != author.id or post.state != "visible":
        raise Forbidden("this is no practice of theirs")
    if not await actions.may_be(here, post, person) or not await may_know(here, person, post):
        raise Forbidden("one of both wants nothing from the other, or it is not for them")
    async with here.db.transaction():
        if not await hold(here, post, "visible") or await Coauthor.exists(uri=activity.id):
            raise Ignored("it is gone, or came before")
        await actions.note_invitation(here, post, person, activity.id)
    return True


async def on_answer(here: Instance, received: VerifiedActivity) -> bool:
    """Somebody elsewhere answers; False for what is no invitation of ours."""
    activity = received.activity
    row = await Coauthor.get_or_none(uri=activity.object_id) if activity.object_id else None
    if row is None:
        return False
    _, post, _, person = await _about(row.id)
    if received.via is not None or not post.is_local or person.is_local or person.uri != activity.actor:
        raise Forbidden("only who was invited answers")
    accepted = activity.type == "Accept"
    if accepted and not await actions.may_be(here, post, person):
        raise Forbidden("one of both wants nothing from the other")
    async with here.db.transaction():
        if not await hold(here, post, *STANDING):
            raise Ignored("the practice is gone")
        done = await actions.settle_invitation(here, post, row, accepted=accepted)
        if not done and not accepted:
            done = await actions.end(here, post, row, by_person=True)
        if not done:
            raise Ignored("this was answered before")
    return True


async def on_leave(here: Instance, received: VerifiedActivity) -> bool:
    """A co-author elsewhere leaves; False for what is no practice of ours."""
    activity = received.activity
    post = (
        await Post.get_or_none(uri=activity.object_id, is_local=True, kind="practice") if activity.object_id else None
    )
    if post is None:
        return False
    person = await Actor.get_or_none(uri=activity.actor, is_local=False)
    row = await Coauthor.get_or_none(post_id=post.id, person_id=person.id) if person is not None else None
    async with here.db.transaction():
        if (
            row is None
            or not await hold(here, post, *STANDING)
            or not await actions.end(here, post, row, by_person=True)
        ):
            raise Ignored("they write nothing of it")
    return True


async def on_undo(here: Instance, received: VerifiedActivity) -> bool:
    """The author elsewhere ends it, or takes the invitation back; False for what is no invitation to ours."""
    uri = received.activity.object_id
    row = await Coauthor.get_or_none(uri=uri) if uri else None
    if row is None:
        return False
    _, post, author, _ = await _about(row.id)
    if received.via is not None or post.is_local or author.uri != received.activity.actor:
        raise Forbidden("only who invited takes that back")
    async with here.db.transaction():
        if not await hold(here, post, *STANDING) or not await actions.end(here, post, row, by_person=False):
            raise Ignored("it was over already")
    return True


async def _about(coauthor_id: str) -> tuple[Coauthor, Post, Actor, Actor]:
    """An invitation, its practice, the author, and who was asked."""
    row = await Coauthor.get(id=coauthor_id)
    post = await Post.get(id=row.post_id)
    return row, post, await Actor.get(id=post.author_id), await Actor.get(id=row.person_id)
