"""The end of a time of trying together, which comes by itself, on the server of each who takes part."""

from datetime import datetime
from typing import Any

from server.instance import Instance
from server.posts.models import Post
from server.sessions.models import EventFacts
from server.together.events import TogetherOver
from server.together.models import Together

CLOSE = "together.close"


async def close_at(here: Instance, post_id: str, at: datetime) -> None:
    """Look then whether it is over; in the caller's transaction."""
    await here.jobs.enqueue(CLOSE, {"post": post_id}, run_at=at, unique=f"{CLOSE}:{post_id}", goes_on=True)


async def close(here: Instance, payload: Any) -> None:
    """The job that notes that it is over, and has those concerned told, once."""
    async with here.db.transaction():
        post_id = str(payload["post"])
        event = await EventFacts.get_or_none(id=post_id)
        there = await Post.exists(id=post_id, state="visible")
        if event is None or not there:
            return
        if event.status == "cancelled" or is_past(here, event):
            await note_over(here, post_id)
        elif event.ends_at is not None:
            await close_at(here, post_id, event.ends_at)  # it was put off


async def note_over(here: Instance, post_id: str) -> None:
    """Write down that it is over, in the caller's transaction; the first time counts."""
    if await Together.filter(id=post_id, over_at=None).update(over_at=here.clock.now()):
        await here.events.emit(TogetherOver(post_id))


def is_past(here: Instance, event: EventFacts) -> bool:
    """Whether its time is up."""
    return event.ends_at is not None and event.ends_at <= here.clock.now()
