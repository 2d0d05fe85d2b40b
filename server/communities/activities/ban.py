"""Block with a target, and its Undo, from other servers: bans from communities and from whole servers (Lemmy, PieFed,
Mbin). Ours are sent by `communities.bans`.

Authority: from a community here its stewards keep out; from one elsewhere who looks after it; from a server whoever is
on that server (S5).
"""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from federation.errors import FederationError, Forbidden, Ignored
from federation.inbox.dispatch import VerifiedActivity
from federation.vocab.base import host_of, id_of, is_web_uri, same_origin, timestamp_of
from server.actors.models import Actor
from server.actors.remote import MAX_URI, ensure_remote
from server.communities import bans, memberships, policy
from server.communities.activities.announce import announce
from server.communities.activities.authority import may_moderate
from server.communities.events import PersonBanned, PersonUnbanned
from server.communities.models import Membership, SiteBan
from server.ids import new_id
from server.instance import Instance
from server.text import clean_text, plain

MAX_REASON = 2_000


@dataclass(frozen=True, slots=True)
class _Ban:
    """Who is kept out of where: a community that we know, else the whole server `host`."""

    person: Actor
    community: Actor | None
    host: str


async def on_block(here: Instance, received: VerifiedActivity) -> bool:
    """Somebody keeps a person out of a community or server. False: it names no target, so it is a person's own."""
    activity = received.activity
    if activity.target is None:
        return False
    found = await _read(here, received, activity.object_id, activity.target)
    if len(activity.id) > MAX_URI:
        raise Forbidden("the id is too long")
    uri = activity.id or f"{activity.actor}#block-{found.person.id}"
    until = timestamp_of(activity.raw.get("endTime")) or timestamp_of(activity.raw.get("expires"))
    if until is not None and until <= here.clock.now():
        raise Ignored("it is over already")
    reason = clean_text(plain(activity.summary or activity.content)).strip()[:MAX_REASON]
    removes = activity.raw.get("removeData") is True
    by = await Actor.get_or_none(uri=activity.actor)
    async with here.db.transaction():
        if await here.db.value("SELECT uri FROM tombstone WHERE uri = :uri AND by = :by", uri=uri, by=activity.actor):
            raise Ignored("it was taken back already")
        if found.community is None:
            await _from_server(here, found, uri, activity.actor, reason, until, removes=removes)
            return True
        await bans.keep_out(
            here,
            found.community.id,
            found.person,
            uri=uri,
            by_id=by.id if by else "",
            by_uri=activity.actor,
            reason=reason,
            until=until,
            remove_posts=removes,
        )
        if found.community.is_local:
            await announce(here, found.community.id, activity=received.as_received)
    return True


async def on_undo_block(here: Instance, received: VerifiedActivity) -> bool:
    """They let somebody back in."""
    activity = received.activity
    inner = activity.object or {}
    target = id_of(inner.get("target"))
    if target is None:
        return False
    found = await _read(here, received, id_of(inner.get("object")), target)
    restores = activity.raw.get("restoreData") is True or inner.get("restoreData") is True
    async with here.db.transaction():
        if found.community is None:
            known = await SiteBan.get_or_none(person_id=found.person.id, host=found.host)
            if known is None:
                await _remember(here, received, id_of(inner))
                return True
            await known.delete()
            await here.events.emit(PersonUnbanned(found.person.id, None, found.host, restores))
            return True
        membership = await memberships.find(found.community.id, found.person.id)
        if membership is None or membership.state != "removed":
            await _remember(here, received, id_of(inner))
            return True
        await bans.let_back(here, membership, restore_posts=restores)
        if found.community.is_local:
            await announce(here, found.community.id, activity=received.as_received)
    return True


async def undo_by_id(here: Instance, received: VerifiedActivity) -> bool:
    """They let somebody back in by the id of the Block alone; only who made it."""
    uri, actor = received.activity.object_id, received.activity.actor
    if uri is None or not same_origin(uri, actor):
        return False
    site = await SiteBan.get_or_none(uri=uri)
    if site is not None and host_of(actor) == site.host:
        async with here.db.transaction():
            await site.delete()
            await here.events.emit(PersonUnbanned(site.person_id, None, site.host, restore_posts=False))
        return True
    membership = await Membership.get_or_none(ban_uri=uri, state="removed").prefetch_related("community")
    if membership is None:
        return False
    if not await may_moderate(here, received, membership.community, steward=True):
        raise Forbidden("only who looks after the community lets people back in")
    async with here.db.transaction():
        await bans.let_back(here, membership)
    return True


async def _read(here: Instance, received: VerifiedActivity, person_uri: str | None, target: str) -> _Ban:
    """Who, and from where; raises Forbidden where the actor has no say there."""
    community = await _community(here, target)
    if community is None:
        if host_of(target) != host_of(received.activity.actor) or (
            received.via is not None and not same_origin(received.via, target)
        ):
            raise Forbidden("only a server itself keeps people out of it")
    elif not await may_moderate(here, received, community, steward=True):
        raise Forbidden("only who looks after the community keeps people out of it")
    if person_uri is None or not is_web_uri(person_uri):
        raise Ignored("it does not say whom")
    person = await Actor.get_or_none(uri=person_uri)
    if person is None:
        if here.is_local_uri(person_uri):
            raise Ignored("nobody here")
        person = await ensure_remote(here, person_uri)
    if person.deleted_at is not None or person.kind in {"Group", "Application"}:
        raise Ignored("only people are kept out")
    if community is not None and community.is_local:
        member = await memberships.find(community.id, person.id)
        if member is not None and member.state == "active" and member.role == policy.STEWARD:
            raise Forbidden("the role of steward has to be taken away first")
    return _Ban(person=person, community=community, host=host_of(target))


async def _community(here: Instance, target: str) -> Actor | None:
    """The community with this id; None where it is the root of a server, or the actor that stands for one."""
    known = await Actor.get_or_none(uri=target)
    if known is None:
        if urlsplit(target).path in {"", "/"}:
            return None
        try:
            known = await ensure_remote(here, target)
        except FederationError as error:
            raise Ignored("it does not say from where") from error
    if known.kind != "Group":
        return None
    if known.is_local and (known.hidden or known.deleted_at is not None):
        raise Ignored("not a community that others know")
    return known


async def _from_server(
    here: Instance, found: _Ban, uri: str, by_uri: str, reason: str, until: datetime | None, *, removes: bool
) -> None:
    known = await SiteBan.get_or_none(person_id=found.person.id, host=found.host)
    now = here.clock.now()
    if known is None:
        known = SiteBan(id=new_id(now), person_id=found.person.id, host=found.host, created_at=now)
    known.uri, known.reason, known.ends_at = uri, reason, until
    await known.save()
    if until is not None:
        await here.jobs.enqueue(bans.JOB, {"site_ban": known.id}, run_at=until)
    await here.events.emit(
        PersonBanned(
            person_id=found.person.id,
            community_id=None,
            host=found.host,
            uri=uri,
            by_id="",
            by_uri=by_uri,
            place=found.host,
            reason=reason,
            until=until,
            remove_posts=removes,
        )
    )


async def _remember(here: Instance, received: VerifiedActivity, uri: str | None) -> None:
    """An Undo before its Block: the Block has no effect any more."""
    if uri is None or not same_origin(uri, received.activity.actor):
        raise Ignored("they are not kept out")
    await here.db.execute(
        "INSERT INTO tombstone (uri, by, former_type, at) VALUES (:uri, :by, 'Block', :now)"
        " ON CONFLICT (uri) DO NOTHING",
        uri=uri[:MAX_URI],
        by=received.activity.actor[:MAX_URI],
        now=here.clock.now(),
    )
