"""What somebody here chose about others without telling them: mutes, whole servers, notes, and whom they recommend."""

import re
from collections.abc import Mapping
from datetime import timedelta

from server.actors.events import ActorMuted, HostBlocked
from server.actors.following import reject_follow, unfollow
from server.actors.models import Actor, Endorsement, Follow, HostBlock, Mute, Note
from server.errors import Invalid, NotAllowed, NotFound
from server.ids import new_id
from server.instance import Instance
from server.text import clean_text

END_MUTE, LEAVE_HOST = "actors.end_mute", "actors.leave_host"
LONGEST_MUTE = timedelta(days=366 * 10)
MAX_NOTE = 2_000
MAX_ENDORSED = 100
MAX_HOSTS = 1_000
ENDED_AT_ONCE = 50
_HOST = re.compile(r"[a-z0-9]([a-z0-9\-.]*[a-z0-9])?(:[0-9]{1,5})?", re.ASCII)


async def mute(
    here: Instance, muter_id: str, muted_id: str, *, hides_notifications: bool = True, length: timedelta | None = None
) -> None:
    """Do not meet somebody in lists any more, for a time or for good; a second mute replaces the first."""
    if muter_id == muted_id:
        raise Invalid("You cannot mute yourself.")
    await _known(muted_id)
    now = here.clock.now()
    ends_at = now + min(length, LONGEST_MUTE) if length else None
    async with here.db.transaction():
        known = Mute.filter(muter_id=muter_id, muted_id=muted_id)
        if not await known.update(hides_notifications=hides_notifications, expires_at=ends_at):
            await Mute.create(
                id=new_id(now),
                muter_id=muter_id,
                muted_id=muted_id,
                hides_notifications=hides_notifications,
                created_at=now,
                expires_at=ends_at,
            )
        if ends_at is not None:
            await here.jobs.enqueue(END_MUTE, {"muter": muter_id, "muted": muted_id}, run_at=ends_at)
        await here.events.emit(ActorMuted(muter_id, muted_id, hides_notifications))


async def unmute(here: Instance, muter_id: str, muted_id: str) -> None:
    """Meet them again. Nothing happens where they were not muted."""
    async with here.db.transaction():
        await Mute.filter(muter_id=muter_id, muted_id=muted_id).delete()


async def end_mute(here: Instance, payload: Mapping[str, str]) -> None:
    """The job: a mute is over, unless it was made longer since."""
    await here.db.execute(
        "DELETE FROM actor_mute WHERE muter_id = :muter AND muted_id = :muted AND expires_at <= :now",
        muter=payload["muter"],
        muted=payload["muted"],
        now=here.clock.now(),
    )


async def note(here: Instance, writer_id: str, about_id: str, text: str) -> None:
    """Note something about somebody, for one's own eyes; an empty text takes it back."""
    text = clean_text(text).strip()
    if len(text) > MAX_NOTE:
        raise Invalid(f"Use at most {MAX_NOTE} characters.", field="comment")
    await _known(about_id)
    async with here.db.transaction():
        if not text:
            await Note.filter(writer_id=writer_id, about_id=about_id).delete()
        elif not await Note.filter(writer_id=writer_id, about_id=about_id).update(text=text):
            await Note.create(id=new_id(here.clock.now()), writer_id=writer_id, about_id=about_id, text=text)


async def endorse(here: Instance, endorser_id: str, endorsed_id: str) -> None:
    """Show somebody whom one follows on one's profile; twice is once."""
    now = here.clock.now()
    async with here.db.transaction():
        if not await Follow.exists(follower_id=endorser_id, target_id=endorsed_id, state="accepted"):
            raise Invalid("Validation failed: you must be already following the person you want to endorse")
        if await Endorsement.exists(endorser_id=endorser_id, endorsed_id=endorsed_id):
            return
        if await Endorsement.filter(endorser_id=endorser_id).count() >= MAX_ENDORSED:
            raise Invalid(f"You show {MAX_ENDORSED} people already.")
        await Endorsement.create(id=new_id(now), endorser_id=endorser_id, endorsed_id=endorsed_id, created_at=now)


async def stop_endorsing(here: Instance, endorser_id: str, endorsed_id: str) -> None:
    """Not any more. Nothing happens where it was not so."""
    async with here.db.transaction():
        await Endorsement.filter(endorser_id=endorser_id, endorsed_id=endorsed_id).delete()


async def on_follow_ended(here: Instance, follower_id: str, target_id: str) -> None:
    """Whom one does not follow, one does not show either; in the transaction that ended it."""
    await Endorsement.filter(endorser_id=follower_id, endorsed_id=target_id).delete()


async def block_host(here: Instance, blocker_id: str, host: str) -> str:
    """Have nothing from a whole server, nor followers there; twice is once. Returns the host in its one spelling."""
    host = _spelling(host)
    if host in {here.settings.domain, here.settings.origin.split("://", 1)[1]}:
        raise NotAllowed("This is your own server.")
    now = here.clock.now()
    async with here.db.transaction():
        if not await HostBlock.exists(blocker_id=blocker_id, host=host):
            if await HostBlock.filter(blocker_id=blocker_id).count() >= MAX_HOSTS:
                raise Invalid(f"You block {MAX_HOSTS} servers already.")
            await HostBlock.create(id=new_id(now), blocker_id=blocker_id, host=host, created_at=now)
            await here.events.emit(HostBlocked(blocker_id, host))
    await leave_host(here, {"person": blocker_id, "host": host})
    return host


async def unblock_host(here: Instance, blocker_id: str, host: str) -> None:
    """Take it back. Follows that ended with it stay ended."""
    async with here.db.transaction():
        await HostBlock.filter(blocker_id=blocker_id, host=_spelling(host)).delete()


async def leave_host(here: Instance, payload: Mapping[str, str]) -> None:
    """End follows of and by people of a server, so many at once, and the rest in a job that does the same."""
    person_id, host = payload["person"], payload["host"]
    rows = await here.db.rows(
        "SELECT follow.follower_id, follow.target_id FROM follow JOIN actor ON actor.id = follow.target_id"
        " WHERE follow.follower_id = :me AND NOT actor.is_local AND :host IN (actor.host, actor.domain)"
        " UNION ALL SELECT follow.follower_id, follow.target_id FROM follow JOIN actor ON actor.id = follow.follower_id"
        " WHERE follow.target_id = :me AND NOT actor.is_local AND :host IN (actor.host, actor.domain) LIMIT :limit",
        me=person_id,
        host=host,
        limit=ENDED_AT_ONCE + 1,
    )
    for row in rows[:ENDED_AT_ONCE]:
        try:
            if row["follower_id"] == person_id:
                await unfollow(here, person_id, row["target_id"])
            else:
                await reject_follow(here, person_id, row["follower_id"])
        except NotFound:
            continue  # it ended in this moment by itself
    if len(rows) > ENDED_AT_ONCE:
        async with here.db.transaction():
            await here.jobs.enqueue(LEAVE_HOST, dict(payload), unique=f"{LEAVE_HOST}:{person_id}:{host}", goes_on=True)


async def forget_actor(here: Instance, actor_id: str) -> None:
    """Somebody is gone, with all that they chose and noted, and so is what others noted about them."""
    await Mute.filter(muter_id=actor_id).delete()
    await HostBlock.filter(blocker_id=actor_id).delete()
    for table, one, other in ((Note, "writer_id", "about_id"), (Endorsement, "endorser_id", "endorsed_id")):
        await table.filter(**{one: actor_id}).delete()
        await table.filter(**{other: actor_id}).delete()


def _spelling(host: str) -> str:
    host = host.strip().lower().removeprefix("https://").removeprefix("http://").partition("/")[0].rstrip(".")
    try:
        host = host.encode("idna").decode() if not host.isascii() else host
    except UnicodeError:
        host = ""
    if len(host) > 255 or _HOST.fullmatch(host) is None:
        raise Invalid("Validation failed: domain is not a valid domain name", field="domain")
    return host


async def _known(actor_id: str) -> None:
    if not await Actor.exists(id=actor_id, hidden=False):
        raise NotFound
