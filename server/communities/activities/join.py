"""Join, Leave, Invite, and the answers to Join: membership across servers. Following is not joining.

Sent by our people to communities elsewhere, and by our communities to people elsewhere. Authority: who joins or leaves
is the signer; only the community that was asked answers (S5). What an applicant writes travels in `content`, to the
community alone.
"""

from html import escape

from federation.errors import Forbidden, Gone, Ignored
from federation.inbox.dispatch import VerifiedActivity
from federation.vocab import activities
from federation.vocab.activities import Activity
from federation.vocab.base import id_of
from server.actors.models import Actor
from server.actors.remote import MAX_URI, ensure_remote
from server.actors.sending import send
from server.communities import memberships, policy, queries
from server.communities.events import MemberDecided
from server.communities.models import Membership
from server.ids import new_id
from server.instance import Instance
from server.text import plain

MAX_MESSAGE = 5_000


async def send_join(
    here: Instance, person: Actor, group: Actor, join_uri: str, answers: list[tuple[str, str]] | None
) -> None:
    """One of our people asks a community elsewhere for membership."""
    content = "".join(
        f"<p><strong>{escape(question)}</strong><br>{escape(answer)}</p>" for question, answer in answers or ()
    )
    document = activities.activity(
        "Join",
        id=join_uri,
        actor=person.uri,
        object=group.uri,
        to=[group.uri],
        cc=None,
        published=here.clock.now(),
        content=content or None,
    )
    await send(here, person.uri, document, inboxes=[group.inbox_url])


async def send_leave(here: Instance, person: Actor, group: Actor) -> None:
    """One of our people leaves a community elsewhere, or takes the request back."""
    document = activities.activity(
        "Leave",
        id=here.url(f"/ap/a/leave/{new_id(here.clock.now())}"),
        actor=person.uri,
        object=group.uri,
        to=[group.uri],
        cc=None,
    )
    await send(here, person.uri, document, inboxes=[group.inbox_url])


async def send_answer(
    here: Instance, group: Actor, person: Actor, join_uri: str, *, accepted: bool, note: str = ""
) -> None:
    """Our community says yes or no to somebody elsewhere; no also ends a membership."""
    build, verb = (activities.accept, "accept") if accepted else (activities.reject, "reject")
    document = build(
        id=here.url(f"/ap/a/{verb}/{new_id(here.clock.now())}"),
        actor=group.uri,
        object={"id": join_uri, "type": "Join", "actor": person.uri, "object": group.uri},
        to=[person.uri],
        content=f"<p>{escape(note)}</p>" if note else None,
    )
    await send(here, group.uri, document, inboxes=[person.inbox_url])


async def send_invite(here: Instance, group: Actor, person: Actor) -> None:
    """Our community offers somebody elsewhere a place."""
    document = activities.activity(
        "Invite",
        id=here.url(f"/ap/a/invite/{new_id(here.clock.now())}"),
        actor=group.uri,
        object=group.uri,
        target=person.uri,
        to=[person.uri],
        cc=None,
    )
    await send(here, group.uri, document, inboxes=[person.inbox_url])


async def on_join(here: Instance, received: VerifiedActivity) -> bool:
    """Somebody elsewhere asks for membership. False: it is not about a community here (an event, perhaps)."""
    activity = received.activity
    group = await _ours(here, activity.object_id)
    if group is None:
        return False
    if len(activity.id) > MAX_URI:
        raise Forbidden("the id is too long")
    try:
        person = await ensure_remote(here, activity.actor)
    except Gone as error:
        raise Ignored("who wants to join is gone") from error
    if person.suspended_at is not None or person.deleted_at is not None or person.kind == "Group":
        raise Forbidden("they cannot join")
    facts = await queries.membership(here, group.id, person.id)
    async with here.db.transaction():
        await _joins(here, facts, person, group, activity)
    return True


async def _joins(
    here: Instance, facts: policy.MembershipFacts | None, person: Actor, group: Actor, activity: Activity
) -> None:
    """Admit, note the wish, or refuse. Asking again as a member is answered again, and accepts newer guidelines."""
    join_uri = activity.id or f"{person.uri}#join-{group.id}"
    other = await Membership.get_or_none(join_uri=join_uri)
    if other is not None and (_key(other, "person"), _key(other, "community")) != (person.id, group.id):
        raise Forbidden("this id belongs to another membership")
    if facts is not None and (facts.is_member or policy.may_join(facts)):
        await memberships.admit(here, group.id, person.id, accepted_version=facts.guidelines_version, join_uri=join_uri)
        await send_answer(here, group, person, join_uri, accepted=True)
    elif facts is not None and (facts.state == "applied" or policy.may_apply(facts)):
        message = plain(activity.content)[:MAX_MESSAGE]
        await memberships.ask(here, group.id, person.id, [("", message)] if message else [], join_uri=join_uri)
    else:
        await send_answer(here, group, person, join_uri, accepted=False)


async def on_leave(here: Instance, received: VerifiedActivity) -> bool:
    """Somebody elsewhere leaves."""
    activity = received.activity
    group = await _ours(here, activity.object_id)
    if group is None:
        return False
    await _leaves(here, activity.actor, group)
    return True


async def on_undo_join(here: Instance, received: VerifiedActivity) -> bool:
    """Undo{Join}: the same as Leave. False: it is not about a community here."""
    activity = received.activity
    inner = activity.object or {}
    group = await _ours(here, id_of(inner.get("object")))
    if group is None:
        return False
    actor = id_of(inner.get("actor"))
    if actor is not None and actor != activity.actor:
        raise Forbidden("only who joined takes that back")
    await _leaves(here, activity.actor, group)
    return True


async def undo_by_id(here: Instance, received: VerifiedActivity) -> bool:
    """Undo of a Join that is named by its id."""
    uri = received.activity.object_id
    known = await Membership.get_or_none(join_uri=uri).prefetch_related("person", "community") if uri else None
    if known is None:
        return False
    if known.person.uri != received.activity.actor or not known.community.is_local:
        raise Forbidden("only who joined takes that back")
    await _leaves(here, received.activity.actor, known.community)
    return True


async def on_answer(here: Instance, received: VerifiedActivity) -> bool:
    """A community elsewhere answers a Join of ours, or ends a membership by a Reject. False: it is no membership."""
    activity = received.activity
    inner = activity.object or {}
    asked, join_uri = id_of(inner.get("object")), id_of(inner)
    if asked is not None and asked != activity.actor:
        if join_uri is None or not await Membership.exists(join_uri=join_uri):
            return False
        raise Forbidden("only the community that was asked answers")
    return await _answered(here, activity, join_uri=join_uri, person_uri=id_of(inner.get("actor")))


async def answer_by_id(here: Instance, received: VerifiedActivity) -> bool:
    """An answer that names the Join by its id."""
    activity = received.activity
    return activity.object_id is not None and await _answered(here, activity, join_uri=activity.object_id)


async def on_invite(here: Instance, received: VerifiedActivity) -> bool:
    """A community elsewhere offers one of ours a place; only the community itself can."""
    activity = received.activity
    if activity.object_id is None or activity.target is None:
        return False
    person = await Actor.get_or_none(uri=activity.target, is_local=True, kind="Person", hidden=False, deleted_at=None)
    if person is None:
        return False
    if activity.object_id != activity.actor:
        return False  # a community invites for itself; what else it may be, other features know
    group = await ensure_remote(here, activity.actor)
    if group.kind != "Group" or group.suspended_at is not None:
        raise Ignored("not a community")
    async with here.db.transaction():
        known = await memberships.find(group.id, person.id)
        if known is None or known.state not in {"active", "applied", "invited"}:
            await memberships.offer(here, group.id, person.id, group.id)
    return True


async def answer_membership(here: Instance, membership: Membership, *, accepted: bool, note: str = "") -> None:
    """Tell somebody elsewhere what became of their membership; nothing for people here."""
    person = await Actor.get(id=_key(membership, "person"))
    if person.is_local or membership.join_uri is None:
        return
    group = await Actor.get(id=_key(membership, "community"))
    await send_answer(here, group, person, membership.join_uri, accepted=accepted, note=note)


async def _leaves(here: Instance, person_uri: str, group: Actor) -> None:
    async with here.db.transaction():
        membership = await Membership.get_or_none(
            person__uri=person_uri, community_id=group.id, state__in=["active", "applied", "invited"]
        )
        if membership is None:
            raise Ignored("they are no member")
        await memberships.end(here, membership, "left")
        await memberships.hand_over(here, group.id)


async def _answered(here: Instance, activity: Activity, *, join_uri: str | None, person_uri: str | None = None) -> bool:
    """Yes or no from a community elsewhere. Raises Forbidden where another one answers (S5)."""
    note = plain(activity.content)[:MAX_MESSAGE]
    accepted = activity.type == "Accept"
    async with here.db.transaction():
        membership = await Membership.get_or_none(join_uri=join_uri) if join_uri else None
        if membership is None and person_uri is not None:
            membership = await Membership.get_or_none(person__uri=person_uri, community__uri=activity.actor)
        if membership is None:
            return False
        person = await Actor.get(id=_key(membership, "person"))
        group = await Actor.get(id=_key(membership, "community"))
        if not person.is_local:
            return False
        if group.uri != activity.actor or group.is_local:
            raise Forbidden("only the community that was asked answers")
        if accepted and membership.state == "applied":
            await memberships.admit(here, group.id, person.id)
            await here.events.emit(MemberDecided(group.id, person.id, accepted=True))
        elif not accepted and membership.state in {"applied", "active"}:
            was_active = membership.state == "active"
            await memberships.end(here, membership, "removed" if was_active else "declined", note=note)
            if not was_active:
                # Who was in already did not apply: the ban that comes with it says what happened.
                await here.events.emit(MemberDecided(group.id, person.id, accepted=False))
    return True


async def _ours(here: Instance, uri: str | None) -> Actor | None:
    if uri is None or not here.is_local_uri(uri):
        return None
    return await Actor.get_or_none(
        uri=uri, kind="Group", is_local=True, hidden=False, deleted_at=None, suspended_at=None
    )


def _key(membership: Membership, side: str) -> str:
    return str(getattr(membership, f"{side}_id"))
