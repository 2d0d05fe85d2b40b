"""Short posts that are published later: kept with their files until then, and published once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from server.actors.events import ActorDeleted
from server.actors.models import Actor
from server.actors.viewer import Viewer
from server.db import Row, from_milliseconds
from server.errors import Invalid, NotFound, Refused, Unavailable
from server.ids import new_id
from server.instance import Instance
from server.media import actions as media
from server.notes.actions import Repeated, post_now, remember, sent_before
from server.notes.form import NoteForm, check, tidy
from server.notes.models import ScheduledNote
from server.posts.composing import readable_post
from server.posts.models import Post

PUBLISH = "notes.publish"
EARLIEST = timedelta(minutes=5)
LATEST = timedelta(days=366 * 5)
MAX_WAITING = 300


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A post that waits for its time. `problem`: why it could not be published when that came."""

    id: str
    form: NoteForm
    scheduled_at: datetime
    problem: str


async def schedule(here: Instance, acting: Viewer, form: NoteForm, at: datetime, *, once: str = "") -> str:
    """Have a short post published later; returns the id of what waits. `once` is as that of `actions.write`."""
    before = await sent_before(here, acting, once)
    if before is not None and before[1] is not None:
        return before[1]
    form = tidy(form)
    check(form)
    _check_time(here, at)
    if form.parent_id is not None:
        await readable_post(here, acting, form.parent_id)
    now = here.clock.now()
    scheduled_id = new_id(now)
    try:
        async with here.db.transaction():
            if await ScheduledNote.filter(actor_id=acting.actor_id).count() >= MAX_WAITING:
                raise Invalid(f"At most {MAX_WAITING} posts wait for their time. Take some back first.")
            await ScheduledNote.create(
                id=scheduled_id,
                actor_id=acting.actor_id,
                form=msgspec.to_builtins(form),
                scheduled_at=at,
                created_at=now,
            )
            await media.attach(here, str(acting.actor_id), form.media_ids)
            await _enqueue(here, scheduled_id, at)
            await remember(here, acting, once, scheduled_id=scheduled_id)
    except Repeated:
        before = await sent_before(here, acting, once)
        if before is None or before[1] is None:
            raise NotFound from None
        return before[1]
    return scheduled_id


async def reschedule(here: Instance, acting: Viewer, scheduled_id: str, at: datetime) -> None:
    """Have it published at another time. Raises NotFound for what is not theirs, or was published."""
    _check_time(here, at)
    async with here.db.transaction():
        changed = await here.db.execute(
            "UPDATE scheduled_note SET scheduled_at = :at, problem = '' WHERE id = :id AND actor_id = :me",
            at=at,
            id=scheduled_id,
            me=acting.actor_id,
        )
        if not changed:
            raise NotFound
        await _enqueue(here, scheduled_id, at)


async def cancel(here: Instance, acting: Viewer, scheduled_id: str) -> None:
    """Take it back, with its files."""
    async with here.db.transaction():
        note = await ScheduledNote.get_or_none(id=scheduled_id, actor_id=acting.actor_id)
        if note is None or not await _take(here, note.id):
            raise NotFound
        await media.discard(here, _form(note.form).media_ids)


async def scheduled(
    here: Instance, acting: Viewer, *, below: str = "", above: str = "", limit: int = 20, upwards: bool = False
) -> list[Scheduled]:
    """What somebody has waiting with ids between these two, the newest first, or with `upwards` the oldest."""
    rows = await here.db.rows(
        "SELECT id, form, scheduled_at, problem FROM scheduled_note WHERE actor_id = :me"
        f"{' AND id < :below' if below else ''}{' AND id > :above' if above else ''}"
        f" ORDER BY id {'ASC' if upwards else 'DESC'} LIMIT :limit",
        me=acting.actor_id,
        limit=limit,
        **({"below": below} if below else {}),
        **({"above": above} if above else {}),
    )
    return [_scheduled(row) for row in rows]


async def one(here: Instance, acting: Viewer, low: str, high: str) -> Scheduled:
    """The one with an id from `low` to `high`. Raises NotFound for what is not theirs, or was published."""
    row = await here.db.row(
        "SELECT id, form, scheduled_at, problem FROM scheduled_note WHERE actor_id = :me AND id BETWEEN :low AND :high"
        " ORDER BY id LIMIT 1",
        me=acting.actor_id,
        low=low,
        high=high,
    )
    if row is None:
        raise NotFound
    return _scheduled(row)


async def publish(here: Instance, payload: Any) -> None:
    """The job that publishes what waits, once: what waited goes in the transaction in which the post comes."""
    note = await ScheduledNote.get_or_none(id=str(payload["id"]))
    if note is None:
        return  # published, or taken back
    if note.scheduled_at > here.clock.now():
        await _enqueue(here, note.id, note.scheduled_at)
        return
    author = await Actor.get(id=note.actor_id)
    language = await here.db.value("SELECT language FROM account WHERE actor_id = :id", id=author.id)
    acting = Viewer(actor_id=author.id, actor_uri=author.uri, language=str(language or "en"))

    async def take(_: Post) -> None:
        if not await _take(here, note.id):
            raise Repeated

    try:
        await post_now(here, acting, _form(note.form), take)
    except Repeated:
        return
    except Unavailable:
        raise
    except Refused as refusal:
        await here.db.execute(
            "UPDATE scheduled_note SET problem = :problem WHERE id = :id", problem=refusal.message, id=note.id
        )


async def forget_scheduled(here: Instance, event: ActorDeleted) -> None:
    """What waits, and what was sent, goes with the account."""
    for table in ("scheduled_note", "sent_once"):
        await here.db.execute(f"DELETE FROM {table} WHERE actor_id = :id", id=event.actor_id)


async def _take(here: Instance, scheduled_id: str) -> int:
    return await here.db.execute("DELETE FROM scheduled_note WHERE id = :id", id=scheduled_id)


async def _enqueue(here: Instance, scheduled_id: str, at: datetime) -> None:
    unique = f"{PUBLISH}:{scheduled_id}"
    await here.jobs.enqueue(PUBLISH, {"id": scheduled_id}, run_at=at, unique=unique, goes_on=True)


def _check_time(here: Instance, at: datetime) -> None:
    now = here.clock.now()
    if at < now + EARLIEST:
        raise Invalid("Validation failed: Scheduled at must be at least five minutes from now", field="scheduled_at")
    if at > now + LATEST:
        raise Invalid("Validation failed: Scheduled at is too far away", field="scheduled_at")


def _form(stored: Any) -> NoteForm:
    return msgspec.convert(stored, NoteForm)


def _scheduled(row: Row) -> Scheduled:
    form = msgspec.json.decode(row["form"], type=NoteForm)
    return Scheduled(row["id"], form, from_milliseconds(row["scheduled_at"]), row["problem"])


def files_of(found: Sequence[Scheduled]) -> list[str]:
    """Our ids of the files that go with some."""
    return [media_id for item in found for media_id in item.form.media_ids]
