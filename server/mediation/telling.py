"""Telling the three that there is something new, and nothing of what it is."""

from server.actors.events import ActorDeleted
from server.instance import Instance
from server.mediation.events import MediationMoved
from server.notifications.actions import CARE, News, notify


async def on_actor_deleted(here: Instance, event: ActorDeleted) -> None:
    """What somebody said goes with them, and what was under way is over."""
    now = here.clock.now()
    await here.db.execute("DELETE FROM mediation_word WHERE by_id = :id", id=event.actor_id)
    await here.db.execute(
        "UPDATE mediation SET state = 'left', ended_at = :now WHERE state IN ('asked', 'running')"
        " AND (asker_id = :id OR other_id = :id OR mediator_id = :id)",
        id=event.actor_id,
        now=now,
    )


async def on_moved(here: Instance, event: MediationMoved) -> None:
    """Tell them. No actor: a mail or a list that somebody else sees says that there is something, not with whom."""
    news = News(kind="mediation", thing=CARE, key=f"{event.mediation_id}:{event.key}")
    await notify(here, list(event.reader_ids), news)
