"""Rows of who takes part, and how many that are. Every function joins the caller's transaction."""

from datetime import timedelta

from server.actors.events import ActorDeleted
from server.ids import new_id
from server.instance import Instance
from server.sessions.events import ParticipationEnded
from server.sessions.models import EventFacts, Participation
from server.sessions.policy import EventState

TELL = "sessions.tell"
OUT = ("refused", "later")
"""States of those who are not expected: they may say once more that they come."""
TELL_AFTER = timedelta(minutes=3)
"""The number of participants is sent at most this often."""


def state_of(event: EventFacts) -> EventState:
    """What decides whether somebody can take part."""
    return EventState(
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        join_mode=event.join_mode,
        capacity=event.capacity,
        participants=event.participants or 0,
        status=event.status,
    )


async def enter(here: Instance, event_id: str, actor_id: str, *, uri: str, state: str) -> bool:
    """Note that somebody takes part, or asks to; False where that is known. A refusal can be asked again."""
    known = await Participation.get_or_none(event_id=event_id, actor_id=actor_id)
    now = here.clock.now()
    if known is None:
        await Participation.create(
            id=new_id(now), event_id=event_id, actor_id=actor_id, uri=uri[:500], state=state, at=now
        )
        return True
    was_in = known.state not in OUT
    known.uri, known.at = uri[:500], now
    known.state = known.state if was_in else state
    await known.save(update_fields=["uri", "state", "at"])
    return not was_in


async def is_in(event_id: str, actor_id: str) -> bool:
    """Whether somebody takes part, or has asked and waits."""
    return await Participation.filter(event_id=event_id, actor_id=actor_id).exclude(state__in=OUT).exists()


async def leave(here: Instance, event_id: str, actor_id: str) -> Participation | None:
    """Forget that somebody takes part; what there was."""
    known = await Participation.get_or_none(event_id=event_id, actor_id=actor_id)
    if known is not None:
        await known.delete()
        await here.events.emit(ParticipationEnded(event_id, actor_id))
    return known


async def count(here: Instance, event_id: str) -> None:
    """Set the number of participants of an event of ours, and tell everybody who has it before long."""
    going = await Participation.filter(event_id=event_id, state="going").count()
    await EventFacts.filter(id=event_id).update(participants=going)
    at = here.clock.now() + TELL_AFTER
    await here.jobs.enqueue(TELL, {"post": event_id}, run_at=at, unique=f"{TELL}:{event_id}")


async def forget_participant(here: Instance, event: ActorDeleted) -> None:
    """Take somebody who is gone out of every event, and count anew where that is ours."""
    rows = await here.db.rows(
        "SELECT mine.event_id, post.is_local FROM event_participation AS mine JOIN post ON post.id = mine.event_id"
        " WHERE mine.actor_id = :actor ORDER BY mine.id LIMIT 10000",
        actor=event.actor_id,
    )
    await Participation.filter(actor_id=event.actor_id).delete()
    for row in rows:
        if row["is_local"]:
            await count(here, row["event_id"])
