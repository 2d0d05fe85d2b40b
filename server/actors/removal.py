"""Ends: actors that are deleted or suspended, and the follows that end or pause with them."""

from collections.abc import Sequence
from datetime import timedelta

from federation.vocab import activities
from federation.vocab.base import PUBLIC
from server.actors.events import ActorChanged, ActorDeleted, FollowEnded, SuspensionChanged
from server.actors.models import Actor
from server.actors.sending import send
from server.audit import actions as audit
from server.errors import NotFound
from server.ids import new_id
from server.instance import Instance
from server.peers import queries as peers
from server.peers.events import PeerGradeChanged
from server.peers.policy import BLOCKED, HIDDEN, LIMITED, canonical, grade_among, in_sql, shown_as

KEYS = "actors.keys"
"""Says on the bus whose keys may have changed; None for many."""
PAUSED_KEPT = timedelta(days=30)
MAX_SERVERS = 20_000
OWN_GRADE = (
    f"CASE WHEN actor.limited_at IS NOT NULL AND {{of_server}} NOT IN {in_sql(HIDDEN)}"
    f" THEN '{LIMITED}' ELSE {{of_server}} END"
)
"""The grade of a person, given that of their server: whoever was limited themselves stays so."""


async def delete_local_actor(here: Instance, actor_id: str, by: str) -> None:
    """Delete a local actor for good. Its handle stays taken; every server that may know of it is told (S27)."""
    actor = await Actor.get_or_none(id=actor_id, is_local=True)
    if actor is None or actor.deleted_at is not None:
        raise NotFound
    now = here.clock.now()
    async with here.db.transaction():
        inboxes = [] if actor.hidden else await _everybody(here)
        await _end_follows(here, actor.id)
        was_shown = not actor.hidden
        actor.deleted_at, actor.updated_at = now, now
        actor.name = actor.summary_html = actor.summary_source = ""
        actor.avatar_url = actor.header_url = actor.fields_json = None
        actor.discoverable = actor.indexable = False
        await actor.save()
        await audit.record(here, by=by, action="actor.delete", subject=f"@{actor.username}")
        await here.events.emit(ActorDeleted(actor.id))
        if was_shown:
            document = activities.delete(
                id=here.url(f"/ap/a/delete/{new_id(now)}"),
                actor=actor.uri,
                object=actor.uri,
                to=[PUBLIC],
                published=now,
            )
            await send(here, actor.uri, document, inboxes=inboxes, is_public=True)


async def forget_remote(here: Instance, actor: Actor) -> None:
    """A remote actor is gone (its own Delete, or 410): keep its id as deleted, and nothing people see of it."""
    if actor.is_local or actor.deleted_at is not None:
        return
    now = here.clock.now()
    async with here.db.transaction():
        await _end_follows(here, actor.id)
        await here.db.execute("DELETE FROM remote_key WHERE owner = :uri", uri=actor.uri)
        here.bus.tell(KEYS, actor.uri)
        actor.deleted_at, actor.updated_at = now, now
        actor.name = actor.summary_html = ""
        actor.avatar_url = actor.header_url = actor.fields_json = actor.handle_key = None
        actor.discoverable = False
        await actor.save()
        await here.events.emit(ActorDeleted(actor.id))


async def suspend(here: Instance, actor_id: str, by: str, reason: str = "") -> None:
    """Nothing is taken from this actor and nothing goes to it, from now on; undone by `unsuspend`."""
    actor = await _existing(actor_id)
    if actor.suspended_at is not None:
        return
    now = here.clock.now()
    async with here.db.transaction():
        actor.suspended_at = now
        await actor.save(update_fields=["suspended_at"])
        await _pause(here, "id = :actor_id", actor_id=actor.id)
        await audit.record(
            here, by=by, action="actor.suspend", subject=_handle(actor), detail={"reason": reason[:2000]}
        )
        await here.events.emit(ActorChanged(actor.id))
        await here.events.emit(SuspensionChanged(actor.id))


async def limit(here: Instance, actor_id: str, by: str, reason: str = "", *, limited: bool = True) -> None:
    """Let a person elsewhere be heard by those who follow them alone, without news of them to others; or no more so."""
    actor = await _existing(actor_id)
    if actor.is_local or (actor.limited_at is not None) == limited:
        return
    async with here.db.transaction():
        grade = peers.shown_as(here, actor.host)
        actor.limited_at = here.clock.now() if limited else None
        actor.grade = LIMITED if limited and grade not in HIDDEN else grade
        await actor.save(update_fields=["limited_at", "grade"])
        action = "actor.limit" if limited else "actor.unlimit"
        await audit.record(here, by=by, action=action, subject=_handle(actor), detail={"reason": reason[:2000]})
        await here.events.emit(ActorChanged(actor.id))


async def unsuspend(here: Instance, actor_id: str, by: str) -> None:
    """Let a suspended actor back in, with the follows it had."""
    actor = await _existing(actor_id)
    if actor.suspended_at is None:
        return
    async with here.db.transaction():
        actor.suspended_at = None
        await actor.save(update_fields=["suspended_at"])
        await _resume(here, "id = :actor_id", actor_id=actor.id)
        await audit.record(here, by=by, action="actor.unsuspend", subject=_handle(actor))
        await here.events.emit(ActorChanged(actor.id))
        await here.events.emit(SuspensionChanged(actor.id))


async def on_peer_grade(here: Instance, event: PeerGradeChanged) -> None:
    """Note the new grade with everybody on that server, its subdomains and ports (S17).

    A block pauses every follow with them; taking it back within 30 days brings the follows back.
    """
    chosen, vouched = await peers.chosen_grades(here), await peers.vouches(here)
    rows = await here.db.rows(
        "SELECT DISTINCT host, grade FROM actor WHERE NOT is_local AND (host = :host OR host LIKE :inside"
        " OR host LIKE :ports OR host LIKE :inside_ports) ORDER BY host LIMIT 10000",
        **peers.spellings(event.host),
    )
    for row in rows:
        host = canonical(row["host"])
        before, after = (
            row["grade"],
            shown_as(
                peers.mode(here),
                grade_among(chosen, host),
                chosen=host in chosen,
                vouch=vouched.get(host, ""),
            ),
        )
        if before == after:
            continue
        await here.db.execute(
            f"UPDATE actor SET grade = {OWN_GRADE.format(of_server='CAST(:after AS TEXT)')}"
            " WHERE host = :host AND NOT is_local",
            after=after,
            host=row["host"],
        )
        if BLOCKED in {before, after}:
            change = _pause if after == BLOCKED else _resume
            await change(here, "NOT is_local AND host = :host", host=row["host"])


async def end_paused(here: Instance) -> None:
    """Follows that were paused for 30 days are over."""
    async with here.db.transaction():
        await here.db.execute(
            "DELETE FROM follow WHERE state = 'paused' AND paused_at < :before", before=here.clock.now() - PAUSED_KEPT
        )


async def purge_blocked(here: Instance) -> None:
    """Forget the names, pictures and keys of everybody on servers that have been blocked for thirty days."""
    for host in await peers.blocked_for_good(here):
        async with here.db.transaction():
            which = (
                "NOT is_local AND deleted_at IS NULL AND fetched_at IS NOT NULL AND grade = 'blocked' AND (host = :host"
                " OR host LIKE :inside OR host LIKE :ports OR host LIKE :inside_ports)"
            )
            values = peers.spellings(host)
            rows = await here.db.rows(f"SELECT id FROM actor WHERE {which} ORDER BY id LIMIT 1000", **values)
            await here.db.execute(
                f"DELETE FROM remote_key WHERE owner IN (SELECT uri FROM actor WHERE {which})", **values
            )
            here.bus.tell(KEYS)
            await here.db.execute(
                "UPDATE actor SET name = '', summary_html = '', avatar_url = NULL, header_url = NULL,"
                f" fields_json = NULL, fetched_at = NULL WHERE {which}",
                **values,
            )
            for row in rows:
                await here.events.emit(ActorChanged(row["id"]))


async def recount(here: Instance, actor_ids: Sequence[str]) -> None:
    """Set the follow counts of these actors to what the table says; whoever changes follows calls this after it.

    The digests of their followers are forgotten with that (see `synchronising`).
    """
    for start in range(0, len(actor_ids), 400):
        part = {f"id{number}": actor_id for number, actor_id in enumerate(actor_ids[start : start + 400])}
        names = ", ".join(":" + name for name in part)
        await here.db.execute(
            "UPDATE actor SET"
            " followers_count = (SELECT count(*) FROM follow WHERE target_id = actor.id AND state = 'accepted'),"
            " following_count = (SELECT count(*) FROM follow WHERE follower_id = actor.id AND state = 'accepted')"
            f" WHERE id IN ({names})",
            **part,
        )
        # After the counts: on PostgreSQL their rows are locked now, so no digest of what was before can come back.
        await here.db.execute(f"DELETE FROM followers_digest WHERE actor_id IN ({names})", **part)


async def _end_follows(here: Instance, actor_id: str) -> None:
    rows = await here.db.rows(
        "SELECT follower_id, target_id FROM follow WHERE follower_id = :id OR target_id = :id", id=actor_id
    )
    await here.db.execute("DELETE FROM follow WHERE follower_id = :id OR target_id = :id", id=actor_id)
    await recount(here, sorted({value for row in rows for value in row.values()} | {actor_id}))
    for row in rows:
        await here.events.emit(FollowEnded(row["follower_id"], row["target_id"]))


async def _pause(here: Instance, which: str, **values: str) -> None:
    touched = await _pairs(here, which, "accepted", values)
    mine = _of(which)
    await here.db.execute(
        f"UPDATE follow SET state = 'paused', paused_at = :now WHERE state = 'accepted' AND {mine}",
        now=here.clock.now(),
        **values,
    )
    await here.db.execute(f"DELETE FROM follow WHERE state = 'requested' AND {mine}", **values)
    await recount(here, touched)


async def _resume(here: Instance, which: str, **values: str) -> None:
    touched = await _pairs(here, which, "paused", values)
    allowed = f"SELECT id FROM actor WHERE suspended_at IS NULL AND grade <> '{BLOCKED}'"
    await here.db.execute(
        "UPDATE follow SET state = 'accepted', paused_at = NULL WHERE state = 'paused'"
        f" AND {_of(which)} AND follower_id IN ({allowed}) AND target_id IN ({allowed})",
        **values,
    )
    await recount(here, touched)


def _of(which: str) -> str:
    """The condition on `follow` that one of its two actors meets `which`, a condition on `actor`."""
    chosen = f"SELECT id FROM actor WHERE {which}"
    return f"(follower_id IN ({chosen}) OR target_id IN ({chosen}))"


async def _pairs(here: Instance, which: str, state: str, values: dict[str, str]) -> list[str]:
    """Everybody on either side of the follows of some actors."""
    rows = await here.db.rows(
        f"SELECT follower_id, target_id FROM follow WHERE state = :state AND {_of(which)}",
        state=state,
        **values,
    )
    return sorted({value for row in rows for value in row.values()})


async def _everybody(here: Instance) -> list[str]:
    """One inbox of every server that we know: whoever may have stored something of ours is among them (S27)."""
    rows = await here.db.rows(
        "SELECT host, COALESCE(min(shared_inbox_url), min(inbox_url)) AS inbox FROM actor WHERE NOT is_local"
        " AND deleted_at IS NULL GROUP BY host ORDER BY host LIMIT :limit",
        limit=MAX_SERVERS,
    )
    return [row["inbox"] for row in rows if peers.may_send(here, row["host"])]


async def _existing(actor_id: str) -> Actor:
    actor = await Actor.get_or_none(id=actor_id)
    if actor is None or actor.deleted_at is not None:
        raise NotFound
    return actor


def _handle(actor: Actor) -> str:
    return f"@{actor.username}" if actor.is_local else f"@{actor.username}@{actor.domain}"
