"""Votes as rows: one person, one vote; and what they add up to. Every function joins the caller's transaction."""

from collections.abc import Iterable
from datetime import timedelta

from server.actors.events import ActorDeleted
from server.instance import Instance
from server.polls.models import Poll, PollVote
from server.polls.policy import slot

TELL = "polls.tell"
TELL_AFTER = timedelta(minutes=3)
"""Numbers are sent at most this often."""


async def cast(here: Instance, poll: Poll, actor_id: str, positions: Iterable[int]) -> list[int]:
    """Note and count what somebody chose; which choices were new.

    The same again, or a second single choice, changes nothing. In a poll elsewhere the numbers are a guess until its
    server tells them.
    """
    is_first = not await PollVote.exists(poll_id=poll.id, actor_id=actor_id)
    added = [position for position in sorted(positions) if await _cast(here, poll, actor_id, position)]
    for position in added:
        await here.db.execute(
            "UPDATE poll_option SET votes = votes + 1 WHERE poll_id = :id AND position = :position",
            id=poll.id,
            position=position,
        )
    if added and is_first:
        await here.db.execute(
            "UPDATE poll SET voters_count = voters_count + 1 WHERE id = :id AND voters_count IS NOT NULL", id=poll.id
        )
    return added


async def tell_soon(here: Instance, post_id: str) -> None:
    """Everybody who has a poll of ours gets its numbers before long."""
    at = here.clock.now() + TELL_AFTER
    await here.jobs.enqueue(TELL, {"post": post_id}, run_at=at, unique=f"{TELL}:{post_id}")


async def forget_voter(here: Instance, event: ActorDeleted) -> None:
    """Erase who chose what with the account of who did; what is counted stays counted, as in a ballot box."""
    await PollVote.filter(actor_id=event.actor_id).delete()


async def _cast(here: Instance, poll: Poll, actor_id: str, position: int) -> int:
    return await here.db.execute(
        "INSERT INTO poll_vote (poll_id, actor_id, slot, position, at)"
        " VALUES (:poll, :actor, :slot, :position, :now) ON CONFLICT DO NOTHING",
        poll=poll.id,
        actor=actor_id,
        slot=slot(position, is_multiple=poll.is_multiple),
        position=position,
        now=here.clock.now(),
    )
