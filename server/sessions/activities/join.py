"""Join and Leave of events and the answers to Join, both directions (Mobilizon, FEP-8a8e).

Authority: who takes part or leaves is the signer; only who answers for an event answers (S5). Who could not read an
event cannot take part either (S15). What somebody writes with a Join (`participationMessage`) is not kept: nobody here
reads it yet. Who takes part is never shown or sent on.
"""

from federation.errors import Forbidden, Gone, Ignored
from federation.inbox.dispatch import VerifiedActivity
from federation.vocab import activities
from federation.vocab.base import id_of
from server.actors.models import Actor
from server.actors.remote import MAX_URI, ensure_remote
from server.actors.sending import send
from server.ids import new_id
from server.instance import Instance
from server.posts.admission import may_answer
from server.posts.models import Post
from server.sessions import later, taking_part
from server.sessions.events import ParticipationAnswered
from server.sessions.models import EventFacts, Participation
from server.sessions.policy import why_closed


async def send_join(here: Instance, person: Actor, post: Post, join_uri: str) -> None:
    """One of our people wants to take part in an event elsewhere."""
    author = await Actor.get(id=post.author_id)
    document = activities.activity(
        "Join", id=join_uri, actor=person.uri, object=post.uri, to=[author.uri], cc=None, published=here.clock.now()
    )
    await send(here, person.uri, document, inboxes=[author.inbox_url])


async def send_leave(here: Instance, person: Actor, post: Post) -> None:
    """One of our people does not take part any more."""
    author = await Actor.get(id=post.author_id)
    uri = here.url(f"/ap/a/leave/{new_id(here.clock.now())}")
    document = activities.activity("Leave", id=uri, actor=person.uri, object=post.uri, to=[author.uri], cc=None)
    await send(here, person.uri, document, inboxes=[author.inbox_url])


async def on_join(here: Instance, received: VerifiedActivity) -> bool:
    """Somebody elsewhere wants to take part in an event of ours. False: it is about something else."""
    activity = received.activity
    post = await _ours(activity.object_id)
    if post is None:
        return False
    if len(activity.id) > MAX_URI:
        raise Forbidden("the id is too long")
    try:
        person = await ensure_remote(here, activity.actor)
    except Gone as error:
        raise Ignored("who wants to take part is gone") from error
    barred = person.suspended_at is not None or person.deleted_at is not None or person.kind == "Group"
    if barred or not await may_answer(here, person, post):
        raise Forbidden("they cannot know this event")
    join_uri = activity.id or f"{person.uri}#join-{post.id}"
    async with here.db.transaction():
        other = await Participation.get_or_none(uri=join_uri)
        if other is not None and (other.actor_id, other.event_id) != (person.id, post.id):
            raise Forbidden("this id belongs to another Join")
        event = await EventFacts.get_or_none(id=post.id)
        known = await Participation.exists(event_id=post.id, actor_id=person.id, state="going")
        is_open = event is not None and not why_closed(taking_part.state_of(event), here.clock.now())
        if known or is_open:
            if await taking_part.enter(here, post.id, person.id, uri=join_uri, state="going"):
                await taking_part.count(here, post.id)
            await _send_answer(here, post, person, join_uri, accepted=True)
        else:
            await _send_answer(here, post, person, join_uri, accepted=False)
    return True


async def on_leave(here: Instance, received: VerifiedActivity) -> bool:
    """Somebody elsewhere does not take part any more."""
    post = await _ours(received.activity.object_id)
    if post is None:
        return False
    await _leaves(here, received.activity.actor, post.id)
    return True


async def on_undo_join(here: Instance, received: VerifiedActivity) -> bool:
    """Undo{Join}: the same as Leave."""
    activity = received.activity
    inner = activity.object or {}
    post = await _ours(id_of(inner.get("object")))
    if post is None:
        return False
    actor = id_of(inner.get("actor"))
    if actor is not None and actor != activity.actor:
        raise Forbidden("only who joined takes that back")
    await _leaves(here, activity.actor, post.id)
    return True


async def undo_by_id(here: Instance, received: VerifiedActivity) -> bool:
    """Undo of a Join that is named by its id."""
    known = await Participation.get_or_none(uri=received.activity.object_id or "").prefetch_related("actor")
    if known is None or known.actor.is_local:
        return False
    if known.actor.uri != received.activity.actor:
        raise Forbidden("only who joined takes that back")
    await _leaves(here, received.activity.actor, known.event_id)
    return True


async def on_answer(here: Instance, received: VerifiedActivity) -> bool:
    """An event elsewhere answers a Join of ours; a later Reject ends it."""
    activity = received.activity
    inner = activity.object or {}
    known = await _asked(id_of(inner), id_of(inner.get("actor")), id_of(inner.get("object")))
    return known is not None and await _answered(here, received, known)


async def answer_by_id(here: Instance, received: VerifiedActivity) -> bool:
    """An answer that names the Join by its id."""
    known = await _asked(received.activity.object_id, None, None)
    return known is not None and await _answered(here, received, known)


async def _answered(here: Instance, received: VerifiedActivity, known: Participation) -> bool:
    activity = received.activity
    event = await EventFacts.get_or_none(id=known.event_id)
    if event is None or activity.actor not in (event.answered_by or []):
        raise Forbidden("only who answers for the event answers")
    state = "going" if activity.type == "Accept" else "refused"
    async with here.db.transaction():
        fresh = await Participation.get_or_none(id=known.id)
        if fresh is None or fresh.state == state:
            raise Ignored("this is known")
        if fresh.state == "refused":
            raise Ignored("it was refused before")
        fresh.state = state
        await fresh.save(update_fields=["state"])
        await here.events.emit(ParticipationAnswered(known.event_id, known.actor_id, accepted=state == "going"))
    return True


async def _asked(join_uri: str | None, person_uri: str | None, event_uri: str | None) -> Participation | None:
    """A Join of somebody here, by its id, or by who wants what."""
    known = await Participation.get_or_none(uri=join_uri, actor__is_local=True) if join_uri else None
    if known is None and person_uri and event_uri:
        post = await Post.get_or_none(uri=event_uri, is_local=False, kind="session")
        if post is not None:
            known = await Participation.get_or_none(event_id=post.id, actor__uri=person_uri, actor__is_local=True)
    if known is not None and await Post.exists(id=known.event_id, is_local=True):
        return None
    return known


async def _send_answer(here: Instance, post: Post, person: Actor, join_uri: str, *, accepted: bool) -> None:
    """The author of an event of ours says yes or no, by what the event says of itself."""
    author = await Actor.get(id=post.author_id)
    build, verb = (activities.accept, "accept") if accepted else (activities.reject, "reject")
    document = build(
        id=here.url(f"/ap/a/{verb}/{new_id(here.clock.now())}"),
        actor=author.uri,
        object={"id": join_uri, "type": "Join", "actor": person.uri, "object": post.uri},
        to=[person.uri],
    )
    await send(here, author.uri, document, inboxes=[person.inbox_url])


async def _leaves(here: Instance, person_uri: str, event_id: str) -> None:
    async with here.db.transaction():
        person = await Actor.get_or_none(uri=person_uri)
        known = await taking_part.leave(here, event_id, person.id) if person is not None else None
        if known is None:
            raise Ignored("they did not take part")
        await later.note_earlier_answer(here, event_id, known.actor_id)
        await taking_part.count(here, event_id)


async def _ours(uri: str | None) -> Post | None:
    if uri is None:
        return None
    return await Post.get_or_none(uri=uri, is_local=True, kind="session", state="visible")
